import {
  AdaptiveAvgPool2d,
  BatchNorm2d,
  Conv2d,
  Dropout,
  flatten,
  initializers,
  Linear,
  MaxPool2d,
  Module,
  ReLU,
  Sequential,
  ValueError,
  type Tensor,
} from '@lanewise/core'
import { vgg11Variant, vgg13Variant, vgg16Variant, vgg19Variant, type VggLayers } from './variants.ts'

/** What {@link vgg11} and its like take. */
export interface VggOptions {
  /** Default 1000. */
  readonly numClasses?: number
  /** Channels of the images. Default 3. */
  readonly inChannels?: number
  /** Share of the head's hidden values that training drops. Default 0.5. */
  readonly dropout?: number
  /** False keeps the draws of the layers themselves. Default true. */
  readonly initWeights?: boolean
}

/** What {@link Vgg} takes. */
export interface VggConfig extends VggOptions {
  readonly layers: VggLayers
  /** Whether a batch norm follows each convolution. Default false. */
  readonly batchNorm?: boolean
}

/** The convolutional part. */
export const vggFeatures = ({ layers, batchNorm = false, inChannels = 3 }: VggConfig): Sequential => {
  const features = new Sequential()
  let channels = inChannels
  for (const layer of layers) {
    if (layer === 'pool') {
      features.append(new MaxPool2d(2, { stride: 2 }))
      continue
    }
    features.append(new Conv2d(channels, layer, 3, { padding: 1 }))
    if (batchNorm) features.append(new BatchNorm2d(layer))
    features.append(new ReLU())
    channels = layer
  }
  return features
}

/** Channels after the last convolution. */
const widthOf = (layers: VggLayers): number => {
  const width = layers.findLast((layer) => layer !== 'pool')
  if (width !== undefined) return width
  throw new ValueError({
    op: 'Vgg',
    problem: 'there is no convolution',
    got: `[${layers}]`,
    expected: 'at least one number',
  })
}

const initialise = (model: Vgg): void => {
  for (const module of model.namedModules().values()) {
    if (module instanceof Conv2d) initializers.kaimingNormal_(module.weight, { mode: 'fanOut', nonlinearity: 'relu' })
    else if (module instanceof Linear) initializers.normal_(module.weight, { std: 0.01 })
    else continue
    if (module.bias !== null) initializers.zeros_(module.bias)
  }
}

/**
 * VGG network for images, as torchvision's VGG, with its names and its draws under one seed: 3x3 convolutions in
 * five steps, each ended by a pool, then three fully connected layers over the mean of 7x7 fields.
 * Shape: x [N, inChannels, H, W] with H, W >= 32 -> [N, numClasses]. Use {@link vgg11} and its like.
 * @throws ValueError when an option does not fit.
 * @source Simonyan and Zisserman 2014, https://arxiv.org/abs/1409.1556; checked against torchvision 0.14 in vgg.test.ts
 */
export class Vgg extends Module {
  readonly features: Sequential
  readonly avgpool: AdaptiveAvgPool2d
  classifier: Sequential

  constructor(config: VggConfig) {
    super()
    const { numClasses = 1000, dropout = 0.5, initWeights = true } = config
    const width = widthOf(config.layers)
    this.features = vggFeatures(config)
    this.avgpool = new AdaptiveAvgPool2d(7)
    this.classifier = new Sequential(
      new Linear(width * 49, 4096),
      new ReLU(),
      new Dropout(dropout),
      new Linear(4096, 4096),
      new ReLU(),
      new Dropout(dropout),
      new Linear(4096, numClasses),
    )
    if (initWeights) initialise(this)
  }

  forward(x: Tensor): Tensor {
    return this.classifier.forward(flatten(this.avgpool.forward(this.features.forward(x)), 1))
  }

  /** Puts a new last layer in place, with PyTorch's draws for a Linear layer. */
  resetHead({ numClasses }: { readonly numClasses: number }): this {
    this.classifier = new Sequential(...[...this.classifier].slice(0, -1), new Linear(4096, numClasses))
    return this
  }
}

/** VGG-11, as torchvision's vgg11. */
export const vgg11 = (options: VggOptions = {}): Vgg => new Vgg({ ...vgg11Variant, ...options })
/** VGG-11 with batch norm, as torchvision's vgg11_bn. */
export const vgg11Bn = (options: VggOptions = {}): Vgg => new Vgg({ ...vgg11Variant, batchNorm: true, ...options })
/** VGG-13, as torchvision's vgg13. */
export const vgg13 = (options: VggOptions = {}): Vgg => new Vgg({ ...vgg13Variant, ...options })
/** VGG-13 with batch norm, as torchvision's vgg13_bn. */
export const vgg13Bn = (options: VggOptions = {}): Vgg => new Vgg({ ...vgg13Variant, batchNorm: true, ...options })
/** VGG-16, as torchvision's vgg16. */
export const vgg16 = (options: VggOptions = {}): Vgg => new Vgg({ ...vgg16Variant, ...options })
/** VGG-16 with batch norm, as torchvision's vgg16_bn. */
export const vgg16Bn = (options: VggOptions = {}): Vgg => new Vgg({ ...vgg16Variant, batchNorm: true, ...options })
/** VGG-19, as torchvision's vgg19. */
export const vgg19 = (options: VggOptions = {}): Vgg => new Vgg({ ...vgg19Variant, ...options })
/** VGG-19 with batch norm, as torchvision's vgg19_bn. */
export const vgg19Bn = (options: VggOptions = {}): Vgg => new Vgg({ ...vgg19Variant, batchNorm: true, ...options })
