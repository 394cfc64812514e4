import type { OpDef } from '../autograd/op.ts'
import { apply } from '../autograd/apply.ts'
import { AxisError, ShapeError, ValueError } from '../errors.ts'
import {
  broadcastStrides,
  contiguousStrides,
  normalizeAxis,
  sameShape,
  show,
  sizeOf,
  type Shape,
} from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { contiguousCopy } from './copy.ts'
import { sliceBackward } from './slice-backward.ts'
import { sumTo } from './reduce.ts'

/** Views have no loops of their own: every backend reads them through strides. */
const noLoops = (): void => {}

const reshapeOp: OpDef<Shape> = {
  name: 'reshape',
  infer: ([x], shape) => [{ shape, dtype: x.dtype }],
  reference: noLoops,
  view: (x, shape) => ({ shape, strides: reshapeStrides(x, shape)!, offset: x.offset }),
  gradient: (c, [dy]) => [reshape(dy!, c.inputSpecs[0].shape)],
}

/** Strides of a reshape without a copy; null where the memory does not allow it. */
const reshapeStrides = (x: Tensor, shape: Shape): number[] | null => {
  if (x.contiguous || x.size === 0) return contiguousStrides(shape)
  const out = new Array<number>(shape.length)
  let from = x.rank - 1
  let to = shape.length - 1
  // Match runs of axes of equal product, fastest first; each run of x must be walkable with one stride.
  while (to >= 0) {
    if (shape[to] === 1) {
      out[to--] = 1
      continue
    }
    while (from >= 0 && x.shape[from] === 1) from--
    if (from < 0) return null
    let have = x.shape[from]
    let want = shape[to]
    const unit = x.strides[from]
    let step = unit
    out[to--] = step
    step *= want
    while (have !== want) {
      if (have < want) {
        const previous = x.strides[from] * x.shape[from]
        do from--
        while (from >= 0 && x.shape[from] === 1)
        if (from < 0 || x.strides[from] !== previous) return null
        have *= x.shape[from]
      } else {
        out[to] = step
        step *= shape[to]
        want *= shape[to--]
      }
    }
    from--
  }
  return out
}

const resolveShape = (x: Tensor, shape: Shape): Shape => {
  let rest = 1
  let free = 0
  for (const n of shape) {
    if (n === -1) free++
    else rest *= n
  }
  const size = free === 1 && rest > 0 ? x.size / rest : 0
  const full = free === 0 ? shape.slice() : shape.map((n) => (n === -1 ? size : n))
  if (free > 1 || full.some((n) => n < 0 || !Number.isInteger(n)) || sizeOf(full) !== x.size) {
    throw new ShapeError({
      op: 'reshape',
      problem: 'the sizes do not fit',
      got: `${show(x.shape)} (${x.size} elements) to ${show(shape)}`,
      expected: 'the same number of elements, with at most one -1',
    })
  }
  return full
}

/**
 * The same elements in another shape: a view where the strides allow it, else a copy.
 * Shape: x [...] -> shape, of equal size; one size may be -1.
 * @throws ShapeError when the sizes do not fit.
 * @example reshape(tensor([1, 2, 3, 4]), [2, -1]).toArray() // => [[1, 2], [3, 4]]
 */
export const reshape = (x: Tensor, shape: Shape): Tensor => {
  x.live('reshape')
  const full = resolveShape(x, shape)
  const viewable = reshapeStrides(x, full) !== null
  return apply(reshapeOp, [viewable ? x : contiguousCopy(x)], full)
}

const permuteOp: OpDef<readonly number[]> = {
  name: 'permute',
  infer: ([x], axes) => [{ shape: axes.map((a) => x.shape[a]), dtype: x.dtype }],
  reference: noLoops,
  view: (x, axes) => ({ shape: axes.map((a) => x.shape[a]), strides: axes.map((a) => x.strides[a]), offset: x.offset }),
  gradient: ({ attrs }, [dy]) => [
    permute(
      dy!,
      attrs.map((_, i) => attrs.indexOf(i)),
    ),
  ],
}

/**
 * The axes in another order, as a view.
 * @param axes - each axis once; may be negative
 * @throws AxisError when an axis is missing, twice or out of range.
 * @example permute(tensor([[1, 2, 3]]), [1, 0]).shape // => [3, 1]
 */
