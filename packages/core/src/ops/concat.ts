import { apply } from '../autograd/apply.ts'
import type { OpDef } from '../autograd/op.ts'
import { ShapeError, ValueError } from '../errors.ts'
import { bytesOf, promote } from '../tensor/dtype.ts'
import { normalizeAxis, show, sizeOf } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { cast } from './copy.ts'
import { jointLayout, place } from './place.ts'
import { select, slice, unsqueeze } from './views.ts'

const concatOp: OpDef<number> = {
  name: 'concat',
  infer: (x, axis) => {
    const total = x.reduce((n, t) => n + t.shape[axis], 0)
    return [{ shape: x[0].shape.with(axis, total), dtype: x[0].dtype }]
  },
  reference: (x, axis, [y]) => {
    const outer = sizeOf(y.shape.slice(0, axis))
    let at = 0
    for (let o = 0; o < outer; o++) {
      for (const { data, shape } of x) {
        const run = sizeOf(shape.slice(axis))
        y.data.set(data.subarray(o * run, (o + 1) * run), at)
        at += run
      }
    }
  },
  wasm: (k, x, axis, [{ shape, dtype }]) => {
    const stridesFor = jointLayout(x)
    const to = stridesFor(shape)
    const y = k.empty(shape, dtype, to)
    let at = k.ptr(y)
    for (const part of x) {
      place(k, part, at, { from: stridesFor(part.shape), to })
      at += part.shape[axis] * to[axis] * bytesOf(dtype)
    }
    return [y]
  },
  gradient: (c, [dy]) => {
    let start = 0
    return c.inputSpecs.map(({ shape }, i) => {
      const from = start
      start += shape[c.attrs]
      return c.needs[i] ? slice(dy!, c.attrs, from, start) : null
    })
  },
}

const fits = (a: Tensor, b: Tensor, axis: number): boolean =>
  a.rank === b.rank && a.shape.every((n, i) => i === axis || n === b.shape[i])

/**
 * Joins tensors along an axis that they have, as torch.cat.
 * Shape: xs [..., n_i, ...] -> [..., sum n_i, ...].
 * @throws ValueError when there are no tensors, ShapeError when they differ on another axis.
 * @example concat([tensor([1, 2]), tensor([3])]).toArray() // => [1, 2, 3]
 */
export const concat = (xs: readonly Tensor[], axis = 0): Tensor => {
  if (xs.length === 0) throw new ValueError({ op: 'concat', problem: 'there are no tensors', expected: 'one or more' })
  const a = normalizeAxis('concat', axis, xs[0].rank)
  if (xs[0].rank === 0 || !xs.every((x) => fits(xs[0], x, a))) {
    throw new ShapeError({
      op: 'concat',
      problem: 'the shapes do not fit',
      got: xs.map((x) => show(x.shape)).join(' and '),
      expected: `rank 1 or more and equal sizes on every axis but ${a}`,
    })
  }
  const dtype = xs.map((x) => x.dtype).reduce(promote)
  return apply(
    concatOp,
    xs.map((x) => cast(x, dtype)),
    a,
  )
}

/**
 * Joins tensors of one shape along a new axis.
 * @throws ValueError when there are no tensors, ShapeError when their shapes differ.
 * @example stack([tensor([1, 2]), tensor([3, 4])]).toArray() // => [[1, 2], [3, 4]]
 */
export const stack = (xs: readonly Tensor[], axis = 0): Tensor =>
  concat(
    xs.map((x) => unsqueeze(x, axis)),
    axis,
  )

/**
 * Cuts a tensor along an axis into views: of `size` each (the last may be shorter), or of the given sizes.
 * @throws ValueError when a size is not a whole number, or sizes do not add up to the axis.
 * @example split(tensor([1, 2, 3, 4, 5]), 2).map((x) => x.toArray()) // => [[1, 2], [3, 4], [5]]
 */
export const split = (x: Tensor, size: number | readonly number[], axis = 0): Tensor[] => {
  const a = normalizeAxis('split', axis, x.rank)
  const n = x.shape[a] ?? 0
  const sizes = typeof size === 'number' ? equalSizes(n, size) : size
  const whole = sizes.every((s) => Number.isInteger(s) && s >= 0)
  if (
    !whole ||
    sizes.reduce((sum, s) => sum + s, 0) !== n ||
    (typeof size === 'number' && !(size > 0 && Number.isInteger(size)))
  ) {
    throw new ValueError({
      op: 'split',
      problem: 'the sizes do not fit the axis',
      got: `${typeof size === 'number' ? size : show(size)} for axis ${a} of ${show(x.shape)}`,
      expected: 'a whole number above 0, or sizes that add up to the axis',
    })
  }
  let start = 0
  return sizes.map((s) => slice(x, a, start, (start += s)))
}

const equalSizes = (n: number, size: number): number[] => {
  if (n === 0 || !(size > 0)) return [n]
  return Array.from({ length: Math.ceil(n / size) }, (_, i) => Math.min(size, n - i * size))
}

/**
 * Cuts a tensor along an axis into at most `count` views of equal size, the last perhaps shorter, as torch.chunk.
 * @throws ValueError when `count` is not a whole number above 0.
 * @example chunk(tensor([1, 2, 3, 4, 5]), 3).map((x) => x.toArray()) // => [[1, 2], [3, 4], [5]]
 */
export const chunk = (x: Tensor, count: number, axis = 0): Tensor[] => {
  const a = normalizeAxis('chunk', axis, x.rank)
  if (!Number.isInteger(count) || count < 1) {
    throw new ValueError({
      op: 'chunk',
      problem: 'not a number of parts',
      got: String(count),
      expected: 'an integer >= 1',
    })
  }
  return split(x, Math.max(1, Math.ceil(x.shape[a] / count)), a)
}

/**
 * The parts along an axis, which they lose, as views.
 * @example unbind(tensor([[1, 2], [3, 4]]), 1).map((x) => x.toArray()) // => [[1, 3], [2, 4]]
 */
export const unbind = (x: Tensor, axis = 0): Tensor[] => {
  const a = normalizeAxis('unbind', axis, x.rank)
  return Array.from({ length: x.shape[a] ?? 0 }, (_, i) => select(x, a, i))
}
