import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { withBackend } from '../backends/default.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { ones, tensor, zeros } from '../tensor/create.ts'
import { checkGolden, uniformTensors, type GoldenCase, type GoldenOp } from '../testing/golden.ts'
import { gradCheck, gradGradCheck } from '../testing/grad-check.ts'
import { allClose } from '../testing/close.ts'
import { conv2d } from './conv.ts'
import { matmul } from './matmul.ts'
import { square } from './unary.ts'
import { reshape } from './views.ts'
import { fold, unfold } from './unfold.ts'

const golden: GoldenCase[] = JSON.parse(readFileSync(new URL('__golden__/unfold.json', import.meta.url), 'utf8'))

const ops: Record<string, GoldenOp> = {
  unfold: ([x], { kernelSize, ...options }) => unfold(x!, kernelSize as number, options),
  fold: ([x], { outputSize, kernelSize, ...options }) =>
    fold(x!, outputSize as number, { kernelSize: kernelSize as number, ...options }),
}

describe.each([
  ['reference', referenceBackend],
  ['wasm', wasmBackend],
])('on %s', (_, backend) => {
  // Sums of at most nine numbers below 1.
  test.each(golden.map((c) => [`${c.op} ${JSON.stringify(c.shapes)} ${JSON.stringify(c.options)}`, c] as const))(
    '%s',
    (_, c) => {
      expect(withBackend(backend(), () => checkGolden(c, ops[c.op], { atol: 1e-6 }))).toBe(true)
    },
  )
})

test('a convolution is a product with the columns', () => {
  const draw = uniformTensors(1)
  const [x, w] = [draw([2, 3, 5, 6]), draw([4, 3, 3, 3])]
  const y = matmul(reshape(w, [4, 27]), unfold(x, 3, { padding: 1 }))
  expect(allClose(reshape(y, [2, 4, 5, 6]), conv2d(x, w, null, { padding: 1 }), { atol: 1e-5 })).toBe(true)
})

test('gradients of first and second order', () => {
  const draw = uniformTensors(1)
  const options = { stride: 2, padding: 1 }
  expect(gradCheck((x) => unfold(x, 2, options), [draw([1, 2, 4, 4]).requiresGrad_()])).toBe(true)
  expect(gradGradCheck((x) => square(unfold(x, 2, options)), [draw([1, 2, 4, 4]).requiresGrad_()])).toBe(true)
  expect(gradCheck((x) => fold(x, 4, { kernelSize: 3 }), [draw([1, 9, 4]).requiresGrad_()])).toBe(true)
  expect(gradGradCheck((x) => square(fold(x, 4, { kernelSize: 3 })), [draw([1, 9, 4]).requiresGrad_()])).toBe(true)
})

test('infinities stay where they are', () => {
  expect(unfold(tensor([[[[Infinity, 1, 2]]]]), [1, 2]).toArray()).toEqual([
    [
      [Infinity, 1],
      [1, 2],
    ],
  ])
})

test('errors name the op and the rule', () => {
  expect(() => unfold(zeros([1, 1, 2, 2]), 3)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: unfold: the window does not fit; got space [2,2] padded by [0,0], window over [3,3], expected a window that is not larger.]`,
  )
  expect(() => fold(ones([1, 9, 5]), 4, { kernelSize: 3 })).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: fold: the columns do not fit; got [1,9,5], expected [N, C 9, 4].]`,
  )
})
