import { expect, test } from 'vitest'
import { noGrad } from '../autograd/modes.ts'
import { manualSeed } from '../random/default.ts'
import { rand, randn } from '../random/tensors.ts'
import { mul } from '../ops/binary.ts'
import { copyInto } from '../ops/in-place.ts'
import { sum } from '../ops/reduce.ts'
import { tensor } from '../tensor/create.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { ReLU, ReLU6 } from './activations.ts'
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

test.each<[string, Module, Norm | null, ReLU | ReLU6, number[]]>([
  ['one column of channels', new Conv2d(3, 1, 3), null, new ReLU(), [2, 3, 8, 7]],
  ['full and part tiles', new Conv2d(3, 21, 3, { padding: 1 }), new BatchNorm2d(21), new ReLU6(), [2, 3, 8, 7]],
  ['1x1', new Conv2d(16, 24, 1, { bias: false }), new BatchNorm2d(24), new ReLU6(), [1, 16, 9, 9]],
  ['long sums', new Conv2d(300, 8, 3), null, new ReLU6(), [1, 300, 5, 5]],
  ['many images of small maps', new Conv2d(4, 8, 3, { padding: 2 }), null, new ReLU6(), [24, 4, 2, 2]],
  ['groups', new Conv2d(6, 18, 3, { groups: 3 }), null, new ReLU(), [2, 6, 8, 7]],
  ['depthwise 3x3', new Conv2d(19, 19, 3, { groups: 19, padding: 1 }), null, new ReLU6(), [2, 19, 9, 40]],
  ['depthwise 5x5', new Conv2d(12, 24, 5, { groups: 12, padding: 2, stride: 2 }), null, new ReLU6(), [1, 12, 17, 30]],
  ['padded with the edge', new Conv1d(4, 6, 3, { padding: 1, paddingMode: 'replicate' }), null, new ReLU(), [2, 4, 9]],
  ['Conv3d', new Conv3d(2, 3, 2), new BatchNorm3d(3), new ReLU6(), [2, 2, 4, 5, 4]],
])('%s: an activation joins its convolution, bit for bit', (_, layer, norm, activation, shape) => {
  manualSeed(1)
  const model = new Sequential(...([layer, norm && trained(norm), activation].filter(Boolean) as ReLU[])).eval()
  // Some sums below 0, some above 6, and a NaN.
  const values = mul(randn(shape), 9).dataSync()
  values[0] = NaN
  const x = tensor(values, { shape })
  if (norm !== null) fuseModules(model, [['0', '1']])
  const before = noGrad(() => model.forward(x)).dataSync()
  fuseModules(model, [['0', norm === null ? '1' : '2']])
  const after = noGrad(() => model.forward(x)).dataSync()
  expect(after).toEqual(before)
  expect(before.some((v) => v === 0) && before.some((v) => v > 0) && before.some(Number.isNaN)).toBe(true)
  if (activation instanceof ReLU6) expect(before.includes(6)).toBe(true)
  // Gradients go through the activation as through one of its own.
  const leaf = x.detach().requiresGrad_()
  sum(model.forward(leaf)).backward()
  const other = x.detach().requiresGrad_()
  Object.assign(layer, { activation: null })
  sum(activation.forward(layer.forward(other) as Tensor)).backward()
  expect(leaf.grad!.dataSync()).toEqual(other.grad!.dataSync())
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
    'ValueError: fuseModules: the model is in training; got 0.conv1, 0.bn1, expected inference mode. Call eval() first.',
  )
  model.eval()
  expect(message('0.bn1', '0.bn1')).toBe(
    'ValueError: fuseModules: this is no layer to fuse; got 0.bn1: BatchNorm2d, expected a convolution or a Linear.',
  )
  expect(message('0.conv1', '0.bn2')).toBe(
    'ValueError: fuseModules: this cannot be fused; got 0.bn2: nothing, expected a BatchNorm1d to 3d, ReLU or ReLU6.',
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
