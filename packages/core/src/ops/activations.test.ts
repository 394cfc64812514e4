import { expect, test } from 'vitest'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { tensor, zeros } from '../tensor/create.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { checkBackends, checkGolden, checkGradients, type GoldenCase } from '../testing/cases.ts'
import type { Differentiable } from '../testing/grad-check.ts'
import golden from './__golden__/activations.json' with { type: 'json' }
import * as ops from './activations.ts'

const cases = golden as unknown[] as GoldenCase[]

const variants: Record<string, Differentiable> = {
  'leakyRelu 0.3': (x) => ops.leakyRelu(x, 0.3),
  'prelu one': ops.prelu,
  'hardtanh 2': (x) => ops.hardtanh(x, -2, 5),
  'elu 0.7': (x) => ops.elu(x, 0.7),
  'celu 0.5': (x) => ops.celu(x, 0.5),
  'gelu tanh': (x) => ops.gelu(x, { approximate: 'tanh' }),
  'softplus 2': (x) => ops.softplus(x, { beta: 2, threshold: 5 }),
  threshold: (x) => ops.threshold(x, 0.2, -3),
  'glu 0': (x) => ops.glu(x, 0),
}
const plain: Partial<Record<string, (...x: Tensor[]) => Tensor>> = {
  ...(ops as Record<string, (x: Tensor) => Tensor>),
  prelu: ops.prelu,
}
const fn = (name: string): Differentiable => variants[name] ?? ((...x) => plain[name]!(...x))

test('every activation has a golden case', () => {
  const names = new Set(cases.map((c) => c.name.split(' ')[0]))
  expect(Object.keys(ops).filter((name) => !names.has(name))).toEqual([])
})

test.each(cases)('$name equals PyTorch', (c) => {
  checkGolden(fn(c.name), c, referenceBackend())
  checkGolden(fn(c.name), c, wasmBackend())
})

test.each(cases)('$name: kernels equal the loops, fused gradients the composed', (c) => {
  checkBackends(fn(c.name), c.inputs)
  if (c.inputs.length > 1) return
  const [{ low, high }] = c.inputs
  for (const shape of [
    [2, 0],
    [4, 6, 3, 8],
    [2, 38],
  ])
    checkBackends(fn(c.name), [{ shape, low: low!, high: high! }])
})

test.each(cases)('$name: first and second derivatives', (c) => {
  checkGradients(fn(c.name), c.inputs.length > 1 ? c.inputs : [{ ...c.inputs[0], shape: [4, 2] }])
})

test('values that other formulas get wrong', () => {
  const x = tensor([-Infinity, -100, 0, 100, Infinity, NaN])
  expect(ops.sigmoid(x).toArray()).toEqual([0, expect.closeTo(0), 0.5, 1, 1, NaN])
  expect(ops.logSigmoid(x).toArray()).toEqual([-Infinity, -100, expect.closeTo(-0.6931), expect.closeTo(0), -0, NaN])
  expect(ops.softplus(x).toArray()).toEqual([0, expect.closeTo(0), expect.closeTo(0.6931), 100, Infinity, NaN])
  expect(ops.relu(x).toArray()).toEqual([0, 0, 0, 100, Infinity, NaN])
  expect(ops.elu(x).toArray()).toEqual([-1, -1, 0, 100, Infinity, NaN])
  expect(ops.hardshrink(x).toArray()).toEqual([-Infinity, -100, 0, 100, Infinity, NaN])
})

test('bad input', () => {
  expect(() => ops.glu(zeros([3]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: glu: the axis cannot be halved; got axis 0 of [3], expected an even size.]`,
  )
  expect(() => ops.prelu(zeros([2, 3]), zeros([2]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: prelu: the weight does not fit the channels; got weight [2] for x [2,3], expected [1] or [3].]`,
  )
  expect(() => ops.celu(zeros([1]), 0)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: celu: alpha is not above 0; got 0, expected alpha > 0.]`,
  )
  expect(() => ops.softshrink(zeros([1]), -1)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: softshrink: lambda is negative; got -1, expected lambda >= 0.]`,
  )
})
