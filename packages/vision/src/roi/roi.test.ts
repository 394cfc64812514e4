import { clone, fromData, mul, sum, type Tensor } from '@lanewise/core'
import { gradCheck, gradGradCheck } from '@lanewise/core/testing'
import { describe, expect, it } from 'vitest'
import { draws, drawBoxes, golden, worstError } from '../testing/golden.ts'
import { multiScaleRoiAlign, psRoiAlign, psRoiPool, roiAlign, roiPool } from './ops.ts'
import { assignLevels, inferScale, roisFromBoxes } from './regions.ts'
import { psRoiAlignArray, roiAlignArray } from './roi-align-array.ts'
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

  it('gives 0 for an inverted region, and nothing for no regions', () => {
    const inverted = [0, 9, 9, 3, 2]
    for (const samplingRatio of [-1, 0]) {
      const y = roiAlignArray(features, inverted, { ...options, samplingRatio, aligned: true })
      expect(y.data.every((v) => v === 0)).toBe(true)
    }
    expect(roiAlignArray(features, [], options)).toEqual({ data: new Float32Array(0), shape: [0, 4, 3, 2] })
    expect(roiPoolArray(features, [], options).shape).toEqual([0, 4, 3, 2])
  })

  it('refuses what does not fit', () => {
    expect(() =>
      roiAlignArray({ data: features.data, shape: [2, 4, 192] }, rois, options),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: roiAlign: the feature maps do not fit; got [2,4,192], expected [N,C,H,W], the same N and C at every level.]`,
    )
    expect(() => roiAlignArray(features, [0, 1, 2, 3], options)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: roiAlign: regions do not have 5 numbers each; got 4 numbers, expected a multiple of 5.]`,
    )
    expect(() => roiPoolArray(features, [2, 0, 0, 1, 1], options)).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: roiPool: a region names an image that is not there; got image 2 in region 0, expected 0 to 1.]`,
    )
    expect(() => roiPoolArray(features, [NaN, 0, 0, 1, 1], options)).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: roiPool: a region names an image that is not there; got image NaN in region 0, expected 0 to 1.]`,
    )
    expect(() => psRoiPoolArray(sensitive, [0, 0, NaN, 1, 1], options)).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: psRoiPool: a region is not finite; got [0, NaN, 1, 1] in region 0, expected finite corners.]`,
    )
    expect(() => roiAlignArray(features, [1, 0, 0, Infinity, 1], options)).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: roiAlign: a region is not finite; got [0, 0, Infinity, 1] in region 0, expected finite corners.]`,
    )
    expect(() => psRoiAlignArray(sensitive, [0, -1e9, 0, 1e9, 1], options)).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: psRoiAlign: a region is too large to sample; got 500000000x1 samples of a bin in region 0, expected at most 100000 along an axis. Clip the boxes, or pass a samplingRatio.]`,
    )
    expect(() => roiPoolArray(features, rois, { outputSize: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: roiPool: the output size is not positive and whole; got [0,0].]`,
    )
  })
})

describe('levels of regions', () => {
  it('equal torchvision at the borders', () => {
    const sides = [1, 28, 55.9, 56, 111, 111.99999, 112, 112.00001, 223.99998, 224, 447.9999, 448, 900, 5000, 0]
    const levels = assignLevels(roisFromBoxes(sides.map((s) => Float32Array.of(0, 0, s, s))), {
      minLevel: 2,
      maxLevel: 5,
    })
    expect(levels).toEqual(multi.sides.data)
    // torch turns the NaN into an integer of no level.
    expect(multi.inverted.data[0]).toBeLessThan(0)
    expect([...assignLevels([0, 10, 10, 5, 20], { minLevel: 2, maxLevel: 5 })]).toEqual([-1])
  })

  it('know their scale', () => {
    expect([inferScale(200, 800), inferScale(25, 800), inferScale(33, 512), inferScale(8, 8)]).toEqual([
      0.25,
      1 / 32,
      1 / 16,
      1,
    ])
  })
})

