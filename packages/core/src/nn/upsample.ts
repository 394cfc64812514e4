import { interpolate, type InterpolateMode, type InterpolateOptions } from '../ops/interpolate.ts'
import { channelShuffle, pixelShuffle, pixelUnshuffle } from '../ops/pixel-shuffle.ts'
import { fold, unfold, type UnfoldOptions } from '../ops/unfold.ts'
import type { PerAxis } from '../ops/windows.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { checkSizes } from './check.ts'
import { Module } from './module.ts'

/**
 * Resizes the axes of space, as torch.nn.Upsample; see {@link interpolate}.
 * @example new Upsample({ scaleFactor: 2 }).forward(ones([1, 2, 3, 3])).shape // => [1, 2, 6, 6]
 */
export class Upsample extends Module {
  readonly options: InterpolateOptions

  constructor(options: InterpolateOptions) {
    super()
    this.options = options
  }

  forward(x: Tensor): Tensor {
    return interpolate(x, this.options)
  }
}

/** Options of {@link UpsamplingNearest2d} and {@link UpsamplingBilinear2d}. */
export interface UpsamplingOptions {
  /** Sizes of the result's space. */
  readonly size?: PerAxis
  /** Factors between the sizes. */
  readonly scaleFactor?: PerAxis
}

/** Options of an upsampling layer with its mode fixed. */
const fixed = ({ size, scaleFactor }: UpsamplingOptions, mode: InterpolateMode): InterpolateOptions => ({
  mode,
  ...(mode === 'bilinear' ? { alignCorners: true } : {}),
  ...(size === undefined ? {} : { size }),
  ...(scaleFactor === undefined ? {} : { scaleFactor }),
})

/**
 * Resizes images by repeating pixels, as torch.nn.UpsamplingNearest2d.
 * @example new UpsamplingNearest2d({ scaleFactor: 2 }).forward(ones([1, 2, 3, 3])).shape // => [1, 2, 6, 6]
 */
export class UpsamplingNearest2d extends Upsample {
  constructor(options: UpsamplingOptions) {
    super(fixed(options, 'nearest'))
  }
}

/**
 * Resizes images bilinearly with aligned corners, as torch.nn.UpsamplingBilinear2d.
 * @example new UpsamplingBilinear2d({ size: [1, 3] }).forward(tensor([[[[1, 2]]]])).toArray() // => [[[[1, 1.5, 2]]]]
 */
export class UpsamplingBilinear2d extends Upsample {
  constructor(options: UpsamplingOptions) {
    super(fixed(options, 'bilinear'))
  }
}

/**
 * Turns channels into pixels, as torch.nn.PixelShuffle.
 * @example new PixelShuffle(2).forward(ones([1, 8, 3, 3])).shape // => [1, 2, 6, 6]
 */
export class PixelShuffle extends Module {
  readonly factor: number

  constructor(factor: number) {
    super()
    checkSizes('PixelShuffle', { factor })
    this.factor = factor
  }

  forward(x: Tensor): Tensor {
    return pixelShuffle(x, this.factor)
  }
}

/**
 * Turns pixels into channels, as torch.nn.PixelUnshuffle.
 * @example new PixelUnshuffle(2).forward(ones([1, 2, 6, 6])).shape // => [1, 8, 3, 3]
 */
export class PixelUnshuffle extends Module {
  readonly factor: number

  constructor(factor: number) {
    super()
    checkSizes('PixelUnshuffle', { factor })
    this.factor = factor
  }

  forward(x: Tensor): Tensor {
    return pixelUnshuffle(x, this.factor)
  }
}

/**
 * Mixes groups of channels, as torch.nn.ChannelShuffle.
 * @example new ChannelShuffle(2).forward(tensor([[[1], [2], [3], [4]]])).toArray() // => [[[1], [3], [2], [4]]]
 */
export class ChannelShuffle extends Module {
  readonly groups: number

  constructor(groups: number) {
    super()
    checkSizes('ChannelShuffle', { groups })
    this.groups = groups
  }

  forward(x: Tensor): Tensor {
    return channelShuffle(x, this.groups)
  }
}

/**
 * The windows of images as columns, as torch.nn.Unfold.
 * @example new Unfold(2).forward(ones([1, 3, 4, 4])).shape // => [1, 12, 9]
 */
export class Unfold extends Module {
  readonly kernelSize: PerAxis
  readonly options: UnfoldOptions

  constructor(kernelSize: PerAxis, options: UnfoldOptions = {}) {
    super()
    this.kernelSize = kernelSize
    this.options = options
  }

  forward(x: Tensor): Tensor {
    return unfold(x, this.kernelSize, this.options)
  }
}

/**
 * Columns of windows back into images, as torch.nn.Fold.
 * @example new Fold([4, 4], 2).forward(ones([1, 12, 9])).shape // => [1, 3, 4, 4]
 */
export class Fold extends Module {
  readonly outputSize: PerAxis
  readonly kernelSize: PerAxis
  readonly options: UnfoldOptions

  constructor(outputSize: PerAxis, kernelSize: PerAxis, options: UnfoldOptions = {}) {
    super()
    this.outputSize = outputSize
    this.kernelSize = kernelSize
    this.options = options
  }

  forward(columns: Tensor): Tensor {
    return fold(columns, this.outputSize, { kernelSize: this.kernelSize, ...this.options })
  }
}
