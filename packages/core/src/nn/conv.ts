import { ValueError } from '../errors.ts'
import { convolve, resolvePadding, type ConvOptions, type FusedActivation } from '../ops/conv.ts'
import { convTranspose1d, convTranspose2d, convTranspose3d, type ConvTransposeOptions } from '../ops/conv-transpose.ts'
import { perAxis, type PerAxis } from '../ops/windows.ts'
import { pad } from '../ops/pad.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { checkGroups, checkSizes } from './check.ts'
import { layerBias, layerWeight } from './layer-init.ts'
import { Module } from './module.ts'

/** What stands beyond the edges: zeros, a mirror image, the edge repeated, or the other end. */
export type PaddingMode = 'zeros' | 'reflect' | 'replicate' | 'circular'

/** Options of {@link Conv2d} and its like. */
export interface ConvLayerOptions extends ConvOptions {
  /** Whether to add a learned bias. Default true. */
  readonly bias?: boolean
  /** What stands beyond the edges. Default `zeros`. */
  readonly paddingMode?: PaddingMode
}

/** What the three convolution layers share. */
abstract class Conv extends Module {
  readonly inChannels: number
  readonly outChannels: number
  readonly kernelSize: readonly number[]
  readonly stride: readonly number[]
  readonly padding: readonly number[] | 'same' | 'valid'
  readonly dilation: readonly number[]
  readonly groups: number
  readonly paddingMode: PaddingMode
  readonly weight: Tensor
  readonly bias: Tensor | null
  /** The activation that {@link fuseModules} made part of this layer. */
  readonly activation: FusedActivation | null = null

  constructor(
    layer: string,
    space: number,
    inChannels: number,
    outChannels: number,
    kernelSize: PerAxis,
    options: ConvLayerOptions,
  ) {
    super()
    const { groups = 1, bias = true, padding = 0, paddingMode = 'zeros' } = options
    checkSizes(layer, { inChannels, outChannels })
    checkGroups(layer, groups, { inChannels, outChannels })
    this.inChannels = inChannels
    this.outChannels = outChannels
    this.kernelSize = perAxis(layer, 'kernelSize', kernelSize, space, 1)
    this.stride = perAxis(layer, 'stride', options.stride ?? 1, space, 1)
    this.dilation = perAxis(layer, 'dilation', options.dilation ?? 1, space, 1)
    this.padding = typeof padding === 'string' ? padding : perAxis(layer, 'padding', padding, space)
    resolvePadding(layer, this.padding, this.kernelSize, this.dilation, this.stride)
    this.groups = groups
    this.paddingMode = paddingMode
    if (!['zeros', 'reflect', 'replicate', 'circular'].includes(paddingMode)) {
      throw new ValueError({
        op: layer,
        problem: 'there is no such padding mode',
        got: String(paddingMode),
        expected: 'zeros, reflect, replicate or circular',
      })
    }
    this.weight = layerWeight([outChannels, inChannels / groups, ...this.kernelSize])
    this.bias = bias ? layerBias(outChannels, this.weight.shape) : null
  }

  forward(x: Tensor): Tensor {
    const { weight, bias, kernelSize, stride, dilation, groups, padding, paddingMode, activation } = this
    const space = kernelSize.length
    const op = `conv${space}d`
    if (paddingMode === 'zeros')
      return convolve(op, space, x, weight, bias, { stride, padding, dilation, groups }, activation)
    const { before, after } = resolvePadding('conv', padding, kernelSize, dilation, stride)
    // The pads of torch: from the last axis to the first, before and after.
    const pads = before.flatMap((n, i) => [after[i], n]).toReversed()
    const padded = pad(x, pads, { mode: paddingMode })
    return convolve(op, space, padded, weight, bias, { stride, dilation, groups }, activation)
  }

  /** Multiply-adds of a call; see {@link Counted}. */
  macs(_: readonly unknown[], y: Tensor): number {
    return (y.size / this.outChannels) * this.weight.size
  }
}

/**
 * 1-D convolution, as torch.nn.Conv1d.
 * Shape: x [N, in, W] or [in, W] -> [N, out, W']. State: weight [out, in / groups, K], bias [out].
 * @source Checked against torch.nn.Conv1d 1.13 in layers.test.ts
 * @example new Conv1d(2, 4, 3, { padding: 1 }).forward(ones([1, 2, 8])).shape // => [1, 4, 8]
 */
export class Conv1d extends Conv {
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvLayerOptions = {}) {
    super('Conv1d', 1, inChannels, outChannels, kernelSize, options)
  }
}

/**
 * 2-D convolution, as torch.nn.Conv2d.
 * Shape: x [N, in, H, W] or [in, H, W] -> [N, out, H', W']. State: weight [out, in / groups, KH, KW], bias [out].
 * Weight and bias are drawn from U(-k, k), k = 1 / sqrt(fan in), in this order.
 * @throws ValueError when groups do not divide the channels or an option is out of range.
 * @source Checked against torch.nn.Conv2d 1.13 in layers.test.ts
 * @example new Conv2d(3, 8, 3, { stride: 2, padding: 1 }).forward(ones([1, 3, 8, 8])).shape // => [1, 8, 4, 4]
 */
