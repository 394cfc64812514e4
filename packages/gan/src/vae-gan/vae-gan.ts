import {
  add,
  chunk,
  concat,
  Conv2d,
  exp,
  Flatten,
  Linear,
  Module,
  mul,
  optim,
  randn,
  reshape,
  Sequential,
  Sigmoid,
  square,
  sub,
  sum,
  type AnyModule,
  type Layer,
  type Shape,
  type Tensor,
} from '@lanewise/core'
import { downwardLayers, upwardStack, type ImageNetOptions } from '../dcgan/stacks.ts'
import { nonSaturating, type AdversarialLoss } from '../losses/adversarial.ts'
import type { AdversarialOptions } from '../model/gan.ts'
import { GenerativeModel } from '../model/generative-model.ts'
import { dcganWeights } from '../model/initialize.ts'
import type { SampleBatch } from '../train/batch.ts'
import type { Losses, Turns } from '../train/fit.ts'
import type { PlayerOptimizers } from '../train/optimizers.ts'

/** Parts of a posterior N(mean, exp(logVariance)), [N, latent] each. */
export interface Posterior {
  readonly mean: Tensor
  readonly logVariance: Tensor
}

/** A discriminator whose inner features measure likeness. */
export class FeatureDiscriminator extends Module {
  readonly body: Layer
  readonly head: Layer

  /**
   * @param body - images to features
   * @param head - features to probabilities [N, 1]
   */
  constructor(body: Layer, head: Layer) {
    super()
    this.body = body
    this.head = head
  }

  forward(x: Tensor): Tensor {
    return this.head.forward(this.body.forward(x))
  }
}

/** What {@link VaeGan} takes. */
export interface VaeGanOptions extends AdversarialOptions {
  /** Images to [N, 2 latent]: means, then logarithms of variances. */
  readonly encoder: Layer
  /** Latent codes [N, latent, 1, 1] to images: the VAE's decoder. */
  readonly generator: Layer
  readonly discriminator: FeatureDiscriminator
  readonly latentDim: number
  readonly sampleShape: Shape
  /** Weight of likeness against deception in the generator's loss. Default 1e-3. */
  readonly gamma?: number
  /** Default: Adam at 2e-4 with betas 0.5 and 0.999. */
  readonly optimizer?: PlayerOptimizers
}

/** sum_i (mean^2 + exp(logVariance) - 1 - logVariance) / 2, averaged over N: the posterior's distance from N(0, 1). */
const priorDistance = ({ mean, logVariance }: Posterior): Tensor => {
  const terms = sub(add(square(mean), exp(logVariance)), add(logVariance, 1))
  return mul(sum(terms), 0.5 / mean.shape[0])
}

/**
 * A variational autoencoder whose decoder is also a GAN's generator, and whose likeness is measured in the
 * discriminator's features instead of pixels. The three learn from one pass over a batch x, its reconstruction
 * x' = G(z), z from the posterior, and G(z_p), z_p from the prior:
 *   L_like = 1/2 |F(x) - F(x')|^2 per image,  L_E = KL + L_like,  L_D = the GAN's over x against x' and G(z_p),
 *   L_G = gamma L_like + (L_G(x') + L_G(G(z_p))) / 2
 * @source Larsen et al. 2016, Autoencoding beyond pixels; checked against torch 1.13 in families.test.ts
 */
export class VaeGan extends GenerativeModel {
  readonly encoder: Layer
  readonly generator: Layer
  readonly discriminator: FeatureDiscriminator
  readonly loss: AdversarialLoss
  readonly gamma: number

  constructor(options: VaeGanOptions) {
    const { latentDim, sampleShape } = options
    super({
      latentShape: [latentDim, 1, 1],
      sampleShape,
      optimizer: options.optimizer ?? optim.adam({ lr: 2e-4, betas: [0.5, 0.999] }),
    })
    this.encoder = options.encoder
    this.generator = options.generator
    this.discriminator = options.discriminator
    this.loss = options.loss ?? nonSaturating()
    this.gamma = options.gamma ?? 1e-3
  }

