import {
  add,
  BatchNorm2d,
  Conv2d,
  crossEntropy,
  Dropout,
  interpolate,
  Module,
  mul,
  ReLU,
  Sequential,
  type Tensor,
} from '@lanewise/core'
import { resnet50, ResNetBody, type ResNet } from '../resnet/index.ts'

// Long, Shelhamer and Darrell 2015, https://arxiv.org/abs/1411.4038, in torchvision's form: a dilated ResNet, whose last
// stages keep the picture at an eighth, with a small head on each.
//
//   x -> backbone -> layer4 -> classifier     -> resize -> out
//                    layer3 -> aux_classifier -> resize -> aux

/** Options of {@link fcnResnet50}. */
export interface FCNResNet50Options {
  /** Classes, the background among them. Default 21. */
  readonly numClasses?: number
  /** Whether there is a second head, which helps training. Default false. */
  readonly auxLoss?: boolean
}

/** What {@link FCN} takes. */
export interface FCNOptions {
  /** Its layers are taken over; the last one is left out. */
  readonly backbone: ResNet
  readonly numClasses: number
  /** See {@link FCNResNet50Options}. */
  readonly auxLoss?: boolean
}

/** The logits of both heads. */
export interface FCNOutputs {
  /** [N, numClasses, H, W]. */
  readonly out: Tensor
  /** The same from the second head, or null where there is none. */
  readonly aux: Tensor | null
}

/** A 3x3 convolution to a quarter of the channels, and a 1x1 one to the classes. */
class FCNHead extends Sequential {
  constructor(inChannels: number, numClasses: number) {
    const width = Math.floor(inChannels / 4)
    super(
      new Conv2d(inChannels, width, 3, { padding: 1, bias: false }),
      new BatchNorm2d(width),
      new ReLU(),
      new Dropout(0.1),
      new Conv2d(width, numClasses, 1),
    )
  }
}

/** Logits as large as the picture. */
const enlarge = (x: Tensor, like: Tensor): Tensor => interpolate(x, { size: like.shape.slice(2), mode: 'bilinear' })

/** Channels of the last stages, which their heads take. */
const widthsOf = ({ fc }: ResNet): readonly [layer3: number, layer4: number] => [fc.inFeatures / 2, fc.inFeatures]

/**
 * A ResNet with heads that give a class for each pixel; see {@link fcnResnet50}.
 * @example
 * import { ones } from '@lanewise/core'
 * const model = new FCN({ backbone: resnet18(), numClasses: 3 }).eval()
 * model.forward(ones([1, 3, 32, 32])).shape // => [1, 3, 32, 32]
 */
export class FCN extends Module {
  readonly backbone: ResNetBody
  classifier: Sequential
  aux_classifier: Sequential | null
  readonly #widths: readonly [layer3: number, layer4: number]

  constructor({ backbone, numClasses, auxLoss = false }: FCNOptions) {
    super()
    this.#widths = widthsOf(backbone)
    const [layer3, layer4] = this.#widths
    // torchvision draws the second head first.
    const aux = auxLoss ? new FCNHead(layer3, numClasses) : null
    this.backbone = new ResNetBody(backbone)
    this.classifier = new FCNHead(layer4, numClasses)
    this.aux_classifier = aux
  }

  /** The logits of the main head. */
  forward(x: Tensor): Tensor {
    return enlarge(this.classifier.forward(this.backbone.forward(x).layer4), x)
  }

  /** The logits of both heads, for training; see {@link fcnLoss}. */
  outputs(x: Tensor): FCNOutputs {
    const { layer3, layer4 } = this.backbone.forward(x)
    const out = enlarge(this.classifier.forward(layer4), x)
    return { out, aux: this.aux_classifier && enlarge(this.aux_classifier.forward(layer3), x) }
  }

  /** Puts new heads in place. */
  resetHead({ numClasses }: { readonly numClasses: number }): this {
    const [layer3, layer4] = this.#widths
    if (this.aux_classifier !== null) this.aux_classifier = new FCNHead(layer3, numClasses)
    this.classifier = new FCNHead(layer4, numClasses)
    return this
  }
}

/** Options of {@link fcnLoss}. */
export interface FCNLossOptions {
  /** Weight of the second head's loss. Default 0.5. */
  readonly auxWeight?: number
  /** Label of pixels that do not count. Default 255. */
  readonly ignoreIndex?: number
}

/**
 * The cross-entropy of the main head plus `auxWeight` times that of the second.
 * Shape: logits [N, C, H, W], target i32 [N, H, W] -> scalar.
 * @example
 * import { tensor, zeros } from '@lanewise/core'
 * const logits = zeros([1, 2, 1, 2])
 * fcnLoss({ out: logits, aux: logits }, tensor([[[0, 255]]], { dtype: 'i32' })).item() // => 1.0397
 */
export const fcnLoss = ({ out, aux }: FCNOutputs, target: Tensor, options: FCNLossOptions = {}): Tensor => {
  const { auxWeight = 0.5, ignoreIndex = 255 } = options
  const loss = crossEntropy(out, target, { ignoreIndex })
  return aux === null ? loss : add(loss, mul(crossEntropy(aux, target, { ignoreIndex }), auxWeight))
}

/**
 * FCN on a dilated ResNet-50, as torchvision's fcn_resnet50 without weights, with its draws under one seed.
 * Shape: x [N, 3, H, W] -> logits [N, numClasses, H, W].
 * State: `backbone.*` of a ResNet without `fc`, `classifier.{0,1,4}.*`, `aux_classifier.{0,1,4}.*`.
 * @source Long et al. 2015, https://arxiv.org/abs/1411.4038; checked against torchvision 0.14 in fcn.test.ts
 * @example
 * const model = fcnResnet50({ numClasses: 11, auxLoss: true })
 * model.parameters().reduce((n, p) => n + p.size, 0) // => 35314518
 */
export const fcnResnet50 = ({ numClasses = 21, auxLoss = false }: FCNResNet50Options = {}): FCN =>
  new FCN({ backbone: resnet50({ replaceStrideWithDilation: [false, true, true] }), numClasses, auxLoss })
