import {
  avgPool1d,
  avgPool2d,
  avgPool3d,
  lpPool1d,
  lpPool2d,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  maxUnpool,
  type AvgPoolOptions,
  type LpPoolOptions,
  type MaxPoolOptions,
  type MaxUnpoolOptions,
} from '../ops/pool.ts'
import {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
  type AdaptiveSize,
} from '../ops/adaptive-pool.ts'
import type { PerAxis } from '../ops/windows.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { Module } from './module.ts'

/** A layer that slides windows of one size with its options. */
abstract class Windowed<Options> extends Module {
  readonly kernelSize: PerAxis
  readonly options: Options

  constructor(kernelSize: PerAxis, options: Options) {
    super()
    this.kernelSize = kernelSize
    this.options = options
  }
}

/**
 * The maximum of sliding windows, as torch.nn.MaxPool1d; see {@link maxPool1d} for the options.
 * Shape: x [N, C, W] or without N -> the same rank.
 * @source Checked against torch.nn.MaxPool1d 1.13 in layers.test.ts
 * @example new MaxPool1d(2).forward(ones([1, 2, 8])).shape // => [1, 2, 4]
 */
export class MaxPool1d extends Windowed<MaxPoolOptions> {
  constructor(kernelSize: PerAxis, options: MaxPoolOptions = {}) {
    super(kernelSize, options)
  }

  forward(x: Tensor): Tensor {
    return maxPool1d(x, this.kernelSize, this.options)
  }
}

/**
 * The maximum of sliding windows, as torch.nn.MaxPool2d; see {@link maxPool2d} for the options.
 * Shape: x [N, C, H, W] or without N -> the same rank.
 * @source Checked against torch.nn.MaxPool2d 1.13 in layers.test.ts
 * @example new MaxPool2d(2).forward(ones([1, 2, 8, 8])).shape // => [1, 2, 4, 4]
 */
export class MaxPool2d extends Windowed<MaxPoolOptions> {
  constructor(kernelSize: PerAxis, options: MaxPoolOptions = {}) {
    super(kernelSize, options)
  }

  forward(x: Tensor): Tensor {
    return maxPool2d(x, this.kernelSize, this.options)
  }
}

/**
 * The maximum of sliding windows, as torch.nn.MaxPool3d; see {@link maxPool3d} for the options.
 * Shape: x [N, C, D, H, W] or without N -> the same rank.
 * @source Checked against torch.nn.MaxPool3d 1.13 in layers.test.ts
 * @example new MaxPool3d(2).forward(ones([1, 2, 4, 4, 4])).shape // => [1, 2, 2, 2, 2]
 */
export class MaxPool3d extends Windowed<MaxPoolOptions> {
  constructor(kernelSize: PerAxis, options: MaxPoolOptions = {}) {
    super(kernelSize, options)
  }

  forward(x: Tensor): Tensor {
    return maxPool3d(x, this.kernelSize, this.options)
  }
}

/**
 * The average of sliding windows, as torch.nn.AvgPool1d; see {@link avgPool1d} for the options.
 * Shape: x [N, C, W] or without N -> the same rank.
 * @source Checked against torch.nn.AvgPool1d 1.13 in layers.test.ts
 * @example new AvgPool1d(2).forward(ones([1, 2, 8])).shape // => [1, 2, 4]
 */
export class AvgPool1d extends Windowed<AvgPoolOptions> {
  constructor(kernelSize: PerAxis, options: AvgPoolOptions = {}) {
    super(kernelSize, options)
  }

  forward(x: Tensor): Tensor {
    return avgPool1d(x, this.kernelSize, this.options)
  }
}

/**
 * The average of sliding windows, as torch.nn.AvgPool2d; see {@link avgPool2d} for the options.
 * Shape: x [N, C, H, W] or without N -> the same rank.
 * @source Checked against torch.nn.AvgPool2d 1.13 in layers.test.ts
 * @example new AvgPool2d(2).forward(ones([1, 2, 8, 8])).shape // => [1, 2, 4, 4]
 */
