import { ConfusionMatrix, crossEntropy, DataLoader, noGrad, scope, type Module, type Tensor } from '@lanewise/core'
import { segmentationMap } from '@lanewise/vision'
import {
  classes,
  overlay,
  pictureAt,
  pictureBatches,
  unlabelled,
  type ChannelStatistics,
  type LabelledPictures,
} from './camvid.ts'
import type { Context, Metrics } from './context.ts'
import { png, sheet, type Picture } from './picture.ts'

/** The mean cross-entropy of the pixels that have a label. */
export const pixelLoss = (logits: Tensor, target: Tensor): Tensor =>
  crossEntropy(logits, target, { ignoreIndex: unlabelled })

/** The class of each pixel of each picture. */
const predict = (
  { signal, progress }: Context,
  model: Module,
  set: LabelledPictures,
  statistics: ChannelStatistics,
): Uint16Array[] => {
  const found: Uint16Array[] = []
  const loader = new DataLoader(pictureBatches(set, statistics, false), { batchSize: 4 })
  const bar = progress('testing', loader.length)
  const { width, height } = set
  const size = classes.length * width * height
  model.eval()
  for (const [x] of loader) {
    signal.throwIfAborted()
    const logits = scope(() => noGrad(() => model.forward(x!)).dataSync())
    for (let at = 0; at < logits.length; at += size)
      found.push(segmentationMap(logits.subarray(at, at + size), { classes: classes.length, width, height }))
    bar.update(found.length / 4)
  }
  bar.stop()
  return found
}

/** Picture, truth and prediction side by side, for some pictures spread over the set. */
const picturesOf = (set: LabelledPictures, found: readonly Uint16Array[]): Uint8Array => {
  const area = set.width * set.height
  const rows = Math.min(6, set.count)
  const shown = Array.from({ length: rows }, (_, i) => Math.floor((i * set.count) / rows))
  const as = (data: Uint8Array): Picture => ({ width: set.width, height: set.height, channels: 3, data })
  const cards = shown.flatMap((i) => [
    as(pictureAt(set, i)),
    as(overlay(set, i, set.labels.subarray(i * area, (i + 1) * area))),
    as(overlay(set, i, found[i] ?? [])),
  ])
  return png(sheet(cards, 3))
}

/** Measures a model on a set and writes `NAME.png`: pictures, truths and predictions. */
export const report = (
  context: Context,
  name: string,
  {
    model,
    set,
    statistics,
  }: { readonly model: Module; readonly set: LabelledPictures; readonly statistics: ChannelStatistics },
): Metrics & { meanIou: number; pixelAccuracy: number } => {
  const found = predict(context, model, set, statistics)
  const matrix = new ConfusionMatrix(classes.length, { ignoreIndex: unlabelled })
  const area = set.width * set.height
  found.forEach((labels, i) => matrix.update(labels, set.labels.subarray(i * area, (i + 1) * area)))
  context.write(`${name}.png`, picturesOf(set, found))
  const iou = matrix.iou()
  const known = classes.map((label, c): [string, number | null] => [
    label,
    Number.isNaN(iou[c]) ? null : (iou[c] ?? null),
  ])
  return { meanIou: matrix.meanIou(), pixelAccuracy: matrix.accuracy(), iou: Object.fromEntries(known) }
}
