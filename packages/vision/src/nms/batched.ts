import { checkCount, countRows, float32, read, type Values } from '../arrays.ts'
import { groupBy } from '../group.ts'
import { descending } from '../order.ts'
import { nms, type NmsOptions } from './nms.ts'

// Up to this many boxes torchvision moves the classes apart and suppresses once; the sums round, which shows where an
// IoU lies on the threshold.
const apartUpTo = 1000

/**
 * {@link nms} within each class: boxes of different classes never drop each other.
 * Up to 1,000 boxes the classes are moved apart by the largest coordinate plus one, as torchvision does on a CPU, so
 * that results agree to the last tie; boxes far below zero can then meet another class. Above, class by class.
 * @param boxes - xyxy, [N, 4]
 * @param scores - [N]
 * @param labels - class of each box, [N]
 * @param options - see {@link NmsOptions}
 * @returns indices of the kept boxes, best first
 * @source Checked against torchvision.ops.batched_nms 0.14 in nms.test.ts
 * @example
 * const boxes = [0, 0, 10, 10, 0, 0, 10, 10, 1, 0, 11, 10]
 * batchedNms(boxes, [0.9, 0.8, 0.7], [1, 2, 1], { iouThreshold: 0.5 }) // => [0, 1]
 */
export const batchedNms = (boxes: Values, scores: Values, labels: Values, options: NmsOptions): Int32Array => {
  const b = float32(boxes)
  const s = float32(scores)
  const classes = read(labels)
  const n = countRows('batchedNms', 'boxes', b, 4)
  checkCount('batchedNms', 'the numbers of scores and boxes', s.length, n)
  checkCount('batchedNms', 'the numbers of labels and boxes', classes.length, n)
  return n <= apartUpTo ? suppressApart(b, s, classes, options) : suppressEach(b, s, classes, options)
}

const suppressApart = (
  boxes: Float32Array,
  scores: Float32Array,
  labels: ArrayLike<number>,
  options: NmsOptions,
): Int32Array => {
  const step = Math.fround(boxes.reduce((a, b) => Math.max(a, b), -Infinity) + 1)
  const moved = boxes.map((v, i) => v + Math.fround(labels[i >> 2] * step))
  return nms(moved, scores, options)
}

const suppressEach = (
  boxes: Float32Array,
  scores: Float32Array,
  labels: ArrayLike<number>,
  options: NmsOptions,
): Int32Array => {
  const members = groupBy(scores.keys(), (i) => labels[i])
  const kept: number[] = []
  for (const group of members.values()) {
    const own = new Float32Array(4 * group.length)
    group.forEach((i, k) => own.set(boxes.subarray(4 * i, 4 * i + 4), 4 * k))
    const keep = nms(
      own,
      group.map((i) => scores[i]),
      options,
    )
    for (const k of keep) kept.push(group[k])
  }
  kept.sort((a, b) => a - b)
  return descending(Float32Array.from(kept, (i) => scores[i])).map((k) => kept[k])
}
