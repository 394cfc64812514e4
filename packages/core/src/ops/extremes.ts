import { reduce as kernels } from '@lanewise/kernels-wasm/reduce'
import { isFloat } from '../tensor/dtype.ts'
import { normalizeAxis } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { eq } from './binary.ts'
import { cast } from './copy.ts'
import { gather } from './gather.ts'
import { amax, amin, reduceInfer, reduceReference, reduceWasm, runReduce, type ReduceOp } from './reduce.ts'
import { reshape, squeeze } from './views.ts'

const argmaxOp: ReduceOp = {
  name: 'argmax',
  kernel: (k, dtype) => (dtype === 'f32' ? k.use(kernels).f32_argmax : null),
  result: 'i32',
  needsElements: true,
  fold: (at, n) => {
    let best = 0
    for (let i = 1; i < n; i++) if (at(i) > at(best) || (Number.isNaN(at(i)) && !Number.isNaN(at(best)))) best = i
    return best
  },
  infer: reduceInfer,
  reference: reduceReference,
  wasm: reduceWasm,
}

const argminOp: ReduceOp = {
  name: 'argmin',
  kernel: (k, dtype) => (dtype === 'f32' ? k.use(kernels).f32_argmin : null),
  result: 'i32',
  needsElements: true,
  fold: (at, n) => {
    let best = 0
    for (let i = 1; i < n; i++) if (at(i) < at(best) || (Number.isNaN(at(i)) && !Number.isNaN(at(best)))) best = i
    return best
  },
  infer: reduceInfer,
  reference: reduceReference,
  wasm: reduceWasm,
}

type Extreme = (x: Tensor, axes?: number, keepDims?: boolean) => Tensor

/** The first place of an extreme: whole numbers, which may exceed f32, are compared with their extreme. */
const place = (op: ReduceOp, extreme: Extreme, x: Tensor, axis: number | undefined, keepDims: boolean): Tensor => {
  if (axis === undefined && x.rank !== 1) {
    const at = place(op, extreme, reshape(x, [-1]), 0, false)
    return keepDims
      ? reshape(
          at,
          x.shape.map(() => 1),
        )
      : at
  }
  const a = normalizeAxis(op.name, axis ?? 0, x.rank)
  if (isFloat(x.dtype)) return runReduce(op, x, a, keepDims)
  const hits = cast(eq(x, extreme(x, a, true)), 'f32')
  return runReduce(argmaxOp, hits, a, keepDims)
}

/**
 * Where the largest element along an axis is, or in the flat tensor, as i32: the first of equal ones, the first NaN.
 * @throws ShapeError when there is nothing to choose from.
 * @example argmax(tensor([[1, 5], [3, 4]]), 1).toArray() // => [1, 1]
 */
export const argmax = (x: Tensor, axis?: number, keepDims = false): Tensor => place(argmaxOp, amax, x, axis, keepDims)

/**
 * Where the smallest element along an axis is, or in the flat tensor, as i32: the first of equal ones, the first NaN.
 * @throws ShapeError when there is nothing to choose from.
 * @example argmin(tensor([[1, 5], [3, 4]]), 0).toArray() // => [0, 1]
 */
export const argmin = (x: Tensor, axis?: number, keepDims = false): Tensor => place(argminOp, amin, x, axis, keepDims)

/** Elements and where they were found along an axis. */
export interface Located {
  readonly values: Tensor
  /** i32. */
  readonly indices: Tensor
}

const along = (find: typeof argmax, x: Tensor, axis: number, keepDims: boolean): Located => {
  if (x.rank === 0) return { values: x, indices: find(x, 0) }
  const a = normalizeAxis('max', axis, x.rank)
  const indices = find(x, a, true)
  const values = gather(x, a, indices)
  return keepDims ? { values, indices } : { values: squeeze(values, a), indices: squeeze(indices, a) }
}

/**
 * The largest element, or with an axis the largest along it and where they are, as torch.max. Without an axis equal
 * elements share the gradient; along one it goes to the first.
 * @throws ShapeError when there is nothing to choose from.
 * @example
 * max(tensor([[1, 5], [3, 4]])).item() // => 5
 * max(tensor([[1, 5], [3, 4]]), 1).indices.toArray() // => [1, 1]
 */
export function max(x: Tensor): Tensor
export function max(x: Tensor, axis: number, keepDims?: boolean): Located
export function max(x: Tensor, axis?: number, keepDims = false): Tensor | Located {
  return axis === undefined ? amax(x) : along(argmax, x, axis, keepDims)
}

/**
 * The smallest element, or with an axis the smallest along it and where they are, as torch.min. Without an axis equal
 * elements share the gradient; along one it goes to the first.
 * @throws ShapeError when there is nothing to choose from.
 * @example
 * min(tensor([[1, 5], [3, 4]])).item() // => 1
 * min(tensor([[1, 5], [3, 4]]), 0).values.toArray() // => [1, 4]
 */
export function min(x: Tensor): Tensor
export function min(x: Tensor, axis: number, keepDims?: boolean): Located
export function min(x: Tensor, axis?: number, keepDims = false): Tensor | Located {
  return axis === undefined ? amin(x) : along(argmin, x, axis, keepDims)
}
