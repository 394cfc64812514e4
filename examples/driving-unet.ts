import { DataLoader, manualSeed, optim } from '@lanewise/core'
import { drivingUnet } from '@lanewise/cnn'
import { camvid, classes, pictureBatches, resized, statisticsOf, type LabelledPictures } from './lib/camvid.ts'
import type { Context, Metrics } from './lib/context.ts'
import { pixelLoss, report } from './lib/segmentation.ts'
import { train } from './lib/training.ts'

export const summary =
  'A U-Net of six levels labels street scenes (CamVid at 128x64): pixel accuracy, mean IoU, overlays'

/** --quick takes a few pictures of half the width. */
const prepare = (data: string, split: 'train' | 'val', quick: boolean): LabelledPictures =>
  resized(camvid(data, split, quick ? 2 : Infinity), { width: quick ? 64 : 128, height: 64 })

export const run = async (context: Context): Promise<Metrics> => {
  const { data, quick, seed, log } = context
  const pictures = prepare(data, 'train', quick)
  const validation = prepare(data, 'val', quick)
  log(`${pictures.count} training and ${validation.count} validation pictures: ${pictures.source}`)
  const statistics = statisticsOf(pictures)
  manualSeed(seed)
  const model = drivingUnet({ numClasses: classes.length })
  const events = await train(context, 'driving-unet', model, {
    train: new DataLoader(pictureBatches(pictures, statistics, true), { batchSize: 4, shuffle: true }),
    loss: pixelLoss,
    optimizer: optim.adam({ lr: 1e-3 }),
    epochs: quick ? 1 : 6,
  })
  return {
    ...report(context, 'driving-unet', { model, set: validation, statistics }),
    losses: events.map((e) => e.loss),
    trainSeconds: events.reduce((sum, e) => sum + e.seconds, 0),
    epochs: events.length,
    parameters: model.parameters().reduce((n, p) => n + p.size, 0),
    data: pictures.source,
  }
}
