import { tensor, zeros } from '@lanewise/core'
import { expect, test } from 'vitest'
import { cifarResnet20 } from '../cifar-resnet/index.ts'
import { lenet } from '../lenet/index.ts'
import { loadWeights } from './load-weights.ts'

test('takes the wrapper’s name off and starts counters at 0', () => {
  const from = cifarResnet20()
  const file = new Map(
    [...from.stateDict()]
      .filter(([name]) => !name.endsWith('num_batches_tracked'))
      .map(([name, x]) => [`module.${name}`, x]),
  )
  const to = loadWeights(cifarResnet20(), file)
  expect(to.conv1.weight.toArray()).toEqual(from.conv1.weight.toArray())
})

test('what does not fit is refused, and the model stays as it was', () => {
  const model = lenet()
  const before = model.conv1.weight.toArray()
  const state = lenet().stateDict()
  const without = new Map([...state].filter(([name]) => name !== 'fc1.bias'))
  expect(() => loadWeights(model, without)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: loadStateDict: the names do not match; got 1 missing (fc1.bias) and 0 unexpected (none), expected exactly the module's names. Rename them, or pass { strict: false } to load what fits.]`,
  )
  expect(() => loadWeights(model, new Map([...state, ['extra', tensor(1)]]))).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: loadStateDict: the names do not match; got 0 missing (none) and 1 unexpected (extra), expected exactly the module's names. Rename them, or pass { strict: false } to load what fits.]`,
  )
  expect(() => loadWeights(model, new Map([...state, ['fc1.bias', zeros([7])]]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: loadStateDict: 1 tensors have another shape; got fc1.bias [7], expected [120]. Build the model with the options that the checkpoint was trained with, or leave these names out.]`,
  )
  const twice = new Map([...state, ['module.fc1.bias', zeros([120])]])
  expect(() => loadWeights(model, twice)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: loadWeights: a tensor comes twice; got module.fc1.bias and fc1.bias, expected each name once.]`,
  )
  expect(model.conv1.weight.toArray()).toEqual(before)
})
