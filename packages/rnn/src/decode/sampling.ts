import { math, ValueError, type Generator } from '@lanewise/core'

/** How the next token is chosen from its logits. The filters act in this order: temperature, topK, topP. */
export interface SamplingOptions {
  /** Logits are divided by it: below 1 the likely grows likelier. 0 takes the most likely token. Default 1. */
  readonly temperature?: number
  /** Only the k most likely tokens (and those as likely as the k-th) remain. Default null: all. */
  readonly topK?: number | null
  /** Only the fewest tokens whose probabilities sum to at least p, in (0, 1], remain. Default 1: all. */
  readonly topP?: number
}

const refuse = (problem: string, got: unknown, expected: string): ValueError =>
  new ValueError({ op: 'sampling', problem, got: String(got), expected })

/** Throws unless the options are in their ranges. */
export const checkSampling = ({ temperature = 1, topK = null, topP = 1 }: SamplingOptions): void => {
  if (!(temperature >= 0 && temperature < Infinity)) {
    throw refuse('temperature is out of range', temperature, 'a finite number >= 0')
  }
  if (topK !== null && !(Number.isInteger(topK) && topK >= 1)) {
    throw refuse('topK is out of range', topK, 'an integer >= 1, or null')
  }
  if (!(topP > 0 && topP <= 1)) throw refuse('topP is out of range', topP, 'a number in (0, 1]')
}

/** The place of the largest logit, the first of equals. */
const largest = (logits: ArrayLike<number>): number => {
  let best = 0
  for (let i = 1; i < logits.length; i++) if (logits[i] > logits[best]) best = i
  return best
}

const checkLogits = (logits: ArrayLike<number>): void => {
  let possible = false
  for (let i = 0; i < logits.length; i++) {
    if (!(logits[i] < Infinity)) throw refuse(`logit ${i} is not a number below infinity`, logits[i], 'finite logits')
    if (logits[i] > -Infinity) possible = true
  }
  if (!possible) throw refuse('no token can be chosen', `${logits.length} logits`, 'one above -Infinity')
}

/** e^(x - largest) over their sum. */
const softmax = (logits: Float64Array): Float64Array<ArrayBuffer> => {
  const top = logits[largest(logits)]
  const p = Float64Array.from(logits, (x) => math.exp(x - top))
  let total = 0
  for (const value of p) total += value
  return p.map((value) => value / total)
}

/**
 * The probabilities from which {@link sampleToken} draws, after the filters. Of tokens that are equally likely at the
 * edge of topP, those with lower ids remain.
 * Shape: logits [V] -> [V].
 * @throws ValueError when an option is out of range, or a logit is NaN or Infinity.
 * @example tokenProbabilities([Math.log(6), Math.log(3), 0], { topK: 2 }) // => [0.6666667, 0.3333333, 0]
 */
export const tokenProbabilities = (
  logits: ArrayLike<number>,
  options: SamplingOptions = {},
): Float64Array<ArrayBuffer> => {
  checkSampling(options)
  checkLogits(logits)
  const { temperature = 1, topK = null, topP = 1 } = options
  if (temperature === 0) {
    const p = new Float64Array(logits.length)
    p[largest(logits)] = 1
    return p
  }
  // The distance to the largest, which no temperature turns into NaN.
  const top = logits[largest(logits)]
  const scaled = Float64Array.from(logits, (x) => (x - top) / temperature)
  if (topK !== null && topK < scaled.length) {
    const edge = Float64Array.from(logits).sort()[scaled.length - topK]
    for (let i = 0; i < scaled.length; i++) if (logits[i] < edge) scaled[i] = -Infinity
  }
  const p = softmax(scaled)
  if (topP === 1) return p
  const order = Array.from(p, (_, i) => i).sort((a, b) => p[b] - p[a] || a - b)
  let total = 0
  for (const i of order) {
    if (total >= topP) scaled[i] = -Infinity
    total += p[i]
  }
  return softmax(scaled)
}

/**
 * Chooses a token, with the draws of `torch.multinomial(probabilities, 1)`: under the same seed PyTorch chooses the
 * same. Temperature 0 draws nothing.
 * @param logits - [V]
 * @param generator - where the draws come from
 * @returns the token's id
 * @throws ValueError when an option is out of range, or a logit is NaN or Infinity.
 * @source Checked against torch.multinomial 1.13 in sampling.test.ts
 * @example
 * import { Generator } from '@lanewise/core'
 * sampleToken([0, 5, 1], new Generator(0), { temperature: 0 }) // => 1
 */
export const sampleToken = (logits: ArrayLike<number>, generator: Generator, options: SamplingOptions = {}): number => {
  const p = tokenProbabilities(logits, options)
  if (options.temperature === 0) return largest(p)
  // A race of exponential clocks: token i wins with probability p[i].
  const race = generator.exponential(new Float32Array(p.length))
  for (let i = 0; i < race.length; i++) race[i] = Math.fround(p[i]) / race[i]
  return largest(race)
}
