import { describe, expect, it } from 'vitest'
import { draws, drawBoxes, golden, worstError } from '../testing/golden.ts'
import { assignLevels, inferScale, roisFromBoxes } from './regions.ts'
import { alignAttrs, alignBackward, psRoiAlignArray, roiAlignArray } from './roi-align.ts'
import { psRoiPoolArray, roiPoolArray } from './roi-pool.ts'

const want = {
  ...golden(new URL('./__golden__/roi.json', import.meta.url)),
  ...golden(new URL('./__golden__/position-sensitive.json', import.meta.url)),
}
const multi = golden(new URL('./__golden__/multi-scale.json', import.meta.url))
const drawn = drawBoxes(1, 5, 30, 25).map((v) => v - 4)
const rois = Float32Array.from([
  ...[0, 1, 0, 1, 1].flatMap((image, i) => [image, ...drawn.subarray(4 * i, 4 * i + 4)]),
  ...[0, 5, 5, 5, 5, 1, 9, 9, 3, 2, 0, -60, -60, -50, -50, 1, -8, -8, 60, 60, 0, 2.5, 3.5, 4.5, 5.5],
  ...[1, 0, 0, 32, 24, 0, 31, 23, 40, 40],
])
const features = { data: draws(2, 2 * 4 * 12 * 16).map((v) => v * 2 - 1), shape: [2, 4, 12, 16] }
const sensitive = { data: draws(3, 2 * 12 * 12 * 16).map((v) => v * 2 - 1), shape: [2, 12, 12, 16] }
const options = { outputSize: [3, 2], spatialScale: 0.5 } as const

describe('RoI ops on plain arrays', () => {
  it.each([false, true])('roiAlign equals torchvision, aligned %s', (aligned) => {
    for (const samplingRatio of [-1, 2]) {
      const y = roiAlignArray(features, rois, { ...options, samplingRatio, aligned })
      expect(y.shape).toEqual([12, 4, 3, 2])
      expect(worstError(y.data, want[`align ${Number(aligned)} ${samplingRatio}`].data)).toBeLessThan(1e-6)
    }
  })

  it('psRoiAlign equals torchvision', () => {
    for (const samplingRatio of [-1, 2]) {
      const y = psRoiAlignArray(sensitive, rois, { ...options, samplingRatio })
      expect(y.shape).toEqual([12, 2, 3, 2])
      expect(worstError(y.data, want[`ps align ${samplingRatio}`].data)).toBeLessThan(1e-6)
    }
  })

  it('roiPool equals torchvision to the bit', () => {
    expect(roiPoolArray(features, rois, options).data).toEqual(want.pool.data)
  })

  it('psRoiPool equals torchvision', () => {
    expect(worstError(psRoiPoolArray(sensitive, rois, options).data, want['ps pool'].data)).toBeLessThan(1e-6)
  })

  it('refuses what does not fit', () => {
    expect(() => roiAlignArray({ data: features.data, shape: [2, 4, 192] }, rois, options)).toThrowErrorMatchingInlineSnapshot(`[ShapeError: roiAlign: the feature maps do not fit; got [2,4,192], expected [N,C,H,W], the same N and C at every level.]`)
    expect(() => roiAlignArray(features, [0, 1, 2, 3], options)).toThrowErrorMatchingInlineSnapshot(`[ShapeError: roiAlign: regions do not have 5 numbers each; got 4 numbers, expected a multiple of 5.]`)
    expect(() => roiPoolArray(features, [2, 0, 0, 1, 1], options)).toThrowErrorMatchingInlineSnapshot(`[ValueError: roiPool: a region names an image that is not there; got image 2 in region 0, expected 0 to 1.]`)
    expect(() => roiPoolArray(features, [NaN, 0, 0, 1, 1], options)).toThrowErrorMatchingInlineSnapshot(`[ValueError: roiPool: a region names an image that is not there; got image NaN in region 0, expected 0 to 1.]`)
    expect(() => roiPoolArray(features, rois, { outputSize: 0 })).toThrowErrorMatchingInlineSnapshot(`[ValueError: roiPool: the output size is not positive and whole; got [0,0].]`)
  })
})

describe('levels of regions', () => {
  it('equal torchvision at the borders', () => {
    const sides = [1, 28, 55.9, 56, 111, 111.99999, 112, 112.00001, 223.99998, 224, 447.9999, 448, 900, 5000, 0]
    const levels = assignLevels(roisFromBoxes(sides.map((s) => Float32Array.of(0, 0, s, s))), { minLevel: 2, maxLevel: 5 })
    expect(levels).toEqual(multi.sides.data)
    // torch turns the NaN into an integer of no level.
    expect(multi.inverted.data[0]).toBeLessThan(0)
    expect([...assignLevels([0, 10, 10, 5, 20], { minLevel: 2, maxLevel: 5 })]).toEqual([-1])
  })

  it('know their scale', () => {
    expect([inferScale(200, 800), inferScale(25, 800), inferScale(33, 512), inferScale(8, 8)]).toEqual([0.25, 1 / 32, 1 / 16, 1])
  })
})

describe('gradients of RoIAlign', () => {
  it('equal torchvision', () => {
    const attrs = alignAttrs('roiAlign', { ...options, aligned: true })
    const dx = { data: new Float32Array(features.data.length), shape: features.shape }
    const y = want['align 1 -1']
    alignBackward(draws(4, y.data.length), rois, attrs, [dx])
    expect(worstError(dx.data, want['align 1 -1 dx'].data)).toBeLessThan(1e-5)
  })
})
