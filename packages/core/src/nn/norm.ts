import { ShapeError, ValueError } from '../errors.ts'
import { batchNorm } from '../ops/batch-norm.ts'
import { groupNorm, instanceNorm } from '../ops/group-norm.ts'
import { add } from '../ops/binary.ts'
import { copyInto, fill } from '../ops/in-place.ts'
import { layerNorm, rmsNorm } from '../ops/layer-norm.ts'
import { localResponseNorm, type LocalResponseNormOptions } from '../ops/local-response-norm.ts'
import { squeeze, unsqueeze } from '../ops/views.ts'
import { ones, tensor, zeros } from '../tensor/create.ts'
import { show, type Shape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { checkGroups, checkSizes } from './check.ts'
import { constantParameter } from './layer-init.ts'
import { buffer, Module } from './module.ts'

/** Options of {@link BatchNorm2d} and its like, and of the instance norms (where affine and trackRunningStats default to false). */
export interface RunningNormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number
  /** The share of a batch in the running statistics; null for the average of all batches. Default 0.1. */
  readonly momentum?: number | null
  /** Whether to learn a scale and a shift per channel. */
  readonly affine?: boolean
  /** Whether to keep running statistics for evaluation; without, evaluation uses the batch's own. */
  readonly trackRunningStats?: boolean
}

/** What the batch and instance norms share: parameters, running statistics and the count of batches. */
abstract class RunningNorm extends Module {
  readonly numFeatures: number
  readonly eps: number
  readonly momentum: number | null
  readonly weight: Tensor | null
  readonly bias: Tensor | null
  readonly running_mean: Tensor | null
  readonly running_var: Tensor | null
  readonly num_batches_tracked: Tensor | null

  constructor(layer: string, numFeatures: number, options: RunningNormOptions, learns: boolean) {
    super()
    const { eps = 1e-5, momentum = 0.1, affine = learns, trackRunningStats = learns } = options
    checkSizes(layer, { numFeatures })
    if (momentum !== null && !(momentum >= 0 && momentum <= 1)) {
      throw new ValueError({
        op: layer,
        problem: 'momentum does not fit',
        got: String(momentum),
        expected: 'a number in [0, 1], or null',
      })
    }
    this.numFeatures = numFeatures
    this.eps = eps
    this.momentum = momentum
    this.weight = affine ? constantParameter([numFeatures], 1) : null
    this.bias = affine ? constantParameter([numFeatures], 0) : null
    this.running_mean = trackRunningStats ? buffer(zeros([numFeatures])) : null
    this.running_var = trackRunningStats ? buffer(ones([numFeatures])) : null
    this.num_batches_tracked = trackRunningStats ? buffer(tensor(0, { dtype: 'i32' })) : null
  }

  /** Sets the running statistics back to mean 0 and variance 1. */
  resetRunningStats(): void {
    if (this.running_mean !== null) fill(this.running_mean, 0)
    if (this.running_var !== null) fill(this.running_var, 1)
    if (this.num_batches_tracked !== null) fill(this.num_batches_tracked, 0)
  }

  /** Checks the rank that this layer takes. */
  protected checkShape(x: Tensor, ranks: readonly number[], expected: string): void {
    if (ranks.includes(x.rank)) return
    throw new ShapeError({ op: this.constructor.name, problem: 'the rank does not fit', got: show(x.shape), expected })
  }
}

/** What the batch norms share. */
abstract class BatchNorm extends RunningNorm {
  /** Normalises a checked input. */
  protected normalise(x: Tensor): Tensor {
    const { weight, bias, running_mean: runningMean, running_var: runningVar, eps } = this
    const training = this.training || runningMean === null
    const momentum = training && runningMean !== null && this.training ? this.count() : 0
    const running = training && !this.training ? {} : { runningMean, runningVar }
    return batchNorm(x, { weight, bias, ...running, training, momentum, eps })
  }

  /** Counts the batch; gives its share in the running statistics. */
  private count(): number {
    const counter = this.num_batches_tracked!
    const next = add(counter, 1)
    copyInto(counter, next)
    next.dispose()
    return this.momentum ?? 1 / counter.item()
  }
}

/**
 * Batch normalisation of [N, C] or [N, C, L], as torch.nn.BatchNorm1d.
 * State: weight, bias, running_mean, running_var [C], num_batches_tracked.
 * @throws ShapeError when x has another rank, ValueError when training has one value per channel.
 * @source Checked against torch.nn.BatchNorm1d 1.13 in norm.test.ts
 * @example new BatchNorm1d(1, { eps: 0 }).forward(tensor([[0], [2]])).toArray() // => [[-1], [1]]
 */
export class BatchNorm1d extends BatchNorm {
  constructor(numFeatures: number, options: RunningNormOptions = {}) {
    super('BatchNorm1d', numFeatures, options, true)
  }