describe('RoI ops on tensors', () => {
  const x = fromData(features.data, features.shape, 'f32')
  const ps = fromData(sensitive.data, sensitive.shape, 'f32')

  const cases: [string, (f: Tensor) => Tensor, Tensor][] = [
    ['align 0 -1', (f) => roiAlign(f, rois, options), x],
    ['align 1 -1', (f) => roiAlign(f, rois, { ...options, aligned: true }), x],
    ['pool', (f) => roiPool(f, rois, options), x],
    ['ps align 2', (f) => psRoiAlign(f, rois, { ...options, samplingRatio: 2 }), ps],
    ['ps pool', (f) => psRoiPool(f, rois, options), ps],
  ]

  it.each(cases)('%s equals torchvision, forward and gradient', (name, op, input) => {
    const leaf = clone(input).requiresGrad_()
    const y = op(leaf)
    expect(worstError(y.dataSync(), want[name].data)).toBeLessThan(1e-6)
    sum(mul(y, fromData(draws(4, y.size), y.shape, 'f32'))).backward()
    // Up to a hundred terms of float32 are added in another order.
    expect(worstError(leaf.grad?.dataSync() ?? [], want[`${name} dx`].data)).toBeLessThan(1e-5)
  })

  it('multiScaleRoiAlign equals torchvision, forward and gradient', () => {
    const levels = [0, 1, 2, 3].map((k) => {
      const shape = [2, 3, 32 >> k, 40 >> k]
      return fromData(
        draws(10 + k, 6 * shape[2] * shape[3]).map((v) => v * 2 - 1),
        shape,
        'f32',
      ).requiresGrad_()
    })
    const imageSizes = [
      { width: 160, height: 128 },
      { width: 150, height: 120 },
    ]
    const boxes = [drawBoxes(20, 6, 60, 100), drawBoxes(21, 5, 20, 40)]
    const y = multiScaleRoiAlign(levels, boxes, { outputSize: 3, imageSizes, canonicalScale: 64, canonicalLevel: 3 })
    expect(y.shape).toEqual(multi.y.shape)
    expect(worstError(y.dataSync(), multi.y.data)).toBeLessThan(1e-6)
    sum(mul(y, fromData(draws(22, y.size), y.shape, 'f32'))).backward()
    levels.forEach((f, k) => expect(worstError(f.grad?.dataSync() ?? [], multi[`dx ${k}`].data)).toBeLessThan(1e-5))
  })

  it('are made in parts where the tables would be large', () => {
    const map = { data: draws(9, 3 * 80 * 80), shape: [1, 3, 80, 80] }
    const many = Float32Array.from({ length: 5 * 1000 }, (_, i) => [0, i % 7, i % 5, 70 + (i % 9), 75][i % 5])
    const size = { outputSize: 2, samplingRatio: -1 }
    const y = roiAlign(fromData(map.data, map.shape, 'f32'), many, size)
    expect(worstError(y.dataSync(), roiAlignArray(map, many, size).data)).toBeLessThan(2e-6)
  })

  it('have right first and second derivatives', () => {
    const some = fromData(draws(7, 36), [1, 4, 3, 3], 'f32').requiresGrad_()
    const few = [0, 1.3, 0.7, 6.2, 4.9]
    // Away from the last row and column, where torchvision's gradient of psRoiPool is not the derivative.
    const inner = [0, 0.3, 0.7, 4.2, 3.9]
    const half = { outputSize: 2, spatialScale: 0.5 }
    const ops = [
      (f: Tensor) => roiAlign(f, few, { ...half, aligned: true }),
      (f: Tensor) => roiPool(f, few, half),
      (f: Tensor) => psRoiAlign(f, few, half),
      (f: Tensor) => psRoiPool(f, inner, half),
    ]
    for (const op of ops) {
      expect(gradCheck(op, [some])).toBe(true)
      expect(gradGradCheck((f) => op(mul(f, f)), [some])).toBe(true)
    }
  })

  it('take regions as a tensor, and refuse what does not fit before any work', () => {
    const regions = fromData(rois, [12, 5], 'f32')
    expect(roiPool(x, regions, options).dataSync()).toEqual(want.pool.data)
    expect(() => roiAlign(x, fromData(new Float32Array(8), [2, 4], 'f32'), options)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: roiAlign: the regions are not rows of image index and corners; got [2,4], expected [K,5]: image, x1, y1, x2, y2. Join boxes of several images with roisFromBoxes.]`,
    )
    expect(() => roiAlign(x, [5, 0, 0, 1, 1], options)).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: roiAlign: a region names an image that is not there; got image 5 in region 0, expected 0 to 1.]`,
    )
  })
})
