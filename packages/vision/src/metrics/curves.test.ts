import { describe, expect, it } from 'vitest'
import { draws, golden, worstError } from '../testing/golden.ts'
import { calibrationError, precisionRecallCurve } from './curves.ts'
import { segmentationScores } from './segmentation.ts'

const want = golden(new URL('./__golden__/curves.json', import.meta.url))
const scores = Float64Array.from(draws(1, 200), (v) => Math.round(v * 40) / 40)
const labels = draws(2, 200).map((v, i) => (v + scores[i] / 2 > 0.9 ? 1 : 0))

describe('precision and recall', () => {
  it('equal scikit-learn, ties included', () => {
    const curve = precisionRecallCurve(scores, labels)
    expect(worstError(curve.precisions, want.precision.data)).toBeLessThan(1e-15)
    expect(worstError(curve.recalls, want.recall.data)).toBeLessThan(1e-15)
    expect(worstError(curve.thresholds, want.threshold.data)).toBeLessThan(1e-15)
  })

  it('of nothing positive, and of nothing', () => {
    expect([...precisionRecallCurve([0.5], [0]).recalls]).toEqual([1, 0])
    expect([...precisionRecallCurve([], []).precisions]).toEqual([1])
    expect(() => precisionRecallCurve([1], [])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: precisionRecallCurve: the numbers of labels and scores do not match; got 0, expected 1.]`,
    )
    expect(() => precisionRecallCurve([NaN], [1])).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: precisionRecallCurve: a score is NaN.]`,
    )
  })
})

describe('segmentation scores', () => {
  const rows = (data: ArrayLike<number>): number[][] =>
    Array.from({ length: 5 }, (_, t) => Array.from({ length: 5 }, (_, p) => data[5 * t + p]))

  it('equal the formulas', () => {
    const s = segmentationScores(rows(want.matrix.data))
    expect(worstError(s.iou, want.iou.data)).toBeLessThan(1e-15)
    expect(worstError(s.dice, want.dice.data)).toBeLessThan(1e-15)
    expect(worstError(s.classAccuracy, want.accuracy.data)).toBeLessThan(1e-15)
    expect(worstError([s.pixelAccuracy, s.frequencyWeightedIou], want.pixel.data)).toBeLessThan(1e-15)
    expect(s.meanIou).toBeCloseTo(want.iou.data.reduce((a: number, b: number) => a + b, 0) / 5, 12)
  })

  it('leave classes out that never appear', () => {
    const s = segmentationScores([
      [3, 0, 1],
      [0, 0, 0],
      [0, 0, 4],
    ])
    expect(s.iou[1]).toBeNaN()
    expect(s.meanIou).toBeCloseTo((3 / 4 + 4 / 5) / 2, 15)
    expect(
      segmentationScores([
        [0, 0],
        [0, 0],
      ]),
    ).toMatchObject({ pixelAccuracy: 0, meanIou: 0, meanDice: 0 })
  })

  it('refuse counts that are not square', () => {
    expect(() => segmentationScores([[1, 2]])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: segmentationScores: the counts are not square; got 1 rows of 2.]`,
    )
    expect(() => segmentationScores([])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: segmentationScores: the counts are not square; got 0 rows of nothing.]`,
    )
  })
})

describe('calibration', () => {
  it('equals the formula, values on the edges included', () => {
    const conf = Float64Array.from(draws(6, 300), (v, i) => (i % 10 === 0 ? Math.round(v * 15) / 15 : v))
    const hit = draws(7, 300).map((v, i) => (v < conf[i] * 0.8 ? 1 : 0))
    const { expected, maximum, bins } = calibrationError(conf, hit)
    expect(worstError([expected, maximum], want.calibration.data)).toBeLessThan(1e-14)
    expect(bins.reduce((sum, b) => sum + b.count, 0)).toBe(300)
    expect(calibrationError([], []).expected).toBe(0)
    expect(() => calibrationError([1.5], [1])).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: calibrationError: not a confidence; got 1.5 at 0, expected 0 to 1.]`,
    )
    expect(() => calibrationError([1], [1], 0)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: calibrationError: not a number of bins; got 0.]`,
    )
  })
})
