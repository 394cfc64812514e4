import { add, Module, noGrad, scope, ValueError, type Tensor } from '@lanewise/core'
import type { Detections, ImageSize } from '@lanewise/vision'
import { ResNetBody, type ResNet } from '../resnet/resnet.ts'
import { FeaturePyramidNetwork } from './fpn.ts'
import { BoxPredictor, RoiHeads, type RoiHeadsOptions } from './roi-heads.ts'
import { RegionProposalNetwork, type RpnOptions } from './rpn.ts'
import { checkClasses, checkTargets, type CheckedTarget, type DetectionTarget } from './targets.ts'
import {
  DetectionTransform,
  resizeBoxes,
  sizeOfImage,
  type DetectionTransformOptions,
  type ImageBatch,
} from './transform.ts'

/** A network that gives feature maps of one depth, from fine to coarse. */
export interface PyramidBackbone extends Module<[x: Tensor], Tensor[]> {
  readonly outChannels: number
}

/**
 * A residual network and the pyramid over its four stages, as torchvision's BackboneWithFPN.
 * Shape: [N, 3, H, W] -> five maps [N, outChannels, H / 2^k, W / 2^k], k from 2 to 6.
 * @example
 * import { zeros } from '@lanewise/core'
 * const network = new ResNet({ block: BasicBlock, layers: [1, 1, 1, 1], width: 8 })
 * new ResNetFpn(network, 8).forward(zeros([1, 3, 64, 64])).map((p) => p.shape[2]) // => [16, 8, 4, 2, 1]
 */
export class ResNetFpn extends Module<[x: Tensor], Tensor[]> implements PyramidBackbone {
  readonly outChannels: number
  readonly body: ResNetBody
  readonly fpn: FeaturePyramidNetwork

  constructor(network: ResNet, outChannels = 256) {
    super()
    this.outChannels = outChannels
    this.body = new ResNetBody(network)
    const last = network.fc.inFeatures
    this.fpn = new FeaturePyramidNetwork([last / 8, last / 4, last / 2, last], outChannels)
  }

  forward(x: Tensor): Tensor[] {
    const { layer1, layer2, layer3, layer4 } = this.body.forward(x)
    return this.fpn.forward([layer1, layer2, layer3, layer4])
  }
}

/** Options of {@link FasterRcnn}; the defaults are torchvision's. */
export interface FasterRcnnOptions extends DetectionTransformOptions {
  /** Classes and the background, which is class 0. */
  readonly numClasses: number
  readonly rpn?: RpnOptions
  readonly box?: RoiHeadsOptions
}

/** The four losses, and their sum. */
export interface FasterRcnnLosses {
  /** Which class a region holds. */
  readonly classifier: Tensor
  /** Where exactly its object is. */
  readonly boxReg: Tensor
  /** Whether an anchor holds an object. */
  readonly objectness: Tensor
  /** Where exactly the anchor's object is. */
  readonly rpnBoxReg: Tensor
  readonly total: Tensor
}

/** Losses in training, detections in evaluation. */
export interface FasterRcnnResult {
  readonly losses: FasterRcnnLosses | null
  /** Of each image, in its own pixels, best first; none in training. */
  readonly detections: Detections[]
}

/**
 * Faster R-CNN: finds objects of several classes in images of any size.
 *
 *     images -> transform -> backbone -> pyramid -> rpn: regions that may hold an object
 *                                           |              |
 *                                           +-- RoIAlign --+-> box head -> class and box of each region
 *
 * Trained by {@link FasterRcnn.loss}, used by {@link FasterRcnn.detect}; names, options and losses are torchvision's.
 * @throws ValueError, ShapeError or DTypeError, with the image or target meant, when these do not fit.
 * @source Ren et al. 2015, https://arxiv.org/abs/1506.01497; forward, losses, gradients and detections checked against
 * torchvision 0.14 in faster-rcnn.test.ts
 * @example
 * import { manualSeed, rand } from '@lanewise/core'
 * manualSeed(0)
 * const model = fasterRcnnResnet18Fpn({ numClasses: 3, minSize: 64, width: 8, outChannels: 8 })
 * const target = { boxes: [8, 8, 40, 40], labels: [2] }
 * model.loss([rand([3, 64, 64])], [target]).total.item() > 0 // => true
 * model.eval().detect([rand([3, 48, 64])]).length // => 1
 */
export class FasterRcnn extends Module<
  [images: readonly Tensor[], targets?: readonly DetectionTarget[]],
  FasterRcnnResult
