import fc from 'fast-check'
import { expect, test } from 'vitest'
import { grad } from '../autograd/backward.ts'
import { enableGrad } from '../autograd/modes.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { arange, tensor, zeros } from '../tensor/create.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { checkBackends, checkGolden, checkGradients, type GoldenCase } from '../testing/cases.ts'
import { gradCheck, type Differentiable } from '../testing/grad-check.ts'
import golden from './__golden__/indexing.json' with { type: 'json' }
import { at } from './at.ts'
import { max } from './extremes.ts'
import { gather, scatter, scatterAdd } from './gather.ts'
import { embedding } from './embedding.ts'
import { indexAdd, indexSelect, take } from './index-select.ts'
import { maskedFill, maskedSelect, nonzero } from './masks.ts'
import { oneHot } from './one-hot.ts'
import { sum } from './reduce.ts'
import { argsort, bucketize, searchsorted, sort, topk, unique } from './sort.ts'
import { reshape } from './views.ts'

const cases = golden as unknown[] as GoldenCase[]

const ints = (like: Tensor, values: number[], shape: number[]): Tensor =>
  tensor(Int32Array.from(values), { shape, backend: like.backend })

const table: Record<string, Differentiable> = {
  'gather 0': (x, index) => gather(x, 0, index),
  'gather 1': (x, index) => gather(x, 1, index),
  'gather less': (x, index) => gather(x, 1, index),
  scatter: (x, source) => scatter(x, 0, { index: ints(x, [0, 3, 1, 2, 0, 0], [2, 3]), source }),
  'scatter less': (x, source) => scatter(x, 1, { index: ints(x, [0, 3, 2, 1], [2, 2]), source }),
  'scatter value': (x) => scatter(x, 1, { index: ints(x, [0, 3, 2, 1, 1, 1], [3, 2]), source: 5 }),
  scatterAdd: (x, index, source) => scatterAdd(x, 0, { index, source }),
  'scatterAdd less': (x, index, source) => scatterAdd(x, 1, { index, source }),
  'indexSelect 0': (x, index) => indexSelect(x, 0, index),
  'indexSelect 1': (x, index) => indexSelect(x, 1, index),
  indexAdd: (x, index, source) => indexAdd(x, 0, { index, source }),
  take,
  embedding: (index, weight) => embedding(index, weight),
  'embedding padding': (index, weight) => embedding(index, weight, { paddingIdx: -3 }),
  maskedFill: (x, mask) => maskedFill(x, mask, 9),
  maskedSelect,
  nonzero,
  oneHot: (index) => oneHot(index, { numClasses: 5 }),
  sort: (x) => Object.values(sort(x)),
  'sort 0': (x) => Object.values(sort(x, { axis: 0, descending: true })),
  'sort i32': (x) => Object.values(sort(x)),
  'sort u8': (x) => Object.values(sort(x, { descending: true })),
  argsort: (x) => argsort(x, { descending: true }),
  topk: (x) => Object.values(topk(x, 4)),
  'topk smallest': (x) => Object.values(topk(x, 2, { axis: 0, largest: false })),
  unique: (x) => Object.values(unique(x)),
  searchsorted: (a, v) => searchsorted(sort(a).values, v),
  'searchsorted right': (a, v) => searchsorted(sort(a).values, v, { right: true }),
  'searchsorted rows': (a, v) => searchsorted(sort(a).values, v),
  bucketize: (v) => bucketize(v, tensor([-0.5, 0, 0.5], { backend: v.backend })),
  'at number': (x) => at(x, 2),
  'at ranges': (x) => at(x, { start: 1 }, '...', { end: -1, step: 2 }),
  'at null': (x) => at(x, {}, null, -1),
  'at index': (x, k) => at(x, k),
  'at two': (x, k, m) => at(x, {}, k, m),
  'at apart': (x, k, m) => at(x, k, {}, m),
  'at far apart': (x, k, m) => at(x, {}, k, {}, m),
  'at number apart': (x, k) => at(x, '...', k, 1),
  'at mask': (x, mask) => at(x, mask),
  'at mask late': (x, mask) => at(x, { start: 1, end: 3 }, mask),
  'at range index': (x, k) => at(x, k, { start: 1 }, null),
}

