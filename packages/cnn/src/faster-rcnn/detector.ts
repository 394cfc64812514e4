import { scope, ValueError } from '@lanewise/core'
import {
  detectionObjects,
  confident,
  pictureToTensor,
  toRgb,
  type DetectionObject,
  type Picture,
} from '@lanewise/vision'
import type { FasterRcnn } from './faster-rcnn.ts'

/** Options of {@link detector}. */
export interface DetectorOptions {
  /** Names of the classes from 1 on; class 0 is the background. */
  readonly labels: readonly string[]
  /** Least score of what is told. Default 0.5. */
  readonly scoreThreshold?: number
}

/** An object in a picture. */
export interface DetectedObject extends Omit<DetectionObject, 'label'> {
  readonly label: string
}

/** Finds objects in a picture, best first. */
export type Detector = (picture: Picture) => DetectedObject[]

/**
 * A function from a picture, as a canvas or a decoder gives it, to the objects in it.
 * Switches the model to evaluation, in which it must stay.
 * @throws ValueError when the labels do not match the model's classes.
 * @example
 * import { manualSeed } from '@lanewise/core'
 * manualSeed(0)
 * const model = fasterRcnnResnet18Fpn({ numClasses: 3, minSize: 64, width: 8, outChannels: 8 })
 * const find = detector(model, { labels: ['car', 'sign'] })
 * find({ data: new Uint8Array(64 * 64 * 4), width: 64, height: 64 }) // => []
 */
export const detector = (model: FasterRcnn, { labels, scoreThreshold = 0.5 }: DetectorOptions): Detector => {
  if (labels.length !== model.numClasses - 1) {
    throw new ValueError({
      op: 'detector',
      problem: "the labels do not match the model's classes",
      got: `${labels.length} labels for ${model.numClasses} classes`,
      expected: `${model.numClasses - 1}: one for each class but the background`,
    })
  }
  model.eval()
  return (picture) => {
    const [found] = scope(() => model.detect([pictureToTensor(toRgb(picture))]))
    return detectionObjects(confident(found, scoreThreshold)).map((d) => ({ ...d, label: labels[d.label - 1] }))
  }
}
