import { ShapeError, ValueError, type Generator } from '@lanewise/core'
import { bktUpdate, type BktParameters } from '../bkt/bkt.ts'
import type { Answer } from '../events/answer.ts'
import type { Mastery, PrerequisiteGraph } from '../graph/graph.ts'

/** What a tutor can see of a learner. */
export interface TutorView {
  /** Answers so far. */
  readonly answers: readonly Answer[]
  /** What the tutor's model makes of them. */
  readonly mastery: Mastery
}

/** Says which skill a learner is given next. */
export type Policy = (view: TutorView) => string

const checkSkills = (op: string, skills: readonly string[]): void => {
  if (skills.length > 0) return
  throw new ShapeError({ op, problem: 'nothing to choose from', got: 'no skills', expected: 'at least one' })
}

/**
 * Any skill, each as likely.
 * @throws ShapeError when there are no skills.
 * @example
 * import { Generator } from '@lanewise/core'
 * const policy = randomPolicy(['a', 'b'], new Generator(0))
 * const view = { answers: [], mastery: new Map() }
 * new Set(Array.from({ length: 20 }, () => policy(view))).size // => 2
 */
export const randomPolicy = (skills: readonly string[], generator: Generator): Policy => {
  checkSkills('randomPolicy', skills)
  return () => skills[generator.randint(skills.length)]
}

/**
 * The skills one after the other, as many questions of each, and round again: a course for everybody alike.
 * @param each - questions of one skill before the next, from 1
 * @throws ShapeError when there are no skills; ValueError when `each` is not a positive integer.
 * @example
 * const policy = linearPolicy(['a', 'b'], 2)
 * const answer = { learner: 'ann', skills: ['a'], correct: true }
 * policy({ answers: [answer], mastery: new Map() }) // => 'a'
 * policy({ answers: [answer, answer], mastery: new Map() }) // => 'b'
 */
export const linearPolicy = (skills: readonly string[], each: number): Policy => {
  checkSkills('linearPolicy', skills)
  if (!(Number.isSafeInteger(each) && each >= 1))
    throw new ValueError({
      op: 'linearPolicy',
      problem: 'not a number of questions',
      got: String(each),
      expected: 'an integer >= 1',
    })
  return ({ answers }) => skills[Math.floor(answers.length / each) % skills.length]
}

/**
 * The open skill of which an answer is expected to teach most, (1 - mastery) learn; where two are equal, the one that
 * comes first in the graph. When every skill is mastered, the one least so is repeated.
 * @param learn - the chance to learn each skill from one answer
 * @example
 * const graph = new PrerequisiteGraph([{ id: 'add' }, { id: 'multiply', requires: ['add'] }])
 * const policy = masteryPolicy(graph, () => 0.2)
 * policy({ answers: [], mastery: new Map([['add', 0.3]]) }) // => 'add'
 * policy({ answers: [], mastery: new Map([['add', 0.99]]) }) // => 'multiply'
 */
export const masteryPolicy = (graph: PrerequisiteGraph, learn: (skill: string) => number): Policy => {
  checkSkills('masteryPolicy', graph.skills)
  return ({ mastery }) => {
    const open = graph.open(mastery)
    const candidates = open.length > 0 ? open : graph.skills
    const value = (skill: string): number => (1 - (mastery.get(skill) ?? 0)) * learn(skill)
    return candidates.reduce((best, skill) => (value(skill) > value(best) ? skill : best))
  }
}

/** Somebody who can be taught: a {@link SimulatedLearner}, or a person behind a screen. */
export interface Learner {
  /** Works on a question of a skill. */
  answer(skill: string): Answer
}

/** What {@link teach} takes. */
export interface TeachOptions {
  readonly policy: Policy
  /** Questions to ask. */
  readonly questions: number
  /** The skills whose mastery is traced. */
  readonly skills: readonly string[]
  /** What the tutor believes of a skill: how its mastery is traced from answers. */
  readonly parameters: (skill: string) => BktParameters
}

/**
 * Asks a learner questions that a policy chooses, and traces mastery from the answers with BKT.
 * @throws ValueError when `questions` is not an integer >= 0, or the policy names a skill that is not among `skills`.
 * @example
 * const learner = { answer: (skill) => ({ learner: 'ann', skills: [skill], correct: true }) }
 * const parameters = () => ({ prior: 0.5, learn: 0.1, forget: 0, guess: 0.2, slip: 0.1 })
 * const { mastery } = teach(learner, { policy: linearPolicy(['a'], 1), questions: 2, skills: ['a'], parameters })
 * mastery.get('a') // => 0.9625
 */
export const teach = (learner: Learner, { policy, questions, skills, parameters }: TeachOptions): TutorView => {
  if (!(Number.isSafeInteger(questions) && questions >= 0))
    throw new ValueError({
      op: 'teach',
      problem: 'not a number of questions',
      got: String(questions),
      expected: 'an integer >= 0',
    })
  const mastery = new Map(skills.map((skill) => [skill, parameters(skill).prior]))
  const answers: Answer[] = []
  for (let i = 0; i < questions; i++) {
    const skill = policy({ answers, mastery })
    const before = mastery.get(skill)
    if (before === undefined)
      throw new ValueError({
        op: 'teach',
        problem: 'the policy names an unknown skill',
        got: skill,
        expected: `one of ${skills.join(', ')}`,
      })
    const answer = learner.answer(skill)
    mastery.set(skill, bktUpdate(before, answer.correct, parameters(skill)))
    answers.push(answer)
  }
  return { answers, mastery }
}
