import { ShapeError, ValueError } from '@lanewise/core'
import { polygonContains, type Polygon } from '../boxes/polygon.ts'
import type { Track } from './detections.ts'

/** Which point of a box stands for the object: the middle, or the middle of the lower edge, where it touches the road. */
export type BoxAnchor = 'center' | 'bottom'

/** Options of zones and monitors. */
export interface ZoneOptions {
  /** Default bottom. */
  readonly anchor?: BoxAnchor
  /** Updates after which an id that was not seen is forgotten. Default 300. */
  readonly forgetAfter?: number
}

/** What the zones need of a track. */
export type ZoneTrack = Pick<Track, 'id' | 'box'>

/** The point of a box that stands for the object. */
export const anchorOf = (box: readonly number[], anchor: BoxAnchor): [x: number, y: number] => [
  (box[0] + box[2]) / 2,
  anchor === 'bottom' ? box[3] : (box[1] + box[3]) / 2,
]

const checkTracks = (op: string, tracks: readonly ZoneTrack[]): void => {
  const seen = new Set<number>()
  for (const { id, box } of tracks) {
    if (seen.has(id)) {
      throw new ValueError({
        op,
        problem: 'an id appears twice in a frame',
        got: `id ${id}`,
        expected: 'each id once',
      })
    }
    seen.add(id)
    if (box.length === 4 && box.every(Number.isFinite)) continue
    throw new ValueError({
      op,
      problem: 'a box is not finite',
      got: `[${box.join(', ')}] of id ${id}`,
      expected: 'four finite numbers',
    })
  }
}

/** Remembers something of each id until it was not seen for a while. */
export class TrackMemory<T> {
  readonly #items = new Map<number, { value: T; seen: number }>()
  readonly #forgetAfter: number
  #now = 0

  constructor(forgetAfter = 300) {
    if (!(forgetAfter >= 1)) {
      throw new ValueError({
        op: 'TrackMemory',
        problem: 'forgetAfter is out of range',
        got: String(forgetAfter),
        expected: 'at least 1',
      })
    }
    this.#forgetAfter = forgetAfter
  }

