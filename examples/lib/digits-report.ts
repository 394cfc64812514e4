import { crossEntropy, DataLoader, noGrad, scope, type ImageDataset, type Module } from '@lanewise/core'
import type { Progress } from './context.ts'
import { blank, enlarge, fromPlanar, paste, png, sheet, type Picture } from './picture.ts'
import { confusionPlot } from './plot.ts'

/** What a model says of a data set: the class of each image, and the mean loss. */
export interface Predictions {
  readonly classes: Int32Array
  readonly loss: number
}

/** The largest of each row of `width` values. */
const largest = (values: ArrayLike<number>, width: number): number[] =>
  Array.from({ length: values.length / width }, (_, row) => {
    let best = 0
    for (let c = 1; c < width; c++) if (values[row * width + c] > values[row * width + best]) best = c
    return best
  })

/** Runs the model over a data set. */
export const predictAll = (
  model: Module,
  data: ImageDataset,
  progress: (label: string, total: number) => Progress,
): Predictions => {
  const loader = new DataLoader(data, { batchSize: 100 })
  const classes = new Int32Array(data.size)
  const bar = progress('testing', loader.length)
  let [total, at, step] = [0, 0, 0]
  model.eval()
  for (const [x, y] of loader) {
    scope(() =>
      noGrad(() => {
        const logits = model.forward(x)
        total += crossEntropy(logits, y, { reduction: 'sum' }).item()
        for (const best of largest(logits.dataSync(), 10)) classes[at++] = best
      }),
    )
    bar.update(++step)
  }
  bar.stop()
  return { classes, loss: total / data.size }
}

const digit = (data: ImageDataset, index: number): Picture => {
  const pixels = data.images.subarray(index * 784, (index + 1) * 784)
  return enlarge(fromPlanar(pixels, [1, 28, 28], 0, 255), 2)
}

/** 3x5 dots of each digit, a row in three bits. */
const glyphs = [0o75557, 0o26227, 0o71747, 0o71717, 0o55711, 0o74717, 0o74757, 0o71111, 0o75757, 0o75717]

const glyph = (value: number): Picture => {
  const picture = blank(3, 5, 1)
  for (let i = 0; i < 15; i++) if ((glyphs[value] >> (14 - i)) & 1) picture.data[i] = 0
  return enlarge(picture, 2)
}

/** The picture over its truth, on the left, and what the model took it for, on the right. */
const labelled = (picture: Picture, truth: number, predicted: number): Picture => {
  const card = blank(picture.width, picture.height + 14, 1)
  paste(card, picture, 0, 0)
  paste(card, glyph(truth), 8, picture.height + 2)
  paste(card, glyph(predicted), picture.width - 14, picture.height + 2)
  return card
}

/** Writes the confusion matrix and a sheet of the misclassified digits, and gives the figures. */
export const report = (
  { classes, loss }: Predictions,
  data: ImageDataset,
  write: (name: string, content: string | Uint8Array) => string,
): { accuracy: number; loss: number; misclassified: number } => {
  const counts = Array.from({ length: 10 }, () => new Array<number>(10).fill(0))
  classes.forEach((predicted, i) => counts[data.labels[i]][predicted]++)
  const wrong = [...classes.keys()].filter((i) => classes[i] !== data.labels[i])
  const names = Array.from({ length: 10 }, (_, i) => String(i))
  write('demo-confusion.svg', confusionPlot('Test digits: truth in rows, prediction in columns', counts, names))
  write(
    'demo-misclassified.png',
    png(
      sheet(
        wrong.slice(0, 200).map((i) => labelled(digit(data, i), data.labels[i], classes[i])),
        16,
      ),
    ),
  )
  return { accuracy: 1 - wrong.length / data.size, loss, misclassified: wrong.length }
}
