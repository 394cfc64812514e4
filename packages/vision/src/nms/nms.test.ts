import { describe, expect, it } from 'vitest'
import { makeDetections } from '../detections.ts'
import { draws, drawBoxes, golden, oddBoxes, worstError } from '../testing/golden.ts'
import { pairIou } from '../boxes/iou.ts'
import { batchedNms } from './batched.ts'
import { weightedBoxFusion } from './fusion.ts'
import { nms } from './nms.ts'
import { nmsBy, softNms } from './soft.ts'

const want = golden(new URL('./__golden__/nms.json', import.meta.url))
const cases: [string, number, number, number, number][] = [
  ['sparse', 300, 1000, 40, 0.5],
  ['clustered', 700, 100, 80, 0.5],
  ['dense', 400, 30, 60, 0.7],
  ['third', 200, 4, 4, 1 / 3],
  ['zero', 60, 100, 60, 0],
]
const halfEven = (v: number): number => Math.round(v) - (Math.abs(v % 1) === 0.5 && Math.round(v) % 2 !== 0 ? 1 : 0)
const tied = (seed: number, n: number, levels: number): Float32Array =>
  draws(seed, n).map((v) => halfEven(Math.fround(v * levels)) / levels)

describe('nms', () => {
  it.each(cases)('equals torchvision: %s', (name, n, size, side, iouThreshold) => {
    const drawn = drawBoxes(40 + n, n, size, side)
    const boxes = name === 'third' ? drawn.map(halfEven) : drawn
    const scores = tied(41 + n, n, 50)
    expect(nms(boxes, scores, { iouThreshold })).toEqual(want[name].data)
    const labels = draws(42 + n, n).map((v) => Math.floor(v * 3))
    expect(batchedNms(boxes, scores, labels, { iouThreshold })).toEqual(want[`${name} batched`].data)
  })

  it('equals torchvision class by class above a thousand boxes', () => {
    const labels = draws(52, 1500).map((v) => Math.floor(Math.fround(v * 5)))
    const keep = batchedNms(drawBoxes(50, 1500, 300, 60), tied(51, 1500, 200), labels, { iouThreshold: 0.4 })
    expect(keep).toEqual(want['big batched'].data)
  })

  it.each([0, 0.5, 1, -0.5])('equals torchvision on degenerate boxes at %s', (iouThreshold) => {
    const boxes = oddBoxes()
    const n = boxes.length / 4
    const scores = Float32Array.from({ length: n }, (_, i) => (i === 3 ? NaN : n - 1 - i))
    const name = Number.isInteger(iouThreshold) ? `${iouThreshold}.0` : String(iouThreshold)
    expect(nms(boxes, scores, { iouThreshold })).toEqual(want[`odd ${name}`].data)
    const reversed = boxes.map((_, i) => boxes[4 * (n - 1 - (i >> 2)) + (i % 4)])
    expect(nms(reversed, scores, { iouThreshold })).toEqual(want[`odd reversed ${name}`].data)
  })

  it('takes nothing, and plain arrays', () => {
    expect(nms([], [], { iouThreshold: 0.5 })).toEqual(new Int32Array(0))
    expect(batchedNms([], [], [], { iouThreshold: 0.5 })).toEqual(new Int32Array(0))
  })

  it('names what is wrong', () => {
    expect(() => nms([0, 0, 1, 1], [1, 2], { iouThreshold: 0.5 })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: nms: the numbers of scores and boxes do not match; got 2, expected 1.]`,
    )
    expect(() => batchedNms([0, 0, 1, 1], [1], [], { iouThreshold: 0.5 })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: batchedNms: the numbers of labels and boxes do not match; got 0, expected 1.]`,
    )
  })

  it('equals the plain definition on two million comparisons', () => {
    const boxes = drawBoxes(7, 1500, 200, 50)
    const scores = draws(8, 1500)
    const plain = nmsBy(scores, (i, j) => pairIou(boxes, i, boxes, j), 0.45)
    expect(nms(boxes, scores, { iouThreshold: 0.45 })).toEqual(plain)
  })
})

describe('softNms', () => {
  it.each(['gaussian', 'linear'] as const)('follows the formula: %s', (method) => {
    const { keep, scores } = softNms(drawBoxes(60, 40, 60, 60), draws(61, 40), { method })
    expect(keep).toEqual(want[`soft ${method}`].data)
    expect(worstError(scores, want[`soft ${method} scores`].data)).toBeLessThan(1e-6)
  })

  it('drops NaN scores and refuses a bad sigma', () => {
    expect(softNms([0, 0, 1, 1, 4, 4, 5, 5], [NaN, 0.5]).keep).toEqual(Int32Array.of(1))
    expect(() => softNms([], [], { sigma: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: softNms: sigma is not positive; got 0.]`,
    )
  })
})

describe('weightedBoxFusion', () => {
  const base = drawBoxes(70, 12, 100, 40).map((v, i) => v + (i % 4 > 1 ? 10 : 0))
  const models = [0, 1, 2].map((k) => {
    const noise = draws(71 + k, 48)
    const boxes = base.map((v, i) => v + Math.fround(Math.fround(noise[i] - 0.5) * 6))
    return makeDetections(
      boxes,
      draws(75 + k, 12),
      draws(79, 12).map((v) => Math.floor(v * 2)),
    )
  })

  it('follows the formula', () => {
    const fused = weightedBoxFusion(models, { weights: [1, 2, 1] })
    expect(fused.labels).toEqual(want['fused labels'].data)
    expect(worstError(fused.scores, want['fused scores'].data)).toBeLessThan(1e-6)
    expect(worstError(fused.boxes, want['fused boxes'].data)).toBeLessThan(1e-6)
  })

  it('takes the largest score where asked, and nothing at all', () => {
    const [one] = weightedBoxFusion([models[0]], { score: 'max' }).scores
    expect(one).toBe(Math.max(...models[0].scores))
    expect(weightedBoxFusion([]).scores.length).toBe(0)
    expect(() => weightedBoxFusion(models, { weights: [1] })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: weightedBoxFusion: the weights do not fit the models; got [1] for 3 models, expected one non-negative weight for each model, not all zero.]`,
    )
  })
})
