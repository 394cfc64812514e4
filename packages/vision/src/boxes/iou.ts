import { countRows, float32, type Values } from '../arrays.ts'
import { atan } from '../math.ts'

const { fround, max, min } = Math

/** IoU of xyxy box `i` of `a` with box `j` of `b` in float64, 0 where they do not touch. For trackers and metrics. */
export const pairIou = (a: ArrayLike<number>, i: number, b: ArrayLike<number>, j: number): number => {
  const p = 4 * i
  const q = 4 * j
  const w = min(a[p + 2], b[q + 2]) - max(a[p], b[q])
  if (!(w > 0)) return 0
  const h = min(a[p + 3], b[q + 3]) - max(a[p + 1], b[q + 1])
  if (!(h > 0)) return 0
  const shared = w * h
  const areaA = (a[p + 2] - a[p]) * (a[p + 3] - a[p + 1])
  const areaB = (b[q + 2] - b[q]) * (b[q + 3] - b[q + 1])
  return shared / (areaA + areaB - shared)
}

/** What the pairwise measures share, each step rounded to float32 as torchvision's tensors are. */
interface Overlap {
  readonly iou: number
  readonly union: number
  /** Sides of the smallest enclosing box, at least 0. */
  readonly spanX: number
  readonly spanY: number
}

type Measure = (a: Float32Array, p: number, b: Float32Array, q: number, overlap: Overlap) => number

const positive = (x: number): number => (x < 0 ? 0 : x)
const areaOf = (b: Float32Array, p: number): number => fround(fround(b[p + 2] - b[p]) * fround(b[p + 3] - b[p + 1]))

const overlapOf = (a: Float32Array, p: number, b: Float32Array, q: number): Overlap => {
  const w = positive(fround(min(a[p + 2], b[q + 2]) - max(a[p], b[q])))
  const h = positive(fround(min(a[p + 3], b[q + 3]) - max(a[p + 1], b[q + 1])))
  const shared = fround(w * h)
  const union = fround(fround(areaOf(a, p) + areaOf(b, q)) - shared)
  const spanX = positive(fround(max(a[p + 2], b[q + 2]) - min(a[p], b[q])))
  const spanY = positive(fround(max(a[p + 3], b[q + 3]) - min(a[p + 1], b[q + 1])))
  return { iou: fround(shared / union), union, spanX, spanY }
}

const pairwise = (op: string, boxes1: Values, boxes2: Values, measure: Measure): Float32Array => {
  const a = float32(boxes1)
  const b = float32(boxes2)
  const n = countRows(op, 'boxes', a, 4)
  const m = countRows(op, 'boxes', b, 4)
  const out = new Float32Array(n * m)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) out[i * m + j] = measure(a, 4 * i, b, 4 * j, overlapOf(a, 4 * i, b, 4 * j))
  }
  return out
}

/**
 * Intersection over union of every pair.
 * Two boxes of zero area give NaN, and a NaN coordinate gives NaN, as in torchvision.
 * @param boxes1 - xyxy, [N, 4]
 * @param boxes2 - xyxy, [M, 4]
 * @returns [N, M]
 * @source Checked against torchvision.ops.box_iou 0.14 in iou.test.ts
 * @example
 * boxIou([0, 0, 2, 2], [1, 0, 3, 2, 5, 5, 6, 6]) // => [0.3333333432674408, 0]
 */
export const boxIou = (boxes1: Values, boxes2: Values): Float32Array =>
  pairwise('boxIou', boxes1, boxes2, (_a, _p, _b, _q, { iou }) => iou)

/**
 * Generalised IoU of every pair: IoU less the share of the smallest enclosing box that neither covers.
 * @param boxes1 - xyxy, [N, 4]
 * @param boxes2 - xyxy, [M, 4]
 * @returns [N, M], in [-1, 1]
 * @source Rezatofighi et al. 2019; checked against torchvision.ops.generalized_box_iou 0.14 in iou.test.ts
 * @example
 * generalizedBoxIou([0, 0, 1, 1], [2, 0, 3, 1]) // => [-0.3333333432674408]
 */
export const generalizedBoxIou = (boxes1: Values, boxes2: Values): Float32Array =>
  pairwise('generalizedBoxIou', boxes1, boxes2, (_a, _p, _b, _q, { iou, union, spanX, spanY }) => {
    const enclosing = fround(spanX * spanY)
    return iou - fround(fround(enclosing - union) / enclosing)
  })

const square = (x: number): number => fround(x * x)
const middle = (b: Float32Array, p: number): number => fround(b[p] + b[p + 2]) / 2

const distance = (a: Float32Array, p: number, b: Float32Array, q: number, o: Overlap, eps: number): number => {
  const diagonal = fround(fround(square(o.spanX) + square(o.spanY)) + fround(eps))
  const dx = fround(middle(a, p) - middle(b, q))
  const dy = fround(middle(a, p + 1) - middle(b, q + 1))
  return fround(o.iou - fround(fround(square(dx) + square(dy)) / diagonal))
}

/** Options of {@link distanceBoxIou} and {@link completeBoxIou}. */
export interface BoxIouOptions {
  /** Keeps divisions from zero. Default 1e-7. */
  readonly eps?: number
}

/**
 * Distance IoU of every pair: IoU less the squared distance of the centres over the squared diagonal of the smallest
 * enclosing box.
 * @param boxes1 - xyxy, [N, 4]
 * @param boxes2 - xyxy, [M, 4]
 * @returns [N, M], in [-1, 1]
 * @source Zheng et al. 2020; checked against torchvision.ops.distance_box_iou 0.14 in iou.test.ts
 * @example
 * distanceBoxIou([0, 0, 2, 2], [0, 0, 2, 2]) // => [1]
 */
export const distanceBoxIou = (boxes1: Values, boxes2: Values, { eps = 1e-7 }: BoxIouOptions = {}): Float32Array =>
  pairwise('distanceBoxIou', boxes1, boxes2, (a, p, b, q, o) => distance(a, p, b, q, o, eps))

const aspectAngle = (b: Float32Array, p: number): number =>
  fround(atan(fround(fround(b[p + 2] - b[p]) / fround(b[p + 3] - b[p + 1]))))

/**
 * Complete IoU of every pair: the distance IoU less a penalty for unlike aspect ratios.
 * @param boxes1 - xyxy, [N, 4]
 * @param boxes2 - xyxy, [M, 4]
 * @returns [N, M]
 * @source Zheng et al. 2020; checked against torchvision.ops.complete_box_iou 0.14 in iou.test.ts
 * @example
 * completeBoxIou([0, 0, 2, 2], [0, 0, 2, 2]) // => [1]
 */
export const completeBoxIou = (boxes1: Values, boxes2: Values, { eps = 1e-7 }: BoxIouOptions = {}): Float32Array =>
  pairwise('completeBoxIou', boxes1, boxes2, (a, p, b, q, o) => {
    const v = (4 / (Math.PI * Math.PI)) * square(fround(aspectAngle(a, p) - aspectAngle(b, q)))
    const alpha = v / (1 - o.iou + v + eps)
    return distance(a, p, b, q, o, eps) - alpha * v
  })
