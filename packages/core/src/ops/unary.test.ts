import fc from 'fast-check'
import { expect, test } from 'vitest'
import { withBackend } from '../backends/default.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { tensor, zeros } from '../tensor/create.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { checkBackends, checkGolden, checkGradients, type GoldenCase } from '../testing/cases.ts'
import golden from './__golden__/unary.json' with { type: 'json' }
import { add, mul } from './binary.ts'
import { cast } from './copy.ts'
import * as unary from './unary.ts'

const table: Partial<Record<string, (x: Tensor) => Tensor>> = unary
const cases = golden as unknown[] as GoldenCase[]
/** How the tests of infinities make them from whole numbers. */
const special: Record<string, (x: Tensor) => Tensor> = {
  isNan: (x) => unary.isNan(unary.sqrt(x)),
  isInf: (x) => unary.isInf(unary.reciprocal(x)),
  isFinite: (x) => unary.isFinite(unary.reciprocal(x)),
}
const fn = (name: string): ((x: Tensor) => Tensor) => special[name] ?? table[name]!

test('every op has a golden case', () => {
  expect(cases.map((c) => c.name).sort()).toEqual(Object.keys(unary).sort())
})

test.each(cases)('$name equals PyTorch', (c) => {
  checkGolden(fn(c.name), c, referenceBackend())
  checkGolden(fn(c.name), c, wasmBackend())
})

test.each(cases)('$name: kernels equal the loops', (c) => {
  const [{ low, high, dtype }] = c.inputs
  for (const shape of [[], [0, 3], [3, 5, 2, 7], [2, 37], [1, 5, 1, 1]]) {
    checkBackends(fn(c.name), [{ shape, low: low!, high: high!, ...(dtype && { dtype }) }], { rtol: 4e-6, atol: 4e-7 })
  }
})

test.each(cases.filter((c) => c.dx[0] !== null))('$name: first and second derivatives', (c) => {
  checkGradients(fn(c.name), [{ ...c.inputs[0], shape: [2, 3] }])
})

test('integers: whole ones stay, fractions become f32', () => {
  const x = tensor(Int32Array.of(-3, 0, 4))
  expect(unary.neg(x).dtype).toBe('i32')
  expect(unary.abs(x).toArray()).toEqual([3, 0, 4])
  expect(unary.square(x).dtype).toBe('i32')
  expect(unary.floor(x).dtype).toBe('i32')
  expect(unary.sign(x).toArray()).toEqual([-1, 0, 1])
  expect(unary.exp(x).dtype).toBe('f32')
  expect(unary.sqrt(cast(x, 'u8')).dtype).toBe('f32')
})

test('NaN, infinities and signed zeros', () => {
  const x = tensor([NaN, Infinity, -Infinity, 0, -0])
  const results = (name: string): unknown => table[name]!(x).toArray()
  expect(results('sign')).toEqual([0, 1, -1, 0, 0])
  expect(results('abs')).toEqual([NaN, Infinity, Infinity, 0, 0])
  expect(results('exp')).toEqual([NaN, Infinity, 0, 1, 1])
  expect(results('log')).toEqual([NaN, Infinity, NaN, -Infinity, -Infinity])
  expect(results('tanh')).toEqual([NaN, 1, -1, 0, -0])
  expect(results('erf')).toEqual([NaN, 1, -1, 0, -0])
  expect(results('round')).toEqual([NaN, Infinity, -Infinity, 0, -0])
  expect(results('isNan')).toEqual([1, 0, 0, 0, 0])
  expect(results('isInf')).toEqual([0, 1, 1, 0, 0])
  expect(results('isFinite')).toEqual([0, 0, 0, 1, 1])
})

test('round takes halves to the even side on both backends', () => {
  for (const backend of [referenceBackend(), wasmBackend()]) {
    const x = withBackend(backend, () => tensor([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49999997, 8388609, -7.6]))
    expect(unary.round(x).toArray()).toEqual([-2, -2, -0, 0, 2, 2, 0, 8388609, -8])
  }
})

test('properties', () => {
  const value = fc.float({ min: -50, max: 50, noNaN: true })
  fc.assert(
    fc.property(fc.array(value, { maxLength: 20 }), (values) => {
      const x = tensor(Float32Array.from(values))
      expect(unary.neg(unary.neg(x)).dataSync()).toEqual(x.dataSync())
      expect(mul(unary.sign(x), unary.abs(x)).toArray()).toEqual(add(x, 0).toArray())
      expect(add(unary.frac(x), unary.trunc(x)).toArray()).toEqual(add(x, 0).toArray())
      expect(unary.floor(unary.ceil(x)).dataSync()).toEqual(unary.ceil(x).dataSync())
    }),
  )
})

test('an empty tensor stays empty, and a disposed one is refused', () => {
  expect(unary.exp(zeros([0, 2])).shape).toEqual([0, 2])
  const x = zeros([2])
  x.dispose()
  expect(() => unary.sqrt(x)).toThrowErrorMatchingInlineSnapshot(
    `[DisposedError: sqrt: the tensor was disposed; got f32[2], expected a live tensor. Return it from the scope, keep() it, or clone it before it is released.]`,
  )
})
