import { ShapeError, ValueError } from '../errors.ts'
import { add, div, eq, minimum, mul, ne, pow, sub } from '../ops/binary.ts'
import { clip } from '../ops/clip.ts'
import { cast } from '../ops/copy.ts'
import { sum } from '../ops/reduce.ts'
import { needFloat } from '../ops/rules.ts'
import { abs, neg, sqrt, square } from '../ops/unary.ts'
import { reshape, unsqueeze } from '../ops/views.ts'
import { where } from '../ops/where.ts'
import { logSigmoid } from '../ops/activations.ts'
import { arange } from '../tensor/create.ts'
import { sameShape, show } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { reduceLoss, type LossOptions } from './reduction.ts'
import { needSameShapes } from './rules.ts'

/** What losses with a margin take. */
export interface MarginOptions extends LossOptions {
  /** How far apart the sides are asked to be. */
  readonly margin?: number
}

const above0 = (x: Tensor): Tensor => clip(x, 0)

/** What {@link hingeLoss} takes. */
export interface HingeLossOptions extends MarginOptions {
  /** Square the distance to the margin. Default false. */
  readonly squared?: boolean
}

/**
 * The loss of support vector machines.   loss_i = max(0, margin - t_i x_i)
 * Shape: x and target alike, target of -1 and 1. Default margin 1.
 * @throws ShapeError when the shapes differ.
 * @source Checked against sklearn.metrics.hinge_loss 1.2 in losses.test.ts
 * @example hingeLoss(tensor([2, 0.5]), tensor([1, -1]), { reduction: 'none' }).toArray() // => [0, 1.5]
 */
export const hingeLoss = (x: Tensor, target: Tensor, options: HingeLossOptions = {}): Tensor => {
  const { margin = 1, squared = false, reduction } = options
  needSameShapes('hingeLoss', x, target)
  const loss = above0(sub(margin, mul(x, target)))
  return reduceLoss('hingeLoss', squared ? square(loss) : loss, reduction)
}

/**
 * The logistic loss of scores.   loss_i = log(1 + exp(-t_i x_i))
 * Shape: x and target alike, target of -1 and 1.
 * @throws ShapeError when the shapes differ.
 * @source Checked against torch.nn.functional.soft_margin_loss 1.13 in losses.test.ts
 * @example softMarginLoss(tensor([0]), tensor([1])).item() // => 0.693147
 */
export const softMarginLoss = (x: Tensor, target: Tensor, { reduction }: LossOptions = {}): Tensor => {
  needSameShapes('softMarginLoss', x, target)
  return reduceLoss('softMarginLoss', neg(logSigmoid(mul(x, target))), reduction)
}

/**
 * Wants x1 above x2 where t is 1, below where t is -1.   loss_i = max(0, -t_i (x1_i - x2_i) + margin)
 * Shape: all alike. Default margin 0.
 * @throws ShapeError when the shapes differ.
 * @source Checked against torch.nn.functional.margin_ranking_loss 1.13 in losses.test.ts
 * @example marginRankingLoss(tensor([1]), tensor([3]), tensor([1])).item() // => 2
 */
export const marginRankingLoss = (
  x1: Tensor,
  x2: Tensor,
  target: Tensor,
  { margin = 0, reduction }: MarginOptions = {},
): Tensor => {
  needSameShapes('marginRankingLoss', x1, x2, target)
  return reduceLoss('marginRankingLoss', above0(add(neg(mul(target, sub(x1, x2))), margin)), reduction)
}

/**
 * Of distances x: wants them small where t is 1, beyond the margin where t is -1.
 *   loss_i = x_i, or max(0, margin - x_i)
 * Shape: x and target alike. Default margin 1.
 * @throws ShapeError when the shapes differ.
 * @source Checked against torch.nn.functional.hinge_embedding_loss 1.13 in losses.test.ts
 * @example hingeEmbeddingLoss(tensor([0.25, 0.25]), tensor([1, -1]), { reduction: 'none' }).toArray() // => [0.25, 0.75]
 */
export const hingeEmbeddingLoss = (
  x: Tensor,
  target: Tensor,
  { margin = 1, reduction }: MarginOptions = {},
): Tensor => {
  needSameShapes('hingeEmbeddingLoss', x, target)
  const apart = where(ne(target, 1), above0(sub(margin, x)), 0)
  return reduceLoss('hingeEmbeddingLoss', add(apart, where(ne(target, -1), x, 0)), reduction)
}

const needRows = (op: string, x1: Tensor, x2: Tensor, target: Tensor): void => {
  needSameShapes(op, x1, x2)
  if (sameShape(target.shape, x1.shape.slice(0, -1)) && x1.rank > 0 && x1.rank <= 2) return
  throw new ShapeError({
    op,
    problem: 'the target does not fit the rows',
    got: `${show(x1.shape)} and target ${show(target.shape)}`,
    expected: 'rows [N, D] and target [N], or [D] and a scalar',
  })
}

/**
 * Wants two rows to point the same way where t is 1, and not where t is -1.
 *   loss_i = 1 - cos(x1_i, x2_i), or max(0, cos(x1_i, x2_i) - margin)
 * Shape: x1 and x2 [N, D], target [N]; or [D] and a scalar. Default margin 0.
 * @throws ShapeError when the shapes do not fit.
 * @source Checked against torch.nn.functional.cosine_embedding_loss 1.13 in losses.test.ts
 * @example cosineEmbeddingLoss(tensor([[1, 0]]), tensor([[0, 2]]), tensor([1])).item() // => 1
 */
