import { describe, expect, it } from 'vitest'
import { draws, drawBoxes, golden, oddBoxes, worstError } from '../testing/golden.ts'
import { boxArea, clipBoxes, masksToBoxes, removeSmallBoxes } from './boxes.ts'
import { boxConvert, type BoxFormat } from './convert.ts'

const want = golden(new URL('./__golden__/boxes.json', import.meta.url))
const formats: BoxFormat[] = ['xyxy', 'xywh', 'cxcywh']

describe('box conversion', () => {
  it('equals torchvision to the bit, also on degenerate boxes', () => {
    for (const from of formats) {
      for (const to of formats) {
        expect(boxConvert(drawBoxes(1, 9), { from, to })).toEqual(want[`${from}-${to}`].data)
        expect(boxConvert(oddBoxes(), { from, to })).toEqual(want[`odd ${from}-${to}`].data)
      }
    }
  })

  it('goes to yolo fractions and back', () => {
    const boxes = [10, 20, 30, 60]
    const yolo = boxConvert(boxes, { from: 'xyxy', to: 'yolo', width: 100, height: 80 })
    expect(worstError(yolo, [0.2, 0.5, 0.2, 0.5])).toBeLessThan(1e-7)
    expect(boxConvert(yolo, { from: 'yolo', to: 'xyxy', width: 100, height: 80 })).toEqual(Float32Array.from(boxes))
  })

  it('leaves its input alone and takes what has dataSync', () => {
    const boxes = Float32Array.of(1, 2, 3, 4)
    boxConvert({ shape: [1, 4], dataSync: () => boxes }, { from: 'xywh', to: 'xyxy' })
    expect(boxes).toEqual(Float32Array.of(1, 2, 3, 4))
  })

  it('names what is wrong', () => {
    expect(() => boxConvert([1, 2, 3], { from: 'xywh', to: 'xyxy' })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: boxConvert: boxes do not have 4 numbers each; got 3 numbers, expected a multiple of 4.]`,
    )
    expect(() => boxConvert([1, 2, 3, 4], { from: 'yolo', to: 'xyxy', width: 5 })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: boxConvert: the yolo format needs the size of the image; got width 5, height undefined, expected a positive width and height in pixels.]`,
    )
  })
})

describe('areas, clipping and small boxes', () => {
  it('equal torchvision to the bit', () => {
    expect(boxArea(drawBoxes(1, 9))).toEqual(want.area.data)
    expect(boxArea(oddBoxes())).toEqual(want['odd area'].data)
    expect(clipBoxes(drawBoxes(1, 9), { width: 90, height: 70 })).toEqual(want.clip.data)
    expect(clipBoxes(oddBoxes(), { width: 90, height: 70 })).toEqual(want['odd clip'].data)
    expect(removeSmallBoxes(drawBoxes(1, 9), 30)).toEqual(want.small.data)
    expect(removeSmallBoxes(oddBoxes(), 1)).toEqual(want['odd small'].data)
  })
})

describe('boxes of masks', () => {
  it('equal torchvision', () => {
    const masks = draws(3, 5 * 9 * 11).map((v, i) => (v > Math.fround(0.9) || i % 99 === 49 ? 1 : 0))
    expect(masksToBoxes(masks, { width: 11, height: 9 })).toEqual(want.masks.data)
    expect(masksToBoxes([], { width: 11, height: 9 })).toEqual(new Float32Array(0))
  })

  it('refuses an empty mask', () => {
    expect(() => masksToBoxes([0, 1, 0, 0], { width: 2, height: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: masksToBoxes: a mask is empty; got no set pixel in mask 1. Leave empty masks out.]`,
    )
  })
})
