import {
  add,
  Conv2d,
  Flatten,
  Linear,
  mul,
  noGrad,
  optim,
  ReLU,
  Sequential,
  ValueError,
  type Layer,
  type Tensor,
} from '@lanewise/core'
import { downwardLayers, upwardStack, type ImageNetOptions } from '../dcgan/stacks.ts'
import { wasserstein } from '../losses/adversarial.ts'
import { gradientPenalty } from '../losses/gradient-penalty.ts'
import { Gan, type GanOptions } from '../model/gan.ts'
import { dcganWeights, heWeights } from '../model/initialize.ts'
import type { SampleBatch } from '../train/batch.ts'
import type { Losses, Turns } from '../train/fit.ts'

/** How a {@link WganGp} trains. */
export interface WganGpTraining {
  /** Weight of the gradient penalty. Default 10. */
  readonly lambda?: number
  /** Steps of the critic for one of the generator. Default 5. */
  readonly nCritic?: number
}

/** What {@link WganGp} takes. */
export interface WganGpOptions extends Omit<GanOptions, 'loss'>, WganGpTraining {}

/**
 * Wasserstein GAN with gradient penalty: the discriminator is a critic with unbounded scores, whose slope is held
 * near 1 by {@link gradientPenalty}; the generator has a turn every `nCritic` batches.
 *   L_D = mean D(G(z)) - mean D(x) + lambda penalty,  L_G = -mean D(G(z))
 * @throws ValueError when lambda or nCritic is out of range.
 * @source Gulrajani et al. 2017, Improved Training of Wasserstein GANs; checked against torch 1.13 in families.test.ts
 * @example
 * import { Linear } from '@lanewise/core'
 * const model = new WganGp({ generator: new Linear(3, 2), discriminator: new Linear(2, 1), latentShape: [3], sampleShape: [2] })
 * model.nCritic // => 5
 */
export class WganGp extends Gan {
  readonly lambda: number
  readonly nCritic: number

  constructor({ lambda = 10, nCritic = 5, ...options }: WganGpOptions) {
    super({ optimizer: optim.adam({ lr: 1e-4, betas: [0, 0.9] }), ...options, loss: wasserstein() })
    if (!(lambda >= 0 && lambda < Infinity) || !Number.isInteger(nCritic) || nCritic < 1) {
      throw new ValueError({
        op: 'WganGp',
        problem: 'an option is out of range',
        got: `lambda ${lambda}, nCritic ${nCritic}`,
        expected: 'lambda >= 0 and an integer nCritic >= 1',
      })
    }
    this.lambda = lambda
    this.nCritic = nCritic
  }

  override learn(batch: SampleBatch, turns: Turns): Losses {
    const real = this.realOf(batch, turns)
    const draw = (): Tensor => this.generate(this.latent(real.shape[0], turns.generator), null)
    const fake = noGrad(draw)
    const critic = (x: Tensor): Tensor => this.discriminator.forward(x)
    const discriminator = turns.take('discriminator', () => {
      const distance = this.loss.discriminator(critic(real), critic(fake))
      const penalty = gradientPenalty(critic, real, fake, { generator: turns.generator })
      return add(distance, mul(penalty, this.lambda))
    })
    if (turns.step % this.nCritic !== 0) return { discriminator }
    return { discriminator, generator: turns.take('generator', () => this.loss.generator(critic(draw()))) }
  }
}

/** What {@link wganGp} takes. */
export interface ImageWganGpOptions extends WganGpTraining, Partial<ImageNetOptions> {
  /** Length of a latent code. Default 100. */
  readonly latentDim?: number
}

/**
 * {@link WganGp} for images of 28 or 32 pixels: DCGAN's generator, and its discriminator without batch norm and
 * sigmoid. Adam at 1e-4 with betas 0 and 0.9. Defaults: channels 3, imageSize 32, baseWidth 64.
 * @throws ValueError when a size is out of range.
 * @source Gulrajani et al. 2017; checked against torch 1.13 in families.test.ts
 * @example wganGp({ channels: 1, imageSize: 28, baseWidth: 8 }).sample(2, { seed: 0 }).shape // => [2, 1, 28, 28]
 */
export const wganGp = (options: ImageWganGpOptions = {}): WganGp => {
  const { channels = 3, imageSize = 32, baseWidth = 64, latentDim = 100, ...training } = options
  const sizes = { channels, imageSize, baseWidth }
  const generator = dcganWeights(upwardStack('wganGp', latentDim, sizes))
  const layers = downwardLayers('wganGp', { ...sizes, norm: false })
  const discriminator = dcganWeights(new Sequential(...layers, new Conv2d(4 * baseWidth, 1, 4), new Flatten()))
  return new WganGp({
    ...training,
    generator,
    discriminator,
    latentShape: [latentDim, 1, 1],
    sampleShape: [channels, imageSize, imageSize],
  })
}

/** What {@link pointsWganGp} takes. */
export interface PointsWganGpOptions extends WganGpTraining {
  /** Coordinates of a point. Default 2. */
  readonly dim?: number
  /** Length of a latent code. Default 2. */
  readonly latentDim?: number
  /** Width of the hidden layers. Default 512. */
  readonly hidden?: number
  /** Hidden layers of each network. Default 3. */
  readonly layers?: number
  /** Default: Adam at 1e-4 with betas 0.5 and 0.9. */
  readonly optimizer?: GanOptions['optimizer']
}

const perceptron = (from: number, hidden: number, to: number, layers: number): Sequential => {
  const stack: Layer[] = []
  for (let i = 0; i < layers; i++) stack.push(new Linear(i === 0 ? from : hidden, hidden), new ReLU())
  return heWeights(new Sequential(...stack, new Linear(hidden, to)))
}

/**
 * {@link WganGp} for points, such as the mixtures on which coverage of modes is studied: perceptrons with rectifiers and
 * He's initial weights.
 * @source Gulrajani et al. 2017, toy data sets; checked against torch 1.13 in families.test.ts
 * @example pointsWganGp({ hidden: 16 }).sample(3, { seed: 0 }).shape // => [3, 2]
 */
export const pointsWganGp = (options: PointsWganGpOptions = {}): WganGp => {
  const { dim = 2, latentDim = 2, hidden = 512, layers = 3, optimizer, ...training } = options
  return new WganGp({
    ...training,
    generator: perceptron(latentDim, hidden, dim, layers),
    discriminator: perceptron(dim, hidden, 1, layers),
    latentShape: [latentDim],
    sampleShape: [dim],
    optimizer: optimizer ?? optim.adam({ lr: 1e-4, betas: [0.5, 0.9] }),
  })
}
