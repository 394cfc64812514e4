import { optim, type AnyModule, type Layer, type Shape, type Tensor } from '@lanewise/core'
import { nonSaturating, type AdversarialLoss } from '../losses/adversarial.ts'
import type { SampleBatch } from '../train/batch.ts'
import type { Losses, Turns } from '../train/fit.ts'
import type { PlayerOptimizers } from '../train/optimizers.ts'
import { GenerativeModel } from './generative-model.ts'

/** What every GAN of two networks takes beside its sizes. */
export interface AdversarialOptions {
  /** What the two learn. Default {@link nonSaturating}. */
  readonly loss?: AdversarialLoss
}

/** What {@link Gan} takes. */
export interface GanOptions extends AdversarialOptions {
  /** Makes samples [N, ...sampleShape] of latent codes [N, ...latentShape]. */
  readonly generator: Layer
  /** Gives each sample's probability of being real, [N, 1]. */
  readonly discriminator: Layer
  readonly latentShape: Shape
  readonly sampleShape: Shape
  /** Default: Adam at 2e-4 with betas 0.5 and 0.999. */
  readonly optimizer?: PlayerOptimizers
}

/**
 * A generator and a discriminator, of any layers, that learn against each other: for each batch the discriminator
 * takes a step on real and generated samples, then the generator takes one through the discriminator.
 * `forward` is the combined model: the discriminator's score of what a latent code becomes.
 * @source Goodfellow et al. 2014, Generative Adversarial Networks
 * @example
 * import { Linear, Sequential, Sigmoid } from '@lanewise/core'
 * const gan = new Gan({
 *   generator: new Linear(2, 3),
 *   discriminator: new Sequential(new Linear(3, 1), new Sigmoid()),
 *   latentShape: [2],
 *   sampleShape: [3],
 * })
 * gan.sample(5, { seed: 0 }).shape // => [5, 3]
 */
export class Gan extends GenerativeModel {
  readonly generator: Layer
  readonly discriminator: Layer
  readonly loss: AdversarialLoss

  constructor(options: GanOptions) {
    super({ ...options, optimizer: options.optimizer ?? optim.adam({ lr: 2e-4, betas: [0.5, 0.999] }) })
    this.generator = options.generator
    this.discriminator = options.discriminator
    this.loss = options.loss ?? nonSaturating()
  }

  forward(z: Tensor, labels: Tensor | null = null): Tensor {
    return this.score(this.generate(z, labels), labels)
  }

  players(): Readonly<Record<string, AnyModule>> {
    return { discriminator: this.discriminator, generator: this.generator }
  }

  generate(z: Tensor, _labels: Tensor | null): Tensor {
    return this.generator.forward(z)
  }

  /** The discriminator's score of each sample; labels are null but for conditional models. */
  score(x: Tensor, _labels: Tensor | null): Tensor {
    return this.discriminator.forward(x)
  }

  learn(batch: SampleBatch, turns: Turns): Losses {
    const real = this.realOf(batch, turns)
    const labels = this.conditionOf(batch)
    const fake = this.generate(this.latent(real.shape[0], turns.generator), labels)
    return {
      discriminator: turns.take('discriminator', () =>
        this.loss.discriminator(this.score(real, labels), this.score(fake.detach(), labels)),
      ),
      generator: turns.take('generator', () => this.loss.generator(this.score(fake, labels))),
    }
  }

  /** What both networks are told of a batch beside its samples. */
  protected conditionOf(_batch: SampleBatch): Tensor | null {
    return null
  }
}
