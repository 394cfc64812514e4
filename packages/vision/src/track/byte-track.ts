import { ValueError } from '@lanewise/core'
import { appearanceOf, blendAppearance, unlikeness } from './appearance.ts'
import { assignBelow } from './assignment.ts'
import { checkFrame, type CheckedFrame, type FrameDetections, type Track } from './detections.ts'
import { ConstantVelocity } from './kalman.ts'
import { overlapCosts } from './overlap-costs.ts'

/** Options of {@link ByteTrack}. */
export interface ByteTrackOptions {
  /** Detections above this score are matched first. Default 0.6. */
  readonly trackThreshold?: number
  /** Detections above this score and up to `trackThreshold` only continue tracks. Default 0.1. */
  readonly lowThreshold?: number
  /** A new track needs at least this score. Default trackThreshold + 0.1. */
  readonly newThreshold?: number
  /** Largest cost (1 - IoU * score) of the first matching. Default 0.9. */
  readonly matchThreshold?: number
  /** Largest cost (1 - IoU) of the matching of weak detections. Default 0.5. */
  readonly secondThreshold?: number
  /** Largest cost of the matching of tracks that were seen once. Default 0.7. */
  readonly unconfirmedThreshold?: number
  /** Frames, at 30 a second, that a lost track is kept. Default 30. */
  readonly buffer?: number
  /** Frames a second. Default 30. */
  readonly frameRate?: number
  /** Multiplies the overlap with the score. Default true. */
  readonly fuseScore?: boolean
  /** Measures sides with both edge pixels, one longer, as the published implementation does. Default true. */
  readonly inclusive?: boolean
  /** With embeddings: half the cosine distance above which appearance says nothing. Default 0.25. */
  readonly appearanceThreshold?: number
  /** With embeddings: 1 - IoU above which appearance is not asked. Default 0.5. */
  readonly proximityThreshold?: number
}

// Standard deviations in heights: of positions, and of velocities per frame. Those of the aspect ratio are absolute.
const positionWeight = 1 / 20
const velocityWeight = 1 / 160
const square = (x: number): number => x * x

type State = 'tracked' | 'lost' | 'removed'

/** One object: centre, aspect ratio and height, each with a velocity. */
class ByteTrackState {
  readonly x: ConstantVelocity
  readonly y: ConstantVelocity
  readonly aspect: ConstantVelocity
  readonly height: ConstantVelocity
  readonly firstFrame: number
  /** 0 until confirmed. */
  id = 0
  state: State = 'tracked'
  lastFrame: number
  score = 0
  label = 0
  detection = -1
  /** Mean appearance, of length 1. */
  appearance: Float64Array | null = null

  constructor(frame: CheckedFrame, i: number) {
    const [x, y, aspect, h] = measure(frame, i)
    const position = square(2 * positionWeight * h)
    const velocity = square(10 * velocityWeight * h)
    this.x = new ConstantVelocity(x, position, velocity)
    this.y = new ConstantVelocity(y, position, velocity)
    this.aspect = new ConstantVelocity(aspect, 1e-4, 1e-10)
    this.height = new ConstantVelocity(h, position, velocity)
    this.firstFrame = frame.frame
    this.lastFrame = frame.frame
    this.#note(frame, i)
  }

  #note(frame: CheckedFrame, i: number): void {
    this.score = frame.scores[i]
    this.label = frame.labels[i]
    this.detection = i
    this.lastFrame = frame.frame
    this.state = 'tracked'
    const seen = appearanceOf(frame, i)
    if (seen !== null) this.appearance = blendAppearance(this.appearance, seen)
  }

  predict(): void {
    if (this.state !== 'tracked') this.height.velocity = 0
    const position = square(positionWeight * this.height.position)
    const velocity = square(velocityWeight * this.height.position)
    this.x.predict(position, velocity)
    this.y.predict(position, velocity)
    this.aspect.predict(1e-4, 1e-10)
    this.height.predict(position, velocity)
  }

  update(frame: CheckedFrame, i: number): void {
    const [x, y, aspect, h] = measure(frame, i)
    const variance = square(positionWeight * this.height.position)
    this.x.update(x, variance)
    this.y.update(y, variance)
    this.aspect.update(aspect, 1e-2)
    this.height.update(h, variance)
    this.#note(frame, i)
  }

  box(): [number, number, number, number] {
    const halfH = this.height.position / 2
    const halfW = this.aspect.position * halfH
    return [this.x.position - halfW, this.y.position - halfH, this.x.position + halfW, this.y.position + halfH]
  }
}

