import { ShapeError, ValueError } from '@lanewise/core'
import { checkCount, float64, read, type Values } from '../arrays.ts'

/** Precision and recall at every score. */
export interface PrecisionRecallCurve {
  /** Ascending scores; a sample counts as positive from the score on. */
  readonly thresholds: Float64Array
  /** One more than thresholds; the last is 1. */
  readonly precisions: Float64Array
  /** One more than thresholds, falling; the last is 0. */
  readonly recalls: Float64Array
}

/** Running counts of positives, best score first, one entry for each different score. */
const counts = (
  op: string,
  scores: Values,
  labels: Values,
): { thresholds: number[]; right: number[]; all: number[]; positives: number } => {
  const s = float64(scores)
  const l = read(labels)
  checkCount(op, 'the numbers of labels and scores', l.length, s.length)
  if (!s.every((v) => v === v)) throw new ValueError({ op, problem: 'a score is NaN' })
  const order = Int32Array.from(s, (_, i) => i).sort((i, j) => s[j] - s[i])
  const thresholds: number[] = []
  const right: number[] = []
  const all: number[] = []
  let positives = 0
  order.forEach((i, k) => {
    if (l[i] !== 0) positives++
    if (k + 1 < order.length && s[order[k + 1]] === s[i]) return
    thresholds.push(s[i])
    right.push(positives)
    all.push(k + 1)
  })
  return { thresholds, right, all, positives }
}

/**
 * Precision and recall as the threshold falls. Without a positive the recalls are 1, as in scikit-learn.
 * @param scores - [N]
 * @param labels - [N]; any non-zero is positive
 * @throws ShapeError when the counts do not match; ValueError at a NaN.
 * @source Checked against sklearn.metrics.precision_recall_curve 1.2 in curves.test.ts
 * @example
 * precisionRecallCurve([0.1, 0.4, 0.8], [0, 1, 1]).precisions // => [0.6666667, 1, 1, 1]
 */
export const precisionRecallCurve = (scores: Values, labels: Values): PrecisionRecallCurve => {
  const { thresholds, right, all, positives } = counts('precisionRecallCurve', scores, labels)
  const n = thresholds.length
  const recall = (k: number): number => (positives === 0 ? 1 : right[k] / positives)
  return {
    thresholds: Float64Array.from({ length: n }, (_, k) => thresholds[n - 1 - k]),
    precisions: Float64Array.from({ length: n + 1 }, (_, k) => (k === n ? 1 : right[n - 1 - k] / all[n - 1 - k])),
    recalls: Float64Array.from({ length: n + 1 }, (_, k) => (k === n ? 0 : recall(n - 1 - k))),
  }
}

/** One bin of a reliability diagram. */
export interface CalibrationBin {
  readonly from: number
  readonly to: number
  readonly count: number
  /** Mean confidence and share of right ones; 0 for an empty bin. */
  readonly confidence: number
  readonly accuracy: number
}

/** What {@link calibrationError} finds. */
export interface Calibration {
  /** Mean of |accuracy - confidence| over the samples. */
  readonly expected: number
  /** Largest |accuracy - confidence| of a bin. */
  readonly maximum: number
  readonly bins: CalibrationBin[]
}

/**
 * How far confidences are from shares of right answers, in bins (from, to] of equal width; 0 falls into the first.
 * @param confidences - [N], 0 to 1
 * @param right - [N]; non-zero where the answer was right, or the detection matched
 * @throws ShapeError when the counts do not match; ValueError at a confidence outside of 0 to 1 or a bad bin count.
 * @source Guo et al. 2017; checked against the formula in NumPy in curves.test.ts
 * @example
 * calibrationError([0.9, 0.9, 0.1, 0.1], [1, 0, 0, 0], 2).expected // => 0.25
 */
export const calibrationError = (confidences: Values, right: Values, bins = 15): Calibration => {
  const c = float64(confidences)
  const r = read(right)
  checkCount('calibrationError', 'the numbers of confidences and answers', r.length, c.length)
  if (!(Number.isInteger(bins) && bins > 0))
    throw new ShapeError({ op: 'calibrationError', problem: 'not a number of bins', got: String(bins) })
  const sums = Array.from({ length: bins }, () => ({ count: 0, confidence: 0, right: 0 }))
  c.forEach((v, i) => {
    if (!(v >= 0 && v <= 1))
      throw new ValueError({
        op: 'calibrationError',
        problem: 'not a confidence',
        got: `${v} at ${i}`,
        expected: '0 to 1',
      })
    let bin = Math.max(0, Math.ceil(v * bins) - 1)
    // A value on an edge belongs below it; v * bins may round across.
    if (bin > 0 && v <= bin / bins) bin--
    else if (v > (bin + 1) / bins) bin++
    sums[bin].count++
    sums[bin].confidence += v
    if (r[i] !== 0) sums[bin].right++
  })
  const out = sums.map(({ count, confidence, right: hits }, k) => ({
    from: k / bins,
    to: (k + 1) / bins,
    count,
    confidence: count === 0 ? 0 : confidence / count,
    accuracy: count === 0 ? 0 : hits / count,
  }))
  const gaps = out.map((b) => Math.abs(b.accuracy - b.confidence))
  return {
    expected: out.reduce((sum, b, k) => sum + gaps[k] * b.count, 0) / Math.max(1, c.length),
    maximum: Math.max(...gaps),
    bins: out,
  }
}
