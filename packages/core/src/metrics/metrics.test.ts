import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ShapeError, ValueError } from '../errors.ts'
import { select, transpose } from '../ops/views.ts'
import { tensor } from '../tensor/create.ts'
import { accuracy, argmaxRows, topKAccuracy } from './accuracy.ts'
import { ConfusionMatrix, meanIou, pixelAccuracy } from './confusion-matrix.ts'
import { perplexity, perplexityOfLoss } from './perplexity.ts'
import { classificationReport, f1, precision, recall, type ClassificationReport } from './precision-recall.ts'
import { averagePrecision, rocAuc } from './ranking.ts'
import { mae, mse, r2 } from './regression.ts'
import { MovingAverage, RunningMean } from './running.ts'

const golden = JSON.parse(readFileSync(new URL('__golden__/metrics.json', import.meta.url), 'utf8'))

/** Both sides sum some hundred doubles in their own order. */
const close = (got: number, want: number): void =>
  expect(Math.abs(got - want)).toBeLessThanOrEqual(1e-13 * Math.max(1, Math.abs(want)))

const closeReport = (got: ClassificationReport, want: ClassificationReport): void => {
  expect(got.perClass.map(({ label, support }) => [label, support])).toEqual(
    want.perClass.map(({ label, support }) => [label, support]),
  )
  for (const key of ['precision', 'recall', 'f1'] as const) {
    for (const average of ['micro', 'macro', 'weighted'] as const) close(got[average][key], want[average][key])
    got.perClass.forEach((scores, i) => close(scores[key], want.perClass[i][key]))
  }
}

test('tensors are read in logical order', () => {
  const scores = tensor([
    [0.1, 0.2, 0.9],
    [0.7, 0.3, 0.4],
    [0.2, 0.5, 0.1],
  ])
  const target = tensor(Int32Array.of(2, 0, 0))
  const turned = transpose(
    tensor([
      [0.1, 0.7, 0.2],
      [0.2, 0.3, 0.5],
      [0.9, 0.4, 0.1],
    ]),
    0,
    1,
  )
  for (const s of [scores, turned]) {
    expect([...argmaxRows(s, 3)]).toEqual([2, 0, 1])
    expect(topKAccuracy(s, target, { numClasses: 3, k: 1 })).toBe(2 / 3)
    expect(perplexity(s, target, { numClasses: 3 })).toBe(perplexity(scores.dataSync(), [2, 0, 0], { numClasses: 3 }))
  }
  expect(accuracy(argmaxRows(turned, 3), target)).toBe(2 / 3)
  expect(meanIou(target, target, { numClasses: 3 })).toBe(1)
  expect(f1(target, [2, 0, 1], { average: 'micro' })).toBe(2 / 3)
  expect(rocAuc(select(turned, 1, 0), tensor(Int32Array.of(0, 1, 0)))).toBe(1)
  expect([mse(scores, turned), mae(scores, turned), r2(target, target)]).toEqual([0, 0, 1])
})

describe('as scikit-learn', () => {
  test.each<[number]>(golden.labels.map((_: unknown, i: number) => [i]))('labels, case %i', (i) => {
    const { numClasses, target, predicted, ...want } = golden.labels[i]
    expect(accuracy(predicted, target)).toBe(want.accuracy)
    const matrix = new ConfusionMatrix(numClasses)
    matrix.update(predicted, target)
    expect(matrix.compute()).toEqual(want.matrix)
    matrix.iou().forEach((value, c) => (want.iou[c] === null ? expect(value).toBeNaN() : close(value, want.iou[c])))
    close(meanIou(predicted, target, { numClasses }), want.meanIou)
    expect(pixelAccuracy(predicted, target, { numClasses })).toBe(want.accuracy)
    closeReport(classificationReport(predicted, target), want.occurring)
    closeReport(classificationReport(predicted, target, { numClasses }), want.all0)
    closeReport(classificationReport(predicted, target, { numClasses, zeroDivision: 1 }), want.all1)
    for (const average of ['micro', 'macro', 'weighted'] as const) {
      close(precision(predicted, target, { average }), want.occurring[average].precision)
      close(recall(predicted, target, { average }), want.occurring[average].recall)
      close(f1(predicted, target, { average }), want.occurring[average].f1)
    }
  })

  test('ranking of two classes, with ties', () => {
    for (const { target, scores, ...want } of golden.ranking) {
      close(rocAuc(scores, target), want.rocAuc)
      close(averagePrecision(Float64Array.from(scores), target), want.averagePrecision)
    }
  })

  test('ranking of several classes', () => {
    for (const { numClasses, target, scores, ...want } of golden.multiclass) {
      for (const average of ['macro', 'weighted'] as const) {
        close(rocAuc(scores, target, { numClasses, average }), want[average].rocAuc)
        close(averagePrecision(scores, target, { numClasses, average }), want[average].averagePrecision)
      }
      close(rocAuc(scores, target, { numClasses }), want.macro.rocAuc)
    }
  })

  test('top k', () => {
    for (const { numClasses, target, scores, accuracy: want } of golden.topK) {
      want.forEach((share: number, i: number) =>
        expect(topKAccuracy(scores, target, { numClasses, k: i + 1 })).toBe(share),
      )
      expect(accuracy(argmaxRows(scores, numClasses), target)).toBe(want[0])
    }
  })

  test('regression', () => {
    for (const { target, predicted, ...want } of golden.regression) {
      close(mse(predicted, target), want.mse)
      close(mae(predicted, target), want.mae)
      close(r2(predicted, target), want.r2)
    }
  })

  test('perplexity, as torch', () => {
    for (const { numClasses, target, logits, perplexity: want } of golden.perplexity) {
      close(perplexity(logits, target, { numClasses, ignoreIndex: -100 }) / want, 1)
    }
    expect(perplexity([0, -Infinity], [0], { numClasses: 2 })).toBe(1)
    expect(perplexityOfLoss(0)).toBe(1)
  })
})

