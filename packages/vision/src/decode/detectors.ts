import { checkCount, countRows, float32, type Values } from '../arrays.ts'
import { decodeBoxes, type BoxCoderOptions } from '../anchors/box-coder.ts'
import { clipBoxes, removeSmallBoxes, type ImageSize } from '../boxes/boxes.ts'
import type { Detections } from '../detections.ts'
import { sigmoid } from '../math.ts'
import { descending } from '../order.ts'
import { sigmoids, softmaxRows } from './activations.ts'
import { Candidates } from './candidates.ts'

/** Raw outputs of a head over anchors: of SSD for the whole image, of RetinaNet for one level. */
export interface AnchorOutputs {
  /** [A, classes] */
  readonly classLogits: Values
  /** [A, 4] */
  readonly boxRegression: Values
  /** xyxy, [A, 4] */
  readonly anchors: Values
}

/** Options of the detectors' decoders; the defaults differ and stand with each. */
export interface DecodeOptions {
  /** Size of the image that the boxes are clipped to. */
  readonly imageSize: ImageSize
  /** Scores must be above this. */
  readonly scoreThreshold?: number
  /** IoU from which on boxes of one class drop each other. */
  readonly nmsThreshold?: number
  /** Most candidates, per class (SSD) or per level (RetinaNet). */
  readonly topK?: number
  /** Most detections of an image. */
  readonly maxDetections?: number
}

const headCoder: BoxCoderOptions = { weights: [10, 10, 5, 5] }

/** The `limit` best of some scores, best first. */
const best = (scores: Float32Array, limit: number): Int32Array => descending(scores).subarray(0, limit)

/** The boxes at some rows. */
const pickBoxes = (boxes: Float32Array, rows: Int32Array): Float32Array => {
  const out = new Float32Array(4 * rows.length)
  for (let k = 0; k < rows.length; k++) for (let c = 0; c < 4; c++) out[4 * k + c] = boxes[4 * rows[k] + c]
  return out
}

const classCount = (op: string, logits: Float32Array, anchors: Float32Array): number =>
  anchors.length === 0 ? 1 : countRows(op, 'class logits per anchor', logits, anchors.length / 4)

/**
 * Detections from the raw outputs of SSD: softmax over classes with class 0 as background, the best candidates of
 * each class, suppression per class.
 * @param options - defaults: scoreThreshold 0.01, nmsThreshold 0.45, topK 400 per class, maxDetections 200
 * @throws ShapeError when the counts do not match.
 * @source Checked against torchvision's SSD.postprocess_detections 0.14 in decode.test.ts
 * @example
 * const anchors = [0, 0, 10, 10, 20, 20, 40, 40]
 * const outputs = { classLogits: [4, 0, 0, 4], boxRegression: new Float32Array(8), anchors }
 * decodeSsd(outputs, { imageSize: { width: 50, height: 50 }, scoreThreshold: 0.5 }).boxes // => [20, 20, 40, 40]
 */
export const decodeSsd = (outputs: AnchorOutputs, options: DecodeOptions): Detections => {
  const { imageSize, scoreThreshold = 0.01, nmsThreshold = 0.45, topK = 400, maxDetections = 200 } = options
  const anchors = float32(outputs.anchors)
  const logits = float32(outputs.classLogits)
  const classes = classCount('decodeSsd', logits, anchors)
  const scores = softmaxRows(logits, classes)
  const boxes = clipBoxes(decodeBoxes(outputs.boxRegression, anchors, headCoder), imageSize)
  checkCount('decodeSsd', 'the numbers of boxes and anchors', boxes.length, anchors.length)
  const limit = Math.fround(scoreThreshold)
  const found = new Candidates()
  for (let label = 1; label < classes; label++) {
    const above: number[] = []
    for (let a = 0; a < anchors.length / 4; a++) if (scores[a * classes + label] > limit) above.push(a)
    const own = Float32Array.from(above, (a) => scores[a * classes + label])
    for (const k of best(own, topK)) found.add(boxes.subarray(4 * above[k]), own[k], label)
  }
  return found.suppress(nmsThreshold, maxDetections)
}

/**
 * Detections from the raw outputs of RetinaNet: sigmoid per class, the best candidates of each level, suppression per
 * class. Labels are columns of the logits, without a background.
 * @param levels - the head's outputs, level by level
 * @param options - defaults: scoreThreshold 0.05, nmsThreshold 0.5, topK 1000 per level, maxDetections 300
 * @throws ShapeError when the counts do not match.
 * @source Checked against torchvision's RetinaNet.postprocess_detections 0.14 in decode.test.ts
 * @example
 * const level = { classLogits: [-4, 3], boxRegression: [0, 0, 0, 0], anchors: [0, 0, 10, 10] }
 * decodeRetinaNet([level], { imageSize: { width: 50, height: 50 } }).labels // => [1]
 */
export const decodeRetinaNet = (levels: readonly AnchorOutputs[], options: DecodeOptions): Detections => {
  const { imageSize, scoreThreshold = 0.05, nmsThreshold = 0.5, topK = 1000, maxDetections = 300 } = options
  const limit = Math.fround(scoreThreshold)
  const found = new Candidates()
  for (const level of levels) {
    const anchors = float32(level.anchors)
    const logits = float32(level.classLogits)
    const codes = float32(level.boxRegression)
    checkCount('decodeRetinaNet', 'the numbers of boxes and anchors', codes.length, anchors.length)
    const classes = classCount('decodeRetinaNet', logits, anchors)
    const scores = sigmoids(logits)
    const above: number[] = []
    for (let i = 0; i < scores.length; i++) if (scores[i] > limit) above.push(i)
    const own = Float32Array.from(above, (i) => scores[i])
    for (const k of best(own, topK)) {
      const a = Math.floor(above[k] / classes)
      const box = decodeBoxes(codes.subarray(4 * a, 4 * a + 4), anchors.subarray(4 * a, 4 * a + 4))
      found.add(clipBoxes(box, imageSize), own[k], above[k] % classes)
    }
  }
  return found.suppress(nmsThreshold, maxDetections)
}

