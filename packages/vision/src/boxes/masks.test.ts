import { describe, expect, it } from 'vitest'
import { draws, golden, worstError } from '../testing/golden.ts'
import { maskIou, pasteMasks } from './masks.ts'
import {
  maskToPolygons,
  polygonArea,
  polygonContains,
  polygonToRle,
  simplifyPolygon,
  convexHull,
  clipPolygon,
} from './polygon.ts'
import { rleArea, rleDecode, rleEncode, rleFromString, rleIou, rleMerge, rleToBox, rleToString } from './rle.ts'

const want = golden(new URL('./__golden__/masks.json', import.meta.url))
const size = { width: 31, height: 24 }
const pixels = 31 * 24
const limits = [0.2, 0.5, 0.9, 0.97, 1, -1].map(Math.fround)
const masks = draws(4, 6 * pixels).map((v, i) => (v > limits[Math.floor(i / pixels)] ? 1 : 0))
const mask = (k: number): Float32Array => masks.subarray(k * pixels, (k + 1) * pixels)
const rles = limits.map((_, k) => rleEncode(mask(k), size))

describe('run-length encoding', () => {
  it('writes and reads the text of pycocotools', () => {
    const texts = Buffer.from(want.texts.data).toString().split('\n')
    rles.forEach((rle, k) => {
      expect(rleToString(rle)).toBe(texts[k])
      expect(rleFromString(texts[k], size)).toEqual(rle)
      expect(rleDecode(rle)).toEqual(Uint8Array.from(mask(k)))
    })
  })

  it('has the area, box, IoU, union and intersection of pycocotools', () => {
    expect(rles.map(rleArea)).toEqual([...want.areas.data])
    expect(rles.map(rleToBox).flat()).toEqual([...want.boxes.data])
    const iou = (crowd: boolean) => rles.flatMap((a) => rles.map((b) => rleIou(a, b, crowd)))
    // pycocotools gives 0, not NaN, against an empty mask.
    const orZero = (x: number): number => (Number.isNaN(x) ? 0 : x)
    expect(worstError(iou(false).map(orZero), want.iou.data)).toBeLessThan(1e-15)
    expect(worstError(iou(true).map(orZero), want['crowd iou'].data)).toBeLessThan(1e-15)
    expect(rleDecode(rleMerge(rles.slice(1, 4), 'union'))).toEqual(want.union.data)
    expect(rleDecode(rleMerge(rles.slice(1, 4), 'intersection'))).toEqual(want.intersection.data)
  })

  it('refuses runs and texts that do not fit', () => {
    expect(() => rleDecode({ ...size, counts: [5, 5] })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: rleDecode: the runs do not fill the image; got 10 pixels in 2 runs, expected whole, non-negative runs of 744 pixels for 31x24.]`,
    )
    expect(() => rleDecode({ ...size, counts: [-5, 749] })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: rleDecode: the runs do not fill the image; got NaN pixels in 2 runs, expected whole, non-negative runs of 744 pixels for 31x24.]`,
    )
    expect(() => rleFromString('1!', size)).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: rleFromString: not a run-length text; got character "!" at 1, expected characters 0 to o.]`,
    )
    expect(() => rleFromString('1P', size)).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: rleFromString: not a run-length text; got a text that ends inside a number, expected characters 0 to o.]`,
    )
    expect(() => rleFromString('ooooooooo0', size)).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: rleFromString: not a run-length text; got character "o" at 7, expected characters 0 to o.]`,
    )
    expect(() => rleIou(rles[0], { width: 24, height: 31, counts: [744] })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: rleIou: the masks are of different sizes; got 31x24 and 24x31.]`,
    )
    expect(() => rleMerge([], 'union')).toThrowErrorMatchingInlineSnapshot(`[ShapeError: rleMerge: no mask to merge.]`)
  })
})

describe('IoU of masks', () => {
  it('equals that of the encodings', () => {
    const matrix = maskIou(masks, masks, size)
    const runs = rles.flatMap((a) => rles.map((b) => rleIou(a, b)))
    expect(worstError(matrix, runs)).toBeLessThan(1e-7)
  })
})

describe('polygons', () => {
  const corners = [
    ...[0, 1, 2, 3, 4, 5].map((k) =>
      draws(10 + k, 2 * (3 + k)).map(
        (v, i) => Math.fround(Math.fround(v * Math.fround(1.3)) - Math.fround(0.15)) * (i % 2 ? 24 : 31),
      ),
    ),
    [2, 2, 20, 2, 20, 17, 2, 17],
  ]

  it('fill the pixels that pycocotools fills', () => {
    corners.forEach((polygon, k) => {
      const filled = want.filled.data.subarray(k * pixels, (k + 1) * pixels)
      expect(rleDecode(polygonToRle(polygon, size))).toEqual(filled)
    })
    expect(rleArea(polygonToRle([1, 1, 5, 5], size))).toBe(0)
    expect(() => polygonToRle([0, 0, 1e12, 5, 4, 4], size)).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: polygonToRle: a corner is not finite or lies far outside of the image; got coordinate 1000000000000 in an image of 31x24, expected at most one image and 1,000 pixels beyond its edges.]`,
    )
  })

  it('trace masks exactly: the signed areas add up, and filling gives the mask back', () => {
    for (let k = 0; k < 6; k++) {
      const outlines = maskToPolygons(mask(k), size)
      expect(outlines.reduce((sum, p) => sum + polygonArea(p), 0)).toBe(rleArea(rles[k]))
      const back = Array.from({ length: pixels }, (_, i) => {
        const [x, y] = [(i % 31) + 0.5, Math.floor(i / 31) + 0.5]
        return outlines.filter((p) => polygonContains(p, x, y)).length % 2
      })
      expect(back).toEqual([...mask(k)])
    }
  })

  it('keep pixels that touch at a corner apart', () => {
    expect(maskToPolygons([1, 0, 0, 1], { width: 2, height: 2 })).toHaveLength(2)
    expect(maskToPolygons([1, 1, 1, 1, 0, 1, 1, 1, 1], { width: 3, height: 3 }).map(polygonArea)).toEqual([9, -1])
  })

  it('are simplified, clipped and wrapped', () => {
    const round = Array.from(
      { length: 100 },
      (_, i) => (i % 2 ? Math.sin : Math.cos)((Math.floor(i / 2) / 50) * 2 * Math.PI) * 10,
    )
    const simple = simplifyPolygon(round, 0.3)
    expect(simple.length).toBeLessThan(40)
    expect(Math.abs(polygonArea(simple) - polygonArea(round))).toBeLessThan(10)
    expect(simplifyPolygon([0, 0, 1, 0, 1, 1], 9)).toEqual([0, 0, 1, 0, 1, 1])
    expect(clipPolygon([0, 0, 1, 0, 1, 1, 0, 1], [5, 5, 6, 5, 6, 6, 5, 6])).toEqual([])
    expect(polygonArea(convexHull(round))).toBeCloseTo(polygonArea(round), 10)
  })
})

describe('pasting masks of a mask head', () => {
  it('equals torchvision', () => {
    const boxes = [3.2, 4.1, 20.7, 15.9, -5, -3, 9, 30, 10, 10, 10.4, 10.2]
    expect(worstError(pasteMasks(draws(20, 3 * 49), boxes, size), want.pasted.data)).toBeLessThan(1e-6)
  })
})