export const cosineEmbeddingLoss = (
  x1: Tensor,
  x2: Tensor,
  target: Tensor,
  { margin = 0, reduction }: MarginOptions = {},
): Tensor => {
  needRows('cosineEmbeddingLoss', x1, x2, target)
  const [a, b] = [x1, x2].map((x) => add(sum(square(x), -1), 1e-12))
  const cos = div(sum(mul(x1, x2), -1), sqrt(mul(a, b)))
  const same = where(eq(target, 1), sub(1, cos), 0)
  return reduceLoss('cosineEmbeddingLoss', add(same, where(eq(target, -1), above0(sub(cos, margin)), 0)), reduction)
}

/** What {@link pairwiseDistance} takes. */
export interface PairwiseDistanceOptions {
  /** The norm, > 0. Default 2. */
  readonly p?: number
  /** Added to every difference, so that the distance of equal rows has a gradient. Default 1e-6. */
  readonly eps?: number
}

/**
 * Distances of rows.   d_i = ||x1_i - x2_i + eps||_p
 * Shape: x1 and x2 [..., D] -> [...].
 * @throws ValueError when `p` is not positive, ShapeError when the shapes differ.
 * @source Checked against torch.nn.functional.pairwise_distance 1.13 in losses.test.ts
 * @example pairwiseDistance(tensor([[0, 0]]), tensor([[3, 4]])).toArray() // => [5.0000]
 */
export const pairwiseDistance = (
  x1: Tensor,
  x2: Tensor,
  { p = 2, eps = 1e-6 }: PairwiseDistanceOptions = {},
): Tensor => {
  needSameShapes('pairwiseDistance', x1, x2)
  if (!(p > 0 && p < Infinity))
    throw new ValueError({
      op: 'pairwiseDistance',
      problem: 'no such norm',
      got: `p ${p}`,
      expected: 'a finite number > 0',
    })
  const d = add(sub(x1, x2), eps)
  if (p === 2) return sqrt(sum(square(d), -1))
  if (p === 1) return sum(abs(d), -1)
  return pow(sum(pow(abs(d), p), -1), 1 / p)
}

/** What {@link tripletMarginLoss} takes. */
export interface TripletMarginOptions extends MarginOptions, PairwiseDistanceOptions {
  /** Count the negative's distance from the positive where that is smaller. Default false. */
  readonly swap?: boolean
}

/**
 * Wants the anchor nearer to the positive than to the negative, by the margin.
 *   loss_i = max(0, d(a_i, p_i) - d(a_i, n_i) + margin)
 * Shape: all [N, D] or [D]. Default margin 1.
 * @throws ShapeError when the shapes differ.
 * @source Checked against torch.nn.functional.triplet_margin_loss 1.13 in losses.test.ts
 * @example tripletMarginLoss(tensor([[0, 0]]), tensor([[0, 1]]), tensor([[0, 1.5]])).item() // => 0.5
 */
export const tripletMarginLoss = (
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: TripletMarginOptions = {},
): Tensor => {
  const { margin = 1, swap = false, reduction } = options
  needSameShapes('tripletMarginLoss', anchor, positive, negative)
  const near = pairwiseDistance(anchor, positive, options)
  const far = pairwiseDistance(anchor, negative, options)
  const away = swap ? minimum(far, pairwiseDistance(positive, negative, options)) : far
  return reduceLoss('tripletMarginLoss', above0(add(sub(near, away), margin)), reduction)
}

/** What {@link multiMarginLoss} takes. */
export interface MultiMarginOptions extends MarginOptions {
  /** 1 or 2, the power of the distance to the margin. Default 1. */
  readonly p?: 1 | 2
  /** A weight per class [C]. */
  readonly weight?: Tensor
}

const checkMulti = (x: Tensor, target: Tensor, p: number): void => {
  needFloat('multiMarginLoss', x)
  if (p !== 1 && p !== 2)
    throw new ValueError({ op: 'multiMarginLoss', problem: 'no such power', got: `p ${p}`, expected: '1 or 2' })
  if ((x.rank === 1 || x.rank === 2) && sameShape(target.shape, x.shape.slice(0, -1))) return
  throw new ShapeError({
    op: 'multiMarginLoss',
    problem: 'the target does not fit the input',
    got: `input ${show(x.shape)} and target ${show(target.shape)}`,
    expected: '[N, C] and [N], or [C] and a scalar',
  })
}

/**
 * Hinge loss for several classes.   loss_i = sum_(c != t) w_t max(0, margin - x_it + x_ic)^p / C
 * Shape: x [N, C], target i32 [N]; or [C] and a scalar. Default margin 1.
 * @throws ShapeError when the target does not fit, ValueError when `p` is neither 1 nor 2.
 * @source Checked against torch.nn.functional.multi_margin_loss 1.13 in losses.test.ts
 * @example multiMarginLoss(tensor([[0.5, 0, 1]]), tensor([0], { dtype: 'i32' })).item() // => 0.6667
 */
export const multiMarginLoss = (x: Tensor, target: Tensor, options: MultiMarginOptions = {}): Tensor => {
  const { p = 1, margin = 1, weight, reduction } = options
  checkMulti(x, target, p)
  const C = x.shape[x.rank - 1]
  const rows = reshape(x, [-1, C])
  const hot = eq(reshape(cast(target, 'i32'), [-1, 1]), arange(0, C, 1, { dtype: 'i32', backend: x.backend }))
  const own = sum(where(hot, rows, 0), 1)
  const short = above0(add(sub(rows, unsqueeze(own, 1)), margin))
  const others = div(sum(where(hot, 0, p === 1 ? short : square(short)), 1), C)
  const loss = weight === undefined ? others : mul(others, sum(mul(cast(hot, x.dtype), weight), 1))
  return reduceLoss('multiMarginLoss', reduction === 'none' ? reshape(loss, target.shape) : loss, reduction)
}
