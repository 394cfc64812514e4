import {
  BatchNorm2d,
  Conv2d,
  ConvTranspose2d,
  LeakyReLU,
  ReLU,
  Sequential,
  Tanh,
  ValueError,
  type Layer,
} from '@lanewise/core'

/** Sizes of DCGAN's networks. */
export interface ImageNetOptions {
  /** 1 for grey, 3 for colour. */
  readonly channels: number
  /** Side of the square images. */
  readonly imageSize: 28 | 32
  /** Channels of the layer next to the image; the others have twice and four times as many. */
  readonly baseWidth: number
}

/** Kernel between 4x4 and its neighbour: 3 leads to 7x7, 4 to 8x8. */
const innerKernel = { 28: 3, 32: 4 } as const

/** Checks the sizes and gives the innermost kernel. */
const kernelOf = (op: string, { channels, imageSize, baseWidth }: ImageNetOptions): number => {
  for (const [name, value] of Object.entries({ channels, baseWidth })) {
    if (Number.isInteger(value) && value >= 1) continue
    throw new ValueError({ op, problem: `${name} is out of range`, got: String(value), expected: 'an integer >= 1' })
  }
  if (imageSize in innerKernel) return innerKernel[imageSize]
  throw new ValueError({ op, problem: 'there is no such size', got: `imageSize ${imageSize}`, expected: '28 or 32' })
}

/**
 * Latent codes [N, in, 1, 1] to images in [-1, 1] by transposed convolutions, without biases.
 *
 *   in -> 4/1/0 4w BN relu -> 4x4 -> k/2/1 2w BN relu -> 7x7 or 8x8 -> 4/2/1 w BN relu -> 4/2/1 C tanh
 */
export const upwardStack = (op: string, inChannels: number, options: ImageNetOptions): Sequential => {
  const k = kernelOf(op, options)
  const { channels, baseWidth: w } = options
  return new Sequential(
    new ConvTranspose2d(inChannels, 4 * w, 4, { bias: false }),
    new BatchNorm2d(4 * w),
    new ReLU(),
    new ConvTranspose2d(4 * w, 2 * w, k, { stride: 2, padding: 1, bias: false }),
    new BatchNorm2d(2 * w),
    new ReLU(),
    new ConvTranspose2d(2 * w, w, 4, { stride: 2, padding: 1, bias: false }),
    new BatchNorm2d(w),
    new ReLU(),
    new ConvTranspose2d(w, channels, 4, { stride: 2, padding: 1, bias: false }),
    new Tanh(),
  )
}

/** What {@link downwardLayers} takes. */
export interface DownwardOptions extends ImageNetOptions {
  /** Channels of the input. Default `channels`. */
  readonly inChannels?: number
  /** Batch norm after the second and third convolution. Default true. */
  readonly norm?: boolean
}

/**
 * Images to maps [N, 4w, 4, 4] by convolutions with biases.
 *
 *   C -> 4/2/1 w leaky .2 -> 4/2/1 2w BN leaky .2 -> 7x7 or 8x8 -> k/2/1 4w BN leaky .2 -> 4x4
 */
export const downwardLayers = (op: string, options: DownwardOptions): Layer[] => {
  const k = kernelOf(op, options)
  const { channels, baseWidth: w, inChannels = channels, norm = true } = options
  const normed = (width: number): Layer[] => (norm ? [new BatchNorm2d(width)] : [])
  return [
    new Conv2d(inChannels, w, 4, { stride: 2, padding: 1 }),
    new LeakyReLU(0.2),
    new Conv2d(w, 2 * w, 4, { stride: 2, padding: 1 }),
    ...normed(2 * w),
    new LeakyReLU(0.2),
    new Conv2d(2 * w, 4 * w, k, { stride: 2, padding: 1 }),
    ...normed(4 * w),
    new LeakyReLU(0.2),
  ]
}
