import { Conv3d, flatten, Linear, maxPool3d, Module, relu, type Tensor } from '@lanewise/core'
import { glorot } from './glorot.ts'

/** What {@link VideoCnn} takes. */
export interface VideoCnnOptions {
  readonly numClasses: number
  /** Channels of the frames. Default 3. */
  readonly inChannels?: number
}

/**
 * A small 3-D network for clips of 16 frames of 32x32, with Glorot's draws.
 *
 *     conv 3x3x3 same 64, relu, pool -> 128 -> 256 -> 2x4x4x256 = 8,192 -> 512, relu -> classes
 *
 * Shape: x [N, inChannels, 16, 32, 32] in [0, 1] -> logits [N, numClasses].
 * @source Checked against PyTorch 1.13 in small-nets.test.ts
 * @example
 * import { ones } from '@lanewise/core'
 * new VideoCnn({ numClasses: 8 }).forward(ones([1, 3, 16, 32, 32])).shape // => [1, 8]
 */
export class VideoCnn extends Module {
  readonly conv1: Conv3d
  readonly conv2: Conv3d
  readonly conv3: Conv3d
  readonly fc1: Linear
  readonly fc2: Linear

  constructor({ numClasses, inChannels = 3 }: VideoCnnOptions) {
    super()
    this.conv1 = new Conv3d(inChannels, 64, 3, { padding: 1 })
    this.conv2 = new Conv3d(64, 128, 3, { padding: 1 })
    this.conv3 = new Conv3d(128, 256, 3, { padding: 1 })
    this.fc1 = new Linear(8192, 512)
    this.fc2 = new Linear(512, numClasses)
    glorot(this)
  }

  forward(x: Tensor): Tensor {
    let y = x
    for (const conv of [this.conv1, this.conv2, this.conv3]) y = maxPool3d(relu(conv.forward(y)), 2)
    return this.fc2.forward(relu(this.fc1.forward(flatten(y, 1))))
  }
}
