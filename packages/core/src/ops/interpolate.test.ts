import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { withBackend } from '../backends/default.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { tensor, zeros } from '../tensor/create.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { allClose } from '../testing/close.ts'
import { checkGolden, uniformTensors, type GoldenCase } from '../testing/golden.ts'
import { gradCheck, gradGradCheck } from '../testing/grad-check.ts'
import { square } from './unary.ts'
import { permute } from './views.ts'
import { interpolate, type InterpolateOptions } from './interpolate.ts'

const golden: GoldenCase[] = JSON.parse(readFileSync(new URL('__golden__/interpolate.json', import.meta.url), 'utf8'))

// Up to 81 taps of weights below 1, computed in f32; PyTorch may do the axes in another order.
const tolerance = { atol: 3e-6, rtol: 3e-6 }

describe.each([
  ['reference', referenceBackend],
  ['wasm', wasmBackend],
])('on %s', (_, backend) => {
  test.each(golden.map((c) => [`${JSON.stringify(c.shapes)} ${JSON.stringify(c.options)}`, c] as const))(
    '%s',
    (_, c) => {
      expect(
        withBackend(backend(), () =>
          checkGolden(c, ([x], options) => interpolate(x!, options as InterpolateOptions), tolerance),
        ),
      ).toBe(true)
    },
  )
})

test('values by hand', () => {
  const x = tensor([[[[1, 2, 3]]]])
  expect(interpolate(x, { size: [1, 6], mode: 'bilinear' }).toArray()).toEqual([[[[1, 1.25, 1.75, 2.25, 2.75, 3]]]])
  expect(interpolate(x, { size: [1, 5], mode: 'bilinear', alignCorners: true }).toArray()).toEqual([
    [[[1, 1.5, 2, 2.5, 3]]],
  ])
  expect(interpolate(x, { scaleFactor: [1, 2] }).toArray()).toEqual([[[[1, 1, 2, 2, 3, 3]]]])
  expect(interpolate(x, { size: [1, 3], mode: 'bicubic', alignCorners: true })).toBe(x)
})

const cases: [string, number[], InterpolateOptions][] = [
  ['bilinear', [1, 2, 3, 4], { size: [5, 3], mode: 'bilinear' }],
  ['bicubic', [1, 1, 4, 4], { size: [6, 3], mode: 'bicubic', alignCorners: true }],
  ['antialias', [1, 1, 6, 6], { size: [3, 2], mode: 'bicubic', antialias: true }],
  ['nearest', [1, 2, 3, 4], { scaleFactor: 2 }],
  ['area', [1, 2, 5], { size: 3, mode: 'area' }],
  ['trilinear', [1, 1, 2, 3, 2], { scaleFactor: 2, mode: 'trilinear' }],
]

test.each(cases)('gradients of first and second order, %s', (_, shape, options) => {
  const x = uniformTensors(2)(shape).requiresGrad_()
  expect(gradCheck((t) => interpolate(t, options), [x])).toBe(true)
  expect(gradGradCheck((t) => square(interpolate(t, options)), [x])).toBe(true)
})

test('wasm agrees with the reference in every layout', () => {
  for (const last of [false, true]) {
    const [a, b] = [wasmBackend(), referenceBackend()].map((backend) =>
      withBackend(backend, () => {
        const draw = uniformTensors(4)
        const x: Tensor = (last ? permute(draw([2, 5, 7, 3]), [0, 3, 1, 2]) : draw([2, 3, 5, 7])).requiresGrad_()
        const ys = cases
          .filter(([name]) => name !== 'area' && name !== 'trilinear')
          .map(([, , options]) => interpolate(x, options))
        for (const y of ys) y.backward(draw(y.shape))
        return [...ys, x.grad!].map((t) => ({ shape: t.shape, data: t.dataSync() }))
      }),
    )
    a.forEach(({ shape, data }, i) =>
      expect(allClose(tensor(data, { shape }), b[i].data, { atol: 2e-6, rtol: 1e-5 })).toBe(true),
    )
  }
})

test('errors name the op and the rule', () => {
  const x = zeros([1, 1, 4, 4])
  expect(() => interpolate(x, {})).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: interpolate: the size is not clear; got size undefined, scaleFactor undefined, expected either size or scaleFactor; recomputeScaleFactor with the latter only.]`,
  )
  expect(() => interpolate(x, { size: 3, mode: 'linear' })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: interpolate: the mode is for another rank; got linear for 2 axes of space, expected 1 axes of space.]`,
  )
  expect(() => interpolate(x, { size: 3, alignCorners: true })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: interpolate: alignCorners has no meaning here; got nearest, expected linear, bilinear, bicubic or trilinear.]`,
  )
  expect(() => interpolate(x, { size: 3, antialias: true })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: interpolate: antialias has no meaning here; got nearest, expected bilinear or bicubic.]`,
  )
  expect(() => interpolate(x, { scaleFactor: 0.1 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: interpolate: scaleFactor does not fit; got [0.1,0.1] for [4,4], expected 2 factors that leave at least one element.]`,
  )
  expect(() => interpolate(x, { size: [3, 3, 3] })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: interpolate: size does not fit; got [3,3,3], expected an integer >= 1, or 2 of them.]`,
  )
  expect(() => interpolate(zeros([4, 4]), { size: 3 })).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: interpolate: the shape does not fit; got [4,4], expected [N, C, ...space] with one to three axes of space, none empty.]`,
  )
})
