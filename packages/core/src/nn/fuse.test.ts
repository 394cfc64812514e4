import { expect, test } from 'vitest'
import { noGrad } from '../autograd/modes.ts'
import { manualSeed } from '../random/default.ts'
import { rand, randn } from '../random/tensors.ts'
import { copyInto } from '../ops/in-place.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { ReLU } from './activations.ts'
import { Sequential } from './containers.ts'
import { Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } from './conv.ts'
import { fuseModules } from './fuse.ts'
import { Linear } from './linear.ts'
import { Module } from './module.ts'
import { BatchNorm1d, BatchNorm2d, BatchNorm3d } from './norm.ts'

type Norm = BatchNorm1d | BatchNorm2d | BatchNorm3d

/** A batch norm after training, so to say: scales of both signs, means off 0, variances off 1. */
const trained = <N extends Norm>(norm: N): N => {
  const n = norm.numFeatures
  noGrad(() => {
    if (norm.weight !== null) copyInto(norm.weight, randn([n]))
    if (norm.bias !== null) copyInto(norm.bias, randn([n]))
    copyInto(norm.running_mean!, randn([n]))
    copyInto(norm.running_var!, rand([n]))
  })
  return norm
}

const largest = (values: ArrayLike<number>): number => Array.from(values).reduce((m, v) => Math.max(m, Math.abs(v)), 0)

test.each<[string, Module, Norm, number[]]>([
  ['Conv1d', new Conv1d(4, 6, 3, { groups: 2 }), new BatchNorm1d(6), [2, 4, 9]],
  ['Conv2d', new Conv2d(3, 5, 3, { bias: false, padding: 1 }), new BatchNorm2d(5), [2, 3, 8, 7]],
  ['depthwise', new Conv2d(6, 6, 3, { groups: 6, bias: false, stride: 2 }), new BatchNorm2d(6), [1, 6, 9, 9]],
  [
    'padded with the edge',
    new Conv2d(3, 5, 3, { padding: 1, paddingMode: 'replicate' }),
    new BatchNorm2d(5),
    [2, 3, 8, 7],
  ],
  ['Conv3d', new Conv3d(2, 3, 2), new BatchNorm3d(3, { affine: false }), [2, 2, 4, 5, 4]],
  ['ConvTranspose1d', new ConvTranspose1d(3, 4, 3), new BatchNorm1d(4), [2, 3, 5]],
  ['ConvTranspose2d', new ConvTranspose2d(4, 6, 3, { groups: 2, bias: false }), new BatchNorm2d(6), [2, 4, 5, 6]],
  ['ConvTranspose3d', new ConvTranspose3d(2, 3, 2, { stride: 2 }), new BatchNorm3d(3), [1, 2, 3, 3, 3]],
  ['Linear', new Linear(5, 7, { bias: false }), new BatchNorm1d(7, { eps: 1e-3 }), [4, 5]],
])('%s gives the same numbers, with one layer', (_, layer, norm, shape) => {
  manualSeed(1)
  const model = new Sequential(layer as ReLU, trained(norm), new ReLU()).eval()
  const x = randn(shape)
  const before = noGrad(() => model.forward(x)).dataSync()
  expect(fuseModules(model, [['0', '1']])).toBe(model)
  const after = noGrad(() => model.forward(x)).dataSync()
  // Two roundings in place of four, of numbers as large as the largest.
  expect(largest(before.map((v, i) => v - after[i]))).toBeLessThan(1e-5 * largest(before))
  expect(largest(before)).toBeGreaterThan(0.1)
  expect([...model.stateDict().keys()]).toEqual(['0.weight', '0.bias'])
})

class Block extends Module {
  readonly conv1 = new Conv2d(2, 2, 1)
  readonly bn1 = new BatchNorm2d(2)
  readonly free = new BatchNorm2d(2, { trackRunningStats: false })
  readonly wide = new BatchNorm2d(3)
  forward(x: Tensor): Tensor {
    return this.bn1.forward(this.conv1.forward(x))
  }
}

test('pairs deep in a model; wrong ones change nothing', () => {
  const model = new Sequential(new Block())
  const before = model.stateDict().get('0.conv1.weight')!.toArray()
  const message = (first: string, second: string): string => {
    try {
      fuseModules(model, [
        ['0.conv1', '0.bn1'],
        [first, second],
      ])
    } catch (error) {
      return String(error)
    }
    return 'nothing was thrown'
  }
  expect(message('0.conv1', '0.bn1')).toBe(
    'ValueError: fuseModules: the model is in training; got 0.conv1 and 0.bn1, expected inference mode. Call eval() first.',
  )
  model.eval()
  expect(message('0.bn1', '0.bn1')).toBe(
    'ValueError: fuseModules: this is no layer to fuse; got 0.bn1: BatchNorm2d, expected a convolution or a Linear.',
  )
  expect(message('0.conv1', '0.bn2')).toBe(
    'ValueError: fuseModules: this is no batch norm; got 0.bn2: nothing, expected a BatchNorm1d to 3d.',
  )
  expect(message('0.conv1', '0.wide')).toBe(
    'ValueError: fuseModules: 0.wide does not fit 0.conv1; got 3 features, expected 2.',
  )
  expect(message('0.conv1', '0.free')).toBe(
    'ValueError: fuseModules: 0.free has no running statistics; got trackRunningStats false, expected true.',
  )
  expect(model.stateDict().get('0.conv1.weight')!.toArray()).toEqual(before)
  fuseModules(model, [['0.conv1', '0.bn1']])
  expect([...model.stateDict().keys()].filter((name) => name.startsWith('0.bn1'))).toEqual([])
})
