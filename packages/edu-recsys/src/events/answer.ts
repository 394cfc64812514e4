import { ValueError } from '@lanewise/core'
import { isRecord, shown } from '../check.ts'

/**
 * One learner's answer to one question: the one event that every model of this package reads.
 * A question that needs several skills is one event with several `skills`, never several events: rows that repeat the
 * same answer would let a model see the answer it has to predict.
 */
export interface Answer {
  /** Who answered. */
  readonly learner: string
  /** What was answered; absent where the source names skills only. */
  readonly question?: string
  /** The skills the question needs, each once; empty where none is known. */
  readonly skills: readonly string[]
  /** Whether the first answer was right. */
  readonly correct: boolean
  /** Grade from 0 to 1, where there is more than right or wrong. */
  readonly score?: number
  /** When, in milliseconds since 1970 (UTC). */
  readonly timeMs?: number
  /** How long the answer took, in milliseconds. */
  readonly durationMs?: number
  /** Hints that were asked for. */
  readonly hints?: number
  /** Answers given until the question was left, from 1. */
  readonly attempts?: number
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== ''
const isCount = (value: unknown): boolean => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0

const areSkills = (value: unknown): boolean =>
  Array.isArray(value) && value.every(isText) && new Set(value).size === value.length

interface Rule {
  readonly holds: (value: unknown) => boolean
  readonly expected: string
  readonly optional?: boolean
}

const rules: { readonly [field in keyof Required<Answer>]: Rule } = {
  learner: { holds: isText, expected: 'text that is not empty' },
  question: { holds: isText, expected: 'text that is not empty', optional: true },
  skills: { holds: areSkills, expected: 'a list of texts that are not empty, each once' },
  correct: { holds: (value) => typeof value === 'boolean', expected: 'true or false' },
  score: {
    holds: (value) => typeof value === 'number' && value >= 0 && value <= 1,
    expected: 'a number from 0 to 1',
    optional: true,
  },
  timeMs: {
    holds: (value) => typeof value === 'number' && Math.abs(value) <= 8.64e15,
    expected: 'milliseconds since 1970 that a Date can hold',
    optional: true,
  },
  durationMs: {
    holds: (value) => typeof value === 'number' && value >= 0 && value < Infinity,
    expected: 'a finite number >= 0',
    optional: true,
  },
  hints: { holds: isCount, expected: 'a whole number >= 0', optional: true },
  attempts: { holds: (value) => isCount(value) && value !== 0, expected: 'a whole number >= 1', optional: true },
}

/** Narrows a value to an {@link Answer}, or throws naming the first field that does not fit. */
function assertAnswer(value: unknown, place: string): asserts value is Answer {
  if (!isRecord(value)) {
    throw new ValueError({ op: place, problem: 'not an answer', got: shown(value), expected: 'an object' })
  }
  for (const [field, { holds, expected, optional }] of Object.entries(rules)) {
    const part = value[field]
    if ((optional === true && part === undefined) || holds(part)) continue
    throw new ValueError({ op: place, problem: `${field} does not fit`, got: shown(part), expected })
  }
}

/**
 * Checks that a value of unknown origin is an {@link Answer}, and gives a frozen copy of its known fields.
 * @param place - where the value stands, for the message, such as `log.jsonl:12`
 * @throws ValueError naming the place and the field.
 * @example
 * checkAnswer({ learner: 'ann', skills: ['fractions'], correct: true }).skills // => ['fractions']
 * checkAnswer({ learner: 'ann', skills: ['a', 'a'], correct: true }) // => throws ValueError: answer: skills
 */
export const checkAnswer = (value: unknown, place: string = 'answer'): Answer => {
  assertAnswer(value, place)
  const { learner, question, skills, correct, score, timeMs, durationMs, hints, attempts } = value
  return Object.freeze({
    learner,
    ...(question !== undefined && { question }),
    skills: Object.freeze([...skills]),
    correct,
    ...(score !== undefined && { score }),
    ...(timeMs !== undefined && { timeMs }),
    ...(durationMs !== undefined && { durationMs }),
    ...(hints !== undefined && { hints }),
    ...(attempts !== undefined && { attempts }),
  })
}

/**
 * The answers of each learner in their order, learners by first appearance.
 * @example
 * const answers = ['ann', 'bob', 'ann'].map((learner) => ({ learner, skills: ['a'], correct: true }))
 * Array.from(byLearner(answers), ([learner, own]) => [learner, own.length]) // => [['ann', 2], ['bob', 1]]
 */
export const byLearner = (answers: Iterable<Answer>): Map<string, Answer[]> => {
  const groups = new Map<string, Answer[]>()
  for (const answer of answers) {
    const own = groups.get(answer.learner)
    if (own) own.push(answer)
    else groups.set(answer.learner, [answer])
  }
  return groups
}
