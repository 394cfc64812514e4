import { gridSampleCodes, image } from '@lanewise/kernels-wasm/image'
import { apply, applyAll } from '../autograd/apply.ts'
import type { NDArray, OpDef } from '../autograd/op.ts'
import { GradientError, ShapeError, ValueError } from '../errors.ts'
import { fromData } from '../tensor/create.ts'
import { channelsLastStrides, contiguousStrides, isChannelsLast, show, sizeOf, type Shape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { matmul } from './matmul.ts'
import { needFloat, needSameDType } from './rules.ts'
import { reshape, transpose } from './views.ts'

/** How {@link gridSample} reads between pixels; bilinear is trilinear in volumes, and bicubic is for images only. */
export type GridSampleMode = 'bilinear' | 'nearest' | 'bicubic'
/** What {@link gridSample} finds outside: zeros, the nearest edge, or the mirror image. */
export type GridSamplePadding = 'zeros' | 'border' | 'reflection'

interface Attrs {
  readonly mode: GridSampleMode
  readonly padding: GridSamplePadding
  readonly alignCorners: boolean
}

/** The pixels that a position reads along one axis: index (-1 outside), weight and the weight's slope in the coordinate. */
type Taps = readonly { readonly at: number; readonly weight: number; readonly slope: number }[]

/** A position folded at both edges, and the sign of its motion. */
const reflect = (p: number, low: number, high: number): [number, number] => {
  if (low === high) return [0, 0]
  const [start, span] = [low / 2, (high - low) / 2]
  const d = Math.abs(p - start)
  const flips = Math.floor(d / span)
  const rest = d - flips * span
  const sign = p < start ? -1 : 1
  return flips % 2 === 0 ? [rest + start, sign] : [span - rest + start, -sign]
}

/** A position within the image by the rule of the padding, and its slope. */
const bring = (p: number, n: number, { padding, alignCorners }: Attrs): [number, number] => {
  if (padding === 'zeros') return [p, 1]
  const [q, sign] =
    padding === 'border' ? [p, 1] : alignCorners ? reflect(p, 0, 2 * (n - 1)) : reflect(p, -1, 2 * n - 1)
  if (q <= 0) return [0, 0]
  return q >= n - 1 ? [n - 1, 0] : [q, sign]
}

const inside = (i: number, n: number): number => (i >= 0 && i < n ? i : -1)

/** The nearest integer; of two, the even one in images and the one away from 0 in volumes, as in PyTorch. */
const nearest = (x: number, volume: boolean): number => {
  const low = Math.floor(x)
  if (x - low !== 0.5) return Math.round(x)
  return (volume ? x > 0 : low % 2 !== 0) ? low + 1 : low
}

/** Weights of the four neighbours of a point t past the second, and their slopes; a is -0.75. */
const cubic = (t: number): [number, number][] =>
  [t + 1, t, 1 - t, 2 - t].map((d, i) => {
    const near = i === 1 || i === 2
    const sign = i < 2 ? 1 : -1
    const weight = near ? (1.25 * d - 2.25) * d * d + 1 : ((-0.75 * d + 3.75) * d - 6) * d + 3
    const slope = near ? (3.75 * d - 4.5) * d : (-2.25 * d + 7.5) * d - 6
    return [weight, sign * slope]
  })

const tapsOf = (coordinate: number, n: number, attrs: Attrs, volume: boolean): Taps => {
  const { mode, alignCorners } = attrs
  const step = alignCorners ? (n - 1) / 2 : n / 2
  const p = alignCorners ? (coordinate + 1) * step : (coordinate + 1) * step - 0.5
  if (mode === 'bicubic') {
    const base = Math.floor(p)
    return cubic(p - base).map(([weight, slope], k) => ({
      at: inside(Math.trunc(bring(base - 1 + k, n, attrs)[0]), n),
      weight,
      slope: slope * step,
    }))
  }
  const [q, slope] = bring(p, n, attrs)
  if (mode === 'nearest') return [{ at: inside(nearest(q, volume), n), weight: 1, slope: 0 }]
  const base = Math.floor(q)
  return [
    { at: inside(base, n), weight: 1 - (q - base), slope: -slope * step },
    { at: inside(base + 1, n), weight: q - base, slope: slope * step },
  ]
}

/**
 * Calls `visit` with each element that each point of the grid [N, ...points, axes] reads, and its taps along the axes of
 * space. The last number of a point is its place along the first axis.
 */
const forEachTap = (
  grid: NDArray,
  space: Shape,
  attrs: Attrs,
  visit: (n: number, point: number, element: number, taps: Taps) => void,
): void => {
  const rank = space.length
  const [N] = grid.shape
  const points = grid.data.length / (N * rank)
  for (let n = 0; n < N; n++) {
    for (let point = 0; point < points; point++) {
      const at = rank * (n * points + point)
      const lists = space.map((size, axis) => tapsOf(grid.data[at + rank - 1 - axis], size, attrs, rank === 3))
      const walk = (element: number, taps: Taps): void => {
        if (taps.length === rank) return visit(n, point, element, taps)
        const axis = taps.length
        for (const tap of lists[axis]) if (tap.at >= 0) walk(element * space[axis] + tap.at, [...taps, tap])
      }
      walk(0, [])
    }
  }
}

/** The share of an element: the product of its weights, that along axis `sloped` by its slope. */
const shareOf = (taps: Taps, sloped = -1): number =>
  taps.reduce((product, { weight, slope }, axis) => product * (axis === sloped ? slope : weight), 1)

const gridSampleOp: OpDef<Attrs> = {
  name: 'gridSample',
  savesInputs: [0, 1],
  infer: ([x, grid]) => [{ shape: [x.shape[0], x.shape[1], ...grid.shape.slice(1, -1)], dtype: x.dtype }],
  reference: ([x, grid], attrs, [y]) => {
    const [, C, ...space] = x.shape
    const [size, points] = [sizeOf(space), sizeOf(y.shape.slice(2))]
    forEachTap(grid, space, attrs, (n, point, element, taps) => {
      const share = shareOf(taps)
      for (let c = 0; c < C; c++) y.data[(n * C + c) * points + point] += share * x.data[(n * C + c) * size + element]
    })
  },
  // The kernels are for images; volumes take the loops.
  wasm: (k, [x, grid], { mode, padding, alignCorners }, [{ shape, dtype }]) => {
    if (x.rank !== 4 || dtype !== 'f32' || x.size === 0 || grid.size === 0) return null
    const last = isChannelsLast(x.shape, x.strides)
    const y = k.empty(shape, dtype, last ? channelsLastStrides(shape) : contiguousStrides(shape))
    const [N, C, H, W] = x.shape
    const pX = last ? k.ptr(x) : k.contiguousPtr(x)
    k.use(image).f32_grid_sample(
      pX,
      k.contiguousPtr(grid),
      k.ptr(y),
      N,
      C,
      H,
      W,
      shape[2],
      shape[3],
      gridSampleCodes.mode[mode],
      gridSampleCodes.padding[padding],
      Number(alignCorners),
      Number(last),
    )
    return [y]
  },
  gradient: (c, [dy]) => applyAll(gridSampleGradOp, [c.input(0), c.input(1), dy!], c.attrs),
}

/** dx and dgrid; as in PyTorch there is no gradient of these. */
const gridSampleGradOp: OpDef<Attrs> = {
  name: 'gridSampleGrad',
  infer: ([x, grid]) => [
    { shape: x.shape, dtype: x.dtype },
    { shape: grid.shape, dtype: grid.dtype },
  ],
  reference: ([x, grid, dy], attrs, [dx, dGrid]) => {
    const [, C, ...space] = x.shape
    const [size, points, rank] = [sizeOf(space), sizeOf(dy.shape.slice(2)), space.length]
    forEachTap(grid, space, attrs, (n, point, element, taps) => {
      const share = shareOf(taps)
      const slopes = space.map((_, axis) => shareOf(taps, axis))
      const at = rank * (n * points + point)
      for (let c = 0; c < C; c++) {
        const d = dy.data[(n * C + c) * points + point]
        const i = (n * C + c) * size + element
        dx.data[i] += share * d
        slopes.forEach((slope, axis) => (dGrid.data[at + rank - 1 - axis] += slope * x.data[i] * d))
      }
    })
  },
  wasm: (k, [x, grid, dy], { mode, padding, alignCorners }, specs) => {
    if (x.rank !== 4 || x.dtype !== 'f32' || x.size === 0 || grid.size === 0) return null
    const last = isChannelsLast(x.shape, x.strides)
    const strides = last ? channelsLastStrides(x.shape) : contiguousStrides(x.shape)
    const dx = k.empty(x.shape, 'f32', strides)
    const dGrid = k.empty(specs[1].shape, 'f32')
    const [N, C, H, W] = x.shape
    const pX = last ? k.ptr(x) : k.contiguousPtr(x)
    const pDy = last ? k.channelsLastPtr(dy) : k.contiguousPtr(dy)
    k.use(image).f32_grid_sample_grad(
      pX,
      k.contiguousPtr(grid),
      pDy,
      k.ptr(dx),
      k.ptr(dGrid),
      N,
      C,
      H,
      W,
      grid.shape[1],
      grid.shape[2],
      gridSampleCodes.mode[mode],
      gridSampleCodes.padding[padding],
      Number(alignCorners),
      Number(last),
    )
    return [dx, dGrid]
  },
  gradient: () => {
    throw new GradientError({
      op: 'gridSample',
      problem: 'there is no second derivative',
      expected: 'a first derivative only, as in PyTorch',
    })
  },
}

/** Options of {@link gridSample}. */
export interface GridSampleOptions {
  /** Default bilinear. */
  readonly mode?: GridSampleMode
  /** What stands outside. Default zeros. */
  readonly paddingMode?: GridSamplePadding
  /** Whether -1 and 1 are the centres of the corner pixels, rather than the image's corners. Default false. */
  readonly alignCorners?: boolean
}

/**
 * Reads images or volumes at given positions, as torch.nn.functional.grid_sample.
 * Shape: x [N, C, H, W], grid [N, h, w, 2] of (x, y) in [-1, 1] -> [N, C, h, w];
 * x [N, C, D, H, W], grid [N, d, h, w, 3] of (x, y, z) -> [N, C, d, h, w].
 * @throws ShapeError when the shapes do not fit, ValueError when a mode is unknown or not for volumes, GradientError
 *   where a second derivative is asked for.
 * @source Jaderberg et al. 2015; checked against torch.nn.functional.grid_sample 1.13 in grid-sample.test.ts
 * @example gridSample(tensor([[[[1, 2], [3, 4]]]]), tensor([[[[0, 0]]]])).toArray() // => [[[[2.5]]]]
 */
export const gridSample = (
  x: Tensor,
  grid: Tensor,
  { mode = 'bilinear', paddingMode = 'zeros', alignCorners = false }: GridSampleOptions = {},
): Tensor => {
  const op = 'gridSample'
  for (const t of [x, grid]) t.live(op)
  needFloat(op, x)
  needSameDType(op, [x, grid])
  if (!Object.hasOwn(gridSampleCodes.mode, mode) || !Object.hasOwn(gridSampleCodes.padding, paddingMode)) {
    throw new ValueError({
      op,
      problem: 'unknown mode',
      got: `mode ${mode}, paddingMode ${paddingMode}`,
      expected: 'bilinear, nearest or bicubic; zeros, border or reflection',
    })
  }
  const axes = x.rank - 2
  const fits =
    (axes === 2 || axes === 3) &&
    grid.rank === x.rank &&
    grid.shape[axes + 1] === axes &&
    grid.shape[0] === x.shape[0] &&
    !x.shape.slice(2).includes(0)
  if (!fits)
    throw new ShapeError({
      op,
      problem: 'the shapes do not fit',
      got: `${show(x.shape)} and ${show(grid.shape)}`,
      expected: '[N, C, H, W] and [N, h, w, 2], or [N, C, D, H, W] and [N, d, h, w, 3]',
    })
  if (axes === 3 && mode === 'bicubic')
    throw new ValueError({ op, problem: 'bicubic is for images', got: show(x.shape), expected: 'bilinear or nearest' })
  return apply(gridSampleOp, [x, grid], { mode, padding: paddingMode, alignCorners })
}

/** Positions of `n` pixels in [-1, 1]. */
const positions = (n: number, alignCorners: boolean): number[] => {
  if (n === 1 && alignCorners) return [0]
  return Array.from({ length: n }, (_, i) => (alignCorners ? (2 * i) / (n - 1) - 1 : (2 * i + 1) / n - 1))
}

/**
 * The positions that affine maps send the pixels of a result to, for {@link gridSample}, as torch.nn.functional.affine_grid.
 * Shape: theta [N, 2, 3] and size [N, C, H, W] -> [N, H, W, 2]; theta [N, 3, 4] and size [N, C, D, H, W] -> [N, D, H, W, 3].
 * @throws ShapeError when theta and size do not fit each other.
 * @source Checked against torch.nn.functional.affine_grid 1.13 in grid-sample.test.ts
 * @example affineGrid(tensor([[[1, 0, 0], [0, 1, 0]]]), [1, 1, 1, 2]).toArray() // => [[[[-0.5, 0], [0.5, 0]]]]
 */
export const affineGrid = (
  theta: Tensor,
  size: Shape,
  { alignCorners = false }: { readonly alignCorners?: boolean } = {},
): Tensor => {
  const op = 'affineGrid'
  theta.live(op)
  needFloat(op, theta)
  const space = size.slice(2)
  const rank = space.length
  const fits = (rank === 2 || rank === 3) && show(theta.shape) === show([size[0], rank, rank + 1])
  if (!fits)
    throw new ShapeError({
      op,
      problem: 'theta and the size do not fit',
      got: `${show(theta.shape)} and ${show(size)}`,
      expected: '[N, 2, 3] and [N, C, H, W], or [N, 3, 4] and [N, C, D, H, W]',
    })
  const axes = space.map((n) => positions(n, alignCorners))
  // Rows of homogeneous coordinates, the last axis of space first.
  const rows = axes.reduce<number[][]>((list, axis) => list.flatMap((row) => axis.map((p) => [p, ...row])), [[]])
  const flat = rows.flatMap((row) => [...row, 1])
  const data = theta.dtype === 'f64' ? Float64Array.from(flat) : Float32Array.from(flat)
  const base = fromData(data, [rows.length, rank + 1], theta.dtype, theta.backend)
  return reshape(matmul(base, transpose(theta)), [size[0], ...space, rank])
}
