import {
  add,
  apply,
  atan,
  div,
  gt,
  GradientError,
  logicalAnd,
  maximum,
  mean,
  minimum,
  mul,
  select,
  ShapeError,
  square,
  sub,
  sum,
  where,
  type OpDef,
  type Reduction,
  type Tensor,
} from '@lanewise/core'
import { rotatedOverlap, rotatedOverlapGradient } from './rotated-overlap.ts'

/** Options of the IoU losses. */
export interface IouLossOptions {
  /** Default none, as torchvision. */
  readonly reduction?: Reduction
  /** Keeps divisions from zero. Default 1e-7. */
  readonly eps?: number
}

const checkAlike = (op: string, a: Tensor, b: Tensor, width: number): void => {
  const same = a.rank === b.rank && a.shape.every((n, i) => n === b.shape[i])
  if (same && a.rank > 0 && a.shape[a.rank - 1] === width) return
  throw new ShapeError({
    op,
    problem: 'the boxes do not match',
    got: `${a.toString()} and ${b.toString()}`,
    expected: `two tensors of one shape [...,${width}]`,
  })
}

const reduce = (loss: Tensor, reduction: Reduction = 'none'): Tensor => {
  if (reduction === 'none') return loss
  return reduction === 'sum' || loss.size === 0 ? sum(loss) : mean(loss)
}

const sides = (b: Tensor): Tensor[] => [0, 1, 2, 3].map((i) => select(b, -1, i))

/** Corners of both, and their smallest enclosing box. */
interface Pair {
  readonly a: Tensor[]
  readonly b: Tensor[]
  readonly union: Tensor
  readonly iou: Tensor
  readonly spanX: Tensor
  readonly spanY: Tensor
}

const pairOf = (op: string, boxes1: Tensor, boxes2: Tensor, eps: number): Pair => {
  checkAlike(op, boxes1, boxes2, 4)
  const [a, b] = [sides(boxes1), sides(boxes2)]
  const [x1, y1] = [maximum(a[0], b[0]), maximum(a[1], b[1])]
  const [x2, y2] = [minimum(a[2], b[2]), minimum(a[3], b[3])]
  const touch = logicalAnd(gt(x2, x1), gt(y2, y1))
  // Sides are chosen before they are multiplied: boxes apart pass no gradient on, not even 0 times an infinity.
  const shared = mul(where(touch, sub(x2, x1), 0), where(touch, sub(y2, y1), 0))
  const area = ([l, t, r, d]: Tensor[]): Tensor => mul(sub(r, l), sub(d, t))
  const union = sub(add(area(a), area(b)), shared)
  const spanX = sub(maximum(a[2], b[2]), minimum(a[0], b[0]))
  const spanY = sub(maximum(a[3], b[3]), minimum(a[1], b[1]))
  return { a, b, union, iou: div(shared, add(union, eps)), spanX, spanY }
}

/**
 * IoU loss: 1 - IoU of each pair. Boxes apart have no gradient; the other losses have one.
 * Shape: boxes [..., 4] and [..., 4], xyxy -> [...], or a scalar when reduced. The mean of no boxes is 0.
 * @throws ShapeError when the shapes differ or do not end in 4.
 * @source The IoU of torchvision.ops.generalized_box_iou_loss 0.14, checked against it in iou-loss.test.ts
 * @example
 * import { tensor } from '@lanewise/core'
 * boxIouLoss(tensor([[0, 0, 2, 2]]), tensor([[0, 0, 2, 1]])).toArray() // => [0.5]
 */
export const boxIouLoss = (boxes1: Tensor, boxes2: Tensor, { reduction, eps = 1e-7 }: IouLossOptions = {}): Tensor =>
  reduce(sub(1, pairOf('boxIouLoss', boxes1, boxes2, eps).iou), reduction)

