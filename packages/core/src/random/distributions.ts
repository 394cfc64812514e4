import { ValueError } from '../errors.ts'
import { erf, erfInv } from '../math/erf.ts'
import { defaultGenerator } from './default.ts'
import type { FloatArray, Generator } from './generator.ts'

/** What {@link truncNormal} takes. */
export interface TruncNormalOptions {
  /** Mean before truncation. Default 0. */
  readonly mean?: number
  /** Standard deviation before truncation, above 0. Default 1. */
  readonly std?: number
  /** Smallest value. Default -2. */
  readonly a?: number
  /** Largest value. Default 2. */
  readonly b?: number
  /** Default {@link defaultGenerator}. */
  readonly generator?: Generator
}

const cdf = (x: number): number => (1 + erf(x * Math.SQRT1_2)) / 2

/**
 * Fills `out` from a normal distribution cut to [a, b], with the draws of `torch.nn.init.trunc_normal_`.
 * @returns `out`
 * @throws ValueError when a > b, or mean or std is not finite, or std is not above 0.
 * @source Checked against torch 1.13 (to 1e-7 std) in distributions.test.ts
 */
export const truncNormal = <T extends FloatArray>(out: T, options: TruncNormalOptions = {}): T => {
  const { mean = 0, std = 1, a = -2, b = 2, generator = defaultGenerator() } = options
  if (!(a <= b && std > 0 && std < Infinity && Number.isFinite(mean))) {
    throw new ValueError({
      op: 'truncNormal',
      problem: 'not a truncated normal distribution',
      got: `mean ${mean}, std ${std}, a ${a}, b ${b}`,
      expected: 'a <= b, a finite mean and a finite std above 0',
    })
  }
  const round = out instanceof Float32Array ? Math.fround : (x: number): number => x
  const low = cdf((a - mean) / std)
  const high = cdf((b - mean) / std)
  const scale = round(std * Math.SQRT2)
  generator.uniform(out, 2 * low - 1, 2 * high - 1)
  for (let i = 0; i < out.length; i++) {
    const x = round(round(erfInv(out[i])) * scale) + round(mean)
    out[i] = Math.min(Math.max(x, a), b)
  }
  return out
}

/** What {@link multinomial} takes. */
export interface MultinomialOptions {
  /** Whether a category may come up again. Default false. */
  readonly replacement?: boolean
  /** Default {@link defaultGenerator}. */
  readonly generator?: Generator
}

const refuse = (problem: string, got: string, expected: string): ValueError =>
  new ValueError({ op: 'multinomial', problem, got, expected })

const checkWeights = (weights: FloatArray, count: number, replacement: boolean): void => {
  let possible = 0
  for (const w of weights) {
    if (!(w >= 0 && w < Infinity)) throw refuse('a weight is not valid', String(w), 'finite weights >= 0')
    if (w > 0) possible++
  }
  const limit = replacement ? Infinity : possible
  if (possible === 0)
    throw refuse('nothing can be drawn', `${weights.length} weights, none above 0`, 'a weight above 0')
  if (!(Number.isInteger(count) && count >= 1 && count <= limit)) {
    throw refuse(
      'not a number of draws',
      String(count),
      replacement ? 'an integer >= 1' : `an integer in [1, ${limit}]`,
    )
  }
}

/** The index of the cumulative weight that each draw falls below. */
const drawWithReplacement = (weights: FloatArray, count: number, generator: Generator): Int32Array<ArrayBuffer> => {
  const n = weights.length
  const cumulative = weights.slice()
  for (let i = 1; i < n; i++) cumulative[i] = cumulative[i] + cumulative[i - 1]
  const total = cumulative[n - 1]
  for (let i = 0; i < n; i++) cumulative[i] = cumulative[i] / total
  cumulative[n - 1] = 1
  const drawn = new Int32Array(count)
  for (let i = 0; i < count; i++) {
    const u = generator.double()
    let low = 0
    let high = n
    while (low < high) {
      const middle = (low + high) >> 1
      if (cumulative[middle] < u) low = middle + 1
      else high = middle
    }
    drawn[i] = low
  }
  return drawn
}

/** The largest of weight / exponential draw, largest first: a race that each category wins by its weight. */
const drawRace = (weights: FloatArray, count: number, generator: Generator): Int32Array<ArrayBuffer> => {
  const scores = generator.exponential(weights.slice())
  for (let i = 0; i < scores.length; i++) scores[i] = weights[i] / scores[i]
  if (count === 1) {
    let best = 0
    for (let i = 1; i < scores.length; i++) if (scores[i] > scores[best]) best = i
    return Int32Array.of(best)
  }
  const order = Int32Array.from(scores, (_, i) => i)
  return order.sort((i, j) => scores[j] - scores[i] || i - j).slice(0, count)
}

/**
 * Draws `count` categories with probabilities in proportion to `weights`, as `torch.multinomial` of one row; rows of
 * a matrix are drawn one after the other. Unlike PyTorch, more draws than positive weights are refused.
 * @param weights - finite, >= 0, not all 0; they need not sum to 1
 * @returns the categories, in the order drawn
 * @throws ValueError when the weights are not such, or `count` exceeds what can be drawn.
 */
export const multinomial = (
  weights: FloatArray,
  count: number,
  options: MultinomialOptions = {},
): Int32Array<ArrayBuffer> => {
  const { replacement = false, generator = defaultGenerator() } = options
  checkWeights(weights, count, replacement)
  const draw = replacement ? drawWithReplacement : drawRace
  return draw(weights, count, generator)
}

/** What {@link choice} takes. */
export interface ChoiceOptions extends MultinomialOptions {
  /** A weight for each item. Default: all the same. */
  readonly weights?: FloatArray
}

/**
 * Draws `count` of the items: from a random permutation, or with replacement, or by weight.
 * @returns the items drawn, in the order drawn
 * @throws ValueError when `count` exceeds what can be drawn.
 */
export const choice = <T>(items: readonly T[], count: number, options: ChoiceOptions = {}): T[] => {
  const { weights, replacement = false, generator = defaultGenerator() } = options
  const limit = replacement && items.length > 0 ? Infinity : items.length
  if (!(Number.isInteger(count) && count >= 0 && count <= limit) || (weights && weights.length !== items.length)) {
    throw new ValueError({
      op: 'choice',
      problem: 'the items cannot be drawn',
      got: `${count} of ${items.length} items${weights ? ` with ${weights.length} weights` : ''}`,
      expected: replacement ? 'a weight for each item' : 'no more draws than items, and a weight for each item',
    })
  }
  if (count === 0) return []
  const drawn = weights
    ? multinomial(weights, count, { replacement, generator })
    : replacement
      ? generator.integers(new Int32Array(count), 0, items.length)
      : generator.randperm(items.length).subarray(0, count)
  return Array.from(drawn, (i) => items[i])
}
