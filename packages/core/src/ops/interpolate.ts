import { image, interpolationTaps, type InterpolationTaps } from '@lanewise/kernels-wasm/image'
import { apply } from '../autograd/apply.ts'
import type { NDArray, OpDef } from '../autograd/op.ts'
import type { WasmBackend } from '../backends/wasm/wasm.ts'
import { ShapeError, ValueError } from '../errors.ts'
import { channelsLastStrides, contiguousStrides, isChannelsLast, show, sizeOf } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d } from './adaptive-pool.ts'
import { needFloat } from './rules.ts'
import { perAxis, type PerAxis } from './windows.ts'

interface Attrs {
  readonly axis: number
  /** Size of the axis at the side of x. */
  readonly n: number
  /** Size of the axis at the side of y. */
  readonly m: number
  readonly taps: InterpolationTaps
}

/** Calls `visit` with the positions of an element of x and of y, and the weight between them, for all pairs that have one. */
const forEachTap = (
  shape: readonly number[],
  { axis, n, m, taps: { taps, index, weight } }: Attrs,
  visit: (x: number, y: number, w: number) => void,
): void => {
  const [outer, inner] = [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis + 1))]
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < m; j++) {
      for (let k = j * taps; k < (j + 1) * taps; k++) {
        for (let i = 0; i < inner; i++) visit((o * n + index[k]) * inner + i, (o * m + j) * inner + i, weight[k])
      }
    }
  }
}

/** Sizes around an axis in memory, and the strides of a result laid out like x. */
const layoutOf = (
  x: Tensor,
  axis: number,
): { last: boolean; outer: number; inner: number; stridesOf: (shape: readonly number[]) => number[] } => {
  const last = isChannelsLast(x.shape, x.strides)
  const channels = last ? x.shape[1] : 1
  const before = last ? x.shape.slice(0, axis).toSpliced(1, 1) : x.shape.slice(0, axis)
  return {
    last,
    outer: sizeOf(before),
    inner: sizeOf(x.shape.slice(axis + 1)) * channels,
    stridesOf: last ? channelsLastStrides : contiguousStrides,
  }
}

/** The tables where kernels can read them. */
const tables = (k: WasmBackend, { index, weight }: InterpolationTaps): [pIndex: number, pWeight: number] => {
  const p = k.scratch(weight.byteLength)
  const pIndex = k.table([...index])
  new Float32Array(k.bytesAt(p, weight.byteLength).buffer, p, weight.length).set(weight)
  return [pIndex, p]
}

const resampleOp: OpDef<Attrs> = {
  name: 'resample',
  infer: ([x], { axis, m }) => [{ shape: x.shape.with(axis, m), dtype: x.dtype }],
  reference: ([x], attrs, [y]) => forEachTap(x.shape, attrs, (from, to, w) => (y.data[to] += w * x.data[from])),
  wasm: (k, [x], attrs, [{ shape, dtype }]) => {
    if (dtype !== 'f32' || x.size === 0) return null
    const { last, outer, inner, stridesOf } = layoutOf(x, attrs.axis)
    const y = k.empty(shape, dtype, stridesOf(shape))
    const [pIndex, pWeight] = tables(k, attrs.taps)
    const pX = last ? k.ptr(x) : k.contiguousPtr(x)
    k.use(image).f32_resample(pX, k.ptr(y), pIndex, pWeight, outer, attrs.n, inner, attrs.m, attrs.taps.taps)
    return [y]
  },
  gradient: ({ attrs }, [dy]) => [apply(resampleGradOp, [dy!], attrs)],
}

const resampleGradOp: OpDef<Attrs> = {
  name: 'resampleGrad',
  infer: ([dy], { axis, n }) => [{ shape: dy.shape.with(axis, n), dtype: dy.dtype }],
  reference: ([dy], attrs, [dx]: readonly NDArray[]) =>
    forEachTap(dx.shape, attrs, (to, from, w) => (dx.data[to] += w * dy.data[from])),
  wasm: (k, [dy], attrs, [{ shape, dtype }]) => {
    if (dtype !== 'f32' || dy.size === 0) return null
    const { last, outer, inner, stridesOf } = layoutOf(dy, attrs.axis)
    const dx = k.empty(shape, dtype, stridesOf(shape))
    const [pIndex, pWeight] = tables(k, attrs.taps)
    const pDy = last ? k.ptr(dy) : k.contiguousPtr(dy)
    k.use(image).f32_resample_grad(pDy, k.ptr(dx), pIndex, pWeight, outer, attrs.n, inner, attrs.m, attrs.taps.taps)
    return [dx]
  },
  gradient: ({ attrs }, [ddx]) => [apply(resampleOp, [ddx!], attrs)],
}

/** Kinds of interpolation; `linear`, `bilinear` and `trilinear` are one kind for one, two and three axes of space. */
export type InterpolateMode = 'nearest' | 'nearest-exact' | 'linear' | 'bilinear' | 'bicubic' | 'trilinear' | 'area'

/** Options of {@link interpolate}: `size` or `scaleFactor`. */
export interface InterpolateOptions {
  /** Sizes of the result's space. */
  readonly size?: PerAxis
  /** Factors between the sizes; the result's are rounded down. */
  readonly scaleFactor?: PerAxis
  /** Default nearest. */
  readonly mode?: InterpolateMode
  /** Whether the centres of the corner pixels coincide, rather than the corners themselves. Default false. */
  readonly alignCorners?: boolean
  /** Whether positions follow from the rounded sizes instead of `scaleFactor`. Default false. */
  readonly recomputeScaleFactor?: boolean
  /** Whether to widen the filter when shrinking; bilinear and bicubic only. Default false. */
  readonly antialias?: boolean
}

