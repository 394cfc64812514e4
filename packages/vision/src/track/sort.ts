import { ValueError } from '@lanewise/core'
import { appearanceOf, blendAppearance, unlikeness } from './appearance.ts'
import { assignBelow } from './assignment.ts'
import { checkFrame, type CheckedFrame, type FrameDetections, type Track } from './detections.ts'
import { ConstantVelocity } from './kalman.ts'
import { overlapCosts } from './overlap-costs.ts'

/** Options of {@link Sort}. */
export interface SortOptions {
  /** Least IoU of a detection with the predicted box. Default 0.3. */
  readonly iouThreshold?: number
  /** Frames that a track outlives without a detection. Default 1. */
  readonly maxAge?: number
  /** Detections in a row after its first before a track is given out; in this many first frames at once. Default 3. */
  readonly minHits?: number
  /** With embeddings: half the cosine distance above which appearance says nothing. Default 0.25. */
  readonly appearanceThreshold?: number
}

// Noise of the paper's reference set-up: measured centre 1, size and ratio 10; process 1, of velocities 0.01, of the
// size's velocity 0.0001; at the start 10 and 10,000 for the unseen velocities.
const start = 10
const startVelocity = 1e4

/** State of one object: centre, area and aspect ratio; all but the ratio with a velocity. */
class SortTrack {
  readonly id: number
  readonly x: ConstantVelocity
  readonly y: ConstantVelocity
  readonly area: ConstantVelocity
  ratio: number
  ratioVariance: number = start
  hitsInRow = 0
  missed = 0
  age = 1
  score = 0
  label = 0
  detection = -1
  /** Mean appearance, of length 1. */
  appearance: Float64Array | null = null

  constructor(id: number, frame: CheckedFrame, i: number) {
    const [x, y, area, ratio] = measure(frame, i)
    this.id = id
    this.x = new ConstantVelocity(x, start, startVelocity)
    this.y = new ConstantVelocity(y, start, startVelocity)
    this.area = new ConstantVelocity(area, start, startVelocity)
    this.ratio = ratio
    this.#note(frame, i)
  }

  #note(frame: CheckedFrame, i: number): void {
    this.score = frame.scores[i]
    this.label = frame.labels[i]
    this.detection = i
    const seen = appearanceOf(frame, i)
    if (seen !== null) this.appearance = blendAppearance(this.appearance, seen)
  }

  predict(): void {
    // A size that would reach zero stays.
    if (this.area.position + this.area.velocity <= 0) this.area.velocity = 0
    this.x.predict(1, 0.01)
    this.y.predict(1, 0.01)
    this.area.predict(1, 1e-4)
    this.ratioVariance += 1
    if (this.missed > 0) this.hitsInRow = 0
    this.missed++
    this.age++
    this.detection = -1
  }

  update(frame: CheckedFrame, i: number): void {
    const [x, y, area, ratio] = measure(frame, i)
    this.x.update(x, 1)
    this.y.update(y, 1)
    this.area.update(area, 10)
    const gain = this.ratioVariance / (this.ratioVariance + 10)
    this.ratio += gain * (ratio - this.ratio)
    this.ratioVariance -= gain * this.ratioVariance
    this.missed = 0
    this.hitsInRow++
    this.#note(frame, i)
  }

  box(): [number, number, number, number] {
    const w = Math.sqrt(this.area.position * this.ratio)
    const h = this.area.position / w
    return [this.x.position - w / 2, this.y.position - h / 2, this.x.position + w / 2, this.y.position + h / 2]
  }
}

/** Centre, area and aspect ratio of a detection. */
const measure = ({ boxes }: CheckedFrame, i: number): [number, number, number, number] => {
  const w = boxes[4 * i + 2] - boxes[4 * i]
  const h = boxes[4 * i + 3] - boxes[4 * i + 1]
  return [boxes[4 * i] + w / 2, boxes[4 * i + 1] + h / 2, w * h, w / h]
}

/**
 * SORT: predicts each box with a Kalman filter and assigns detections by IoU. Ids and state are the tracker's own.
 * With embeddings a pair costs the smaller of its costs by overlap and by appearance; the least IoU holds all the same.
 * @throws ValueError when an option is out of range.
 * @source Bewley et al. 2016; checked against its published result on TUD-Campus in trackers.test.ts
 * @example
 * const tracker = new Sort()
 * tracker.update({ boxes: [0, 0, 10, 20] }).length // => 1
 * tracker.update({ boxes: [1, 0, 11, 20] })[0].id // => 1
 */
