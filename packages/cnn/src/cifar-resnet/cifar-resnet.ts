import {
  add,
  BatchNorm2d,
  Conv2d,
  initializers,
  Linear,
  mean,
  Module,
  pad,
  relu,
  Sequential,
  slice,
  ValueError,
  type Tensor,
} from '@lanewise/core'
import { resnet20Variant, resnet32Variant, resnet44Variant, resnet56Variant } from './variants.ts'

/** What {@link cifarResnet20} and its like take. */
export interface CifarResNetOptions {
  /** Default 10. */
  readonly numClasses?: number
}

/** What {@link CifarResNet} takes. */
export interface CifarResNetConfig extends CifarResNetOptions {
  /** Blocks in each of the three stages. */
  readonly blocks: number
}

const conv3x3 = (inChannels: number, outChannels: number, stride: number): Conv2d =>
  new Conv2d(inChannels, outChannels, 3, { stride, padding: 1, bias: false })

/** Every second pixel, with as many zero channels before as behind: the paper's shortcut A, which has no parameters. */
const shortcut = (x: Tensor, outChannels: number): Tensor => {
  const C = x.shape[1]
  if (C === outChannels) return x
  const halved = slice(slice(x, 2, 0, undefined, 2), 3, 0, undefined, 2)
  const before = Math.floor((outChannels - C) / 2)
  return pad(halved, [0, 0, 0, 0, before, outChannels - C - before])
}

class Block extends Module {
  readonly conv1: Conv2d
  readonly bn1: BatchNorm2d
  readonly conv2: Conv2d
  readonly bn2: BatchNorm2d

  constructor(inChannels: number, channels: number, stride: number) {
    super()
    this.conv1 = conv3x3(inChannels, channels, stride)
    this.bn1 = new BatchNorm2d(channels)
    this.conv2 = conv3x3(channels, channels, 1)
    this.bn2 = new BatchNorm2d(channels)
  }

  forward(x: Tensor): Tensor {
    const hidden = relu(this.bn1.forward(this.conv1.forward(x)))
    const y = this.bn2.forward(this.conv2.forward(hidden))
    return relu(add(y, shortcut(x, this.conv1.outChannels)))
  }
}

const stage = (inChannels: number, channels: number, blocks: number): Sequential =>
  new Sequential(
    ...Array.from({ length: blocks }, (_, i) =>
      i === 0 ? new Block(inChannels, channels, inChannels === channels ? 1 : 2) : new Block(channels, channels, 1),
    ),
  )

/**
 * Residual network for CIFAR's 32x32 images with 6 n + 2 layers of 16, 32 and 64 channels, shortcuts without
 * parameters, and the names of the common PyTorch checkpoints (load them with {@link loadWeights}).
 * Shape: x [N, 3, H, W], normalised -> logits [N, numClasses].
 * @throws ValueError when `blocks` is no whole number above 0.
 * @source He et al. 2015, section 4.2, https://arxiv.org/abs/1512.03385; checked against trained weights and their
 * logits in cifar-resnet.test.ts
 * @example
 * import { ones } from '@lanewise/core'
 * cifarResnet20().forward(ones([2, 3, 32, 32])).shape // => [2, 10]
 */
export class CifarResNet extends Module {
  readonly conv1: Conv2d
  readonly bn1: BatchNorm2d
  readonly layer1: Sequential
  readonly layer2: Sequential
  readonly layer3: Sequential
  linear: Linear

  constructor({ blocks, numClasses = 10 }: CifarResNetConfig) {
    super()
    if (!Number.isInteger(blocks) || blocks < 1) {
      throw new ValueError({
        op: 'CifarResNet',
        problem: 'blocks do not fit',
        got: String(blocks),
        expected: 'an integer >= 1',
      })
    }
    this.conv1 = conv3x3(3, 16, 1)
    this.bn1 = new BatchNorm2d(16)
    this.layer1 = stage(16, 16, blocks)
    this.layer2 = stage(16, 32, blocks)
    this.layer3 = stage(32, 64, blocks)
    this.linear = new Linear(64, numClasses)
    for (const module of this.namedModules().values()) {
      if (module instanceof Conv2d || module instanceof Linear) initializers.kaimingNormal_(module.weight)
    }
  }

  forward(x: Tensor): Tensor {
    let y = relu(this.bn1.forward(this.conv1.forward(x)))
    for (const stage of [this.layer1, this.layer2, this.layer3]) y = stage.forward(y)
    return this.linear.forward(mean(y, [2, 3]))
  }

  /** Puts a new last layer in place, with PyTorch's draws for a Linear layer. */
  resetHead({ numClasses }: { readonly numClasses: number }): this {
    this.linear = new Linear(64, numClasses)
    return this
  }
}

/** ResNet-20 for CIFAR. */
export const cifarResnet20 = (options: CifarResNetOptions = {}): CifarResNet =>
  new CifarResNet({ ...resnet20Variant, ...options })
/** ResNet-32 for CIFAR. */
export const cifarResnet32 = (options: CifarResNetOptions = {}): CifarResNet =>
  new CifarResNet({ ...resnet32Variant, ...options })
/** ResNet-44 for CIFAR. */
export const cifarResnet44 = (options: CifarResNetOptions = {}): CifarResNet =>
  new CifarResNet({ ...resnet44Variant, ...options })
/** ResNet-56 for CIFAR. */
export const cifarResnet56 = (options: CifarResNetOptions = {}): CifarResNet =>
  new CifarResNet({ ...resnet56Variant, ...options })