export const permute = (x: Tensor, axes: readonly number[]): Tensor => {
  const order = axes.map((a) => normalizeAxis('permute', a, x.rank))
  if (order.length !== x.rank || new Set(order).size !== x.rank) {
    throw new AxisError({
      op: 'permute',
      problem: 'the axes are not a permutation',
      got: show(axes),
      expected: `each of ${x.rank} axes once`,
    })
  }
  return apply(permuteOp, [x], order)
}

/**
 * Two axes exchanged, as a view.
 * @example transpose(tensor([[1, 2], [3, 4]]), 0, 1).toArray() // => [[1, 3], [2, 4]]
 */
export const transpose = (x: Tensor, axis0: number = -2, axis1: number = -1): Tensor => {
  const a = normalizeAxis('transpose', axis0, x.rank)
  const b = normalizeAxis('transpose', axis1, x.rank)
  return apply(
    permuteOp,
    [x],
    x.shape.map((_, i) => (i === a ? b : i === b ? a : i)),
  )
}

/** A range along one axis. */
export interface SliceAttrs {
  readonly axis: number
  readonly start: number
  readonly length: number
  readonly step: number
}

/** Takes checked attributes; users call {@link slice}. */
export const sliceOp: OpDef<SliceAttrs> = {
  name: 'slice',
  infer: ([x], s) => [{ shape: x.shape.map((n, i) => (i === s.axis ? s.length : n)), dtype: x.dtype }],
  reference: noLoops,
  view: (x, s) => ({
    shape: x.shape.map((n, i) => (i === s.axis ? s.length : n)),
    strides: x.strides.map((n, i) => (i === s.axis ? n * s.step : n)),
    offset: x.offset + s.start * x.strides[s.axis],
  }),
  gradient: (c, [dy]) => [sliceBackward(dy!, c.inputSpecs[0].shape, c.attrs)],
}

/**
 * The elements start, start + step, ... before `end` along one axis, as a view. Negative positions count
 * from the end and ranges are clipped, as in Python; unlike there, a negative step (reversal) is also a view.
 * @param end - default: the end of the axis in the direction of the step
 * @throws ValueError when the step is 0.
 * @example
 * slice(tensor([0, 1, 2, 3, 4]), 0, 1, 4).toArray() // => [1, 2, 3]
 * slice(tensor([0, 1, 2, 3, 4]), 0, -1, undefined, -2).toArray() // => [4, 2, 0]
 */
export const slice = (x: Tensor, axis: number, start = 0, end?: number, step = 1): Tensor => {
  const a = normalizeAxis('slice', axis, x.rank)
  if (!Number.isInteger(step) || step === 0) {
    throw new ValueError({ op: 'slice', problem: 'the step is not a whole number other than 0', got: String(step) })
  }
  const n = x.shape[a]
  const low = step > 0 ? 0 : -1
  const high = step > 0 ? n : n - 1
  const clip = (p: number): number => Math.min(Math.max(p < 0 ? p + n : p, low), high)
  const from = clip(start)
  const to = end === undefined ? (step > 0 ? n : -1) : clip(end)
  const length = Math.max(0, Math.ceil((to - from) / step))
  return apply(sliceOp, [x], { axis: a, start: length === 0 ? 0 : from, length, step })
}

/**
 * One element along an axis, which is dropped.
 * @throws ValueError when the index is out of range.
 * @example select(tensor([[1, 2], [3, 4]]), 0, -1).toArray() // => [3, 4]
 */
export const select = (x: Tensor, axis: number, index: number): Tensor => {
  const a = normalizeAxis('select', axis, x.rank)
  const n = x.shape[a]
  if (!Number.isInteger(index) || index < -n || index >= n) {
    throw new ValueError({
      op: 'select',
      problem: 'the index is out of range',
      got: `${index} on axis ${a} of ${show(x.shape)}`,
      expected: `an integer in [${-n}, ${n})`,
    })
  }
  const at = index < 0 ? index + n : index
  return squeeze(slice(x, a, at, at + 1), a)
}