export class Sort {
  readonly #iouThreshold: number
  readonly #maxAge: number
  readonly #minHits: number
  readonly #appearanceThreshold: number
  #tracks: SortTrack[] = []
  #lastFrame = 0
  #frames = 0
  #nextId = 1
  #dimensions = 0

  constructor({ iouThreshold = 0.3, maxAge = 1, minHits = 3, appearanceThreshold = 0.25 }: SortOptions = {}) {
    if (!(iouThreshold >= 0 && iouThreshold <= 1 && maxAge >= 0 && minHits >= 0 && appearanceThreshold >= 0)) {
      throw new ValueError({
        op: 'Sort',
        problem: 'an option is out of range',
        got: `iouThreshold ${iouThreshold}, maxAge ${maxAge}, minHits ${minHits}, appearanceThreshold ${appearanceThreshold}`,
        expected: 'iouThreshold in [0, 1], the others from 0 on',
      })
    }
    this.#iouThreshold = iouThreshold
    this.#maxAge = maxAge
    this.#minHits = minHits
    this.#appearanceThreshold = appearanceThreshold
  }

  /** Forgets all tracks and starts again with frame and id 1. */
  reset(): void {
    this.#tracks = []
    this.#lastFrame = 0
    this.#frames = 0
    this.#nextId = 1
    this.#dimensions = 0
  }

  /**
   * Takes one frame in and gives the objects seen in it.
   * @throws ValueError at frames that do not ascend, a box without area or an embedding without direction; ShapeError
   * when counts differ. The tracker is then unchanged.
   */
  update(detections: FrameDetections): Track[] {
    const frame = checkFrame('Sort.update', detections, this.#lastFrame, this.#dimensions)
    for (let f = this.#lastFrame + 1; f < frame.frame && this.#tracks.length > 0; f++) this.#step(null)
    this.#frames += frame.frame - this.#lastFrame - 1
    this.#lastFrame = frame.frame
    this.#dimensions = frame.dimensions
    this.#frames++
    this.#step(frame)
    return this.#tracks
      .filter((t) => t.missed === 0 && (t.hitsInRow >= this.#minHits || this.#frames <= this.#minHits))
      .map((t) => ({ id: t.id, box: t.box(), score: t.score, label: t.label, detection: t.detection, age: t.age }))
  }

  #step(frame: CheckedFrame | null): void {
    for (const track of this.#tracks) track.predict()
    // A prediction can leave the numbers only when its size overflows; such a track is dropped.
    this.#tracks = this.#tracks.filter((t) => t.box().every(Number.isFinite))
    if (frame !== null) this.#assign(frame)
    this.#tracks = this.#tracks.filter((t) => t.missed <= this.#maxAge)
  }

  #assign(frame: CheckedFrame): void {
    const boxes = Float64Array.from(this.#tracks.flatMap((t) => t.box()))
    const n = this.#tracks.length
    const far = overlapCosts(frame.boxes, boxes, 0)
    const near = (k: number): boolean => 1 - far[k] >= this.#iouThreshold
    const costs = frame.embeddings === null ? far : this.#withAppearance(far, frame, near)
    // Pairs that do not touch count for nothing: the rest is assigned for the largest total overlap.
    const trackOf = assignBelow(costs, frame.count, n, 1)
    trackOf.forEach((j, i) => {
      if (j >= 0 && near(i * n + j)) this.#tracks[j].update(frame, i)
      else this.#tracks.push(new SortTrack(this.#nextId++, frame, i))
    })
  }

  /** The costs, lowered where a pair is near and looks alike. */
  #withAppearance(far: Float64Array, frame: CheckedFrame, near: (k: number) => boolean): Float64Array {
    const n = this.#tracks.length
    return far.map((cost, k) => {
      if (!near(k)) return cost
      const byAppearance = unlikeness(this.#tracks[k % n].appearance, frame, Math.floor(k / n))
      return byAppearance <= this.#appearanceThreshold ? Math.min(cost, byAppearance) : cost
    })
  }
}
