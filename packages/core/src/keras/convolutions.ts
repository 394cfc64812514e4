import { conv1d, conv2d, conv3d } from '../ops/conv.ts'
import { convTranspose2d, convTranspose3d } from '../ops/conv-transpose.ts'
import { permute, reshape, slice } from '../ops/views.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { activationOf } from './activations.ts'
import type { KerasLayer, LayerSource } from './layer.ts'
import { padded, windowsOf, withChannelsFirst, type KerasWindows } from './spaces.ts'
import { remade } from './weights.ts'

const convWindows = ({ config }: LayerSource, space: number): KerasWindows => {
  const windows = windowsOf(config, config.sizes('kernel_size', space), config.sizes('strides', space, { fallback: 1 }))
  const { stride, dilation } = windows
  if (stride.some((n) => n > 1) && dilation.some((n) => n > 1))
    config.fail('strides and dilation_rate are both above 1', `${stride} and ${dilation}`, '1 for one of them')
  return windows
}

/** Kernel [...space, a, b] to [b, a, ...space]. */
const turned = (space: number): number[] => [space + 1, space, ...Array.from({ length: space }, (_, i) => i)]

/** The parts of a layer that convolves. */
interface Parts {
  readonly space: number
  readonly state: Readonly<Record<string, Tensor | null>>
  /** From x [N, C, ...space]. */
  readonly run: (x: Tensor) => Tensor
  readonly macs: (x: Tensor, y: Tensor) => number
}

const convolving = (source: LayerSource, { space, state, run, macs }: Parts): KerasLayer => {
  const channelsLast = source.config.channelsLast()
  const activation = activationOf(source.config)
  return source.layer(
    state,
    ([x]) => {
      source.needRank(x, space + 2)
      return activation(withChannelsFirst(channelsLast, x, run))
    },
    macs,
  )
}

const conv = (source: LayerSource, space: 1 | 2 | 3): KerasLayer => {
  const { config } = source
  const { kernel, ...rest } = convWindows(source, space)
  const filters = config.integer('filters', 1)
  const groups = config.integer('groups', 1, 1)
  const weight = source.parameter('kernel', [...kernel, null, filters], turned(space))
  const bias = source.bias(filters)
  const op = [conv1d, conv2d, conv3d][space - 1]
  return convolving(source, {
    space,
    state: { weight, bias },
    run: (t) => {
      const { x, padding } = padded(t, { kernel, ...rest })
      return op(x, weight, bias, { stride: rest.stride, dilation: rest.dilation, padding, groups })
    },
    macs: (_, y) => (y.size / filters) * weight.size,
  })
}

/** A convolution of each channel apart, from a kernel [KH, KW, in, multiplier]. */
const depthwise = (
  source: LayerSource,
): { readonly weight: Tensor; readonly run: (x: Tensor, bias: Tensor | null) => Tensor } => {
  const windows = convWindows(source, 2)
  const { kernel, stride, dilation } = windows
  const raw = source.weight('depthwise_kernel', [...kernel, null, null])
  const [, , groups, multiplier] = raw.shape
  // tfjs leaves the option out of a SeparableConv2D.
  if (source.config.integer('depth_multiplier', 1, multiplier) !== multiplier)
    source.config.refuse('depth_multiplier', `${multiplier}, as in the weight`)
  const weight = source.trained(
    remade(raw, (x) => reshape(permute(x, [2, 3, 0, 1]), [groups * multiplier, 1, ...kernel])),
  )
  const run = (t: Tensor, bias: Tensor | null): Tensor => {
    const { x, padding } = padded(t, windows)
    return conv2d(x, weight, bias, { stride, dilation, padding, groups })
  }
  return { weight, run }
}

const depthwiseConv = (source: LayerSource): KerasLayer => {
  const { weight, run } = depthwise(source)
  const channels = weight.shape[0]
  const bias = source.bias(channels)
  return convolving(source, {
    space: 2,
    state: { weight, bias },
    run: (x) => run(x, bias),
    macs: (_, y) => (y.size / channels) * weight.size,
  })
}

const separableConv = (source: LayerSource): KerasLayer => {
  const { weight, run } = depthwise(source)
  const filters = source.config.integer('filters', 1)
  const pointwise = source.parameter('pointwise_kernel', [1, 1, weight.shape[0], filters], turned(2))
  const bias = source.bias(filters)
  return convolving(source, {
    space: 2,
    state: { depthwise: weight, pointwise, bias },
    run: (x) => conv2d(run(x, null), pointwise, bias),
    macs: (_, y) => (y.size / filters) * (weight.size + pointwise.size),
  })
}

/** The result has n stride elements with `same`, else (n - 1) stride + max(K, stride). */
const convTranspose = (source: LayerSource, space: 2 | 3): KerasLayer => {
  const { config } = source
  const { kernel, stride, padding: kind } = convWindows(source, space)
  config.only('dilation_rate', 1)
  config.only('output_padding')
  const filters = config.integer('filters', 1)
  const weight = source.parameter('kernel', [...kernel, filters, null], turned(space))
  const bias = source.bias(filters)
  const padding = kernel.map((k, i) => (kind === 'same' ? Math.floor(Math.max(k - stride[i], 0) / 2) : 0))
  const outputPadding = kernel.map((k, i) => Math.max(stride[i] - k, 0))
  const op = space === 2 ? convTranspose2d : convTranspose3d
  return convolving(source, {
    space,
    state: { weight, bias },
    run: (x) => {
      const y = op(x, weight, bias, { stride, padding, outputPadding })
      return kind === 'same' ? stride.reduce((part, s, i) => slice(part, i + 2, 0, x.shape[i + 2] * s), y) : y
    },
    macs: (x) => (x.size / weight.shape[0]) * weight.size,
  })
}

/** Layers that convolve, by Keras's class. */
export const convolutions: Readonly<Record<string, (source: LayerSource) => KerasLayer>> = {
  Conv1D: (source) => conv(source, 1),
  Conv2D: (source) => conv(source, 2),
  Conv3D: (source) => conv(source, 3),
  DepthwiseConv2D: depthwiseConv,
  SeparableConv2D: separableConv,
  Conv2DTranspose: (source) => convTranspose(source, 2),
  Conv3DTranspose: (source) => convTranspose(source, 3),
}