describe('by hand', () => {
  test('equal scores: the first class is the higher one', () => {
    expect(argmaxRows([1, 1, 0, 2, 2, 2], 3)).toEqual(Int32Array.of(0, 0))
    expect(topKAccuracy([1, 1, 1], [1], { numClasses: 3, k: 1 })).toBe(0)
    expect(topKAccuracy([1, 1, 1], [1], { numClasses: 3, k: 2 })).toBe(1)
    expect(argmaxRows([-Infinity, -Infinity], 2)).toEqual(Int32Array.of(0))
  })

  test('infinite scores have a rank', () => {
    expect(rocAuc([-Infinity, Infinity, Infinity, 0], [0, 1, 0, 1])).toBe(0.625)
    expect(averagePrecision([Infinity, Infinity], [1, 0])).toBe(0.5)
  })

  test('ignored targets count nowhere', () => {
    expect(accuracy([1, 2, 0], [1, 255, 255], { ignoreIndex: 255 })).toBe(1)
    const options = { numClasses: 2, ignoreIndex: 255 }
    expect(pixelAccuracy([0, 1, 1], [0, 255, 0], options)).toBe(0.5)
    expect(meanIou([0, 1, 1], [0, 255, 0], options)).toBe(0.25)
    expect(
      classificationReport([0, 1, 1], [0, 255, 0], { ignoreIndex: 255 }).perClass.map(({ support }) => support),
    ).toEqual([2, 0])
  })

  test('batches add up, and reset forgets them', () => {
    const matrix = new ConfusionMatrix(3)
    matrix.update([0, 1], [0, 2])
    matrix.update([], [])
    matrix.update(Uint8Array.of(2), Int32Array.of(2))
    expect(matrix.compute()).toEqual([
      [1, 0, 0],
      [0, 0, 0],
      [0, 1, 1],
    ])
    expect([matrix.total, matrix.hits(), matrix.support(), matrix.predictions()]).toEqual([
      3,
      [1, 0, 1],
      [1, 0, 2],
      [1, 1, 1],
    ])
    expect(matrix.accuracy()).toBe(2 / 3)
    matrix.reset()
    expect(matrix.total).toBe(0)
  })

  test('running means', () => {
    const mean = new RunningMean()
    mean.update(1, 3)
    mean.update(5)
    mean.update(NaN, 0)
    expect([mean.compute(), mean.weight]).toEqual([2, 4])
    mean.reset()
    mean.update(7)
    expect(mean.compute()).toBe(7)
    const average = new MovingAverage(0.9)
    average.update(3)
    expect(average.compute()).toBeCloseTo(3, 14)
    average.update(1)
    expect(average.compute()).toBeCloseTo((0.9 * 3 + 1) / 1.9, 14)
    average.reset()
    expect([new MovingAverage().decay, new MovingAverage(0).decay]).toEqual([0.98, 0])
    average.update(2)
    expect(average.compute()).toBeCloseTo(2, 14)
  })
})

const labelled = fc.integer({ min: 2, max: 5 }).chain((numClasses) =>
  fc.record({
    numClasses: fc.constant(numClasses),
    rows: fc.array(fc.record({ predicted: fc.nat(numClasses - 1), target: fc.nat(numClasses - 1) }), {
      minLength: 1,
      maxLength: 40,
    }),
  }),
)

test('properties', () => {
  fc.assert(
    fc.property(labelled, ({ numClasses, rows }) => {
      const predicted = rows.map((row) => row.predicted)
      const target = rows.map((row) => row.target)
      const report = classificationReport(predicted, target, { numClasses })
      close(report.micro.f1, accuracy(predicted, target))
      close(report.weighted.recall, accuracy(predicted, target))
      for (const value of [
        report.macro.precision,
        report.macro.recall,
        report.macro.f1,
        meanIou(predicted, target, { numClasses }),
      ]) {
        expect(value >= 0 && value <= 1).toBe(true)
      }
      expect(classificationReport(target, target).macro.f1).toBe(1)
      expect(meanIou(target, target, { numClasses })).toBe(1)
    }),
  )
  const scored = fc.array(fc.record({ score: fc.integer({ min: -5, max: 5 }), target: fc.nat(1) }), { maxLength: 40 })
  fc.assert(
    fc.property(scored, (rows) => {
      const scores = [1, 0, ...rows.map((row) => row.score)]
      const target = [1, 0, ...rows.map((row) => row.target)]
      const auc = rocAuc(scores, target)
      close(
        rocAuc(
          scores.map((x) => -x),
          target,
        ),
        1 - auc,
      )
      close(
        rocAuc(
          scores.map((x) => x ** 3 + 2 * x),
          target,
        ),
        auc,
      )
      close(
        rocAuc(
          scores.map((x) => -x),
          target.map((x) => 1 - x),
        ),
        auc,
      )
      const ap = averagePrecision(scores, target)
      expect(ap > 0 && ap <= 1).toBe(true)
    }),
  )
})