test.each(cases)('$name equals PyTorch', (c) => {
  checkGolden(table[c.name], c, referenceBackend())
  checkGolden(table[c.name], c, wasmBackend())
})

// Index arrays shorter than x on other axes, sums of whole numbers and binary search have no kernel.
const fallbacks = ['scatter', 'scatterSum', 'searchsorted']
test.each(cases)('$name: kernels equal the loops', (c) => {
  checkBackends(table[c.name], c.inputs, { fallbacks: /less|search|bucket/.test(c.name) ? fallbacks : [] })
})

// The row for padding gets no gradient on purpose: see below.
const smooth = cases.filter((c) => c.name !== 'embedding padding' && c.dx.some((dx) => dx !== null))
test.each(smooth)('$name: first and second derivatives', (c) => {
  checkGradients(table[c.name], c.inputs)
})

test('bytes are gathered without the loops of the reference', () => {
  const bytes = { dtype: 'u8', low: 0, high: 200 } as const
  for (const axis of [0, 1, 2]) {
    const index = { shape: [5], dtype: 'i32', low: 0, high: 3 } as const
    checkBackends((x, i) => indexSelect(x, axis, i), [{ shape: [3, 4, 5], ...bytes }, index])
  }
  checkBackends(
    (x, i) => gather(x, 1, i),
    [
      { shape: [2, 4], ...bytes },
      { shape: [2, 6], dtype: 'i32', low: 0, high: 4 },
    ],
  )
  expect(gather(tensor([true, false]), 0, tensor(Int32Array.of(1, 0))).dtype).toBe('bool')
})

test('NaN is the largest, zeros of both signs are equal, ties keep their order', () => {
  for (const backend of [referenceBackend(), wasmBackend()]) {
    const x = tensor([NaN, 1, -0, 0, -Infinity, NaN], { backend })
    expect(sort(x).indices.toArray()).toEqual([4, 2, 3, 1, 0, 5])
    expect(sort(x, { descending: true }).indices.toArray()).toEqual([0, 5, 1, 2, 3, 4])
    expect(topk(x, 3).indices.toArray()).toEqual([0, 5, 1])
  }
})

test('zero sizes', () => {
  for (const backend of [referenceBackend(), wasmBackend()]) {
    const empty = tensor(Int32Array.of(), { backend })
    const x = zeros([2, 3], { backend })
    expect(indexSelect(x, 1, empty).shape).toEqual([2, 0])
    expect(embedding(empty, x).shape).toEqual([0, 3])
    expect(sort(zeros([2, 0], { backend })).values.shape).toEqual([2, 0])
    expect(topk(x, 0).values.shape).toEqual([2, 0])
    expect(nonzero(x).shape).toEqual([0, 2])
    expect(maskedSelect(x, zeros([3], { dtype: 'bool', backend })).shape).toEqual([0])
    expect(gather(x, 0, zeros([0, 3], { dtype: 'i32', backend })).shape).toEqual([0, 3])
    expect(unique(zeros([0], { backend })).values.shape).toEqual([0])
  }
})

test('a repeated row of an embedding gets the sum of its gradients, the padding row none', () => {
  const weight = zeros([3, 2]).requiresGrad_()
  sum(embedding(tensor(Int32Array.of(1, 1, 2)), weight, { paddingIdx: 2 })).backward()
  expect(weight.grad!.toArray()).toEqual([
    [0, 0],
    [2, 2],
    [0, 0],
  ])
  const dw = (dy: Tensor): Tensor =>
    enableGrad(() => {
      const w = zeros([3, 2], { dtype: dy.dtype, backend: dy.backend }).requiresGrad_()
      const y = embedding(ints(dy, [1, 1, 2], [3]), w, { paddingIdx: 2 })
      return grad([y], [w], { gradients: [dy], createGraph: true })[0]
    })
  gradCheck(dw, [
    tensor([
      [1, 2],
      [3, 4],
      [5, 6],
    ]).requiresGrad_(),
  ])
})

