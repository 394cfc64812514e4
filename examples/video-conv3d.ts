import { crossEntropy, DataLoader, manualSeed, optim, topKAccuracy, type Metric, type Tensor } from '@lanewise/core'
import { mnist } from '@lanewise/core/node'
import { VideoCnn } from '@lanewise/cnn'
import type { Context, Metrics } from './lib/context.ts'
import { filmStrip, motions, movingDigits } from './lib/motion.ts'
import { png, sheet } from './lib/picture.ts'
import { train } from './lib/training.ts'

export const summary = 'A 3-D convolutional network tells how digits move in generated clips: top-1 and top-5'

const top =
  (k: number): Metric =>
  async (output: Tensor, target: Tensor) =>
    topKAccuracy(await output.data(), await target.data(), { numClasses: motions.length, k })

export const run = async (context: Context): Promise<Metrics> => {
  const { data, quick, seed, signal, log, write } = context
  const digits = await mnist({ root: data, signal, ...(quick && { limit: 100 }) })
  const heldOut = await mnist({ root: data, signal, train: false, ...(quick && { limit: 100 }) })
  const clips = movingDigits(digits, quick ? 8 : 1024, seed)
  const test = movingDigits(heldOut, quick ? 8 : 160, seed + 1)
  log(`${clips.size} clips to learn from and ${test.size} to test, digits of ${digits.source}`)
  write(
    'video-conv3d-clips.png',
    png(
      sheet(
        motions.map((_, i) => filmStrip(test, i)),
        1,
      ),
    ),
  )
  manualSeed(seed)
  const model = new VideoCnn({ numClasses: motions.length, inChannels: 1 })
  const epochs = quick ? 1 : 5
  const events = await train(context, 'video-conv3d', model, {
    train: new DataLoader(clips, { batchSize: 8, shuffle: true }),
    validation: new DataLoader(test, { batchSize: 8 }),
    loss: crossEntropy,
    optimizer: optim.adam({ lr: 1e-3 }),
    metrics: { accuracy: top(1), top5: top(5) },
    epochs,
  })
  const last = events.at(-1)
  return {
    top1: last?.validation?.['accuracy'] ?? 0,
    top5: last?.validation?.['top5'] ?? 0,
    testLoss: last?.validation?.loss ?? null,
    clips: clips.size,
    epochs,
    trainSeconds: events.reduce((sum, e) => sum + e.seconds, 0),
  }
}
