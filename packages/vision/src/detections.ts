import { checkCount, countRows, float32, read, type Values } from './arrays.ts'

/** What a detector finds in one image: typed arrays side by side. */
export interface Detections {
  /** xyxy in pixels, [N, 4] */
  readonly boxes: Float32Array
  /** [N] */
  readonly scores: Float32Array
  /** Class of each, [N] */
  readonly labels: Int32Array
}

/** One detection as an object, in the shape of transformers.js. */
export interface DetectionObject {
  readonly score: number
  readonly label: number
  readonly box: { readonly xmin: number; readonly ymin: number; readonly xmax: number; readonly ymax: number }
}

/**
 * Detections from any arrays or tensors.
 * @param boxes - xyxy, [N, 4]
 * @param scores - [N]
 * @param labels - [N]
 * @throws ShapeError when the counts do not match.
 * @example
 * makeDetections([0, 0, 2, 2], [0.5], [3]).labels // => [3]
 */
export const makeDetections = (boxes: Values, scores: Values, labels: Values): Detections => {
  const d = { boxes: float32(boxes), scores: float32(scores), labels: Int32Array.from(read(labels)) }
  const n = countRows('makeDetections', 'boxes', d.boxes, 4)
  checkCount('makeDetections', 'the numbers of scores and boxes', d.scores.length, n)
  checkCount('makeDetections', 'the numbers of labels and boxes', d.labels.length, n)
  return d
}

/**
 * Some of the detections, in the order of `indices`.
 * @example
 * const d = makeDetections([0, 0, 1, 1, 2, 2, 3, 3], [0.5, 0.9], [1, 2])
 * selectDetections(d, nms(d.boxes, d.scores, { iouThreshold: 0.5 })).labels // => [2, 1]
 */
export const selectDetections = (d: Detections, indices: ArrayLike<number>): Detections => {
  const boxes = new Float32Array(4 * indices.length)
  for (let k = 0; k < indices.length; k++) boxes.set(d.boxes.subarray(4 * indices[k], 4 * indices[k] + 4), 4 * k)
  return {
    boxes,
    scores: Float32Array.from(indices, (i) => d.scores[i]),
    labels: Int32Array.from(indices, (i) => d.labels[i]),
  }
}

/**
 * The detections with a score of at least `threshold`.
 * @example
 * confident(makeDetections([0, 0, 1, 1, 2, 2, 3, 3], [0.2, 0.9], [1, 2]), 0.5).labels // => [2]
 */
export const confident = (d: Detections, threshold: number): Detections => {
  const keep: number[] = []
  d.scores.forEach((s, i) => s >= threshold && keep.push(i))
  return selectDetections(d, keep)
}

/**
 * The detections as objects.
 * @example
 * detectionObjects(makeDetections([0, 0, 2, 4], [0.5], [3]))[0].box // => {"xmin":0,"ymin":0,"xmax":2,"ymax":4}
 */
export const detectionObjects = ({ boxes, scores, labels }: Detections): DetectionObject[] =>
  Array.from(scores, (score, i) => {
    const [xmin, ymin, xmax, ymax] = boxes.subarray(4 * i)
    return { score, label: labels[i], box: { xmin, ymin, xmax, ymax } }
  })
