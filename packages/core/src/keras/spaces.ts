import { mul } from '../ops/binary.ts'
import { pad } from '../ops/pad.ts'
import { permute } from '../ops/views.ts'
import { fromData } from '../tensor/create.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { LayerConfig } from './config.ts'

/** Runs `fn`, which wants channels first, on x of a layer's own layout. Both turns are views. */
export const withChannelsFirst = (channelsLast: boolean, x: Tensor, fn: (x: Tensor) => Tensor): Tensor => {
  if (!channelsLast) return fn(x)
  const space = Array.from({ length: x.rank - 2 }, (_, i) => i)
  const y = fn(permute(x, [0, x.rank - 1, ...space.map((i) => i + 1)]))
  return permute(y, [0, ...space.map((i) => i + 2), 1])
}

/** How windows slide in a layer. */
export interface KerasWindows {
  readonly kernel: readonly number[]
  readonly stride: readonly number[]
  readonly dilation: readonly number[]
  readonly padding: 'valid' | 'same' | 'causal'
}

/** Steps and padding of a layer whose windows have a size. */
export const windowsOf = (config: LayerConfig, kernel: readonly number[], stride: readonly number[]): KerasWindows => {
  const dilation = config.sizes('dilation_rate', kernel.length, { fallback: 1 })
  const isConv1d = config.layer.className === 'Conv1D'
  const padding = config.choice('padding', isConv1d ? ['valid', 'same', 'causal'] : ['valid', 'same'])
  return { kernel, stride, dilation, padding }
}

/** A number of elements before and after an axis. */
export type Pair = readonly [before: number, after: number]

/**
 * What stands before and after an axis of n elements. `same` makes ceil(n / stride) windows, and the end gets one more
 * where the sum is odd; `causal` looks back only.
 */
const pairOf = (n: number, { kernel, stride, dilation, padding }: KerasWindows, i: number): Pair => {
  const span = dilation[i] * (kernel[i] - 1) + 1
  if (padding === 'valid') return [0, 0]
  if (padding === 'causal') return [span - 1, 0]
  const total = Math.max((Math.ceil(n / stride[i]) - 1) * stride[i] + span - n, 0)
  const before = Math.floor(total / 2)
  return [before, total - before]
}

/** Pads the axes of space of x [N, C, ...space] with a value. */
export const padSpace = (x: Tensor, pairs: readonly Pair[], value = 0): Tensor =>
  pad(x, pairs.toReversed().flat(), { value })

/**
 * x [N, C, ...space] padded as its windows ask, and the padding that is left to the op: what is the same on both sides
 * needs no copy.
 */
export const padded = (x: Tensor, windows: KerasWindows, value = 0): { x: Tensor; padding: number[] } => {
  const pairs = windows.kernel.map((_, i) => pairOf(x.shape[i + 2], windows, i))
  if (pairs.every(([before, after]) => before === after)) return { x, padding: pairs.map(([before]) => before) }
  return { x: padSpace(x, pairs, value), padding: pairs.map(() => 0) }
}

/** Turns sums of windows over padded zeros into averages of the elements that were there. */
export const overCounts = (sums: Tensor, space: readonly number[], windows: KerasWindows): Tensor => {
  const { kernel, stride } = windows
  // One axis after the other: the count of a window is the product of those along each.
  return kernel.reduce((y, k, i) => {
    const [before] = pairOf(space[i], windows, i)
    const shares = Float32Array.from({ length: y.shape[i + 2] }, (_, o) => {
      const start = o * stride[i] - before
      return 1 / (Math.min(start + k, space[i]) - Math.max(start, 0))
    })
    const shape = y.shape.map((n, axis) => (axis === i + 2 ? n : 1))
    return mul(y, fromData(shares, shape, 'f32', y.backend))
  }, sums)
}
