import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { withBackend } from '../backends/default.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { zeros } from '../tensor/create.ts'
import { checkGolden, uniformTensors, type GoldenCase, type GoldenOp } from '../testing/golden.ts'
import { gradCheck, gradGradCheck } from '../testing/grad-check.ts'
import { square } from './unary.ts'
import { channelShuffle, pixelShuffle, pixelUnshuffle } from './pixel-shuffle.ts'

const golden: GoldenCase[] = JSON.parse(readFileSync(new URL('__golden__/pixel-shuffle.json', import.meta.url), 'utf8'))

const fns = { pixelShuffle, pixelUnshuffle, channelShuffle }
const run: (name: keyof typeof fns) => GoldenOp =
  (name) =>
  ([x], { factor }) =>
    fns[name](x!, factor as number)

describe.each([
  ['reference', referenceBackend],
  ['wasm', wasmBackend],
])('on %s', (_, backend) => {
  test.each(golden.map((c) => [`${c.op} ${JSON.stringify(c.shapes)}`, c] as const))('%s', (_, c) => {
    expect(withBackend(backend(), () => checkGolden(c, run(c.op as keyof typeof fns), { atol: 0, rtol: 0 }))).toBe(true)
  })
})

test('shuffling and back gives the same', () => {
  const size = fc.integer({ min: 1, max: 3 })
  fc.assert(
    fc.property(size, size, size, size, (r, C, H, W) => {
      const x = uniformTensors(1)([2, C * r * r, H, W])
      expect(pixelUnshuffle(pixelShuffle(x, r), r).toArray()).toEqual(x.toArray())
    }),
    { numRuns: 30 },
  )
})

test.each([
  ['pixelShuffle', [1, 4, 2, 2], 2],
  ['pixelUnshuffle', [1, 1, 4, 2], 2],
  ['channelShuffle', [1, 6, 2], 3],
] as const)('gradients of first and second order, %s', (name, shape, factor) => {
  const x = uniformTensors(1)(shape).requiresGrad_()
  expect(gradCheck((t) => fns[name](t, factor), [x])).toBe(true)
  expect(gradGradCheck((t) => square(fns[name](t, factor)), [x])).toBe(true)
})

test('errors name the op and the rule', () => {
  expect(() => pixelShuffle(zeros([1, 3, 2, 2]), 2)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: pixelShuffle: the shape does not fit; got [1,3,2,2] and factor 2, expected channels that factor^2 divides: [..., C factor^2, H, W].]`,
  )
  expect(() => pixelUnshuffle(zeros([1, 3, 2, 3]), 2)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: pixelUnshuffle: the shape does not fit; got [1,3,2,3] and factor 2, expected sides that factor divides: [..., C, H factor, W factor].]`,
  )
  expect(() => channelShuffle(zeros([1, 3, 2]), 0)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: channelShuffle: groups does not fit; got 0, expected an integer >= 1.]`,
  )
})
