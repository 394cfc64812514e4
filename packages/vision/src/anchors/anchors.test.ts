import { describe, expect, it } from 'vitest'
import { boxIou } from '../boxes/iou.ts'
import { Generator } from '@lanewise/core'
import { draws, drawBoxes, golden, oddBoxes, worstError } from '../testing/golden.ts'
import { defaultBoxes, gridAnchors } from './anchors.ts'
import { decodeBoxes, encodeBoxes } from './box-coder.ts'
import { matchAnchors } from './matcher.ts'
import { sampleBalanced, sampleHardest } from './sampler.ts'

const want = golden(new URL('./__golden__/anchors.json', import.meta.url))
const grids = [
  [5, 7],
  [3, 4],
] as const
const imageSize = { width: 112, height: 83 }

describe('anchors', () => {
  it('of a pyramid equal torchvision to the bit', () => {
    const sizes = [[32, 45], [64.5]]
    const aspectRatios = [
      [0.5, 1, 2],
      [0.3, 3.1],
    ]
    expect(gridAnchors({ sizes, aspectRatios, grids, imageSize })).toEqual(want.anchors.data)
  })

  it('of SSD equal torchvision to the bit', () => {
    const aspectRatios = [[2], [2, 3]]
    expect(defaultBoxes({ aspectRatios, grids, imageSize })).toEqual(want.default.data)
    const set = { scales: [0.07, 0.9, 1.3], steps: [16, 32], clip: false }
    expect(defaultBoxes({ aspectRatios, grids, imageSize: { width: 112, height: 80 }, ...set })).toEqual(
      want['default set'].data,
    )
  })

  it('refuse lists that do not match', () => {
    expect(() => gridAnchors({ sizes: [[8]], aspectRatios: [], grids, imageSize })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: gridAnchors: sizes and ratios do not match the feature maps; got 1 lists of sizes and 0 of ratios for 2 maps.]`,
    )
    expect(() => defaultBoxes({ aspectRatios: [[]], grids, imageSize })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: defaultBoxes: ratios, scales or steps do not match the feature maps; got 1 lists of ratios, 3 scales, no steps for 2 maps, expected one of each for every map, and one scale more.]`,
    )
  })
})

describe('the box coder', () => {
  const a = drawBoxes(1, 10)
  const b = drawBoxes(2, 10)
  const codes = draws(3, 80).map((v) => Math.fround(v * 20) - 10)

  it.each([
    ['plain', undefined],
    ['head', [10, 10, 5, 5]],
  ] as const)('equals torchvision: %s', (name, weights) => {
    const options = weights === undefined ? {} : { weights }
    // torch's log and exp round differently in the last place of float32; a code reaches 60 box sizes.
    expect(worstError(encodeBoxes(a, b, options), want[`encode ${name}`].data)).toBeLessThan(1e-6)
    expect(worstError(decodeBoxes(codes, b, options), want[`decode ${name}`].data)).toBeLessThan(1e-6)
  })

  it('undoes itself', () => {
    expect(worstError(decodeBoxes(encodeBoxes(a, b), b), a)).toBeLessThan(1e-5)
  })

  it("has torch's values for degenerate boxes", () => {
    const first = Float32Array.from({ length: 52 }, (_, i) => a[i % 4])
    expect(worstError(encodeBoxes(oddBoxes(), first), want['encode odd'].data)).toBeLessThan(1e-6)
  })

  it('refuses counts that do not match', () => {
    expect(() => encodeBoxes(a, b.subarray(4))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: encodeBoxes: the numbers of anchors and boxes do not match; got 9, expected 10.]`,
    )
    expect(() => decodeBoxes(codes.subarray(4), b)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: decodeBoxes: codes do not have 40 numbers each; got 76 numbers, expected a multiple of 40.]`,
    )
    expect(decodeBoxes([], []).length).toBe(0)
  })
})

describe('the matcher', () => {
  const iou = boxIou(drawBoxes(4, 6, 60, 60), drawBoxes(5, 80, 60, 60))
  const row = iou.subarray(160, 240)
  row[7] = row[9] = Math.max(...row)
  iou[83] = NaN

  it('equals torchvision, also on ties and NaN', () => {
    expect(matchAnchors(iou, { boxes: 6, high: 0.7, low: 0.3, forced: 'ties' })).toEqual(want.ties.data)
    expect(matchAnchors(iou, { boxes: 6, high: 0.5 })).toEqual(want.none.data)
    expect(matchAnchors(iou, { boxes: 6, high: 0.5, forced: 'best' })).toEqual(want.best.data)
  })

  it('refuses what cannot be matched', () => {
    expect(() => matchAnchors([], { boxes: 0, high: 0.5 })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: matchAnchors: there is nothing to match; got 0 boxes and 0 qualities. Treat images without boxes as background.]`,
    )
    expect(() => matchAnchors([], { boxes: 2, high: 0.5 })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: matchAnchors: there is nothing to match; got 2 boxes and 0 qualities. Treat images without boxes as background.]`,
    )
    expect(() => matchAnchors([1], { boxes: 1, high: 0.5, low: 0.6 })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: matchAnchors: low is above high; got 0.6 and 0.5.]`,
    )
  })
})

describe('the sampler', () => {
  it.each([16, 128])('draws as torchvision: %s', (count) => {
    const labels = draws(6, 200).map((v) => Math.floor(v * 4) - 1)
    const { positive, negative } = sampleBalanced(labels, {
      count,
      positiveFraction: 0.25,
      generator: new Generator(5),
    })
    expect(positive).toEqual(want[`positive ${count}`].data)
    expect(negative).toEqual(want[`negative ${count}`].data)
  })

  it("takes the hardest negatives as torchvision's SSD does", () => {
    const logits = draws(7, 120).map((v) => v * 4)
    const labels = draws(8, 60).map((v) => (v < 0.12 ? 1 : 0))
    const losses = labels.map((l, i) => {
      const margin = logits[2 * i + 1] - logits[2 * i]
      return Math.log1p(Math.exp(l === 1 ? -margin : margin))
    })
    const { positive, negative } = sampleHardest(losses, labels)
    expect(negative).toHaveLength(3 * positive.length)
    const total = [...positive, ...negative].reduce((sum, i) => sum + losses[i], 0)
    expect(total / positive.length).toBeCloseTo(want.hardest.data[0], 5)
  })

  it('takes all negatives where there are too few, ties by index, and leaves ignored ones out', () => {
    expect([...sampleHardest([1, 2, 3], [1, 0, -1]).negative]).toEqual([1])
    expect([...sampleHardest([0, 5, 5, 5], [1, 0, 0, 0], 2).negative]).toEqual([1, 2])
    expect(sampleHardest([], []).positive).toHaveLength(0)
    expect(() => sampleHardest([1], [1, 2])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: sampleHardest: the numbers of labels and losses do not match; got 2, expected 1.]`,
    )
    expect(() => sampleHardest([1], [1], -1)).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: sampleHardest: the ratio is negative; got -1, expected a number from 0 on.]`,
    )
  })

  it('refuses a share above one', () => {
    const generator = new Generator(0)
    expect(() => sampleBalanced([1], { count: 1, positiveFraction: 2, generator })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: sampleBalanced: count or share is out of range; got count 1, positiveFraction 2, expected count >= 0 and a share in [0, 1].]`,
    )
  })
})
