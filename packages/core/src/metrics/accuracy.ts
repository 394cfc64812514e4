import { ValueError } from '../errors.ts'
import { checkLabels, checkNotNaN, checkRows, numbersOf, pairsOf, type MetricInput } from './check.ts'

/**
 * The class of the highest score in each row; of equal ones the first.
 * @param scores - [N, numClasses], row-major
 * @returns [N]
 * @throws ShapeError when the scores are not whole rows; ValueError when one is NaN.
 * @example argmaxRows([0.1, 0.9, 0.7, 0.3], 2) // => [1, 0]
 */
export const argmaxRows = (scores: MetricInput, numClasses: number): Int32Array<ArrayBuffer> => {
  const s = numbersOf(scores)
  const rows = Math.ceil(s.length / numClasses) || 0
  checkRows('argmaxRows', s, { length: rows }, numClasses)
  checkNotNaN('argmaxRows', s)
  const best = new Int32Array(rows)
  for (let row = 0; row < rows; row++) {
    for (let c = 1; c < numClasses; c++) if (s[row * numClasses + c] > s[row * numClasses + best[row]]) best[row] = c
  }
  return best
}

/**
 * The share of predictions that equal their target.
 * @param predicted - classes (see {@link argmaxRows} for scores)
 * @param options.ignoreIndex - target that does not count
 * @throws ShapeError when they do not pair up; ValueError when nothing counts.
 * @source Checked against scikit-learn 1.2 in metrics.test.ts
 * @example accuracy([0, 1, 1, 2], [0, 1, 2, 2]) // => 0.75
 */
export const accuracy = (
  predicted: MetricInput,
  target: MetricInput,
  options: { readonly ignoreIndex?: number } = {},
): number => {
  const [p, t] = pairsOf('accuracy', predicted, target)
  let right = 0
  let counted = 0
  for (let i = 0; i < t.length; i++) {
    if (t[i] === options.ignoreIndex) continue
    counted++
    if (p[i] === t[i]) right++
  }
  if (counted === 0)
    throw new ValueError({
      op: 'accuracy',
      problem: 'every target is ignored',
      got: `ignoreIndex ${options.ignoreIndex}`,
    })
  return right / counted
}

/**
 * The share of rows whose target is among the `k` highest scores. Of equal scores the first counts as higher.
 * @param scores - [N, numClasses], row-major
 * @param target - classes in [0, numClasses)
 * @throws ShapeError, ValueError when the scores are not whole rows, one is NaN, a target is no class, or k is not in
 *   [1, numClasses].
 * @source Checked against scikit-learn 1.2 in metrics.test.ts
 * @example topKAccuracy([0.5, 0.3, 0.2, 0.1, 0.2, 0.7], [1, 0], { numClasses: 3, k: 2 }) // => 0.5
 */
export const topKAccuracy = (
  scores: MetricInput,
  target: MetricInput,
  options: { readonly numClasses: number; readonly k: number },
): number => {
  const { numClasses, k } = options
  const [s, t] = [numbersOf(scores), numbersOf(target)]
  checkRows('topKAccuracy', s, t, numClasses)
  checkNotNaN('topKAccuracy', s)
  checkLabels('topKAccuracy', 'target', t, numClasses)
  if (!(Number.isInteger(k) && k >= 1 && k <= numClasses)) {
    throw new ValueError({
      op: 'topKAccuracy',
      problem: 'k is out of range',
      got: String(k),
      expected: `an integer in [1, ${numClasses}]`,
    })
  }
  let hits = 0
  for (let row = 0; row < t.length; row++) {
    const at = row * numClasses
    const own = s[at + t[row]]
    let higher = 0
    for (let c = 0; c < numClasses; c++) if (s[at + c] > own || (s[at + c] === own && c < t[row])) higher++
    if (higher < k) hits++
  }
  return hits / t.length
}
