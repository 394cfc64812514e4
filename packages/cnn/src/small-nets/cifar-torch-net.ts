import {
  Conv2d,
  Dropout,
  Dropout2d,
  flatten,
  Linear,
  logSoftmax,
  maxPool2d,
  Module,
  relu,
  type Tensor,
} from '@lanewise/core'

/**
 * The two-convolution network for CIFAR-10 with dropout, with PyTorch's draws: 8,413,642 parameters.
 *
 *     3x32x32 -> conv 3x3 pad 1 32, relu -> conv 3x3 pad 1 64, relu -> pool, drop channels .25
 *       -> 16,384 -> 512, relu, drop .5 -> 10, log-softmax
 *
 * Shape: x [N, 3, 32, 32], normalised by mean .5 and std .5 -> log-probabilities [N, 10], for `nllLoss`.
 * @source Checked against PyTorch 1.13 in small-nets.test.ts
 * @example
 * import { ones } from '@lanewise/core'
 * new CifarTorchNet().forward(ones([2, 3, 32, 32])).shape // => [2, 10]
 */
export class CifarTorchNet extends Module {
  readonly conv1: Conv2d
  readonly conv2: Conv2d
  readonly dropout1: Dropout2d
  readonly dropout2: Dropout
  readonly fc1: Linear
  readonly fc2: Linear

  constructor() {
    super()
    this.conv1 = new Conv2d(3, 32, 3, { padding: 1 })
    this.conv2 = new Conv2d(32, 64, 3, { padding: 1 })
    this.dropout1 = new Dropout2d(0.25)
    this.dropout2 = new Dropout(0.5)
    this.fc1 = new Linear(16384, 512)
    this.fc2 = new Linear(512, 10)
  }

  forward(x: Tensor): Tensor {
    const maps = relu(this.conv2.forward(relu(this.conv1.forward(x))))
    const hidden = relu(this.fc1.forward(flatten(this.dropout1.forward(maxPool2d(maps, 2)), 1)))
    return logSoftmax(this.fc2.forward(this.dropout2.forward(hidden)))
  }
}
