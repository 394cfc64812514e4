import { FormatError, ValueError } from '@lanewise/core'

/** Whether a value has fields. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A value as it appears in an error, short. */
export const shown = (value: unknown): string => {
  if (typeof value === 'string')
    return value.length > 60 ? `${JSON.stringify(value.slice(0, 60))}…` : JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.slice(0, 10).map(shown).join(', ')}${value.length > 10 ? ', …' : ''}]`
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}

/** A number and where it comes from. */
export interface Named {
  readonly op: string
  readonly name: string
  readonly value: unknown
}

const refuse = ({ op, name, value }: Named, expected: string): ValueError =>
  new ValueError({ op, problem: `${name} is out of range`, got: shown(value), expected })

/** A finite number in [low, high]. */
export const needBetween = (at: Named, low: number, high: number): number => {
  if (typeof at.value === 'number' && at.value >= low && at.value <= high && Math.abs(at.value) < Infinity)
    return at.value
  const from = low === -Infinity ? 'a finite number' : `a finite number >= ${low}`
  throw refuse(at, high === Infinity ? from : `a number from ${low} to ${high}`)
}

/** A finite number above `low`. */
export const needAbove = (at: Named, low: number): number => {
  if (typeof at.value === 'number' && at.value > low && at.value < Infinity) return at.value
  throw refuse(at, `a finite number above ${low}`)
}

/** A whole number from `low` to `high`. */
export const needWhole = (at: Named, low: number, high: number = Number.MAX_SAFE_INTEGER): number => {
  if (typeof at.value === 'number' && Number.isSafeInteger(at.value) && at.value >= low && at.value <= high)
    return at.value
  throw refuse(at, `a whole number from ${low}${high === Number.MAX_SAFE_INTEGER ? ' on' : ` to ${high}`}`)
}

/** Checks that saved data carry the tag of their format, and gives their fields. */
export const needFormat = (op: string, value: unknown, format: string): Readonly<Record<string, unknown>> => {
  if (isRecord(value) && value['format'] === format) return value
  throw new FormatError({
    op,
    problem: 'not what was saved',
    got: isRecord(value) ? `format ${shown(value['format'])}` : shown(value),
    expected: `an object of format ${format}`,
  })
}
