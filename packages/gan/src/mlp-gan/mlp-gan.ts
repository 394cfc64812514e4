import { LeakyReLU, Linear, optim, Flatten, Sequential, Sigmoid, Tanh, Unflatten, type Shape } from '@lanewise/core'
import { Gan, type AdversarialOptions } from '../model/gan.ts'

/** What {@link mlpGan} takes. */
export interface MlpGanOptions extends AdversarialOptions {
  /** [C, H, W] of an image. Default [1, 28, 28]. */
  readonly sampleShape?: Shape
  /** Length of a latent code. Default 100. */
  readonly latentDim?: number
}

/**
 * A GAN of fully connected layers, for small images in [-1, 1].
 *
 *   G: 100 -> 256 leaky .2 -> 512 leaky .2 -> C H W tanh
 *   D: C H W -> 512 leaky .2 -> 256 leaky .2 -> 1 sigmoid
 *
 * For MNIST 559,632 and 533,505 parameters. Adam at 2e-4 for both.
 * @source Goodfellow et al. 2014; checked against torch 1.13 in families.test.ts
 * @example mlpGan().sample(2, { seed: 0 }).shape // => [2, 1, 28, 28]
 */
export const mlpGan = (options: MlpGanOptions = {}): Gan => {
  const { sampleShape = [1, 28, 28], latentDim = 100, loss } = options
  const size = sampleShape.reduce((a, b) => a * b, 1)
  const generator = new Sequential(
    new Linear(latentDim, 256),
    new LeakyReLU(0.2),
    new Linear(256, 512),
    new LeakyReLU(0.2),
    new Linear(512, size),
    new Tanh(),
    new Unflatten(1, sampleShape),
  )
  const discriminator = new Sequential(
    new Flatten(),
    new Linear(size, 512),
    new LeakyReLU(0.2),
    new Linear(512, 256),
    new LeakyReLU(0.2),
    new Linear(256, 1),
    new Sigmoid(),
  )
  return new Gan({
    generator,
    discriminator,
    latentShape: [latentDim],
    sampleShape,
    optimizer: optim.adam({ lr: 2e-4 }),
    ...(loss !== undefined && { loss }),
  })
}
