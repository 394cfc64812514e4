import { Module, ones, sum, type Tensor } from '@lanewise/core'
import { expect, test } from 'vitest'
import { cifarResnet20 } from '../cifar-resnet/index.ts'
import { lenet } from '../lenet/index.ts'
import { features } from './features.ts'

test('gives what inner modules gave, with their gradients', () => {
  const model = cifarResnet20()
  const found = features(model, ones([1, 3, 32, 32]), ['layer3', 'layer1.0'])
  expect(Object.keys(found)).toEqual(['layer3', 'layer1.0'])
  expect(found['layer1.0'].shape).toEqual([1, 16, 32, 32])
  sum(found.layer3).backward()
  expect(model.conv1.weight.grad).not.toBeNull()
  expect(model.linear.weight.grad).toBeNull()
})

test('leaves no hooks behind, also after an error', () => {
  const model = lenet()
  expect(() => features(model, ones([1, 3, 28, 28]), ['conv1'])).toThrowError(/conv1/)
  const first = features(model, ones([1, 1, 28, 28]), ['conv1']).conv1
  model.forward(ones([1, 1, 28, 28]))
  expect(first.shape).toEqual([1, 6, 28, 28])
})

test('a path that is not there, or is not called, is refused', () => {
  class Idle extends Module {
    readonly used = lenet()
    readonly spare = lenet()
    forward(x: Tensor): Tensor {
      return this.used.forward(x)
    }
  }
  const x = ones([1, 1, 28, 28])
  expect(() => features(lenet(), x, ['conv9'])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: features: there is no such module; got 'conv9', expected one of conv1, conv2, fc1, fc2, fc3.]`,
  )
  expect(() => features(new Idle(), x, ['spare'])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: features: the module gave no tensor; got 'spare', expected a module that the forward pass calls and that gives one tensor.]`,
  )
})
