import { FormatError, Generator, ValueError } from '@lanewise/core'
import { isRecord, needBetween, needFormat, shown } from '../check.ts'
import { byLearner, type Answer } from '../events/answer.ts'
import type { LearnerModel } from '../events/learner-model.ts'
import { bktPredict, bktUpdate, type BktParameters } from './bkt.ts'
import { bktDegeneracies, type BktDegeneracy } from './degeneracy.ts'
import { fitBkt, type BktFitOptions } from './fit.ts'

const format = 'lanewise.bkt.1'
const names = ['prior', 'learn', 'forget', 'guess', 'slip'] as const

/** Mastery by skill; a skill that is not there yet has its prior. */
export type BktState = Readonly<Record<string, number>>

/** What {@link BktModel.toJSON} gives. */
export interface SavedBkt {
  readonly format: string
  readonly skills: Readonly<Record<string, BktParameters>>
}

/** Each learner's answers to each skill, in order: `sequences.get(skill)` has one list a learner. */
const sequencesOf = (answers: Iterable<Answer>): Map<string, boolean[][]> => {
  const sequences = new Map<string, boolean[][]>()
  for (const own of byLearner(answers).values()) {
    const lists = new Map<string, boolean[]>()
    for (const { skills, correct } of own) {
      for (const skill of skills) {
        const list = lists.get(skill)
        if (list) list.push(correct)
        else lists.set(skill, [correct])
      }
    }
    for (const [skill, list] of lists) {
      const all = sequences.get(skill)
      if (all) all.push(list)
      else sequences.set(skill, [list])
    }
  }
  return sequences
}

const parametersOf = (skill: string, value: unknown): BktParameters => {
  const op = `BktModel.from: skills.${skill}`
  if (!isRecord(value))
    throw new FormatError({ op, problem: 'not parameters', got: shown(value), expected: names.join(', ') })
  const [prior, learn, forget, guess, slip] = names.map((name) => needBetween({ op, name, value: value[name] }, 0, 1))
  return { prior, learn, forget, guess, slip }
}

/**
 * Bayesian knowledge tracing of many skills, fitted to answers or loaded. A question of several skills is right with
 * the mean of their chances; its answer speaks about each of them.
 * @example
 * const marks = [false, false, true, true, true, true]
 * const answers = marks.map((correct) => ({ learner: 'ann', skills: ['fractions'], correct }))
 * const model = BktModel.fit(answers)
 * let state = model.start()
 * for (const correct of [false, true]) state = model.update(state, { skills: ['fractions'], correct })
 * model.mastery(state, 'fractions') > 0.99 // => true
 */
export class BktModel implements LearnerModel<BktState> {
  /** By skill. */
  readonly parameters: ReadonlyMap<string, BktParameters>

  /** @param parameters - by skill */
  constructor(parameters: Iterable<readonly [skill: string, parameters: BktParameters]>) {
    this.parameters = new Map(parameters)
    for (const [skill, own] of this.parameters)
      for (const name of names) needBetween({ op: `BktModel: ${skill}`, name, value: own[name] }, 0, 1)
  }

  /**
   * Fits each skill by {@link fitBkt}.
   * @throws ValueError when no answer has a skill.
   */
  static fit(answers: Iterable<Answer>, options: BktFitOptions = {}): BktModel {
    const generator = options.generator ?? new Generator(0)
    const sequences = sequencesOf(answers)
    if (sequences.size === 0)
      throw new ValueError({ op: 'BktModel.fit', problem: 'no answer has a skill', expected: 'at least one' })
    return new BktModel(
      [...sequences].map(([skill, own]) => [skill, fitBkt(own, { ...options, generator }).parameters]),
    )
  }

  /**
   * The model that {@link toJSON} saved.
   * @throws FormatError or ValueError naming what does not fit.
   */
  static from(saved: unknown): BktModel {
    const { skills } = needFormat('BktModel.from', saved, format)
    if (!isRecord(skills))
      throw new FormatError({
        op: 'BktModel.from',
        problem: 'there are no skills',
        got: shown(skills),
        expected: 'an object',
      })
    return new BktModel(Object.entries(skills).map(([skill, value]) => [skill, parametersOf(skill, value)]))
  }

  /** Plain data for JSON. */
  toJSON(): SavedBkt {
    return { format, skills: Object.fromEntries(this.parameters) }
  }

  start(): BktState {
    return {}
  }

  /**
   * The probability of mastery before the next answer.
   * @throws ValueError when the skill is not known, or the state holds something else than a probability for it.
   */
  mastery(state: BktState, skill: string): number {
    if (!Object.hasOwn(state, skill)) return this.of(skill).prior
    const value: unknown = state[skill]
    if (typeof value === 'number' && value >= 0 && value <= 1) return value
    return needBetween({ op: 'BktModel', name: `the state of ${shown(skill)}`, value }, 0, 1)
  }

  predict(state: BktState, skills: readonly string[]): number {
    if (skills.length === 0)
      throw new ValueError({ op: 'BktModel', problem: 'there are no skills', got: '[]', expected: 'at least one' })
    return (
      skills.reduce((sum, skill) => sum + bktPredict(this.mastery(state, skill), this.of(skill)), 0) / skills.length
    )
  }

  update(state: BktState, { skills, correct }: Pick<Answer, 'skills' | 'correct'>): BktState {
    const next = skills.map((skill) => [skill, bktUpdate(this.mastery(state, skill), correct, this.of(skill))] as const)
    return { ...state, ...Object.fromEntries(next) }
  }

  /** The skills whose parameters are degenerate, with what is wrong; see {@link bktDegeneracies}. */
  degeneracies(): Map<string, BktDegeneracy[]> {
    const all = [...this.parameters].map(([skill, own]) => [skill, bktDegeneracies(own)] as const)
    return new Map(all.filter(([, found]) => found.length > 0))
  }

  private of(skill: string): BktParameters {
    const found = this.parameters.get(skill)
    if (found !== undefined) return found
    throw new ValueError({
      op: 'BktModel',
      problem: 'the skill is not known',
      got: shown(skill),
      expected: `one of ${this.parameters.size} skills`,
      advice: 'Fit the model on answers to it, or construct it with parameters for it',
    })
  }
}
