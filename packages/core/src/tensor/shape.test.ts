import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  broadcastShapes,
  broadcastStrides,
  channelsLastStrides,
  collapse,
  contiguousStrides,
  denseStridesLike,
  isChannelsLast,
  isContiguous,
  isDense,
  normalizeAxes,
  normalizeAxis,
  sizeOf,
} from './shape.ts'

const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 5 })

/** Memory positions in logical order. */
const positions = (shape: readonly number[], strides: readonly number[]): number[] =>
  shape.reduceRight<number[]>(
    (inner, n, i) => Array.from({ length: n }, (_, j) => inner.map((p) => p + j * strides[i])).flat(),
    [0],
  )

test('contiguous strides walk memory in order', () => {
  fc.assert(
    fc.property(shapes, (shape) => {
      expect(positions(shape, contiguousStrides(shape))).toEqual(Array.from({ length: sizeOf(shape) }, (_, i) => i))
      expect(isContiguous(shape, contiguousStrides(shape))).toBe(true)
    }),
  )
})

test('channels-last strides put the channel innermost', () => {
  expect(channelsLastStrides([2, 3, 4, 5])).toEqual([60, 1, 15, 3])
  expect(channelsLastStrides([2, 3, 4])).toEqual([12, 1, 3])
  expect(isChannelsLast([2, 3, 4, 5], [60, 1, 15, 3])).toBe(true)
  expect(isChannelsLast([2, 3, 4, 5], [60, 20, 5, 1])).toBe(false)
})

test('a permutation of a dense tensor is dense and keeps its order in memory', () => {
  fc.assert(
    fc.property(shapes, fc.infiniteStream(fc.nat()), (shape, keys) => {
      const order = shape
        .map((_, i) => ({ i, key: keys.next().value }))
        .sort((a, b) => a.key - b.key)
        .map(({ i }) => i)
      const strides = contiguousStrides(shape)
      const s = order.map((i) => shape[i])
      const t = order.map((i) => strides[i])
      expect(isDense(s, t)).toBe(true)
      const again = denseStridesLike(s, t)
      s.forEach((n, i) => n > 1 && expect(again[i]).toBe(t[i]))
    }),
  )
})

test('a gap or an overlap is not dense', () => {
  expect(isDense([2, 3], [4, 1])).toBe(false)
  expect(isDense([2, 3], [0, 1])).toBe(false)
})

test('broadcasting follows the rule and repeats with stride 0', () => {
  expect(broadcastShapes('add', [2, 1, 3], [4, 1])).toEqual([2, 4, 3])
  expect(broadcastStrides([1, 3], [3, 1], [2, 4, 3])).toEqual([0, 0, 1])
  expect(() => broadcastShapes('add', [2, 3], [2])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: add: the shapes do not broadcast; got [2,3] and [2], expected sizes that are equal or 1 on each axis, aligned at the last (axis -1: 3 and 2). Reshape or expand one of them.]`,
  )
})

test('collapsed walks visit the same positions', () => {
  fc.assert(
    fc.property(shapes, fc.array(fc.integer({ min: -3, max: 7 }), { minLength: 5, maxLength: 5 }), (shape, wild) => {
      const dense = contiguousStrides(shape)
      const strides = wild.slice(0, shape.length)
      const walk = collapse(shape, [dense, strides])
      expect(positions(walk.shape, walk.strides[0])).toEqual(positions(shape, dense))
      expect(positions(walk.shape, walk.strides[1])).toEqual(positions(shape, strides))
    }),
  )
  expect(collapse([2, 3, 4], [[12, 4, 1]])).toEqual({ shape: [24], strides: [[1]] })
})

test('axes are checked and normalised', () => {
  expect(normalizeAxis('sum', -1, 3)).toBe(2)
  expect(normalizeAxes('sum', [2, -3], 3)).toEqual([0, 2])
  expect(normalizeAxes('sum', undefined, 2)).toEqual([0, 1])
  expect(() => normalizeAxis('sum', 3, 3)).toThrowErrorMatchingInlineSnapshot(
    `[AxisError: sum: the axis is out of range; got axis 3 of a tensor of rank 3, expected an integer in [-3, 3).]`,
  )
  expect(() => normalizeAxes('sum', [0, -2], 2)).toThrowErrorMatchingInlineSnapshot(
    `[AxisError: sum: an axis is given twice; got [0,0], expected distinct axes.]`,
  )
})