> {
  readonly transform: DetectionTransform
  readonly backbone: PyramidBackbone
  readonly rpn: RegionProposalNetwork
  readonly roi_heads: RoiHeads
  private classes: number

  constructor(backbone: PyramidBackbone, { numClasses, rpn, box, ...transform }: FasterRcnnOptions) {
    super()
    checkClasses('FasterRcnn', numClasses)
    this.classes = numClasses
    this.transform = new DetectionTransform(transform)
    this.backbone = backbone
    this.rpn = new RegionProposalNetwork(backbone.outChannels, rpn)
    this.roi_heads = new RoiHeads({ inChannels: backbone.outChannels, numClasses }, box)
  }

  /** Classes and the background. */
  get numClasses(): number {
    return this.classes
  }

  forward(images: readonly Tensor[], targets?: readonly DetectionTarget[]): FasterRcnnResult {
    if (!this.training) return { losses: null, detections: this.find(images) }
    if (targets === undefined) {
      throw new ValueError({
        op: 'FasterRcnn',
        problem: 'there are no targets to train with',
        expected: 'boxes and labels of each image',
        advice: 'Switch to evaluation with eval() to detect',
      })
    }
    return { losses: this.learn(images, targets), detections: [] }
  }

  /**
   * The losses of images [C, H, W] with values from 0 to 1 and their objects. The model must be training.
   * @throws ValueError when the model is in evaluation.
   */
  loss(images: readonly Tensor[], targets: readonly DetectionTarget[]): FasterRcnnLosses {
    const { losses } = this.forward(images, targets)
    if (losses !== null) return losses
    throw new ValueError({ op: 'FasterRcnn', problem: 'the model is in evaluation', advice: 'Call train() first' })
  }

  /**
   * The objects in images [C, H, W] with values from 0 to 1. The model must be in evaluation.
   * @throws ValueError when the model is training.
   */
  detect(images: readonly Tensor[]): Detections[] {
    if (!this.training) return this.forward(images).detections
    throw new ValueError({ op: 'FasterRcnn', problem: 'the model is training', advice: 'Call eval() first' })
  }

  /**
   * Puts a new predictor for other classes in place, with PyTorch's draws for Linear layers; all else stays.
   * @param options - numClasses: classes and the background
   */
  resetHead({ numClasses }: { readonly numClasses: number }): this {
    checkClasses('FasterRcnn', numClasses)
    this.classes = numClasses
    const predictor = new BoxPredictor(this.roi_heads.options.representationSize, numClasses)
    this.roi_heads.box_predictor = predictor.train(this.training)
    return this
  }

  private learn(images: readonly Tensor[], targets: readonly DetectionTarget[]): FasterRcnnLosses {
    const checked = checkTargets('FasterRcnn', targets, { images: images.length, classes: this.classes })
    const batch = this.transform.batch(images, true)
    const resized = checked.map(({ boxes, labels }, i): CheckedTarget => {
      return { boxes: resizeBoxes(boxes, sizeOfImage(images[i]), batch.sizes[i]), labels }
    })
    const features = this.backbone.forward(batch.images)
    const rpn = this.rpn.forward(batch, features, resized)
    const heads = this.roi_heads.forward(pooledLevels(features), rpn.proposals, batch.sizes, resized)
    const { classifier, boxReg } = heads.losses!
    const { objectness, rpnBoxReg } = rpn.losses!
    return {
      classifier,
      boxReg,
      objectness,
      rpnBoxReg,
      total: add(add(classifier, boxReg), add(objectness, rpnBoxReg)),
    }
  }

  private find(images: readonly Tensor[]): Detections[] {
    return noGrad(() =>
      scope(() => {
        const batch = this.transform.batch(images, false)
        const features = this.backbone.forward(batch.images)
        const { proposals } = this.rpn.forward(batch, features, null)
        const { detections } = this.roi_heads.forward(pooledLevels(features), proposals, batch.sizes, null)
        return detections.map((found, i) => inPixelsOf(found, batch, i, sizeOfImage(images[i])))
      }),
    )
  }
}

/** The levels that regions are pooled from: all but the coarsest, which proposes only. */
export const pooledLevels = (features: readonly Tensor[]): readonly Tensor[] =>
  features.length > 1 ? features.slice(0, -1) : features

export const inPixelsOf = (found: Detections, batch: ImageBatch, i: number, size: ImageSize): Detections => ({
  ...found,
  boxes: resizeBoxes(found.boxes, batch.sizes[i], size),
})
