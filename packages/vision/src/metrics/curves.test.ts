import { describe, expect, it } from 'vitest'
import { draws, golden, worstError } from '../testing/golden.ts'
import { averagePrecision, calibrationError, precisionRecallCurve } from './curves.ts'
import { SegmentationMatrix } from './segmentation.ts'

const want = golden(new URL('./__golden__/curves.json', import.meta.url))
const scores = Float64Array.from(draws(1, 200), (v) => Math.round(v * 40) / 40)
const labels = draws(2, 200).map((v, i) => (v + scores[i] / 2 > 0.9 ? 1 : 0))

describe('precision and recall', () => {
  it('equal scikit-learn, ties included', () => {
    const curve = precisionRecallCurve(scores, labels)
    expect(worstError(curve.precisions, want.precision.data)).toBeLessThan(1e-15)
    expect(worstError(curve.recalls, want.recall.data)).toBeLessThan(1e-15)
    expect(worstError(curve.thresholds, want.threshold.data)).toBeLessThan(1e-15)
    expect(averagePrecision(scores, labels)).toBeCloseTo(want.ap.data[0], 14)
  })

  it('of nothing positive, and of nothing', () => {
    expect([...precisionRecallCurve([0.5], [0]).recalls]).toEqual([1, 0])
    expect(averagePrecision([0.5], [0])).toBe(0)
    expect([...precisionRecallCurve([], []).precisions]).toEqual([1])
    expect(() => averagePrecision([1], [])).toThrowErrorMatchingInlineSnapshot(`[ShapeError: averagePrecision: the numbers of labels and scores do not match; got 0, expected 1.]`)
    expect(() => averagePrecision([NaN], [1])).toThrowErrorMatchingInlineSnapshot(`[ValueError: averagePrecision: a score is NaN.]`)
  })
})

describe('segmentation scores', () => {
  const target = draws(3, 500).map((v, i) => (i % 17 === 0 ? 255 : Math.floor(Math.fround(v * 6))))
  const other = draws(5, 500).map((v) => Math.floor(v * 4))
  const found = draws(4, 500).map((v, i) => (v > Math.fround(0.4) ? target[i] % 4 : other[i]))

  it('equal the formulas; targets outside of the classes do not count', () => {
    const matrix = new SegmentationMatrix(5)
    matrix.update(target.subarray(0, 200), found.subarray(0, 200))
    matrix.update(target.subarray(200), found.subarray(200))
    expect(worstError(matrix.counts, want.matrix.data)).toBe(0)
    const s = matrix.scores()
    expect(worstError(s.iou, want.iou.data)).toBeLessThan(1e-15)
    expect(worstError(s.dice, want.dice.data)).toBeLessThan(1e-15)
    expect(worstError(s.classAccuracy, want.accuracy.data)).toBeLessThan(1e-15)
    expect(worstError([s.pixelAccuracy, s.frequencyWeightedIou], want.pixel.data)).toBeLessThan(1e-15)
    expect(s.meanIou).toBeCloseTo(want.iou.data.reduce((a: number, b: number) => a + b, 0) / 5, 12)
    matrix.reset()
    expect(matrix.scores()).toMatchObject({ pixelAccuracy: 0, meanIou: 0, meanDice: 0 })
  })

  it('refuse what is not a class, unchanged', () => {
    const matrix = new SegmentationMatrix(2)
    expect(() => matrix.update([0, 1], [1, 2])).toThrowErrorMatchingInlineSnapshot(`[ValueError: SegmentationMatrix.update: not a class; got 2 at 1, expected 0 to 1.]`)
    expect(() => matrix.update([0], [1, 1])).toThrowErrorMatchingInlineSnapshot(`[ShapeError: SegmentationMatrix.update: not as many targets as predictions; got 1 and 2.]`)
    expect([...matrix.counts]).toEqual([0, 0, 0, 0])
    expect(() => new SegmentationMatrix(0)).toThrowErrorMatchingInlineSnapshot(`[ValueError: SegmentationMatrix: not a number of classes; got 0.]`)
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
    expect(() => calibrationError([1.5], [1])).toThrowErrorMatchingInlineSnapshot(`[ValueError: calibrationError: not a confidence; got 1.5 at 0, expected 0 to 1.]`)
    expect(() => calibrationError([1], [1], 0)).toThrowErrorMatchingInlineSnapshot(`[ShapeError: calibrationError: not a number of bins; got 0.]`)
  })
})
