import { bktUpdate, type BktParameters } from './bkt.ts'

/** What is wrong with fitted parameters, and the figure that shows it. */
export interface BktDegeneracy {
  readonly kind: 'guess' | 'slip' | 'inverted' | 'noRise' | 'noMastery' | 'noLearning'
  readonly text: string
}

/** Mastery after so many right answers. */
const afterRight = (answers: number, parameters: BktParameters): number => {
  let mastery = parameters.prior
  for (let i = 0; i < answers; i++) mastery = bktUpdate(mastery, true, parameters)
  return mastery
}

/**
 * Says in which ways parameters contradict what they are supposed to mean; an empty list is good.
 * - `guess`, `slip`: above 1/2, so that the likelier answer contradicts the state;
 * - `inverted`: guess >= 1 - slip, so that mastery makes right answers no likelier, and right answers lower it;
 * - `noRise`: three right answers in a row do not raise mastery above the prior;
 * - `noMastery`: after ten right answers mastery is still below 0.95;
 * - `noLearning`: learning is impossible, so that only the prior tells learners apart.
 * @source Baker, Corbett and Aleven 2008 (theoretical and empirical degeneracy)
 * @example
 * bktDegeneracies({ prior: 0.2, learn: 0.1, forget: 0, guess: 0.2, slip: 0.1 }) // => []
 * bktDegeneracies({ prior: 0.2, learn: 0.1, forget: 0, guess: 0.6, slip: 0.1 }).map((d) => d.kind) // => ['guess']
 */
export const bktDegeneracies = (parameters: BktParameters): BktDegeneracy[] => {
  const { prior, learn, guess, slip } = parameters
  const third = afterRight(3, parameters)
  const mastery = afterRight(10, parameters)
  const found: [kind: BktDegeneracy['kind'], holds: boolean, text: string][] = [
    ['guess', guess > 0.5, `guess is ${guess.toFixed(3)}: without mastery most answers are right`],
    ['slip', slip > 0.5, `slip is ${slip.toFixed(3)}: despite mastery most answers are wrong`],
    [
      'inverted',
      guess >= 1 - slip,
      `guess + slip is ${(guess + slip).toFixed(3)}: right answers do not speak for mastery`,
    ],
    [
      'noRise',
      !(third > prior),
      `after three right answers mastery is ${third.toFixed(3)}, at first ${prior.toFixed(3)}`,
    ],
    ['noMastery', mastery < 0.95, `after ten right answers mastery is ${mastery.toFixed(3)}`],
    ['noLearning', learn === 0, 'learn is 0: nobody learns'],
  ]
  return found.flatMap(([kind, holds, text]) => (holds ? [{ kind, text }] : []))
}
