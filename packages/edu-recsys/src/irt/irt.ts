/**
 * Item response theory: the chance of a right answer from a learner's ability and an item's parameters.
 *   P(theta) = c + (1 - c) / (1 + exp(-a (theta - b)))
 */
import { math } from '@lanewise/core'
import { needAbove, needBetween } from '../check.ts'

/** An item. There is no factor of 1.702: divide other programs' `a` by it where they use one. */
export interface Item {
  /** Discrimination, above 0. Default 1. */
  readonly a?: number
  /** Difficulty, on the scale of ability. */
  readonly b: number
  /** Chance of a right guess, in [0, 1). Default 0. */
  readonly c?: number
}

/** An answer to each item: right, wrong, or null where there is none. */
export type Responses = readonly (boolean | null)[]

/** Throws ValueError where an item is out of range. */
export const checkItem = (op: string, { a = 1, b, c = 0 }: Item): void => {
  needAbove({ op, name: 'a', value: a }, 0)
  needBetween({ op, name: 'b', value: b }, -Infinity, Infinity)
  needBetween({ op, name: 'c', value: c }, 0, 0.999)
}

const logistic = (x: number): number => 1 / (1 + math.exp(-x))

/**
 * The chance of a right answer.
 * @example itemProbability(0, { a: 1.2, b: 0, c: 0.2 }) // => 0.6
 */
export const itemProbability = (theta: number, { a = 1, b, c = 0 }: Item): number =>
  c + (1 - c) * logistic(a * (theta - b))

/**
 * Fisher's information of an item about ability.   I = a^2 (P - c)^2 (1 - P) / ((1 - c)^2 P)
 * @source Checked against tools/golden/edu_irt.py in irt.test.ts
 * @example itemInformation(0, { a: 2, b: 0 }) // => 1
 */
export const itemInformation = (theta: number, { a = 1, b, c = 0 }: Item): number => {
  const s = logistic(a * (theta - b))
  const p = c + (1 - c) * s
  return p === 0 ? 0 : (a * a * s * s * (1 - p)) / p
}
