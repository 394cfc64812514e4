import { FormatError } from '@lanewise/core'

/** Where a reader reads from; the name goes into its errors. */
export interface SourceOptions {
  /** Name of the file. Default `input`. */
  readonly file?: string
}

/** A reader and the line it stands at. */
export interface Place {
  readonly op: string
  readonly file: string
  /** From 1. */
  readonly line: number
  /** What `line` counts. Default lines. */
  readonly unit?: 'line' | 'statement'
}

/** The error for a line that is refused. */
export const fault = (place: Place, problem: string, got: string, expected: string): FormatError =>
  new FormatError({ op: place.op, problem: `${placeOf(place)}: ${problem}`, got, expected })

/** File and line, for messages. */
export const placeOf = ({ file, line, unit = 'line' }: Pick<Place, 'file' | 'line' | 'unit'>): string =>
  `${file}, ${unit} ${line}`
