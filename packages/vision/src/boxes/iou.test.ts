import { describe, expect, it } from 'vitest'
import { drawBoxes, golden, oddBoxes, worstError } from '../testing/golden.ts'
import { boxIou, completeBoxIou, distanceBoxIou, generalizedBoxIou, pairIou } from './iou.ts'

const want = golden(new URL('./__golden__/iou.json', import.meta.url))
const a = drawBoxes(1, 9)
const b = drawBoxes(2, 7)
const odd = oddBoxes()

describe('pairwise IoU', () => {
  it('equals torchvision to the bit', () => {
    expect(boxIou(a, b)).toEqual(want.iou.data)
    expect(generalizedBoxIou(a, b)).toEqual(want.giou.data)
    expect(distanceBoxIou(a, b)).toEqual(want.diou.data)
  })

  // torch's atan rounds differently in the last place of float32.
  it('equals torchvision in the complete form to 1e-6', () => {
    expect(worstError(completeBoxIou(a, b), want.ciou.data)).toBeLessThan(1e-6)
  })

  it("has torchvision's NaN and infinities on degenerate boxes", () => {
    expect(boxIou(odd, odd)).toEqual(want['odd iou'].data)
    expect(generalizedBoxIou(odd, odd)).toEqual(want['odd giou'].data)
    expect(distanceBoxIou(odd, odd)).toEqual(want['odd diou'].data)
    expect(worstError(completeBoxIou(odd, odd), want['odd ciou'].data)).toBeLessThan(1e-6)
  })

  it('is empty without boxes', () => {
    expect(boxIou([], b).length).toBe(0)
  })
})

describe('IoU of one pair', () => {
  it('agrees with the matrix', () => {
    const matrix = Array.from({ length: 63 }, (_, k) => pairIou(a, Math.floor(k / 7), b, k % 7))
    expect(worstError(matrix, want.iou.data)).toBeLessThan(2e-7)
  })
})