const kinds = {
  nearest: 'nearest',
  'nearest-exact': 'nearest-exact',
  linear: 'linear',
  bilinear: 'linear',
  trilinear: 'linear',
  bicubic: 'cubic',
} as const

/** The axes of space that a mode is for; none means any. */
const ranks: Partial<Record<InterpolateMode, number>> = { linear: 1, bilinear: 2, bicubic: 2, trilinear: 3 }

const checkMode = (
  op: string,
  mode: InterpolateMode,
  space: number,
  alignCorners: boolean,
  antialias: boolean,
): void => {
  const known = mode === 'area' || Object.hasOwn(kinds, mode)
  const refuse = (problem: string, got: string, expected: string): ValueError =>
    new ValueError({ op, problem, got, expected })
  if (!known) throw refuse('unknown mode', String(mode), [...Object.keys(kinds), 'area'].join(', '))
  if (ranks[mode] !== undefined && ranks[mode] !== space)
    throw refuse('the mode is for another rank', `${mode} for ${space} axes of space`, `${ranks[mode]} axes of space`)
  if (alignCorners && ranks[mode] === undefined)
    throw refuse('alignCorners has no meaning here', mode, 'linear, bilinear, bicubic or trilinear')
  if (antialias && mode !== 'bilinear' && mode !== 'bicubic')
    throw refuse('antialias has no meaning here', mode, 'bilinear or bicubic')
}

/** The result's sizes, and the factors where positions follow from them. */
const sizesOf = (
  op: string,
  x: Tensor,
  { size, scaleFactor, recomputeScaleFactor = false }: InterpolateOptions,
): { sizes: readonly number[]; factors: readonly number[] | null } => {
  const input = x.shape.slice(2)
  if ((size === undefined) === (scaleFactor === undefined) || (recomputeScaleFactor && size !== undefined)) {
    throw new ValueError({
      op,
      problem: 'the size is not clear',
      got: `size ${size}, scaleFactor ${scaleFactor}`,
      expected: 'either size or scaleFactor; recomputeScaleFactor with the latter only',
    })
  }
  if (size !== undefined) return { sizes: perAxis(op, 'size', size, input.length, 1), factors: null }
  const factors = typeof scaleFactor === 'number' ? input.map(() => scaleFactor) : scaleFactor!
  const sizes = input.map((n, i) => Math.floor(n * factors[i]))
  if (factors.length !== input.length || !sizes.every((n) => n >= 1)) {
    throw new ValueError({
      op,
      problem: 'scaleFactor does not fit',
      got: `[${factors.join(',')}] for ${show(input)}`,
      expected: `${input.length} factors that leave at least one element`,
    })
  }
  return { sizes, factors: recomputeScaleFactor ? null : factors }
}

/** The checked sizes of a result, and the factors where positions follow from them. */
const plan = (x: Tensor, options: InterpolateOptions): ReturnType<typeof sizesOf> => {
  const op = 'interpolate'
  const { mode = 'nearest', alignCorners = false, antialias = false } = options
  x.live(op)
  needFloat(op, x)
  if (x.rank < 3 || x.rank > 5 || x.shape.slice(2).includes(0)) {
    throw new ShapeError({
      op,
      problem: 'the shape does not fit',
      got: show(x.shape),
      expected: '[N, C, ...space] with one to three axes of space, none empty',
    })
  }
  checkMode(op, mode, x.rank - 2, alignCorners, antialias)
  return sizesOf(op, x, options)
}

/** {@link interpolate} in all modes but area, which alone needs the pools. */
export const resample = (
  x: Tensor,
  options: InterpolateOptions & { readonly mode?: Exclude<InterpolateMode, 'area'> },
): Tensor => {
  const { mode = 'nearest', alignCorners = false, antialias = false } = options
  const { sizes, factors } = plan(x, options)
  // The last axis first: it is the shortest way while the others are still small.
  return sizes.reduceRight((y, m, i) => {
    const n = y.shape[i + 2]
    const scale = factors === null ? {} : { scale: 1 / factors[i] }
    const taps = interpolationTaps(kinds[mode], n, m, { alignCorners, antialias, ...scale })
    return isIdentity(taps, n, m) ? y : apply(resampleOp, [y], { axis: i + 2, n, m, taps })
  }, x)
}

/**
 * Resizes the axes of space, as torch.nn.functional.interpolate.
 * Shape: x [N, C, ...space] -> [N, C, ...size]. bicubic has a = -0.75 (-0.5 with antialias).
 * @throws ValueError when the size is not given once, or options do not fit the mode.
 * @source Checked against torch.nn.functional.interpolate 1.13 in interpolate.test.ts
 * @example
 * const x = tensor([[[[1, 2, 3]]]])
 * interpolate(x, { size: [1, 6], mode: 'bilinear' }).toArray() // => [[[[1, 1.25, 1.75, 2.25, 2.75, 3]]]]
 * interpolate(x, { scaleFactor: 2 }).shape // => [1, 1, 2, 6]
 */
export const interpolate = (x: Tensor, options: InterpolateOptions): Tensor => {
  const { mode = 'nearest', ...rest } = options
  if (mode !== 'area') return resample(x, { ...rest, mode })
  const { sizes } = plan(x, options)
  return [adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d][x.rank - 3](x, sizes)
}

/** Whether each output is its own input. */
const isIdentity = ({ taps, index, weight }: InterpolationTaps, n: number, m: number): boolean => {
  if (n !== m) return false
  const own = new Float64Array(m)
  for (let i = 0; i < index.length; i++) {
    const o = Math.floor(i / taps)
    if (index[i] === o) own[o] += weight[i]
    else if (weight[i] !== 0) return false
  }
  return own.every((total) => total === 1)
}
