import { expect, test } from 'vitest'
import { MultiheadAttention } from './attention.ts'
import { ReLU } from './activations.ts'
import { Sequential } from './containers.ts'
import { Conv2d, ConvTranspose2d } from './conv.ts'
import { Dropout } from './dropout.ts'
import { Embedding } from './embedding.ts'
import { Bilinear, Linear } from './linear.ts'
import { BatchNorm2d } from './norm.ts'
import { MaxPool2d } from './pooling.ts'
import { GRUCell, LSTM } from './recurrent.ts'
import { Flatten } from './reshaping.ts'
import { summary } from './summary.ts'

const lenet = (): Sequential =>
  new Sequential(
    new Conv2d(1, 32, 5, { padding: 2 }),
    new ReLU(),
    new MaxPool2d(2),
    new Conv2d(32, 64, 5, { padding: 2 }),
    new ReLU(),
    new MaxPool2d(2),
    new Flatten(),
    new Linear(3136, 1024),
    new ReLU(),
    new Linear(1024, 10),
  )

test('shapes, parameters and multiply-adds of a network known by hand', () => {
  const { rows, parameters, trainable, macs } = summary(lenet(), [2, 1, 28, 28])
  expect(parameters).toBe(3_274_634)
  expect(trainable).toBe(parameters)
  expect(macs).toBe(2 * (784 * 32 * 25 + 196 * 64 * 800 + 3136 * 1024 + 10240))
  expect(rows[4]).toEqual({
    path: '3',
    type: 'Conv2d',
    output: [[2, 64, 14, 14]],
    parameters: 51_264,
    macs: 2 * 196 * 64 * 800,
  })
  expect(rows).toHaveLength(11)
})

test('a readable table', () => {
  expect(String(summary(new Sequential(new Linear(4, 3), new ReLU()), [2, 4]))).toMatchInlineSnapshot(`
    "Module   Type        Output  Parameters  MACs
    -------  ----------  ------  ----------  ----
    (model)  Sequential  [2,3]            0     0
    0        Linear      [2,3]           15    24
    1        ReLU        [2,3]            0     0
    15 parameters (15 trainable), 24 multiply-adds"
  `)
})

test.each([
  ['transposed convolution', new ConvTranspose2d(3, 4, 2, { stride: 2 }), [1, 3, 5, 5], 25 * 3 * 4 * 4],
  ['grouped convolution', new Conv2d(4, 8, 3, { groups: 2 }), [1, 4, 5, 5], 9 * 8 * 2 * 9],
  ['LSTM', new LSTM(3, 5, { numLayers: 2 }), [4, 2, 3], 8 * (20 * 3 + 20 * 5 * 3)],
  ['GRU cell', new GRUCell(3, 5), [2, 3], 2 * 15 * 8],
] as const)('multiply-adds of a %s', (_, model, shape, macs) => {
  expect(summary(model, shape).macs).toBe(macs)
})

test('several inputs, and inputs of indices', () => {
  expect(
    summary(new Bilinear(2, 3, 4), [
      [5, 2],
      [5, 3],
    ]).macs,
  ).toBe(5 * 24)
  expect(
    summary(new MultiheadAttention(8, 2), [
      [3, 2, 8],
      [5, 2, 8],
      [5, 2, 8],
    ]).macs,
  ).toBe(6 * 64 + 10 * 128 + 2 * 6 * 5 * 8 + 6 * 64)
  expect(summary(new Embedding(7, 4), [2, 3], { dtype: 'i32' }).rows[0].output).toEqual([[2, 3, 4]])
})

test('the model is left as it was, also when its forward throws', () => {
  const model = new Sequential(new BatchNorm2d(2), new Dropout())
  summary(model, [1, 2, 3, 3])
  expect(model.at(0).stateDict().get('num_batches_tracked')!.item()).toBe(0)
  expect([...model.namedModules().values()].every((m) => m.training)).toBe(true)
  model.at(1).eval()
  expect(() => summary(model, [1, 3, 3, 3])).toThrow('0: batchNorm')
  expect([...model.namedModules().values()].map((m) => m.training)).toEqual([true, true, false])
})
