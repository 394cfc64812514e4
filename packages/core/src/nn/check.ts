import { ValueError } from '../errors.ts'

/** Throws unless each named size is an integer >= 1 (or another least value). */
export const checkSizes = (layer: string, sizes: Readonly<Record<string, number>>, least = 1): void => {
  for (const [name, value] of Object.entries(sizes)) {
    if (Number.isInteger(value) && value >= least) continue
    throw new ValueError({
      op: layer,
      problem: `${name} does not fit`,
      got: String(value),
      expected: `an integer >= ${least}`,
    })
  }
}

/** Throws unless `groups` divides each of the named sizes. */
export const checkGroups = (layer: string, groups: number, sizes: Readonly<Record<string, number>>): void => {
  checkSizes(layer, { groups })
  for (const [name, value] of Object.entries(sizes)) {
    if (value % groups === 0) continue
    throw new ValueError({
      op: layer,
      problem: `groups do not divide ${name}`,
      got: `${groups} groups and ${name} ${value}`,
      expected: `a divisor of ${value}`,
    })
  }
}

/** Throws unless `value` is a probability. */
export const checkProbability = (layer: string, p: number): void => {
  if (p >= 0 && p <= 1) return
  throw new ValueError({ op: layer, problem: 'p is not a probability', got: String(p), expected: 'a number in [0, 1]' })
}
