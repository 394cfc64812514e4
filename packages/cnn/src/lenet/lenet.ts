import { Conv2d, flatten, Linear, maxPool2d, Module, relu, type Tensor } from '@lanewise/core'

/** What {@link lenet} takes. */
export interface LeNetOptions {
  /** Default 10. */
  readonly numClasses?: number
  /** Channels of the images. Default 1. */
  readonly inChannels?: number
}

/**
 * LeNet-5 for 28x28 images, with ReLU, max pools and full connections between the maps: 61,706 parameters.
 *
 *     conv 5x5 pad 2, 6 -> pool -> conv 5x5, 16 -> pool -> 120 -> 84 -> classes
 *
 * Shape: x [N, inChannels, 28, 28] -> [N, numClasses].
 * @source LeCun et al. 1998; checked against PyTorch 1.13 in lenet.test.ts
 * @example
 * import { ones } from '@lanewise/core'
 * new LeNet().forward(ones([2, 1, 28, 28])).shape // => [2, 10]
 */
export class LeNet extends Module {
  readonly conv1: Conv2d
  readonly conv2: Conv2d
  readonly fc1: Linear
  readonly fc2: Linear
  fc3: Linear

  constructor({ numClasses = 10, inChannels = 1 }: LeNetOptions = {}) {
    super()
    this.conv1 = new Conv2d(inChannels, 6, 5, { padding: 2 })
    this.conv2 = new Conv2d(6, 16, 5)
    this.fc1 = new Linear(400, 120)
    this.fc2 = new Linear(120, 84)
    this.fc3 = new Linear(84, numClasses)
  }

  forward(x: Tensor): Tensor {
    const low = maxPool2d(relu(this.conv1.forward(x)), 2)
    const high = maxPool2d(relu(this.conv2.forward(low)), 2)
    const hidden = relu(this.fc1.forward(flatten(high, 1)))
    return this.fc3.forward(relu(this.fc2.forward(hidden)))
  }

  /** Puts a new last layer in place. */
  resetHead({ numClasses }: { readonly numClasses: number }): this {
    this.fc3 = new Linear(84, numClasses)
    return this
  }
}

/**
 * {@link LeNet}, with PyTorch's draws.
 * @example lenet({ numClasses: 10 }).parameters().reduce((n, p) => n + p.size, 0) // => 61706
 */
export const lenet = (options: LeNetOptions = {}): LeNet => new LeNet(options)
