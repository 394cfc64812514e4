import fc from 'fast-check'
import { expect, test } from 'vitest'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { Generator } from '../random/generator.ts'
import { tensor, zeros } from '../tensor/create.ts'
import { checkBackends, checkGolden, checkGradients, drawInputs, type GoldenCase } from '../testing/cases.ts'
import { allClose } from '../testing/close.ts'
import type { Differentiable } from '../testing/grad-check.ts'
import golden from './__golden__/products.json' with { type: 'json' }
import { mul } from './binary.ts'
import { einsum } from './einsum.ts'
import { matmul } from './matmul.ts'
import { addmm, bmm, cdist, cov, dot, meshgrid, outer, tensordot } from './products.ts'
import { sum } from './reduce.ts'
import { transpose } from './views.ts'

const cases = golden as unknown[] as GoldenCase[]

const table: Partial<Record<string, Differentiable>> = {
  dot,
  outer,
  bmm,
  addmm: (c, a, b) => addmm(c, [a, b], { beta: 0.5, alpha: 2 }),
  tensordot: (a, b) => tensordot(a, b),
  'tensordot 0': (a, b) => tensordot(a, b, 0),
  'tensordot axes': (a, b) =>
    tensordot(a, b, [
      [0, 2],
      [2, 0],
    ]),
  cdist: (a, b) => cdist(a, b),
  'cdist 1': (a, b) => cdist(a, b, { p: 1 }),
  'cdist same': (a) => cdist(a, mul(a, 1)),
  cov: (x) => cov(x),
}
const fn = (name: string): Differentiable => table[name] ?? ((...xs) => einsum(name.replace('einsum ', ''), xs))

test.each(cases)('$name equals PyTorch', (c) => {
  checkGolden(fn(c.name), c, referenceBackend())
  checkGolden(fn(c.name), c, wasmBackend())
})

test.each(cases)('$name: kernels equal the loops', (c) => {
  checkBackends(fn(c.name), c.inputs)
})

// At equal rows the distance has a kink.
test.each(cases.filter((c) => c.name !== 'cdist same'))('$name: first and second derivatives', (c) => {
  checkGradients(fn(c.name), c.inputs)
})

test('properties of products', () => {
  const sizes = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }))
  fc.assert(
    fc.property(sizes, fc.integer(), ([n, k, m], seed) => {
      const [a, b] = drawInputs([{ shape: [n, k] }, { shape: [k, m] }], new Generator(seed))
      const product = matmul(a, b)
      const tolerance = { atol: 2e-6 }
      allClose(einsum('nk,km->nm', [a, b]), product, tolerance)
      allClose(einsum('nk,km->mn', [a, b]), transpose(product), tolerance)
      allClose(tensordot(a, b, 1), product, tolerance)
      allClose(einsum('nk,km->', [a, b]), sum(product), { atol: 1e-5 })
      allClose(cdist(a, a), transpose(cdist(a, a)), tolerance)
    }),
  )
})

test('spaces in an equation do not matter, and size 1 broadcasts', () => {
  const a = tensor([[1], [2]])
  const b = tensor([3, 4])
  expect(einsum(' ij, j -> i j', [a, b]).toArray()).toEqual([
    [3, 4],
    [6, 8],
  ])
  expect(einsum('ij,j->i', [a, b]).toArray()).toEqual([7, 14])
  expect(dot(tensor(Int32Array.of(1, 2)), tensor(Int32Array.of(3, 4))).item()).toBe(11)
})

test('bad input', () => {
  const x = zeros([2, 3])
  expect(() => einsum('ij,jk->ik', [x])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: einsum: the terms do not fit the operands; got 'ij,jk->ik', expected 1 terms separated by commas.]`,
  )
  expect(() => einsum('ij->k', [x])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: einsum: the output's label 'k' is unknown or given twice; got 'ij->k', expected labels of the operands, each once.]`,
  )
  expect(() => einsum('ijk->i', [x])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: einsum: the term 'ijk' does not fit its operand; got rank 2, expected rank 3.]`,
  )
  expect(() => einsum('i1->i', [x])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: einsum: the term 'i1' is not valid; got 'i1->i', expected letters and at most one '...'.]`,
  )
  expect(() => einsum('ij,jk->ik', [x, x])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: einsum: the axes labelled 'j' differ; got [3,2], expected equal sizes, or 1.]`,
  )
  expect(() => einsum('ii->i', [x])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: einsum: the axes labelled 'i' differ; got [2,3], expected equal sizes, or 1.]`,
  )
  expect(() => einsum('ij->i->j', [x])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: einsum: there is more than one '->'; got 'ij->i->j', expected at most one.]`,
  )
  expect(() => dot(zeros([2]), zeros([3]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: dot: the lengths differ; got 2 and 3, expected one length.]`,
  )
  expect(() => outer(x, x)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: outer: the ranks do not fit; got [2,3] and [2,3], expected rank 1.]`,
  )
  expect(() => bmm(zeros([1, 2, 2]), zeros([2, 2, 2]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: bmm: the batches differ; got [1,2,2] and [2,2,2], expected one size of axis 0.]`,
  )
  expect(() => tensordot(x, x, 1)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: tensordot: the paired axes differ; got axes [1] of [2,3] and [0] of [2,3], expected equal sizes.]`,
  )
  expect(() => tensordot(x, x, 3)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: tensordot: not a number of axes; got 3, expected an integer in [0, 2].]`,
  )
  expect(() => cdist(x, zeros([2, 2]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: cdist: the rows do not fit; got [2,3] and [2,2], expected [..., n, E] and [..., m, E].]`,
  )
  expect(() => meshgrid([x])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: meshgrid: the ranks do not fit; got [2,3], expected rank 1.]`,
  )
})
