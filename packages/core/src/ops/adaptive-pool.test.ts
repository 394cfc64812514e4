import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { withBackend } from '../backends/default.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { checkGolden, uniformTensors, type GoldenCase, type GoldenOp } from '../testing/golden.ts'
import { gradCheck, gradGradCheck } from '../testing/grad-check.ts'
import { allClose } from '../testing/close.ts'
import { tensor, zeros } from '../tensor/create.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { mean } from './reduce.ts'
import { square } from './unary.ts'
import { permute } from './views.ts'
import * as pools from './adaptive-pool.ts'

const golden: GoldenCase[] = JSON.parse(readFileSync(new URL('__golden__/adaptive-pool.json', import.meta.url), 'utf8'))

type Pool = (x: Tensor, size: pools.AdaptiveSize) => Tensor

const run: (name: string) => GoldenOp =
  (name) =>
  ([x], { size }) =>
    name === 'adaptiveMaxPoolWithIndices'
      ? pools.adaptiveMaxPoolWithIndices(x!, size as pools.AdaptiveSize)[1]
      : (pools[name as keyof typeof pools] as Pool)(x!, size as pools.AdaptiveSize)

const tolerance = { atol: 1e-6, rtol: 1e-6 }

describe.each([
  ['reference', referenceBackend],
  ['wasm', wasmBackend],
])('on %s', (_, backend) => {
  test.each(golden.map((c) => [`${c.op} ${JSON.stringify(c.shapes)} ${JSON.stringify(c.options)}`, c] as const))(
    '%s',
    (_, c) => {
      expect(withBackend(backend(), () => checkGolden(c, run(c.op), tolerance))).toBe(true)
    },
  )
})

test('a single window is the mean', () => {
  const x = uniformTensors(1)([2, 3, 5, 4])
  expect(allClose(pools.adaptiveAvgPool2d(x, 1), mean(x, [2, 3]).dataSync())).toBe(true)
})

test('as many windows as elements change nothing', () => {
  const x = uniformTensors(1)([2, 3, 5, 4])
  expect(pools.adaptiveAvgPool2d(x, [5, 4]).toArray()).toEqual(x.toArray())
  expect(pools.adaptiveMaxPool2d(x, [5, null]).toArray()).toEqual(x.toArray())
})

const cases: [string, number[], (x: Tensor) => Tensor][] = [
  ['adaptiveAvgPool1d', [2, 2, 7], (x) => pools.adaptiveAvgPool1d(x, 3)],
  ['adaptiveAvgPool2d', [1, 2, 5, 4], (x) => pools.adaptiveAvgPool2d(x, [3, 6])],
  ['adaptiveAvgPool3d', [1, 2, 3, 4, 2], (x) => pools.adaptiveAvgPool3d(x, 2)],
  ['adaptiveMaxPool1d', [2, 2, 7], (x) => pools.adaptiveMaxPool1d(x, 3)],
  ['adaptiveMaxPool2d', [1, 2, 5, 4], (x) => pools.adaptiveMaxPool2d(x, [3, 2])],
  ['adaptiveMaxPool3d', [1, 2, 3, 4, 2], (x) => pools.adaptiveMaxPool3d(x, 2)],
]

test.each(cases)('gradients of first and second order, %s', (_, shape, f) => {
  const x = uniformTensors(11)(shape).requiresGrad_()
  expect(gradCheck(f, [x])).toBe(true)
  expect(gradGradCheck((t) => square(f(t)), [x])).toBe(true)
})

test('wasm agrees with the reference in every layout', () => {
  for (const C of [1, 3, 4, 17]) {
    for (const last of [false, true]) {
      const [a, b] = [wasmBackend(), referenceBackend()].map((backend) =>
        withBackend(backend, () => {
          const draw = uniformTensors(C)
          const x = (last ? permute(draw([2, 7, 9, C]), [0, 3, 1, 2]) : draw([2, C, 7, 9])).requiresGrad_()
          const ys = [
            pools.adaptiveAvgPool2d(x, [3, 4]),
            pools.adaptiveMaxPool2d(x, [2, 5]),
            pools.adaptiveAvgPool2d(x, 1),
          ]
          for (const y of ys) y.backward(draw(y.shape))
          return [...ys, x.grad!].map((t) => ({ shape: t.shape, data: t.dataSync() }))
        }),
      )
      a.forEach(({ shape, data }, i) => expect(allClose(tensor(data, { shape }), b[i].data, { atol: 1e-6 })).toBe(true))
    }
  }
})

test('errors name the op, the shapes and the remedy', () => {
  expect(() => pools.adaptiveAvgPool2d(zeros([1, 2, 4, 4]), 0)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: adaptiveAvgPool2d: the output size does not fit; got [0,0], expected 2 integers >= 1, or null to keep an axis.]`,
  )
  expect(() => pools.adaptiveAvgPool2d(zeros([1, 2, 4, 4]), [1, 2, 3])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: adaptiveAvgPool2d: the output size does not fit; got [1,2,3], expected 2 integers >= 1, or null to keep an axis.]`,
  )
  expect(() => pools.adaptiveMaxPool2d(zeros([1, 2, 0, 4]), 1)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: adaptiveMaxPool2d: an axis is empty; got [1,2,0,4], expected only the batch may be empty.]`,
  )
})