/** Raw outputs of a region proposal network for one image. */
export interface ProposalOutputs {
  /** [A] */
  readonly objectness: Values
  /** [A, 4] */
  readonly boxRegression: Values
  /** xyxy, [A, 4] */
  readonly anchors: Values
  /** Anchors of each level, in order. */
  readonly levels: readonly number[]
}

/** Options of {@link filterProposals}. */
export interface ProposalOptions {
  readonly imageSize: ImageSize
  /** Candidates of each level. Default 1000, as in evaluation; 2000 in training. */
  readonly preNmsTopN?: number
  /** Proposals of the image. Default 1000, as in evaluation; 2000 in training. */
  readonly postNmsTopN?: number
  /** Default 0.7. */
  readonly nmsThreshold?: number
  /** Proposals below this score are left out. Default 0. */
  readonly scoreThreshold?: number
  /** Smallest side in pixels. Default 0.001. */
  readonly minSize?: number
}

/** Regions that may hold an object, best first. */
export interface Proposals {
  /** xyxy, [K, 4] */
  readonly boxes: Float32Array
  /** [K] */
  readonly scores: Float32Array
}

/**
 * Proposals from the raw outputs of a region proposal network: the best of each level, clipped, without tiny ones,
 * suppressed within each level.
 * @throws ShapeError when the counts do not match.
 * @source Checked against torchvision's RegionProposalNetwork.filter_proposals 0.14 in decode.test.ts
 * @example
 * const outputs = { objectness: [2, -2], boxRegression: new Float32Array(8), anchors: [0, 0, 9, 9, 0, 0, 9, 8], levels: [2] }
 * filterProposals(outputs, { imageSize: { width: 50, height: 50 } }).boxes // => [0, 0, 9, 9]
 */
export const filterProposals = (outputs: ProposalOutputs, options: ProposalOptions): Proposals => {
  const { imageSize, preNmsTopN = 1000, postNmsTopN = 1000 } = options
  const { nmsThreshold = 0.7, scoreThreshold = 0, minSize = 1e-3 } = options
  const objectness = float32(outputs.objectness)
  const codes = float32(outputs.boxRegression)
  const anchors = float32(outputs.anchors)
  checkCount('filterProposals', 'the numbers of boxes and scores', codes.length, 4 * objectness.length)
  checkCount(
    'filterProposals',
    'the levels and scores',
    outputs.levels.reduce((a, b) => a + b, 0),
    objectness.length,
  )
  const limit = Math.fround(scoreThreshold)
  const found = new Candidates()
  let start = 0
  outputs.levels.forEach((n, level) => {
    const own = objectness.subarray(start, start + n)
    const order = best(own, preNmsTopN)
    const rows = order.map((k) => start + k)
    start += n
    const boxes = clipBoxes(decodeBoxes(pickBoxes(codes, rows), pickBoxes(anchors, rows)), imageSize)
    for (const k of removeSmallBoxes(boxes, minSize)) {
      const score = Math.fround(sigmoid(own[order[k]]))
      if (score >= limit) found.add(boxes.subarray(4 * k, 4 * k + 4), score, level)
    }
  })
  const { boxes, scores } = found.suppress(nmsThreshold, postNmsTopN)
  return { boxes, scores }
}

/** Raw outputs of Faster R-CNN's box head for one image. */
export interface BoxHeadOutputs {
  /** [K, classes] */
  readonly classLogits: Values
  /** One box per class, [K, classes * 4] */
  readonly boxRegression: Values
  /** The regions that were pooled, xyxy, [K, 4] */
  readonly proposals: Values
}

/**
 * Detections from the raw outputs of Faster R-CNN's box head: softmax over classes with class 0 as background, a box
 * per class, suppression per class.
 * @param options - defaults: scoreThreshold 0.05, nmsThreshold 0.5, maxDetections 100
 * @throws ShapeError when the counts do not match.
 * @source Checked against torchvision's RoIHeads.postprocess_detections 0.14 in decode.test.ts
 * @example
 * const outputs = { classLogits: [0, 5], boxRegression: new Float32Array(8), proposals: [5, 5, 60, 30] }
 * decodeBoxHead(outputs, { imageSize: { width: 50, height: 50 } }).boxes // => [5, 5, 50, 30]
 */
export const decodeBoxHead = (outputs: BoxHeadOutputs, options: Omit<DecodeOptions, 'topK'>): Detections => {
  const { imageSize, scoreThreshold = 0.05, nmsThreshold = 0.5, maxDetections = 100 } = options
  const proposals = float32(outputs.proposals)
  const logits = float32(outputs.classLogits)
  const classes = classCount('decodeBoxHead', logits, proposals)
  const scores = softmaxRows(logits, classes)
  const boxes = clipBoxes(decodeBoxes(outputs.boxRegression, proposals, headCoder), imageSize)
  checkCount('decodeBoxHead', 'the numbers of boxes and scores', boxes.length, 4 * scores.length)
  const limit = Math.fround(scoreThreshold)
  const found = new Candidates()
  const large = new Set(removeSmallBoxes(boxes, 1e-2))
  for (let i = 0; i < scores.length; i++) {
    if (i % classes > 0 && scores[i] > limit && large.has(i)) found.add(boxes.subarray(4 * i), scores[i], i % classes)
  }
  return found.suppress(nmsThreshold, maxDetections)
}