/** Centre, aspect ratio and height of a detection. */
const measure = ({ boxes }: CheckedFrame, i: number): [number, number, number, number] => {
  const w = boxes[4 * i + 2] - boxes[4 * i]
  const h = boxes[4 * i + 3] - boxes[4 * i + 1]
  return [boxes[4 * i] + w / 2, boxes[4 * i + 1] + h / 2, w / h, h]
}

const boxesOf = (tracks: readonly ByteTrackState[]): Float64Array => {
  const out = new Float64Array(4 * tracks.length)
  tracks.forEach((t, i) => out.set(t.box(), 4 * i))
  return out
}

const rowsOf = ({ boxes }: CheckedFrame, rows: readonly number[]): Float64Array => {
  const out = new Float64Array(4 * rows.length)
  rows.forEach((r, i) => out.set(boxes.subarray(4 * r, 4 * r + 4), 4 * i))
  return out
}

/**
 * ByteTrack: matches strong detections with all tracks, then weak ones with the tracks left over, so that objects that
 * are covered keep their id; lost tracks are found again within a second. Ids and state are the tracker's own.
 * With embeddings the first matching takes the smaller of the costs by overlap and by appearance (as BoT-SORT).
 * @throws ValueError when an option is out of range.
 * @source Zhang et al. 2022; checked against figures of the published implementation in trackers.test.ts
 * @example
 * const tracker = new ByteTrack({ frameRate: 25 })
 * tracker.update({ boxes: [0, 0, 10, 20], scores: [0.9] })[0].id // => 1
 */
export class ByteTrack {
  readonly #options: Required<ByteTrackOptions>
  readonly #maxLost: number
  #tracked: ByteTrackState[] = []
  #lost: ByteTrackState[] = []
  #lastFrame = 0
  #nextId = 1
  #dimensions = 0
  #first = true

  constructor(options: ByteTrackOptions = {}) {
    const trackThreshold = options.trackThreshold ?? 0.6
    this.#options = {
      trackThreshold,
      lowThreshold: 0.1,
      newThreshold: trackThreshold + 0.1,
      matchThreshold: 0.9,
      secondThreshold: 0.5,
      unconfirmedThreshold: 0.7,
      buffer: 30,
      frameRate: 30,
      fuseScore: true,
      inclusive: true,
      appearanceThreshold: 0.25,
      proximityThreshold: 0.5,
      ...options,
    }
    for (const [name, value] of Object.entries(this.#options)) {
      if (typeof value === 'boolean' || (Number.isFinite(value) && value >= 0)) continue
      throw new ValueError({
        op: 'ByteTrack',
        problem: `${name} is out of range`,
        got: String(value),
        expected: 'a number from 0 on',
      })
    }
    this.#maxLost = Math.floor((this.#options.frameRate / 30) * this.#options.buffer)
  }

  /** Forgets all tracks and starts again with frame and id 1. */
  reset(): void {
    this.#tracked = []
    this.#lost = []
    this.#lastFrame = 0
    this.#nextId = 1
    this.#dimensions = 0
    this.#first = true
  }

  /**
   * Takes one frame in and gives the confirmed tracks that were detected in it.
   * @throws ValueError at frames that do not ascend, a box without area or an embedding without direction; ShapeError
   * when counts differ. The tracker is then unchanged.
   */
  update(detections: FrameDetections): Track[] {
    const frame = checkFrame('ByteTrack.update', detections, this.#lastFrame, this.#dimensions)
    const empty = { count: 0, boxes: new Float64Array(0), scores: [], labels: [], embeddings: null, dimensions: 0 }
    const known = this.#tracked.length + this.#lost.length > 0
    for (let f = this.#lastFrame + 1; known && f < frame.frame; f++) {
      if (this.#tracked.length + this.#lost.length === 0) break
      this.#step({ ...empty, frame: f })
    }
    this.#lastFrame = frame.frame
    this.#dimensions = frame.dimensions
    this.#step(frame)
    this.#first = false
    return this.#tracked
      .filter((t) => t.id > 0)
      .map((t) => ({
        id: t.id,
        box: t.box(),
        score: t.score,
        label: t.label,
        detection: t.detection,
        age: frame.frame - t.firstFrame + 1,
      }))
  }

  /** Costs of tracks against detections, [tracks, rows]. */
  #costs(tracks: readonly ByteTrackState[], frame: CheckedFrame, rows: readonly number[]): Float64Array {
    const { fuseScore, inclusive, appearanceThreshold, proximityThreshold } = this.#options
    const far = overlapCosts(boxesOf(tracks), rowsOf(frame, rows), inclusive ? 1 : 0)
    const { embeddings, scores } = frame
    for (let i = 0, k = 0; i < tracks.length; i++) {
      for (let j = 0; j < rows.length; j++, k++) {
        const distance = far[k]
        if (fuseScore) far[k] = 1 - (1 - distance) * scores[rows[j]]
        if (embeddings === null || distance > proximityThreshold) continue
        const byAppearance = unlikeness(tracks[i].appearance, frame, rows[j])
        if (byAppearance <= appearanceThreshold) far[k] = Math.min(far[k], byAppearance)
      }
    }
    return far
  }

  /** Matches tracks with rows of the frame and updates them. Gives what is left of both. */
  #match(
    tracks: readonly ByteTrackState[],
    frame: CheckedFrame,
    rows: readonly number[],
    costs: Float64Array,
    limit: number,
  ): { tracks: ByteTrackState[]; rows: number[]; found: ByteTrackState[] } {
    const rowOf = assignBelow(costs, tracks.length, rows.length, limit)
    const used = new Set<number>()
    const found: ByteTrackState[] = []
    tracks.forEach((track, i) => {
      if (rowOf[i] < 0) return
      used.add(rowOf[i])
      track.update(frame, rows[rowOf[i]])
      found.push(track)
    })
    return { tracks: tracks.filter((_, i) => rowOf[i] < 0), rows: rows.filter((_, j) => !used.has(j)), found }
  }

