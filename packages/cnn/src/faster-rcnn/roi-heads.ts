import { flatten, Linear, Module, relu, type Tensor } from '@lanewise/core'
import { decodeBoxHead, multiScaleRoiAlign, type Detections, type ImageSize } from '@lanewise/vision'
import { headLosses, needRegions, sampleRegions } from './regions.ts'
import type { CheckedTarget } from './targets.ts'
import { readFloat32 } from './values.ts'

/** Where and how large the pooled regions are. */
export interface RegionPoolOptions {
  /** Bins of a region along each side. */
  readonly outputSize: number
  /** Sizes of the images that gave the features. */
  readonly imageSizes: readonly ImageSize[]
}

/**
 * Pools the regions of all images from feature maps.
 * Shape: maps [N, C, H_l, W_l], xyxy regions [K_i, 4] of each image in its pixels -> [sum K_i, C, bins, bins].
 */
export type RegionPool = (
  features: readonly Tensor[],
  regions: readonly Float32Array[],
  options: RegionPoolOptions,
) => Tensor

/** Options of {@link RoiHeads}; the defaults are torchvision's. */
export interface RoiHeadsOptions {
  /** Pools regions. Default: RoIAlign over the levels, by `samplingRatio` and `canonicalScale`. */
  readonly pool?: RegionPool
  /** Bins of a region along each side. Default 7. */
  readonly poolSize?: number
  /** Samples of a bin along each side. Default 2. */
  readonly samplingRatio?: number
  /** Side of the box that is pooled from the third level of the pyramid. Default 224. */
  readonly canonicalScale?: number
  /** Width of the two hidden layers. Default 1024. */
  readonly representationSize?: number
  /** Detections must score above this. Default 0.05. */
  readonly scoreThreshold?: number
  /** IoU above which detections of a class drop each other. Default 0.5. */
  readonly nmsThreshold?: number
  /** Most detections of an image. Default 100. */
  readonly detectionsPerImage?: number
  /** IoU from which on a region is trained as an object. Default 0.5. */
  readonly foregroundIou?: number
  /** IoU below which a region is trained as background. Default 0.5. */
  readonly backgroundIou?: number
  /** Regions of an image that are trained. Default 512. */
  readonly batchSizePerImage?: number
  /** Largest share of objects among them. Default 0.25. */
  readonly positiveFraction?: number
}

/** Sizes of {@link RoiHeads}. */
export interface RoiHeadsSizes {
  /** Channels of the feature maps. */
  readonly inChannels: number
  /** Classes and the background. */
  readonly numClasses: number
}

/** What was found in each image (evaluation), or lost (training). */
export interface RoiHeadsResult {
  readonly detections: Detections[]
  readonly losses: { readonly classifier: Tensor; readonly boxReg: Tensor } | null
}

/**
 * Two hidden layers over the bins of a region, as torchvision's TwoMLPHead. Shape: [K, C, bins, bins] -> [K, size].
 * @example
 * import { zeros } from '@lanewise/core'
 * new BoxHead(2 * 9, 4).forward(zeros([5, 2, 3, 3])).shape // => [5, 4]
 */
export class BoxHead extends Module {
  readonly fc6: Linear
  readonly fc7: Linear

  constructor(inFeatures: number, representationSize: number) {
    super()
    this.fc6 = new Linear(inFeatures, representationSize)
    this.fc7 = new Linear(representationSize, representationSize)
  }

  forward(x: Tensor): Tensor {
    return relu(this.fc7.forward(relu(this.fc6.forward(flatten(x, 1)))))
  }
}

/** Raw outputs for regions. */
export interface BoxPredictions {
  /** [K, classes] */
  readonly classLogits: Tensor
  /** One box per class, [K, classes * 4] */
  readonly boxRegression: Tensor
}

/**
 * Scores of the classes and a box for each, as torchvision's FastRCNNPredictor; class 0 is the background.
 * @example
 * import { zeros } from '@lanewise/core'
 * new BoxPredictor(4, 3).forward(zeros([5, 4])).boxRegression.shape // => [5, 12]
 */
