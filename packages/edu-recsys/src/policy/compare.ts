import { ShapeError, ValueError, type Generator } from '@lanewise/core'
import type { PrerequisiteGraph } from '../graph/graph.ts'
import type { LearnerSimulator } from '../simulate/simulate.ts'
import { teach, type Policy, type TeachOptions } from './policy.ts'

/** A mean and the interval in which it lies. */
export interface MeanInterval {
  readonly mean: number
  readonly low: number
  readonly high: number
}

/** What {@link bootstrapMean} takes. */
export interface BootstrapOptions {
  /** Share of the intervals that hold the true mean, in (0, 1). Default 0.95. */
  readonly confidence?: number
  /** Samples drawn. Default 2000. */
  readonly resamples?: number
  readonly generator: Generator
}

/**
 * The mean with a bootstrap interval: the quantiles of the means of samples drawn with replacement.
 * @throws ShapeError when there are no values; ValueError when an option is out of range.
 * @source Efron 1979, percentile method; checked against scipy.stats.bootstrap 1.10 in policy.test.ts
 * @example
 * import { Generator } from '@lanewise/core'
 * bootstrapMean([2, 2, 2], { generator: new Generator(0) }) // => { mean: 2, low: 2, high: 2 }
 */
export const bootstrapMean = (
  values: ArrayLike<number>,
  { confidence = 0.95, resamples = 2000, generator }: BootstrapOptions,
): MeanInterval => {
  const n = values.length
  if (n === 0) throw new ShapeError({ op: 'bootstrapMean', problem: 'nothing to average', got: 'no values' })
  if (!(confidence > 0 && confidence < 1 && Number.isSafeInteger(resamples) && resamples >= 1)) {
    throw new ValueError({
      op: 'bootstrapMean',
      problem: 'an option is out of range',
      got: `confidence ${confidence}, resamples ${resamples}`,
      expected: 'a confidence in (0, 1) and an integer >= 1',
    })
  }
  const meanOf = (pick: (i: number) => number): number => {
    let sum = 0
    for (let i = 0; i < n; i++) sum += values[pick(i)]
    return sum / n
  }
  const means = Float64Array.from({ length: resamples }, () => meanOf(() => generator.randint(n))).sort()
  const tail = (1 - confidence) / 2
  return { mean: meanOf((i) => i), low: quantile(means, tail), high: quantile(means, 1 - tail) }
}

/** Linear between the two nearest ranks, as NumPy's default. */
const quantile = (ascending: Float64Array, share: number): number => {
  const at = share * (ascending.length - 1)
  const below = Math.floor(at)
  const above = Math.min(below + 1, ascending.length - 1)
  return ascending[below] + (at - below) * (ascending[above] - ascending[below])
}

/** What {@link comparePolicies} takes. */
export interface ComparePoliciesOptions extends Omit<TeachOptions, 'policy' | 'skills'> {
  readonly simulator: LearnerSimulator
  readonly graph: PrerequisiteGraph
  /** The policies by name. */
  readonly policies: Readonly<Record<string, Policy>>
  /** How many simulated learners each policy teaches; they are the same ones for all. */
  readonly learners: number
  /** Draws the intervals. */
  readonly generator: Generator
}

/** How much a policy taught. */
export interface PolicyGain extends MeanInterval {
  /** One learner's share of all skills that they know after the lessons and did not know before. */
  readonly gains: Float64Array
}

/**
 * Teaches the same simulated learners with each policy and compares what they know after it, which no policy can see.
 * @throws ValueError or ShapeError as {@link teach} and {@link bootstrapMean}.
 * @example
 * import { Generator } from '@lanewise/core'
 * const graph = new PrerequisiteGraph([{ id: 'add' }, { id: 'multiply', requires: ['add'] }])
 * const parameters = () => ({ prior: 0.1, learn: 0.3, forget: 0, guess: 0.2, slip: 0.1 })
 * const { ordered, upsideDown } = comparePolicies({
 *   simulator: new LearnerSimulator({ graph, parameters, seed: 0 }), graph, parameters,
 *   policies: { ordered: masteryPolicy(graph, () => 0.3), upsideDown: linearPolicy(['multiply', 'add'], 10) },
 *   learners: 50, questions: 20, generator: new Generator(0),
 * })
 * ordered.mean > upsideDown.mean // => true
 */
export const comparePolicies = (options: ComparePoliciesOptions): Record<string, PolicyGain> => {
  const { simulator, graph, policies, learners, questions, parameters, generator } = options
  const gainOf = (policy: Policy, index: number): number => {
    const learner = simulator.learner(index)
    const before = learner.knowledge()
    teach(learner, { policy, questions, skills: graph.skills, parameters })
    return learner.knowledge() - before
  }
  return Object.fromEntries(
    Object.entries(policies).map(([name, policy]) => {
      const gains = Float64Array.from({ length: learners }, (_, index) => gainOf(policy, index))
      return [name, { ...bootstrapMean(gains, { generator }), gains }]
    }),
  )
}
