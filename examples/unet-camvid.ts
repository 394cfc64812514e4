import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { checkpoints, DataLoader, manualSeed, oneCycleLr, optim, type Callback } from '@lanewise/core'
import { writeFileAtomic } from '@lanewise/core/node'
import { unet } from '@lanewise/cnn'
import {
  camvid,
  classes,
  cropRows,
  pictureBatches,
  resized,
  statisticsOf,
  type LabelledPictures,
} from './lib/camvid.ts'
import type { Context, Metrics } from './lib/context.ts'
import { pixelLoss, report } from './lib/segmentation.ts'
import { train } from './lib/training.ts'

export const summary = 'U-Net learns to label every pixel of street scenes (CamVid): mean IoU and overlays'

const batchSize = 8

/** Rows 2 to 177, so that four halvings leave whole numbers; --quick takes few and small pictures. */
const prepare = (data: string, split: 'train' | 'val', quick: boolean): LabelledPictures =>
  quick
    ? resized(camvid(data, split, split === 'train' ? 16 : 6), { width: 80, height: 64 })
    : cropRows(camvid(data, split), 2, 178)

/** Remembers the epochs, through checkpoints too. */
const history = (): Callback & { readonly epochs: { loss: number; seconds: number }[] } => {
  const epochs: { loss: number; seconds: number }[] = []
  return {
    epochs,
    epoch: ({ loss, seconds }) => void epochs.push({ loss, seconds }),
    state: () => epochs.map((e) => ({ ...e })),
    load: (state) => void epochs.push(...(state as typeof epochs)),
  }
}

export const run = async (context: Context): Promise<Metrics> => {
  const { data, quick, seed, log, outDir } = context
  const [pictures, validation] = [prepare(data, 'train', quick), prepare(data, 'val', quick)]
  log(`${pictures.count} training and ${validation.count} validation pictures: ${pictures.source}`)
  const statistics = statisticsOf(pictures)
  manualSeed(seed)
  const model = unet({ numClasses: classes.length, baseWidth: 16 })
  const epochs = quick ? 1 : 15
  const loader = new DataLoader(pictureBatches(pictures, statistics, true), { batchSize, shuffle: true })
  // The run takes long: after each epoch it saves where it stands, and a new one goes on from there.
  const file = join(outDir, `unet-camvid-${quick ? 'quick-' : ''}${seed}.checkpoint`)
  const resume = existsSync(file) ? new Uint8Array(readFileSync(file)) : undefined
  if (resume) log(`goes on from ${file}`)
  const past = history()
  await train(context, 'unet-camvid', model, {
    train: loader,
    loss: pixelLoss,
    optimizer: optim.adam({ lr: 3e-3 }),
    schedule: oneCycleLr({ maxLr: 3e-3, totalSteps: epochs * loader.length }),
    scheduleEach: 'step',
    epochs,
    callbacks: [past, checkpoints({ save: (bytes) => writeFileAtomic(file, bytes) })],
    ...(resume && { resume }),
  })
  rmSync(file, { force: true })
  return {
    ...report(context, 'unet-camvid', { model, set: validation, statistics }),
    losses: past.epochs.map((e) => e.loss),
    trainSeconds: past.epochs.reduce((sum, e) => sum + e.seconds, 0),
    epochs,
    parameters: model.parameters().reduce((n, p) => n + p.size, 0),
    data: pictures.source,
  }
}
