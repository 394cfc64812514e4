import { ShapeError, ValueError } from '@lanewise/core'
import { pairIou } from '../boxes/iou.ts'
import type { TrackFrame } from '../io/mot.ts'

/** One frame of both sides, ids replaced by numbers from 0. */
export interface PairedFrame {
  readonly truth: readonly number[]
  readonly found: readonly number[]
  /** IoU, [truth, found] */
  readonly overlaps: Float64Array
}

/** Ground truth and tracks of one sequence, frame by frame. */
export interface PairedFrames {
  readonly frames: readonly PairedFrame[]
  /** Different ids of each side. */
  readonly truthIds: number
  readonly foundIds: number
  /** Boxes of each side over all frames. */
  readonly truthCount: number
  readonly foundCount: number
}

/** Numbers the ids of one side from 0 and checks its frames. */
const byFrame = (
  op: string,
  what: string,
  frames: readonly TrackFrame[],
): { rows: Map<number, TrackFrame>; idOf: Map<number, number> } => {
  const rows = new Map<number, TrackFrame>()
  const idOf = new Map<number, number>()
  for (const frame of frames) {
    const bad = (problem: string, got: string): ValueError =>
      new ValueError({ op, problem: `${what}: ${problem}`, got, expected: 'each frame once, each id once in a frame' })
    if (rows.has(frame.frame)) throw bad('a frame appears twice', `frame ${frame.frame}`)
    if (frame.boxes.length !== 4 * frame.ids.length) {
      throw new ShapeError({
        op,
        problem: `${what}: boxes and ids do not match`,
        got: `${frame.boxes.length} numbers for ${frame.ids.length} ids`,
      })
    }
    const own = new Set<number>()
    for (let i = 0; i < frame.ids.length; i++) {
      if (own.has(frame.ids[i])) throw bad('an id appears twice', `id ${frame.ids[i]} in frame ${frame.frame}`)
      own.add(frame.ids[i])
      if (!idOf.has(frame.ids[i])) idOf.set(frame.ids[i], idOf.size)
    }
    for (let i = 0; i < frame.boxes.length; i++) {
      if (!Number.isFinite(frame.boxes[i])) throw bad('a box is not finite', `frame ${frame.frame}`)
    }
    rows.set(frame.frame, frame)
  }
  return { rows, idOf }
}

/**
 * Brings ground truth and tracks of one sequence together.
 * @throws ValueError at a frame or id that appears twice and at a box that is not finite; ShapeError when counts do not
 * match.
 */
export const pairFrames = (op: string, truth: readonly TrackFrame[], found: readonly TrackFrame[]): PairedFrames => {
  const a = byFrame(op, 'ground truth', truth)
  const b = byFrame(op, 'tracks', found)
  const numbers = [...new Set([...a.rows.keys(), ...b.rows.keys()])].sort((x, y) => x - y)
  const numbered = (ids: ArrayLike<number> | undefined, idOf: Map<number, number>): number[] =>
    Array.from(ids ?? [], (id) => idOf.get(id) ?? 0)
  const frames = numbers.map((n) => {
    const g = a.rows.get(n)
    const t = b.rows.get(n)
    const truthIds = numbered(g?.ids, a.idOf)
    const foundIds = numbered(t?.ids, b.idOf)
    const overlaps = new Float64Array(truthIds.length * foundIds.length)
    if (g !== undefined && t !== undefined) {
      for (let i = 0; i < truthIds.length; i++) {
        for (let j = 0; j < foundIds.length; j++) overlaps[i * foundIds.length + j] = pairIou(g.boxes, i, t.boxes, j)
      }
    }
    return { truth: truthIds, found: foundIds, overlaps }
  })
  const total = (side: 'truth' | 'found'): number => frames.reduce((sum, f) => sum + f[side].length, 0)
  return {
    frames,
    truthIds: a.idOf.size,
    foundIds: b.idOf.size,
    truthCount: total('truth'),
    foundCount: total('found'),
  }
}