test('bad input', () => {
  const matrix = new ConfusionMatrix(2)
  expect(() => accuracy([1], [1, 2])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: accuracy: predictions and targets do not pair up; got 1 and 2, expected the same number.]`,
  )
  expect(() => accuracy([], [])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: accuracy: nothing to measure; got 0 values, expected at least 1.]`,
  )
  expect(() => accuracy([1], [1], { ignoreIndex: 1 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: accuracy: every target is ignored; got ignoreIndex 1.]`,
  )
  expect(() => argmaxRows([1, 2, 3], 2)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: argmaxRows: the scores are not a row of classes for each target; got 3 scores, 2 targets, 2 classes, expected 4 scores.]`,
  )
  expect(() => argmaxRows([1, NaN], 2)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: argmaxRows: a score is NaN; got NaN at 1, expected numbers.]`,
  )
  expect(() => argmaxRows([1, 2], 0)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: argmaxRows: not a number of classes; got 0, expected an integer >= 1.]`,
  )
  expect(() => topKAccuracy([1, 2], [2], { numClasses: 2, k: 1 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: topKAccuracy: a target is not a class; got 2 at 0, expected an integer in [0, 2).]`,
  )
  expect(() => topKAccuracy([1, 2], [0], { numClasses: 2, k: 3 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: topKAccuracy: k is out of range; got 3, expected an integer in [1, 2].]`,
  )
  expect(() => matrix.update([2], [0])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: ConfusionMatrix.update: a prediction is not a class; got 2 at 0, expected an integer in [0, 2).]`,
  )
  expect(() => matrix.update([0, 0], [0, 255])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: ConfusionMatrix.update: a target is not a class; got 255 at 1, expected an integer in [0, 2).]`,
  )
  expect(() => matrix.update([0], [0.5])).toThrow(ValueError)
  expect(() => matrix.update([0], [])).toThrow(ShapeError)
  expect(matrix.total).toBe(0)
  expect(() => matrix.accuracy()).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: ConfusionMatrix.accuracy: nothing to measure; got 0 targets.]`,
  )
  expect(() => matrix.meanIou()).toThrow(ValueError)
  expect(() => new ConfusionMatrix(1.5)).toThrow(ValueError)
  expect(() => classificationReport([5000], [0])).toThrow(ValueError)
  expect(() => classificationReport([0], [-1])).toThrow(ValueError)
  expect(() => rocAuc([1, 2], [1, 1])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: rocAuc: there is nothing to rank; got 2 of 2 targets are positive, expected some, not all.]`,
  )
  expect(() => rocAuc([1, 2], [0, 2])).toThrow(ValueError)
  expect(() => rocAuc([NaN, 2], [0, 1])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: rocAuc: a score is NaN; got NaN at 0, expected numbers.]`,
  )
  expect(() => rocAuc([1, 2, 3, 4], [0, 1], { numClasses: 3 })).toThrow(ShapeError)
  expect(() => averagePrecision([1, 2, 3, 4, 5, 6], [0, 1], { numClasses: 3 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: averagePrecision: there is nothing to rank; got 0 of 2 targets are class 2, expected some, not all.]`,
  )
  expect(() => r2([1], [1])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: r2: too few values; got 1, expected at least 2.]`,
  )
  expect(() => mse([], [])).toThrow(ValueError)
  expect(() => perplexity([1, 2], [3], { numClasses: 2 })).toThrow(ValueError)
  expect(() => perplexity([1, 2], [9], { numClasses: 2, ignoreIndex: 9 })).toThrow(ValueError)
  expect(() => perplexity([1, Infinity], [0], { numClasses: 2 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: perplexity: a row of logits has no softmax; got a highest value of Infinity at 0, expected a finite one.]`,
  )
  expect(() => perplexity([-Infinity, -Infinity], [0], { numClasses: 2 })).toThrow(ValueError)
  expect(() => new RunningMean().compute()).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: RunningMean.compute: nothing to average; got 0 values, expected an update first.]`,
  )
  expect(() => new RunningMean().update(1, -1)).toThrow(ValueError)
  expect(() => new RunningMean().update(1, Infinity)).toThrow(ValueError)
  expect(() => new MovingAverage(-0.1)).toThrow(ValueError)
  expect(() => new MovingAverage(1)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: MovingAverage: not a decay; got 1, expected a number in [0, 1).]`,
  )
  expect(() => new MovingAverage().compute()).toThrow(ValueError)
})
