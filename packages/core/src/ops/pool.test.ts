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
import { permute } from './views.ts'
import * as pools from './pool.ts'

const golden: GoldenCase[] = JSON.parse(readFileSync(new URL('__golden__/pool.json', import.meta.url), 'utf8'))

type Pool = (x: Tensor, kernelSize: number | number[], options: object) => Tensor

/** The ops by their names in the golden file. */
const run: (name: string) => GoldenOp =
  (name) =>
  ([x], { kernelSize, ...options }) => {
    const kernel = kernelSize as number | number[]
    if (name === 'maxPoolWithIndices') return pools.maxPoolWithIndices(x!, kernel, options)[1]
    if (name === 'maxUnpool') {
      const [y, index] = pools.maxPoolWithIndices(x!, kernel)
      return pools.maxUnpool(y, index, kernel, options as pools.MaxUnpoolOptions)
    }
    return (pools[name as keyof typeof pools] as Pool)(x!, kernel, options)
  }

// Averages of up to 27 numbers, and cube roots, in f32.
const tolerance = { atol: 1e-6, rtol: 2e-6 }

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

test('values by hand', () => {
  const x = tensor([
    [
      [
        [1, 2, 3],
        [4, 9, 6],
        [7, 8, 5],
      ],
    ],
  ])
  expect(pools.maxPool2d(x, 2, { stride: 1 }).toArray()).toEqual([
    [
      [
        [9, 9],
        [9, 9],
      ],
    ],
  ])
  expect(pools.maxPool2d(x, 2, { ceilMode: true }).toArray()).toEqual([
    [
      [
        [9, 6],
        [8, 5],
      ],
    ],
  ])
  expect(pools.avgPool2d(x, 2, { stride: 1 }).toArray()).toEqual([
    [
      [
        [4, 5],
        [7, 7],
      ],
    ],
  ])
  expect(pools.avgPool2d(ones([1, 1, 3, 3]), 3, { padding: 1, stride: 3 }).item()).toBeCloseTo(0.444444, 5)
  expect(pools.avgPool2d(ones([1, 1, 3, 3]), 3, { padding: 1, stride: 3, countIncludePad: false }).item()).toBe(1)
  expect(pools.maxPool1d(zeros([1, 1, 5]), 2, { stride: 2, padding: 1, ceilMode: true }).shape).toEqual([1, 1, 3])
  expect(pools.maxPool1d(zeros([1, 1, 6]), 3, { stride: 2, padding: 1, ceilMode: true }).shape).toEqual([1, 1, 4])
})

test('the first of equal elements is picked, and NaN wins', () => {
  const x = tensor([[[2, 2, 1, NaN, 5, 5]]])
  const [y, index] = pools.maxPoolWithIndices(x, 2)
  expect(y.toArray()).toEqual([[[2, NaN, 5]]])
  expect(index.toArray()).toEqual([[[0, 3, 4]]])
  const flat = zeros([1, 1, 2, 2]).requiresGrad_()
  sum(pools.maxPool2d(flat, 2)).backward()
  expect(flat.grad!.toArray()).toEqual([
    [
      [
        [1, 0],
        [0, 0],
      ],
    ],
  ])
})

test('an empty batch gives an empty result', () => {
  expect(pools.maxPool2d(zeros([0, 2, 4, 4]), 2).shape).toEqual([0, 2, 2, 2])
  expect(pools.avgPool2d(zeros([0, 2, 4, 4]), 2).shape).toEqual([0, 2, 2, 2])
})

test('an average lies below the maximum', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 3, max: 9 }), fc.nat(1000), (k, n, seed) => {
      const x = uniformTensors(seed)([1, 2, n, n])
      const high = pools.maxPool2d(x, k).dataSync()
      pools
        .avgPool2d(x, k)
        .dataSync()
        .forEach((v, i) => expect(v).toBeLessThanOrEqual(high[i] + 1e-6))
    }),
    { numRuns: 20 },
  )
})

const gradCases: [string, number[], (x: Tensor) => Tensor][] = [
  ['maxPool1d', [2, 2, 7], (x) => pools.maxPool1d(x, 3, { stride: 2, padding: 1 })],
  ['maxPool2d', [2, 2, 5, 4], (x) => pools.maxPool2d(x, 3, { stride: 1, padding: 1 })],
  ['maxPool3d', [1, 2, 3, 4, 4], (x) => pools.maxPool3d(x, 2, { ceilMode: true })],
  ['avgPool1d', [2, 2, 7], (x) => pools.avgPool1d(x, 3, { stride: 2, padding: 1, countIncludePad: false })],
  ['avgPool2d', [2, 2, 5, 4], (x) => pools.avgPool2d(x, 3, { stride: 2, padding: 1, ceilMode: true })],
  ['avgPool3d', [1, 2, 3, 4, 4], (x) => pools.avgPool3d(x, 2, { divisorOverride: 3 })],
  ['lpPool2d', [1, 2, 4, 4], (x) => pools.lpPool2d(x, 2, { p: 2 })],
  ['maxUnpool', [1, 2, 4, 4], (x) => pools.maxUnpool(...pools.maxPoolWithIndices(x, 2), 2)],
]

