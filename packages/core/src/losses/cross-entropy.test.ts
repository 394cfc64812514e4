import { expect, test } from 'vitest'
import { backward } from '../autograd/backward.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { withBackend } from '../backends/default.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { ones, tensor, zeros } from '../tensor/create.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { checkBackends, checkGolden, checkGradients, type GoldenCase } from '../testing/cases.ts'
import { allClose, expectNoLeaks } from '../testing/close.ts'
import type { Differentiable } from '../testing/grad-check.ts'
import { scope } from '../tensor/scope.ts'
import golden from './__golden__/cross-entropy.json' with { type: 'json' }
import { crossEntropy, nllLoss, type CrossEntropyOptions } from './cross-entropy.ts'

const cases = golden as unknown[] as GoldenCase[]

/** The options that a case's name tells. */
const optionsOf = (name: string, weight: Tensor | undefined): CrossEntropyOptions => {
  const words = name.split(' ')
  const reduction = (['sum', 'none'] as const).find((r) => words.includes(r)) ?? 'mean'
  const ignoreIndex =
    words[0] === 'nllLoss'
      ? words.includes('ignore')
        ? 0
        : -100
      : words.includes('ignore')
        ? 2
        : words.includes('planes') && !words.includes('soft')
          ? 1
          : -100
  const labelSmoothing = !words.includes('smooth')
    ? 0
    : words.includes('soft')
      ? 0.3
      : words.includes('weight')
        ? 0.2
        : 0.1
  return { reduction, ignoreIndex, labelSmoothing, ...(weight !== undefined && { weight }) }
}

const fn =
  (name: string): Differentiable =>
  (x, t, weight) =>
    (name.startsWith('nllLoss') ? nllLoss : crossEntropy)(x, t, optionsOf(name, weight))

test.each(cases)('$name equals PyTorch', (c) => {
  checkGolden(fn(c.name), c, referenceBackend())
  checkGolden(fn(c.name), c, wasmBackend())
})

test.each(cases)('$name: kernels equal the loops, fused gradients the composed', (c) =>
  checkBackends(fn(c.name), c.inputs),
)

test.each(cases)('$name: first and second derivatives', (c) => checkGradients(fn(c.name), c.inputs))

const classes = (...t: number[]): Tensor => tensor(t, { dtype: 'i32' })

test('composed of other ops it gives the same', () => {
  const x = () =>
    tensor([
      [1, -2, 0.5],
      [0, 3, -1],
      [2, 2, 2],
    ]).requiresGrad_()
  const weight = tensor([0.5, 1, 2])
  for (const options of [{}, { labelSmoothing: 0.3, ignoreIndex: 2 }, { weight, labelSmoothing: 0.1 }]) {
    const run = (compose: boolean): Tensor[] => {
      const backend = wasmBackend()
      const { run: plain } = backend
      backend.run = (op, inputs, attrs, specs) =>
        compose && op.name === 'crossEntropy'
          ? op.compose!(inputs, attrs)
          : plain.call(backend, op, inputs, attrs, specs)
      return withBackend(backend, () => {
        const input = tensor(x().toArray() as number[][]).requiresGrad_()
        const w = 'weight' in options ? { weight: tensor([0.5, 1, 2]) } : {}
        const loss = crossEntropy(input, classes(2, 1, 0), { ...options, ...w })
        if (!compose) backward(loss)
        return [loss]
      })
    }
    allClose(run(true)[0], run(false)[0].dataSync(), { rtol: 1e-6 })
  }
})

test('nothing but ignored targets gives NaN, and 0 as a sum', () => {
  const x = ones([2, 3])
  expect(crossEntropy(x, classes(-100, -100)).item()).toBeNaN()
  expect(crossEntropy(x, classes(-100, -100), { reduction: 'sum' }).item()).toBe(0)
  expect(nllLoss(x, classes(1, 1), { ignoreIndex: 1 }).item()).toBeNaN()
  expect(crossEntropy(zeros([0, 3]), classes()).item()).toBeNaN()
})

test('huge logits stay finite, and an impossible class costs infinity', () => {
  expect(crossEntropy(tensor([[1000, 0]]), classes(1)).item()).toBe(1000)
  expect(crossEntropy(tensor([[0, -Infinity]]), classes(1)).item()).toBe(Infinity)
  expect(nllLoss(tensor([[0, -Infinity]]), classes(0)).item()).toBe(0)
})

test('u8 and bool classes are taken as they are', () => {
  const x = tensor([[1, 2, 3]])
  expect(crossEntropy(x, tensor(Uint8Array.of(2))).item()).toBe(crossEntropy(x, classes(2)).item())
})

test('a training step leaves nothing behind', () => {
  const backend = wasmBackend()
  withBackend(backend, () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]).requiresGrad_()
    const t = classes(0, 1)
    expectNoLeaks(backend, () => {
      scope(() => crossEntropy(x, t).backward())
      x.grad!.dispose()
      x.grad = null
    })
  })
})

test('errors name the rule', () => {
  const x = ones([2, 3])
  const fails = (f: () => unknown) => expect(f)
  fails(() => crossEntropy(x, classes(0, 3))).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: crossEntropy: target 1 is not a class; got 3, expected an integer in [0, 3), or ignoreIndex -100. Count the classes from 0, and give the model as many outputs as there are classes.]`,
  )
  fails(() => crossEntropy(x, classes(0))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: crossEntropy: the target does not fit the input; got input [2,3] and target i32[1], expected classes (i32) of shape [2]. Axis 1 of the input holds the classes.]`,
  )
  fails(() => crossEntropy(x, tensor([0.5, 1]))).toThrowErrorMatchingInlineSnapshot(
    `[DTypeError: crossEntropy: a target of fractions must have the shape of the input; got f32[2], expected classes as i32, or a probability for every class. Use cast(target, 'i32') for classes.]`,
  )
  fails(() => crossEntropy(x, classes(0, 1), { weight: ones([2]) })).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: crossEntropy: one weight per class is needed; got [2], expected [3].]`,
  )
  fails(() => crossEntropy(x, classes(0, 1), { labelSmoothing: 2 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: crossEntropy: labelSmoothing is out of range; got 2, expected a number in [0, 1].]`,
  )
  fails(() => crossEntropy(classes(1), classes(1))).toThrowErrorMatchingInlineSnapshot(
    `[DTypeError: crossEntropy: the op needs a floating-point tensor; got i32[1], expected f32 or f64. Use cast(x, 'f32').]`,
  )
  fails(() => crossEntropy(tensor(1), classes(1))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: crossEntropy: the input has no class axis; got [], expected [C], [N, C] or [N, C, d1, ...].]`,
  )
  fails(() => nllLoss(x, classes(0, -1))).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: nllLoss: target 1 is not a class; got -1, expected an integer in [0, 3), or ignoreIndex -100. Count the classes from 0, and give the model as many outputs as there are classes.]`,
  )
})
