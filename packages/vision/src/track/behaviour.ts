import { ValueError } from '@lanewise/core'
import { polygonContains, type Polygon } from '../boxes/polygon.ts'
import { hypot } from '../math.ts'
import { anchorOf, TrackMemory, type ZoneOptions, type ZoneTrack } from './zones.ts'

/** A part of the road with its direction of travel in the picture. */
export interface Lane {
  readonly polygon: Polygon
  /** Any length. */
  readonly direction: readonly [dx: number, dy: number]
}

/** Options of {@link BehaviourMonitor}. */
export interface BehaviourOptions extends ZoneOptions {
  readonly lanes?: readonly Lane[]
  /** Frames over which motion is judged. Default 15. */
  readonly windowFrames?: number
  /** An object that moves less than this over the window has stopped. Default 4. */
  readonly stillPx?: number
  /** Against the lane: the cosine of motion and direction is below this. Default -0.5. */
  readonly wrongWayCosine?: number
  /** Across the lane: the cosine of motion and direction is between -this and this. Default 0.5. */
  readonly crossingCosine?: number
}

/** A behaviour that begins or ends. */
export interface BehaviourEvent {
  readonly id: number
  readonly kind: 'stopped' | 'wrongWay' | 'crossing'
  readonly phase: 'begin' | 'end'
  /** The lane's place in the options, for the kinds that need one. */
  readonly lane?: number
}

interface History {
  readonly points: [x: number, y: number][]
  readonly active: Map<string, BehaviourEvent>
}

/**
 * Tells from tracks which objects have stopped, move against their lane, or cross it.
 * @throws ValueError when a lane has no direction or the window is shorter than two frames.
 * @example
 * const monitor = new BehaviourMonitor({ windowFrames: 2 })
 * monitor.update([{ id: 1, box: [0, 0, 10, 10] }])
 * monitor.update([{ id: 1, box: [0, 0, 10, 10] }]) // => [{ id: 1, kind: 'stopped', phase: 'begin' }]
 */
export class BehaviourMonitor {
  readonly #options: Required<Omit<BehaviourOptions, 'forgetAfter'>>
  readonly #histories: TrackMemory<History>

  constructor(options: BehaviourOptions = {}) {
    const { lanes = [], windowFrames = 15, stillPx = 4, wrongWayCosine = -0.5, crossingCosine = 0.5 } = options
    const { anchor = 'bottom', forgetAfter = 300 } = options
    if (!(windowFrames >= 2) || lanes.some(({ direction: [dx, dy] }) => !(dx * dx + dy * dy > 0))) {
      throw new ValueError({
        op: 'BehaviourMonitor',
        problem: 'an option is out of range',
        got: `windowFrames ${windowFrames}, directions ${lanes.map((l) => `[${l.direction.join(', ')}]`).join(' ') || 'none'}`,
        expected: 'a window of two frames or more and directions that are not zero',
      })
    }
    this.#options = { lanes, windowFrames, stillPx, wrongWayCosine, crossingCosine, anchor }
    this.#histories = new TrackMemory(forgetAfter)
  }

  /** Forgets all tracks. */
  reset(): void {
    this.#histories.clear()
  }

  /**
   * Takes the tracks of one frame in.
   * @throws ValueError at an id that appears twice or a box that is not finite; nothing has changed then.
   */
  update(tracks: readonly ZoneTrack[]): BehaviourEvent[] {
    this.#histories.begin('BehaviourMonitor.update', tracks)
    return tracks.flatMap(({ id, box }) => {
      const history: History = this.#histories.get(id) ?? { points: [], active: new Map() }
      this.#histories.set(id, history)
      history.points.push(anchorOf(box, this.#options.anchor))
      if (history.points.length < this.#options.windowFrames) return []
      const now = this.#judge(id, history.points)
      history.points.shift()
      const began = now.filter((e) => !history.active.has(keyOf(e)))
      const keys = new Set(now.map(keyOf))
      const ended = [...history.active.values()].filter((e) => !keys.has(keyOf(e)))
      for (const e of began) history.active.set(keyOf(e), e)
      for (const e of ended) history.active.delete(keyOf(e))
      return [...began, ...ended.map((e) => ({ ...e, phase: 'end' as const }))]
    })
  }

  #judge(id: number, points: readonly (readonly [number, number])[]): BehaviourEvent[] {
    const { lanes, stillPx, wrongWayCosine, crossingCosine } = this.#options
    const [x0, y0] = points[0]
    const [x, y] = points[points.length - 1]
    const moved = hypot(x - x0, y - y0)
    if (moved < stillPx) return [{ id, kind: 'stopped', phase: 'begin' }]
    return lanes.flatMap(({ polygon, direction: [dx, dy] }, lane): BehaviourEvent[] => {
      if (!polygonContains(polygon, x, y)) return []
      const cosine = ((x - x0) * dx + (y - y0) * dy) / (moved * hypot(dx, dy))
      if (cosine < wrongWayCosine) return [{ id, kind: 'wrongWay', phase: 'begin', lane }]
      if (Math.abs(cosine) < crossingCosine) return [{ id, kind: 'crossing', phase: 'begin', lane }]
      return []
    })
  }
}

const keyOf = ({ kind, lane }: BehaviourEvent): string => `${kind} ${lane ?? ''}`
