import { crossEntropy, DataLoader, manualSeed, optim } from '@lanewise/core'
import { CifarKerasCnn } from '@lanewise/cnn'
import { cifar } from './lib/cifar.ts'
import type { Context, Metrics } from './lib/context.ts'
import { train } from './lib/training.ts'

export const summary = 'Three convolutions for CIFAR-10 as in Keras’ introduction: test accuracy after each epoch'

export const run = async (context: Context): Promise<Metrics> => {
  const { data, quick, seed, signal, log } = context
  const images = await cifar({ data, signal, ...(quick && { limit: 512 }) })
  const test = await cifar({ data, signal, train: false, ...(quick && { limit: 200 }) })
  log(`${images.size} training and ${test.size} test images: ${images.source}`)
  manualSeed(seed)
  const model = new CifarKerasCnn()
  const epochs = quick ? 1 : 10
  const events = await train(context, 'cifar-keras-cnn', model, {
    train: new DataLoader(images, { batchSize: 32, shuffle: true }),
    validation: new DataLoader(test, { batchSize: 100 }),
    loss: crossEntropy,
    optimizer: optim.adam({ lr: 1e-3, eps: 1e-7 }),
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