  forward(x: Tensor): Tensor {
    this.checkShape(x, [2, 3], '[N, C] or [N, C, L]')
    return this.normalise(x)
  }
}

/**
 * Batch normalisation of [N, C, H, W], as torch.nn.BatchNorm2d: in training with the batch's mean and variance, in
 * evaluation with running ones, which each training batch moves (the variance unbiased).
 * State: weight, bias, running_mean, running_var [C], num_batches_tracked.
 * @throws ShapeError when x has another rank, ValueError when training has one value per channel.
 * @source Checked against torch.nn.BatchNorm2d 1.13 in norm.test.ts
 * @example
 * const layer = new BatchNorm2d(3)
 * layer.forward(ones([2, 3, 4, 4])).shape // => [2, 3, 4, 4]
 * ;[...layer.stateDict().keys()] // => ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked']
 */
export class BatchNorm2d extends BatchNorm {
  constructor(numFeatures: number, options: RunningNormOptions = {}) {
    super('BatchNorm2d', numFeatures, options, true)
  }

  forward(x: Tensor): Tensor {
    this.checkShape(x, [4], '[N, C, H, W]')
    return this.normalise(x)
  }
}

/**
 * Batch normalisation of [N, C, D, H, W], as torch.nn.BatchNorm3d.
 * State: weight, bias, running_mean, running_var [C], num_batches_tracked.
 * @source Checked against torch.nn.BatchNorm3d 1.13 in norm.test.ts
 * @example new BatchNorm3d(2).forward(ones([1, 2, 2, 2, 2])).shape // => [1, 2, 2, 2, 2]
 */
export class BatchNorm3d extends BatchNorm {
  constructor(numFeatures: number, options: RunningNormOptions = {}) {
    super('BatchNorm3d', numFeatures, options, true)
  }

  forward(x: Tensor): Tensor {
    this.checkShape(x, [5], '[N, C, D, H, W]')
    return this.normalise(x)
  }
}

/** What the instance norms share. */
abstract class InstanceNorm extends RunningNorm {
  /** Normalises [N, C, ...space], or [C, ...space] of `space` axes of space. */
  protected normalise(x: Tensor, space: number): Tensor {
    this.checkShape(x, [space + 1, space + 2], `[N, C, ...] or [C, ...] with ${space} axes of space`)
    if (x.rank === space + 1) return squeeze(this.normalise(unsqueeze(x, 0), space), 0)
    const { weight, bias, running_mean: runningMean, running_var: runningVar, eps } = this
    const useInputStats = this.training || runningMean === null
    return instanceNorm(x, { weight, bias, runningMean, runningVar, useInputStats, momentum: this.momentum ?? 0, eps })
  }
}

/**
 * Instance normalisation of [N, C, L] or [C, L], as torch.nn.InstanceNorm1d.
 * State: weight and bias with `affine`, running_mean, running_var and num_batches_tracked with `trackRunningStats`.
 * @source Checked against torch.nn.InstanceNorm1d 1.13 in norm.test.ts
 * @example new InstanceNorm1d(2, { eps: 0 }).forward(tensor([[1, 3], [0, 4]])).toArray() // => [[-1, 1], [-1, 1]]
 */
export class InstanceNorm1d extends InstanceNorm {
  constructor(numFeatures: number, options: RunningNormOptions = {}) {
    super('InstanceNorm1d', numFeatures, options, false)
  }

  forward(x: Tensor): Tensor {
    return this.normalise(x, 1)
  }
}

/**
 * Instance normalisation of [N, C, H, W] or [C, H, W], as torch.nn.InstanceNorm2d.
 * State: weight and bias with `affine`, running_mean, running_var and num_batches_tracked with `trackRunningStats`.
 * @source Checked against torch.nn.InstanceNorm2d 1.13 in norm.test.ts
 * @example new InstanceNorm2d(3, { affine: true }).forward(ones([2, 3, 4, 4])).shape // => [2, 3, 4, 4]
 */
export class InstanceNorm2d extends InstanceNorm {
  constructor(numFeatures: number, options: RunningNormOptions = {}) {
    super('InstanceNorm2d', numFeatures, options, false)
  }

  forward(x: Tensor): Tensor {
    return this.normalise(x, 2)
  }
}

/**
 * Instance normalisation of [N, C, D, H, W] or [C, D, H, W], as torch.nn.InstanceNorm3d.
 * State: weight and bias with `affine`, running_mean, running_var and num_batches_tracked with `trackRunningStats`.
 * @source Checked against torch.nn.InstanceNorm3d 1.13 in norm.test.ts
 * @example new InstanceNorm3d(1).forward(ones([1, 1, 2, 2, 2])).shape // => [1, 1, 2, 2, 2]
 */
