import {
  predict,
  scope,
  ShapeError,
  transforms,
  unsqueeze,
  ValueError,
  type ImageLike,
  type Module,
  type Transform,
} from '@lanewise/core'
import { segmentationMap } from '@lanewise/vision'

/** Options of {@link segmenter}. */
export interface SegmenterOptions {
  /** A name for each class, in the model's order. Default: their numbers. */
  readonly labels?: readonly string[]
  /**
   * Makes what the model takes out of a picture [C, H, W] in [0, 1], such as `transforms.normalize`. It may resize:
   * the answer is as large as the picture all the same. Default: the picture as it is.
   */
  readonly transform?: Transform
}

/** How much of a picture a class covers. */
export interface SegmentShare {
  /** The class's number. */
  readonly index: number
  readonly label: string
  /** Of all pixels, in (0, 1]. */
  readonly share: number
}

/** What {@link segmenter} gives. */
export interface Segmentation {
  readonly width: number
  readonly height: number
  /** The class of each pixel, row by row. */
  readonly classes: Uint16Array
  /** The classes that appear, the largest first. */
  readonly shares: readonly SegmentShare[]
}

const sharesOf = (classes: Uint16Array, labels: readonly string[]): SegmentShare[] => {
  const counts = new Float64Array(labels.length)
  for (const c of classes) counts[c]++
  return labels
    .map((label, index) => ({ index, label, share: counts[index] / classes.length }))
    .filter(({ share }) => share > 0)
    .sort((a, b) => b.share - a.share)
}

const checkLogits = (shape: readonly number[]): void => {
  if (shape.length === 4) return
  throw new ShapeError({
    op: 'segmenter',
    problem: 'the model gives no classes per pixel',
    got: `[${shape.join(',')}]`,
    expected: '[1, C, H, W]',
    advice: 'Use a segmentation model, such as unet',
  })
}

const checkLogitValues = (values: ArrayLike<number>): void => {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isNaN(values[i])) continue
    throw new ValueError({
      op: 'segmenter',
      problem: "the model's answer is no number",
      got: `NaN at logit ${i}`,
      expected: 'numbers',
      advice: 'Look for NaN in the picture and in the weights',
    })
  }
}

const checkLabels = (labels: readonly string[], classes: number): void => {
  if (labels.length === classes) return
  throw new ValueError({
    op: 'segmenter',
    problem: 'the labels do not fit the model',
    got: `${labels.length} labels for ${classes} classes`,
    expected: 'one label per class',
  })
}

/**
 * A function from pictures to the class of each pixel. The model runs in inference mode and is left as it was.
 * @param model - logits [N, C, h, w] of pictures [N, c, H, W]; where h, w are not the picture's, they are resized
 * @returns a function of a picture `{ data, width, height }`
 * @throws ShapeError when data and size do not fit or the model gives no classes per pixel; ValueError when there are
 * not as many labels as classes or the model answers with NaN. Both come from the function, before anything is given.
 * @example
 * const segment = segmenter(unet({ numClasses: 2, baseWidth: 2 }), { labels: ['road', 'other'] })
 * const { classes } = await segment({ data: new Uint8Array(32 * 16 * 3), width: 32, height: 16 })
 * classes.length // => 512
 */
export const segmenter =
  (
    model: Module,
    { labels, transform = (x) => x }: SegmenterOptions = {},
  ): ((image: ImageLike) => Promise<Segmentation>) =>
  async (image) => {
    const x = scope(() => unsqueeze(transform(transforms.toTensor(image)), 0))
    const logits = await predict(model, x)
    x.dispose()
    const [, C, h, w] = logits.shape
    checkLogits(logits.shape)
    const names = labels ?? Array.from({ length: C }, (_, c) => String(c))
    checkLabels(names, C)
    const { width, height } = image
    const values = await logits.data()
    logits.dispose()
    checkLogitValues(values)
    const classes = segmentationMap(values, { classes: C, width: w, height: h, outputSize: { width, height } })
    return { width, height, classes, shares: sharesOf(classes, names) }
  }
