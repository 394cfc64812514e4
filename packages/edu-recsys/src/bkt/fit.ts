import { Generator, math, ValueError } from '@lanewise/core'
import { needAbove, needBetween, needWhole, shown } from '../check.ts'
import type { BktParameters, BktSequence } from './bkt.ts'

/** Options of {@link fitBkt}. */
export interface BktFitOptions {
  /** Where to begin; drawn for what is left out, and drawn anew for each start after the first. */
  readonly start?: Partial<BktParameters>
  /** Parameters that keep these values. Default: none but `forget`. */
  readonly fixed?: Partial<BktParameters>
  /** Whether forgetting is fitted; else it is 0 unless `fixed` says otherwise. Default false. */
  readonly forgetting?: boolean
  /** Starts, of which the likeliest result is kept. Default 5. */
  readonly starts?: number
  /** An end when the log-likelihood rises by less. Default 1e-6. */
  readonly tolerance?: number
  /** An end after so many passes. Default 1000. */
  readonly maxIterations?: number
  /** Draws the starts. Default: seed 0. */
  readonly generator?: Generator
}

/** What {@link fitBkt} gives. */
export interface BktFit {
  readonly parameters: BktParameters
  /** Of the answers under the parameters, natural. */
  readonly logLikelihood: number
  /** Passes of the kept start. */
  readonly iterations: number
  /** Whether the tolerance was met. */
  readonly converged: boolean
}

const names = ['prior', 'learn', 'forget', 'guess', 'slip'] as const

/** The range from which a start is drawn. */
const upTo: BktParameters = { prior: 1, learn: 0.4, forget: 0.4, guess: 0.4, slip: 0.3 }

/** Expected counts: how often each step was taken, and how often it could have been. */
type Counts = { [name in keyof BktParameters]: { taken: number; possible: number } }

const noCounts = (): Counts => ({
  prior: { taken: 0, possible: 0 },
  learn: { taken: 0, possible: 0 },
  forget: { taken: 0, possible: 0 },
  guess: { taken: 0, possible: 0 },
  slip: { taken: 0, possible: 0 },
})

const count = (counts: Counts, name: keyof BktParameters, possible: number, taken: number): void => {
  counts[name].possible += possible
  counts[name].taken += taken
}

/** P(answer | mastered) and P(answer | not mastered). */
const likelihoods = (correct: boolean | null, { guess, slip }: BktParameters): [known: number, unknown: number] =>
  correct === null ? [1, 1] : correct ? [1 - slip, guess] : [slip, 1 - guess]

/**
 * Forward and backward passes over one sequence; adds expected counts where asked, and gives the log-likelihood.
 * An answer of probability 0 counts as one that tells nothing, at log 1e-300.
 */
const pass = (sequence: BktSequence, p: BktParameters, counts?: Counts): number => {
  const T = sequence.length
  const before = new Float64Array(T) // P(mastered before answer t | answers before t)
  const after = new Float64Array(T) // P(mastered before answer t | answers up to t)
  let m = p.prior
  let logLikelihood = 0
  sequence.forEach((correct, t) => {
    const [known, unknown] = likelihoods(correct, p)
    const total = m * known + (1 - m) * unknown
    before[t] = m
    after[t] = total > 0 ? (m * known) / total : m
    logLikelihood += math.log(Math.max(total, 1e-300))
    m = after[t] * (1 - p.forget) + (1 - after[t]) * p.learn
  })
  if (counts === undefined || T === 0) return logLikelihood
  let g = after[T - 1] // P(mastered before answer t | all answers)
  for (let t = T - 1; t >= 0; t--) {
    const correct = sequence[t]
    if (correct !== null) {
      count(counts, 'slip', g, correct ? 0 : g)
      count(counts, 'guess', 1 - g, correct ? 1 - g : 0)
    }
    if (t === 0) break
    const a = after[t - 1]
    // Joint probabilities of the states around the step from t - 1 to t, given all answers.
    const up = before[t] > 0 ? g / before[t] : 0
    const down = before[t] < 1 ? (1 - g) / (1 - before[t]) : 0
    const [learnt, forgot] = [(1 - a) * p.learn * up, a * p.forget * down]
    const [kept, stayed] = [a * (1 - p.forget) * up, (1 - a) * (1 - p.learn) * down]
    count(counts, 'learn', learnt + stayed, learnt)
    count(counts, 'forget', kept + forgot, forgot)
    g = kept + forgot
  }
  count(counts, 'prior', 1, g)
  return logLikelihood
}

