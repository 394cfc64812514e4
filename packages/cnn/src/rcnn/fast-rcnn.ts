import { add, Module, noGrad, scope, ShapeError, ValueError, type Tensor } from '@lanewise/core'
import { inferScale, roiPool, roisFromBoxes, type Detections, type Values } from '@lanewise/vision'
import { inPixelsOf, pooledLevels, type PyramidBackbone } from '../faster-rcnn/faster-rcnn.ts'
import { RoiHeads, type RegionPool, type RoiHeadsOptions } from '../faster-rcnn/roi-heads.ts'
import { checkClasses, checkTargets, type DetectionTarget } from '../faster-rcnn/targets.ts'
import {
  DetectionTransform,
  resizeBoxes,
  sizeOfImage,
  type DetectionTransformOptions,
  type ImageBatch,
} from '../faster-rcnn/transform.ts'
import { checkProposals } from './proposals.ts'

/** Options of {@link FastRcnn}. */
export interface FastRcnnOptions extends DetectionTransformOptions {
  /** Classes and the background, which is class 0. */
  readonly numClasses: number
  readonly box?: RoiHeadsOptions
}

/** The losses of {@link FastRcnn} and {@link Rcnn}, and their sum. */
export interface RegionLosses {
  /** Which class a region holds. */
  readonly classifier: Tensor
  /** Where exactly its object is. */
  readonly boxReg: Tensor
  readonly total: Tensor
}

/** Losses in training, detections in evaluation. */
export interface RegionResult {
  readonly losses: RegionLosses | null
  /** Of each image, in its own pixels, best first; none in training. */
  readonly detections: Detections[]
}

/**
 * RoI max pooling from one feature map, at the scale that the map's and images' heights tell: how Fast R-CNN's paper
 * pools. Pass it as `box: { pool: roiMaxPool }`, with a backbone that gives one map.
 * @throws ShapeError when there are several maps.
 * @source Girshick 2015, section 2.1; checked against torchvision.ops.roi_pool 0.14 in golden.test.ts
 * @example
 * import { tensor } from '@lanewise/core'
 * const map = tensor([[[[1, 2], [3, 4]]]])
 * const options = { outputSize: 1, imageSizes: [{ width: 2, height: 2 }] }
 * roiMaxPool([map], [Float32Array.of(0, 0, 1, 0)], options).toArray() // => [[[[2]]]]
 */
export const roiMaxPool: RegionPool = (features, regions, { outputSize, imageSizes }) => {
  if (features.length !== 1) {
    throw new ShapeError({
      op: 'roiMaxPool',
      problem: 'there is not one feature map',
      got: `${features.length} maps`,
      expected: 'one',
      advice: 'Use a backbone without a pyramid, or leave the default pool',
    })
  }
  const tallest = Math.max(...imageSizes.map((size) => size.height))
  const spatialScale = inferScale(features[0].shape[2], tallest)
  return roiPool(features[0], roisFromBoxes(regions), { outputSize, spatialScale })
}

/**
 * Fast R-CNN: the network sees each image once, and names what lies in regions that someone else proposes, such as
 * `gridAnchors` of `@lanewise/vision`. It is {@link FasterRcnn} without its proposals, with the same box head.
 * In training the objects themselves are regions too. Losses, sampling and thresholds are torchvision's; so is RoIAlign,
 * where the paper has {@link roiMaxPool}.
 * @source Girshick 2015, https://arxiv.org/abs/1504.08083; outputs, losses, gradients, steps and detections checked
 * against torchvision 0.14 (its transform and RoIHeads), with either pool, in golden.test.ts
 * @example
 * import { manualSeed, rand } from '@lanewise/core'
 * manualSeed(0)
 * const network = new ResNet({ block: BasicBlock, layers: [1, 1, 1, 1], width: 8 })
 * const model = new FastRcnn(new ResNetFpn(network, 8), { numClasses: 3, minSize: 64, box: { representationSize: 16 } })
 * const proposals = [[4, 4, 44, 44, 30, 30, 60, 60]]
 * const { losses } = model.forward([rand([3, 64, 64])], proposals, [{ boxes: [8, 8, 40, 40], labels: [2] }])
 * losses.total.item() > 0 // => true
 */
export class FastRcnn extends Module<
  [images: readonly Tensor[], proposals: readonly Values[], targets?: readonly DetectionTarget[]],
  RegionResult
> {
  readonly transform: DetectionTransform
  readonly numClasses: number
  readonly backbone: PyramidBackbone
  readonly roi_heads: RoiHeads

  constructor(backbone: PyramidBackbone, { numClasses, box, ...transform }: FastRcnnOptions) {
    super()
    checkClasses('FastRcnn', numClasses)
    this.transform = new DetectionTransform(transform)
    this.numClasses = numClasses
    this.backbone = backbone
    this.roi_heads = new RoiHeads({ inChannels: backbone.outChannels, numClasses }, box)
  }

  /**
   * @param images - [C, H, W] with values from 0 to 1
   * @param proposals - xyxy regions of each image in pixels, [N, 4]
   * @param targets - the objects of each image; needed in training
   * @throws ValueError or ShapeError where these do not fit each other.
   */
  forward(images: readonly Tensor[], proposals: readonly Values[], targets?: readonly DetectionTarget[]): RegionResult {
    const regions = checkProposals('FastRcnn', proposals, images.length)
    if (this.training) return { losses: this.learn(images, regions, targets), detections: [] }
    const detections = noGrad(() =>
      scope(() => {
        const batch = this.transform.batch(images, false)
        const features = pooledLevels(this.backbone.forward(batch.images))
        const found = this.roi_heads.forward(features, resized(regions, images, batch), batch.sizes, null)
        return found.detections.map((own, i) => inPixelsOf(own, batch, i, sizeOfImage(images[i])))
      }),
    )
    return { losses: null, detections }
  }

  private learn(
    images: readonly Tensor[],
    regions: readonly Float32Array[],
    targets: readonly DetectionTarget[] | undefined,
  ): RegionLosses {
    if (targets === undefined) throw noTargets('FastRcnn')
    const checked = checkTargets('FastRcnn', targets, { images: images.length, classes: this.numClasses })
    const batch = this.transform.batch(images, true)
    const objects = resized(
      checked.map((t) => t.boxes),
      images,
      batch,
    )
    const goals = checked.map(({ labels }, i) => ({ boxes: objects[i], labels }))
    const features = pooledLevels(this.backbone.forward(batch.images))
    const { losses } = this.roi_heads.forward(features, resized(regions, images, batch), batch.sizes, goals)
    return { ...losses!, total: add(losses!.classifier, losses!.boxReg) }
  }
}

/** Boxes on the images as they are in the batch. */
const resized = (boxes: readonly Float32Array[], images: readonly Tensor[], batch: ImageBatch): Float32Array[] =>
  boxes.map((own, i) => resizeBoxes(own, sizeOfImage(images[i]), batch.sizes[i]))

/** For a call in training without targets. */
export const noTargets = (op: string): ValueError =>
  new ValueError({
    op,
    problem: 'there are no targets to train with',
    expected: 'boxes and labels of each image',
    advice: 'Switch to evaluation with eval() to detect',
  })
