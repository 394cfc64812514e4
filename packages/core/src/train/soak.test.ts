import { expect, test } from 'vitest'
import { withBackend } from '../backends/default.ts'
import { wasmBackend, type WasmBackend } from '../backends/wasm/wasm.ts'
import { crossEntropy } from '../losses/cross-entropy.ts'
import { Conv2d } from '../nn/conv.ts'
import { Linear } from '../nn/linear.ts'
import { Module } from '../nn/module.ts'
import { mul } from '../ops/binary.ts'
import { maxPool2d } from '../ops/pool.ts'
import { relu } from '../ops/activations.ts'
import { flatten } from '../ops/views.ts'
import { Adam } from '../optim/adam.ts'
import { Generator } from '../random/generator.ts'
import { tensor, zeros } from '../tensor/create.ts'
import { scope } from '../tensor/scope.ts'
import type { Tensor } from '../tensor/tensor.ts'

class Net extends Module {
  readonly conv = new Conv2d(1, 4, 3, { padding: 1 })
  readonly head = new Linear(64, 3)
  forward(x: Tensor): Tensor {
    return this.head.forward(flatten(maxPool2d(relu(this.conv.forward(x)), 2), 1))
  }
}

const steps = 2000

/** A batch of noise: as good as any for memory. */
const batchOf = (generator: Generator): [Tensor, Tensor] => [
  tensor(generator.uniform(new Float32Array(8 * 64)), { shape: [8, 1, 8, 8] }),
  tensor(Int32Array.from({ length: 8 }, () => generator.randint(3))),
]

/** Trains and gives the memory after each step. */
const soak = (backend: WasmBackend, around: (step: () => void) => void): { reserved: number[]; live: number[] } =>
  withBackend(backend, () => {
    const model = new Net()
    const optimizer = new Adam(model.parameters(), { lr: 1e-3 })
    const generator = new Generator(0)
    const reserved: number[] = []
    const live: number[] = []
    for (let i = 0; i < steps; i++) {
      around(() => {
        const [x, target] = batchOf(generator)
        const loss = crossEntropy(model.forward(x), target)
        optimizer.zeroGrad()
        loss.backward()
        optimizer.step()
      })
      reserved.push(backend.memory().reserved)
      live.push(backend.memory().live)
    }
    return { reserved, live }
  })

test.each([
  ['in a scope', scope],
  ['in a careless loop that releases nothing', (step: () => void) => step()],
] as const)('2,000 steps %s keep their memory flat', (_, around) => {
  const { reserved, live } = soak(wasmBackend(), around)
  expect(new Set(reserved.slice(1)).size).toBe(1)
  expect(Math.max(...live.slice(2))).toBeLessThanOrEqual(live[2] * 1.01)
})

test('optimizers that step in turn keep what they hold in place', () => {
  const backend = wasmBackend()
  withBackend(backend, () => {
    const models = [new Net(), new Net()]
    const optimizers = models.map((model) => new Adam(model.parameters(), { lr: 1e-3 }))
    const generator = new Generator(0)
    const turn = (i: number): void =>
      scope(() => {
        const [x, target] = batchOf(generator)
        crossEntropy(models[i].forward(x), target).backward()
        optimizers[i].step()
        optimizers[i].zeroGrad()
      })
    turn(0)
    turn(1)
    const before = backend.memory().evicted
    for (let step = 0; step < 20; step++) turn(step % 2)
    expect(backend.memory().evicted).toBe(before)
  })
})

test('networks that train in turn within one scope move nothing out', () => {
  const backend = wasmBackend()
  withBackend(backend, () => {
    const models = [new Net(), new Net(), new Net()]
    const optimizers = models.map((model) => new Adam(model.parameters(), { lr: 1e-3 }))
    // The first network alone sees this batch; it waits for the others' steps.
    const [x, target] = batchOf(new Generator(0))
    const step = (): void =>
      scope(() => {
        const features = mul(x, 2)
        models.forEach((model, i) => {
          crossEntropy(model.forward(i === 0 ? features : zeros([8, 1, 8, 8])), target).backward()
          optimizers[i].step()
          optimizers[i].zeroGrad()
        })
      })
    // Whether an optimizer has turns shows from its second step on.
    step()
    const before = backend.memory().evicted
    for (let i = 0; i < 20; i++) step()
    expect(backend.memory().evicted).toBe(before)
  })
})
