import fc from 'fast-check'
import { expect, test } from 'vitest'
import { withBackend } from '../backends/default.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { tensor, zeros } from '../tensor/create.ts'
import { checkBackends, checkGolden, checkGradients, type GoldenCase } from '../testing/cases.ts'
import { allClose } from '../testing/close.ts'
import type { Differentiable } from '../testing/grad-check.ts'
import golden from './__golden__/softmax.json' with { type: 'json' }
import { add } from './binary.ts'
import { sum } from './reduce.ts'
import { logSoftmax, softmax, softmin } from './softmax.ts'
import { exp } from './unary.ts'

const cases = golden as unknown[] as GoldenCase[]
const ops = { softmax, logSoftmax, softmin }

const fn = (name: string): Differentiable => {
  const [op, axis = '-1'] = name.split(' ')
  return (x) => ops[op as keyof typeof ops](x, Number(axis))
}

test.each(cases)('$name equals PyTorch', (c) => {
  checkGolden(fn(c.name), c, referenceBackend())
  checkGolden(fn(c.name), c, wasmBackend())
})

test.each(cases)('$name: first and second derivatives', (c) => {
  checkGradients(fn(c.name), [{ ...c.inputs[0], low: -2, high: 2 }])
})

test.each(['softmax', 'logSoftmax'])('%s: kernels equal the loops, fused gradients the composed', (name) => {
  for (const axis of [0, 1, 2, 3]) checkBackends(fn(`${name} ${axis}`), [{ shape: [3, 5, 2, 7], low: -5, high: 5 }])
  for (const shape of [[2, 0], [0, 2], [1, 1], [], [3, 1031]])
    checkBackends(fn(name), [{ shape, low: -9, high: 9 }], { atol: 4e-6 })
})

test('special values', () => {
  for (const backend of [referenceBackend(), wasmBackend()]) {
    withBackend(backend, () => {
      expect(softmax(tensor([-Infinity, 0])).toArray()).toEqual([0, 1])
      expect(softmax(tensor([-Infinity, -Infinity])).toArray()).toEqual([NaN, NaN])
      expect(softmax(tensor([1000, 1000])).toArray()).toEqual([0.5, 0.5])
      expect(logSoftmax(tensor([-1000, 0])).toArray()).toEqual([-1000, 0])
    })
  }
})

test('properties: sums to 1, unmoved by a shift, and the logarithm of it', () => {
  fc.assert(
    fc.property(fc.array(fc.float({ min: -20, max: 20, noNaN: true }), { minLength: 1, maxLength: 9 }), (values) => {
      const x = tensor(Float32Array.from(values))
      const y = softmax(x)
      allClose(sum(y), [1], { atol: 1e-6 })
      allClose(softmax(add(x, 8)), y, { atol: 4e-6, rtol: 4e-6 })
      allClose(exp(logSoftmax(x)), y, { rtol: 2e-5, atol: 1e-7 })
    }),
  )
})

test('bad input', () => {
  expect(() => softmax(zeros([2]), 1)).toThrowErrorMatchingInlineSnapshot(
    `[AxisError: softmax: the axis is out of range; got axis 1 of a tensor of rank 1, expected an integer in [-1, 1).]`,
  )
  expect(() => logSoftmax(tensor(Int32Array.of(1)))).toThrowErrorMatchingInlineSnapshot(
    `[DTypeError: logSoftmax: the op needs a floating-point tensor; got i32[1], expected f32 or f64. Use cast(x, 'f32').]`,
  )
})
