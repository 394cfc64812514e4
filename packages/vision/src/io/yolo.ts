import { fault, numberField, shown, type SourceOptions } from './fault.ts'

/** A labelled box of a YOLO text file. */
export interface YoloLabel {
  readonly label: number
  /** Centre and size as fractions of the image. */
  readonly box: readonly [cx: number, cy: number, w: number, h: number]
  /** In files of detections. */
  readonly score?: number
}

/**
 * Reads YOLO's text, one box a line: class, centre x, centre y, width, height as fractions, and in files of
 * detections a score.
 * @throws FormatError naming file, line and field at a wrong number of fields, a class that is not a whole number from
 * 0 on, or a value that is not finite.
 * @example
 * parseYolo('2 0.5 0.5 0.2 0.4') // => [{ label: 2, box: [0.5, 0.5, 0.2, 0.4] }]
 */
export const parseYolo = (text: string, { file = 'input' }: SourceOptions = {}): YoloLabel[] =>
  text.split(/\r?\n/).flatMap((row, i) => {
    if (row.trim() === '') return []
    const at = { op: 'parseYolo', file, line: i + 1 }
    const fields = row.trim().split(/\s+/)
    if (fields.length !== 5 && fields.length !== 6) {
      throw fault({
        ...at,
        field: 'the line',
        problem: 'wrong number of fields',
        got: shown(row),
        expected: '5, or 6 with a score',
      })
    }
    const label = numberField(fields[0], { ...at, field: 'class' })
    if (!(Number.isInteger(label) && label >= 0)) {
      throw fault({
        ...at,
        field: 'class',
        problem: 'not a class',
        got: fields[0],
        expected: 'a whole number from 0 on',
      })
    }
    const value = (k: number, field: string): number => numberField(fields[k], { ...at, field })
    const box = [value(1, 'x'), value(2, 'y'), value(3, 'width'), value(4, 'height')] as const
    return [fields.length === 6 ? { label, box, score: value(5, 'score') } : { label, box }]
  })

/**
 * Writes YOLO's text; {@link parseYolo} reads it back.
 * @example
 * formatYolo([{ label: 2, box: [0.5, 0.5, 0.2, 0.4] }]) // => "2 0.5 0.5 0.2 0.4\n"
 */
export const formatYolo = (labels: readonly YoloLabel[]): string =>
  labels
    .map(({ label, box, score }) => [label, ...box, ...(score === undefined ? [] : [score])].join(' ') + '\n')
    .join('')
