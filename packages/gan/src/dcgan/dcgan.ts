import { Conv2d, Flatten, Sequential, Sigmoid } from '@lanewise/core'
import { Gan, type AdversarialOptions } from '../model/gan.ts'
import { dcganWeights } from '../model/initialize.ts'
import { downwardLayers, upwardStack, type ImageNetOptions } from './stacks.ts'

/** What {@link dcgan} takes. */
export interface DcganOptions extends AdversarialOptions, Partial<ImageNetOptions> {
  /** Length of a latent code. Default 100. */
  readonly latentDim?: number
}

/**
 * Deep convolutional GAN for images of 28 or 32 pixels in [-1, 1].
 *
 *   G: z 100x1x1 -> 4/1/0 256 BN relu -> 4/2/1 128 BN relu -> 4/2/1 64 BN relu -> 4/2/1 C tanh, transposed, no biases
 *   D: C -> 4/2/1 64 leaky .2 -> 4/2/1 128 BN leaky -> 4/2/1 256 BN leaky -> 4/1/0 1 sigmoid
 *
 * At 28 pixels the kernel between 4x4 and 7x7 is 3. With 3 channels of 32 pixels 1,068,928 and 663,745 parameters.
 * Weights from N(0, 0.02^2), Adam at 2e-4 with betas 0.5 and 0.999. Defaults: channels 3, imageSize 32, baseWidth 64.
 * @throws ValueError when a size is out of range.
 * @source Radford et al. 2016; checked against torch 1.13 in families.test.ts and curve.test.ts
 * @example dcgan({ channels: 1, imageSize: 28, baseWidth: 8 }).sample(2, { seed: 0 }).shape // => [2, 1, 28, 28]
 */
export const dcgan = (options: DcganOptions = {}): Gan => {
  const { channels = 3, imageSize = 32, baseWidth = 64, latentDim = 100, loss } = options
  const sizes = { channels, imageSize, baseWidth }
  const generator = dcganWeights(upwardStack('dcgan', latentDim, sizes))
  const discriminator = dcganWeights(
    new Sequential(...downwardLayers('dcgan', sizes), new Conv2d(4 * baseWidth, 1, 4), new Flatten(), new Sigmoid()),
  )
  return new Gan({
    generator,
    discriminator,
    latentShape: [latentDim, 1, 1],
    sampleShape: [channels, imageSize, imageSize],
    ...(loss !== undefined && { loss }),
  })
}
