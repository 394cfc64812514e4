import { add, BatchNorm2d, Conv2d, Module, relu, ValueError, type Layer, type Tensor } from '@lanewise/core'

/** Makes the normalisation that follows a convolution. */
export type NormLayer = (channels: number) => Layer

/** Batch normalisation with PyTorch's defaults. */
export const batchNorm2d: NormLayer = (channels) => new BatchNorm2d(channels)

/** What {@link BasicBlock} and {@link Bottleneck} take. */
export interface BlockOptions {
  /** Of the block's 3x3 convolution, the first one where there are two. Default 1. */
  readonly stride?: number
  /** Fits the shortcut to the output. Default: the input as it is. */
  readonly downsample?: Layer | null
  /** Groups of the 3x3 convolution. Default 1. */
  readonly groups?: number
  /** Width of a group for 64 channels. Default 64. */
  readonly baseWidth?: number
  /** Of the 3x3 convolution. Default 1. */
  readonly dilation?: number
  /** Default core's `BatchNorm2d`. */
  readonly normLayer?: NormLayer
}

/** A residual block's class. */
export interface BlockType {
  /** Output channels for each channel of the block. */
  readonly expansion: number
  new (inChannels: number, channels: number, options?: BlockOptions): Layer
}

/** A 3x3 convolution that keeps the size at stride 1. */
const conv3x3 = (inChannels: number, outChannels: number, stride = 1, groups = 1, dilation = 1): Conv2d =>
  new Conv2d(inChannels, outChannels, 3, { stride, padding: dilation, groups, dilation, bias: false })

/** A 1x1 convolution. */
export const conv1x1 = (inChannels: number, outChannels: number, stride = 1): Conv2d =>
  new Conv2d(inChannels, outChannels, 1, { stride, bias: false })

/**
 * Two 3x3 convolutions and a shortcut, as torchvision's BasicBlock.   y = relu(norm2(conv2(relu(norm1(conv1 x)))) + shortcut x)
 * Shape: x [N, inChannels, H, W] -> [N, channels, H / stride, W / stride].
 * @throws ValueError for groups, another base width, or a dilation: these belong to {@link Bottleneck}.
 * @source He et al. 2015, https://arxiv.org/abs/1512.03385; checked against torchvision 0.14 in resnet.test.ts
 * @example
 * import { ones } from '@lanewise/core'
 * new BasicBlock(8, 8).forward(ones([1, 8, 4, 4])).shape // => [1, 8, 4, 4]
 */
export class BasicBlock extends Module {
  static readonly expansion: number = 1
  readonly conv1: Conv2d
  readonly bn1: Layer
  readonly conv2: Conv2d
  readonly bn2: Layer
  readonly downsample: Layer | null

  constructor(inChannels: number, channels: number, options: BlockOptions = {}) {
    super()
    const { stride = 1, downsample = null, groups = 1, baseWidth = 64, dilation = 1, normLayer = batchNorm2d } = options
    if (groups !== 1 || baseWidth !== 64 || dilation !== 1) {
      throw new ValueError({
        op: 'BasicBlock',
        problem: 'it has neither groups nor dilation',
        got: `groups ${groups}, width per group ${baseWidth}, dilation ${dilation}`,
        expected: '1, 64 and 1',
        advice: 'Use a network of Bottleneck blocks, such as resnet50',
      })
    }
    this.conv1 = conv3x3(inChannels, channels, stride)
    this.bn1 = normLayer(channels)
    this.conv2 = conv3x3(channels, channels)
    this.bn2 = normLayer(channels)
    this.downsample = downsample
  }

  forward(x: Tensor): Tensor {
    const hidden = relu(this.bn1.forward(this.conv1.forward(x)))
    const y = this.bn2.forward(this.conv2.forward(hidden))
    return relu(add(y, this.downsample?.forward(x) ?? x))
  }
}

/**
 * A 1x1, a 3x3 (with the stride) and a 1x1 convolution to four times the channels, and a shortcut, as torchvision's
 * Bottleneck.
 * Shape: x [N, inChannels, H, W] -> [N, 4 channels, H / stride, W / stride].
 * @source He et al. 2015, https://arxiv.org/abs/1512.03385, the stride on the 3x3; checked against torchvision 0.14 in
 * resnet.test.ts
 * @example
 * import { ones } from '@lanewise/core'
 * new Bottleneck(16, 4).forward(ones([1, 16, 4, 4])).shape // => [1, 16, 4, 4]
 */
export class Bottleneck extends Module {
  static readonly expansion: number = 4
  readonly conv1: Conv2d
  readonly bn1: Layer
  readonly conv2: Conv2d
  readonly bn2: Layer
  readonly conv3: Conv2d
  readonly bn3: Layer
  readonly downsample: Layer | null

  constructor(inChannels: number, channels: number, options: BlockOptions = {}) {
    super()
    const { stride = 1, downsample = null, groups = 1, baseWidth = 64, dilation = 1, normLayer = batchNorm2d } = options
    const width = Math.trunc((channels * baseWidth) / 64) * groups
    const outChannels = channels * Bottleneck.expansion
    this.conv1 = conv1x1(inChannels, width)
    this.bn1 = normLayer(width)
    this.conv2 = conv3x3(width, width, stride, groups, dilation)
    this.bn2 = normLayer(width)
    this.conv3 = conv1x1(width, outChannels)
    this.bn3 = normLayer(outChannels)
    this.downsample = downsample
  }

  forward(x: Tensor): Tensor {
    const narrow = relu(this.bn1.forward(this.conv1.forward(x)))
    const mixed = relu(this.bn2.forward(this.conv2.forward(narrow)))
    const y = this.bn3.forward(this.conv3.forward(mixed))
    return relu(add(y, this.downsample?.forward(x) ?? x))
  }
}
