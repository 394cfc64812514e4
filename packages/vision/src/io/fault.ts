import { FormatError } from '@lanewise/core'

/** Where a parser reads from; the name goes into its errors. */
export interface SourceOptions {
  /** Name of the file. Default `input`. */
  readonly file?: string
}

/** Where and what a parser found wrong. */
export interface Fault {
  readonly op: string
  readonly file: string
  /** From 1. */
  readonly line: number
  /** Name or path of the field. */
  readonly field: string
  readonly problem: string
  readonly got?: string
  readonly expected?: string
}

/** The error for a fault. */
export const fault = ({ op, file, line, field, problem, got, expected }: Fault): FormatError =>
  new FormatError({ op, problem: `${file}, line ${line}, ${field}: ${problem}`, got, expected })

/** A value as it appears in an error, short. */
export const shown = (value: unknown): string => {
  const text =
    typeof value === 'string' ? JSON.stringify(value) : String(value === undefined ? value : JSON.stringify(value))
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

/** A finite number from a field of a text file. Throws FormatError otherwise. */
export const numberField = (text: string | undefined, at: Omit<Fault, 'problem' | 'got' | 'expected'>): number => {
  const trimmed = text?.trim() ?? ''
  const value = trimmed === '' ? NaN : Number(trimmed)
  if (Number.isFinite(value)) return value
  throw fault({
    ...at,
    problem: 'not a number',
    got: text === undefined ? 'nothing' : shown(text),
    expected: 'a finite number',
  })
}