export class BoxPredictor extends Module<[x: Tensor], BoxPredictions> {
  readonly cls_score: Linear
  readonly bbox_pred: Linear

  constructor(inFeatures: number, numClasses: number) {
    super()
    this.cls_score = new Linear(inFeatures, numClasses)
    this.bbox_pred = new Linear(inFeatures, 4 * numClasses)
  }

  forward(x: Tensor): BoxPredictions {
    return { classLogits: this.cls_score.forward(x), boxRegression: this.bbox_pred.forward(x) }
  }
}

/**
 * Names what lies in proposed regions: pools each, and gives it a class and a better box.
 * @source Girshick 2015; checked against torchvision's RoIHeads 0.14 in faster-rcnn.test.ts
 */
export class RoiHeads extends Module<
  [
    features: readonly Tensor[],
    proposals: readonly Float32Array[],
    imageSizes: readonly ImageSize[],
    targets: readonly CheckedTarget[] | null,
  ],
  RoiHeadsResult
> {
  readonly box_head: BoxHead
  box_predictor: BoxPredictor
  readonly options: Required<RoiHeadsOptions>

  constructor({ inChannels, numClasses }: RoiHeadsSizes, options: RoiHeadsOptions = {}) {
    super()
    const { samplingRatio = 2, canonicalScale = 224 } = options
    this.options = {
      pool: (features, regions, own) =>
        multiScaleRoiAlign(features, regions, { ...own, samplingRatio, canonicalScale }),
      poolSize: 7,
      samplingRatio,
      canonicalScale,
      representationSize: 1024,
      scoreThreshold: 0.05,
      nmsThreshold: 0.5,
      detectionsPerImage: 100,
      foregroundIou: 0.5,
      backgroundIou: 0.5,
      batchSizePerImage: 512,
      positiveFraction: 0.25,
      ...options,
    }
    const { poolSize, representationSize } = this.options
    this.box_head = new BoxHead(inChannels * poolSize * poolSize, representationSize)
    this.box_predictor = new BoxPredictor(representationSize, numClasses)
  }

  forward(
    features: readonly Tensor[],
    proposals: readonly Float32Array[],
    imageSizes: readonly ImageSize[],
    targets: readonly CheckedTarget[] | null,
  ): RoiHeadsResult {
    if (targets === null) {
      const outputs = this.classify(features, proposals, imageSizes)
      return { detections: this.decode(outputs, proposals, imageSizes), losses: null }
    }
    const regions = targets.map((target, i) => sampleRegions(proposals[i], target, this.options))
    needRegions('RoiHeads', regions)
    const boxes = regions.map((r) => r.boxes)
    return { detections: [], losses: headLosses(this.classify(features, boxes, imageSizes), regions) }
  }

  /** Raw outputs for the regions of all images, image after image. */
  classify(
    features: readonly Tensor[],
    regions: readonly Float32Array[],
    imageSizes: readonly ImageSize[],
  ): BoxPredictions {
    const { poolSize: outputSize, pool } = this.options
    const pooled = pool(features, regions, { outputSize, imageSizes })
    return this.box_predictor.forward(this.box_head.forward(pooled))
  }

  private decode(
    { classLogits, boxRegression }: BoxPredictions,
    proposals: readonly Float32Array[],
    imageSizes: readonly ImageSize[],
  ): Detections[] {
    const { scoreThreshold, nmsThreshold, detectionsPerImage: maxDetections } = this.options
    const classes = classLogits.shape[1]
    const logits = readFloat32(classLogits)
    const shifts = readFloat32(boxRegression)
    let start = 0
    return proposals.map((own, i) => {
      const from = start * classes
      start += own.length / 4
      const outputs = {
        classLogits: logits.subarray(from, start * classes),
        boxRegression: shifts.subarray(4 * from, 4 * start * classes),
        proposals: own,
      }
      return decodeBoxHead(outputs, { imageSize: imageSizes[i], scoreThreshold, nmsThreshold, maxDetections })
    })
  }
}