test.each(gradCases)('gradients of first and second order, %s', (_, shape, f) => {
  const x = uniformTensors(11)(shape).requiresGrad_()
  expect(gradCheck(f, [x])).toBe(true)
  expect(gradGradCheck((t) => square(f(t)), [x])).toBe(true)
})

test('wasm agrees with the reference in every layout', () => {
  const options = { stride: 2, padding: 1, ceilMode: true }
  for (const C of [1, 3, 4, 17]) {
    for (const last of [false, true]) {
      const [a, b] = [wasmBackend(), referenceBackend()].map((backend) =>
        withBackend(backend, () => {
          const draw = uniformTensors(C)
          const shape = [2, C, 7, 9]
          const x = (last ? permute(draw([2, 7, 9, C]), [0, 3, 1, 2]) : draw(shape)).requiresGrad_()
          const ys = [
            pools.maxPool2d(x, 3, options),
            pools.avgPool2d(x, 3, options),
            pools.avgPool2d(x, 2, { divisorOverride: 3 }),
          ]
          for (const y of ys) y.backward(draw(y.shape))
          const index = pools.maxPoolWithIndices(x, 3, options)[1]
          return [...ys, index, x.grad!].map((t) => ({ shape: t.shape, data: t.dataSync() }))
        }),
      )
      a.forEach(({ shape, data }, i) => expect(allClose(tensor(data, { shape }), b[i].data, { atol: 1e-6 })).toBe(true))
    }
  }
})

test('nothing is left behind', () => {
  const backend = wasmBackend()
  withBackend(backend, () => {
    const x = uniformTensors(1)([2, 3, 6, 6]).requiresGrad_()
    expectNoLeaks(backend, () => {
      scope(() => sum(square(pools.avgPool2d(pools.maxPool2d(x, 2), 3))).backward())
      x.grad!.dispose()
      x.grad = null
    })
    expectNoLeaks(backend, () => scope(() => void pools.maxPool2d(x.detach(), 2)))
  })
})

test('errors name the op, the shapes and the remedy', () => {
  const x = zeros([1, 2, 4, 4])
  expect(() => pools.maxPool2d(x, 5)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: maxPool2d: the kernel does not fit into the padded input; got input [4,4] padded by [0,0], kernel [5,5] reaching over [5,5], expected a kernel that is not larger. Use a larger input, more padding, or a smaller kernel.]`,
  )
  expect(() => pools.maxPool2d(x, 2, { padding: 2 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: maxPool2d: the padding is too large; got [2,2], expected at most half of the kernel [2,2].]`,
  )
  expect(() => pools.maxPool2d(x, [2, 2, 2])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: maxPool2d: kernelSize does not fit; got [2,2,2], expected an integer >= 1, or 2 of them.]`,
  )
  expect(() => pools.maxPool2d(zeros([4, 4]), 2)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: maxPool2d: the rank does not fit; got [4,4], expected [N, C, H, W] or [C, H, W].]`,
  )
  expect(() => pools.avgPool2d(x, 2, { divisorOverride: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: avgPool2d: divisorOverride does not fit; got 0, expected a finite number other than 0.]`,
  )
  expect(() => pools.avgPool2d(zeros([1, 0, 4, 4]), 2)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: avgPool2d: an axis is empty; got [1,0,4,4], expected only the batch may be empty.]`,
  )
  expect(() => pools.lpPool2d(x, 2, { p: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: lpPool2d: p does not fit; got 0, expected a finite number above 0.]`,
  )
  const [y, index] = pools.maxPoolWithIndices(x, 2)
  expect(() =>
    pools.maxUnpool(y, tensor(new Int32Array(8).fill(16), { shape: [1, 2, 2, 2] }), 2),
  ).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: maxUnpool: an index is out of range; got 16 for a space of [4,4], expected an integer in [0, 16).]`,
  )
  expect(() =>
    pools.maxUnpool(y, tensor(new Int32Array(4), { shape: [1, 1, 2, 2] }), 2),
  ).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: maxUnpool: the shapes differ; got [1,2,2,2] and [1,1,2,2], expected one index per element.]`,
  )
  expect(() => pools.maxPoolWithIndices(zeros([2, 2]), 2)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: maxPoolWithIndices: the rank does not fit; got [2,2], expected [N, C, ...space] with one to three axes of space.]`,
  )
  expect(index.dtype).toBe('i32')
})
