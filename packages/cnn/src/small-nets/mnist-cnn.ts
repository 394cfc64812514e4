import { Conv2d, flatten, Linear, maxPool2d, Module, relu, type Tensor } from '@lanewise/core'

/**
 * The two-convolution network for MNIST: 3,274,634 parameters.
 *
 *     1x28x28 -> conv 5x5 same 32, relu, pool -> conv 5x5 same 64, relu, pool -> 3,136 -> 1,024, relu -> 10
 *
 * Shape: x [N, 1, 28, 28] in [0, 1] -> logits [N, 10].
 * @source Checked against PyTorch 1.13 in small-nets.test.ts
 * @example
 * import { ones } from '@lanewise/core'
 * new MnistCnn().forward(ones([2, 1, 28, 28])).shape // => [2, 10]
 */
export class MnistCnn extends Module {
  readonly conv1: Conv2d
  readonly conv2: Conv2d
  readonly fc1: Linear
  readonly fc2: Linear

  constructor() {
    super()
    this.conv1 = new Conv2d(1, 32, 5, { padding: 2 })
    this.conv2 = new Conv2d(32, 64, 5, { padding: 2 })
    this.fc1 = new Linear(3136, 1024)
    this.fc2 = new Linear(1024, 10)
  }

  forward(x: Tensor): Tensor {
    const low = maxPool2d(relu(this.conv1.forward(x)), 2)
    const high = maxPool2d(relu(this.conv2.forward(low)), 2)
    return this.fc2.forward(relu(this.fc1.forward(flatten(high, 1))))
  }
}
