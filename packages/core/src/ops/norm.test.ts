import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { withBackend } from '../backends/default.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { backward } from '../autograd/backward.ts'
import { checkGolden, uniformTensors, type GoldenCase, type GoldenOp } from '../testing/golden.ts'
import { gradCheck, gradGradCheck } from '../testing/grad-check.ts'
import { allClose, expectNoLeaks } from '../testing/close.ts'
import { fromData, linspace, ones, tensor, zeros } from '../tensor/create.ts'
import { scope } from '../tensor/scope.ts'
import type { Shape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { batchNorm } from './batch-norm.ts'
import { add, mul } from './binary.ts'
import { groupNorm, instanceNorm } from './group-norm.ts'
import { layerNorm, rmsNorm } from './layer-norm.ts'
import { localResponseNorm } from './local-response-norm.ts'
import { sum } from './reduce.ts'
import { square } from './unary.ts'
import { permute } from './views.ts'

const golden: GoldenCase[] = JSON.parse(readFileSync(new URL('__golden__/norm.json', import.meta.url), 'utf8'))

const fixed = (x: Tensor): { runningMean: Tensor; runningVar: Tensor } => ({
  runningMean: linspace(-1, 1, x.shape[1], { dtype: x.dtype }),
  runningVar: linspace(0.5, 2, x.shape[1], { dtype: x.dtype }),
})

const ops: Record<string, GoldenOp> = {
  batchNorm: ([x, weight, bias], options) => batchNorm(x!, { weight, bias, ...options }),
  batchNormEval: ([x, weight, bias]) => batchNorm(x!, { weight, bias, ...fixed(x!) }),
  layerNorm: ([x, weight, bias], { normalizedShape, ...options }) =>
    layerNorm(x!, normalizedShape as Shape, { weight, bias, ...options }),
  rmsNorm: ([x, weight], { normalizedShape }) => rmsNorm(x!, normalizedShape as Shape, { weight }),
  groupNorm: ([x, weight, bias], { groups, ...options }) =>
    groupNorm(x!, groups as number, { weight, bias, ...options }),
  instanceNorm: ([x, weight, bias]) => instanceNorm(x!, { weight, bias }),
  localResponseNorm: ([x], { size, ...options }) => localResponseNorm(x!, size as number, options),
}

// Sums of up to 100 terms of size 1 divided by a deviation of 0.5 or so, in f32 on both sides.
const tolerance = { atol: 4e-6, rtol: 4e-6 }

describe.each([
  ['reference', referenceBackend],
  ['wasm', wasmBackend],
])('on %s', (_, backend) => {
  test.each(golden.map((c) => [`${c.op} ${JSON.stringify(c.shapes)} ${JSON.stringify(c.options)}`, c] as const))(
    '%s',
    (_, c) => {
      expect(withBackend(backend(), () => checkGolden(c, ops[c.op], tolerance))).toBe(true)
    },
  )
})

test('running statistics move by the batch, the variance unbiased', () => {
  const [runningMean, runningVar] = [zeros([1]), ones([1])]
  const y = batchNorm(tensor([[0], [2]]), { training: true, eps: 0, runningMean, runningVar })
  expect(y.toArray()).toEqual([[-1], [1]])
  expect(allClose(runningMean, [0.1])).toBe(true)
  expect(allClose(runningVar, [1.1])).toBe(true)
})

test('a mean of thousands of deviations costs no accuracy', () => {
  const noise = uniformTensors(1)([64, 2, 3, 3])
  const x = add(noise, 4096)
  // The input itself is rounded to 2^-12 / 2 there, 4e-4 of a deviation of 0.58.
  expect(allClose(batchNorm(x, { training: true }), batchNorm(noise, { training: true }), { atol: 1e-3 })).toBe(true)
})

const cases: [string, number[][], (...inputs: Tensor[]) => Tensor][] = [
  ['batchNorm', [[3, 2, 2, 2], [2], [2]], (x, weight, bias) => batchNorm(x, { weight, bias, training: true })],
  ['batchNorm of a matrix without parameters', [[5, 3]], (x) => batchNorm(x, { training: true })],
  ['batchNorm in evaluation', [[3, 2, 2], [2], [2]], (x, weight, bias) => batchNorm(x, { weight, bias, ...fixed(x) })],
  [
    'layerNorm',
    [
      [2, 3, 4],
      [3, 4],
      [3, 4],
    ],
    (x, weight, bias) => layerNorm(x, [3, 4], { weight, bias }),
  ],
  ['layerNorm without parameters', [[3, 5]], (x) => layerNorm(x, [5])],
  ['rmsNorm', [[3, 5], [5]], (x, weight) => rmsNorm(x, [5], { weight })],
  ['groupNorm', [[2, 4, 3], [4], [4]], (x, weight, bias) => groupNorm(x, 2, { weight, bias })],
  ['groupNorm without parameters', [[2, 4, 2, 2]], (x) => groupNorm(x, 4)],
  ['instanceNorm', [[2, 2, 4], [2], [2]], (x, weight, bias) => instanceNorm(x, { weight, bias })],
  ['localResponseNorm', [[2, 4, 3]], (x) => localResponseNorm(x, 3, { alpha: 1 })],
]

test.each(cases)('gradients of first and second order, %s', (_, shapes, f) => {
  const draw = uniformTensors(5)
  const inputs = shapes.map((shape) => draw(shape).requiresGrad_())
  expect(gradCheck(f, inputs)).toBe(true)
  expect(gradGradCheck((...xs) => square(f(...xs)), inputs)).toBe(true)
})

/** Gradients of all inputs, by the fused and the composed rule. */
test.each(cases)('the fused gradient equals the composed one, %s', (_, shapes, f) => {
  const [a, b] = [false, true].map((createGraph) => {
    const draw = uniformTensors(9)
    const inputs = shapes.map((shape) => draw(shape).requiresGrad_())
    const y = f(...inputs)
    backward(y, draw(y.shape), { createGraph })
    return inputs.map((x) => x.grad!)
  })
  a.forEach((dx, i) => expect(allClose(dx, b[i], { atol: 5e-6, rtol: 5e-6 })).toBe(true))
})

test('wasm agrees with the reference in every layout', () => {
  for (const C of [1, 4, 6, 18]) {
    for (const last of [false, true]) {
      const [a, b] = [wasmBackend(), referenceBackend()].map((backend) =>
        withBackend(backend, () => {
          const draw = uniformTensors(C)
          const x = (last ? permute(draw([2, 5, 3, C]), [0, 3, 1, 2]) : draw([2, C, 5, 3])).requiresGrad_()
          const [weight, bias] = [draw([C]).requiresGrad_(), draw([C]).requiresGrad_()]
          const ys = [
            batchNorm(x, { weight, bias, training: true }),
            batchNorm(x, { weight, bias, ...fixed(x) }),
            groupNorm(x, C % 2 === 0 ? 2 : 1, { weight, bias }),
            instanceNorm(x, { weight, bias }),
            layerNorm(x, [5, 3]),
          ]
          for (const y of ys) y.backward(draw(y.shape))
          return [...ys, x.grad!, weight.grad!, bias.grad!].map((t) => ({ shape: t.shape, data: t.dataSync() }))
        }),
      )
      a.forEach(({ shape, data }, i) =>
        expect(allClose(fromData(data, shape, 'f32'), b[i].data, { atol: 3e-5, rtol: 1e-5 })).toBe(true),
      )
    }
  }
})

test('empty batches', () => {
  expect(batchNorm(zeros([0, 3, 2]), { training: true }).shape).toEqual([0, 3, 2])
  expect(layerNorm(zeros([0, 3]), [3]).shape).toEqual([0, 3])
  expect(groupNorm(zeros([0, 4, 2]), 2).shape).toEqual([0, 4, 2])
})

test('nothing is left behind', () => {
  const backend = wasmBackend()
  withBackend(backend, () => {
    const x = uniformTensors(1)([2, 4, 3, 3])
    const weight = ones([4]).requiresGrad_()
    const [runningMean, runningVar] = [zeros([4]), ones([4])]
    expectNoLeaks(backend, () => {
      scope(() => {
        const y = batchNorm(x, { weight, runningMean, runningVar, training: true })
        sum(square(mul(groupNorm(y, 2, { weight }), layerNorm(y, [3])))).backward()
      })
      weight.grad!.dispose()
      weight.grad = null
    })
    expectNoLeaks(backend, () => batchNorm(x, { training: true, runningMean, runningVar }).dispose())
  })
})

test('errors name the op, the shapes and the remedy', () => {
  const x = zeros([2, 4, 3])
  expect(() => batchNorm(x)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: batchNorm: evaluation needs running statistics; expected runningMean and runningVar. Pass them, or training: true.]`,
  )
  expect(() => batchNorm(zeros([1, 4]), { training: true })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: batchNorm: one value per channel has no variance; got [1,4], expected more than one value per channel when training. Use a larger batch, or eval().]`,
  )
  expect(() => batchNorm(x, { training: true, weight: ones([3]) })).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: batchNorm: weight does not fit; got [3], expected [4], one for each channel of [2,4,3].]`,
  )
  expect(() => batchNorm(zeros([3]), { training: true })).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: batchNorm: the rank does not fit; got [3], expected [N, C, ...].]`,
  )
  expect(() => layerNorm(x, [4])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: layerNorm: the last axes are not the normalised shape; got [2,4,3], expected [..., 4].]`,
  )
  expect(() => layerNorm(x, [3], { weight: ones([4]) })).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: layerNorm: weight does not fit; got [4], expected [3].]`,
  )
  expect(() => groupNorm(x, 3)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: groupNorm: the groups do not divide the channels; got 3 groups of 4 channels, expected a divisor of the channels.]`,
  )
  expect(() => instanceNorm(zeros([2, 4, 1]))).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: instanceNorm: one value per channel has no variance; got [2,4,1], expected more than one element of space.]`,
  )
  expect(() => localResponseNorm(zeros([2, 4]), 2)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: localResponseNorm: the rank does not fit; got [2,4], expected [N, C, ...space] of three axes or more.]`,
  )
  expect(() => localResponseNorm(x, 0)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: localResponseNorm: the size does not fit; got 0, expected an integer >= 1.]`,
  )
})
