import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { backward } from '../autograd/backward.ts'
import { withBackend } from '../backends/default.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { grad } from '../autograd/backward.ts'
import { tensor, zeros } from '../tensor/create.ts'
import { ShapeError } from '../errors.ts'
import type { Shape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { allClose } from '../testing/close.ts'
import { checkGolden, uniformTensors, type GoldenCase, type GoldenOp } from '../testing/golden.ts'
import { gradCheck, gradGradCheck } from '../testing/grad-check.ts'
import { mul } from './binary.ts'
import { sum } from './reduce.ts'
import { square } from './unary.ts'
import { concat } from './concat.ts'
import { permute, unsqueeze } from './views.ts'
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

test('the identity map gives a volume back; one plane of it is an image', () => {
  const volume = uniformTensors(1)([1, 2, 3, 4, 5])
  const theta = tensor([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0], { shape: [1, 3, 4] })
  const same = gridSample(volume, affineGrid(theta, volume.shape))
  expect(allClose(same, volume.dataSync(), { atol: 1e-6 })).toBe(true)
  const draw = uniformTensors(2)
  const [image, grid] = [draw([1, 2, 4, 5]), draw([1, 3, 2, 2])]
  const flat = concat([grid, zeros([1, 3, 2, 1])], 3)
  const planes = gridSample(unsqueeze(image, 2), unsqueeze(flat, 1))
  expect(allClose(planes, gridSample(image, grid).dataSync(), { atol: 1e-6 })).toBe(true)
})

test('half-way positions: the even pixel of an image, away from 0 in a volume, as in PyTorch', () => {
  const places = [0.5, 1.5, 2.5, 3.5, -0.5, 4.5].map((p) => p / 2 - 1)
  const options = { mode: 'nearest', paddingMode: 'border', alignCorners: true } as const
  const line = (space: Shape): Tensor => tensor([0, 1, 2, 3, 4], { shape: [1, 1, ...space] })
  const grid = (axes: number): Tensor =>
    tensor(
      places.flatMap((x) => [x, ...new Array<number>(axes - 1).fill(0)]),
      { shape: [1, ...new Array<number>(axes - 1).fill(1), 6, axes] },
    )
  const image = gridSample(line([1, 5]), grid(2), options)
  expect([...image.dataSync()]).toEqual([0, 2, 2, 4, 0, 4])
  const volume = gridSample(line([1, 1, 5]), grid(3), options)
  expect([...volume.dataSync()]).toEqual([1, 2, 3, 4, 0, 4])
})

test('numbers of any size are read, and none but those in reach', () => {
  const x = tensor([[[[1, 2, 3, 4]]]])
  const at = (...xs: number[]): Tensor =>
    tensor(
      xs.flatMap((v) => [v, 0]),
      { shape: [1, 1, xs.length, 2] },
    )
  expect(gridSample(x, at(NaN, Infinity, -1e30, 0)).toArray()).toEqual([[[[0, 0, 0, 2.5]]]])
})

test.each(['zeros', 'border', 'reflection'] as const)('gradients, %s', (paddingMode) => {
  const draw = uniformTensors(8)
  for (const mode of ['bilinear', 'bicubic'] as const) {
    const inputs = [draw([1, 2, 3, 4]).requiresGrad_(), draw([1, 2, 3, 2]).requiresGrad_()]
    expect(gradCheck((x, grid) => gridSample(x, mul(grid, 1.2), { mode, paddingMode }), inputs)).toBe(true)
  }
  const volumes = [draw([1, 2, 2, 3, 4]).requiresGrad_(), draw([1, 1, 2, 3, 3]).requiresGrad_()]
  expect(gradCheck((x, grid) => gridSample(x, mul(grid, 1.2), { paddingMode }), volumes)).toBe(true)
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
    `[ShapeError: gridSample: the shapes do not fit; got [1,1,4,4] and [1,4,4,3], expected [N, C, H, W] and [N, h, w, 2], or [N, C, D, H, W] and [N, d, h, w, 3].]`,
  )
  expect(() =>
    gridSample(zeros([1, 1, 4, 4, 4]), zeros([1, 4, 4, 4, 3]), { mode: 'bicubic' }),
  ).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: gridSample: bicubic is for images; got [1,1,4,4,4], expected bilinear or nearest.]`,
  )
  expect(() => gridSample(zeros([1, 1, 4, 4, 4]), zeros([1, 4, 4, 4, 2]))).toThrow(ShapeError)
  expect(() => affineGrid(zeros([1, 2, 3]), [2, 1, 4, 4])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: affineGrid: theta and the size do not fit; got [1,2,3] and [2,1,4,4], expected [N, 2, 3] and [N, C, H, W], or [N, 3, 4] and [N, C, D, H, W].]`,
  )
})
