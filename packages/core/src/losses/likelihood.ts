import { ValueError } from '../errors.ts'
import { add, div, eq, gt, maximum, mul, sub } from '../ops/binary.ts'
import { sum } from '../ops/reduce.ts'
import { exp, log, square } from '../ops/unary.ts'
import { where } from '../ops/where.ts'
import { expand } from '../ops/views.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { reduceLoss, type LossOptions, type Reduction } from './reduction.ts'
import { needRange, needSameShapes } from './rules.ts'

/** What {@link klDiv} takes. */
export interface KlDivOptions {
  /** `batchMean` divides the sum by the first axis: the divergence of the mathematical definition. Default `mean`. */
  readonly reduction?: Reduction | 'batchMean'
  /** Whether the target holds log-probabilities. Default false. */
  readonly logTarget?: boolean
}

/** t log t, 0 at 0. */
const entropyTerm = (t: Tensor): Tensor => {
  const none = eq(t, 0)
  return where(none, 0, mul(t, log(where(none, 1, t))))
}

/**
 * Kullback-Leibler divergence of log-probabilities x from a target distribution.   loss_i = t_i (log t_i - x_i)
 * Shape: x and target alike.
 * @throws ShapeError when the shapes differ.
 * @source Checked against torch.nn.functional.kl_div 1.13 in losses.test.ts
 * @example klDiv(log(tensor([[0.5, 0.5]])), tensor([[1, 0]]), { reduction: 'batchMean' }).item() // => 0.693147
 */
export const klDiv = (
  x: Tensor,
  target: Tensor,
  { reduction = 'mean', logTarget = false }: KlDivOptions = {},
): Tensor => {
  needSameShapes('klDiv', x, target)
  const loss = logTarget ? mul(exp(target), sub(target, x)) : sub(entropyTerm(target), mul(target, x))
  if (reduction === 'batchMean') return div(sum(loss), x.shape[0] ?? 1)
  return reduceLoss('klDiv', loss, reduction)
}

/** What {@link poissonNllLoss} takes. */
export interface PoissonNllOptions extends LossOptions {
  /** Whether x is the logarithm of the rate. Default true. */
  readonly logInput?: boolean
  /** Add Stirling's approximation of log t!. Default false. */
  readonly full?: boolean
  /** Added to the rate before its logarithm. Default 1e-8. */
  readonly eps?: number
}

const stirling = (t: Tensor): Tensor => {
  const many = gt(t, 1)
  const safe = where(many, t, 1)
  return where(many, add(sub(mul(safe, log(safe)), safe), mul(log(mul(safe, 2 * Math.PI)), 0.5)), 0)
}

/**
 * Negative log likelihood of counts under a Poisson distribution.
 *   loss_i = exp(x_i) - t_i x_i, or x_i - t_i log(x_i + eps) without `logInput`
 * Shape: x and target alike.
 * @throws ShapeError when the shapes differ.
 * @source Checked against torch.nn.functional.poisson_nll_loss 1.13 in losses.test.ts
 * @example poissonNllLoss(tensor([0]), tensor([2])).item() // => 1
 */
export const poissonNllLoss = (x: Tensor, target: Tensor, options: PoissonNllOptions = {}): Tensor => {
  const { logInput = true, full = false, eps = 1e-8, reduction } = options
  needSameShapes('poissonNllLoss', x, target)
  const loss = logInput ? sub(exp(x), mul(target, x)) : sub(x, mul(target, log(add(x, eps))))
  return reduceLoss('poissonNllLoss', full ? add(loss, stirling(target)) : loss, reduction)
}

/** What {@link gaussianNllLoss} takes. */
export interface GaussianNllOptions extends LossOptions {
  /** Add the constant log(2 pi) / 2. Default false. */
  readonly full?: boolean
  /** Smallest variance; gradients pass as if it were not there. Default 1e-6. */
  readonly eps?: number
}

/**
 * Negative log likelihood under a normal distribution of the given mean and variance.
 *   loss_i = (log v_i + (x_i - t_i)^2 / v_i) / 2
 * Shape: x and target alike; variance the same, or with size 1 where it is shared.
 * @throws ValueError when a variance is negative, ShapeError when the shapes do not fit.
 * @source Checked against torch.nn.functional.gaussian_nll_loss 1.13 in losses.test.ts
 * @example gaussianNllLoss(tensor([1]), tensor([3]), tensor([1])).item() // => 2
 */
export const gaussianNllLoss = (
  x: Tensor,
  target: Tensor,
  variance: Tensor,
  options: GaussianNllOptions = {},
): Tensor => {
  const { full = false, eps = 1e-6, reduction } = options
  needSameShapes('gaussianNllLoss', x, target)
  if (!(eps > 0))
    throw new ValueError({
      op: 'gaussianNllLoss',
      problem: 'eps is not positive',
      got: String(eps),
      expected: 'a number > 0',
    })
  needRange('gaussianNllLoss', variance, 0, Infinity)
  const raised = maximum(variance.detach(), eps)
  // The value is cut off at eps, the slope is not.
  const v = expand(add(sub(variance, variance.detach()), raised), x.shape)
  const loss = mul(add(log(v), div(square(sub(x, target)), v)), 0.5)
  return reduceLoss('gaussianNllLoss', full ? add(loss, 0.9189385332046727) : loss, reduction)
}
