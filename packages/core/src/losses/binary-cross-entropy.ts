import { apply } from '../autograd/apply.ts'
import { noGrad } from '../autograd/modes.ts'
import type { OpDef } from '../autograd/op.ts'
import { ValueError } from '../errors.ts'
import { add, div, maximum, mul, pow, sub } from '../ops/binary.ts'
import { logSigmoid, sigmoid } from '../ops/activations.ts'
import { sum } from '../ops/reduce.ts'
import { sameSpec } from '../ops/rules.ts'
import { log, log1p, neg } from '../ops/unary.ts'
import { normalizeAxes } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { reduceLoss, type LossOptions } from './reduction.ts'
import { needRange, needSameShapes } from './rules.ts'

/** What {@link bceLoss} takes. */
export interface BceLossOptions extends LossOptions {
  /** A factor for each element's loss; broadcasts. */
  readonly weight?: Tensor
}

/**
 * Hangs PyTorch's gradient on losses that were computed outside of the graph: the logarithms are cut at -100, the
 * slopes are not. Inputs: losses, x, target.
 */
const bceOp: OpDef<undefined> = {
  name: 'bceLoss',
  savesInputs: [1, 2],
  infer: sameSpec,
  reference: () => {},
  view: (loss) => loss,
  gradient: (c, [dy]) => {
    const [x, t] = [c.input(1), c.input(2)]
    return [
      null,
      c.needs[1] ? div(mul(dy!, sub(x, t)), maximum(mul(sub(1, x), x), 1e-12)) : null,
      c.needs[2] ? mul(dy!, sub(maximum(log1p(neg(x)), -100), maximum(log(x), -100))) : null,
    ]
  },
}

const weighted = (loss: Tensor, weight: Tensor | undefined): Tensor => (weight === undefined ? loss : mul(loss, weight))

/**
 * Binary cross-entropy of probabilities; logarithms below -100 count as -100.
 *   loss_i = -w_i (t_i log x_i + (1 - t_i) log(1 - x_i))
 * Shape: x and target alike.
 * @throws ValueError when a probability is outside [0, 1], ShapeError when the shapes differ.
 * @source Checked against torch.nn.functional.binary_cross_entropy 1.13 in losses.test.ts
 * @example bceLoss(tensor([0.5, 0]), tensor([1, 1]), { reduction: 'none' }).toArray() // => [0.693147, 100]
 */
export const bceLoss = (x: Tensor, target: Tensor, { weight, reduction }: BceLossOptions = {}): Tensor => {
  needSameShapes('bceLoss', x, target)
  needRange('bceLoss', x, 0, 1, 'Use bceWithLogits for raw outputs')
  const value = noGrad(() => {
    const [yes, no] = [maximum(log(x), -100), maximum(log1p(neg(x)), -100)]
    return sub(mul(sub(target, 1), no), mul(target, yes))
  })
  return reduceLoss('bceLoss', weighted(apply(bceOp, [value, x, target], undefined), weight), reduction)
}

/** What {@link bceWithLogits} takes. */
export interface BceWithLogitsOptions extends BceLossOptions {
  /** A factor for positive targets, such as negatives / positives; broadcasts. */
  readonly posWeight?: Tensor
}

/**
 * Binary cross-entropy of logits, without overflow.
 *   loss_i = -w_i (p_i t_i log s(x_i) + (1 - t_i) log(1 - s(x_i))) with s the sigmoid, p the weight of positives
 * Shape: x and target alike.
 * @throws ShapeError when the shapes differ.
 * @source Checked against torch.nn.functional.binary_cross_entropy_with_logits 1.13 in losses.test.ts
 * @example bceWithLogits(tensor([0, 200]), tensor([1, 0]), { reduction: 'none' }).toArray() // => [0.693147, 200]
 */
export const bceWithLogits = (x: Tensor, target: Tensor, options: BceWithLogitsOptions = {}): Tensor => {
  const { weight, posWeight, reduction } = options
  needSameShapes('bceWithLogits', x, target)
  const negative = mul(sub(1, target), x)
  const logs = logSigmoid(x)
  const scaled = posWeight === undefined ? logs : mul(logs, add(mul(sub(posWeight, 1), target), 1))
  return reduceLoss('bceWithLogits', weighted(sub(negative, scaled), weight), reduction)
}

/** What {@link focalLoss} takes. */
export interface FocalLossOptions extends LossOptions {
  /** Weight of positives in [0, 1], negatives having 1 - alpha; below 0 for none. Default 0.25. */
  readonly alpha?: number
  /** How strongly easy elements are played down, >= 0. Default 2. */
  readonly gamma?: number
}

/**
 * Focal loss of logits for binary targets.
 *   loss_i = -a_t (1 - p_t)^gamma log p_t with p_t the probability of the target
 * Shape: x and target alike. The default reduction is the mean; torchvision's is none.
 * @throws ValueError when `gamma` is negative, ShapeError when the shapes differ.
 * @source Lin et al. 2017; checked against torchvision.ops.sigmoid_focal_loss 0.14 in losses.test.ts
 * @example focalLoss(tensor([0]), tensor([1])).item() // => 0.043322
 */
export const focalLoss = (x: Tensor, target: Tensor, options: FocalLossOptions = {}): Tensor => {
  const { alpha = 0.25, gamma = 2, reduction } = options
  needSameShapes('focalLoss', x, target)
  if (!(gamma >= 0))
    throw new ValueError({
      op: 'focalLoss',
      problem: 'gamma is negative',
      got: String(gamma),
      expected: 'a number >= 0',
    })
  const p = sigmoid(x)
  const missed = add(mul(p, sub(1, target)), mul(sub(1, p), target))
  const loss = mul(bceWithLogits(x, target, { reduction: 'none' }), pow(missed, gamma))
  const balanced = alpha < 0 ? loss : mul(loss, add(mul(target, alpha), mul(sub(1, target), 1 - alpha)))
  return reduceLoss('focalLoss', balanced, reduction)
}

/** What {@link diceLoss} takes. */
export interface DiceLossOptions extends LossOptions {
  /** Added above and below, so that empty masks agree. Default 1. */
  readonly smooth?: number
  /** The axes that one overlap is measured over. Default: all after the first two (N and C). */
  readonly axes?: readonly number[]
}

/**
 * One minus the Dice overlap of probabilities with a mask.
 *   loss = 1 - (2 sum x t + smooth) / (sum x + sum t + smooth), per sample and class
 * Shape: x [N, C, ...] and target alike.
 * @throws ShapeError when the shapes differ, AxisError when an axis is out of range.
 * @source Milletari et al. 2016 (without squares below); checked against NumPy in losses.test.ts
 * @example diceLoss(tensor([[[1, 1, 0]]]), tensor([[[1, 0, 0]]])).item() // => 0.25
 */
export const diceLoss = (x: Tensor, target: Tensor, { smooth = 1, axes, reduction }: DiceLossOptions = {}): Tensor => {
  needSameShapes('diceLoss', x, target)
  const over = normalizeAxes('diceLoss', axes ?? x.shape.map((_, i) => i).slice(2), x.rank)
  const overlap = add(mul(sum(mul(x, target), over), 2), smooth)
  const total = add(add(sum(x, over), sum(target, over)), smooth)
  return reduceLoss('diceLoss', sub(1, div(overlap, total)), reduction)
}
