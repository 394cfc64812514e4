import fc from 'fast-check'
import { expect, test } from 'vitest'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { arange, tensor, zeros } from '../tensor/create.ts'
import { isChannelsLast } from '../tensor/shape.ts'
import { checkBackends, checkGolden, checkGradients, type GoldenCase } from '../testing/cases.ts'
import type { Differentiable } from '../testing/grad-check.ts'
import golden from './__golden__/shaping.json' with { type: 'json' }
import { chunk, concat, split, stack, unbind } from './concat.ts'
import { diag, diagonal, tril, triu } from './diagonal.ts'
import { pad } from './pad.ts'
import { meshgrid } from './products.ts'
import { flip, repeat, repeatInterleave, roll, tile } from './repeat.ts'
import { permute, reshape } from './views.ts'

const cases = golden as unknown[] as GoldenCase[]

const table: Record<string, Differentiable> = {
  'concat 0': (...xs) => concat(xs),
  'concat 1': (...xs) => concat(xs, 1),
  'concat mixed': (...xs) => concat(xs, -1),
  stack: (...xs) => stack(xs, 1),
  split: (x) => split(x, 3),
  'split sizes': (x) => split(x, [1, 4, 2], 1),
  chunk: (x) => chunk(x, 3),
  unbind: (x) => unbind(x, 1),
  pad: (x) => pad(x, [1, 2, 0, 3], { value: 0.5 }),
  'pad i32': (x) => pad(x, [1, 2], { value: 7 }),
  'pad crop': (x) => pad(x, [-1, 2, 1, -2]),
  'pad reflect': (x) => pad(x, [2, 1, 3, 2], { mode: 'reflect' }),
  'pad replicate': (x) => pad(x, [2, 1, 3, 6], { mode: 'replicate' }),
  'pad circular': (x) => pad(x, [2, 5, 3, 2], { mode: 'circular' }),
  'pad reflect 1': (x) => pad(x, [0, 4], { mode: 'reflect' }),
  'pad reflect 3': (x) => pad(x, [1, 2, 2, 1, 1, 0], { mode: 'reflect' }),
  flip: (x) => flip(x, [0, 2]),
  roll: (x) => roll(x, 5),
  'roll axes': (x) => roll(x, [1, -2], [0, 2]),
  tile: (x) => tile(x, [2]),
  'tile 3': (x) => tile(x, [2, 1, 2]),
  repeat: (x) => repeat(x, [2, 3]),
  repeatInterleave: (x) => repeatInterleave(x, 2),
  'repeatInterleave 1': (x) => repeatInterleave(x, [0, 3, 1], 1),
  tril: (x) => tril(x),
  'tril -1': (x) => tril(x, -1),
  'triu 1': (x) => triu(x, 1),
  'triu i32': (x) => triu(x, -1),
  diagonal: (x) => diagonal(x),
  'diagonal 1': (x) => diagonal(x, { offset: 1, axis1: 2, axis2: 1 }),
  'diagonal -2': (x) => diagonal(x, { offset: -2 }),
  diag: (x) => diag(x, 1),
  'diag 2': (x) => diag(x, -1),
  meshgrid: (...xs) => meshgrid(xs),
  'meshgrid xy': (...xs) => meshgrid(xs, { indexing: 'xy' }),
}

test.each(cases)('$name equals PyTorch', (c) => {
  checkGolden(table[c.name], c, referenceBackend())
  checkGolden(table[c.name], c, wasmBackend())
})

test.each(cases)('$name: kernels equal the loops', (c) => {
  checkBackends(table[c.name], c.inputs)
})

test.each(cases.filter((c) => c.dx[0] !== null))('$name: first and second derivatives', (c) => {
  checkGradients(table[c.name], c.inputs)
})

test('bytes and bools are joined and padded too', () => {
  const x = tensor(Uint8Array.of(1, 2))
  expect(concat([x, x]).toArray()).toEqual([1, 2, 1, 2])
  expect(pad(x, [1, 0], { value: 9 }).toArray()).toEqual([9, 1, 2])
  expect(concat([tensor([true]), tensor([false])]).dtype).toBe('bool')
})