const expandOp: OpDef<Shape> = {
  name: 'expand',
  infer: ([x], shape) => [{ shape, dtype: x.dtype }],
  reference: noLoops,
  view: (x, shape) => ({ shape, strides: broadcastStrides(x.shape, x.strides, shape), offset: x.offset }),
  gradient: (c, [dy]) => [sumTo(dy!, c.inputSpecs[0].shape)],
}

/**
 * Repeats axes of size 1 (and new leading ones) without a copy.
 * @param shape - the result's shape; -1 keeps a size
 * @throws ShapeError when a size other than 1 would change.
 * @example expand(tensor([[1], [2]]), [2, 3]).toArray() // => [[1, 1, 1], [2, 2, 2]]
 */
export const expand = (x: Tensor, shape: Shape): Tensor => {
  const lead = shape.length - x.rank
  const full = shape.map((n, i) => (n === -1 ? (x.shape[i - lead] ?? -1) : n))
  const fits =
    lead >= 0 && full.every((n, i) => n >= 0 && (i < lead || x.shape[i - lead] === n || x.shape[i - lead] === 1))
  if (!fits) {
    throw new ShapeError({
      op: 'expand',
      problem: 'the shape does not broadcast',
      got: `${show(x.shape)} to ${show(shape)}`,
      expected: 'sizes that are equal, or 1 in the tensor',
    })
  }
  return sameShape(full, x.shape) ? x : apply(expandOp, [x], full)
}

/**
 * Drops axes of size 1: the given one, or all.
 * @throws ShapeError when the given axis has another size.
 * @example squeeze(tensor([[[1], [2]]])).shape // => [2]
 */
export const squeeze = (x: Tensor, axis?: number): Tensor => {
  if (axis === undefined) return reshapeView(x, (i) => x.shape[i] !== 1)
  const a = normalizeAxis('squeeze', axis, x.rank)
  if (x.shape[a] !== 1) {
    throw new ShapeError({ op: 'squeeze', problem: `axis ${a} is not of size 1`, got: show(x.shape) })
  }
  return reshapeView(x, (i) => i !== a)
}

const squeezeOp: OpDef<readonly number[]> = {
  name: 'squeeze',
  infer: ([x], axes) => [{ shape: axes.map((a) => x.shape[a]), dtype: x.dtype }],
  reference: noLoops,
  view: (x, axes) => ({ shape: axes.map((a) => x.shape[a]), strides: axes.map((a) => x.strides[a]), offset: x.offset }),
  gradient: (c, [dy]) => [reshape(dy!, c.inputSpecs[0].shape)],
}

const reshapeView = (x: Tensor, keeps: (axis: number) => boolean): Tensor =>
  apply(squeezeOp, [x], x.shape.map((_, i) => i).filter(keeps))

const unsqueezeOp: OpDef<number> = {
  name: 'unsqueeze',
  infer: ([x], axis) => [{ shape: x.shape.toSpliced(axis, 0, 1), dtype: x.dtype }],
  reference: noLoops,
  view: (x, axis) => ({
    shape: x.shape.toSpliced(axis, 0, 1),
    strides: x.strides.toSpliced(axis, 0, 1),
    offset: x.offset,
  }),
  gradient: (c, [dy]) => [squeeze(dy!, c.attrs)],
}

/**
 * A new axis of size 1 before `axis`.
 * @example unsqueeze(tensor([1, 2]), 0).shape // => [1, 2]
 */
export const unsqueeze = (x: Tensor, axis: number): Tensor =>
  apply(unsqueezeOp, [x], normalizeAxis('unsqueeze', axis, x.rank + 1))

/**
 * Merges the axes from `start` to `end`, both included.
 * @example flatten(zeros([2, 3, 4]), 1).shape // => [2, 12]
 */
export const flatten = (x: Tensor, start = 0, end = -1): Tensor => {
  if (x.rank === 0) return reshape(x, [1])
  const a = normalizeAxis('flatten', start, x.rank)
  const b = normalizeAxis('flatten', end, x.rank)
  if (a > b)
    throw new AxisError({ op: 'flatten', problem: 'the axes are in the wrong order', got: `${start} and ${end}` })
  return reshape(x, [...x.shape.slice(0, a), sizeOf(x.shape.slice(a, b + 1)), ...x.shape.slice(b + 1)])
}
