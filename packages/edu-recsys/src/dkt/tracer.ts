import { math, ValueError, type RecurrentStepper } from '@lanewise/core'
import { shown } from '../check.ts'
import type { Answer } from '../events/answer.ts'
import type { LearnerModel } from '../events/learner-model.ts'
import type { Dkt } from './dkt.ts'

/** What a trained model keeps of a learner. */
export interface DktState {
  /** The LSTM's states, h then c. */
  readonly hidden: Float32Array<ArrayBuffer>
  /** What it says of the next answer, by skill. */
  readonly logits: Float32Array<ArrayBuffer>
}

/**
 * A trained {@link Dkt} as a model of learners: one step of the network for each answer, with the weights as they are
 * when it is made. Before the first answer it knows what the output layer says of an empty state.
 * @example
 * const tracer = new DktTracer(new Dkt({ skills: ['add', 'subtract'], hiddenSize: 8 }))
 * const state = tracer.update(tracer.start(), { skills: ['add'], correct: true })
 * tracer.predict(state, ['subtract']) > 0 // => true
 */
export class DktTracer implements LearnerModel<DktState> {
  readonly skills: readonly string[]
  private readonly place: ReadonlyMap<string, number>
  private readonly table: Float32Array
  private readonly width: number
  private readonly stepper: RecurrentStepper
  private readonly empty: DktState

  constructor(model: Dkt) {
    this.skills = model.skills
    this.place = new Map(model.skills.map((skill, i) => [skill, i]))
    this.table = Float32Array.from(model.embedding.weight.dataSync())
    this.width = model.embeddingDim
    this.stepper = model.sequence.stepper()
    const bias = model.sequence.decoder.bias
    this.empty = {
      hidden: this.stepper.state(),
      logits: bias === null ? new Float32Array(model.skills.length) : Float32Array.from(bias.dataSync()),
    }
  }

  start(): DktState {
    return this.empty
  }

  predict({ logits }: DktState, skills: readonly string[]): number {
    const own = this.placesOf(skills)
    return 1 / (1 + math.exp(-own.reduce((sum, i) => sum + logits[i], 0) / own.length))
  }

  /** @throws ValueError when a skill is not known or the state is not finite, ShapeError when it is of another model. */
  update({ hidden }: DktState, { skills, correct }: Pick<Answer, 'skills' | 'correct'>): DktState {
    const own = this.placesOf(skills)
    const x = new Float32Array(this.width)
    for (const i of own) {
      const from = (i + (correct ? this.skills.length : 0)) * this.width
      for (let e = 0; e < x.length; e++) x[e] += this.table[from + e] / own.length
    }
    if (!Array.prototype.every.call(hidden, Number.isFinite))
      throw new ValueError({ op: 'DktTracer', problem: 'the state is not finite', expected: 'what update() gave' })
    this.stepper.setState(hidden)
    const logits = Float32Array.from(this.stepper.step(x))
    return { hidden: this.stepper.state(), logits }
  }

  private placesOf(skills: readonly string[]): number[] {
    if (skills.length === 0)
      throw new ValueError({ op: 'DktTracer', problem: 'there are no skills', got: '[]', expected: 'at least one' })
    return skills.map((skill) => {
      const i = this.place.get(skill)
      if (i !== undefined) return i
      throw new ValueError({
        op: 'DktTracer',
        problem: 'the skill is not known',
        got: shown(skill),
        expected: `one of ${this.skills.length} skills`,
      })
    })
  }
}