test('channels-last operands give a channels-last result', () => {
  const x = permute(reshape(arange(0, 24), [1, 2, 3, 4]), [0, 3, 1, 2])
  expect(concat([zeros([2, 1, 2, 3]), zeros([2, 1, 2, 3])], 1).contiguous).toBe(true)
  for (const y of [concat([x, x], 1), concat([zeros([1, 4, 2, 3]), x], 1), pad(x, [1, 1, 1, 1])]) {
    expect(isChannelsLast(y.shape, y.strides)).toBe(true)
  }
  expect(concat([x, x], 1).toArray()).toEqual(
    concat(
      [x, x].map((t) => reshape(t, t.shape)),
      1,
    ).toArray(),
  )
})

test('properties: split and concat, flip twice, roll back, pad and crop', () => {
  const cutting = fc.tuple(
    fc.integer({ min: 0, max: 9 }),
    fc.integer({ min: 1, max: 5 }),
    fc.integer({ min: -12, max: 12 }),
  )
  fc.assert(
    fc.property(cutting, ([n, size, shift]) => {
      const x = reshape(arange(0, 2 * n), [2, n])
      expect(concat(split(x, size, 1), 1).toArray()).toEqual(x.toArray())
      expect(flip(flip(x, 1), 1).toArray()).toEqual(x.toArray())
      expect(roll(roll(x, shift, 1), -shift, 1).toArray()).toEqual(x.toArray())
      expect(pad(pad(x, [size, 1]), [-size, -1]).toArray()).toEqual(x.toArray())
      expect(tile(x, [2, 1]).toArray()).toEqual(concat([x, x]).toArray())
      expect(
        concat([tril(x), triu(x, 1)])
          .dataSync()
          .reduce((a, b) => a + b, 0),
      ).toBe(x.dataSync().reduce((a, b) => a + b, 0))
    }),
  )
})

test('bad input', () => {
  expect(() => concat([])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: concat: there are no tensors; expected one or more.]`,
  )
  expect(() => concat([zeros([2]), zeros([2, 1])])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: concat: the shapes do not fit; got [2] and [2,1], expected rank 1 or more and equal sizes on every axis but 0.]`,
  )
  expect(() => split(zeros([3]), [1, 1])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: split: the sizes do not fit the axis; got [1,1] for axis 0 of [3], expected a whole number above 0, or sizes that add up to the axis.]`,
  )
  expect(() => split(zeros([3]), 0)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: split: the sizes do not fit the axis; got 0 for axis 0 of [3], expected a whole number above 0, or sizes that add up to the axis.]`,
  )
  expect(() => chunk(zeros([3]), 0)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: chunk: not a number of parts; got 0, expected an integer >= 1.]`,
  )
  expect(() => pad(zeros([3]), [1])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: pad: the padding does not fit; got [1] for [3], expected pairs of integers [before, after], the last axis first, for no more axes than there are.]`,
  )
  expect(() => pad(zeros([3]), [3, 0], { mode: 'reflect' })).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: pad: the axis is too short for mode reflect; got padding [3,0] of axis 0 of [3], expected at most 2.]`,
  )
  expect(() => pad(zeros([3]), [-2, -2])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: pad: the padding takes off more than there is; got [-2,-2] for [3], expected sizes >= 0.]`,
  )
  expect(() => roll(zeros([2, 2]), [1, 1], 0)).toThrowErrorMatchingInlineSnapshot(
    `[AxisError: roll: the shifts do not fit the axes; got [1,1] along [0], expected one shift an axis.]`,
  )
  expect(() => tile(zeros([2]), [-1])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: tile: a repeat is not a whole number; got [-1], expected integers >= 0.]`,
  )
  expect(() => repeat(zeros([2, 2]), [1])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: repeat: there are fewer repeats than axes; got [1] for [2,2], expected at least 2.]`,
  )
  expect(() => repeatInterleave(zeros([2]), [1], 0)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: repeatInterleave: the repeats do not fit; got [1], expected 2 integers >= 0.]`,
  )
  expect(() => tril(zeros([2]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: tril: there is no matrix; got [2], expected rank 2 or more.]`,
  )
  expect(() => diagonal(zeros([2, 2]), { axis2: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[AxisError: diagonal: there are no two axes; got axes 0 and 0 of [2,2], expected two different axes.]`,
  )
  expect(() => diag(zeros([1, 1, 1]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: diag: the rank does not fit; got [1,1,1], expected [n] or [n, m].]`,
  )
})