/**
 * Generalised IoU loss: 1 - GIoU of each pair.
 * Shape: boxes [..., 4] and [..., 4], xyxy -> [...], or a scalar when reduced. The mean of no boxes is 0.
 * @throws ShapeError when the shapes differ or do not end in 4.
 * @source Rezatofighi et al. 2019; checked against torchvision.ops.generalized_box_iou_loss 0.14 in iou-loss.test.ts
 * @example
 * import { tensor } from '@lanewise/core'
 * generalizedBoxIouLoss(tensor([[0, 0, 2, 2]]), tensor([[0, 0, 2, 1]])).toArray() // => [0.5]
 */
export const generalizedBoxIouLoss = (
  boxes1: Tensor,
  boxes2: Tensor,
  { reduction, eps = 1e-7 }: IouLossOptions = {},
): Tensor => {
  const { iou, union, spanX, spanY } = pairOf('generalizedBoxIouLoss', boxes1, boxes2, eps)
  const enclosing = mul(spanX, spanY)
  const empty = div(sub(enclosing, union), add(enclosing, eps))
  return reduce(sub(1, sub(iou, empty)), reduction)
}

const distanceLoss = ({ a, b, iou, spanX, spanY }: Pair, eps: number): Tensor => {
  const diagonal = add(add(square(spanX), square(spanY)), eps)
  const apart = (i: number): Tensor => square(sub(div(add(a[i + 2], a[i]), 2), div(add(b[i], b[i + 2]), 2)))
  return add(sub(1, iou), div(add(apart(0), apart(1)), diagonal))
}

/**
 * Distance IoU loss: 1 - DIoU of each pair.
 * Shape: boxes [..., 4] and [..., 4], xyxy -> [...], or a scalar when reduced.
 * @throws ShapeError when the shapes differ or do not end in 4.
 * @source Zheng et al. 2020; checked against torchvision.ops.distance_box_iou_loss 0.14 in iou-loss.test.ts
 * @example
 * import { tensor } from '@lanewise/core'
 * distanceBoxIouLoss(tensor([[0, 0, 2, 2]]), tensor([[0, 0, 2, 2]])).toArray() // => [0]
 */
export const distanceBoxIouLoss = (
  boxes1: Tensor,
  boxes2: Tensor,
  { reduction, eps = 1e-7 }: IouLossOptions = {},
): Tensor => reduce(distanceLoss(pairOf('distanceBoxIouLoss', boxes1, boxes2, eps), eps), reduction)

/**
 * Complete IoU loss: the distance IoU loss and a penalty for unlike aspect ratios. The penalty's weight carries no
 * gradient.
 * Shape: boxes [..., 4] and [..., 4], xyxy -> [...], or a scalar when reduced.
 * @throws ShapeError when the shapes differ or do not end in 4.
 * @source Zheng et al. 2020; checked against torchvision.ops.complete_box_iou_loss 0.14 in iou-loss.test.ts
 * @example
 * import { tensor } from '@lanewise/core'
 * completeBoxIouLoss(tensor([[0, 0, 2, 2]]), tensor([[0, 0, 2, 2]])).toArray() // => [0]
 */
export const completeBoxIouLoss = (
  boxes1: Tensor,
  boxes2: Tensor,
  { reduction, eps = 1e-7 }: IouLossOptions = {},
): Tensor => {
  const pair = pairOf('completeBoxIouLoss', boxes1, boxes2, eps)
  const angle = ([l, t, r, d]: Tensor[]): Tensor => atan(div(sub(r, l), sub(d, t)))
  const v = mul(square(sub(angle(pair.b), angle(pair.a))), 4 / (Math.PI * Math.PI))
  const unlike = v.detach()
  const alpha = div(unlike, add(add(sub(1, pair.iou.detach()), unlike), eps))
  // torchvision's complete form leaves the distance form's eps at its default.
  return reduce(
    add(distanceLoss(eps === 1e-7 ? pair : pairOf('completeBoxIouLoss', boxes1, boxes2, 1e-7), 1e-7), mul(alpha, v)),
    reduction,
  )
}

