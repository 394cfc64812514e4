import { expect, test } from 'vitest'
import { withBackend } from '../backends/default.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { ones, tensor, zeros } from '../tensor/create.ts'
import { allClose } from '../testing/close.ts'
import { checkGolden, uniformTensors, type GoldenCase } from '../testing/golden.ts'
import { gradCheck, gradGradCheck } from '../testing/grad-check.ts'
import { readFileSync } from 'node:fs'
import { square } from './unary.ts'
import { scaledDotProductAttention, type AttentionOptions } from './attention.ts'

const golden: GoldenCase[] = JSON.parse(readFileSync(new URL('__golden__/attention.json', import.meta.url), 'utf8'))

test.each(
  golden.flatMap((c) =>
    [wasmBackend, referenceBackend].map(
      (backend) => [`${JSON.stringify(c.shapes)} ${JSON.stringify(c.options)} on ${backend.name}`, c, backend] as const,
    ),
  ),
)('%s', (_, c, backend) => {
  const run = (): true =>
    checkGolden(
      c,
      ([q, k, v, mask], options) => scaledDotProductAttention(q!, k!, v!, { mask, ...options } as AttentionOptions),
      { atol: 3e-6, rtol: 3e-6 },
    )
  expect(withBackend(backend(), run)).toBe(true)
})

test('equal scores average the values; a bool mask says where to look', () => {
  const [q, k, v] = [
    zeros([2, 3]),
    ones([2, 3]),
    tensor([
      [1, 2],
      [3, 4],
    ]),
  ]
  expect(scaledDotProductAttention(q, k, v).toArray()).toEqual([
    [2, 3],
    [2, 3],
  ])
  expect(scaledDotProductAttention(q, k, v, { isCausal: true }).toArray()).toEqual([
    [1, 2],
    [2, 3],
  ])
  expect(scaledDotProductAttention(q, k, v, { mask: tensor([[false, true]]) }).toArray()).toEqual([
    [3, 4],
    [3, 4],
  ])
})

test('dropout drops weights', () => {
  const draw = uniformTensors(1)
  const [q, k, v] = [draw([8, 3]), draw([8, 3]), draw([8, 3])]
  expect(() =>
    allClose(scaledDotProductAttention(q, k, v, { dropout: 0.5 }), scaledDotProductAttention(q, k, v)),
  ).toThrow()
})

test('gradients of first and second order', () => {
  const draw = uniformTensors(1)
  const inputs = [draw([2, 3, 2]), draw([2, 4, 2]), draw([2, 4, 3]), draw([3, 4])].map((t) => t.requiresGrad_())
  const f = (
    q: (typeof inputs)[0],
    k: (typeof inputs)[0],
    v: (typeof inputs)[0],
    mask: (typeof inputs)[0],
  ): (typeof inputs)[0] => scaledDotProductAttention(q, k, v, { mask })
  expect(gradCheck(f, inputs)).toBe(true)
  expect(gradGradCheck((q, k, v, mask) => square(f(q, k, v, mask)), inputs)).toBe(true)
})

test('errors name the op and the rule', () => {
  expect(() => scaledDotProductAttention(ones([2, 3]), ones([2, 4]), ones([2, 3]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: scaledDotProductAttention: the sizes do not match; got [2,3], [2,4], [2,3], expected [..., L, E], [..., S, E] and [..., S, F].]`,
  )
  expect(() =>
    scaledDotProductAttention(ones([2, 3]), ones([2, 3]), ones([2, 3]), { isCausal: true, mask: zeros([2, 2]) }),
  ).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: scaledDotProductAttention: there are two masks; got mask and isCausal, expected one of them.]`,
  )
})
