import { expect, test } from 'vitest'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { cast } from '../ops/copy.ts'
import { mul, sub } from '../ops/binary.ts'
import { sum } from '../ops/reduce.ts'
import { tensor, zeros } from '../tensor/create.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { checkBackends, checkGolden, checkGradients, type GoldenCase } from '../testing/cases.ts'
import { gradCheck, gradGradCheck } from '../testing/grad-check.ts'
import golden from './__golden__/losses.json' with { type: 'json' }
import * as bce from './binary-cross-entropy.ts'
import * as distance from './distance.ts'
import * as likelihood from './likelihood.ts'
import * as margin from './margin.ts'

const all = { ...bce, ...distance, ...likelihood, ...margin } as Record<string, unknown>
const cases = golden as unknown[] as GoldenCase[]

/** Draws of 0 and 1 as a target of fractions, or of -1 and 1. */
const bits = (x: Tensor): Tensor => cast(x, 'f32')
const signs = (x: Tensor): Tensor => sub(mul(bits(x), 2), 1)

type Loss = (...x: readonly Tensor[]) => Tensor
const none = { reduction: 'none' } as const

const variants: Record<string, Loss> = {
  'mseLoss none': (x, t) => distance.mseLoss(x, t, none),
  'mseLoss sum': (x, t) => distance.mseLoss(x, t, { reduction: 'sum' }),
  'smoothL1Loss beta': (x, t) => distance.smoothL1Loss(x, t, { beta: 0.4 }),
  'smoothL1Loss 0': (x, t) => distance.smoothL1Loss(x, t, { beta: 0 }),
  'huberLoss delta': (x, t) => distance.huberLoss(x, t, { delta: 2.5, ...none }),
  'bceLoss weight': (x, t, weight) => bce.bceLoss(x, t, { weight, ...none }),
  'bceWithLogits weights': (x, t, weight, posWeight) =>
    bce.bceWithLogits(x, t, { weight, posWeight, reduction: 'sum' }),
  focalLoss: (x, t) => bce.focalLoss(x, bits(t)),
  'focalLoss options': (x, t) => bce.focalLoss(x, bits(t), { alpha: -1, gamma: 1.5, ...none }),
  diceLoss: (x, t) => bce.diceLoss(x, bits(t)),
  'diceLoss none': (x, t) => bce.diceLoss(x, bits(t), none),
  hingeLoss: (x, t) => margin.hingeLoss(x, signs(t)),
  'hingeLoss squared': (x, t) => margin.hingeLoss(x, signs(t), { squared: true, margin: 0.5, reduction: 'sum' }),
  softMarginLoss: (x, t) => margin.softMarginLoss(x, signs(t)),
  marginRankingLoss: (a, b, t) => margin.marginRankingLoss(a, b, signs(t), { margin: 0.3 }),
  'marginRankingLoss none': (a, b, t) => margin.marginRankingLoss(a, b, signs(t), none),
  hingeEmbeddingLoss: (x, t) => margin.hingeEmbeddingLoss(x, signs(t)),
  'hingeEmbeddingLoss none': (x, t) => margin.hingeEmbeddingLoss(x, signs(t), { margin: 1.5, ...none }),
  cosineEmbeddingLoss: (a, b, t) => margin.cosineEmbeddingLoss(a, b, signs(t), { margin: -0.2 }),
  'cosineEmbeddingLoss none': (a, b, t) => margin.cosineEmbeddingLoss(a, b, signs(t), none),
  'pairwiseDistance 1': (a, b) => margin.pairwiseDistance(a, b, { p: 1 }),
  'pairwiseDistance 3': (a, b) => margin.pairwiseDistance(a, b, { p: 3, eps: 1e-3 }),
  'tripletMarginLoss swap': (a, p, n) => margin.tripletMarginLoss(a, p, n, { margin: 0.4, swap: true, ...none }),
  'multiMarginLoss options': (x, t, weight) => margin.multiMarginLoss(x, t, { p: 2, margin: 0.7, weight, ...none }),
  'klDiv batchMean': (x, t) => likelihood.klDiv(x, t, { reduction: 'batchMean' }),
  'klDiv log': (x, t) => likelihood.klDiv(x, t, { reduction: 'sum', logTarget: true }),
  'poissonNllLoss full': (x, t) => likelihood.poissonNllLoss(x, t, { logInput: false, full: true, ...none }),
  'gaussianNllLoss full': (x, t, v) => likelihood.gaussianNllLoss(x, t, v, { full: true, eps: 0.5, reduction: 'sum' }),
}
const fn = (name: string): Loss => variants[name] ?? (all[name] as Loss)

test('every loss has a golden case', () => {
  const names = new Set(cases.map((c) => c.name.split(' ')[0]))
  expect(Object.keys(all).filter((name) => !names.has(name))).toEqual([])
})

test.each(cases)('$name equals PyTorch', (c) => {
  checkGolden(fn(c.name), c, referenceBackend())
  checkGolden(fn(c.name), c, wasmBackend())
})

test.each(cases)('$name: kernels equal the loops, in every layout', (c) => checkBackends(fn(c.name), c.inputs))

// PyTorch's slopes leave out the cut at eps on purpose: the differences see it.
const smooth = cases.filter((c) => c.name !== 'gaussianNllLoss full')

