import { loadSafetensors, ones, saveSafetensors } from '@lanewise/core'
import { expect, test } from 'vitest'
import { checkClassifier, goldenCase } from '../testing/classification.ts'
import { lenet } from './lenet.ts'

test('as in PyTorch', () =>
  expect(checkClassifier(() => lenet(), goldenCase(new URL('__golden__/lenet.json', import.meta.url)))).toBe(true))

test('the state survives a file, and a new head fits', async () => {
  const [from, to] = [lenet(), lenet()]
  to.loadStateDict(loadSafetensors(await saveSafetensors(from.stateDict())))
  const x = ones([1, 1, 28, 28])
  expect(to.forward(x).toArray()).toEqual(from.forward(x).toArray())
  expect(to.resetHead({ numClasses: 3 }).forward(x).shape).toEqual([1, 3])
})

test('an image of another size is refused by the layer that it does not fit', () => {
  expect(() => lenet().forward(ones([1, 1, 32, 32]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: fc1: linear: the sizes do not match; got [1,576], [120,400], [120], expected x [..., in], weight [out, in], bias [out].]`,
  )
  expect(() => lenet({ numClasses: -1 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: Linear: outFeatures does not fit; got -1, expected an integer >= 1.]`,
  )
})
