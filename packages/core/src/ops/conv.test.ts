import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { withBackend } from '../backends/default.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { checkGolden, uniformTensors, type GoldenCase, type GoldenOp } from '../testing/golden.ts'
import { gradCheck, gradGradCheck } from '../testing/grad-check.ts'
import { allClose, expectNoLeaks } from '../testing/close.ts'
import { ones, tensor, zeros } from '../tensor/create.ts'
import { scope } from '../tensor/scope.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { sum } from './reduce.ts'
import { square } from './unary.ts'
import { permute, slice } from './views.ts'
import { conv1d, conv2d, conv3d, type ConvOptions } from './conv.ts'

const golden: GoldenCase[] = JSON.parse(readFileSync(new URL('__golden__/conv.json', import.meta.url), 'utf8'))

const convs = { conv1d, conv2d, conv3d }
const run: (name: keyof typeof convs) => GoldenOp =
  (name) =>
  ([x, w, b], options) =>
    convs[name](x!, w!, b, options as ConvOptions)

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
        [1, 2, 3],
        [4, 5, 6],
        [7, 8, 9],
      ],
    ],
  ])
  const w = tensor([
    [
      [
        [1, 0],
        [0, -1],
      ],
    ],
  ])
  expect(conv2d(x, w).toArray()).toEqual([
    [
      [
        [-4, -4],
        [-4, -4],
      ],
    ],
  ])
  expect(conv2d(x, w, tensor([10]), { stride: 2 }).toArray()).toEqual([[[[6]]]])
  expect(conv2d(x, w, null, { padding: 1, stride: 2 }).toArray()).toEqual([
    [
      [
        [-1, -3],
        [-7, -4],
      ],
    ],
  ])
  expect(conv2d(x, w, null, { dilation: 2 }).toArray()).toEqual([[[[-8]]]])
})

test('an empty batch gives an empty result', () => {
  const x = zeros([0, 2, 4, 4]).requiresGrad_()
  const w = ones([3, 2, 3, 3]).requiresGrad_()
  const y = conv2d(x, w, zeros([3]))
  expect(y.shape).toEqual([0, 3, 2, 2])
  sum(y).backward()
  expect(w.grad!.dataSync().every((v) => v === 0)).toBe(true)
})

test('a kernel of a single one moves its channel and nothing else', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 6 }),
      (C, H, W) => {
        const x = uniformTensors(C * 100 + H * 10 + W)([2, C, H, W])
        const w = zeros([C, C, 3, 3]).dataSync()
        for (let c = 0; c < C; c++) w[(c * C + c) * 9 + 4] = 1
        const y = conv2d(x, tensor(w, { shape: [C, C, 3, 3] }), null, { padding: 1 })
        expect([...y.dataSync()]).toEqual([...x.dataSync()])
      },
    ),
    { numRuns: 20 },
  )
})

const gradCases: [string, keyof typeof convs, number[], number[], ConvOptions][] = [
  ['2-D', 'conv2d', [2, 2, 4, 4], [3, 2, 2, 3], { stride: [2, 1], padding: 1 }],
  ['grouped', 'conv2d', [1, 4, 4, 4], [4, 2, 2, 2], { groups: 2, dilation: 2, padding: 1 }],
  ['depthwise', 'conv2d', [1, 2, 4, 4], [4, 1, 3, 3], { groups: 2, padding: 1 }],
  ['1-D', 'conv1d', [2, 2, 6], [3, 2, 3], { padding: 'same' }],
  ['3-D', 'conv3d', [1, 1, 3, 3, 3], [2, 1, 2, 2, 2], { stride: 2, padding: 1 }],
]

test.each(gradCases)('gradients of first and second order, %s', (_, name, xShape, wShape, options) => {
  const draw = uniformTensors(7)
  const inputs = [draw(xShape).requiresGrad_(), draw(wShape).requiresGrad_(), draw([wShape[0]]).requiresGrad_()]
  const f = (x: Tensor, w: Tensor, b: Tensor): Tensor => convs[name](x, w, b, options)
  expect(gradCheck(f, inputs)).toBe(true)
  expect(gradGradCheck((x, w, b) => square(f(x, w, b)), inputs)).toBe(true)
})

