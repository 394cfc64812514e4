import { loadSafetensors, ones, saveSafetensors, scope } from '@lanewise/core'
import { expect, test } from 'vitest'
import { checkClassifier, goldenCase, parameterCount } from '../testing/classification.ts'
import { c3d } from './c3d.ts'
import { withoutDraws } from '../testing/no-draws.ts'

const small = { numClasses: 5, width: 2, hidden: 16 }

test('as in PyTorch', () =>
  expect(checkClassifier(() => c3d(small), goldenCase(new URL('__golden__/c3d.json', import.meta.url)))).toBe(true))

// 27,655,936 in the convolutions, 8,192 x 4,096, 4,096 x 4,096 and 4,096 x 101 with biases behind them.
test('the full size has its parameters', () =>
  scope(() => expect(parameterCount(withoutDraws(() => c3d({ numClasses: 101 })))).toBe(78_409_573)))

test('the state survives a file, and a new head fits', async () => {
  const [from, to] = [c3d(small).eval(), c3d(small).eval()]
  to.loadStateDict(loadSafetensors(await saveSafetensors(from.stateDict())))
  const x = ones([1, 3, 16, 112, 112])
  expect(to.forward(x).toArray()).toEqual(from.forward(x).toArray())
  expect(to.resetHead({ numClasses: 3 }).forward(x).shape).toEqual([1, 3])
})

test('a clip of another size is refused', () => {
  expect(() => c3d(small).forward(ones([1, 3, 16, 56, 56]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: fc6: linear: the sizes do not match; got [1,64], [16,256], [16], expected x [..., in], weight [out, in], bias [out].]`,
  )
})