/**
 * Log-likelihood of sequences.   sum over answers of log P(answer | answers before)
 * @example
 * bktLogLikelihood([[true, false]], { prior: 0.5, learn: 0, forget: 0, guess: 0.5, slip: 0.5 }) // => -1.386294
 */
export const bktLogLikelihood = (sequences: readonly BktSequence[], parameters: BktParameters): number =>
  sequences.reduce((sum, sequence) => sum + pass(sequence, parameters), 0)

const checkGiven = (op: string, what: string, given: Partial<BktParameters>): void => {
  for (const [name, value] of Object.entries(given)) {
    if (!(names as readonly string[]).includes(name))
      throw new ValueError({ op, problem: `${what} names no parameter`, got: shown(name), expected: names.join(', ') })
    needBetween({ op, name: `${what}.${name}`, value }, 0, 1)
  }
}

const run = (
  sequences: readonly BktSequence[],
  start: BktParameters,
  options: Required<Pick<BktFitOptions, 'fixed' | 'tolerance' | 'maxIterations'>>,
): BktFit => {
  const { fixed, tolerance, maxIterations } = options
  let parameters = start
  let last = -Infinity
  for (let iterations = 1; ; iterations++) {
    const counts = noCounts()
    const logLikelihood = sequences.reduce((sum, sequence) => sum + pass(sequence, parameters, counts), 0)
    const converged = logLikelihood - last <= tolerance
    if (converged || iterations > maxIterations) return { parameters, logLikelihood, iterations, converged }
    last = logLikelihood
    const next: { -readonly [name in keyof BktParameters]: number } = { ...parameters }
    for (const name of names) {
      const { taken, possible } = counts[name]
      if (possible > 0) next[name] = Math.min(1, taken / possible)
    }
    parameters = { ...next, ...fixed }
  }
}

/**
 * Fits the parameters of one skill by expectation maximisation, from several starts.
 * @param sequences - one for each learner
 * @throws ValueError when there are no answers, or an option is out of range.
 * @source Baum-Welch for the model of Corbett and Anderson 1995; checked against tools/golden/edu_bkt.py in bkt.test.ts
 * @example
 * const { parameters } = fitBkt([[false, false, true, true, true, true]])
 * parameters.prior < 0.01 && parameters.slip < 0.01 // => true
 */
export const fitBkt = (sequences: readonly BktSequence[], options: BktFitOptions = {}): BktFit => {
  const op = 'fitBkt'
  const { start = {}, starts = 5, tolerance = 1e-6, maxIterations = 1000, generator = new Generator(0) } = options
  const fixed = { ...(options.forgetting !== true && { forget: 0 }), ...options.fixed }
  checkGiven(op, 'start', start)
  checkGiven(op, 'fixed', fixed)
  needWhole({ op, name: 'starts', value: starts }, 1)
  needWhole({ op, name: 'maxIterations', value: maxIterations }, 1)
  needAbove({ op, name: 'tolerance', value: tolerance }, 0)
  if (!sequences.some((sequence) => sequence.some((correct) => correct !== null))) {
    throw new ValueError({
      op,
      problem: 'there are no answers',
      got: `${sequences.length} sequences`,
      expected: 'at least one',
    })
  }
  let best: BktFit | null = null
  for (let i = 0; i < starts; i++) {
    const drawn = Object.fromEntries(names.map((name) => [name, upTo[name] * generator.double()]))
    const from = { ...upTo, ...drawn, ...(i === 0 ? start : {}), ...fixed }
    const found = run(sequences, from, { fixed, tolerance, maxIterations })
    if (best === null || found.logLikelihood > best.logLikelihood) best = found
  }
  return best!
}
