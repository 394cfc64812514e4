/**
 * Bayesian knowledge tracing: for each skill a hidden state, mastered or not, that is learnt between answers.
 *
 *   not mastered --learn--> mastered        P(right | not mastered) = guess
 *   not mastered <--forget-- mastered       P(right | mastered)     = 1 - slip
 */

/** The parameters of one skill, each a probability. */
export interface BktParameters {
  /** Of mastery before the first answer. */
  readonly prior: number
  /** Of learning between two answers. */
  readonly learn: number
  /** Of forgetting between two answers. */
  readonly forget: number
  /** Of a right answer without mastery. */
  readonly guess: number
  /** Of a wrong answer despite mastery. */
  readonly slip: number
}

/** Answers of one learner to one skill in order; null where one is missing. */
export type BktSequence = readonly (boolean | null)[]

/**
 * The chance of a right answer.   P = m (1 - slip) + (1 - m) guess
 * @param mastery - probability of mastery before the answer
 * @example bktPredict(0.5, { prior: 0.5, learn: 0.1, forget: 0, guess: 0.2, slip: 0.1 }) // => 0.55
 */
export const bktPredict = (mastery: number, { guess, slip }: BktParameters): number =>
  mastery * (1 - slip) + (1 - mastery) * guess

/**
 * The probability of mastery before the next answer, from that before this one: a constant number of operations.
 *   right: m' = m (1 - slip) / P      wrong: m' = m slip / (1 - P)      then m'' = m' (1 - forget) + (1 - m') learn
 * An answer of probability 0 under the parameters tells nothing about mastery.
 * @param correct - null for an answer that is missing: only learning and forgetting take place
 * @source Corbett and Anderson 1995
 * @example bktUpdate(0.5, true, { prior: 0.5, learn: 0.1, forget: 0, guess: 0.2, slip: 0.1 }) // => 0.836364
 */
export const bktUpdate = (mastery: number, correct: boolean | null, parameters: BktParameters): number => {
  const { learn, forget, slip } = parameters
  const p = bktPredict(mastery, parameters)
  const likelihood = correct === true ? p : 1 - p
  const joint = mastery * (correct === true ? 1 - slip : slip)
  const after = correct === null || likelihood === 0 ? mastery : Math.min(1, joint / likelihood)
  return after * (1 - forget) + (1 - after) * learn
}

/**
 * The chance of a right answer before each answer of a sequence.
 * @example
 * const parameters = { prior: 0.5, learn: 0.1, forget: 0, guess: 0.2, slip: 0.1 }
 * bktPredictions([true, true], parameters) // => [0.55, 0.785455]
 */
export const bktPredictions = (sequence: BktSequence, parameters: BktParameters): Float64Array => {
  let mastery = parameters.prior
  return Float64Array.from(sequence, (correct) => {
    const p = bktPredict(mastery, parameters)
    mastery = bktUpdate(mastery, correct, parameters)
    return p
  })
}
