import {
  defaultGenerator,
  div,
  DTypeError,
  interpolate,
  pad,
  select,
  ShapeError,
  stack,
  sub,
  unsqueeze,
  ValueError,
  type Tensor,
} from '@lanewise/core'
import type { ImageSize } from '@lanewise/vision'
import { valuesBeside } from './values.ts'

/** Options of {@link DetectionTransform}. */
export interface DetectionTransformOptions {
  /** Length of an image's shorter side; of several, one is drawn in training and the last taken in evaluation. Default 800. */
  readonly minSize?: number | readonly number[]
  /** Limit of the longer side. Default 1333. */
  readonly maxSize?: number
  /** Mean of each channel. Default ImageNet's. */
  readonly imageMean?: readonly number[]
  /** Standard deviation of each channel. Default ImageNet's. */
  readonly imageStd?: readonly number[]
  /** Sides of the batch are multiples of this. Default 32. */
  readonly sizeDivisible?: number
}

/** Images of one size for a network, and the sizes that they have without the padding. */
export interface ImageBatch {
  /** [N, C, H, W] */
  readonly images: Tensor
  readonly sizes: readonly ImageSize[]
}

const imagenetMean = [0.485, 0.456, 0.406] as const
const imagenetStd = [0.229, 0.224, 0.225] as const

/** Size of an image [C, H, W]. */
export const sizeOfImage = ({ shape: [, height, width] }: Tensor): ImageSize => ({ width, height })

/**
 * Images of any size to one batch, as torchvision's detectors do it: normalised, scaled so that the shorter side gets
 * its length unless the longer side would pass its limit, padded with zeros on the right and below.
 * @source Checked against torchvision's GeneralizedRCNNTransform 0.14 in faster-rcnn.test.ts
 * @example
 * import { zeros } from '@lanewise/core'
 * const batch = new DetectionTransform({ minSize: 32, maxSize: 40 }).batch([zeros([3, 8, 16])], false)
 * batch.sizes // => [{"width":40,"height":20}]
 * batch.images.shape // => [1, 3, 32, 64]
 */
export class DetectionTransform {
  readonly minSizes: readonly number[]
  readonly maxSize: number
  readonly imageMean: readonly number[]
  readonly imageStd: readonly number[]
  readonly sizeDivisible: number

  constructor(options: DetectionTransformOptions = {}) {
    const { minSize = 800, maxSize = 1333, imageMean = imagenetMean, imageStd = imagenetStd } = options
    this.minSizes = typeof minSize === 'number' ? [minSize] : minSize
    this.maxSize = maxSize
    this.imageMean = imageMean
    this.imageStd = imageStd
    this.sizeDivisible = options.sizeDivisible ?? 32
    const sizes = [...this.minSizes, maxSize, this.sizeDivisible]
    if (this.minSizes.length > 0 && sizes.every((n) => Number.isInteger(n) && n > 0)) return
    throw new ValueError({
      op: 'DetectionTransform',
      problem: 'a size is not whole and positive',
      got: `minSize ${this.minSizes.join(' ')}, maxSize ${maxSize}, sizeDivisible ${this.sizeDivisible}`,
    })
  }

  /**
   * The batch of some images [C, H, W] with values from 0 to 1. Training draws one number per image for its size.
   * @throws ShapeError or DTypeError when an image is not such a tensor, ValueError when there is none.
   */
  batch(images: readonly Tensor[], training: boolean): ImageBatch {
    if (images.length === 0) {
      throw new ValueError({ op: 'DetectionTransform', problem: 'there are no images', expected: 'at least one' })
    }
    images.forEach((image, i) => this.checkImage(image, i))
    const scaled = images.map((image) => this.resize(this.normalise(image), this.pickSize(training)))
    return { images: padTogether(scaled, this.sizeDivisible), sizes: scaled.map(sizeOfImage) }
  }

  private checkImage(image: Tensor, i: number): void {
    if (image.dtype !== 'f32' && image.dtype !== 'f64') {
      throw new DTypeError({
        op: 'DetectionTransform',
        problem: `image ${i} is not of floats`,
        got: image.toString(),
        expected: 'values from 0 to 1',
        advice: 'Make images with pictureToTensor of @lanewise/vision',
      })
    }
    const channels = this.imageMean.length
    if (image.rank === 3 && image.shape[0] === channels && image.size > 0) return
    throw new ShapeError({
      op: 'DetectionTransform',
      problem: `image ${i} has another shape`,
      got: image.toString(),
      expected: `[${channels}, height, width]`,
      advice: 'Hand over a list of images; they may differ in size',
    })
  }

  private normalise(image: Tensor): Tensor {
    const perChannel = (values: readonly number[]): Tensor =>
      valuesBeside(image, Float32Array.from(values), [values.length, 1, 1])
    return div(sub(image, perChannel(this.imageMean)), perChannel(this.imageStd))
  }

  private pickSize(training: boolean): number {
    const { minSizes } = this
    if (!training) return minSizes[minSizes.length - 1]
    const [drawn] = defaultGenerator().uniform(new Float32Array(1), 0, minSizes.length)
    return minSizes[Math.min(Math.floor(drawn), minSizes.length - 1)]
  }

  private resize(image: Tensor, minSize: number): Tensor {
    const { width, height } = sizeOfImage(image)
    const f = Math.fround
    const scale = Math.min(f(minSize / Math.min(width, height)), f(this.maxSize / Math.max(width, height)))
    const size = [Math.floor(height * scale), Math.floor(width * scale)]
    if (size[0] === height && size[1] === width) return image
    return select(interpolate(unsqueeze(image, 0), { size, mode: 'bilinear' }), 0, 0)
  }
}

const padTogether = (images: readonly Tensor[], divisible: number): Tensor => {
  const side = (of: (size: ImageSize) => number): number =>
    Math.ceil(Math.max(...images.map((image) => of(sizeOfImage(image)))) / divisible) * divisible
  const [width, height] = [side((s) => s.width), side((s) => s.height)]
  return stack(
    images.map((image) => {
      const own = sizeOfImage(image)
      return own.width === width && own.height === height
        ? image
        : pad(image, [0, width - own.width, 0, height - own.height])
    }),
  )
}

/** xyxy boxes on an image that was resized, in float32 as torchvision. */
export const resizeBoxes = (boxes: Float32Array, from: ImageSize, to: ImageSize): Float32Array => {
  const [x, y] = [Math.fround(to.width / from.width), Math.fround(to.height / from.height)]
  return boxes.map((v, i) => v * (i % 2 === 0 ? x : y))
}
