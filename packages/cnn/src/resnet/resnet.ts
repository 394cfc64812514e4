import {
  AdaptiveAvgPool2d,
  Conv2d,
  flatten,
  initializers,
  Linear,
  MaxPool2d,
  Module,
  relu,
  Sequential,
  ValueError,
  type Layer,
  type Tensor,
} from '@lanewise/core'
import { BasicBlock, batchNorm2d, Bottleneck, conv1x1, type BlockType, type NormLayer } from './blocks.ts'
import {
  resnet101Variant,
  resnet152Variant,
  resnet18Variant,
  resnet34Variant,
  resnet50Variant,
  resnext50Variant,
  wideResnet50Variant,
} from './variants.ts'

/** What {@link resnet18} and its like take. */
export interface ResNetOptions {
  /** Default 1000. */
  readonly numClasses?: number
  /** Channels of the images. Default 3. */
  readonly inChannels?: number
  /** Starts each block as its shortcut alone. Default false. */
  readonly zeroInitResidual?: boolean
  /** Whether stages 2, 3 and 4 widen their kernels' reach instead of shrinking the image; for {@link Bottleneck} only. */
  readonly replaceStrideWithDilation?: readonly [boolean, boolean, boolean]
  /** Makes each normalisation. Default `new BatchNorm2d(channels)`. */
  readonly normLayer?: NormLayer
}

/** What {@link ResNet} takes. */
export interface ResNetConfig extends ResNetOptions {
  /** {@link BasicBlock} or {@link Bottleneck}. */
  readonly block: BlockType
  /** Blocks of the four stages. */
  readonly layers: readonly [number, number, number, number]
  /** Groups of the 3x3 convolutions. Default 1. */
  readonly groups?: number
  /** Channels of a group in the first stage. Default 64. */
  readonly widthPerGroup?: number
  /** Channels of the first stage; each further stage has twice as many. Default 64. */
  readonly width?: number
}

/** What stays the same and what moves on while the stages are built. */
interface Growth {
  readonly config: ResNetConfig
  readonly normLayer: NormLayer
  inChannels: number
  dilation: number
}

/** One stage of blocks, the first with the stride; the shortcut's convolution draws before those of its block. */
const stage = (growth: Growth, index: number, channels: number, stride: number, dilate: boolean): Sequential => {
  const { config, normLayer } = growth
  const { block: Block, groups = 1, widthPerGroup: baseWidth = 64 } = config
  const { dilation: before } = growth
  if (dilate) growth.dilation *= stride
  const step = dilate ? 1 : stride
  const outChannels = channels * Block.expansion
  const fits = step === 1 && growth.inChannels === outChannels
  const downsample = fits ? null : new Sequential(conv1x1(growth.inChannels, outChannels, step), normLayer(outChannels))
  const shared = { groups, baseWidth, normLayer }
  const first = new Block(growth.inChannels, channels, { ...shared, stride: step, downsample, dilation: before })
  growth.inChannels = outChannels
  const blocks = [first]
  while (blocks.length < config.layers[index]) {
    blocks.push(new Block(outChannels, channels, { ...shared, dilation: growth.dilation }))
  }
  return new Sequential(...blocks)
}

const checkConfig = ({ layers, replaceStrideWithDilation = [false, false, false] }: ResNetConfig): void => {
  if (replaceStrideWithDilation.length !== 3) {
    throw new ValueError({
      op: 'ResNet',
      problem: 'replaceStrideWithDilation does not fit',
      got: `${replaceStrideWithDilation.length} values`,
      expected: '3, for stages 2, 3 and 4',
    })
  }
  if (layers.length !== 4 || !layers.every((n) => Number.isInteger(n) && n >= 1)) {
    throw new ValueError({
      op: 'ResNet',
      problem: 'layers do not fit',
      got: `[${layers}]`,
      expected: '4 integers >= 1',
    })
  }
}

/** He's normal draw for each convolution, in the modules' order. */
const initialise = (model: ResNet, zeroInitResidual: boolean): void => {
  for (const module of model.namedModules().values()) {
    if (module instanceof Conv2d) initializers.kaimingNormal_(module.weight, { mode: 'fanOut', nonlinearity: 'relu' })
  }
  if (!zeroInitResidual) return
  for (const module of model.namedModules().values()) {
    const last = module instanceof Bottleneck ? module.bn3 : module instanceof BasicBlock ? module.bn2 : null
    const weight = last?.stateDict().get('weight')
    if (weight !== undefined) initializers.zeros_(weight)
  }
}

/**
 * Residual network for images, as torchvision's ResNet (v1.5), with its names and its draws under one seed.
 *
 *     conv 7x7/2 -> pool 3x3/2 -> layer1 -> layer2 /2 -> layer3 /2 -> layer4 /2 -> mean -> fc
 *
 * Shape: x [N, inChannels, H, W] -> [N, numClasses]. Use {@link resnet18} and its like for the known sizes.
 * @throws ValueError when an option does not fit.
 * @source He et al. 2015, https://arxiv.org/abs/1512.03385; checked against torchvision 0.14 in resnet.test.ts
 * @example
 * import { ones } from '@lanewise/core'
 * new ResNet({ block: BasicBlock, layers: [1, 1, 1, 1], numClasses: 4 }).forward(ones([2, 3, 32, 32])).shape // => [2, 4]
 */
export class ResNet extends Module {
  readonly conv1: Conv2d
  readonly bn1: Layer
  readonly maxpool: MaxPool2d
  readonly layer1: Sequential
  readonly layer2: Sequential
  readonly layer3: Sequential
  readonly layer4: Sequential
  readonly avgpool: AdaptiveAvgPool2d
  fc: Linear

