import { Conv3d, dropout, flatten, Linear, maxPool3d, Module, relu, type Tensor } from '@lanewise/core'

/** What {@link c3d} takes. */
export interface C3dOptions {
  /** Default 487, as Sports-1M has. */
  readonly numClasses?: number
  /** Channels of the frames. Default 3. */
  readonly inChannels?: number
  /** Channels of the first convolution; the others have two, four and eight times as many. Default 64. */
  readonly width?: number
  /** Sizes of the two hidden layers. Default 4096. */
  readonly hidden?: number
  /** Share of hidden values that training drops. Default 0.5. */
  readonly dropout?: number
}

/**
 * C3D for clips of 16 frames of 112x112: eight 3x3x3 convolutions and five pools, of which the first keeps time.
 *
 *     64 -> 128 -> 256, 256 -> 512, 512 -> 512, 512 -> 8,192 -> 4,096 -> 4,096 -> classes
 *
 * Shape: x [N, inChannels, 16, 112, 112] -> [N, numClasses].
 * @source Tran et al. 2014, https://arxiv.org/abs/1412.0767; checked against PyTorch 1.13 in c3d.test.ts
 * @example
 * import { ones } from '@lanewise/core'
 * c3d({ numClasses: 5, width: 2, hidden: 8 }).forward(ones([1, 3, 16, 112, 112])).shape // => [1, 5]
 */
export class C3d extends Module {
  readonly conv1: Conv3d
  readonly conv2: Conv3d
  readonly conv3a: Conv3d
  readonly conv3b: Conv3d
  readonly conv4a: Conv3d
  readonly conv4b: Conv3d
  readonly conv5a: Conv3d
  readonly conv5b: Conv3d
  readonly fc6: Linear
  readonly fc7: Linear
  fc8: Linear
  readonly dropout: number

  constructor({ numClasses = 487, inChannels = 3, width = 64, hidden = 4096, dropout = 0.5 }: C3dOptions = {}) {
    super()
    const conv = (from: number, to: number): Conv3d => new Conv3d(from, to, 3, { padding: 1 })
    this.dropout = dropout
    this.conv1 = conv(inChannels, width)
    this.conv2 = conv(width, 2 * width)
    this.conv3a = conv(2 * width, 4 * width)
    this.conv3b = conv(4 * width, 4 * width)
    this.conv4a = conv(4 * width, 8 * width)
    this.conv4b = conv(8 * width, 8 * width)
    this.conv5a = conv(8 * width, 8 * width)
    this.conv5b = conv(8 * width, 8 * width)
    this.fc6 = new Linear(8 * width * 16, hidden)
    this.fc7 = new Linear(hidden, hidden)
    this.fc8 = new Linear(hidden, numClasses)
  }

  forward(x: Tensor): Tensor {
    let y = maxPool3d(relu(this.conv1.forward(x)), [1, 2, 2])
    y = maxPool3d(relu(this.conv2.forward(y)), 2)
    y = maxPool3d(relu(this.conv3b.forward(relu(this.conv3a.forward(y)))), 2)
    y = maxPool3d(relu(this.conv4b.forward(relu(this.conv4a.forward(y)))), 2)
    y = maxPool3d(relu(this.conv5b.forward(relu(this.conv5a.forward(y)))), 2, { padding: [0, 1, 1] })
    let z = flatten(y, 1)
    for (const fc of [this.fc6, this.fc7]) z = dropout(relu(fc.forward(z)), this.dropout, { training: this.training })
    return this.fc8.forward(z)
  }

  /** Puts a new last layer in place. */
  resetHead({ numClasses }: { readonly numClasses: number }): this {
    this.fc8 = new Linear(this.fc8.inFeatures, numClasses)
    return this
  }
}

/** {@link C3d}, with PyTorch's draws. */
export const c3d = (options: C3dOptions = {}): C3d => new C3d(options)
