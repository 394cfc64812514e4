import { ValueError } from '../errors.ts'
import { checkClasses, checkLabels, numbersOf, pairsOf, type MetricInput } from './check.ts'

/**
 * Counts of predictions by target class, gathered batch by batch. Row = target, column = prediction.
 * @source Checked against scikit-learn 1.2 in metrics.test.ts
 * @example
 * const matrix = new ConfusionMatrix(2)
 * matrix.update([0, 1, 1], [0, 0, 1])
 * matrix.compute() // => [[1, 1], [0, 1]]
 */
export class ConfusionMatrix {
  readonly numClasses: number
  /** Target that does not count, such as 255 for unlabelled pixels. */
  readonly ignoreIndex: number | undefined
  readonly #counts: Float64Array

  /** @throws ValueError when `numClasses` is not an integer >= 1. */
  constructor(numClasses: number, options: { readonly ignoreIndex?: number } = {}) {
    checkClasses('ConfusionMatrix', numClasses)
    this.numClasses = numClasses
    this.ignoreIndex = options.ignoreIndex
    this.#counts = new Float64Array(numClasses * numClasses)
  }

  /**
   * Adds a batch.
   * @throws ShapeError when predictions and targets do not pair up; ValueError when one is no class. Nothing is then
   *   added. Predictions of ignored targets must be classes too.
   */
  update(predicted: MetricInput, target: MetricInput): void {
    const { numClasses, ignoreIndex } = this
    const [p, t] = [numbersOf(predicted), numbersOf(target)]
    if (p.length > 0 || t.length > 0) pairsOf('ConfusionMatrix.update', p, t)
    checkLabels('ConfusionMatrix.update', 'prediction', p, numClasses)
    checkLabels('ConfusionMatrix.update', 'target', t, numClasses, ignoreIndex)
    for (let i = 0; i < t.length; i++) if (t[i] !== ignoreIndex) this.#counts[t[i] * numClasses + p[i]]++
  }

  /** Forgets all batches. */
  reset(): void {
    this.#counts.fill(0)
  }

  /** The counts, [target][prediction]. */
  compute(): number[][] {
    const { numClasses } = this
    return Array.from({ length: numClasses }, (_, row) =>
      Array.from(this.#counts.subarray(row * numClasses, (row + 1) * numClasses)),
    )
  }

  /** How many targets counted. */
  get total(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0)
  }

  /** Right predictions of each class. */
  hits(): number[] {
    return Array.from({ length: this.numClasses }, (_, c) => this.#counts[c * (this.numClasses + 1)])
  }

  /** Targets of each class. */
  support(): number[] {
    const sums = new Array<number>(this.numClasses).fill(0)
    this.#counts.forEach((count, i) => (sums[Math.floor(i / this.numClasses)] += count))
    return sums
  }

  /** Predictions of each class. */
  predictions(): number[] {
    const sums = new Array<number>(this.numClasses).fill(0)
    this.#counts.forEach((count, i) => (sums[i % this.numClasses] += count))
    return sums
  }

  /**
   * The share of right predictions.
   * @throws ValueError before the first target.
   */
  accuracy(): number {
    const total = this.total
    if (total === 0)
      throw new ValueError({ op: 'ConfusionMatrix.accuracy', problem: 'nothing to measure', got: '0 targets' })
    return this.hits().reduce((sum, count) => sum + count, 0) / total
  }

  /** Intersection over union of each class: right / (targets + predictions - right). NaN for a class that never occurs. */
  iou(): number[] {
    const support = this.support()
    const predictions = this.predictions()
    return this.hits().map((right, c) => right / (support[c] + predictions[c] - right))
  }

  /**
   * The mean of {@link iou} over the classes that occur in targets or predictions.
   * @throws ValueError before the first target.
   */
  meanIou(): number {
    const known = this.iou().filter((value) => !Number.isNaN(value))
    if (known.length === 0)
      throw new ValueError({ op: 'ConfusionMatrix.meanIou', problem: 'nothing to measure', got: '0 targets' })
    return known.reduce((sum, value) => sum + value, 0) / known.length
  }
}

/** What the segmentation metrics take. */
export interface SegmentationOptions {
  readonly numClasses: number
  /** Target that does not count. */
  readonly ignoreIndex?: number
}

const matrixOf = (
  predicted: MetricInput,
  target: MetricInput,
  { numClasses, ignoreIndex }: SegmentationOptions,
): ConfusionMatrix => {
  const matrix = new ConfusionMatrix(numClasses, ignoreIndex === undefined ? {} : { ignoreIndex })
  matrix.update(predicted, target)
  return matrix
}

/**
 * The share of pixels of the right class.
 * @throws ShapeError, ValueError as {@link ConfusionMatrix.update}; ValueError when nothing counts.
 * @example pixelAccuracy([0, 1, 1, 1], [0, 1, 0, 255], { numClasses: 2, ignoreIndex: 255 }) // => 0.6666667
 */
export const pixelAccuracy = (predicted: MetricInput, target: MetricInput, options: SegmentationOptions): number =>
  matrixOf(predicted, target, options).accuracy()

/**
 * Intersection over union, averaged over the classes that occur.
 * @throws ShapeError, ValueError as {@link ConfusionMatrix.update}; ValueError when nothing counts.
 * @example meanIou([0, 1, 1, 1], [0, 1, 0, 255], { numClasses: 3, ignoreIndex: 255 }) // => 0.5
 */
export const meanIou = (predicted: MetricInput, target: MetricInput, options: SegmentationOptions): number =>
  matrixOf(predicted, target, options).meanIou()
