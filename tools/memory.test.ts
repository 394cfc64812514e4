import { PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks'
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
import { expect, test, vi } from 'vitest'

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

interface Garbage {
  /** Objects, in bytes. */
  readonly heap: number
  /** Arrays of numbers outside the heap, in bytes. */
  readonly arrays: number
}

const stepsOfRound = 3

/**
 * What a step allocates: how far heap and arrays grow over some steps in which no collection runs, so that nothing is
 * taken off. Rounds with one are left out.
 */
const garbageOf = async (step: Step): Promise<Garbage> => {
  const collections: PerformanceEntry[] = []
  const observer = new PerformanceObserver((list) => collections.push(...list.getEntries()))
  observer.observe({ entryTypes: ['gc'] })
  const rounds: Garbage[] = []
  for (let round = 0; round < 15; round++) {
    collect()
    const start = performance.now()
    const before = process.memoryUsage()
    for (let i = 0; i < stepsOfRound; i++) await step()
    const after = process.memoryUsage()
    // Collections are told of later.
    await new Promise((resume) => setTimeout(resume, 5))
    const end = performance.now()
    if (collections.some((c) => c.startTime >= start && c.startTime < end)) continue
    const grown = (key: 'heapUsed' | 'arrayBuffers'): number => (after[key] - before[key]) / stepsOfRound
    rounds.push({ heap: grown('heapUsed'), arrays: grown('arrayBuffers') })
  }
  observer.disconnect()
  expect(rounds.length).toBeGreaterThan(5)
  const median = (key: keyof Garbage): number =>
    rounds.map((r) => r[key]).sort((a, b) => a - b)[Math.floor(rounds.length / 2)]
  return { heap: median('heap'), arrays: median('arrays') }
}

/** Tensors that a step makes. */
const tensorsOf = async (backend: WasmBackend, step: Step): Promise<number> => {
  const spy = vi.spyOn(backend, 'empty')
  await step()
  const made = spy.mock.calls.length
  spy.mockRestore()
  return made
}

/**
 * What the making of one tensor may leave, with its share of the step: the tensor, its storage, its node, their lists of
 * sizes and strides, an op's attributes and closures are some 40 objects of at most 100 bytes; code that the engine
 * has not optimised yet boxes numbers and doubles that.
 */
const bytesPerTensor = 2 * 40 * 100

/**
 * What a step may leave in arrays: the smallest map over the batch that one of these steps makes is the LSTM's embedding,
 * 12 x 4 x 16 numbers. Codes drawn, masks of labels, and losses read are smaller; no tensor's numbers are copied out.
 */
const bytesOfArrays = 12 * 4 * 16 * 4

test.each([
  ['CNN', cnn],
  ['LSTM', lstm],
  ['GAN', gan],
] as const)('a training step of a %s takes no memory after the second and leaves little garbage', async (_, make) => {
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
  const { heap, arrays } = await garbageOf(step)
  expect(heap).toBeLessThan(bytesPerTensor * (await tensorsOf(backend, step)))
  expect(arrays).toBeLessThan(bytesOfArrays)
})
