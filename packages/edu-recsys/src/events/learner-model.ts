import { math, mse, rocAuc, ValueError } from '@lanewise/core'
import type { Answer } from './answer.ts'

/**
 * What every model of learners does: keep a state for one learner, say how likely the next answer is right, and take
 * an answer in. States are never changed, only replaced, and are plain data: numbers, arrays, records.
 */
export interface LearnerModel<State> {
  /** The state of a learner of whom nothing is known. */
  start(): State
  /** The chance that the learner answers a question of these skills right. */
  predict(state: State, skills: readonly string[]): number
  /** The state after an answer. */
  update(state: State, answer: Pick<Answer, 'skills' | 'correct'>): State
}

/** What {@link evaluateLearnerModel} gives. */
export interface LearnerModelReport {
  /** Area under the ROC curve of the predictions. */
  readonly auc: number
  /** The share of answers on whose side of 1/2 the prediction lies; 1/2 itself predicts a right answer. */
  readonly accuracy: number
  readonly rmse: number
  /** Mean -log of the probability of what was answered, cut at 1e-12. */
  readonly logLoss: number
  /** Answers scored. */
  readonly answers: number
}

/** The figures of predictions of 0 or 1. */
const reportOf = (predicted: Float64Array, target: Uint8Array): LearnerModelReport => {
  let right = 0
  let loss = 0
  predicted.forEach((p, i) => {
    if (p >= 0.5 === (target[i] === 1)) right++
    loss -= math.log(Math.max(1e-12, target[i] === 1 ? p : 1 - p))
  })
  const answers = target.length
  return {
    auc: rocAuc(predicted, target),
    accuracy: right / answers,
    rmse: Math.sqrt(mse(predicted, target)),
    logLoss: loss / answers,
    answers,
  }
}

/**
 * Scores a model on learners' answers in their order: each is predicted before the model sees it. An answer without
 * skills is passed over.
 * @param options.skip - answers of each learner that are learnt from but not scored. Default 1
 * @throws ValueError when nothing is left to score, or all of it is right or wrong.
 * @example
 * const guess = { start: () => null, predict: (_, [skill]) => (skill === 'easy' ? 0.9 : 0.1), update: () => null }
 * const answers = ['easy', 'hard', 'easy'].map((s) => ({ learner: 'ann', skills: [s], correct: s === 'easy' }))
 * evaluateLearnerModel(guess, answers).auc // => 1
 */
export const evaluateLearnerModel = <State>(
  model: LearnerModel<State>,
  answers: Iterable<Answer>,
  options: { readonly skip?: number } = {},
): LearnerModelReport => {
  const { skip = 1 } = options
  const states = new Map<string, { state: State; seen: number }>()
  const predicted: number[] = []
  const target: number[] = []
  for (const answer of answers) {
    if (answer.skills.length === 0) continue
    const known = states.get(answer.learner) ?? { state: model.start(), seen: 0 }
    if (known.seen >= skip) {
      predicted.push(model.predict(known.state, answer.skills))
      target.push(answer.correct ? 1 : 0)
    }
    states.set(answer.learner, { state: model.update(known.state, answer), seen: known.seen + 1 })
  }
  if (target.length === 0) {
    throw new ValueError({
      op: 'evaluateLearnerModel',
      problem: 'no answer is left to score',
      got: `${states.size} learners`,
      expected: `more than ${skip} answers with skills of a learner`,
    })
  }
  return reportOf(Float64Array.from(predicted), Uint8Array.from(target))
}