test('wasm agrees with the reference in every layout', () => {
  const shapes: [number[], number[], ConvOptions][] = [
    [[2, 3, 9, 11], [5, 3, 3, 3], { padding: 1 }],
    [[1, 1, 13, 7], [17, 1, 5, 5], { padding: 2 }],
    [[3, 8, 6, 6], [8, 1, 3, 3], { groups: 8, stride: 2, padding: 1 }],
    [[2, 16, 5, 5], [33, 16, 1, 1], {}],
    [[1, 6, 7, 7], [9, 2, 3, 3], { groups: 3, dilation: 2 }],
    [[1, 4, 1, 1], [7, 4, 1, 1], {}],
    [[2, 5, 8, 9], [6, 5, 2, 4], { padding: 'same' }],
  ]
  for (const [xShape, wShape, options] of shapes) {
    for (const layout of ['contiguous', 'channels last', 'sliced'] as const) {
      const [a, b] = [wasmBackend(), referenceBackend()].map((backend) =>
        withBackend(backend, () => {
          const draw = uniformTensors(3)
          const x = arrange(draw, xShape, layout).requiresGrad_()
          const w = draw(wShape).requiresGrad_()
          const bias = draw([wShape[0]]).requiresGrad_()
          const y = conv2d(x, w, bias, options)
          y.backward(draw(y.shape))
          return [y, x.grad!, w.grad!, bias.grad!].map((t) => ({ shape: t.shape, data: t.dataSync() }))
        }),
      )
      a.forEach(({ shape, data }, i) =>
        expect(allClose(tensor(data, { shape }), b[i].data, { atol: 2e-5, rtol: 1e-5 })).toBe(true),
      )
    }
  }
})

const arrange = (draw: (shape: number[]) => Tensor, [N, C, H, W]: number[], layout: string): Tensor => {
  if (layout === 'contiguous') return draw([N, C, H, W])
  if (layout === 'channels last') return permute(draw([N, H, W, C]), [0, 3, 1, 2])
  return slice(draw([N, C, H, W * 2]), 3, 0, undefined, 2)
}

test('nothing is left behind', () => {
  const backend = wasmBackend()
  withBackend(backend, () => {
    const draw = uniformTensors(1)
    const x = draw([2, 3, 6, 6])
    const w = draw([4, 3, 3, 3]).requiresGrad_()
    const step = (): void => {
      scope(() => sum(square(conv2d(x, w, null, { padding: 1 }))).backward())
      w.grad!.dispose()
      w.grad = null
    }
    expectNoLeaks(backend, step)
  })
})

test('errors name the op, the shapes and the remedy', () => {
  const x = zeros([1, 3, 8, 8])
  expect(() => conv2d(x, zeros([4, 4, 3, 3]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: conv2d: input channels do not match the weight; got x [1,3,8,8] and weight [4,4,3,3], groups 1, expected x axis 1 = 4, weight [out, in / groups, H, W]. Pass groups, or check the layout.]`,
  )
  expect(() => conv2d(x, zeros([4, 3, 3]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: conv2d: the weight's rank does not fit; got [4,3,3], expected [out, in / groups, H, W].]`,
  )
  expect(() => conv2d(x, zeros([4, 3, 9, 3]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: conv2d: the kernel does not fit into the padded input; got input [8,8] padded by [0,0] and [0,0], kernel [9,3] reaching over [9,3], expected a kernel of 1 or more that is not larger. Use a larger input, more padding, or a smaller kernel.]`,
  )
  expect(() => conv2d(x, zeros([4, 3, 3, 3]), zeros([3]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: conv2d: the bias does not fit; got [3], expected [4].]`,
  )
  expect(() => conv2d(x, zeros([4, 3, 3, 3]), null, { stride: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: conv2d: stride does not fit; got 0, expected an integer >= 1, or 2 of them.]`,
  )
  expect(() => conv2d(x, zeros([4, 3, 3, 3]), null, { stride: 2, padding: 'same' })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: conv2d: padding 'same' needs a stride of 1; got stride [2,2]. Give the padding in numbers.]`,
  )
  expect(() => conv2d(zeros([3, 8]), zeros([4, 3, 3, 3]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: conv2d: the rank does not fit; got [3,8], expected [N, C, H, W] or [C, H, W].]`,
  )
  expect(() => conv2d(x, tensor(new Int32Array(108), { shape: [4, 3, 3, 3] }))).toThrowErrorMatchingInlineSnapshot(
    `[DTypeError: conv2d: the dtypes differ; got f32[1,3,8,8] and i32[4,3,3,3], expected one dtype. Cast them first.]`,
  )
  expect(() => conv2d(x, zeros([4, 1, 3, 3]), null, { groups: 3 })).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: conv2d: input channels do not match the weight; got x [1,3,8,8] and weight [4,1,3,3], groups 3, expected x axis 1 = 3, weight [out, in / groups, H, W]. Pass groups, or check the layout.]`,
  )
})
