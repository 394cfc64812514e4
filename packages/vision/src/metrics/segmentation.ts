import { ShapeError } from '@lanewise/core'

/** What {@link segmentationScores} gives. Classes that never appear have NaN in the lists. */
export interface SegmentationScores {
  /** Right pixels over all. */
  readonly pixelAccuracy: number
  /** Per class: right pixels over those of the class. */
  readonly classAccuracy: number[]
  /** Per class: intersection over union. */
  readonly iou: number[]
  /** Per class: twice the intersection over the sum. */
  readonly dice: number[]
  /** Means over the classes that appear: in the target for the accuracy, in either for the others. 0 for no pixels. */
  readonly meanAccuracy: number
  readonly meanIou: number
  readonly meanDice: number
  /** Mean of the IoU weighted by the classes' pixels. */
  readonly frequencyWeightedIou: number
}

/**
 * The scores of a segmentation from its confusion matrix, such as core's ConfusionMatrix gathers.
 * @param counts - pixels, [target class][predicted class]
 * @throws ShapeError when the counts are not square.
 * @source Long et al. 2015 and Dice 1945; checked against the formulas in NumPy in curves.test.ts
 * @example
 * segmentationScores([[1, 1], [0, 1]]).meanIou // => 0.5
 */
export const segmentationScores = (counts: readonly ArrayLike<number>[]): SegmentationScores => {
  const classes = counts.length
  if (classes === 0 || counts.some((row) => row.length !== classes)) {
    throw new ShapeError({
      op: 'segmentationScores',
      problem: 'the counts are not square',
      got: `${classes} rows of ${[...new Set(counts.map((row) => row.length))].join(', ') || 'nothing'}`,
    })
  }
  const every = Array.from({ length: classes }, (_, c) => c)
  const wanted = counts.map((row) => Array.from(row).reduce((a, b) => a + b, 0))
  const found = every.map((p) => counts.reduce((sum, row) => sum + row[p], 0))
  const right = every.map((c) => counts[c][c])
  const total = wanted.reduce((a, b) => a + b, 0)
  const iou = every.map((c) => right[c] / (wanted[c] + found[c] - right[c]))
  const dice = every.map((c) => (2 * right[c]) / (wanted[c] + found[c]))
  const classAccuracy = every.map((c) => right[c] / wanted[c])
  const weighted = every.reduce((sum, c) => sum + (wanted[c] === 0 ? 0 : wanted[c] * iou[c]), 0)
  return {
    pixelAccuracy: right.reduce((a, b) => a + b, 0) / Math.max(1, total),
    classAccuracy,
    iou,
    dice,
    meanAccuracy: meanKnown(classAccuracy),
    meanIou: meanKnown(iou),
    meanDice: meanKnown(dice),
    frequencyWeightedIou: weighted / Math.max(1, total),
  }
}

const meanKnown = (values: readonly number[]): number => {
  const known = values.filter((v) => v === v)
  return known.length === 0 ? 0 : known.reduce((a, b) => a + b, 0) / known.length
}