export class AvgPool2d extends Windowed<AvgPoolOptions> {
  constructor(kernelSize: PerAxis, options: AvgPoolOptions = {}) {
    super(kernelSize, options)
  }

  forward(x: Tensor): Tensor {
    return avgPool2d(x, this.kernelSize, this.options)
  }
}

/**
 * The average of sliding windows, as torch.nn.AvgPool3d; see {@link avgPool3d} for the options.
 * Shape: x [N, C, D, H, W] or without N -> the same rank.
 * @source Checked against torch.nn.AvgPool3d 1.13 in layers.test.ts
 * @example new AvgPool3d(2).forward(ones([1, 2, 4, 4, 4])).shape // => [1, 2, 2, 2, 2]
 */
export class AvgPool3d extends Windowed<AvgPoolOptions> {
  constructor(kernelSize: PerAxis, options: AvgPoolOptions = {}) {
    super(kernelSize, options)
  }

  forward(x: Tensor): Tensor {
    return avgPool3d(x, this.kernelSize, this.options)
  }
}

/**
 * The p-norm of sliding windows, as torch.nn.LPPool1d; see {@link lpPool1d} for the options.
 * Shape: x [N, C, W] or without N -> the same rank.
 * @source Checked against torch.nn.LPPool1d 1.13 in layers.test.ts
 * @example new LPPool1d(2).forward(ones([1, 2, 8])).shape // => [1, 2, 4]
 */
export class LPPool1d extends Windowed<LpPoolOptions> {
  constructor(kernelSize: PerAxis, options: LpPoolOptions = {}) {
    super(kernelSize, options)
  }

  forward(x: Tensor): Tensor {
    return lpPool1d(x, this.kernelSize, this.options)
  }
}

/**
 * The p-norm of sliding windows, as torch.nn.LPPool2d; see {@link lpPool2d} for the options.
 * Shape: x [N, C, H, W] or without N -> the same rank.
 * @source Checked against torch.nn.LPPool2d 1.13 in layers.test.ts
 * @example new LPPool2d(2).forward(ones([1, 2, 8, 8])).shape // => [1, 2, 4, 4]
 */
export class LPPool2d extends Windowed<LpPoolOptions> {
  constructor(kernelSize: PerAxis, options: LpPoolOptions = {}) {
    super(kernelSize, options)
  }

  forward(x: Tensor): Tensor {
    return lpPool2d(x, this.kernelSize, this.options)
  }
}

/** What the max-unpool layers share. */
abstract class MaxUnpool extends Module<[y: Tensor, index: Tensor]> {
  readonly kernelSize: PerAxis
  readonly options: MaxUnpoolOptions

  constructor(kernelSize: PerAxis, options: MaxUnpoolOptions = {}) {
    super()
    this.kernelSize = kernelSize
    this.options = options
  }

  /**
   * Puts the maxima back at their indices.
   * @param outputSize - size of the result's space, where the pool's floor left several possible
   */
  forward(y: Tensor, index: Tensor, outputSize?: readonly number[]): Tensor {
    return maxUnpool(
      y,
      index,
      this.kernelSize,
      outputSize === undefined ? this.options : { ...this.options, outputSize },
    )
  }
}

/**
 * Puts maxima back where {@link maxPoolWithIndices} found them, as torch.nn.MaxUnpool1d.
 * @example new MaxUnpool1d(2).forward(...maxPoolWithIndices(tensor([[[1, 3, 2, 4]]]), 2)).toArray() // => [[[0, 3, 0, 4]]]
 */
export class MaxUnpool1d extends MaxUnpool {}

/**
 * Puts maxima back where {@link maxPoolWithIndices} found them, as torch.nn.MaxUnpool2d.
 * @example new MaxUnpool2d(2).forward(...maxPoolWithIndices(tensor([[[[1, 2], [3, 4]]]]), 2)).toArray() // => [[[[0, 0], [0, 4]]]]
 */
export class MaxUnpool2d extends MaxUnpool {}

/**
 * Puts maxima back where {@link maxPoolWithIndices} found them, as torch.nn.MaxUnpool3d.
 * @example new MaxUnpool3d(2).forward(...maxPoolWithIndices(ones([1, 1, 4, 4, 4]), 2)).shape // => [1, 1, 4, 4, 4]
 */
