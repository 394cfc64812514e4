import {
  Adam,
  cosineAnnealingLr,
  crossEntropy,
  DataLoader,
  defaultBackend,
  manualSeed,
  saveSafetensors,
  scope,
} from '@lanewise/core'
import { mnist } from '@lanewise/core/node'
import type { Context, Metrics } from './lib/context.ts'
import { digitsNet } from './lib/digits-net.ts'
import { predictAll, report } from './lib/digits-report.ts'

export const summary = 'A CNN learns handwritten digits (MNIST): one epoch, then its test accuracy'

export const run = async ({ data, quick, seed, signal, log, progress, write }: Context): Promise<Metrics> => {
  const train = await mnist({ root: data, signal, ...(quick && { limit: 1024 }) })
  const test = await mnist({ root: data, signal, train: false, ...(quick && { limit: 500 }) })
  log(`${train.size} training and ${test.size} test images: ${train.source}`)
  manualSeed(seed)
  const model = digitsNet()
  const optimizer = new Adam(model.parameters(), { lr: 1e-3 })
  const loader = new DataLoader(train, { batchSize: 64, shuffle: true })
  const schedule = cosineAnnealingLr({ tMax: loader.length })(optimizer)

  const bar = progress('training', loader.length)
  const start = performance.now()
  let step = 0
  let recent = 0
  let memory = 0
  for (const [x, y] of loader) {
    signal.throwIfAborted()
    const loss = scope(() => {
      const loss = crossEntropy(model.forward(x), y)
      optimizer.zeroGrad()
      loss.backward()
      optimizer.step()
      schedule.step()
      return loss.item()
    })
    recent = step === 0 ? loss : 0.95 * recent + 0.05 * loss
    bar.update(++step, `loss ${recent.toFixed(4)}`)
    if (step === 2) memory = defaultBackend().memory().reserved
    if (step % 100 === 0) log(`step ${step} of ${loader.length}: loss ${recent.toFixed(4)}`)
    if (step % 10 === 0) await new Promise((resume) => setImmediate(resume))
  }
  bar.stop()
  const seconds = (performance.now() - start) / 1000
  const after = defaultBackend().memory().reserved

  const predicted = predictAll(model, test, progress)
  const result = report(predicted, test, write)
  write('demo.safetensors', await saveSafetensors(model.stateDict()))
  log('`npm run example -- demo-reload` loads the checkpoint and measures it again.')
  return {
    data: train.source,
    loss: recent,
    testLoss: result.loss,
    testAccuracy: result.accuracy,
    misclassified: result.misclassified,
    parameters: model.parameters().reduce((n, p) => n + p.size, 0),
    steps: step,
    imagesPerSecond: (step * 64) / seconds,
    trainSeconds: seconds,
    tensorMemoryMb: after / 2 ** 20,
    memoryGrowthMb: (after - memory) / 2 ** 20,
  }
}
