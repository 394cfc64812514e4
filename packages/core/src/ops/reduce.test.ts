import fc from 'fast-check'
import { expect, test } from 'vitest'
import { withBackend } from '../backends/default.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { tensor, zeros } from '../tensor/create.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { checkBackends, checkGolden, checkGradients, type GoldenCase } from '../testing/cases.ts'
import { allClose } from '../testing/close.ts'
import { gradCheck, gradGradCheck, type Differentiable } from '../testing/grad-check.ts'
import golden from './__golden__/reduce.json' with { type: 'json' }
import { add, mul, sub } from './binary.ts'
import { clip } from './clip.ts'
import { argmax, argmin, max, min } from './extremes.ts'
import * as ops from './reduce.ts'
import { cumprod, cumsum } from './scan.ts'
import { sqrt } from './unary.ts'
import { flatten, permute } from './views.ts'

const cases = golden as unknown[] as GoldenCase[]

const table: Record<string, Differentiable> = {
  sum: (x) => ops.sum(x),
  'sum 1': (x) => ops.sum(x, 1),
  'sum 0 2 keep': (x) => ops.sum(x, [0, 2], true),
  'sum i32': (x) => ops.sum(x, 1),
  'sum u8': (x) => ops.sum(x, -1),
  'sum bool': (x) => ops.sum(x, 0),
  mean: (x) => ops.mean(x),
  'mean 0 2': (x) => ops.mean(x, [0, 2]),
  amax: (x) => ops.amax(x),
  'amax 1': (x) => ops.amax(x, 1),
  'amax 0 2 ties': (x) => ops.amax(clip(x, -1, 1), [0, 2], true),
  'amin 1': (x) => ops.amin(x, 1),
  'amax i32': (x) => ops.amax(x, 1),
  'amin i32': (x) => ops.amin(x, [0, 2]),
  'amax u8': (x) => ops.amax(x, 1),
  prod: (x) => ops.prod(x),
  'prod 1': (x) => ops.prod(x, 1),
  'prod zeros': (x) => ops.prod(clip(x, 0), 1),
  'prod one zero': (x) => ops.prod(mul(x, tensor([1, 1, 0, 1, 1], { dtype: x.dtype, backend: x.backend })), 1),
  'prod i32': (x) => ops.prod(x, 1),
  variance: (x) => ops.variance(x),
  'variance 1': (x) => ops.variance(x, 1),
  'variance 0 2': (x) => ops.variance(x, [0, 2], { correction: 0, keepDims: true }),
  std: (x) => ops.std(x),
  'std flat': (x) => ops.std(mul(x, 0), 1),
  'std 1': (x) => ops.std(x, 1, { correction: 0 }),
  norm: (x) => ops.norm(x),
  'norm 1': (x) => ops.norm(x, [0, 2], { p: 1 }),
  'norm 2': (x) => ops.norm(x, 1, { keepDims: true }),
  'norm 3': (x) => ops.norm(x, [1, 2], { p: 3 }),
  'norm inf': (x) => ops.norm(x, 1, { p: Infinity }),
  'norm -inf': (x) => ops.norm(x, 1, { p: -Infinity }),
  'norm 0': (x) => ops.norm(clip(x, 0), 1, { p: 0 }),
  'norm zero': (x) => ops.norm(mul(x, 0), 1),
  logSumExp: (x) => ops.logSumExp(x),
  'logSumExp 1': (x) => ops.logSumExp(x, 1),
  'logSumExp 0 2': (x) => ops.logSumExp(x, [0, 2], true),
  all: (x) => ops.all(x),
  'all 1': (x) => ops.all(x, 1),
  'any 2': (x) => ops.any(x, 2),
  countNonzero: (x) => ops.countNonzero(x),
  'countNonzero 1': (x) => ops.countNonzero(x, 1),
  nansum: (x) => ops.nansum(sqrt(sub(x, 0.2)), 1),
  nanmean: (x) => ops.nanmean(sqrt(add(x, 0.4)), 1),
  'cumsum 0': (x) => cumsum(x, 0),
  'cumsum 1': (x) => cumsum(x, 1),
  'cumsum -1': (x) => cumsum(x, -1),
  'cumsum i32': (x) => cumsum(x, 1),
  'cumprod 1': (x) => cumprod(x, 1),
  'cumprod 0': (x) => cumprod(x, 0),
  'cumprod zeros': (x) => cumprod(clip(x, 0), 1),
  argmax: (x) => argmax(x),
  'argmax 1': (x) => argmax(x, 1),
  'argmin 0 keep': (x) => argmin(x, 0, true),
  'argmin -1': (x) => argmin(x, -1),
  max: (x) => max(x),
  'max 1': (x) => Object.values(max(x, 1)),
  'min 2 keep': (x) => Object.values(min(x, 2, true)),
  min: (x) => min(x),
}

test.each(cases)('$name equals PyTorch', (c) => {
  checkGolden(table[c.name], c, referenceBackend())
  checkGolden(table[c.name], c, wasmBackend())
})

test.each(cases)('$name: kernels equal the loops', (c) => {
  checkBackends(table[c.name], c.inputs, { atol: 3e-6 })
})

// Kinks of the absolute value and of NaN regions have no second derivative to compare.
const smooth = cases.filter((c) => c.dx[0] !== null && !/zero|nan|flat|ties/.test(c.name))
test.each(smooth)('$name: first and second derivatives', (c) => {
  checkGradients(table[c.name], c.inputs)
})

const folds = {
  sum: ops.sum,
  mean: ops.mean,
  amax: ops.amax,
  amin: ops.amin,
  logSumExp: ops.logSumExp,
  variance: ops.variance,
  norm: ops.norm,
}

