import { Generator } from '@lanewise/core'
import { needBetween, needWhole } from '../check.ts'
import { checkItem, itemInformation, itemProbability, type Item } from '../irt/irt.ts'
import { eapAbility } from '../irt/ability.ts'

/**
 * Chooses the next item among those that are left, the most informative first; never called without any.
 * `setAside` takes an item out of this test without giving it.
 */
export type Choose = (ranked: readonly number[], generator: Generator, setAside: (item: number) => void) => number

/** The most informative item: the shortest tests, and the same few items for everyone. */
export const mostInformative = (): Choose => (ranked) => ranked[0]

/**
 * One of the `count` most informative items, drawn evenly.
 * @throws ValueError when `count` is not a whole number from 1 on.
 * @source Kingsbury and Zara 1989
 * @example
 * import { Generator } from '@lanewise/core'
 * randomesque(1)([4, 2, 7], new Generator(0), () => {}) // => 4
 */
export const randomesque = (count: number): Choose => {
  needWhole({ op: 'randomesque', name: 'count', value: count }, 1)
  return (ranked, generator) => ranked[generator.randint(Math.min(count, ranked.length))]
}

/**
 * The most informative item that passes its control: item i is given with probability `controls[i]` when it is chosen,
 * else it is set aside and the next is tried; the last that is left is given anyway.
 * @throws ValueError when a control is not a probability.
 * @source Sympson and Hetter 1985
 * @example
 * import { Generator } from '@lanewise/core'
 * sympsonHetter([1, 0])([1, 0], new Generator(0), () => {}) // => 0
 */
export const sympsonHetter = (controls: ArrayLike<number>): Choose => {
  for (let i = 0; i < controls.length; i++)
    needBetween({ op: 'sympsonHetter', name: `controls[${i}]`, value: controls[i] }, 0, 1)
  return (ranked, generator, setAside) => {
    const last = ranked.length - 1
    const at = ranked.findIndex((item, i) => i === last || generator.double() < controls[item])
    ranked.slice(0, at).forEach(setAside)
    return ranked[at]
  }
}

/** Options of {@link sympsonHetterControls}. */
export interface ControlOptions {
  /** The share of tests that an item may be in, in (0, 1]. */
  readonly maxRate: number
  /** Items of a test. */
  readonly length: number
  /** Tests simulated in each pass. Default 500. */
  readonly tests?: number
  /** Passes. Default 10. */
  readonly passes?: number
  readonly generator?: Generator
}

/**
 * Controls for {@link sympsonHetter} that keep every item's share of tests near `maxRate` or below, found by simulating
 * tests of learners from N(0, 1) and lowering what is given too often.
 * @throws ValueError when an option or an item is out of range, or the bank is too small for the rate.
 * @example
 * const items = Array.from({ length: 20 }, (_, i) => ({ a: 1, b: i / 10 - 1 }))
 * const controls = sympsonHetterControls(items, { maxRate: 0.5, length: 4, tests: 50, passes: 3 })
 * controls.length // => 20
 */
export const sympsonHetterControls = (items: readonly Item[], options: ControlOptions): Float64Array => {
  const op = 'sympsonHetterControls'
  const { maxRate, length, tests = 500, passes = 10, generator = new Generator(0) } = options
  items.forEach((item, i) => checkItem(`${op}: item ${i}`, item))
  needWhole({ op, name: 'length', value: length }, 1, items.length)
  needBetween({ op, name: 'maxRate', value: maxRate }, length / items.length, 1)
  needWhole({ op, name: 'tests', value: tests }, 1)
  needWhole({ op, name: 'passes', value: passes }, 1)
  const controls = new Float64Array(items.length).fill(1)
  for (let pass = 0; pass < passes; pass++) {
    const choose = sympsonHetter(controls)
    const chosen = new Float64Array(items.length)
    const abilities = generator.normal(new Float64Array(tests))
    for (const theta of abilities) {
      const own: number[] = []
      const marks: boolean[] = []
      const spent = new Set<number>()
      while (own.length < length && spent.size < items.length) {
        const at = eapAbility(
          own.map((i) => items[i]),
          marks,
          { points: 21 },
        ).theta
        const take = (i: number): void => {
          chosen[i]++
          spent.add(i)
        }
        const next = choose(rankItems(items, at, spent), generator, take)
        take(next)
        own.push(next)
        marks.push(generator.double() < itemProbability(theta, items[next]))
      }
    }
    controls.forEach((_, i) => (controls[i] = chosen[i] > maxRate * tests ? (maxRate * tests) / chosen[i] : 1))
  }
  return controls
}

/** The items not yet spent, the most informative at `theta` first; of equals the first in the bank. */
export const rankItems = (items: readonly Item[], theta: number, spent: ReadonlySet<number>): number[] => {
  const information = items.map((item) => itemInformation(theta, item))
  return information
    .flatMap((_, i) => (spent.has(i) ? [] : [i]))
    .sort((i, j) => information[j] - information[i] || i - j)
}
