import { ShapeError, ValueError } from '../errors.ts'
import { broadcastShapes, contiguousStrides, show, sizeOf } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { add, mul } from './binary.ts'
import { wrapIndex } from './index-rules.ts'
import { indexSelect } from './index-select.ts'
import { nonzero } from './masks.ts'
import { expand, permute, reshape, select, slice, unsqueeze } from './views.ts'

/** A range of an axis; negative positions count from the end. */
export interface SliceRange {
  /** Default: the start of the axis in the direction of the step. */
  readonly start?: number
  /** Not included. Default: the end of the axis in the direction of the step. */
  readonly end?: number
  /** Default 1. */
  readonly step?: number
}

/** What {@link at} takes for an axis. */
export type Subscript = number | SliceRange | null | '...' | Tensor

const consumed = (index: Subscript): number => {
  if (index === null || index === '...') return 0
  return index instanceof Tensor && index.dtype === 'bool' ? index.rank : 1
}

/** The ellipsis written out as whole axes. */
const spread = (x: Tensor, indices: readonly Subscript[]): Exclude<Subscript, '...'>[] => {
  const free = x.rank - indices.reduce<number>((n, index) => n + consumed(index), 0)
  const dots = indices.filter((index) => index === '...').length
  if (free < 0) {
    throw new ShapeError({
      op: 'at',
      problem: 'there are more indices than axes',
      got: `${indices.length} indices for ${show(x.shape)}`,
      expected: `at most ${x.rank}`,
    })
  }
  if (dots > 1)
    throw new ValueError({
      op: 'at',
      problem: "there is more than one '...'",
      got: String(dots),
      expected: 'at most one',
    })
  const whole = new Array<SliceRange>(free).fill({})
  return (dots === 0 ? [...indices, '...' as const] : indices).flatMap((index) => (index === '...' ? whole : [index]))
}

/** A mask as one index tensor for each of its axes. */
const fromMask = (x: Tensor, axis: number, mask: Tensor): Tensor[] => {
  if (mask.shape.some((n, i) => n !== x.shape[axis + i])) {
    throw new ShapeError({
      op: 'at',
      problem: 'the mask does not fit',
      got: `mask ${show(mask.shape)} at axis ${axis} of ${show(x.shape)}`,
      expected: 'the sizes of the axes that it covers',
    })
  }
  const places = nonzero(mask)
  return mask.shape.map((_, i) => select(places, 1, i))
}

/**
 * Indexes a tensor as NumPy and PyTorch do: a number takes one place and drops the axis, a range a part of it, null
 * adds an axis of size 1, '...' skips axes, an i32 tensor takes the places that it names, a bool tensor those where it
 * holds. Numbers, ranges and null give views. Several index tensors broadcast, and their axes come where the first
 * stood, or first of all when other indices stand between them.
 * @throws ValueError when an index is out of range, ShapeError when there are too many.
 * @source Checked against torch's indexing 1.13 in at.test.ts
 * @example
 * const x = tensor([[1, 2, 3], [4, 5, 6]])
 * at(x, 1).toArray() // => [4, 5, 6]
 * at(x, '...', { start: 1 }).toArray() // => [[2, 3], [5, 6]]
 * at(x, {}, tensor(Int32Array.of(2, 0))).toArray() // => [[3, 1], [6, 4]]
 */
export const at = (x: Tensor, ...indices: readonly Subscript[]): Tensor => {
  x.live('at')
  const tensors = new Map<number, Tensor>()
  let y = x
  let axis = 0
  for (const index of spread(x, indices)) {
    if (index instanceof Tensor && index.dtype === 'bool') {
      for (const places of fromMask(y, axis, index)) tensors.set(axis++, places)
    } else if (index instanceof Tensor) {
      tensors.set(axis++, index)
    } else if (typeof index === 'number') {
      y = select(y, axis, index)
    } else {
      y = index === null ? unsqueeze(y, axis) : range(y, axis, index)
      axis++
    }
  }
  return tensors.size === 0 ? y : takeAt(y, tensors)
}

const range = (x: Tensor, axis: number, { start, end, step = 1 }: SliceRange): Tensor =>
  start === undefined && end === undefined && step === 1 ? x : slice(x, axis, start ?? (step > 0 ? 0 : -1), end, step)

/** x at the places of index tensors, by axis: one selection over the axes merged into one. */
const takeAt = (x: Tensor, tensors: ReadonlyMap<number, Tensor>): Tensor => {
  const axes = [...tensors.keys()]
  const wrapped = axes.map((axis) => wrapIndex('at', tensors.get(axis)!, x.shape[axis]))
  const shape = wrapped.map((t) => t.shape).reduce((a, b) => broadcastShapes('at', a, b))
  const sizes = axes.map((axis) => x.shape[axis])
  const strides = contiguousStrides(sizes)
  const flat = wrapped.map((t, i) => (strides[i] === 1 ? t : mul(t, strides[i]))).reduce((a, b) => add(a, b))
  const rest = x.shape.map((_, i) => i).filter((i) => !tensors.has(i))
  const adjacent = axes.every((axis, i) => axis === axes[0] + i)
  const before = adjacent ? rest.filter((i) => i < axes[0]) : []
  const after = rest.filter((i) => !before.includes(i))
  const of = (list: readonly number[]): number[] => list.map((i) => x.shape[i])
  const merged = reshape(permute(x, [...before, ...axes, ...after]), [...of(before), sizeOf(sizes), ...of(after)])
  const taken = indexSelect(merged, before.length, reshape(expand(flat, shape), [-1]))
  return reshape(taken, [...of(before), ...shape, ...of(after)])
}
