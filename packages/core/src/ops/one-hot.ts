import { ValueError } from '../errors.ts'
import { arange } from '../tensor/create.ts'
import type { DType } from '../tensor/dtype.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { eq } from './binary.ts'
import { cast } from './copy.ts'
import { checkIndex } from './index-rules.ts'
import { amax } from './reduce.ts'
import { unsqueeze } from './views.ts'

/** Options of {@link oneHot}. */
export interface OneHotOptions {
  /** Default: one more than the largest index. */
  readonly numClasses?: number
  /** Default i32. */
  readonly dtype?: DType
}

/**
 * Rows of zeros with a 1 at each index, as torch.nn.functional.one_hot.
 * Shape: index [...] i32 -> [..., numClasses].
 * @throws ValueError when an index is outside [0, numClasses).
 * @example oneHot(tensor(Int32Array.of(0, 2)), { numClasses: 3 }).toArray() // => [[1, 0, 0], [0, 0, 1]]
 */
export const oneHot = (index: Tensor, { numClasses, dtype = 'i32' }: OneHotOptions = {}): Tensor => {
  if (numClasses === undefined && index.size === 0) {
    throw new ValueError({
      op: 'oneHot',
      problem: 'no index tells the number of classes',
      got: String(index),
      expected: 'numClasses',
    })
  }
  const classes = numClasses ?? amax(index).item() + 1
  checkIndex('oneHot', index, classes)
  return cast(eq(unsqueeze(index, -1), arange(0, classes, 1, { dtype: 'i32', backend: index.backend })), dtype)
}
