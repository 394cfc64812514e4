import { selectDetections, type Detections } from '../detections.ts'
import { batchedNms } from '../nms/batched.ts'

/** Boxes that a decoder found in one image, before suppression. */
export class Candidates {
  readonly boxes: number[] = []
  readonly scores: number[] = []
  readonly labels: number[] = []

  /** Adds a box by the first four numbers of `corners`. */
  add(corners: ArrayLike<number>, score: number, label: number): void {
    this.boxes.push(corners[0], corners[1], corners[2], corners[3])
    this.scores.push(score)
    this.labels.push(label)
  }

  /** What survives suppression per class, best first. */
  suppress(iouThreshold: number, maxDetections: number): Detections {
    const d = {
      boxes: Float32Array.from(this.boxes),
      scores: Float32Array.from(this.scores),
      labels: Int32Array.from(this.labels),
    }
    const keep = batchedNms(d.boxes, d.scores, d.labels, { iouThreshold })
    return selectDetections(d, keep.subarray(0, maxDetections))
  }
}
