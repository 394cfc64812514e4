import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { defaultBackend, setDefaultBackend } from '../backends/default.ts'
import { tfjsBackend } from '../backends/tfjs/index.ts'
import { tensorDataset } from '../data/dataset.ts'
import { DataLoader } from '../data/loader.ts'
import { crossEntropy } from '../losses/cross-entropy.ts'
import { ReLU } from '../nn/activations.ts'
import { Sequential } from '../nn/containers.ts'
import { Linear } from '../nn/linear.ts'
import { Ema, adadelta, adagrad, adam, adamw, lion, rmsprop, sgd, type OptimizerFactory } from '../optim/index.ts'
import { manualSeed } from '../random/default.ts'
import { randn } from '../random/tensors.ts'
import { tensor } from '../tensor/create.ts'
import { checkpoints } from './callbacks.ts'
import { predict } from './evaluate.ts'
import { fit, type FitEvent } from './fit.ts'

const before = defaultBackend()
beforeAll(async () => {
  // tfjs advises its native package on the console.
  tf.env().set('PROD', true)
  await tf.setBackend('cpu')
})
afterAll(() => setDefaultBackend(before))

const train = async (optimizer: OptimizerFactory): Promise<{ events: FitEvent[]; outputs: number[] }> => {
  manualSeed(0)
  const model = new Sequential(new Linear(5, 8), new ReLU(), new Linear(8, 3))
  const x = randn([24, 5])
  const data = tensorDataset(x, tensor(Int32Array.from({ length: 24 }, (_, i) => i % 3)))
  const loader = new DataLoader(data, { batchSize: 8, shuffle: true })
  const ema = new Ema(model, { decay: 0.5 })
  const saved: Uint8Array[] = []
  const events: FitEvent[] = []
  const callbacks = [checkpoints({ save: (bytes) => void saved.push(bytes) })]
  const options = {
    train: loader,
    validation: loader,
    loss: crossEntropy,
    optimizer,
    epochs: 3,
    maxGradNorm: 1,
    ema,
    callbacks,
  }
  for await (const e of fit(model, options)) events.push(e)
  expect(saved).toHaveLength(3)
  return { events, outputs: [...(await (await predict(model, x)).data())] }
}

const optimizers: Record<string, OptimizerFactory> = {
  sgd: sgd({ lr: 0.1, momentum: 0.9, weightDecay: 0.01 }),
  adam: adam({ lr: 0.01, amsgrad: true }),
  adamw: adamw({ lr: 0.01 }),
  rmsprop: rmsprop({ lr: 0.01, centered: true, momentum: 0.5 }),
  adagrad: adagrad({ lr: 0.1 }),
  adadelta: adadelta(),
  lion: lion({ lr: 0.01 }),
}

test.each(Object.keys(optimizers))(
  'fit with %s on an asynchronous backend gives what it gives on wasm',
  async (name) => {
    setDefaultBackend(before)
    const wasm = await train(optimizers[name])
    setDefaultBackend(tfjsBackend(tf))
    const cpu = await train(optimizers[name])
    cpu.events.forEach((e, i) => {
      expect(e.loss).toBeCloseTo(wasm.events[i].loss, 4)
      expect(e.validation!.loss).toBeCloseTo(wasm.events[i].validation!.loss, 4)
      expect(e.validation!['accuracy']).toBe(wasm.events[i].validation!['accuracy'])
    })
    cpu.outputs.forEach((v, i) => expect(v).toBeCloseTo(wasm.outputs[i], 3))
  },
  60_000,
)
