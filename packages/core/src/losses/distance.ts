import { ValueError } from '../errors.ts'
import { div, le, lt, mul, sub } from '../ops/binary.ts'
import { abs, square } from '../ops/unary.ts'
import { where } from '../ops/where.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { reduceLoss, type LossOptions } from './reduction.ts'
import { needSameShapes } from './rules.ts'

/**
 * Mean squared error.   loss_i = (x_i - t_i)^2
 * Shape: x and target alike (PyTorch broadcasts; this refuses).
 * @throws ShapeError when the shapes differ.
 * @source Checked against torch.nn.functional.mse_loss 1.13 in losses.test.ts
 * @example mseLoss(tensor([1, 2]), tensor([1, 4])).item() // => 2
 */
export const mseLoss = (x: Tensor, target: Tensor, { reduction }: LossOptions = {}): Tensor => {
  needSameShapes('mseLoss', x, target)
  return reduceLoss('mseLoss', square(sub(x, target)), reduction)
}

/**
 * Mean absolute error.   loss_i = |x_i - t_i|
 * Shape: x and target alike.
 * @throws ShapeError when the shapes differ.
 * @source Checked against torch.nn.functional.l1_loss 1.13 in losses.test.ts
 * @example l1Loss(tensor([1, 2]), tensor([1, 4])).item() // => 1
 */
export const l1Loss = (x: Tensor, target: Tensor, { reduction }: LossOptions = {}): Tensor => {
  needSameShapes('l1Loss', x, target)
  return reduceLoss('l1Loss', abs(sub(x, target)), reduction)
}

/** What {@link smoothL1Loss} takes. */
export interface SmoothL1LossOptions extends LossOptions {
  /** Where the parabola ends, >= 0; 0 gives {@link l1Loss}. Default 1. */
  readonly beta?: number
}

/**
 * A parabola near 0, straight beyond.   loss_i = d^2 / (2 beta) for d = |x_i - t_i| < beta, else d - beta / 2
 * Shape: x and target alike.
 * @throws ValueError when `beta` is negative, ShapeError when the shapes differ.
 * @source Girshick 2015; checked against torch.nn.functional.smooth_l1_loss 1.13 in losses.test.ts
 * @example smoothL1Loss(tensor([0, 0]), tensor([0.5, 2]), { reduction: 'none' }).toArray() // => [0.125, 1.5]
 */
export const smoothL1Loss = (x: Tensor, target: Tensor, { beta = 1, reduction }: SmoothL1LossOptions = {}): Tensor => {
  needSameShapes('smoothL1Loss', x, target)
  if (!(beta >= 0))
    throw new ValueError({
      op: 'smoothL1Loss',
      problem: 'beta is negative',
      got: String(beta),
      expected: 'a number >= 0',
    })
  const d = abs(sub(x, target))
  const loss = beta === 0 ? d : where(lt(d, beta), div(mul(square(d), 0.5), beta), sub(d, 0.5 * beta))
  return reduceLoss('smoothL1Loss', loss, reduction)
}

/** What {@link huberLoss} takes. */
export interface HuberLossOptions extends LossOptions {
  /** Where the parabola ends, > 0. Default 1. */
  readonly delta?: number
}

/**
 * Huber's loss.   loss_i = d^2 / 2 for d = |x_i - t_i| <= delta, else delta (d - delta / 2)
 * Shape: x and target alike.
 * @throws ValueError when `delta` is not positive, ShapeError when the shapes differ.
 * @source Checked against torch.nn.functional.huber_loss 1.13 in losses.test.ts
 * @example huberLoss(tensor([0, 0]), tensor([1, 4]), { delta: 2, reduction: 'none' }).toArray() // => [0.5, 6]
 */
export const huberLoss = (x: Tensor, target: Tensor, { delta = 1, reduction }: HuberLossOptions = {}): Tensor => {
  needSameShapes('huberLoss', x, target)
  if (!(delta > 0))
    throw new ValueError({
      op: 'huberLoss',
      problem: 'delta is not positive',
      got: String(delta),
      expected: 'a number > 0',
    })
  const d = abs(sub(x, target))
  return reduceLoss('huberLoss', where(le(d, delta), mul(square(d), 0.5), mul(sub(d, 0.5 * delta), delta)), reduction)
}
