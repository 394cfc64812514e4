import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  BatchNorm2d,
  clipGradNorm,
  Conv2d,
  crossEntropy,
  defaultBackend,
  Flatten,
  keep,
  Linear,
  manualSeed,
  MaxPool2d,
  optim,
  rand,
  randint,
  ReLU,
  reshape,
  scope,
  Sequential,
  type Tensor,
  type WasmBackend,
} from '@lanewise/core'
import { dcgan } from '@lanewise/gan'
import { charRnn } from '@lanewise/rnn'
import { expect, test } from 'vitest'

type Step = () => unknown

/** A small CNN on one batch, in a loop of one's own. */
const cnn = (): Step => {
  const model = new Sequential(
    new Conv2d(1, 8, 3, { padding: 1 }),
    new BatchNorm2d(8),
    new ReLU(),
    new MaxPool2d(2),
    new Conv2d(8, 16, 3),
    new ReLU(),
    new Flatten(),
    new Linear(576, 10),
  )
  const [x, y] = [keep(rand([8, 1, 16, 16])), keep(randint(0, 10, [8]))]
  const optimizer = optim.adam({ lr: 1e-3 })(model.parameters())
  return () =>
    scope(() => {
      const loss = crossEntropy(model.forward(x), y)
      optimizer.zeroGrad()
      loss.backward()
      optimizer.step()
    })
}

/** A character LSTM of two layers that carries its state from window to window, its gradients clipped. */
const lstm = (): Step => {
  const model = charRnn({ vocabularySize: 20, embeddingDim: 16, hiddenSize: 16 })
  const [x, y] = [keep(randint(0, 20, [12, 4])), keep(randint(0, 20, [48]))]
  const optimizer = optim.adam({ lr: 1e-3 })(model.parameters())
  let states: readonly Tensor[] | undefined
  return () => {
    const next = scope(() => {
      const [logits, after] = model.forward(x, states)
      const loss = crossEntropy(reshape(logits, [48, 20]), y)
      optimizer.zeroGrad()
      loss.backward()
      clipGradNorm(model.parameters(), 1)
      optimizer.step()
      return after.map((state) => state.detach())
    })
    states?.forEach((state) => state.dispose())
    states = next
  }
}

/** DCGAN through its `fit`: the discriminator's step and the generator's. */
const gan = (): Step => {
  const model = dcgan({ channels: 1, imageSize: 28, baseWidth: 4 })
  const batch = keep(rand([4, 1, 28, 28]))
  const forever = {
    *[Symbol.iterator]() {
      for (;;) yield batch
    },
  }
  const events = model.fit(forever, { epochs: 1 })
  return () => events.next()
}

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** Bytes that a step leaves on the JavaScript heap: the median of several rounds. */
const garbageOf = async (step: Step): Promise<number> => {
  const counts: number[] = []
  for (let round = 0; round < 9; round++) {
    collect()
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < 4; i++) await step()
    counts.push((process.memoryUsage().heapUsed - before) / 4)
  }
  return counts.sort((a, b) => a - b)[4]
}

// Small objects that tell of a step's ops, about 2 KB an op; never the numbers of a tensor. The bounds are twice what was
// measured; a young generation of 16 MB takes it in for dozens of steps.
test.each([
  ['CNN', cnn, 400_000],
  ['LSTM', lstm, 700_000],
  ['GAN', gan, 1_600_000],
] as const)(
  'a training step of a %s takes no memory after the second and leaves little garbage',
  async (_, make, most) => {
    manualSeed(0)
    const backend = defaultBackend() as WasmBackend
    const step = make()
    const reserved: number[] = []
    const live: number[] = []
    for (let i = 0; i < 300; i++) {
      await step()
      reserved.push(backend.memory().reserved)
      live.push(backend.memory().live)
    }
    expect(new Set(reserved.slice(1)).size).toBe(1)
    expect(Math.max(...live.slice(2))).toBeLessThanOrEqual(live[2])
    expect(await garbageOf(step)).toBeLessThan(most)
  },
)
