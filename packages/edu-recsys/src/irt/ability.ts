import { math, ValueError } from '@lanewise/core'
import { needAbove, needWhole } from '../check.ts'
import { checkItem, itemInformation, itemProbability, type Item, type Responses } from './irt.ts'

/** An estimate of ability. */
export interface Ability {
  readonly theta: number
  /** Standard error; of EAP the posterior's standard deviation. */
  readonly standardError: number
}

/** Options of {@link eapAbility}. */
export interface EapOptions {
  /** The prior's mean. Default 0. */
  readonly mean?: number
  /** The prior's standard deviation. Default 1. */
  readonly sd?: number
  /** Points of the integral, evenly over 6 standard deviations to each side. Default 61. */
  readonly points?: number
}

/** A grid over ability with the weights of a normal distribution, which sum to 1. */
export interface Grid {
  readonly theta: Float64Array
  readonly weight: Float64Array
}

/** An even grid with normal weights. */
export const normalGrid = ({ mean = 0, sd = 1, points = 61 }: EapOptions = {}): Grid => {
  const step = 12 / (points - 1)
  const z = Float64Array.from({ length: points }, (_, i) => -6 + i * step)
  const density = z.map((x) => math.exp(-0.5 * x * x))
  const total = density.reduce((sum, d) => sum + d, 0)
  return { theta: z.map((x) => mean + sd * x), weight: density.map((d) => d / total) }
}

const checkPairs = (op: string, items: readonly Item[], responses: Responses): void => {
  if (items.length !== responses.length) {
    throw new ValueError({
      op,
      problem: 'items and responses do not pair up',
      got: `${items.length} and ${responses.length}`,
      expected: 'the same number',
    })
  }
  items.forEach((item, i) => checkItem(`${op}: item ${i}`, item))
}

/**
 * Ability as the mean of its distribution given the answers, with a normal prior: defined for every pattern of answers.
 * @throws ValueError when items and responses do not pair up, or a parameter is out of range.
 * @source Bock and Mislevy 1982; checked against tools/golden/edu_irt.py in irt.test.ts
 * @example
 * const items = [{ b: -1 }, { b: 0 }, { b: 1 }]
 * eapAbility(items, [true, true, false]).theta > eapAbility(items, [true, false, false]).theta // => true
 * eapAbility(items, [null, null, null]).standardError // => 1.0000
 */
export const eapAbility = (items: readonly Item[], responses: Responses, options: EapOptions = {}): Ability => {
  const op = 'eapAbility'
  checkPairs(op, items, responses)
  needAbove({ op, name: 'sd', value: options.sd ?? 1 }, 0)
  needWhole({ op, name: 'points', value: options.points ?? 61 }, 3)
  const { theta, weight } = normalGrid(options)
  const logs = weight.map((w, q) => math.log(w) + logLikelihood(theta[q], items, responses))
  const most = Math.max(...logs)
  const posterior = logs.map((l) => math.exp(l - most))
  const total = posterior.reduce((sum, p) => sum + p, 0)
  const mean = posterior.reduce((sum, p, q) => sum + (p / total) * theta[q], 0)
  const variance = posterior.reduce((sum, p, q) => sum + (p / total) * (theta[q] - mean) * (theta[q] - mean), 0)
  return { theta: mean, standardError: Math.sqrt(variance) }
}

const logLikelihood = (theta: number, items: readonly Item[], responses: Responses): number =>
  responses.reduce((sum, correct, i) => {
    if (correct === null) return sum
    const p = itemProbability(theta, items[i])
    return sum + math.log(Math.max(correct ? p : 1 - p, 1e-300))
  }, 0)

/**
 * Ability of the highest likelihood in [-bound, bound]: an end of it where all answers are right or all wrong.
 * @returns the standard error is 1 / sqrt(information)
 * @throws ValueError when there are no answers, or items and responses do not pair up.
 * @example mleAbility([{ b: -1 }, { b: 1 }], [true, false]).theta // => 0.0000
 */
export const mleAbility = (
  items: readonly Item[],
  responses: Responses,
  { bound = 6 }: { readonly bound?: number } = {},
): Ability => {
  const op = 'mleAbility'
  checkPairs(op, items, responses)
  needAbove({ op, name: 'bound', value: bound }, 0)
  if (responses.every((correct) => correct === null))
    throw new ValueError({
      op,
      problem: 'there are no answers',
      got: `${responses.length} missing`,
      expected: 'at least one',
    })
  const value = (theta: number): number => logLikelihood(theta, items, responses)
  const theta = highest(value, bound)
  const information = items.reduce(
    (sum, item, i) => (responses[i] === null ? sum : sum + itemInformation(theta, item)),
    0,
  )
  return { theta, standardError: 1 / Math.sqrt(information) }
}

const golden = 0.6180339887498949

/** Where a function of [-bound, bound] is highest: the best point of a grid, then the golden section around it. */
const highest = (value: (x: number) => number, bound: number): number => {
  const step = bound / 60
  let best = -bound
  for (let i = 1; i <= 120; i++) if (value(-bound + i * step) > value(best)) best = -bound + i * step
  let [low, high] = [Math.max(-bound, best - step), Math.min(bound, best + step)]
  while (high - low > 1e-10) {
    const span = golden * (high - low)
    if (value(high - span) >= value(low + span)) high = low + span
    else low += high - low - span
  }
  const middle = (low + high) / 2
  return [-bound, bound].reduce((x, end) => (value(end) > value(x) ? end : x), middle)
}
