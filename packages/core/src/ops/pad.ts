import { move } from '@lanewise/kernels-wasm/move'
import { apply } from '../autograd/apply.ts'
import type { NDArray, OpDef } from '../autograd/op.ts'
import { ShapeError, ValueError } from '../errors.ts'
import { bytesOf } from '../tensor/dtype.ts'
import { contiguousStrides, show, sizeOf } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { concat } from './concat.ts'
import { jointLayout, place } from './place.ts'
import { expand, slice } from './views.ts'

interface PadAttrs {
  /** Per axis, not negative. */
  readonly before: readonly number[]
  readonly after: readonly number[]
  readonly value: number
}

const padOp: OpDef<PadAttrs> = {
  name: 'pad',
  infer: ([x], { before, after }) => [{ shape: x.shape.map((n, i) => before[i] + n + after[i]), dtype: x.dtype }],
  reference: ([x], { before, value }, [y]) => {
    y.data.fill(value)
    forEachRow(x, y, before, (from, to, n) => y.data.set(x.data.subarray(from, from + n), to))
  },
  wasm: (k, [x], { before, value }, [{ shape, dtype }]) => {
    const stridesFor = jointLayout([x])
    const to = stridesFor(shape)
    const y = k.empty(shape, dtype, to)
    const kernels = k.use(move)
    if (dtype === 'f32') kernels.f32_fill(k.ptr(y), y.size, value)
    else if (dtype === 'i32') kernels.b32_fill(k.ptr(y), y.size, value)
    else kernels.b8_fill(k.ptr(y), y.size, value)
    const offset = before.reduce((at, n, i) => at + n * to[i], 0)
    place(k, x, k.ptr(y) + offset * bytesOf(dtype), { from: stridesFor(x.shape), to })
    return [y]
  },
  gradient: (c, [dy]) => {
    const { shape } = c.inputSpecs[0]
    return [
      shape.reduce((d, n, i) => (d.shape[i] === n ? d : slice(d, i, c.attrs.before[i], c.attrs.before[i] + n)), dy!),
    ]
  },
}

/** Visits the rows of x: where each starts, where it goes in y, and its length. */
const forEachRow = (
  x: NDArray,
  y: NDArray,
  before: readonly number[],
  visit: (from: number, to: number, n: number) => void,
): void => {
  const rank = x.shape.length
  const n = x.shape[rank - 1] ?? 1
  const from = contiguousStrides(x.shape)
  const to = contiguousStrides(y.shape)
  const start = before.reduce((at, b, i) => at + b * to[i], 0)
  for (let row = 0; row < sizeOf(x.shape); row += n) {
    let at = start
    for (let i = 0; i < rank - 1; i++) at += (Math.floor(row / from[i]) % x.shape[i]) * to[i]
    visit(row, at, n)
  }
}

/** What {@link pad} puts outside: a value, the mirror image without the edge, the edge, or the other end. */
export type PadMode = 'constant' | 'reflect' | 'replicate' | 'circular'

/** Options of {@link pad}. */
export interface PadOptions {
  /** Default constant. */
  readonly mode?: PadMode
  /** For constant. Default 0. */
  readonly value?: number
}

/** The `count` elements from `start` downwards along an axis. */
const backwards = (x: Tensor, axis: number, start: number, count: number): Tensor =>
  slice(x, axis, start, start - count < 0 ? undefined : start - count, -1)

/** The parts before and after x along an axis. */
const borders: Record<
  Exclude<PadMode, 'constant'>,
  (x: Tensor, axis: number, before: number, after: number) => Tensor[]
> = {
  reflect: (x, axis, before, after) => [
    backwards(x, axis, before, before),
    backwards(x, axis, Math.max(0, x.shape[axis] - 2), after),
  ],
  replicate: (x, axis, before, after) => [
    repeatEdge(slice(x, axis, 0, 1), axis, before),
    repeatEdge(slice(x, axis, x.shape[axis] - 1), axis, after),
  ],
  circular: (x, axis, before, after) => [slice(x, axis, x.shape[axis] - before), slice(x, axis, 0, after)],
}

