import { DataLoader, manualSeed, nllLoss, optim } from '@lanewise/core'
import { CifarTorchNet } from '@lanewise/cnn'
import { cifar } from './lib/cifar.ts'
import type { Context, Metrics } from './lib/context.ts'
import { train } from './lib/training.ts'

export const summary = 'A network with dropout for CIFAR-10, with PyTorch’s draws: test loss and accuracy'

const half = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }

export const run = async (context: Context): Promise<Metrics> => {
  const { data, quick, seed, signal, log } = context
  const images = await cifar({ data, signal, ...half, ...(quick && { limit: 256 }) })
  const test = await cifar({ data, signal, ...half, train: false, ...(quick && { limit: 100 }) })
  log(`${images.size} training and ${test.size} test images: ${images.source}`)
  manualSeed(seed)
  const model = new CifarTorchNet()
  const epochs = quick ? 1 : 10
  const events = await train(context, 'cifar-torch-net', model, {
    train: new DataLoader(images, { batchSize: 64, shuffle: true }),
    validation: new DataLoader(test, { batchSize: 100 }),
    loss: nllLoss,
    optimizer: optim.adam({ lr: 1e-3 }),
    epochs,
  })
  return {
    testAccuracy: events.at(-1)?.validation?.['accuracy'] ?? 0,
    testLoss: events.at(-1)?.validation?.loss ?? null,
    accuracies: events.map((e) => e.validation?.['accuracy'] ?? 0),
    trainSeconds: events.reduce((sum, e) => sum + e.seconds, 0),
    epochs,
    data: images.source,
  }
}
