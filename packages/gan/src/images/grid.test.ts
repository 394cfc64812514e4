import { tensor, zeros } from '@lanewise/core'
import { expect, test } from 'vitest'
import { sampleGrid } from '../index.ts'

test('lays pictures out in rows on white', () => {
  const grid = sampleGrid(tensor([-1, 0, 1], { shape: [3, 1, 1, 1] }), { columns: 2, padding: 1 })
  expect([grid.width, grid.height, grid.channels]).toEqual([5, 5, 1])
  const rows = Array.from({ length: 5 }, (_, y) => [...grid.data.subarray(5 * y, 5 * y + 5)])
  const white = [255, 255, 255, 255, 255]
  expect(rows).toEqual([white, [255, 0, 255, 128, 255], white, [255, 255, 255, 255, 255], white])
})

test('interleaves colours and cuts what lies outside', () => {
  const grid = sampleGrid(tensor([2, 0.5, -3], { shape: [1, 3, 1, 1] }), { columns: 1, padding: 0, low: 0 })
  expect([...grid.data]).toEqual([255, 128, 0])
})

test('refuses what is no batch of pictures', () => {
  expect(() => sampleGrid(zeros([2, 28, 28]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: sampleGrid: not a batch of pictures; got [2,28,28], expected [N, 1 or 3, H, W].]`,
  )
  expect(() => sampleGrid(zeros([2, 2, 28, 28]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: sampleGrid: not a batch of pictures; got [2,2,28,28], expected [N, 1 or 3, H, W].]`,
  )
  expect(() => sampleGrid(zeros([2, 1, 2, 2]), { columns: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: sampleGrid: an option is out of range; got columns 0, padding 2, low -1, high 1, expected integers columns >= 1 and padding >= 0, low < high.]`,
  )
})
