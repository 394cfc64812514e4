import { describe, expect, it } from 'vitest'
import { draws, golden, worstError } from '../testing/golden.ts'
import {
  cornersToRotated,
  generalizedRotatedBoxIou,
  rotatedBoxIou,
  rotatedToCorners,
  rotatedToXyxy,
} from './rotated.ts'

const want = golden(new URL('./__golden__/rotated.json', import.meta.url))
const scale = [20, 20, 15, 15, 720]
const boxes = Float64Array.from(draws(30, 40), (v, i) => v * scale[i % 5] - [0, 0, -1, -1, 360][i % 5])
boxes.set([...boxes.subarray(0, 4), boxes[4] + 180], 5)
boxes.set([boxes[0], boxes[1], 3, 2, boxes[4]], 10)

describe('rotated boxes', () => {
  it('have the IoU and generalised IoU of Shapely', () => {
    expect(worstError(rotatedBoxIou(boxes, boxes), want.iou.data)).toBeLessThan(1e-6)
    expect(worstError(generalizedRotatedBoxIou(boxes, boxes), want.giou.data)).toBeLessThan(1e-6)
  })

  it('have the bounds of Shapely', () => {
    expect(worstError(rotatedToXyxy(boxes), want.bounds.data)).toBeLessThan(1e-6)
  })

  it('survive the way over their corners', () => {
    const back = cornersToRotated(rotatedToCorners(boxes))
    const turned = back.map((v, i) => (i % 5 === 4 ? Math.round((v - boxes[i]) / 360) * 360 + boxes[i] : boxes[i]))
    expect(worstError(back, turned)).toBeLessThan(1e-5)
  })

  it('turn counter-clockwise on the screen', () => {
    expect(worstError(rotatedToCorners([0, 0, 2, 0, 90]), [0, 1, 0, -1, 0, -1, 0, 1])).toBeLessThan(1e-7)
  })

  it('give NaN for two boxes without area', () => {
    expect(rotatedBoxIou([1, 1, 0, 4, 30], [1, 1, 0, 4, 30])[0]).toBeNaN()
    expect(rotatedBoxIou([1, 1, 0, 4, 30], [1, 1, 4, 4, 30])[0]).toBe(0)
  })
})