  /**
   * Begins an update with the tracks of a frame; forgets what is too old.
   * @throws ValueError, before any change, at an id that appears twice or a box that is not finite.
   */
  begin(op: string, tracks: readonly ZoneTrack[]): void {
    checkTracks(op, tracks)
    this.#now++
    for (const [id, { seen }] of this.#items) if (this.#now - seen > this.#forgetAfter) this.#items.delete(id)
  }

  get(id: number): T | undefined {
    return this.#items.get(id)?.value
  }

  set(id: number, value: T): void {
    this.#items.set(id, { value, seen: this.#now })
  }

  delete(id: number): void {
    this.#items.delete(id)
  }

  clear(): void {
    this.#items.clear()
    this.#now = 0
  }

  ids(): number[] {
    return [...this.#items.keys()]
  }
}

/** What changed in a zone. */
export interface ZoneChange {
  /** Ids inside now. */
  readonly inside: number[]
  /** Ids that were outside, or not seen, before. */
  readonly entered: number[]
  /** Ids that were seen and are outside now. */
  readonly left: number[]
}

/**
 * A region of the picture that knows which tracks are in it and how many have been.
 * @throws ShapeError when the polygon has fewer than three corners.
 * @example
 * const zone = new PolygonZone([0, 0, 100, 0, 100, 100, 0, 100])
 * zone.update([{ id: 4, box: [10, 10, 20, 20] }]).entered // => [4]
 * zone.visitors // => 1
 */
export class PolygonZone {
  readonly polygon: Polygon
  readonly #anchor: BoxAnchor
  readonly #inside: TrackMemory<boolean>
  readonly #visitors = new Set<number>()

  constructor(polygon: Polygon, { anchor = 'bottom', forgetAfter = 300 }: ZoneOptions = {}) {
    if (polygon.length < 6 || polygon.length % 2 === 1) {
      throw new ShapeError({
        op: 'PolygonZone',
        problem: 'not a polygon',
        got: `${polygon.length} numbers`,
        expected: 'three corners or more',
      })
    }
    this.polygon = polygon
    this.#anchor = anchor
    this.#inside = new TrackMemory(forgetAfter)
  }

  /** Different ids that have been inside. */
  get visitors(): number {
    return this.#visitors.size
  }

  /** Forgets all tracks and counts. */
  reset(): void {
    this.#inside.clear()
    this.#visitors.clear()
  }

  /**
   * Takes the tracks of one frame in.
   * @throws ValueError at an id that appears twice or a box that is not finite; nothing has changed then.
   */
  update(tracks: readonly ZoneTrack[]): ZoneChange {
    this.#inside.begin('PolygonZone.update', tracks)
    const change: ZoneChange = { inside: [], entered: [], left: [] }
    for (const { id, box } of tracks) {
      const [x, y] = anchorOf(box, this.#anchor)
      const inside = polygonContains(this.polygon, x, y)
      const before = this.#inside.get(id) ?? false
      if (inside) change.inside.push(id)
      if (inside && !before) change.entered.push(id)
      if (!inside && before) change.left.push(id)
      if (inside) this.#visitors.add(id)
      this.#inside.set(id, inside)
    }
    return change
  }
}

/** A track that crossed a line. */
export interface LineCrossing {
  readonly id: number
  /** `in` from the left of the line to its right, seen from its first to its second point; `out` the other way. */
  readonly direction: 'in' | 'out'
}

/**
 * A line across the picture that counts the tracks that cross it, in each direction. A track that turns back and
 * crosses again counts again; one that stops on the line counts when it goes on.
 * @throws ValueError when the two ends are the same point or not finite.
 * @example
 * const line = new LineZone([0, 50], [100, 50], { anchor: 'center' })
 * line.update([{ id: 1, box: [10, 30, 20, 40] }])
 * line.update([{ id: 1, box: [10, 60, 20, 70] }]) // => [{ id: 1, direction: 'in' }]
 */
export class LineZone {
  readonly from: readonly [x: number, y: number]
  readonly to: readonly [x: number, y: number]
  readonly #anchor: BoxAnchor
  readonly #last: TrackMemory<readonly [x: number, y: number, side: number]>
  #in = 0
  #out = 0

  constructor(
    from: readonly [x: number, y: number],
    to: readonly [x: number, y: number],
    { anchor = 'bottom', forgetAfter = 300 }: ZoneOptions = {},
  ) {
    if (![...from, ...to].every(Number.isFinite) || (from[0] === to[0] && from[1] === to[1])) {
      throw new ValueError({ op: 'LineZone', problem: 'not a line', got: `[${from.join(', ')}] to [${to.join(', ')}]` })
    }
    this.from = from
    this.to = to
    this.#anchor = anchor
    this.#last = new TrackMemory(forgetAfter)
  }

  /** Crossings from the left to the right of the line. */
  get inCount(): number {
    return this.#in
  }

  /** Crossings from the right to the left. */
  get outCount(): number {
    return this.#out
  }

  /** Forgets all tracks and counts. */
  reset(): void {
    this.#last.clear()
    this.#in = 0
    this.#out = 0
  }

  /**
   * Takes the tracks of one frame in.
   * @throws ValueError at an id that appears twice or a box that is not finite; nothing has changed then.
   */
  update(tracks: readonly ZoneTrack[]): LineCrossing[] {
    this.#last.begin('LineZone.update', tracks)
    const crossings: LineCrossing[] = []
    for (const { id, box } of tracks) {
      const [x, y] = anchorOf(box, this.#anchor)
      const side = this.#side(x, y)
      const last = this.#last.get(id)
      if (side === 0) {
        if (last !== undefined) this.#last.set(id, last)
        continue
      }
      if (last !== undefined && side !== last[2] && this.#meets(last, x, y)) {
        const direction = side > 0 ? 'in' : 'out'
        if (direction === 'in') this.#in++
        else this.#out++
        crossings.push({ id, direction })
      }
      this.#last.set(id, [x, y, side])
    }
    return crossings
  }

  /** 1 right of the line, -1 left of it, 0 on it. */
  #side(x: number, y: number): number {
    const [x1, y1] = this.from
    return Math.sign((this.to[0] - x1) * (y - y1) - (this.to[1] - y1) * (x - x1))
  }

  /** Whether the way from the last place to (x, y) passes between the line's ends. */
  #meets([px, py]: readonly number[], x: number, y: number): boolean {
    const side = ([qx, qy]: readonly number[]): number => (x - px) * (qy - py) - (y - py) * (qx - px)
    return side(this.from) * side(this.to) <= 0
  }
}
