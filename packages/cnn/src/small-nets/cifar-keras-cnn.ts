import { Conv2d, flatten, Linear, maxPool2d, Module, relu, type Tensor } from '@lanewise/core'
import { glorot } from './glorot.ts'

/**
 * The three-convolution network for CIFAR-10 of Keras' introduction, with Glorot's draws: 126,730 parameters.
 *
 *     3x32x32 -> conv 3x3 32, relu, pool -> conv 3x3 64, relu, pool -> conv 3x3 128, relu, pool -> 512 -> 64, relu -> 10
 *
 * Nothing is padded. Shape: x [N, 3, 32, 32] in [0, 1] -> logits [N, 10]. Train it with Adam's eps 1e-7, as Keras does.
 * @source Checked against PyTorch 1.13 in small-nets.test.ts
 * @example
 * import { ones } from '@lanewise/core'
 * new CifarKerasCnn().forward(ones([2, 3, 32, 32])).shape // => [2, 10]
 */
export class CifarKerasCnn extends Module {
  readonly conv1: Conv2d
  readonly conv2: Conv2d
  readonly conv3: Conv2d
  readonly fc1: Linear
  readonly fc2: Linear

  constructor() {
    super()
    this.conv1 = new Conv2d(3, 32, 3)
    this.conv2 = new Conv2d(32, 64, 3)
    this.conv3 = new Conv2d(64, 128, 3)
    this.fc1 = new Linear(512, 64)
    this.fc2 = new Linear(64, 10)
    glorot(this)
  }

  forward(x: Tensor): Tensor {
    let y = x
    for (const conv of [this.conv1, this.conv2, this.conv3]) y = maxPool2d(relu(conv.forward(y)), 2)
    return this.fc2.forward(relu(this.fc1.forward(flatten(y, 1))))
  }
}