export class InstanceNorm3d extends InstanceNorm {
  constructor(numFeatures: number, options: RunningNormOptions = {}) {
    super('InstanceNorm3d', numFeatures, options, false)
  }

  forward(x: Tensor): Tensor {
    return this.normalise(x, 3)
  }
}

/** Options of {@link LayerNorm} and {@link GroupNorm}. */
export interface LayerNormLayerOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number
  /** Whether to learn a scale and a shift. Default true. */
  readonly affine?: boolean
}

const shapeOf = (layer: string, normalizedShape: number | Shape): Shape => {
  const shape = typeof normalizedShape === 'number' ? [normalizedShape] : normalizedShape
  shape.forEach((n, i) => checkSizes(layer, { [`size ${i}`]: n }))
  return shape
}

/**
 * Normalises the last axes, as torch.nn.LayerNorm. State: weight and bias of `normalizedShape`.
 * @param normalizedShape - the sizes of the last axes, or the size of the last
 * @source Checked against torch.nn.LayerNorm 1.13 in norm.test.ts
 * @example new LayerNorm(2, { eps: 0 }).forward(tensor([[1, 3]])).toArray() // => [[-1, 1]]
 */
export class LayerNorm extends Module {
  readonly normalizedShape: Shape
  readonly eps: number
  readonly weight: Tensor | null
  readonly bias: Tensor | null

  constructor(normalizedShape: number | Shape, { eps = 1e-5, affine = true }: LayerNormLayerOptions = {}) {
    super()
    this.normalizedShape = shapeOf('LayerNorm', normalizedShape)
    this.eps = eps
    this.weight = affine ? constantParameter(this.normalizedShape, 1) : null
    this.bias = affine ? constantParameter(this.normalizedShape, 0) : null
  }

  forward(x: Tensor): Tensor {
    return layerNorm(x, this.normalizedShape, this)
  }
}

/** Options of {@link RMSNorm}. */
export interface RMSNormOptions {
  /** Added to the mean square. Default 1.1920929e-7. */
  readonly eps?: number
  /** Whether to learn a scale. Default true. */
  readonly affine?: boolean
}

/**
 * Divides by the root mean square of the last axes, as torch.nn.RMSNorm. State: weight of `normalizedShape`.
 * @example new RMSNorm(4).forward(tensor([[3, 4, 0, 0]])).toArray() // => [[1.2, 1.6, 0, 0]]
 */
export class RMSNorm extends Module {
  readonly normalizedShape: Shape
  readonly eps: number
  readonly weight: Tensor | null

  constructor(normalizedShape: number | Shape, { eps = 1.1920928955078125e-7, affine = true }: RMSNormOptions = {}) {
    super()
    this.normalizedShape = shapeOf('RMSNorm', normalizedShape)
    this.eps = eps
    this.weight = affine ? constantParameter(this.normalizedShape, 1) : null
  }

  forward(x: Tensor): Tensor {
    return rmsNorm(x, this.normalizedShape, this)
  }
}

/**
 * Normalises groups of channels of each sample, as torch.nn.GroupNorm. State: weight and bias [C].
 * @throws ValueError when the groups do not divide the channels.
 * @source Checked against torch.nn.GroupNorm 1.13 in norm.test.ts
 * @example new GroupNorm(2, 4, { eps: 0 }).forward(tensor([[1, 3, 0, 4]])).toArray() // => [[-1, 1, -1, 1]]
 */
export class GroupNorm extends Module {
  readonly numGroups: number
  readonly numChannels: number
  readonly eps: number
  readonly weight: Tensor | null
  readonly bias: Tensor | null

  constructor(numGroups: number, numChannels: number, { eps = 1e-5, affine = true }: LayerNormLayerOptions = {}) {
    super()
    checkSizes('GroupNorm', { numChannels })
    checkGroups('GroupNorm', numGroups, { numChannels })
    this.numGroups = numGroups
    this.numChannels = numChannels
    this.eps = eps
    this.weight = affine ? constantParameter([numChannels], 1) : null
    this.bias = affine ? constantParameter([numChannels], 0) : null
  }

  forward(x: Tensor): Tensor {
    return groupNorm(x, this.numGroups, this)
  }
}

/**
 * Divides by the energy of the neighbouring channels, as torch.nn.LocalResponseNorm.
 * @example new LocalResponseNorm(1, { alpha: 1, beta: 1, k: 0 }).forward(tensor([[[2]]])).toArray() // => [[[0.5]]]
 */
export class LocalResponseNorm extends Module {
  readonly size: number
  readonly options: LocalResponseNormOptions

  constructor(size: number, options: LocalResponseNormOptions = {}) {
    super()
    checkSizes('LocalResponseNorm', { size })
    this.size = size
    this.options = options
  }

  forward(x: Tensor): Tensor {
    return localResponseNorm(x, this.size, this.options)
  }
}
