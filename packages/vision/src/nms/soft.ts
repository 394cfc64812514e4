import { ValueError } from '@lanewise/core'
import { checkCount, countRows, float32, float64, type Values } from '../arrays.ts'
import { pairIou } from '../boxes/iou.ts'
import { exp } from '../math.ts'
import { descending } from '../order.ts'

/** Options of {@link softNms}. */
export interface SoftNmsOptions {
  /** `gaussian` scales a score by exp(-iou² / sigma); `linear` by 1 - iou where iou > iouThreshold. Default gaussian. */
  readonly method?: 'gaussian' | 'linear'
  /** Width of the Gaussian. Default 0.5. */
  readonly sigma?: number
  /** For `linear`. Default 0.3. */
  readonly iouThreshold?: number
  /** Boxes whose score falls to this or below are dropped. Default 0.001. */
  readonly scoreThreshold?: number
}

/** What {@link softNms} keeps. */
export interface SoftNmsResult {
  /** Kept boxes, best new score first. */
  readonly keep: Int32Array
  /** Their new scores. */
  readonly scores: Float32Array
}

/**
 * Soft non-maximum suppression: overlap with a better box lowers a score instead of dropping the box.
 * Ties go to the lower index; NaN scores are dropped.
 * @param boxes - xyxy, [N, 4]
 * @param scores - [N]
 * @throws ValueError when sigma is not positive.
 * @source Bodla et al. 2017; checked against the formula in NumPy in nms.test.ts
 * @example
 * softNms([0, 0, 10, 10, 0, 0, 10, 10], [0.9, 0.8], { method: 'linear' }).keep // => [0]
 */
export const softNms = (boxes: Values, scores: Values, options: SoftNmsOptions = {}): SoftNmsResult => {
  const { method = 'gaussian', sigma = 0.5, iouThreshold = 0.3, scoreThreshold = 0.001 } = options
  if (!(sigma > 0)) throw new ValueError({ op: 'softNms', problem: 'sigma is not positive', got: String(sigma) })
  const b = float64(boxes)
  const rest = Float64Array.from(float64(scores))
  checkCount('softNms', 'the numbers of scores and boxes', rest.length, countRows('softNms', 'boxes', b, 4))
  const keep: number[] = []
  const kept: number[] = []
  for (;;) {
    let best = -1
    for (let i = 0; i < rest.length; i++) {
      if (rest[i] > scoreThreshold && (best < 0 || rest[i] > rest[best])) best = i
    }
    if (best < 0) return { keep: Int32Array.from(keep), scores: Float32Array.from(kept) }
    keep.push(best)
    kept.push(rest[best])
    rest[best] = NaN
    for (let i = 0; i < rest.length; i++) {
      if (!(rest[i] > scoreThreshold)) continue
      const iou = pairIou(b, best, b, i)
      if (method === 'gaussian') rest[i] *= exp((-iou * iou) / sigma)
      else if (iou > iouThreshold) rest[i] *= 1 - iou
    }
  }
}

/**
 * Greedy suppression by any overlap, for masks, rotated boxes or distances: walks down the scores and drops what
 * overlaps a kept one by more than `threshold`.
 * @param scores - [N]
 * @param overlap - measure between two indices
 * @returns indices of the kept ones, best first
 * @example
 * nmsBy([0.9, 0.8, 0.7], (i, j) => (i + j === 1 ? 0.6 : 0), 0.5) // => [0, 2]
 */
export const nmsBy = (scores: Values, overlap: (i: number, j: number) => number, threshold: number): Int32Array => {
  const kept: number[] = []
  for (const i of descending(float32(scores))) if (kept.every((k) => !(overlap(k, i) > threshold))) kept.push(i)
  return Int32Array.from(kept)
}
