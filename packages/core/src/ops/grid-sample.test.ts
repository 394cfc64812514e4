import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { backward } from '../autograd/backward.ts'
import { withBackend } from '../backends/default.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { grad } from '../autograd/backward.ts'
import { tensor, zeros } from '../tensor/create.ts'
import type { Shape } from '../tensor/shape.ts'
import { allClose } from '../testing/close.ts'
import { checkGolden, uniformTensors, type GoldenCase, type GoldenOp } from '../testing/golden.ts'
import { gradCheck, gradGradCheck } from '../testing/grad-check.ts'
import { mul } from './binary.ts'
import { sum } from './reduce.ts'
import { square } from './unary.ts'
import { permute } from './views.ts'
import { affineGrid, gridSample } from './grid-sample.ts'

const golden: GoldenCase[] = JSON.parse(readFileSync(new URL('__golden__/grid-sample.json', import.meta.url), 'utf8'))

const ops: Record<string, GoldenOp> = {
  gridSample: ([x, grid], options) => gridSample(x!, mul(grid!, 1.4), options),
  affineGrid: ([theta], { size, ...options }) => affineGrid(theta!, size as Shape, options),
}

// Positions of a few pixels in f32 are off by 4e-7, which bicubic slopes of about 3 multiply.
const tolerance = { atol: 1e-5, rtol: 1e-5 }

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

test('the identity map gives the image back', () => {
  const x = uniformTensors(1)([2, 3, 4, 5])
  const theta = tensor(
    [
      [1, 0, 0],
      [0, 1, 0],
    ]
      .flat()
      .concat([1, 0, 0, 0, 1, 0]),
    { shape: [2, 2, 3] },
  )
  for (const alignCorners of [false, true]) {
    expect(
      allClose(gridSample(x, affineGrid(theta, x.shape, { alignCorners }), { alignCorners }), x.dataSync(), {
        atol: 1e-6,
      }),
    ).toBe(true)
  }
})

test.each(['zeros', 'border', 'reflection'] as const)('gradients, %s', (paddingMode) => {
  const draw = uniformTensors(8)
  for (const mode of ['bilinear', 'bicubic'] as const) {
    const inputs = [draw([1, 2, 3, 4]).requiresGrad_(), draw([1, 2, 3, 2]).requiresGrad_()]
    expect(gradCheck((x, grid) => gridSample(x, mul(grid, 1.2), { mode, paddingMode }), inputs)).toBe(true)
  }
})

test('gradients of first and second order of the grid', () => {
  const theta = uniformTensors(8)([2, 2, 3]).requiresGrad_()
  expect(gradCheck((t) => affineGrid(t, [2, 1, 2, 3]), [theta])).toBe(true)
  expect(gradGradCheck((t) => square(affineGrid(t, [2, 1, 2, 3])), [theta])).toBe(true)
})

test('a second derivative of the sampling is refused, as in PyTorch', () => {
  const x = uniformTensors(1)([1, 1, 3, 3]).requiresGrad_()
  const [dx] = grad([sum(square(gridSample(x, zeros([1, 2, 2, 2]))))], [x], { createGraph: true })
  expect(() => backward(sum(square(dx)))).toThrowErrorMatchingInlineSnapshot(
    `[GradientError: gridSample: there is no second derivative; expected a first derivative only, as in PyTorch.]`,
  )
})

test('wasm agrees with the reference in every layout', () => {
  for (const last of [false, true]) {
    const [a, b] = [wasmBackend(), referenceBackend()].map((backend) =>
      withBackend(backend, () => {
        const draw = uniformTensors(4)
        const x = (last ? permute(draw([2, 5, 7, 6]), [0, 3, 1, 2]) : draw([2, 6, 5, 7])).requiresGrad_()
        const grid = draw([2, 4, 3, 2]).requiresGrad_()
        const y = gridSample(x, grid)
        y.backward(draw(y.shape))
        return [y, x.grad!, grid.grad!].map((t) => ({ shape: t.shape, data: t.dataSync() }))
      }),
    )
    a.forEach(({ shape, data }, i) =>
      expect(allClose(tensor(data, { shape }), b[i].data, { atol: 5e-6, rtol: 1e-5 })).toBe(true),
    )
  }
})

test('errors name the op and the rule', () => {
  expect(() => gridSample(zeros([1, 1, 4, 4]), zeros([1, 4, 4, 3]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: gridSample: the shapes do not fit; got [1,1,4,4] and [1,4,4,3], expected [N, C, H, W] and [N, h, w, 2].]`,
  )
  expect(() => affineGrid(zeros([1, 2, 3]), [2, 1, 4, 4])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: affineGrid: theta and the size do not fit; got [1,2,3] and [2,1,4,4], expected [N, 2, 3] and [N, C, H, W], or [N, 3, 4] and [N, C, D, H, W].]`,
  )
})
