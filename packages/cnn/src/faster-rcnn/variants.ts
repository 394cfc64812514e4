import { ValueError } from '@lanewise/core'
import { batchNorm2d, type NormLayer } from '../resnet/blocks.ts'
import { ResNet } from '../resnet/resnet.ts'
import { resnet18Variant, resnet50Variant } from '../resnet/variants.ts'
import { FasterRcnn, ResNetFpn, type FasterRcnnOptions } from './faster-rcnn.ts'
import { FrozenBatchNorm2d } from './frozen-batch-norm.ts'

/** Options of {@link fasterRcnnResnet50Fpn}. */
export interface FasterRcnnResnetOptions extends Omit<FasterRcnnOptions, 'numClasses'> {
  /** Classes and the background. Default 91, as in COCO. */
  readonly numClasses?: number
  /** Channels of the pyramid. Default 256. */
  readonly outChannels?: number
  /** Whether the backbone's batch normalisation is fixed, as for pre-trained weights. Default false. */
  readonly frozenBatchNorm?: boolean
  /** Added to the variance by the fixed normalisation; 0 for torchvision's COCO weights. Default 1e-5. */
  readonly frozenEps?: number
  /** Parts of the backbone that are trained, from layer4 down to the first convolution; 3 for pre-trained weights. Default 5, all. */
  readonly trainableLayers?: number
}

/** Options of {@link fasterRcnnResnet18Fpn}. */
export interface FasterRcnnResnet18Options extends FasterRcnnResnetOptions {
  /** Channels of the backbone's first stage, from which the others double. Default 64. */
  readonly width?: number
}

/** The backbone's parts from the last to the first, as `trainableLayers` counts them. */
const parts = ['layer4', 'layer3', 'layer2', 'layer1', 'conv1'] as const

const normOf = ({ frozenBatchNorm = false, frozenEps = 1e-5 }: FasterRcnnResnetOptions): NormLayer =>
  frozenBatchNorm ? (channels) => new FrozenBatchNorm2d(channels, { eps: frozenEps }) : batchNorm2d

const build = (network: ResNet, options: FasterRcnnResnetOptions): FasterRcnn => {
  const { numClasses = 91, outChannels, trainableLayers = 5 } = options
  if (!(Number.isInteger(trainableLayers) && trainableLayers >= 0 && trainableLayers <= 5)) {
    throw new ValueError({
      op: 'FasterRcnn',
      problem: 'trainableLayers is out of range',
      got: String(trainableLayers),
      expected: '0 to 5',
    })
  }
  const backbone = new ResNetFpn(network, outChannels)
  if (trainableLayers < parts.length) backbone.body.freeze({ except: parts.slice(0, trainableLayers) })
  return new FasterRcnn(backbone, { ...options, numClasses })
}

/**
 * Faster R-CNN with ResNet-50 and a feature pyramid, as torchvision's fasterrcnn_resnet50_fpn.
 * Under one seed it draws torchvision's weights for a model without pre-trained ones. For torchvision's files pass
 * `frozenBatchNorm: true`, for the COCO ones `frozenEps: 0` too, and rename with {@link fasterRcnnWeights}.
 * @throws ValueError when an option does not fit.
 * @source Lin et al. 2017, https://arxiv.org/abs/1612.03144; names and shapes checked against torchvision 0.14 in
 * faster-rcnn.test.ts
 */
export const fasterRcnnResnet50Fpn = (options: FasterRcnnResnetOptions = {}): FasterRcnn =>
  build(new ResNet({ ...resnet50Variant, normLayer: normOf(options) }), options)

/**
 * Faster R-CNN with ResNet-18 and a feature pyramid, for small data and small machines; `width` makes it narrower.
 * @throws ValueError when an option does not fit.
 * @source Checked against torchvision's resnet_fpn_backbone('resnet18') in FasterRCNN 0.14 in faster-rcnn.test.ts
 * @example fasterRcnnResnet18Fpn({ numClasses: 4, width: 8, outChannels: 8 }).rpn.head.cls_logits.inChannels // => 8
 */
export const fasterRcnnResnet18Fpn = (options: FasterRcnnResnet18Options = {}): FasterRcnn =>
  build(new ResNet({ ...resnet18Variant, normLayer: normOf(options), width: options.width ?? 64 }), options)