test('properties: sorting, selection and their inverses', () => {
  const values = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(values, fc.boolean(), (list, descending) => {
      const x = tensor(Float32Array.from(list))
      const sorted = sort(x, { descending })
      const expected = list
        .map((v, i) => [v, i])
        .sort((a, b) => (descending ? b[0] - a[0] : a[0] - b[0]) || a[1] - b[1])
      expect(sorted.indices.toArray()).toEqual(expected.map(([, i]) => i))
      expect(gather(x, 0, sorted.indices).toArray()).toEqual(sorted.values.toArray())
      expect(scatter(zeros([x.size]), 0, { index: sorted.indices, source: sorted.values }).toArray()).toEqual(list)
      expect(topk(x, 1).values.toArray()).toEqual([max(x).item()])
      const { values: distinct, inverse } = unique(x)
      expect(take(distinct, inverse).toArray()).toEqual(list)
    }),
  )
})

test('bad input', () => {
  const x = reshape(arange(0, 6), [2, 3])
  const index = (...values: number[]): Tensor => tensor(Int32Array.from(values))
  expect(() => gather(x, 1, index(0))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: gather: the index does not fit; got x [2,3], index [1], expected equal ranks, and no axis but 1 longer than in x.]`,
  )
  expect(() => gather(x, 1, zeros([2, 1]))).toThrowErrorMatchingInlineSnapshot(
    `[DTypeError: gather: the index is not i32; got f32[2,1], expected i32. Use cast(index, 'i32').]`,
  )
  expect(() => indexSelect(x, 0, index(2))).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: indexSelect: an index is out of range; got 2, expected integers in [0, 2).]`,
  )
  expect(() => indexSelect(x, 0, zeros([1, 1], { dtype: 'i32' }))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: indexSelect: the ranks do not fit; got x [2,3], index [1,1], expected x of rank 1 or more, index of rank 1.]`,
  )
  expect(() => indexAdd(x, 0, { index: index(0), source: zeros([2, 3]) })).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: indexAdd: the source does not fit; got [2,3], expected [1,3].]`,
  )
  expect(() => take(x, index(-7))).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: take: an index is out of range; got -7, expected integers in [-6, 6).]`,
  )
  expect(() => embedding(index(3), zeros([3, 2]))).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: embedding: an index is out of range; got 3, expected integers in [0, 3).]`,
  )
  expect(() => embedding(index(0), zeros([3]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: embedding: the weight is not a matrix; got [3], expected [V, E].]`,
  )
  expect(() => embedding(index(0), zeros([3, 2]), { paddingIdx: 3 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: embedding: paddingIdx is out of range; got 3, expected an integer in [-3, 3).]`,
  )
  expect(() =>
    scatter(x, 1, { index: zeros([2, 3], { dtype: 'i32' }), source: zeros([1, 3]) }),
  ).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: scatter: the source does not cover the index; got source [1,3], index [2,3], expected no shorter axis.]`,
  )
  expect(() => oneHot(index(4), { numClasses: 3 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: oneHot: an index is out of range; got 4, expected integers in [0, 3).]`,
  )
  expect(() => oneHot(index())).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: oneHot: no index tells the number of classes; got i32[0], expected numClasses.]`,
  )
  expect(() => topk(x, 4)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: topk: k is out of range; got 4 of axis 1 of [2,3], expected an integer in [0, 3].]`,
  )
  expect(() => sort(tensor(1))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: sort: there is no axis; got [], expected rank 1 or more.]`,
  )
  expect(() => searchsorted(zeros([2, 3]), zeros([3, 3]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: searchsorted: the rows do not fit; got sorted [2,3], values [3,3], expected one sorted row, or one for each row of values.]`,
  )
  expect(() => bucketize(x, zeros([1, 1]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: bucketize: the boundaries are not a row; got [1,1], expected [n].]`,
  )
  expect(() => at(x, 0, 0, 0)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: at: there are more indices than axes; got 3 indices for [2,3], expected at most 2.]`,
  )
  expect(() => at(x, '...', '...')).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: at: there is more than one '...'; got 2, expected at most one.]`,
  )
  expect(() => at(x, 2)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: select: the index is out of range; got 2 on axis 0 of [2,3], expected an integer in [-2, 2).]`,
  )
  expect(() => at(x, tensor([true]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: at: the mask does not fit; got mask [1] at axis 0 of [2,3], expected the sizes of the axes that it covers.]`,
  )
  expect(() => maskedSelect(x, x)).toThrowErrorMatchingInlineSnapshot(
    `[DTypeError: maskedSelect: the dtype does not fit; got f32[2,3], expected bool or u8. Use cast().]`,
  )
})
