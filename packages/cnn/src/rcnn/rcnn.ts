import {
  add,
  concat,
  div,
  hingeLoss,
  Linear,
  Module,
  noGrad,
  scope,
  ShapeError,
  unsqueeze,
  type Tensor,
} from '@lanewise/core'
import {
  batchedNms,
  clipBoxes,
  decodeBoxes,
  makeDetections,
  removeSmallBoxes,
  roiAlign,
  roisFromBoxes,
  selectDetections,
  type Detections,
  type Values,
} from '@lanewise/vision'
import { headWeights, needRegions, regionBoxLoss, sampleRegions, type RegionSampling } from '../faster-rcnn/regions.ts'
import { checkClasses, checkTargets, type DetectionTarget } from '../faster-rcnn/targets.ts'
import { sizeOfImage } from '../faster-rcnn/transform.ts'
import { readFloat32, valuesBeside } from '../faster-rcnn/values.ts'
import { noTargets, type RegionLosses, type RegionResult } from './fast-rcnn.ts'
import { checkProposals } from './proposals.ts'

/** Options of {@link Rcnn}. */
export interface RcnnOptions extends Partial<RegionSampling> {
  /** Classes and the background, which is class 0. */
  readonly numClasses: number
  /** Numbers that the network gives for a region. */
  readonly featureSize: number
  /** Side of the square that each region is warped to. Default 32. */
  readonly warpSize?: number
  /** What a margin must be above. Default 0. */
  readonly scoreThreshold?: number
  /** IoU above which detections of a class drop each other. Default 0.3. */
  readonly nmsThreshold?: number
  /** Most detections of an image. Default 100. */
  readonly detectionsPerImage?: number
}

/**
 * R-CNN: cuts every proposed region out of the image, warps it to a square, and lets a network see it alone. A linear
 * machine for each class tells by its margin whether the region holds it, trained by the hinge loss, one class against
 * all else and summed over the classes; a linear map corrects the box. Unlike in the paper all parts are trained together, so that one call of
 * `backward` serves; scores are margins, not probabilities.
 * @param features - a network of squares [K, C, warpSize, warpSize] -> [K, featureSize]
 * @source Girshick et al. 2014, https://arxiv.org/abs/1311.2524; losses, gradients, steps and detections checked against
 * torchvision 0.14 in golden.test.ts
 * @example
 * import { Flatten, manualSeed, rand, Sequential } from '@lanewise/core'
 * manualSeed(0)
 * const model = new Rcnn(new Sequential(new Flatten()), { numClasses: 3, featureSize: 3 * 8 * 8, warpSize: 8 })
 * const targets = [{ boxes: [8, 8, 40, 40], labels: [2] }]
 * model.forward([rand([3, 64, 64])], [[4, 4, 44, 44, 30, 30, 60, 60]], targets).losses.total.item() > 0 // => true
 */
export class Rcnn extends Module<
  [images: readonly Tensor[], proposals: readonly Values[], targets?: readonly DetectionTarget[]],
  RegionResult
