import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { withBackend } from '../backends/default.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { checkGolden, uniformTensors, type GoldenCase, type GoldenOp } from '../testing/golden.ts'
import { gradCheck, gradGradCheck } from '../testing/grad-check.ts'
import { tensor, zeros } from '../tensor/create.ts'
import { mul } from './binary.ts'
import { sum } from './reduce.ts'
import { square } from './unary.ts'
import { conv2d } from './conv.ts'
import { convTranspose1d, convTranspose2d, convTranspose3d, type ConvTransposeOptions } from './conv-transpose.ts'

const golden: GoldenCase[] = JSON.parse(
  readFileSync(new URL('__golden__/conv-transpose.json', import.meta.url), 'utf8'),
)

const convs = { convTranspose1d, convTranspose2d, convTranspose3d }
const run: (name: keyof typeof convs) => GoldenOp =
  (name) =>
  ([x, w, b], options) =>
    convs[name](x!, w!, b, options as ConvTransposeOptions)

// Sums of up to 100 products of numbers below 1 in f32: 100 x 6e-8 in either implementation.
const tolerance = { atol: 1e-5, rtol: 1e-5 }

describe.each([
  ['reference', referenceBackend],
  ['wasm', wasmBackend],
])('on %s', (_, backend) => {
  test.each(golden.map((c) => [`${c.op} ${JSON.stringify(c.shapes)} ${JSON.stringify(c.options)}`, c] as const))(
    '%s',
    (_, c) => {
      expect(withBackend(backend(), () => checkGolden(c, run(c.op as keyof typeof convs), tolerance))).toBe(true)
    },
  )
})

test('values by hand', () => {
  const x = tensor([
    [
      [
        [1, 2],
        [3, 4],
      ],
    ],
  ])
  expect(convTranspose2d(x, tensor([[[[1, 10]]]])).toArray()).toEqual([
    [
      [
        [1, 12, 20],
        [3, 34, 40],
      ],
    ],
  ])
  expect(convTranspose2d(x, tensor([[[[1]]]]), tensor([5]), { stride: 2, outputPadding: 1 }).toArray()).toEqual([
    [
      [
        [6, 5, 7, 5],
        [5, 5, 5, 5],
        [8, 5, 9, 5],
        [5, 5, 5, 5],
      ],
    ],
  ])
})

test('it is the adjoint of the convolution with the same weight', () => {
  const draw = uniformTensors(5)
  const [x, w, y] = [draw([2, 3, 7, 9]), draw([4, 3, 3, 3]), draw([2, 4, 4, 5])]
  const options = { stride: 2, padding: 1 }
  const left = sum(mul(conv2d(x, w, null, options), y)).item()
  const right = sum(mul(x, convTranspose2d(y, w, null, options))).item()
  expect(right).toBeCloseTo(left, 4)
})

test.each([
  ['2-D', 'convTranspose2d', [1, 2, 3, 3], [2, 3, 2, 3], { stride: 2, padding: 1, outputPadding: 1 }],
  ['grouped', 'convTranspose2d', [1, 4, 2, 2], [4, 1, 3, 3], { groups: 2, dilation: 2 }],
  ['1-D', 'convTranspose1d', [2, 2, 4], [2, 2, 3], { stride: 3 }],
  ['3-D', 'convTranspose3d', [1, 1, 2, 2, 2], [1, 2, 2, 2, 2], {}],
] as [string, keyof typeof convs, number[], number[], ConvTransposeOptions][])(
  'gradients of first and second order, %s',
  (_, name, xShape, wShape, options) => {
    const draw = uniformTensors(7)
    const bias = [wShape[1] * (options.groups ?? 1)]
    const inputs = [draw(xShape), draw(wShape), draw(bias)].map((t) => t.requiresGrad_())
    expect(gradCheck((x, w, b) => convs[name](x, w, b, options), inputs)).toBe(true)
    expect(gradGradCheck((x, w, b) => square(convs[name](x, w, b, options)), inputs)).toBe(true)
  },
)

test('errors name the op, the shapes and the remedy', () => {
  const x = zeros([1, 3, 4, 4])
  expect(() => convTranspose2d(x, zeros([4, 3, 3, 3]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: convTranspose2d: input channels do not match the weight; got x [1,3,4,4] and weight [4,3,3,3], groups 1, expected x axis 1 = 4, weight [in, out / groups, H, W]. Pass groups, or check the layout.]`,
  )
  expect(() => convTranspose2d(x, zeros([3, 3, 3, 3]), null, { outputPadding: 1 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: convTranspose2d: the output padding is too large; got [1,1], expected less than the stride [1,1] or the dilation [1,1].]`,
  )
  expect(() => convTranspose2d(x, zeros([3, 3, 1, 1]), null, { padding: 2 })).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: convTranspose2d: nothing is left of the result; got input [4,4], kernel [1,1], padding [2,2], expected a result of 1 or more on each axis. Use less padding.]`,
  )
  expect(() => convTranspose2d(x, zeros([3, 2, 3, 3]), zeros([3]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: convTranspose2d: the bias does not fit; got [3], expected [2].]`,
  )
})