export class MaxUnpool3d extends MaxUnpool {}

/** A layer with as many windows as asked for. */
abstract class Adaptive extends Module {
  readonly outputSize: AdaptiveSize

  /** @param outputSize - one number for all axes of space, or one for each, null to keep that axis */
  constructor(outputSize: AdaptiveSize) {
    super()
    this.outputSize = outputSize
  }
}

/**
 * Averages over as many windows as asked for, as torch.nn.AdaptiveAvgPool1d.
 * Shape: x [N, C, W] or without N -> the same rank.
 * @source Checked against torch.nn.AdaptiveAvgPool1d 1.13 in layers.test.ts
 * @example new AdaptiveAvgPool1d(1).forward(ones([1, 2, 8])).shape // => [1, 2, 1]
 */
export class AdaptiveAvgPool1d extends Adaptive {
  forward(x: Tensor): Tensor {
    return adaptiveAvgPool1d(x, this.outputSize)
  }
}

/**
 * Averages over as many windows as asked for, as torch.nn.AdaptiveAvgPool2d.
 * Shape: x [N, C, H, W] or without N -> the same rank.
 * @source Checked against torch.nn.AdaptiveAvgPool2d 1.13 in layers.test.ts
 * @example new AdaptiveAvgPool2d(1).forward(ones([1, 2, 8, 8])).shape // => [1, 2, 1, 1]
 */
export class AdaptiveAvgPool2d extends Adaptive {
  forward(x: Tensor): Tensor {
    return adaptiveAvgPool2d(x, this.outputSize)
  }
}

/**
 * Averages over as many windows as asked for, as torch.nn.AdaptiveAvgPool3d.
 * Shape: x [N, C, D, H, W] or without N -> the same rank.
 * @source Checked against torch.nn.AdaptiveAvgPool3d 1.13 in layers.test.ts
 * @example new AdaptiveAvgPool3d(1).forward(ones([1, 2, 4, 4, 4])).shape // => [1, 2, 1, 1, 1]
 */
export class AdaptiveAvgPool3d extends Adaptive {
  forward(x: Tensor): Tensor {
    return adaptiveAvgPool3d(x, this.outputSize)
  }
}

/**
 * Maxima over as many windows as asked for, as torch.nn.AdaptiveMaxPool1d.
 * Shape: x [N, C, W] or without N -> the same rank.
 * @source Checked against torch.nn.AdaptiveMaxPool1d 1.13 in layers.test.ts
 * @example new AdaptiveMaxPool1d(1).forward(ones([1, 2, 8])).shape // => [1, 2, 1]
 */
export class AdaptiveMaxPool1d extends Adaptive {
  forward(x: Tensor): Tensor {
    return adaptiveMaxPool1d(x, this.outputSize)
  }
}

/**
 * Maxima over as many windows as asked for, as torch.nn.AdaptiveMaxPool2d.
 * Shape: x [N, C, H, W] or without N -> the same rank.
 * @source Checked against torch.nn.AdaptiveMaxPool2d 1.13 in layers.test.ts
 * @example new AdaptiveMaxPool2d(1).forward(ones([1, 2, 8, 8])).shape // => [1, 2, 1, 1]
 */
export class AdaptiveMaxPool2d extends Adaptive {
  forward(x: Tensor): Tensor {
    return adaptiveMaxPool2d(x, this.outputSize)
  }
}

/**
 * Maxima over as many windows as asked for, as torch.nn.AdaptiveMaxPool3d.
 * Shape: x [N, C, D, H, W] or without N -> the same rank.
 * @source Checked against torch.nn.AdaptiveMaxPool3d 1.13 in layers.test.ts
 * @example new AdaptiveMaxPool3d(1).forward(ones([1, 2, 4, 4, 4])).shape // => [1, 2, 1, 1, 1]
 */
export class AdaptiveMaxPool3d extends Adaptive {
  forward(x: Tensor): Tensor {
    return adaptiveMaxPool3d(x, this.outputSize)
  }
}
