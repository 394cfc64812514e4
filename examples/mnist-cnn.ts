import { crossEntropy, DataLoader, manualSeed, oneCycleLr, optim } from '@lanewise/core'
import { mnist } from '@lanewise/core/node'
import { MnistCnn } from '@lanewise/cnn'
import type { Context, Metrics } from './lib/context.ts'
import { train } from './lib/training.ts'

export const summary = 'Two convolutions for handwritten digits (MNIST), test accuracy after each epoch'

export const run = async (context: Context): Promise<Metrics> => {
  const { data, quick, seed, signal, log } = context
  const [images, test] = await Promise.all([
    mnist({ root: data, signal, ...(quick && { limit: 512 }) }),
    mnist({ root: data, signal, train: false, ...(quick && { limit: 200 }) }),
  ])
  log(`${images.size} training and ${test.size} test images: ${images.source}`)
  manualSeed(seed)
  const model = new MnistCnn()
  const epochs = quick ? 1 : 5
  const loader = new DataLoader(images, { batchSize: 64, shuffle: true })
  const events = await train(context, 'mnist-cnn', model, {
    train: loader,
    validation: new DataLoader(test, { batchSize: 100 }),
    loss: crossEntropy,
    optimizer: optim.adam({ lr: 1e-3 }),
    schedule: oneCycleLr({ maxLr: 2e-3, totalSteps: epochs * loader.length, cycleMomentum: false }),
    scheduleEach: 'step',
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
