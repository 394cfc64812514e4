import { ValueError } from '@lanewise/core'
import { checkCount, float32, type Values } from '../arrays.ts'
import { pairIou } from '../boxes/iou.ts'
import { descending } from '../order.ts'
import type { Detections } from '../detections.ts'

/** Options of {@link weightedBoxFusion}. */
export interface WeightedBoxFusionOptions {
  /** Boxes of one class whose IoU is above this are fused. Default 0.55. */
  readonly iouThreshold?: number
  /** Boxes below this score are left out. Default 0. */
  readonly scoreThreshold?: number
  /** Trust in each model. Default 1 each. */
  readonly weights?: readonly number[]
  /** A fused box's score: the mean of its boxes' scores, or the largest. Default mean. */
  readonly score?: 'mean' | 'max'
}

interface Cluster {
  readonly label: number
  readonly scores: number[]
  /** Sums of score times coordinate. */
  readonly sums: Float64Array
  /** The fused box so far. */
  readonly box: Float64Array
}

/**
 * Weighted box fusion: boxes of several models that cover the same object become their mean, weighted by score; an
 * object that fewer models saw gets a lower score (times min(boxes, models) / models, weights counted).
 * @param models - the detections of each model on one image
 * @returns fused detections, best first
 * @throws ValueError when the weights do not fit the models; ShapeError when counts do not match.
 * @source Solovyev et al. 2021; checked against the formula in NumPy in nms.test.ts
 * @example
 * const a = { boxes: new Float32Array([0, 0, 10, 10]), scores: new Float32Array([0.5]), labels: new Int32Array([1]) }
 * const b = { boxes: new Float32Array([2, 0, 12, 10]), scores: new Float32Array([0.5]), labels: new Int32Array([1]) }
 * weightedBoxFusion([a, b]).boxes // => [1, 0, 11, 10]
 */
export const weightedBoxFusion = (
  models: readonly Detections[],
  options: WeightedBoxFusionOptions = {},
): Detections => {
  const { iouThreshold = 0.55, scoreThreshold = 0, weights = models.map(() => 1), score = 'mean' } = options
  const total = weights.reduce((a, b) => a + b, 0)
  if (weights.length !== models.length || weights.some((w) => !(w >= 0)) || (models.length > 0 && !(total > 0))) {
    throw new ValueError({
      op: 'weightedBoxFusion',
      problem: 'the weights do not fit the models',
      got: `[${weights.join(', ')}] for ${models.length} models`,
      expected: 'one non-negative weight for each model, not all zero',
    })
  }
  const clusters = cluster(models, weights, iouThreshold, scoreThreshold)
  const scores = clusters.map((c) => {
    const own = score === 'max' ? Math.max(...c.scores) : c.scores.reduce((a, b) => a + b, 0) / c.scores.length
    return (own * Math.min(total, c.scores.length)) / total
  })
  const order = descending(Float32Array.from(scores))
  return {
    boxes: Float32Array.from([...order].flatMap((i) => [...clusters[i].box])),
    scores: Float32Array.from(order, (i) => scores[i]),
    labels: order.map((i) => clusters[i].label),
  }
}

const cluster = (
  models: readonly Detections[],
  weights: readonly number[],
  iouThreshold: number,
  scoreThreshold: number,
): Cluster[] => {
  const boxes = concat(models.map((d) => d.boxes))
  const labels = concat(models.map((d) => d.labels))
  const given = concat(models.map((d) => d.scores))
  const weight = models.flatMap((d, k) => Array.from({ length: d.scores.length }, () => weights[k]))
  checkCount('weightedBoxFusion', 'the numbers of boxes and scores', boxes.length, 4 * given.length)
  checkCount('weightedBoxFusion', 'the numbers of labels and scores', labels.length, given.length)
  const scores = given.map((s, i) => s * weight[i])
  const clusters: Cluster[] = []
  for (const i of descending(scores)) {
    if (!(given[i] >= scoreThreshold)) continue
    let best: Cluster | undefined
    let bestIou = iouThreshold
    for (const c of clusters) {
      const iou = c.label === labels[i] ? pairIou(c.box, 0, boxes, i) : 0
      if (iou > bestIou) [best, bestIou] = [c, iou]
    }
    if (best === undefined) {
      best = { label: labels[i], scores: [], sums: new Float64Array(4), box: boxes64(boxes, i) }
      clusters.push(best)
    }
    add(best, boxes, i, scores[i])
  }
  return clusters
}

const boxes64 = (boxes: Float32Array, i: number): Float64Array => Float64Array.from(boxes.subarray(4 * i, 4 * i + 4))

const add = (c: Cluster, boxes: Float32Array, i: number, score: number): void => {
  c.scores.push(score)
  const sum = c.scores.reduce((a, b) => a + b, 0)
  for (let k = 0; k < 4; k++) {
    c.sums[k] += score * boxes[4 * i + k]
    if (sum > 0) c.box[k] = c.sums[k] / sum
  }
}

const concat = (parts: readonly Values[]): Float32Array => Float32Array.from(parts.flatMap((p) => [...float32(p)]))
