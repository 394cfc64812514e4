import { checkCount, countRows, float32, type Values } from '../arrays.ts'
import { ascending, descending } from '../order.ts'

/** Options of {@link nms} and {@link batchedNms}. */
export interface NmsOptions {
  /** A box is dropped when its IoU with a better kept box is above this. */
  readonly iouThreshold: number
}

const { fround } = Math

/** The boxes of `order` that survive, best first. */
const suppress = (boxes: Float32Array, order: Int32Array, iouThreshold: number): Int32Array => {
  const n = order.length
  // Laid out from left to right, the boxes that can touch box i are one run: from the first box that reaches
  // beyond its left edge to the last that starts before its right edge. Boxes that do not touch have IoU 0 or NaN
  // and survive, unless the threshold is negative.
  const left = new Float32Array(n)
  for (let i = 0; i < n; i++) left[i] = boxes[4 * i]
  const fromLeft = ascending(left)
  const x1 = new Float32Array(n)
  const y1 = new Float32Array(n)
  const x2 = new Float32Array(n)
  const y2 = new Float32Array(n)
  const area = new Float32Array(n)
  const reach = new Float32Array(n)
  const place = new Int32Array(n)
  for (let p = 0, furthest = -Infinity; p < n; p++) {
    const i = fromLeft[p]
    place[i] = p
    x1[p] = boxes[4 * i]
    y1[p] = boxes[4 * i + 1]
    x2[p] = boxes[4 * i + 2]
    y2[p] = boxes[4 * i + 3]
    area[p] = fround(x2[p] - x1[p]) * fround(y2[p] - y1[p])
    if (x2[p] > furthest) furthest = x2[p]
    reach[p] = furthest
  }
  const everyPair = iouThreshold < 0
  const settled = new Uint8Array(n)
  const keep = new Int32Array(n)
  let kept = 0
  for (let k = 0; k < n; k++) {
    const i = place[order[k]]
    if (settled[i] === 1) continue
    settled[i] = 1
    keep[kept++] = order[k]
    const ax1 = x1[i]
    const ay1 = y1[i]
    const ax2 = x2[i]
    const ay2 = y2[i]
    const aArea = area[i]
    for (let j = everyPair ? 0 : firstAbove(reach, ax1); j < n; j++) {
      if (!everyPair && !(x1[j] < ax2)) break
      if (settled[j] === 1) continue
      const top = ay1 > y1[j] ? ay1 : y1[j]
      const bottom = ay2 < y2[j] ? ay2 : y2[j]
      if (!everyPair && bottom <= top) continue
      const start = ax1 > x1[j] ? ax1 : x1[j]
      const end = ax2 < x2[j] ? ax2 : x2[j]
      const w = fround(end - start)
      const h = fround(bottom - top)
      const shared = fround((w > 0 ? w : 0) * (h > 0 ? h : 0))
      if (fround(shared / fround(fround(aArea + area[j]) - shared)) > iouThreshold) settled[j] = 1
    }
  }
  return keep.slice(0, kept)
}

/** First index of a rising array whose value is above `limit`. */
const firstAbove = (rising: Float32Array, limit: number): number => {
  let low = 0
  let high = rising.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (rising[middle] > limit) high = middle
    else low = middle + 1
  }
  return low
}

/**
 * Non-maximum suppression: keeps the best box, drops those that overlap it too much, and goes on with the rest.
 * Equal scores go to the lower index, a NaN score is the best; IoU is computed in float32 as torchvision does, so an
 * IoU of exactly a third is above 1/3. A box with a NaN or infinite side, or of zero area, neither drops others nor
 * is dropped.
 * @param boxes - xyxy, [N, 4]
 * @param scores - [N]
 * @returns indices of the kept boxes, best first
 * @throws ShapeError when the counts do not match.
 * @source Checked against torchvision.ops.nms 0.14 in nms.test.ts
 * @example
 * const boxes = [0, 0, 10, 10, 1, 0, 11, 10, 20, 20, 30, 30]
 * nms(boxes, [0.8, 0.9, 0.7], { iouThreshold: 0.5 }) // => [1, 2]
 */
export const nms = (boxes: Values, scores: Values, { iouThreshold }: NmsOptions): Int32Array => {
  const b = float32(boxes)
  const s = float32(scores)
  checkCount('nms', 'the numbers of scores and boxes', s.length, countRows('nms', 'boxes', b, 4))
  return suppress(b, descending(s), iouThreshold)
}
