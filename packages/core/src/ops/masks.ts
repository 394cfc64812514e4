import { fromData } from '../tensor/create.ts'
import { broadcastShapes, contiguousStrides } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Operand } from './binary.ts'
import { take } from './index-select.ts'
import { needDType } from './rules.ts'
import { expand } from './views.ts'
import { where } from './where.ts'

/**
 * x with `value` where the mask holds, broadcast.
 * @throws DTypeError when the mask is not boolean.
 * @example maskedFill(tensor([1, 2]), tensor([true, false]), 9).toArray() // => [9, 2]
 */
export const maskedFill = (x: Tensor, mask: Tensor, value: Operand): Tensor => where(mask, value, x)

/** Flat places of the elements that are not 0. */
const places = (x: Tensor): Int32Array<ArrayBuffer> => {
  const values = x.dataSync()
  const found = new Int32Array(values.length)
  let count = 0
  for (let i = 0; i < values.length; i++) if (values[i] !== 0) found[count++] = i
  return found.slice(0, count)
}

/**
 * The elements where the mask holds, in logical order; x and the mask broadcast.
 * @throws DTypeError when the mask is not boolean, BackendError on an asynchronous backend, where the size is unknown.
 * @example maskedSelect(tensor([1, 2, 3]), tensor([true, false, true])).toArray() // => [1, 3]
 */
export const maskedSelect = (x: Tensor, mask: Tensor): Tensor => {
  needDType('maskedSelect', mask, 'bool', 'u8')
  const shape = broadcastShapes('maskedSelect', x.shape, mask.shape)
  const found = places(expand(mask, shape))
  return take(expand(x, shape), fromData(found, [found.length], 'i32', x.backend))
}

/**
 * Where the elements that are not 0 are, one row of indices each, in logical order.
 * Shape: x [...] -> [count, rank] i32.
 * @throws BackendError on an asynchronous backend, where the size is unknown.
 * @example nonzero(tensor([[0, 5], [6, 0]])).toArray() // => [[0, 1], [1, 0]]
 */
export const nonzero = (x: Tensor): Tensor => {
  const found = places(x)
  const strides = contiguousStrides(x.shape)
  const rows = new Int32Array(found.length * x.rank)
  for (let i = 0; i < found.length; i++) {
    for (let axis = 0; axis < x.rank; axis++)
      rows[i * x.rank + axis] = Math.floor(found[i] / strides[axis]) % x.shape[axis]
  }
  return fromData(rows, [found.length, x.rank], 'i32', x.backend)
}