const repeatEdge = (edge: Tensor, axis: number, count: number): Tensor => expand(edge, edge.shape.with(axis, count))

const extend = (
  x: Tensor,
  axis: number,
  pair: readonly [number, number],
  mode: Exclude<PadMode, 'constant'>,
): Tensor => {
  const n = x.shape[axis]
  const most = mode === 'reflect' ? n - 1 : mode === 'circular' ? n : n === 0 ? 0 : Infinity
  if (Math.max(...pair) > most) {
    throw new ShapeError({
      op: 'pad',
      problem: `the axis is too short for mode ${mode}`,
      got: `padding ${show(pair)} of axis ${axis} of ${show(x.shape)}`,
      expected: `at most ${most}`,
    })
  }
  const [front, back] = borders[mode](x, axis, ...pair)
  return concat(
    [pair[0] > 0 ? front : null, x, pair[1] > 0 ? back : null].filter((part) => part !== null),
    axis,
  )
}

const checkPadding = (x: Tensor, padding: readonly number[]): void => {
  const fits = padding.length % 2 === 0 && padding.length <= 2 * x.rank && padding.every((n) => Number.isInteger(n))
  if (!fits) {
    throw new ValueError({
      op: 'pad',
      problem: 'the padding does not fit',
      got: `${show(padding)} for ${show(x.shape)}`,
      expected: 'pairs of integers [before, after], the last axis first, for no more axes than there are',
    })
  }
  for (let i = 0; i < x.rank; i++) {
    const [before, after] = pairOf(x, padding, i)
    if (x.shape[i] + Math.min(before, 0) + Math.min(after, 0) >= 0 && x.shape[i] + before + after >= 0) continue
    throw new ShapeError({
      op: 'pad',
      problem: 'the padding takes off more than there is',
      got: `${show(padding)} for ${show(x.shape)}`,
      expected: 'sizes >= 0',
    })
  }
}

/** The padding of an axis. */
const pairOf = (x: Tensor, padding: readonly number[], axis: number): [number, number] => {
  const at = 2 * (x.rank - 1 - axis)
  return [padding[at] ?? 0, padding[at + 1] ?? 0]
}

/**
 * Adds elements before and after along the last axes, as torch.nn.functional.pad, which also gives the order of
 * `padding`: [left, right, top, bottom, ...]. Negative numbers take elements off. Unlike there, every mode takes any
 * number of axes.
 * Shape: x [..., H, W] -> [..., top + H + bottom, left + W + right].
 * @throws ValueError when `padding` is not pairs of integers, ShapeError when an axis is too short for the mode.
 * @source Checked against torch.nn.functional.pad 1.13 in pad.test.ts
 * @example
 * pad(tensor([1, 2, 3]), [1, 2]).toArray() // => [0, 1, 2, 3, 0, 0]
 * pad(tensor([1, 2, 3]), [2, 1], { mode: 'reflect' }).toArray() // => [3, 2, 1, 2, 3, 2]
 */
export const pad = (
  x: Tensor,
  padding: readonly number[],
  { mode = 'constant', value = 0 }: PadOptions = {},
): Tensor => {
  x.live('pad')
  checkPadding(x, padding)
  if (mode !== 'constant' && !Object.hasOwn(borders, mode)) {
    throw new ValueError({
      op: 'pad',
      problem: 'unknown mode',
      got: String(mode),
      expected: 'constant, reflect, replicate or circular',
    })
  }
  const pairs = x.shape.map((_, i) => pairOf(x, padding, i))
  const cropped = pairs.reduce(
    (y, [before, after], i) =>
      before < 0 || after < 0 ? slice(y, i, Math.max(0, -before), y.shape[i] + Math.min(0, after)) : y,
    x,
  )
  const before = pairs.map(([b]) => Math.max(0, b))
  const after = pairs.map(([, a]) => Math.max(0, a))
  if (before.every((n) => n === 0) && after.every((n) => n === 0)) return cropped
  if (mode === 'constant') return apply(padOp, [cropped], { before, after, value })
  return pairs.reduceRight(
    (y, _, i) => (before[i] > 0 || after[i] > 0 ? extend(y, i, [before[i], after[i]], mode) : y),
    cropped,
  )
}
