import { groupBy } from '../group.ts'
import { fault, numberField, shown, type SourceOptions } from './fault.ts'

/** A line of a MOT challenge file. */
export interface MotRow {
  /** From 1. */
  readonly frame: number
  /** -1 in files of detections. */
  readonly id: number
  /** x, y, width, height in pixels. */
  readonly box: readonly [x: number, y: number, w: number, h: number]
  /** Score of a detection; in ground truth 0 where the object is not to be considered. 1 where the file has none. */
  readonly score: number
  /** From MOT16 on, in ground truth: 1 is a pedestrian. -1 where the file has none. */
  readonly label: number
  /** From MOT16 on, in ground truth: visible share. -1 where the file has none. */
  readonly visibility: number
}

/** Objects of one frame. */
export interface TrackFrame {
  readonly frame: number
  /** Each at most once. */
  readonly ids: ArrayLike<number>
  /** xyxy, [N, 4] */
  readonly boxes: ArrayLike<number>
}

const whole = (
  text: string | undefined,
  at: { op: string; file: string; line: number; field: string },
  from: number,
): number => {
  const value = numberField(text, at)
  if (Number.isInteger(value) && value >= from) return value
  throw fault({ ...at, problem: 'not a whole number', got: shown(text), expected: `a whole number from ${from} on` })
}

/**
 * Reads a MOT challenge text file, ground truth, results or detections: frame, id, x, y, width, height, and as far as
 * present score, class and visibility, separated by commas or spaces.
 * @throws FormatError naming file, line and field at a missing field or a value that is not finite, and at an id that
 * appears twice in a frame.
 * @example
 * parseMot('1,7,10,20,30,40,1')[0].box // => [10, 20, 30, 40]
 */
export const parseMot = (text: string, { file = 'input' }: SourceOptions = {}): MotRow[] => {
  const seen = new Set<string>()
  return text.split(/\r?\n/).flatMap((row, i) => {
    if (row.trim() === '') return []
    const at = { op: 'parseMot', file, line: i + 1 }
    const fields = row.trim().split(/\s*,\s*|\s+/)
    if (fields.length < 6) {
      throw fault({
        ...at,
        field: 'the line',
        problem: 'wrong number of fields',
        got: shown(row),
        expected: 'at least 6',
      })
    }
    const frame = whole(fields[0], { ...at, field: 'frame' }, 0)
    const id = whole(fields[1], { ...at, field: 'id' }, -1)
    if (id >= 0 && seen.has(`${frame} ${id}`)) {
      throw fault({ ...at, field: 'id', problem: 'appears twice in its frame', got: `id ${id} in frame ${frame}` })
    }
    seen.add(`${frame} ${id}`)
    const value = (k: number, field: string): number => numberField(fields[k], { ...at, field })
    const optional = (k: number, field: string, otherwise: number): number =>
      fields[k] === undefined ? otherwise : value(k, field)
    const box = [value(2, 'x'), value(3, 'y'), value(4, 'width'), value(5, 'height')] as const
    return [
      {
        frame,
        id,
        box,
        score: optional(6, 'score', 1),
        label: optional(7, 'class', -1),
        visibility: optional(8, 'visibility', -1),
      },
    ]
  })
}

/**
 * Writes a MOT challenge results file.
 * @example
 * formatMot([{ frame: 1, id: 7, box: [1, 2, 3, 4], score: 1, label: -1, visibility: -1 }]) // => "1,7,1,2,3,4,1,-1,-1,-1\n"
 */
export const formatMot = (rows: readonly MotRow[]): string =>
  rows.map(({ frame, id, box, score }) => `${[frame, id, ...box, score].join(',')},-1,-1,-1\n`).join('')

/**
 * The rows grouped by frame, ascending, with xyxy boxes.
 * @example
 * motFrames(parseMot('2,7,10,20,30,40')) // => [{ frame: 2, ids: [7], boxes: [10, 20, 40, 60] }]
 */
export const motFrames = (rows: readonly MotRow[]): TrackFrame[] => {
  const frames = groupBy(rows, (row) => row.frame)
  return [...frames.entries()]
    .sort(([a], [b]) => a - b)
    .map(([frame, own]) => ({
      frame,
      ids: Int32Array.from(own, (r) => r.id),
      boxes: Float64Array.from(own.flatMap(({ box: [x, y, w, h] }) => [x, y, x + w, y + h])),
    }))
}