> {
  readonly options: Required<RcnnOptions>
  readonly features: Module
  readonly svm: Linear
  readonly bbox_pred: Linear

  constructor(features: Module, options: RcnnOptions) {
    super()
    checkClasses('Rcnn', options.numClasses)
    this.options = {
      warpSize: 32,
      scoreThreshold: 0,
      nmsThreshold: 0.3,
      detectionsPerImage: 100,
      foregroundIou: 0.5,
      backgroundIou: 0.3,
      batchSizePerImage: 128,
      positiveFraction: 0.25,
      ...options,
    }
    const { featureSize, numClasses } = options
    this.features = features
    this.svm = new Linear(featureSize, numClasses - 1)
    this.bbox_pred = new Linear(featureSize, 4 * numClasses)
  }

  /**
   * @param images - [C, H, W]
   * @param proposals - xyxy regions of each image in pixels, [N, 4]
   * @param targets - the objects of each image; needed in training
   * @throws ValueError or ShapeError where these do not fit each other.
   */
  forward(images: readonly Tensor[], proposals: readonly Values[], targets?: readonly DetectionTarget[]): RegionResult {
    const regions = checkProposals('Rcnn', proposals, images.length)
    if (!this.training) return { losses: null, detections: noGrad(() => scope(() => this.find(images, regions))) }
    if (targets === undefined) throw noTargets('Rcnn')
    return { losses: this.learn(images, regions, targets), detections: [] }
  }

  /** Margins [K, classes - 1] and codes of boxes [K, classes * 4] for the regions of all images. */
  private classify(
    images: readonly Tensor[],
    regions: readonly Float32Array[],
  ): { margins: Tensor; boxRegression: Tensor } {
    const seen = this.features.forward(warpRegions(images, regions, this.options.warpSize))
    if (seen.rank !== 2 || seen.shape[1] !== this.options.featureSize) {
      throw new ShapeError({
        op: 'Rcnn',
        problem: 'the network gives something else than features',
        got: seen.toString(),
        expected: `[regions, ${this.options.featureSize}]`,
      })
    }
    return { margins: this.svm.forward(seen), boxRegression: this.bbox_pred.forward(seen) }
  }

  private learn(
    images: readonly Tensor[],
    regions: readonly Float32Array[],
    targets: readonly DetectionTarget[],
  ): RegionLosses {
    const { numClasses } = this.options
    const checked = checkTargets('Rcnn', targets, { images: images.length, classes: numClasses })
    const chosen = checked.map((target, i) => sampleRegions(regions[i], target, this.options))
    needRegions('Rcnn', chosen)
    const { margins, boxRegression } = this.classify(
      images,
      chosen.map((r) => r.boxes),
    )
    const labels = chosen.flatMap((r) => r.labels)
    const sides = new Float32Array(labels.length * (numClasses - 1)).fill(-1)
    labels.forEach((label, k) => label > 0 && (sides[k * (numClasses - 1) + label - 1] = 1))
    const hinge = hingeLoss(margins, valuesBeside(margins, sides, margins.shape), { reduction: 'sum' })
    const classifier = div(hinge, labels.length)
    const boxReg = regionBoxLoss(boxRegression, chosen)
    return { classifier, boxReg, total: add(classifier, boxReg) }
  }

  private find(images: readonly Tensor[], regions: readonly Float32Array[]): Detections[] {
    const { margins, boxRegression } = this.classify(images, regions)
    const scores = readFloat32(margins)
    const codes = readFloat32(boxRegression)
    const classes = this.options.numClasses
    let start = 0
    return regions.map((own, i) => {
      const end = start + own.length / 4
      const outputs = {
        margins: scores.subarray(start * (classes - 1), end * (classes - 1)),
        boxes: clipBoxes(
          decodeBoxes(codes.subarray(4 * start * classes, 4 * end * classes), own, { weights: headWeights }),
          sizeOfImage(images[i]),
        ),
      }
      start = end
      return this.decode(outputs)
    })
  }

  /** What is above its threshold, suppressed class by class. */
  private decode({ margins, boxes }: { margins: Float32Array; boxes: Float32Array }): Detections {
    const { numClasses, scoreThreshold, nmsThreshold, detectionsPerImage } = this.options
    const large = new Set(removeSmallBoxes(boxes, 1e-2))
    const found = { boxes: [] as number[], scores: [] as number[], labels: [] as number[] }
    margins.forEach((margin, k) => {
      const label = 1 + (k % (numClasses - 1))
      const row = Math.floor(k / (numClasses - 1)) * numClasses + label
      if (!(margin > scoreThreshold) || !large.has(row)) return
      found.boxes.push(...boxes.subarray(4 * row, 4 * row + 4))
      found.scores.push(margin)
      found.labels.push(label)
    })
    const all = makeDetections(found.boxes, found.scores, found.labels)
    const keep = batchedNms(all.boxes, all.scores, all.labels, { iouThreshold: nmsThreshold })
    return selectDetections(all, keep.subarray(0, detectionsPerImage))
  }
}

/**
 * Regions of images as squares of one size, each warped by itself (bilinear).
 * @param images - [C, H, W] of any sizes
 * @param regions - xyxy in pixels of each image
 * @returns [sum of regions, C, size, size]
 * @example
 * import { tensor } from '@lanewise/core'
 * const image = tensor([[[1, 1, 2, 2], [1, 1, 2, 2]]])
 * warpRegions([image], [Float32Array.of(2, 0, 4, 2)], 1).toArray() // => [[[[2]]]]
 */
export const warpRegions = (images: readonly Tensor[], regions: readonly Float32Array[], size: number): Tensor => {
  const squares = images.map((image, i) =>
    roiAlign(unsqueeze(image, 0), roisFromBoxes([regions[i]]), { outputSize: size, samplingRatio: 2, aligned: true }),
  )
  return squares.length === 1 ? squares[0] : concat(squares)
}
