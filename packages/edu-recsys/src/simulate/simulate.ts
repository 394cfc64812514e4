import { Generator, math, ValueError } from '@lanewise/core'
import type { BktParameters } from '../bkt/bkt.ts'
import type { Answer } from '../events/answer.ts'
import type { PrerequisiteGraph } from '../graph/graph.ts'

/** What {@link LearnerSimulator} takes. */
export interface LearnerSimulatorOptions {
  /** The skills, and what stands before what. */
  readonly graph: PrerequisiteGraph
  /** How a skill is known, learnt, guessed and slipped. */
  readonly parameters: (skill: string) => BktParameters
  /** The same seed, the same learners. */
  readonly seed: number
  /** The chance to learn is multiplied by this for every required skill that the learner does not know. Default 0.2. */
  readonly readiness?: number
  /** How far learners differ: their odds of learning and of knowing beforehand are exp(spread z) times as high, z ~ N(0, 1). Default 0.5. */
  readonly spread?: number
  /** The chance, at each answer, to forget a known skill that the answer does not practise. Default 0. */
  readonly decay?: number
}

/** Mixes two integers into the seed of a stream of its own. */
const mixed = (seed: number, index: number): number => {
  let x = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35)
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d)
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
  return (x ^ (x >>> 16)) >>> 0
}

/** A probability with its odds multiplied. */
const withOdds = (p: number, factor: number): number => (p * factor) / (1 - p + p * factor)

/**
 * Learners made from a seed, who answer as Bayesian knowledge tracing has it, learn less where something before is
 * missing, and differ in how fast they are. Every learner has a stream of draws of their own, and each answer takes the
 * same number of them, so that two ways of teaching can be compared on the very same learners.
 * @throws ValueError when an option or a parameter is out of range.
 * @example
 * const graph = new PrerequisiteGraph([{ id: 'add' }, { id: 'multiply', requires: ['add'] }])
 * const parameters = () => ({ prior: 0.2, learn: 0.3, forget: 0, guess: 0.2, slip: 0.1 })
 * const learner = new LearnerSimulator({ graph, parameters, seed: 1 }).learner(0)
 * for (let i = 0; i < 30; i++) learner.answer('add')
 * learner.knows('add') // => true
 */
export class LearnerSimulator {
  readonly #options: Required<LearnerSimulatorOptions>

  constructor(options: LearnerSimulatorOptions) {
    const { readiness = 0.2, spread = 0.5, decay = 0 } = options
    checkRange('readiness', readiness, 0, 1)
    checkRange('decay', decay, 0, 1)
    checkRange('spread', spread, 0, 10)
    checkRange('seed', options.seed, -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
    for (const skill of options.graph.skills)
      for (const [name, value] of Object.entries(options.parameters(skill)))
        checkRange(`${name} of ${skill}`, value, 0, 1)
    this.#options = { ...options, readiness, spread, decay }
  }

  /** Learner `index`, as they are before the first answer; each call makes them anew. */
  learner(index: number): SimulatedLearner {
    return new SimulatedLearner(index, this.#options)
  }
}

/** One learner of a {@link LearnerSimulator}. */
export class SimulatedLearner {
  readonly id: string
  /** Factor of this learner's odds. */
  readonly speed: number
  readonly #options: Required<LearnerSimulatorOptions>
  readonly #generator: Generator
  readonly #known: Set<string> = new Set()

  constructor(index: number, options: Required<LearnerSimulatorOptions>) {
    this.id = `learner-${index}`
    this.#options = options
    this.#generator = new Generator(mixed(options.seed, index))
    this.speed = math.exp(options.spread * this.#generator.normal(new Float64Array(1))[0])
    for (const skill of options.graph.skills) {
      const knows = this.#generator.double() < withOdds(options.parameters(skill).prior, this.speed)
      if (knows && options.graph.requires(skill).every((before) => this.#known.has(before))) this.#known.add(skill)
    }
  }

  /** What no tutor can see: whether the learner has the skill. */
  knows(skill: string): boolean {
    return this.#known.has(skill)
  }

  /** The share of all skills that the learner has. */
  knowledge(): number {
    return this.#known.size / this.#options.graph.skills.length
  }

  /**
   * Answers a question of one skill, and learns from it.
   * @throws ValueError when there is no such skill.
   */
  answer(skill: string): Answer {
    const missing = this.#options.graph.requires(skill).filter((before) => !this.#known.has(before)).length
    const { guess, slip, learn, forget } = this.#options.parameters(skill)
    const knew = this.#known.has(skill)
    const correct = this.#generator.double() < (knew ? 1 - slip : guess)
    const draw = this.#generator.double()
    if (knew && draw < forget) this.#known.delete(skill)
    if (!knew && draw < withOdds(learn, this.speed) * math.pow(this.#options.readiness, missing)) this.#known.add(skill)
    this.#forgetOthers(skill)
    return { learner: this.id, question: skill, skills: [skill], correct }
  }

  #forgetOthers(practised: string): void {
    const { decay, graph } = this.#options
    if (decay === 0) return
    for (const skill of graph.skills)
      if (this.#generator.double() < decay && skill !== practised) this.#known.delete(skill)
  }
}

const checkRange = (what: string, value: number, low: number, high: number): void => {
  if (value >= low && value <= high) return
  throw new ValueError({
    op: 'LearnerSimulator',
    problem: `${what} is out of range`,
    got: String(value),
    expected: `a number from ${low} to ${high}`,
  })
}
