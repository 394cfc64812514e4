import {
  concat,
  Conv2d,
  expand,
  Flatten,
  oneHot,
  reshape,
  Sequential,
  Sigmoid,
  ValueError,
  type Tensor,
} from '@lanewise/core'
import { downwardLayers, upwardStack, type ImageNetOptions } from '../dcgan/stacks.ts'
import { Gan, type AdversarialOptions, type GanOptions } from '../model/gan.ts'
import { dcganWeights } from '../model/initialize.ts'
import { labelsOf, type SampleBatch } from '../train/batch.ts'

/** What {@link ConditionalGan} takes. */
export interface ConditionalGanOptions extends GanOptions {
  /** Classes, at least 2. */
  readonly numClasses: number
}

/**
 * A {@link Gan} for images whose two networks are told the class: the generator as one-hot channels after the latent
 * code [N, latent + classes, 1, 1], the discriminator as one-hot planes after the image [N, C + classes, H, W].
 * Batches are [images, labels].
 * @throws ValueError when there are fewer than two classes.
 * @source Mirza and Osindero 2014, Conditional Generative Adversarial Nets
 */
export class ConditionalGan extends Gan {
  readonly numClasses: number

  constructor({ numClasses, ...options }: ConditionalGanOptions) {
    super(options)
    if (!Number.isInteger(numClasses) || numClasses < 2) {
      throw new ValueError({
        op: 'ConditionalGan',
        problem: 'numClasses is out of range',
        got: String(numClasses),
        expected: 'an integer >= 2',
      })
    }
    this.numClasses = numClasses
  }

  override get classes(): number {
    return this.numClasses
  }

  override generate(z: Tensor, labels: Tensor | null): Tensor {
    return this.generator.forward(this.withClass(z, labels))
  }

  override score(x: Tensor, labels: Tensor | null): Tensor {
    return this.discriminator.forward(this.withClass(x, labels))
  }

  protected override conditionOf(batch: SampleBatch): Tensor {
    return labelsOf('gan.fit', batch)
  }

  /** x with a plane for each class behind its channels: ones for its own, zeros for the others. */
  private withClass(x: Tensor, labels: Tensor | null): Tensor {
    if (labels === null) {
      throw new ValueError({
        op: 'ConditionalGan',
        problem: 'there are no labels',
        expected: 'a class for each sample',
        advice: 'Call forward(z, labels)',
      })
    }
    const [N, , H, W] = x.shape
    const rows = oneHot(labels, { numClasses: this.numClasses, dtype: x.dtype })
    return concat([x, expand(reshape(rows, [N, this.numClasses, 1, 1]), [N, this.numClasses, H, W])], 1)
  }
}

/** What {@link cgan} takes. */
export interface CganOptions extends AdversarialOptions, Partial<ImageNetOptions> {
  /** Classes. Default 10. */
  readonly numClasses?: number
  /** Length of a latent code. Default 100. */
  readonly latentDim?: number
}

/**
 * A conditional DCGAN: draws images of the class that it is asked for. The networks are those of {@link dcgan}, told
 * the class. Defaults: 10 classes, channels 1, imageSize 28, baseWidth 64.
 * @throws ValueError when a size is out of range.
 * @source Mirza and Osindero 2014; Radford et al. 2016; checked against torch 1.13 in families.test.ts
 * @example
 * const digits = cgan({ baseWidth: 8 }).sample(3, { seed: 0, labels: [7, 7, 1] })
 * digits.shape // => [3, 1, 28, 28]
 */
export const cgan = (options: CganOptions = {}): ConditionalGan => {
  const { numClasses = 10, channels = 1, imageSize = 28, baseWidth = 64, latentDim = 100, loss } = options
  const sizes = { channels, imageSize, baseWidth }
  const generator = dcganWeights(upwardStack('cgan', latentDim + numClasses, sizes))
  const discriminator = dcganWeights(
    new Sequential(
      ...downwardLayers('cgan', { ...sizes, inChannels: channels + numClasses }),
      new Conv2d(4 * baseWidth, 1, 4),
      new Flatten(),
      new Sigmoid(),
    ),
  )
  return new ConditionalGan({
    generator,
    discriminator,
    numClasses,
    latentShape: [latentDim, 1, 1],
    sampleShape: [channels, imageSize, imageSize],
    ...(loss !== undefined && { loss }),
  })
}
