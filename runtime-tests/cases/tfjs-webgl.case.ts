import * as core from '@lanewise/core'
import { tfjsBackend } from '@lanewise/core/tfjs'
import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-webgl'
import { evaluate, opCases, type OpCase } from '../lib/op-cases.ts'

const { crossEntropy, DataLoader, fit, Linear, manualSeed, optim, randn, ReLU, Sequential, tensor, tensorDataset } =
  core

/** The GPU's transcendentals are good to about 1e-5, and its sums run in another order. */
const tolerance = 1e-4

/** The largest difference between two backends, as a fraction of one plus the value. */
const differenceOf = async (test: OpCase, gpu: core.Backend): Promise<number> => {
  const expected = evaluate(core, test).map((t) => t.dataSync())
  const got = await Promise.all(core.withBackend(gpu, () => evaluate(core, test)).map((t) => t.data()))
  return Math.max(
    ...got.flatMap((values, i) =>
      Array.from(values, (v, j) => Math.abs(v - expected[i]![j]!) / (1 + Math.abs(expected[i]![j]!))),
    ),
  )
}

const learn = async (): Promise<number[]> => {
  manualSeed(0)
  const model = new Sequential(new Linear(5, 8), new ReLU(), new Linear(8, 3))
  const data = tensorDataset(randn([24, 5]), tensor(Int32Array.from({ length: 24 }, (_, i) => i % 3)))
  const train = new DataLoader(data, { batchSize: 8, shuffle: true })
  const losses: number[] = []
  for await (const { loss } of fit(model, {
    train,
    loss: crossEntropy,
    optimizer: optim.adam({ lr: 0.01 }),
    epochs: 3,
  }))
    losses.push(loss)
  return losses
}

/** Every op and its gradients on tfjs's webgl backend against our kernels, and one `fit` on each. */
export const run = async (): Promise<{ backend: string; ops: number; epochs: number }> => {
  if (!(await tf.setBackend('webgl'))) throw new Error('tfjs has no webgl here')
  const gpu = tfjsBackend(tf)
  const cases = Object.entries(opCases(core))
  for (const [name, test] of cases) {
    const difference = await differenceOf(test, gpu)
    if (!(difference < tolerance)) throw new Error(`${name} on webgl is off by ${difference}`)
  }
  const wasm = await learn()
  core.setDefaultBackend(gpu)
  const webgl = await learn()
  if (!webgl.every((loss, i) => Math.abs(loss - wasm[i]!) < tolerance))
    throw new Error(`fit on webgl: losses ${webgl.join(', ')} instead of ${wasm.join(', ')}`)
  return { backend: tf.getBackend(), ops: cases.length, epochs: webgl.length }
}