  /** Reconstructions from the posterior's means. */
  forward(x: Tensor): Tensor {
    return this.decode(this.encode(x).mean)
  }

  players(): Readonly<Record<string, AnyModule>> {
    return { encoder: this.encoder, generator: this.generator, discriminator: this.discriminator }
  }

  /** The posterior of each image. */
  encode(x: Tensor): Posterior {
    const [mean, logVariance] = chunk(this.encoder.forward(x), 2, 1)
    return { mean, logVariance }
  }

  /** Images of latent codes [N, latent]. */
  decode(z: Tensor): Tensor {
    return this.generator.forward(reshape(z, [z.shape[0], ...this.latentShape]))
  }

  generate(z: Tensor): Tensor {
    return this.generator.forward(z)
  }

  learn(batch: SampleBatch, turns: Turns): Losses {
    const real = this.realOf(batch, turns)
    const N = real.shape[0]
    const { body, head } = this.discriminator
    const posterior = this.encode(real)
    const noise = randn(posterior.mean.shape, { generator: turns.generator })
    const z = add(posterior.mean, mul(exp(mul(posterior.logVariance, 0.5)), noise))
    const images = [real, this.decode(z), this.generate(this.latent(N, turns.generator))]
    const features = images.map((x) => body.forward(x))
    const [score, ...fakes] = features.map((f) => head.forward(f))
    const fake = concat(fakes)
    const likeness = mul(sum(square(sub(features[0], features[1]))), 0.5 / N)
    const losses = {
      encoder: add(priorDistance(posterior), likeness),
      generator: add(mul(likeness, this.gamma), this.loss.generator(fake)),
      discriminator: this.loss.discriminator(score, fake),
    }
    turns.descend(losses)
    return losses
  }
}

/** What {@link vaeGan} takes. */
export interface ImageVaeGanOptions extends AdversarialOptions, Partial<ImageNetOptions> {
  /** Length of a latent code. Default 64. */
  readonly latentDim?: number
  /** See {@link VaeGanOptions}. Default 1e-3. */
  readonly gamma?: number
}

/**
 * {@link VaeGan} for images of 28 or 32 pixels in [-1, 1], of DCGAN's layers: the encoder is its discriminator with
 * twice the latent code as output. Defaults: channels 1, imageSize 28, baseWidth 64.
 * @throws ValueError when a size is out of range.
 * @source Larsen et al. 2016; checked against torch 1.13 in families.test.ts
 * @example
 * import { zeros } from '@lanewise/core'
 * const model = vaeGan({ baseWidth: 8 })
 * model.forward(zeros([2, 1, 28, 28])).shape // => [2, 1, 28, 28]
 * model.sample(3, { seed: 0 }).shape // => [3, 1, 28, 28]
 */
export const vaeGan = (options: ImageVaeGanOptions = {}): VaeGan => {
  const { channels = 1, imageSize = 28, baseWidth = 64, latentDim = 64, ...rest } = options
  const sizes = { channels, imageSize, baseWidth }
  const encoder = dcganWeights(
    new Sequential(...downwardLayers('vaeGan', sizes), new Flatten(), new Linear(64 * baseWidth, 2 * latentDim)),
  )
  const generator = dcganWeights(upwardStack('vaeGan', latentDim, sizes))
  const body = new Sequential(...downwardLayers('vaeGan', sizes))
  const head = new Sequential(new Conv2d(4 * baseWidth, 1, 4), new Flatten(), new Sigmoid())
  const discriminator = dcganWeights(new FeatureDiscriminator(body, head))
  return new VaeGan({
    ...rest,
    encoder,
    generator,
    discriminator,
    latentDim,
    sampleShape: [channels, imageSize, imageSize],
  })
}
