import { ValueError } from '../errors.ts'
import { exp, log } from '../math/f64.ts'
import { checkLabels, checkNotNaN, checkRows, numbersOf, type MetricInput, type Numbers } from './check.ts'

/** -log softmax(row)[target] for the row that starts at `at`. */
const lossOf = (logits: Numbers, at: number, numClasses: number, target: number): number => {
  let most = -Infinity
  for (let c = 0; c < numClasses; c++) if (logits[at + c] > most) most = logits[at + c]
  if (most === Infinity || most === -Infinity) {
    throw new ValueError({
      op: 'perplexity',
      problem: 'a row of logits has no softmax',
      got: `a highest value of ${most} at ${at}`,
      expected: 'a finite one',
    })
  }
  let sum = 0
  for (let c = 0; c < numClasses; c++) sum += exp(logits[at + c] - most)
  return most + log(sum) - logits[at + target]
}

/**
 * Perplexity of a language model: exp of the mean negative log-likelihood of the targets.
 * @param logits - [N, numClasses] before softmax, row-major
 * @param target - [N] classes
 * @param options.ignoreIndex - target that does not count, such as padding
 * @throws ShapeError, ValueError when the logits are not whole rows, one is NaN, a row's
 *   highest is infinite, or a target is no class.
 * @source Checked against torch's cross_entropy 1.13 in metrics.test.ts
 * @example perplexity([0, 0, 0, 0], [0, 1], { numClasses: 2 }) // => 2
 */
export const perplexity = (
  logits: MetricInput,
  target: MetricInput,
  options: { readonly numClasses: number; readonly ignoreIndex?: number },
): number => {
  const { numClasses, ignoreIndex } = options
  const [x, t] = [numbersOf(logits), numbersOf(target)]
  checkRows('perplexity', x, t, numClasses)
  checkNotNaN('perplexity', x)
  checkLabels('perplexity', 'target', t, numClasses, ignoreIndex)
  let sum = 0
  let count = 0
  for (let i = 0; i < t.length; i++) {
    if (t[i] === ignoreIndex) continue
    sum += lossOf(x, i * numClasses, numClasses, t[i])
    count++
  }
  if (count === 0)
    throw new ValueError({ op: 'perplexity', problem: 'every target is ignored', got: `ignoreIndex ${ignoreIndex}` })
  return perplexityOfLoss(sum / count)
}

/**
 * Perplexity from a mean cross-entropy, such as a {@link RunningMean} over batches.
 * @example perplexityOfLoss(Math.LN2) // => 2
 */
export const perplexityOfLoss = (meanLoss: number): number => exp(meanLoss)