  constructor(config: ResNetConfig) {
    super()
    checkConfig(config)
    const { numClasses = 1000, inChannels = 3, normLayer = batchNorm2d, zeroInitResidual = false, width = 64 } = config
    const [dilate2, dilate3, dilate4] = config.replaceStrideWithDilation ?? [false, false, false]
    const growth: Growth = { config, normLayer, inChannels: width, dilation: 1 }
    this.conv1 = new Conv2d(inChannels, width, 7, { stride: 2, padding: 3, bias: false })
    this.bn1 = normLayer(width)
    this.maxpool = new MaxPool2d(3, { stride: 2, padding: 1 })
    this.layer1 = stage(growth, 0, width, 1, false)
    this.layer2 = stage(growth, 1, 2 * width, 2, dilate2)
    this.layer3 = stage(growth, 2, 4 * width, 2, dilate3)
    this.layer4 = stage(growth, 3, 8 * width, 2, dilate4)
    this.avgpool = new AdaptiveAvgPool2d(1)
    this.fc = new Linear(growth.inChannels, numClasses)
    initialise(this, zeroInitResidual)
  }

  forward(x: Tensor): Tensor {
    let y = this.maxpool.forward(relu(this.bn1.forward(this.conv1.forward(x))))
    for (const name of ['layer1', 'layer2', 'layer3', 'layer4'] as const) y = this[name].forward(y)
    return this.fc.forward(flatten(this.avgpool.forward(y), 1))
  }

  /**
   * Puts a new last layer in place, with PyTorch's draws for a Linear layer.
   * @example resnet18({ numClasses: 10 }).resetHead({ numClasses: 3 }).fc.outFeatures // => 3
   */
  resetHead({ numClasses }: { readonly numClasses: number }): this {
    this.fc = new Linear(this.fc.inFeatures, numClasses)
    return this
  }
}

/** The outputs of a ResNet's four stages. */
export interface ResNetFeatures {
  readonly layer1: Tensor
  readonly layer2: Tensor
  readonly layer3: Tensor
  readonly layer4: Tensor
}

/**
 * A ResNet without its head that gives what its four stages give, for segmentation and detection; torchvision's
 * IntermediateLayerGetter. It takes over the layers of the network given.
 * Shape: x [N, C, H, W] -> layer1 [N, C1, H / 4, W / 4] to layer4 [N, 8 C1, H / 32, W / 32], less where dilated.
 * @example
 * import { ones } from '@lanewise/core'
 * new ResNetBody(resnet18()).forward(ones([1, 3, 64, 64])).layer4.shape // => [1, 512, 2, 2]
 */
export class ResNetBody extends Module<[x: Tensor], ResNetFeatures> {
  readonly conv1: Conv2d
  readonly bn1: Layer
  readonly maxpool: MaxPool2d
  readonly layer1: Sequential
  readonly layer2: Sequential
  readonly layer3: Sequential
  readonly layer4: Sequential

  constructor({ conv1, bn1, maxpool, layer1, layer2, layer3, layer4 }: ResNet) {
    super()
    this.conv1 = conv1
    this.bn1 = bn1
    this.maxpool = maxpool
    this.layer1 = layer1
    this.layer2 = layer2
    this.layer3 = layer3
    this.layer4 = layer4
  }

  forward(x: Tensor): ResNetFeatures {
    const stem = this.maxpool.forward(relu(this.bn1.forward(this.conv1.forward(x))))
    const layer1 = this.layer1.forward(stem)
    const layer2 = this.layer2.forward(layer1)
    const layer3 = this.layer3.forward(layer2)
    return { layer1, layer2, layer3, layer4: this.layer4.forward(layer3) }
  }
}

/**
 * ResNet-18, as torchvision's resnet18.
 * @source Checked against torchvision 0.14 and its recorded output in resnet.test.ts
 * @example
 * import { ones } from '@lanewise/core'
 * resnet18({ numClasses: 10 }).forward(ones([1, 3, 64, 64])).shape // => [1, 10]
 */
export const resnet18 = (options: ResNetOptions = {}): ResNet => new ResNet({ ...resnet18Variant, ...options })

/** ResNet-34, as torchvision's resnet34. */
export const resnet34 = (options: ResNetOptions = {}): ResNet => new ResNet({ ...resnet34Variant, ...options })

/**
 * ResNet-50, as torchvision's resnet50.
 * @source Checked against torchvision 0.14 and its recorded output in resnet.test.ts
 */
export const resnet50 = (options: ResNetOptions = {}): ResNet => new ResNet({ ...resnet50Variant, ...options })

/** ResNet-101, as torchvision's resnet101. */
export const resnet101 = (options: ResNetOptions = {}): ResNet => new ResNet({ ...resnet101Variant, ...options })

/** ResNet-152, as torchvision's resnet152. */
export const resnet152 = (options: ResNetOptions = {}): ResNet => new ResNet({ ...resnet152Variant, ...options })

/** ResNeXt-50 with 32 groups of 4 channels, as torchvision's resnext50_32x4d. */
export const resnext50 = (options: ResNetOptions = {}): ResNet => new ResNet({ ...resnext50Variant, ...options })

/** ResNet-50 with bottlenecks twice as wide, as torchvision's wide_resnet50_2. */
export const wideResnet50 = (options: ResNetOptions = {}): ResNet => new ResNet({ ...wideResnet50Variant, ...options })
