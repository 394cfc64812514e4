import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { evaluateCoco, parseCoco, parseCocoResults } from '../io/coco.ts'
import { worstError } from '../testing/golden.ts'
import { recordedPath } from '../testing/shared.ts'
import { CocoEvaluator, type CocoSummary } from './coco.ts'
import { objectKeypointSimilarity } from './keypoints.ts'

const twelve = (s: CocoSummary): number[] => [
  ...[s.ap, s.ap50, s.ap75, s.apSmall, s.apMedium, s.apLarge],
  ...[s.ar1, s.ar10, s.ar100, s.arSmall, s.arMedium, s.arLarge],
]
const box = (categoryId: number, x: number, y: number, w: number, h: number) => ({ categoryId, bbox: [x, y, w, h] })

describe('COCO averages', () => {
  const recorded = recordedPath('coco-map.json')

  it.skipIf(recorded === null)('equal pycocotools on the recorded boxes (skipped without ../shared/golden)', () => {
    const { cases } = JSON.parse(readFileSync(recorded ?? '', 'utf8'))
    expect(cases).toHaveLength(3)
    for (const { input, output } of cases) {
      const dataset = parseCoco(JSON.stringify(input.dataset))
      const summary = evaluateCoco(dataset, parseCocoResults(JSON.stringify(input.detections)))
      expect(worstError(twelve(summary), output.stats)).toBeLessThan(1e-12)
      const perClass = dataset.categories.map(({ id }) => summary.perClass.find((c) => c.categoryId === id)?.ap ?? -1)
      expect(worstError(perClass, output.per_class_AP)).toBeLessThan(1e-12)
    }
  })

  const read = (name: string) => JSON.parse(readFileSync(new URL(`./__golden__/${name}.json`, import.meta.url), 'utf8'))

  it('equal pycocotools on masks', () => {
    const { annotations, results, stats, boxedStats } = read('coco-segm')
    const images = [1, 2, 3, 4, 5].map((id) => ({ id, width: 120, height: 120 }))
    const dataset = parseCoco(JSON.stringify({ images, annotations, categories: [{ id: 1 }, { id: 2 }] }))
    const found = parseCocoResults(JSON.stringify(results))
    expect(worstError(twelve(evaluateCoco(dataset, found, { iouType: 'segm' })), stats)).toBeLessThan(1e-12)
    const boxed = found.map((r, i) => ({ ...r, bbox: [0, 0, 20 + 10 * (i % 9), 30] }))
    expect(worstError(twelve(evaluateCoco(dataset, boxed, { iouType: 'segm' })), boxedStats)).toBeLessThan(1e-12)
  })

  it('equal pycocotools on key-points', () => {
    const { annotations, results, stats } = read('coco-keypoints')
    const images = [1, 2, 3, 4, 5, 6, 7, 8].map((id) => ({ id }))
    const dataset = parseCoco(JSON.stringify({ images, annotations, categories: [{ id: 1 }] }))
    const s = evaluateCoco(dataset, parseCocoResults(JSON.stringify(results)), { iouType: 'keypoints' })
    const recalls = { ar: s.ar100, medium: s.arMedium, large: s.arLarge }
    expect(worstError([s.ap, s.ap50, s.ap75, s.apMedium, s.apLarge], stats.slice(0, 5))).toBeLessThan(1e-12)
    expect(worstError([recalls.ar, recalls.medium, recalls.large], [stats[5], stats[8], stats[9]])).toBeLessThan(1e-12)
  })

  it('are 1 for perfect detections and -1 without ground truth', () => {
    const evaluator = new CocoEvaluator()
    evaluator.add([box(3, 0, 0, 50, 50)], [{ ...box(3, 0, 0, 50, 50), score: 0.3 }])
    const { ap, ap50, apMedium, apSmall, ar1 } = evaluator.summary()
    // 1 less an ulp, as in pycocotools: precision has an epsilon in its denominator.
    expect([ap, ap50, apMedium].every((v) => Math.abs(v - 1) < 1e-15)).toBe(true)
    expect([apSmall, ar1]).toEqual([-1, 1])
    expect(new CocoEvaluator().summary()).toMatchObject({ ap: -1, ar100: -1, perClass: [] })
    expect(evaluator.curve(3, 0.75).precisions.every((p) => p > 1 - 1e-15)).toBe(true)
    expect(evaluator.curve(4, 0.75).precisions.every((p) => p === -1)).toBe(true)
  })

  it('count a detection in a crowd neither way', () => {
    const evaluator = new CocoEvaluator()
    const crowd = { ...box(1, 0, 0, 100, 100), isCrowd: true }
    const inCrowd = [0, 10, 20].map((x) => ({ ...box(1, x, 0, 10, 10), score: 0.9 }))
    evaluator.add([crowd, box(1, 200, 0, 10, 10)], [...inCrowd, { ...box(1, 200, 0, 10, 10), score: 0.1 }])
    expect(evaluator.summary().ap).toBeCloseTo(1, 12)
  })

  it('refuse what cannot be judged, and stay as they were', () => {
    const evaluator = new CocoEvaluator()
    const good = { ...box(1, 0, 0, 5, 5), score: 1 }
    expect(() =>
      evaluator.add([box(1, 0, 0, 5, 5)], [good, { ...box(1, 0, NaN, 1, 1), score: 1 }]),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: CocoEvaluator.add: the bbox of detection 1 is not finite; got [0, NaN, 1, 1].]`,
    )
    expect(() => evaluator.add([], [{ ...good, score: NaN }])).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: CocoEvaluator.add: the score of detection 0 is not finite; got [NaN].]`,
    )
    expect(() => evaluator.add([], [{ categoryId: 1, score: 1 }])).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: CocoEvaluator.add: detection 0 has no bbox; expected bbox for this iouType.]`,
    )
    expect(evaluator.summary().perClass).toEqual([])
    expect(() =>
      new CocoEvaluator({ iouType: 'segm' }).add([box(1, 0, 0, 1, 1)], []),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: CocoEvaluator.add: ground truth 0 has no mask; expected mask for this iouType.]`,
    )
    expect(() => new CocoEvaluator({ iouThresholds: [1.5] })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: CocoEvaluator: thresholds are out of range; got [1.5], expected 1 to 30 numbers in (0, 1].]`,
    )
    expect(() => new CocoEvaluator({ maxDetections: [10, 1] })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: CocoEvaluator: limits on detections do not ascend; got [10, 1].]`,
    )
    const unknown = [{ imageId: 9, categoryId: 1, bbox: [0, 0, 1, 1], score: 1 }]
    expect(() =>
      evaluateCoco({ images: [{ id: 1 }], categories: [], annotations: [] }, unknown),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: evaluateCoco: a result names an image that is not there; got image 9 in result 0, expected one of the 1 images.]`,
    )
    expect(() => evaluator.curve(1, 0.52)).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: CocoEvaluator.curve: no such threshold; got 0.52.]`,
    )
    expect(() => objectKeypointSimilarity([1, 2, 3], [1, 2, 3], { area: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: objectKeypointSimilarity: the key-points do not match; got 3 and 3 numbers for 17 sigmas, expected 3 numbers for each sigma.]`,
    )
  })
})
