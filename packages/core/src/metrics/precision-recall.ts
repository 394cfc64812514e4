import { checkLabels, pairsOf, type MetricInput, type Numbers } from './check.ts'
import { ConfusionMatrix } from './confusion-matrix.ts'

/** Precision, recall and F1 of one class, or averaged. */
export interface Scores {
  /** Right predictions among the predictions. */
  readonly precision: number
  /** Right predictions among the targets. */
  readonly recall: number
  /** Harmonic mean of the two. */
  readonly f1: number
}

/** Scores of one class. */
export interface ClassScores extends Scores {
  readonly label: number
  /** Targets of the class. */
  readonly support: number
}

/** What {@link classificationReport} returns. */
export interface ClassificationReport {
  readonly perClass: readonly ClassScores[]
  /** Over all predictions together. */
  readonly micro: Scores
  /** The mean over the classes. */
  readonly macro: Scores
  /** The mean over the classes, weighted by their support. */
  readonly weighted: Scores
}

/** What the classification scores take. */
export interface ClassificationOptions {
  /** All classes count, also those that do not occur. Default: the classes that occur in predictions or targets. */
  readonly numClasses?: number
  /** Target that does not count. */
  readonly ignoreIndex?: number
  /** What 0 / 0 counts as. Default 0. */
  readonly zeroDivision?: 0 | 1
}

/** How the classes of a score are averaged. */
export interface AverageOptions extends ClassificationOptions {
  readonly average: 'micro' | 'macro' | 'weighted'
}

const scoresOf = (hits: number, predictions: number, support: number, zeroDivision: number): Scores => {
  const precision = predictions > 0 ? hits / predictions : zeroDivision
  const recall = support > 0 ? hits / support : zeroDivision
  const none = predictions + support === 0
  const f1 = none ? zeroDivision : precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0
  return { precision, recall, f1 }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

const mean = (items: readonly ClassScores[], weightOf: (item: ClassScores) => number, zeroDivision: number): Scores => {
  const total = sum(items.map(weightOf))
  const average = (key: keyof Scores): number =>
    total > 0 ? sum(items.map((item) => item[key] * weightOf(item))) / total : zeroDivision
  return { precision: average('precision'), recall: average('recall'), f1: average('f1') }
}

const largest = (labels: Numbers, ignoreIndex: number | undefined): number => {
  let most = 0
  for (let i = 0; i < labels.length; i++) if (labels[i] !== ignoreIndex && labels[i] > most) most = labels[i]
  return most
}

/** More classes than this do not fit a matrix of counts. */
const MAX_CLASSES = 4096

/**
 * Precision, recall and F1 of each class and averaged, by scikit-learn's rules.
 * @param predicted - classes (see {@link argmaxRows} for scores)
 * @throws ShapeError when predictions and targets do not pair up; ValueError when one is no class below 4096.
 * @source Checked against scikit-learn 1.2 in metrics.test.ts
 * @example
 * const report = classificationReport([0, 1, 1, 1], [0, 0, 1, 1])
 * report.macro.recall // => 0.75
 */
export const classificationReport = (
  predicted: MetricInput,
  target: MetricInput,
  options: ClassificationOptions = {},
): ClassificationReport => {
  const { ignoreIndex, zeroDivision = 0 } = options
  const [p, t] = pairsOf('classificationReport', predicted, target)
  checkLabels('classificationReport', 'prediction', p, options.numClasses ?? MAX_CLASSES)
  checkLabels('classificationReport', 'target', t, options.numClasses ?? MAX_CLASSES, ignoreIndex)
  const numClasses = options.numClasses ?? Math.max(largest(p, undefined), largest(t, ignoreIndex)) + 1
  const matrix = new ConfusionMatrix(numClasses, ignoreIndex === undefined ? {} : { ignoreIndex })
  matrix.update(p, t)
  const hits = matrix.hits()
  const support = matrix.support()
  const predictions = matrix.predictions()
  const all = hits.map((right, label): ClassScores => ({
    label,
    support: support[label],
    ...scoresOf(right, predictions[label], support[label], zeroDivision),
  }))
  const perClass =
    options.numClasses === undefined ? all.filter(({ label }) => support[label] + predictions[label] > 0) : all
  return {
    perClass,
    micro: scoresOf(sum(hits), matrix.total, matrix.total, zeroDivision),
    macro: mean(perClass, () => 1, zeroDivision),
    weighted: mean(perClass, (item) => item.support, zeroDivision),
  }
}

/**
 * The share of right predictions among the predictions of a class, averaged.
 * @throws as {@link classificationReport}
 * @example precision([0, 1, 1, 1], [0, 0, 1, 1], { average: 'macro' }) // => 0.8333333
 */
export const precision = (predicted: MetricInput, target: MetricInput, options: AverageOptions): number =>
  classificationReport(predicted, target, options)[options.average].precision

/**
 * The share of right predictions among the targets of a class, averaged.
 * @throws as {@link classificationReport}
 * @example recall([0, 1, 1, 1], [0, 0, 1, 1], { average: 'macro' }) // => 0.75
 */
export const recall = (predicted: MetricInput, target: MetricInput, options: AverageOptions): number =>
  classificationReport(predicted, target, options)[options.average].recall

/**
 * The harmonic mean of precision and recall of a class, averaged.
 * @throws as {@link classificationReport}
 * @example f1([0, 1, 1, 1], [0, 0, 1, 1], { average: 'macro' }) // => 0.7333333
 */
export const f1 = (predicted: MetricInput, target: MetricInput, options: AverageOptions): number =>
  classificationReport(predicted, target, options)[options.average].f1