/**
 * Soft IoU (Jaccard) loss of masks: 1 - sum(p t) / sum(p + t - p t), over all axes but the first.
 * Shape: probabilities [N, ...] and targets of that shape -> [N], or a scalar when reduced.
 * @throws ShapeError when the shapes differ.
 * @source Rahman and Wang 2016
 * @example
 * import { tensor } from '@lanewise/core'
 * maskIouLoss(tensor([[1, 1, 0, 0]]), tensor([[1, 0, 0, 0]])).toArray() // => [0.5]
 */
export const maskIouLoss = (
  probabilities: Tensor,
  targets: Tensor,
  { reduction, eps = 1e-7 }: IouLossOptions = {},
): Tensor => {
  if (probabilities.rank !== targets.rank || probabilities.shape.some((n, i) => n !== targets.shape[i])) {
    throw new ShapeError({
      op: 'maskIouLoss',
      problem: 'the masks do not match',
      got: `${probabilities.toString()} and ${targets.toString()}`,
    })
  }
  const axes = probabilities.shape.map((_, i) => i).slice(1)
  const both = mul(probabilities, targets)
  const shared = sum(both, axes)
  const all = sum(sub(add(probabilities, targets), both), axes)
  return reduce(sub(1, div(shared, add(all, eps))), reduction)
}

const overlapOp: OpDef<undefined> = {
  name: 'rotatedOverlap',
  savesInputs: [0, 1],
  infer: ([a]) => [{ shape: a.shape.slice(0, -1), dtype: a.dtype }],
  reference: ([a, b], _, [y]) => {
    for (let i = 0; i < y.data.length; i++) y.data[i] = rotatedOverlap(a.data, 5 * i, b.data, 5 * i)
  },
  gradient: (c, [dy]) => {
    const [a, b] = [c.input(0), c.input(1)]
    return [apply(overlapGradOp, [a, b, dy!], undefined), apply(overlapGradOp, [b, a, dy!], undefined)]
  },
}

/** Gradient of the shared area in the first of two boxes. */
const overlapGradOp: OpDef<undefined> = {
  name: 'rotatedOverlapGrad',
  infer: ([a]) => [{ shape: a.shape, dtype: a.dtype }],
  reference: ([a, b, dy], _, [da]) => {
    for (let i = 0; i < dy.data.length; i++) {
      rotatedOverlapGradient(a.data, 5 * i, b.data, 5 * i).forEach((g, k) => (da.data[5 * i + k] = g * dy.data[i]))
    }
  },
  gradient: () => {
    throw new GradientError({
      op: 'rotatedIouLoss',
      problem: 'the overlap of rotated boxes has no second derivative',
      advice: 'Leave createGraph out',
    })
  },
}

/**
 * IoU loss of rotated boxes: 1 - IoU of each pair, by the exact intersection. Boxes apart have no gradient.
 * Shape: boxes [..., 5] and [..., 5], cxcywhr with degrees counter-clockwise -> [...], or a scalar when reduced.
 * @throws ShapeError when the shapes differ or do not end in 5; GradientError when a second derivative is asked for.
 * @source Gradient by the motion of the intersection's edges, checked against central differences in iou-loss.test.ts
 * @example
 * import { tensor } from '@lanewise/core'
 * rotatedIouLoss(tensor([[0, 0, 2, 2, 0]]), tensor([[1, 0, 2, 2, 90]])).toArray() // => [0.6666667]
 */
export const rotatedIouLoss = (
  boxes1: Tensor,
  boxes2: Tensor,
  { reduction, eps = 1e-7 }: IouLossOptions = {},
): Tensor => {
  checkAlike('rotatedIouLoss', boxes1, boxes2, 5)
  const shared = apply(overlapOp, [boxes1, boxes2], undefined)
  const area = (b: Tensor): Tensor => mul(select(b, -1, 2), select(b, -1, 3))
  const union = sub(add(area(boxes1), area(boxes2)), shared)
  return reduce(sub(1, div(shared, add(union, eps))), reduction)
}