test.each(smooth)('$name: first and second derivatives', (c) => checkGradients(fn(c.name), c.inputs, 5))

test('binary cross-entropy cuts logarithms at -100, and its slopes at 1e12', () => {
  const x = tensor([0, 1, 1]).requiresGrad_()
  const loss = bce.bceLoss(x, tensor([1, 0, 1]), none)
  expect(Array.from(loss.dataSync(), Math.abs)).toEqual([100, 100, 0])
  sum(loss).backward()
  expect(Array.from(x.grad!.dataSync(), (g) => g + 0)).toEqual([Math.fround(-1e12), Math.fround(1e12), 0])
})

test('logits of any size give finite losses', () => {
  const x = tensor([-1000, 1000, 1000]).requiresGrad_()
  const loss = bce.bceWithLogits(x, tensor([1, 0, 1]), none)
  expect(loss.toArray()).toEqual([1000, 1000, 0])
  sum(loss).backward()
  expect(x.grad!.toArray()).toEqual([-1, 1, 0])
})

test('the target may carry a gradient', () => {
  const [x, t] = [tensor([0.2, 0.7]).requiresGrad_(), tensor([0.4, 0.9]).requiresGrad_()]
  expect(gradCheck(bce.bceLoss, [x, t])).toBe(true)
  expect(
    gradGradCheck((a: Tensor) => bce.bceLoss(a, tensor([0.4, 0.9], { backend: a.backend, dtype: 'f64' })), [x]),
  ).toBe(true)
})

test('a target of 0 has no entropy', () => {
  const t = tensor([0, 1]).requiresGrad_()
  const loss = likelihood.klDiv(tensor([-1, -2]), t, { reduction: 'sum' })
  expect(loss.item()).toBe(2)
  loss.backward()
  expect(t.grad!.dataSync().every(Number.isFinite)).toBe(true)
})

test('empty input: the mean is NaN, the sum 0', () => {
  expect(distance.mseLoss(zeros([0]), zeros([0])).item()).toBeNaN()
  expect(distance.mseLoss(zeros([0]), zeros([0]), { reduction: 'sum' }).item()).toBe(0)
})

test('errors name the rule', () => {
  const x = tensor([[1, 2]])
  const fails = (f: () => unknown) => expect(f)
  fails(() => distance.mseLoss(x, tensor([1, 2]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: mseLoss: the shapes differ; got [1,2] and [2], expected equal shapes. Reshape one of them: broadcasting here is nearly always a mistake.]`,
  )
  fails(() => distance.mseLoss(tensor([1], { dtype: 'i32' }), tensor([1]))).toThrowErrorMatchingInlineSnapshot(
    `[DTypeError: mseLoss: the op needs a floating-point tensor; got i32[1], expected f32 or f64. Use cast(x, 'f32').]`,
  )
  fails(() => distance.l1Loss(x, x, { reduction: 'max' as 'sum' })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: l1Loss: no such reduction; got max, expected 'mean', 'sum' or 'none'.]`,
  )
  fails(() => distance.smoothL1Loss(x, x, { beta: -1 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: smoothL1Loss: beta is negative; got -1, expected a number >= 0.]`,
  )
  fails(() => distance.huberLoss(x, x, { delta: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: huberLoss: delta is not positive; got 0, expected a number > 0.]`,
  )
  fails(() => bce.bceLoss(x, x)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: bceLoss: an element is out of range; got 2, expected [0, 1]. Use bceWithLogits for raw outputs.]`,
  )
  fails(() => bce.focalLoss(x, x, { gamma: -1 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: focalLoss: gamma is negative; got -1, expected a number >= 0.]`,
  )
  fails(() => bce.diceLoss(x, x, { axes: [2] })).toThrowErrorMatchingInlineSnapshot(
    `[AxisError: diceLoss: the axis is out of range; got axis 2 of a tensor of rank 2, expected an integer in [-2, 2).]`,
  )
  fails(() => margin.cosineEmbeddingLoss(x, x, tensor([1, 1]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: cosineEmbeddingLoss: the target does not fit the rows; got [1,2] and target [2], expected rows [N, D] and target [N], or [D] and a scalar.]`,
  )
  fails(() => margin.pairwiseDistance(x, x, { p: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: pairwiseDistance: no such norm; got p 0, expected a finite number > 0.]`,
  )
  fails(() => margin.multiMarginLoss(x, tensor([0, 1], { dtype: 'i32' }))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: multiMarginLoss: the target does not fit the input; got input [1,2] and target [2], expected [N, C] and [N], or [C] and a scalar.]`,
  )
  fails(() =>
    margin.multiMarginLoss(x, tensor([0], { dtype: 'i32' }), { p: 3 as 2 }),
  ).toThrowErrorMatchingInlineSnapshot(`[ValueError: multiMarginLoss: no such power; got p 3, expected 1 or 2.]`)
  fails(() => likelihood.gaussianNllLoss(x, x, tensor([[-1, 1]]))).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: gaussianNllLoss: an element is out of range; got -1, expected [0, Infinity].]`,
  )
  fails(() => likelihood.gaussianNllLoss(x, x, x, { eps: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: gaussianNllLoss: eps is not positive; got 0, expected a number > 0.]`,
  )
})
