import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { scope } from '../tensor/scope.ts'
import { DataLoader } from '../data/loader.ts'
import { crossEntropy } from '../losses/cross-entropy.ts'
import { Module, parameter } from '../nn/module.ts'
import { mnist } from '../node/mnist.ts'
import { conv2d } from '../ops/conv.ts'
import { linear } from '../ops/matmul.ts'
import { maxPool2d } from '../ops/pool.ts'
import { relu } from '../ops/activations.ts'
import { flatten } from '../ops/views.ts'
import { Adam } from '../optim/adam.ts'
import { defaultGenerator, manualSeed } from '../random/default.ts'
import { fromData } from '../tensor/create.ts'
import { sizeOf } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'

const golden = JSON.parse(readFileSync(new URL('./__golden__/mnist-curve.json', import.meta.url), 'utf8')) as {
  firstLabels: number[]
  losses: number[]
}

/** A layer's weight or bias as PyTorch draws it: uniform within 1 / sqrt(fan in). */
const drawn = (shape: number[], fanIn: number): Tensor => {
  const bound = 1 / Math.sqrt(fanIn)
  return parameter(fromData(defaultGenerator().uniform(new Float32Array(sizeOf(shape)), -bound, bound), shape, 'f32'))
}

class Net extends Module {
  readonly w1 = drawn([32, 1, 5, 5], 25)
  readonly b1 = drawn([32], 25)
  readonly w2 = drawn([64, 32, 5, 5], 800)
  readonly b2 = drawn([64], 800)
  readonly w3 = drawn([1024, 3136], 3136)
  readonly b3 = drawn([1024], 3136)
  readonly w4 = drawn([10, 1024], 1024)
  readonly b4 = drawn([10], 1024)

  forward(x: Tensor): Tensor {
    const a = maxPool2d(relu(conv2d(x, this.w1, this.b1, { padding: 2 })), 2)
    const b = maxPool2d(relu(conv2d(a, this.w2, this.b2, { padding: 2 })), 2)
    return linear(relu(linear(flatten(b, 1), this.w3, this.b3)), this.w4, this.b4)
  }
}

const folder = process.env['LANEWISE_DATA'] ?? '../shared/data'
const absent = existsSync(`${folder}/mnist`) ? false : 'MNIST is not here'

test('MNIST follows the loss curve of PyTorch for 50 steps', async (context) => {
  if (absent) return context.skip(absent)
  const data = await mnist({ download: false })
  expect([...data.labels.subarray(0, 8)]).toEqual(golden.firstLabels)
  manualSeed(0)
  const model = new Net()
  const optimizer = new Adam(model.parameters(), { lr: 1e-3 })
  const losses: number[] = []
  for (const [x, y] of new DataLoader(data, { batchSize: 64, shuffle: true })) {
    losses.push(
      scope(() => {
        const loss = crossEntropy(model.forward(x), y)
        optimizer.zeroGrad()
        loss.backward()
        optimizer.step()
        return loss.item()
      }),
    )
    if (losses.length === golden.losses.length) break
  }
  const worst = Math.max(...losses.map((loss, i) => Math.abs(loss - golden.losses[i])))
  expect(worst).toBeLessThan(1e-3)
}, 120_000)
