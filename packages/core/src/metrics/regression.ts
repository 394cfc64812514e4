import { ValueError } from '../errors.ts'
import { pairsOf, type MetricInput } from './check.ts'

const meanOf = (n: number, term: (i: number) => number): number => {
  let sum = 0
  for (let i = 0; i < n; i++) sum += term(i)
  return sum / n
}

/**
 * Mean squared error.
 * @throws ShapeError when they do not pair up; ValueError when there are none.
 * @example mse([1, 2], [1, 4]) // => 2
 */
export const mse = (predicted: MetricInput, target: MetricInput): number => {
  const [p, t] = pairsOf('mse', predicted, target)
  return meanOf(t.length, (i) => (p[i] - t[i]) * (p[i] - t[i]))
}

/**
 * Mean absolute error.
 * @throws ShapeError when they do not pair up; ValueError when there are none.
 * @example mae([1, 2], [1, 4]) // => 1
 */
export const mae = (predicted: MetricInput, target: MetricInput): number => {
  const [p, t] = pairsOf('mae', predicted, target)
  return meanOf(t.length, (i) => Math.abs(p[i] - t[i]))
}

/**
 * Coefficient of determination: 1 - squared error / variance of the targets. Of constant targets 1 if all are met, else 0.
 * @throws ShapeError when they do not pair up; ValueError when there are fewer than two.
 * @source Checked against scikit-learn 1.2 in metrics.test.ts
 * @example r2([1, 2, 4], [1, 2, 3]) // => 0.5
 */
export const r2 = (predicted: MetricInput, target: MetricInput): number => {
  const [p, t] = pairsOf('r2', predicted, target)
  const n = t.length
  if (n < 2) throw new ValueError({ op: 'r2', problem: 'too few values', got: `${n}`, expected: 'at least 2' })
  const mean = meanOf(n, (i) => t[i])
  const variance = meanOf(n, (i) => (t[i] - mean) * (t[i] - mean))
  const error = mse(p, t)
  if (variance === 0) return error === 0 ? 1 : 0
  return 1 - error / variance
}
