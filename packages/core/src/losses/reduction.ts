import { ValueError } from '../errors.ts'
import { mean, sum } from '../ops/reduce.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** How the losses of the elements become one: their mean, their sum, or left as they are. */
export type Reduction = 'mean' | 'sum' | 'none'

/** What most losses take. */
export interface LossOptions {
  /** Default `mean`. */
  readonly reduction?: Reduction
}

/** Throws unless `reduction` is one of the three. */
export const checkReduction = (op: string, reduction: Reduction): void => {
  if (reduction === 'mean' || reduction === 'sum' || reduction === 'none') return
  throw new ValueError({
    op,
    problem: 'no such reduction',
    got: String(reduction),
    expected: "'mean', 'sum' or 'none'",
  })
}

/** Reduces the losses of the elements. The mean of none is NaN, as in PyTorch. */
export const reduceLoss = (op: string, loss: Tensor, reduction: Reduction = 'mean'): Tensor => {
  checkReduction(op, reduction)
  return reduction === 'mean' ? mean(loss) : reduction === 'sum' ? sum(loss) : loss
}