  #step(frame: CheckedFrame): void {
    const {
      trackThreshold,
      lowThreshold,
      newThreshold,
      matchThreshold,
      secondThreshold,
      unconfirmedThreshold,
      inclusive,
    } = this.#options
    const strong: number[] = []
    const weak: number[] = []
    for (let i = 0; i < frame.count; i++) {
      if (frame.scores[i] > trackThreshold) strong.push(i)
      else if (frame.scores[i] > lowThreshold && frame.scores[i] < trackThreshold) weak.push(i)
    }
    const confirmed = this.#tracked.filter((t) => t.id > 0)
    const unconfirmed = this.#tracked.filter((t) => t.id === 0)
    const pool = [...confirmed, ...this.#lost]
    for (const t of [...pool, ...unconfirmed]) t.detection = -1
    for (const t of pool) t.predict()
    const refound = new Set(this.#lost)

    const first = this.#match(pool, frame, strong, this.#costs(pool, frame, strong), matchThreshold)
    const left = first.tracks.filter((t) => t.state === 'tracked')
    const overlaps = overlapCosts(boxesOf(left), rowsOf(frame, weak), inclusive ? 1 : 0)
    const second = this.#match(left, frame, weak, overlaps, secondThreshold)
    for (const t of second.tracks) t.state = 'lost'

    const third = this.#match(
      unconfirmed,
      frame,
      first.rows,
      this.#costs(unconfirmed, frame, first.rows),
      unconfirmedThreshold,
    )
    for (const t of third.found) t.id = this.#nextId++
    for (const t of third.tracks) t.state = 'removed'
    const fresh = third.rows.filter((i) => frame.scores[i] >= newThreshold).map((i) => new ByteTrackState(frame, i))
    if (this.#first) for (const t of fresh) t.id = this.#nextId++

    for (const t of this.#lost) if (t.state === 'lost' && frame.frame - t.lastFrame > this.#maxLost) t.state = 'removed'
    const again = first.found.filter((t) => refound.has(t))
    const lost = [...this.#lost, ...second.tracks].filter((t) => t.state === 'lost')
    const tracked = [...this.#tracked.filter((t) => t.state === 'tracked'), ...fresh, ...again]
    this.#dropDuplicates(tracked, lost)
  }

  /** Of a tracked and a lost track in the same place, the one with the longer history stays. */
  #dropDuplicates(tracked: readonly ByteTrackState[], lost: readonly ByteTrackState[]): void {
    const far = overlapCosts(boxesOf(tracked), boxesOf(lost), this.#options.inclusive ? 1 : 0)
    const drop = new Set<ByteTrackState>()
    const history = (t: ByteTrackState): number => t.lastFrame - t.firstFrame
    far.forEach((distance, k) => {
      if (!(distance < 0.15)) return
      const a = tracked[Math.floor(k / lost.length)]
      const b = lost[k % lost.length]
      drop.add(history(a) > history(b) ? b : a)
    })
    this.#tracked = tracked.filter((t) => !drop.has(t))
    this.#lost = lost.filter((t) => !drop.has(t))
  }
}