export class Conv2d extends Conv {
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvLayerOptions = {}) {
    super('Conv2d', 2, inChannels, outChannels, kernelSize, options)
  }
}

/**
 * 3-D convolution, as torch.nn.Conv3d.
 * Shape: x [N, in, D, H, W] or [in, D, H, W] -> [N, out, D', H', W']. State: weight [out, in / groups, KD, KH, KW], bias [out].
 * @source Checked against torch.nn.Conv3d 1.13 in layers.test.ts
 * @example new Conv3d(1, 2, [1, 3, 3]).forward(ones([1, 1, 4, 4, 4])).shape // => [1, 2, 4, 2, 2]
 */
export class Conv3d extends Conv {
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvLayerOptions = {}) {
    super('Conv3d', 3, inChannels, outChannels, kernelSize, options)
  }
}

/** Options of {@link ConvTranspose2d} and its like. */
export interface ConvTransposeLayerOptions extends ConvTransposeOptions {
  /** Whether to add a learned bias. Default true. */
  readonly bias?: boolean
}

/** What the three transposed convolution layers share. */
abstract class ConvTranspose extends Module {
  readonly inChannels: number
  readonly outChannels: number
  readonly kernelSize: readonly number[]
  readonly stride: readonly number[]
  readonly padding: readonly number[]
  readonly outputPadding: readonly number[]
  readonly dilation: readonly number[]
  readonly groups: number
  readonly weight: Tensor
  readonly bias: Tensor | null

  constructor(
    layer: string,
    space: number,
    inChannels: number,
    outChannels: number,
    kernelSize: PerAxis,
    options: ConvTransposeLayerOptions,
  ) {
    super()
    const { groups = 1, bias = true } = options
    checkSizes(layer, { inChannels, outChannels })
    checkGroups(layer, groups, { inChannels, outChannels })
    this.inChannels = inChannels
    this.outChannels = outChannels
    this.kernelSize = perAxis(layer, 'kernelSize', kernelSize, space, 1)
    this.stride = perAxis(layer, 'stride', options.stride ?? 1, space, 1)
    this.padding = perAxis(layer, 'padding', options.padding ?? 0, space)
    this.outputPadding = perAxis(layer, 'outputPadding', options.outputPadding ?? 0, space)
    this.dilation = perAxis(layer, 'dilation', options.dilation ?? 1, space, 1)
    this.groups = groups
    this.weight = layerWeight([inChannels, outChannels / groups, ...this.kernelSize])
    this.bias = bias ? layerBias(outChannels, this.weight.shape) : null
  }

  /** Multiply-adds of a call; see {@link Counted}. */
  macs([x]: readonly [x: Tensor]): number {
    return (x.size / this.inChannels) * this.weight.size
  }
}

/**
 * 1-D transposed convolution, as torch.nn.ConvTranspose1d.
 * Shape: x [N, in, W] or [in, W] -> [N, out, W']. State: weight [in, out / groups, K], bias [out].
 * @source Checked against torch.nn.ConvTranspose1d 1.13 in layers.test.ts
 * @example new ConvTranspose1d(2, 4, 4, { stride: 2, padding: 1 }).forward(ones([1, 2, 8])).shape // => [1, 4, 16]
 */
export class ConvTranspose1d extends ConvTranspose {
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvTransposeLayerOptions = {}) {
    super('ConvTranspose1d', 1, inChannels, outChannels, kernelSize, options)
  }

  forward(x: Tensor): Tensor {
    return convTranspose1d(x, this.weight, this.bias, this)
  }
}

/**
 * 2-D transposed convolution, as torch.nn.ConvTranspose2d.
 * Shape: x [N, in, H, W] or [in, H, W] -> [N, out, H', W']. State: weight [in, out / groups, KH, KW], bias [out].
 * @source Checked against torch.nn.ConvTranspose2d 1.13 in layers.test.ts
 * @example new ConvTranspose2d(8, 4, 4, { stride: 2, padding: 1 }).forward(ones([1, 8, 7, 7])).shape // => [1, 4, 14, 14]
 */
export class ConvTranspose2d extends ConvTranspose {
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvTransposeLayerOptions = {}) {
    super('ConvTranspose2d', 2, inChannels, outChannels, kernelSize, options)
  }

  forward(x: Tensor): Tensor {
    return convTranspose2d(x, this.weight, this.bias, this)
  }
}

/**
 * 3-D transposed convolution, as torch.nn.ConvTranspose3d.
 * Shape: x [N, in, D, H, W] or [in, D, H, W] -> [N, out, D', H', W']. State: weight [in, out / groups, KD, KH, KW], bias [out].
 * @source Checked against torch.nn.ConvTranspose3d 1.13 in layers.test.ts
 * @example new ConvTranspose3d(1, 2, 2, { stride: 2 }).forward(ones([1, 1, 2, 2, 2])).shape // => [1, 2, 4, 4, 4]
 */
export class ConvTranspose3d extends ConvTranspose {
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvTransposeLayerOptions = {}) {
    super('ConvTranspose3d', 3, inChannels, outChannels, kernelSize, options)
  }

  forward(x: Tensor): Tensor {
    return convTranspose3d(x, this.weight, this.bias, this)
  }
}
