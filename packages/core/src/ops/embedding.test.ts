import { expect, test } from 'vitest'
import { withBackend } from '../backends/default.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { Embedding } from '../nn/embedding.ts'
import { tensor, zeros } from '../tensor/create.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { gradCheck, gradGradCheck } from '../testing/grad-check.ts'
import { uniformTensors } from '../testing/golden.ts'
import { embedding } from './embedding.ts'
import { mul } from './binary.ts'
import { sum } from './reduce.ts'
import { square } from './unary.ts'

const indices = (...values: number[]): Tensor => tensor(Int32Array.from(values))

test.each([
  ['reference', referenceBackend],
  ['wasm', wasmBackend],
])('maxNorm scales the rows that are looked up, once, and no others, on %s', (_, backend) => {
  withBackend(backend(), () => {
    const weight = tensor([
      [3, 4],
      [0.3, 0.4],
      [6, 8],
      [5, 0],
    ]).requiresGrad_()
    const y = embedding(indices(2, 0, 2, 1), weight, { maxNorm: 5 })
    expect(y.toArray()).toEqual(
      [
        [3, 4],
        [3, 4],
        [3, 4],
        [0.3, 0.4],
      ].map((row) => row.map(Math.fround)),
    )
    expect(weight.toArray()).toEqual(
      [
        [3, 4],
        [0.3, 0.4],
        [3, 4],
        [5, 0],
      ].map((row) => row.map(Math.fround)),
    )
    sum(y).backward()
    expect(weight.grad!.toArray()).toEqual([
      [1, 1],
      [1, 1],
      [2, 2],
      [0, 0],
    ])
  })
})

test('maxNorm by other norms', () => {
  const weight = tensor([[3, 4]])
  expect(embedding(indices(0), weight, { maxNorm: 2, normType: Infinity }).toArray()).toEqual([[1.5, 2]])
  expect(embedding(indices(0), weight, { maxNorm: 1.75, normType: 1 }).toArray()).toEqual([[0.75, 1]])
})

test('scaleGradByFreq divides by the count of each index', () => {
  const weight = zeros([3, 2]).requiresGrad_()
  sum(mul(embedding(indices(2, 0, 2, 2), weight, { scaleGradByFreq: true }), 6)).backward()
  expect(weight.grad!.toArray()).toEqual([
    [6, 6],
    [0, 0],
    [6, 6],
  ])
})

test('gradients of first and second order', () => {
  const weight = uniformTensors(3)([4, 3]).requiresGrad_()
  const index = indices(1, 3, 3, 0)
  // Plain lookups: with the options, the gradient is not the derivative, by their very purpose.
  expect(gradCheck((w, i) => square(embedding(i, w)), [weight, index])).toBe(true)
  expect(gradGradCheck((w, i) => square(embedding(i, w)), [weight, index])).toBe(true)
  // Where no index comes twice, the scaled gradient is the derivative.
  expect(gradGradCheck((w, i) => square(embedding(i, w, { scaleGradByFreq: true })), [weight, indices(2, 0)])).toBe(
    true,
  )
})

test('a table that is given', () => {
  const table = tensor([
    [1, 2],
    [3, 4],
  ])
  const layer = Embedding.fromPretrained(table)
  expect([layer.numEmbeddings, layer.embeddingDim, layer.weight.requiresGrad]).toEqual([2, 2, false])
  expect(layer.forward(indices(1)).toArray()).toEqual([[3, 4]])
  const trained = Embedding.fromPretrained(table, { freeze: false, paddingIdx: 1, maxNorm: 1 })
  sum(trained.forward(indices(0, 1))).backward()
  expect(trained.weight.grad!.toArray()).toEqual([
    [1, 1],
    [0, 0],
  ])
  // The table is copied: the one that was given keeps its norms.
  expect(table.toArray()).toEqual([
    [1, 2],
    [3, 4],
  ])
  expect([...layer.stateDict().keys()]).toEqual(['weight'])
})

test('what does not fit is refused', () => {
  const weight = zeros([3, 2])
  expect(() => embedding(indices(0), weight, { maxNorm: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: embedding: maxNorm does not fit; got 0, expected a number above 0.]`,
  )
  expect(() => embedding(indices(0), weight, { maxNorm: 1, normType: -1 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: embedding: normType does not fit; got -1, expected a number above 0.]`,
  )
  expect(() => embedding(indices(3), weight, { maxNorm: 1 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: embedding: an index is out of range; got 3, expected integers in [0, 3).]`,
  )
  expect(() => Embedding.fromPretrained(zeros([3]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: Embedding: the table is not a matrix; got [3], expected [numEmbeddings, embeddingDim].]`,
  )
  expect(() => new Embedding(2, 2, { weight })).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: Embedding: the weight does not fit; got [3,2], expected [2,2].]`,
  )
  expect(() => new Embedding(2, 2, { maxNorm: NaN }).forward(indices(0))).toThrow(/maxNorm/)
})
