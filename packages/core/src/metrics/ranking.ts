import { ValueError } from '../errors.ts'
import { checkLabels, checkNotNaN, checkRows, numbersOf, pairsOf, type MetricInput, type Numbers } from './check.ts'

/** What the ranking metrics take for more than two classes. */
export interface RankingOptions {
  /** Scores are [N, numClasses] and each class is ranked against the rest. Default: one score for each target, 0 or 1. */
  readonly numClasses?: number
  /** How the classes are averaged. Default `macro`. */
  readonly average?: 'macro' | 'weighted'
}

/** The indices of the scores, highest first. */
const descending = (scores: Numbers): Uint32Array =>
  Uint32Array.from({ length: scores.length }, (_, i) => i).sort((i, j) => scores[j] - scores[i] || 0)

/** Calls `visit` for each group of equal scores, highest first, with the positives and negatives in it. */
const forTies = (
  scores: Numbers,
  isPositive: (i: number) => boolean,
  visit: (positives: number, negatives: number) => void,
): void => {
  const order = descending(scores)
  for (let from = 0; from < order.length;) {
    let to = from
    let positives = 0
    const value = scores[order[from]]
    for (; to < order.length && scores[order[to]] === value; to++) if (isPositive(order[to])) positives++
    visit(positives, to - from - positives)
    from = to
  }
}

type Metric = (scores: Numbers, isPositive: (i: number) => boolean) => number

/** Each pair of a positive and a negative counts 1 if the positive is higher, 1/2 if they tie. */
const aucOf: Metric = (scores, isPositive) => {
  let above = 0
  let pairs = 0
  let negatives = 0
  forTies(scores, isPositive, (p, n) => {
    pairs += above * n + (p * n) / 2
    above += p
    negatives += n
  })
  return pairs / (above * negatives)
}

/** The precision at each threshold, weighted by the recall that it adds. */
const apOf: Metric = (scores, isPositive) => {
  let hits = 0
  let seen = 0
  let area = 0
  forTies(scores, isPositive, (p, n) => {
    hits += p
    seen += p + n
    area += (p * hits) / seen
  })
  return area / hits
}

const countOf = (target: Numbers, label: number): number => {
  let count = 0
  for (let i = 0; i < target.length; i++) if (target[i] === label) count++
  return count
}

const checkBoth = (op: string, positives: number, total: number, what: string): void => {
  if (positives > 0 && positives < total) return
  throw new ValueError({
    op,
    problem: 'there is nothing to rank',
    got: `${positives} of ${total} targets are ${what}`,
    expected: 'some, not all',
  })
}

const rank = (op: string, metric: Metric, scores: Numbers, target: Numbers, options: RankingOptions): number => {
  const { numClasses, average = 'macro' } = options
  checkNotNaN(op, scores)
  if (numClasses === undefined) {
    pairsOf(op, scores, target)
    checkLabels(op, 'target', target, 2)
    checkBoth(op, countOf(target, 1), target.length, 'positive')
    return metric(scores, (i) => target[i] === 1)
  }
  checkRows(op, scores, target, numClasses)
  checkLabels(op, 'target', target, numClasses)
  const support = Array.from({ length: numClasses }, (_, c) => countOf(target, c))
  support.forEach((count, c) => checkBoth(op, count, target.length, `class ${c}`))
  const column = new Float64Array(target.length)
  let sum = 0
  for (let c = 0; c < numClasses; c++) {
    for (let i = 0; i < column.length; i++) column[i] = scores[i * numClasses + c]
    sum +=
      metric(column, (i) => target[i] === c) * (average === 'weighted' ? support[c] / target.length : 1 / numClasses)
  }
  return sum
}

/**
 * Area under the ROC curve: the chance that a positive scores above a negative; ties count half.
 * @param scores - higher means more likely positive; any scale
 * @param target - 0 or 1, or classes when `numClasses` is given (each against the rest)
 * @throws ShapeError when they do not pair up; ValueError for NaN, for targets that are no classes, and when a class has
 *   no targets or all.
 * @source Checked against scikit-learn 1.2 in metrics.test.ts
 * @example rocAuc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]) // => 0.75
 */
export const rocAuc = (scores: MetricInput, target: MetricInput, options: RankingOptions = {}): number =>
  rank('rocAuc', aucOf, numbersOf(scores), numbersOf(target), options)

/**
 * Average precision: sum over the thresholds of precision times the recall that each adds, without interpolation.
 * @param scores - higher means more likely positive; any scale
 * @param target - 0 or 1, or classes when `numClasses` is given (each against the rest)
 * @throws as {@link rocAuc}
 * @source Checked against scikit-learn 1.2 in metrics.test.ts
 * @example averagePrecision([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]) // => 0.8333333
 */
export const averagePrecision = (scores: MetricInput, target: MetricInput, options: RankingOptions = {}): number =>
  rank('averagePrecision', apOf, numbersOf(scores), numbersOf(target), options)
