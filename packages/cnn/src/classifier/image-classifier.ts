import {
  concat,
  inEvalMode,
  noGrad,
  scope,
  ShapeError,
  softmax,
  Tensor,
  unsqueeze,
  ValueError,
  type ImageLike,
  type Module,
  type Transform,
} from '@lanewise/core'
import { centerCrop, compose, normalize, resize, resizedSize, toTensor } from '@lanewise/core/transforms'

/** What {@link imageClassifier} takes. */
export interface ImageClassifierOptions {
  /** A name for each class, in the model's order. Default: their numbers. */
  readonly labels?: readonly string[]
  /** Answers to give, the most likely first. Default 5, or as many as there are classes. */
  readonly topK?: number
  /** Makes what the model takes out of a picture [C, H, W] in [0, 1]. Default {@link imagenetTransform}. */
  readonly transform?: Transform
}

/** One class that a picture may show. */
export interface ClassScore {
  /** The class's number. */
  readonly index: number
  readonly label: string
  /** Its probability. */
  readonly score: number
}

/** What {@link imagenetTransform} takes. */
export interface ImagenetTransformOptions {
  /** The shorter side is resized to this. Default 256. */
  readonly resizeSize?: number
  /** Side of the square cut from the middle. Default 224. */
  readonly cropSize?: number
}

/** Grey as red, green and blue alike, which is what PIL's `convert('RGB')` makes of it. */
const coloured: Transform = (x) => (x.shape[0] === 1 ? concat([x, x, x], 0) : x)

/** Values of the largest resized picture, 1 GiB: with what it is made from and by it fits the 4 GiB of WebAssembly. */
const mostValues = 2 ** 28

/** Throws when the shorter side's size would make a picture that no memory holds. */
const holdable =
  (size: number): Transform =>
  (x) => {
    const [C, H, W] = x.shape
    const [h, w] = resizedSize(size, [H, W])
    if (C * h * w <= mostValues) return x
    throw new ValueError({
      op: 'imagenetTransform',
      problem: 'the picture is too long and thin',
      got: `${H} rows of ${W} pixels, which would be resized to ${h} of ${w}`,
      expected: `at most ${mostValues} values`,
      advice: 'Cut out the part that matters first',
    })
  }

/**
 * The preparation that torchvision's classifiers are trained for: resize, middle square, and the channels' mean and
 * spread of ImageNet. Grey pictures become red, green and blue alike.
 * Shape: [3 or 1, H, W] in [0, 1] -> [3, cropSize, cropSize].
 * @throws ValueError, from the transform, when a picture is so long and thin that it does not fit the memory resized.
 * @source Checked against torchvision 0.14 and PIL in pictures.test.ts
 * @example
 * import { ones } from '@lanewise/core'
 * imagenetTransform({ resizeSize: 32, cropSize: 28 })(ones([3, 40, 50])).shape // => [3, 28, 28]
 */
export const imagenetTransform = ({ resizeSize = 256, cropSize = 224 }: ImagenetTransformOptions = {}): Transform =>
  compose(
    coloured,
    holdable(resizeSize),
    resize(resizeSize),
    centerCrop(cropSize),
    normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
  )

const checkLogits = (output: unknown): Tensor => {
  if (output instanceof Tensor && output.rank === 2) return output
  throw new ShapeError({
    op: 'imageClassifier',
    problem: 'the model gives no classes',
    got: output instanceof Tensor ? `[${output.shape.join(',')}]` : typeof output,
    expected: '[1, C]',
    advice: 'Use a classification model, such as resnet18',
  })
}

const checkLabels = (labels: readonly string[], classes: number): void => {
  if (labels.length === classes) return
  throw new ValueError({
    op: 'imageClassifier',
    problem: 'the labels do not fit the model',
    got: `${labels.length} labels for ${classes} classes`,
    expected: 'one label per class',
  })
}

const checkFinite = (probabilities: Float32Array): void => {
  if (probabilities.every(Number.isFinite)) return
  throw new ValueError({
    op: 'imageClassifier',
    problem: "the model's answer is no number",
    got: `probabilities ${probabilities.find((p) => !Number.isFinite(p))}`,
    expected: 'finite logits',
    advice: 'Look for NaN in the picture and in the weights',
  })
}

const checkTopK = (topK: number): void => {
  if (Number.isInteger(topK) && topK >= 1) return
  throw new ValueError({
    op: 'imageClassifier',
    problem: 'topK is out of range',
    got: String(topK),
    expected: 'an integer >= 1',
  })
}

/** The classes by falling probability; of equal ones the lower number first. */
const ranked = (probabilities: ArrayLike<number>, labels: readonly string[] | undefined): ClassScore[] =>
  Array.from(probabilities, (score, index) => ({ index, label: labels?.[index] ?? String(index), score })).sort(
    (a, b) => b.score - a.score || a.index - b.index,
  )

/**
 * A function from pictures to their most likely classes. The model runs in inference mode and is left as it was.
 * @param model - logits [N, C] of pictures [N, 3, H, W]
 * @returns a function of a picture `{ data, width, height }`
 * @throws ValueError when topK is out of range, or (from the function) when labels and classes differ in number or the
 * model answers with NaN; ShapeError from the function when data and size do not fit or the model gives no classes.
 * @example
 * const transform = imagenetTransform({ resizeSize: 32, cropSize: 32 })
 * const classify = imageClassifier(cifarResnet20({ numClasses: 2 }), { labels: ['cat', 'dog'], topK: 1, transform })
 * const answers = await classify({ data: new Uint8Array(40 * 30 * 3), width: 40, height: 30 })
 * answers.length // => 1
 */
export const imageClassifier = (
  model: Module,
  { labels, topK = 5, transform = imagenetTransform() }: ImageClassifierOptions = {},
): ((image: ImageLike) => Promise<ClassScore[]>) => {
  checkTopK(topK)
  return async (image) => {
    const x = scope(() => unsqueeze(transform(toTensor(image)), 0))
    const probabilities = inEvalMode(model, () => noGrad(() => scope(() => softmax(checkLogits(model.forward(x))))))
    x.dispose()
    if (labels !== undefined) checkLabels(labels, probabilities.shape[1])
    const values = Float32Array.from(await probabilities.data())
    probabilities.dispose()
    checkFinite(values)
    return ranked(values, labels).slice(0, topK)
  }
}
