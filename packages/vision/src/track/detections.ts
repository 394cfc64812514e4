import { ShapeError, ValueError } from '@lanewise/core'
import { float64, read, type Values } from '../arrays.ts'

/** What a tracker is given for one frame. */
export interface FrameDetections {
  /** xyxy in pixels, [N, 4] */
  readonly boxes: Values
  /** [N]. Default 1 each. */
  readonly scores?: Values
  /** Class of each, [N]. Default 0 each. */
  readonly labels?: Values
  /** Number of the frame; must ascend. Frames in between count as empty. Default: the next. */
  readonly frame?: number
  /** Appearance of each, [N, D], of any length; compared by the cosine. */
  readonly embeddings?: Values
}

/** A tracked object in one frame. */
export interface Track {
  /** From 1, of this tracker alone, never used again before reset. */
  readonly id: number
  /** xyxy in pixels. */
  readonly box: readonly [x1: number, y1: number, x2: number, y2: number]
  /** Score and class of its last detection. */
  readonly score: number
  readonly label: number
  /** Its last detection's place in this frame's detections; -1 when it was not detected in this frame. */
  readonly detection: number
  /** Frames since it was first seen, this one included. */
  readonly age: number
}

/** Detections of one frame, checked. */
export interface CheckedFrame {
  readonly frame: number
  readonly count: number
  readonly boxes: Float64Array
  readonly scores: ArrayLike<number>
  readonly labels: ArrayLike<number>
  /** Rows of length 1, or null. */
  readonly embeddings: Float64Array | null
  readonly dimensions: number
}

/** Checks a frame before any of it reaches a tracker's state. */
export const checkFrame = (op: string, given: FrameDetections, last: number, dimensions: number): CheckedFrame => {
  const frame = given.frame ?? last + 1
  if (!Number.isInteger(frame) || frame <= last) {
    throw new ValueError({
      op,
      problem: 'frames do not ascend',
      got: `frame ${frame} after ${last}`,
      expected: `a whole number above ${last}`,
      advice: 'Call reset() before a new sequence',
    })
  }
  const boxes = float64(given.boxes)
  const count = boxes.length / 4
  const scores = given.scores === undefined ? new Float64Array(count).fill(1) : read(given.scores)
  const labels = given.labels === undefined ? new Int32Array(count) : read(given.labels)
  const embeddings = given.embeddings === undefined ? null : float64(given.embeddings)
  const width = embeddings === null || count === 0 ? dimensions : embeddings.length / count
  const fits = Number.isInteger(count) && scores.length === count && labels.length === count
  if (!fits || !Number.isInteger(width) || (dimensions > 0 && width !== dimensions)) {
    throw new ShapeError({
      op,
      problem: 'the detections do not fit together',
      got: `${boxes.length} numbers of boxes, ${scores.length} scores, ${labels.length} labels, ${embeddings?.length ?? 'no'} numbers of embeddings`,
      expected: dimensions > 0 ? `4, 1, 1 and ${dimensions} for each` : '4, 1 and 1 for each',
    })
  }
  for (let i = 0; i < boxes.length; i++) {
    const box = boxes.subarray(i - (i % 4), i - (i % 4) + 4)
    if (Number.isFinite(boxes[i]) && Number.isFinite(scores[i >> 2]) && (i % 4 < 2 || box[i % 4] > box[(i % 4) - 2]))
      continue
    throw new ValueError({
      op,
      problem: 'a detection is not usable',
      got: `[${box.join(', ')}], score ${scores[i >> 2]}, at ${i >> 2}`,
      expected: 'finite x1 < x2, y1 < y2 and score',
    })
  }
  return {
    frame,
    count,
    boxes,
    scores,
    labels,
    embeddings: embeddings && normalised(op, embeddings, count),
    dimensions: width,
  }
}

const normalised = (op: string, embeddings: Float64Array, count: number): Float64Array => {
  const width = embeddings.length / Math.max(1, count)
  return embeddings.map((v, i) => {
    const start = i - (i % width)
    let sum = 0
    for (let k = start; k < start + width; k++) sum += embeddings[k] * embeddings[k]
    if (sum > 0 && sum < Infinity) return v / Math.sqrt(sum)
    throw new ValueError({ op, problem: 'an embedding has no direction', got: `length² ${sum} at ${start / width}` })
  })
}
