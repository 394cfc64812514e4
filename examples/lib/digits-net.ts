import { Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential } from '@lanewise/core'

/**
 * The network of the demo, for 28x28 images of 10 classes: 3,274,634 parameters.
 *
 *   1x28x28 -> conv 5x5 32, relu, pool -> 32x14x14 -> conv 5x5 64, relu, pool -> 64x7x7 -> 1024, relu -> 10
 */
export const digitsNet = (): Sequential =>
  new Sequential(
    new Conv2d(1, 32, 5, { padding: 2 }),
    new ReLU(),
    new MaxPool2d(2),
    new Conv2d(32, 64, 5, { padding: 2 }),
    new ReLU(),
    new MaxPool2d(2),
    new Flatten(),
    new Linear(3136, 1024),
    new ReLU(),
    new Linear(1024, 10),
  )
