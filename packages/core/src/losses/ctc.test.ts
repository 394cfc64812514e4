import { expect, test } from 'vitest'
import { grad } from '../autograd/backward.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { Generator } from '../random/generator.ts'
import { logSoftmax } from '../ops/softmax.ts'
import { log } from '../ops/unary.ts'
import { sum } from '../ops/reduce.ts'
import { tensor, zeros } from '../tensor/create.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { checkBackends, checkGolden, drawInputs, type GoldenCase } from '../testing/cases.ts'
import { gradCheck, type Differentiable } from '../testing/grad-check.ts'
import golden from './__golden__/ctc.json' with { type: 'json' }
import { ctcLoss, type CtcLossOptions } from './ctc.ts'

const none = { reduction: 'none' } as const
const options: Record<string, CtcLossOptions> = {
  mean: {},
  none,
  'sum lengths': { inputLengths: [7, 5, 6], targetLengths: [3, 0, 2], reduction: 'sum' },
  'mean lengths': { inputLengths: [7, 5, 6], targetLengths: [3, 0, 2] },
  'none blank': { targetLengths: [3, 2, 1], blank: 4, ...none },
  'none row': { targetLengths: [3, 2, 1], ...none },
  'none infinity': { inputLengths: [7, 2, 7], zeroInfinity: true, ...none },
}
const cases = golden as unknown[] as GoldenCase[]
const fn =
  (name: string): Differentiable =>
  (x, t) =>
    ctcLoss(logSoftmax(x, 2), t, options[name])

test.each(cases)('$name equals PyTorch', (c) => {
  checkGolden(fn(c.name), c, referenceBackend())
  checkGolden(fn(c.name), c, wasmBackend())
})

test.each(cases)('$name: the same on every backend and in every layout, with its derivative', (c) => {
  // Loops by design: dynamic programming in double precision over short sequences.
  const f = fn(c.name)
  const inputs = drawInputs(c.inputs, new Generator(1), referenceBackend())
  expect(gradCheck(f, inputs)).toBe(true)
  expect(gradCheck((x: Tensor, t: Tensor) => ctcLoss(x, t, options[c.name]), inputs)).toBe(true)
})

test('wasm equals the reference', () => {
  const f: Differentiable = (x, t) => ctcLoss(x, t)
  const specs = [
    { shape: [7, 3, 5], low: -2, high: 0 },
    { shape: [3, 3], dtype: 'i32', low: 1, high: 5 },
  ] as const
  expect(() => checkBackends(f, specs, { fallbacks: ['ctcLoss', 'ctcPosterior'] })).not.toThrow()
})

test('a target that cannot be held costs infinity; an empty one the blanks alone', () => {
  const x = log(tensor([[[0.25, 0.75]], [[0.5, 0.5]]]))
  expect(ctcLoss(x, tensor([[1, 1]], { dtype: 'i32' })).item()).toBe(Infinity)
  expect(ctcLoss(x, tensor([[1]], { dtype: 'i32' }), { targetLengths: [0] }).item()).toBeCloseTo(-Math.log(0.125), 6)
})

test('there is no second derivative', () => {
  const x = zeros([3, 1, 2]).requiresGrad_()
  const [dx] = grad([ctcLoss(x, tensor([[1]], { dtype: 'i32' }))], [x], { createGraph: true })
  expect(() => sum(dx).backward()).toThrow('no second derivative')
})

test('errors name the rule', () => {
  const x = zeros([4, 2, 3])
  const t = tensor(
    [
      [1, 2],
      [1, 1],
    ],
    { dtype: 'i32' },
  )
  const fails = (f: () => unknown) => expect(f)
  fails(() => ctcLoss(zeros([4, 3]), t)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: ctcLoss: the input has the wrong rank; got [4,3], expected [T, N, C].]`,
  )
  fails(() => ctcLoss(x, tensor([1, 2, 1], { dtype: 'i32' }))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: ctcLoss: labels in one row need targetLengths; got [3], expected [N, S], or targetLengths.]`,
  )
  fails(() =>
    ctcLoss(x, tensor([1, 2, 1], { dtype: 'i32' }), { targetLengths: [1, 1] }),
  ).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: ctcLoss: targetLengths does not add up; got 2 for 3 labels, expected lengths of all labels together.]`,
  )
  fails(() => ctcLoss(x, t, { inputLengths: [5, 1] })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: ctcLoss: inputLengths is out of range; got 5, expected integers in [0, 4].]`,
  )
  fails(() => ctcLoss(x, t, { inputLengths: [1] })).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: ctcLoss: inputLengths does not fit; got 1 lengths, expected 2, one per sequence.]`,
  )
  fails(() => ctcLoss(x, t, { blank: 3 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: ctcLoss: blank is not a class; got 3, expected an integer in [0, 3).]`,
  )
  fails(() => ctcLoss(x, t, { blank: 1 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: ctcLoss: label 0 of target 0 is not a class; got 1, expected an integer in [0, 3) other than the blank 1.]`,
  )
})
