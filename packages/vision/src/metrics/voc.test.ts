import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { worstError } from '../testing/golden.ts'
import { dataPath } from '../testing/shared.ts'
import { evaluateVoc, type VocDetection, type VocObject } from './voc.ts'

const folder = dataPath('detection/voc/test_case_1')

const rows = (kind: string): { image: string; fields: string[] }[] =>
  readdirSync(`${folder}/${kind}`).flatMap((name) =>
    readFileSync(`${folder}/${kind}/${name}`, 'utf8')
      .trim()
      .split('\n')
      .map((row) => ({ image: name, fields: row.trim().split(/\s+/) })),
  )
const corners = ([x, y, w, h]: number[]): number[] => [x, y, x + w, y + h]

describe('VOC average precision', () => {
  it.skipIf(folder === null)('has the published figures to 9 digits (skipped without the data)', () => {
    const truth: VocObject[] = rows('gts').map(({ image, fields }) => ({
      image,
      label: fields[0],
      box: corners(fields.slice(1).map(Number)),
    }))
    const found: VocDetection[] = rows('dets').map(({ image, fields }) => ({
      image,
      label: fields[0],
      score: Number(fields[1]),
      box: corners(fields.slice(2).map(Number)),
    }))
    const ap = (method: 'every-point' | '11-point') =>
      [0.1, 0.3, 0.5, 0.75].map((iouThreshold) => evaluateVoc(truth, found, { iouThreshold, method }).map)
    // Ten digits are published, some rounded and some cut off.
    expect(worstError(ap('11-point'), [0.3333333333, 0.2683982683, 0.0303030303, 0])).toBeLessThan(1e-10)
    expect(worstError(ap('every-point'), [0.3371980676, 0.2456866804, 0.0222222222, 0])).toBeLessThan(1e-10)
  })

  const car = (image: string, box: number[]) => ({ image, label: 'car', box })

  it('by hand: a second detection of an object is wrong, a difficult one does not count', () => {
    const truth = [car('a', [0, 0, 9, 9]), { ...car('a', [50, 50, 59, 59]), difficult: true }, car('b', [0, 0, 9, 9])]
    const found = [
      { ...car('a', [0, 0, 9, 9]), score: 0.9 },
      { ...car('a', [1, 0, 9, 9]), score: 0.8 },
      { ...car('a', [50, 50, 59, 59]), score: 0.95 },
      { ...car('b', [0, 0, 9, 9]), score: 0.7 },
    ]
    const { perClass } = evaluateVoc(truth, found)
    expect(perClass[0]).toMatchObject({ positives: 2, truePositives: 2, falsePositives: 1, recalls: [0.5, 0.5, 1] })
    expect(perClass[0].ap).toBeCloseTo(0.5 + 0.5 * (2 / 3), 12)
  })

  it('measures sides with or without the last pixel', () => {
    const truth = [car('a', [0, 0, 1, 1])]
    const found = [{ ...car('a', [1, 0, 2, 1]), score: 1 }]
    expect(evaluateVoc(truth, found, { iouThreshold: 1 / 3 }).map).toBe(1)
    expect(evaluateVoc(truth, found, { iouThreshold: 1 / 3, inclusive: false }).map).toBe(0)
    expect(evaluateVoc([], found)).toEqual({ map: 0, perClass: [] })
  })

  it('refuses what is not finite', () => {
    expect(() => evaluateVoc([car('a', [0, 0, NaN, 1])], [])).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: evaluateVoc: the box of ground truth 0 is not usable; got [0, 0, NaN, 1], expected finite numbers.]`,
    )
    expect(() => evaluateVoc([], [{ ...car('a', [0, 0, 1]), score: 1 }])).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: evaluateVoc: the box and score of detection 0 is not usable; got [0, 0, 1, 1], expected finite numbers.]`,
    )
  })
})