test.each(['sum', 'mean', 'amax', 'amin', 'logSumExp', 'variance', 'norm'] as const)(
  '%s: awkward shapes and layouts',
  (name) => {
    const f: (x: Tensor, axes?: ops.Axes) => Tensor = folds[name]
    const options = { atol: 5e-6, rtol: 1e-5 }
    for (const axes of [undefined, 0, 1, 2, 3, [0, 2, 3], [2, 3], [1, 3], [0, 1]]) {
      checkBackends((x) => f(x, axes), [{ shape: [3, 5, 7, 4] }], options)
    }
    checkBackends((x) => f(x, 1), [{ shape: [2, 1031] }], { atol: 1e-4, rtol: 1e-5 })
  },
)

test('gradients of products are exact at zeros, to second order', () => {
  const x = (): Tensor =>
    tensor([
      [2, 0, 3],
      [0, 0, 4],
    ]).requiresGrad_()
  const y = x()
  ops.sum(ops.prod(y, 1)).backward()
  expect(y.grad!.toArray()).toEqual([
    [0, 6, 0],
    [0, 0, 0],
  ])
  for (const f of [(t: Tensor) => ops.prod(t, 1), (t: Tensor) => cumprod(t, 1)]) {
    gradCheck(f, [x()])
    gradGradCheck(f, [x()])
  }
})

test('zero sizes and rank 0', () => {
  for (const backend of [referenceBackend(), wasmBackend()]) {
    withBackend(backend, () => {
      expect(ops.sum(zeros([0, 3])).item()).toBe(0)
      expect(ops.sum(zeros([0, 3]), 0).toArray()).toEqual([0, 0, 0])
      expect(ops.mean(zeros([0, 3]), 0).toArray()).toEqual([NaN, NaN, NaN])
      expect(ops.prod(zeros([2, 0]), 1).toArray()).toEqual([1, 1])
      expect(ops.logSumExp(zeros([0])).item()).toBe(-Infinity)
      expect(ops.amax(zeros([0, 3]), 1).shape).toEqual([0])
      expect(ops.all(zeros([0])).item()).toBe(1)
      expect(ops.sum(tensor(3)).item()).toBe(3)
      expect(argmax(tensor(3)).item()).toBe(0)
      expect(max(tensor(3), 0).values.item()).toBe(3)
      expect(cumsum(zeros([2, 0]), 1).shape).toEqual([2, 0])
      expect(cumsum(tensor(2), 0).item()).toBe(2)
      expect(ops.std(tensor([1])).item()).toBeNaN()
    })
  }
})

test('ties, NaN and large whole numbers', () => {
  for (const backend of [referenceBackend(), wasmBackend()]) {
    withBackend(backend, () => {
      expect(argmax(tensor([1, 3, 3])).item()).toBe(1)
      expect(argmax(tensor([1, NaN, 3, NaN])).item()).toBe(1)
      expect(argmin(tensor([1, NaN, -3])).item()).toBe(1)
      expect(argmax(tensor(Int32Array.of(16777216, 16777217))).item()).toBe(1)
      expect(argmin(tensor(Int32Array.of(5, -7, -7))).item()).toBe(1)
      expect(ops.amax(tensor([1, NaN])).item()).toBeNaN()
      expect(ops.logSumExp(tensor([Infinity, 1])).item()).toBe(Infinity)
      const x = tensor([2, 2, 1]).requiresGrad_()
      ops.amax(x).backward()
      expect(x.grad!.toArray()).toEqual([0.5, 0.5, 0])
      x.grad = null
      max(x, 0).values.backward()
      expect(x.grad!.toArray()).toEqual([1, 0, 0])
    })
  }
})

test('argmax counts in logical order whatever the layout', () => {
  const x = permute(
    tensor([
      [1, 9],
      [3, 4],
    ]),
    [1, 0],
  )
  expect(argmax(x).item()).toBe(2)
})

test('properties', () => {
  const matrix = fc.array(fc.float({ min: -10, max: 10, noNaN: true }), { minLength: 12, maxLength: 12 })
  fc.assert(
    fc.property(matrix, (values) => {
      const x = tensor(Float32Array.from(values), { shape: [3, 4] })
      allClose(ops.sum(ops.sum(x, 0)), ops.sum(x), { atol: 1e-5 })
      expect(ops.amax(x).item()).toBe(Math.max(...values.map(Math.fround)))
      allClose(ops.mean(sub(x, ops.mean(x, 1, true)), 1), [0, 0, 0], { atol: 1e-5 })
      expect(max(x, 1).values.toArray()).toEqual(ops.amax(x, 1).toArray())
      expect(argmax(x).item()).toBe(argmax(flatten(x), 0).item())
    }),
  )
})

test('bad input', () => {
  expect(() => ops.sum(zeros([2]), 1)).toThrowErrorMatchingInlineSnapshot(
    `[AxisError: sum: the axis is out of range; got axis 1 of a tensor of rank 1, expected an integer in [-1, 1).]`,
  )
  expect(() => ops.sum(zeros([2, 2]), [0, -2])).toThrowErrorMatchingInlineSnapshot(
    `[AxisError: sum: an axis is given twice; got [0,0], expected distinct axes.]`,
  )
  expect(() => ops.amax(zeros([0]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: amax: nothing is left to choose from; got [0] over axes [0], expected at least one element.]`,
  )
  expect(() => argmax(zeros([2, 0]), 1)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: argmax: nothing is left to choose from; got [2,0] over axes [1], expected at least one element.]`,
  )
  expect(() => cumsum(zeros([2]), 3)).toThrowErrorMatchingInlineSnapshot(
    `[AxisError: cumsum: the axis is out of range; got axis 3 of a tensor of rank 1, expected an integer in [-1, 1).]`,
  )
})
