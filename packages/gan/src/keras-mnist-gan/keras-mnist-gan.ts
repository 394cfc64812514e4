import {
  BatchNorm1d,
  BatchNorm2d,
  Conv2d,
  ConvTranspose2d,
  Dropout,
  Flatten,
  LeakyReLU,
  Linear,
  optim,
  ReLU,
  Sequential,
  Sigmoid,
  Tanh,
  Unflatten,
  ZeroPad2d,
  type Layer,
} from '@lanewise/core'
import { Gan, type AdversarialOptions } from '../model/gan.ts'
import { kerasWeights } from '../model/initialize.ts'

/** 5x5 with stride 2, padded as TensorFlow's `same`: one row and column in front, two behind. */
const halving = (from: number, to: number): Layer[] => [
  new ZeroPad2d([1, 2, 1, 2]),
  new Conv2d(from, to, 5, { stride: 2 }),
]

/** Its transpose: doubles the size; of 2n + 1 rows and columns TensorFlow drops the last. */
const doubling = (from: number, to: number): Layer[] => [
  new ConvTranspose2d(from, to, 5, { stride: 2, padding: 1 }),
  new ZeroPad2d([0, -1, 0, -1]),
]

/** Options of {@link kerasMnistGan}. */
export interface KerasMnistGanOptions extends AdversarialOptions {
  /**
   * Batch norms with Keras's constants (eps 1e-3, momentum 0.99) in the generator, after its dense layer and its first two
   * transposed convolutions, as in TensorFlow's DCGAN tutorial. Without them the generator is likely to turn black within a
   * hundred batches of digits and to stay so, in PyTorch too. Default false.
   */
  readonly batchNorm?: boolean
}

/** Keras's momentum of 0.99 is the share that is kept. */
const kerasNorm = { eps: 1e-3, momentum: 0.01 }

/**
 * The GAN of Keras's MNIST tutorials, for 28x28 images in [-1, 1].
 *
 *   G: 100 -> dense 7x7x128 relu -> transposed 5x5/1 128 leaky .01 -> transposed 5x5/2 128 leaky .01 -> transposed 5x5/2 1 tanh
 *   D: 5x5/2 128 leaky .01 dropout .3 -> 5x5/2 128 leaky .01 dropout .3 -> dense 1 sigmoid
 *
 * 1,456,129 and 419,329 parameters; Glorot-uniform weights; Adam at 1e-4 with Keras's eps 1e-7. Maps are laid out
 * channels first, so a Keras file's dense weights next to maps need their axes permuted.
 * @source Checked against torch 1.13 in families.test.ts, with and without batch norms
 * @source Checked against torch 1.13 with TensorFlow's padding in families.test.ts
 * @example kerasMnistGan().sample(2, { seed: 0 }).shape // => [2, 1, 28, 28]
 */
export const kerasMnistGan = ({ loss, batchNorm = false }: KerasMnistGanOptions = {}): Gan => {
  const norm = (layer: () => Layer): Layer[] => (batchNorm ? [layer()] : [])
  const maps = (): Layer => new BatchNorm2d(128, kerasNorm)
  const generator = kerasWeights(
    new Sequential(
      new Linear(100, 7 * 7 * 128),
      ...norm(() => new BatchNorm1d(7 * 7 * 128, kerasNorm)),
      new ReLU(),
      new Unflatten(1, [128, 7, 7]),
      new ConvTranspose2d(128, 128, 5, { padding: 2 }),
      ...norm(maps),
      new LeakyReLU(0.01),
      ...doubling(128, 128),
      ...norm(maps),
      new LeakyReLU(0.01),
      ...doubling(128, 1),
      new Tanh(),
    ),
  )
  const discriminator = kerasWeights(
    new Sequential(
      ...halving(1, 128),
      new LeakyReLU(0.01),
      new Dropout(0.3),
      ...halving(128, 128),
      new LeakyReLU(0.01),
      new Dropout(0.3),
      new Flatten(),
      new Linear(7 * 7 * 128, 1),
      new Sigmoid(),
    ),
  )
  return new Gan({
    generator,
    discriminator,
    latentShape: [100],
    sampleShape: [1, 28, 28],
    optimizer: optim.adam({ lr: 1e-4, eps: 1e-7 }),
    ...(loss !== undefined && { loss }),
  })
}
