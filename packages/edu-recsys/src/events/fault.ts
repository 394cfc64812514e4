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
}

/** The error for a line that is refused. */
export const fault = ({ op, file, line }: Place, problem: string, got: string, expected: string): FormatError =>
  new FormatError({ op, problem: `${file}, line ${line}: ${problem}`, got, expected })
