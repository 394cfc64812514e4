import fc from 'fast-check'
import { expect, test } from 'vitest'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { Generator } from '../random/generator.ts'
import { eye, tensor, zeros } from '../tensor/create.ts'
import { checkBackends, checkGolden, checkGradients, drawInputs, type GoldenCase } from '../testing/cases.ts'
import { allClose } from '../testing/close.ts'
import type { Differentiable } from '../testing/grad-check.ts'
import golden from './__golden__/matmul.json' with { type: 'json' }
import { add } from './binary.ts'
import { linear, matmul } from './matmul.ts'
import { transpose } from './views.ts'

const cases = golden as unknown[] as GoldenCase[]

const fn = (name: string): Differentiable => {
  if (name === 'matmul turned') return (a, b) => matmul(transpose(a), transpose(b))
  return name.startsWith('linear') ? (x, w, b) => linear(x, w, b) : (a, b) => matmul(a, b)
}

test.each(cases)('$name equals PyTorch', (c) => {
  checkGolden(fn(c.name), c, referenceBackend())
  checkGolden(fn(c.name), c, wasmBackend())
})

test.each(cases)('$name: kernels equal the loops in every layout', (c) => {
  checkBackends(fn(c.name), c.inputs)
})

test.each(cases.filter((c) => c.name !== 'matmul wide'))('$name: first and second derivatives', (c) => {
  checkGradients(fn(c.name), c.inputs)
})

test('awkward sizes', () => {
  for (const [n, k, m] of [
    [1, 1, 1],
    [1, 64, 1],
    [5, 1, 7],
    [4, 8, 8],
    [13, 37, 29],
    [64, 3, 65],
    [0, 3, 2],
    [2, 0, 3],
    [2, 3, 0],
  ]) {
    checkBackends((a, b) => matmul(a, b), [{ shape: [n, k] }, { shape: [k, m] }], { atol: 4e-6 })
    checkBackends((x, w, b) => linear(x, w, b), [{ shape: [n, k] }, { shape: [m, k] }, { shape: [m] }], { atol: 4e-6 })
  }
})

test('nothing to sum gives zeros', () => {
  expect(matmul(zeros([2, 0]), zeros([0, 2])).toArray()).toEqual([
    [0, 0],
    [0, 0],
  ])
  expect(linear(zeros([1, 0]), zeros([2, 0]), tensor([3, 4])).toArray()).toEqual([[3, 4]])
})

test('properties: identity, distribution, transposition', () => {
  const size = fc.integer({ min: 1, max: 9 })
  fc.assert(
    fc.property(size, size, size, fc.integer(), (n, k, m, seed) => {
      const [a, b, c] = drawInputs([{ shape: [n, k] }, { shape: [k, m] }, { shape: [k, m] }], new Generator(seed))
      allClose(matmul(a, eye(k)), a)
      allClose(matmul(a, add(b, c)), add(matmul(a, b), matmul(a, c)), { atol: 4e-6 })
      allClose(transpose(matmul(a, b)), matmul(transpose(b), transpose(a)), { atol: 2e-6 })
      allClose(linear(a, transpose(b)), matmul(a, b), { atol: 2e-6 })
    }),
  )
})

test('bad input', () => {
  expect(() => matmul(zeros([2, 3]), zeros([2, 3]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: matmul: the inner sizes do not match; got [2,3] and [2,3], expected the last axis of a as long as b's last but one, both of rank 1 or more. Transpose one of them.]`,
  )
  expect(() => matmul(zeros([2, 2, 3]), zeros([3, 3, 3]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: matmul: the shapes do not broadcast; got [2] and [3], expected sizes that are equal or 1 on each axis, aligned at the last (axis -1: 2 and 3). Reshape or expand one of them.]`,
  )
  expect(() => matmul(tensor(1), zeros([1]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: matmul: the inner sizes do not match; got [] and [1], expected the last axis of a as long as b's last but one, both of rank 1 or more. Transpose one of them.]`,
  )
  expect(() => matmul(tensor(Int32Array.of(1)), zeros([1]))).toThrowErrorMatchingInlineSnapshot(
    `[DTypeError: matmul: the op needs a floating-point tensor; got i32[1], expected f32 or f64. Use cast(x, 'f32').]`,
  )
  expect(() => linear(zeros([2, 3]), zeros([2, 2]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: linear: the sizes do not match; got [2,3], [2,2], expected x [..., in], weight [out, in], bias [out].]`,
  )
  expect(() => linear(zeros([2, 3]), zeros([2, 3]), zeros([3]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: linear: the sizes do not match; got [2,3], [2,3], [3], expected x [..., in], weight [out, in], bias [out].]`,
  )
})
