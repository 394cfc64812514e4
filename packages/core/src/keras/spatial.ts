import { mean, amax } from '../ops/reduce.ts'
import { avgPool1d, avgPool2d, avgPool3d, maxPool1d, maxPool2d, maxPool3d } from '../ops/pool.ts'
import { interpolate } from '../ops/interpolate.ts'
import { pad } from '../ops/pad.ts'
import type { KerasLayer, LayerSource } from './layer.ts'
import { overCounts, padded, padSpace, windowsOf, withChannelsFirst } from './spaces.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** A layer over the axes of space, in Keras's layout; `run` sees [N, C, ...space]. */
const overSpace = (source: LayerSource, space: number, run: (x: Tensor) => Tensor): KerasLayer => {
  const channelsLast = source.config.channelsLast()
  return source.plain((x) => {
    source.needRank(x, space + 2)
    return withChannelsFirst(channelsLast, x, run)
  })
}

const pooling = (source: LayerSource, space: 1 | 2 | 3, average: boolean): KerasLayer => {
  const { config } = source
  const kernel = config.sizes('pool_size', space, { fallback: 2 })
  const stride = config.value('strides') === undefined ? kernel : config.sizes('strides', space)
  const windows = windowsOf(config, kernel, stride)
  const max = [maxPool1d, maxPool2d, maxPool3d][space - 1]
  const avg = [avgPool1d, avgPool2d, avgPool3d][space - 1]
  return overSpace(source, space, (t) => {
    const { x, padding } = padded(t, windows, average ? 0 : -Infinity)
    if (!average) return max(x, kernel, { stride, padding })
    if (x === t) return avg(x, kernel, { stride, padding, countIncludePad: false })
    return overCounts(avg(x, kernel, { stride, divisorOverride: 1 }), t.shape.slice(2), windows)
  })
}

const globalPooling = (source: LayerSource, space: 1 | 2 | 3, average: boolean): KerasLayer => {
  const channelsLast = source.config.channelsLast()
  const keepDims = source.config.flag('keepdims', false)
  const axes = Array.from({ length: space }, (_, i) => i + (channelsLast ? 1 : 2))
  return source.plain((x) => {
    source.needRank(x, space + 2)
    return average ? mean(x, axes, keepDims) : amax(x, axes, keepDims)
  })
}

const zeroPadding = (source: LayerSource, space: 1 | 2 | 3): KerasLayer => {
  const pairs = source.config.pairs('padding', space, 1)
  return overSpace(source, space, (x) => padSpace(x, pairs))
}

const cropping = (source: LayerSource, space: 1 | 2 | 3): KerasLayer => {
  const pairs = source.config.pairs('cropping', space, 0)
  return overSpace(source, space, (x) =>
    padSpace(
      x,
      pairs.map(([before, after]) => [-before, -after]),
    ),
  )
}

/**
 * Bilinear as TensorFlow.js has it: position i reads at i / factor, past the last pixel that one. Keras reads at the
 * centres of pixels.
 */
const fromCorner = (x: Tensor, factors: readonly number[]): Tensor => {
  const size = factors.map((factor, i) => (x.shape[i + 2] - 1) * factor + 1)
  const inner = interpolate(x, { size, mode: 'bilinear', alignCorners: true })
  return pad(
    inner,
    factors.toReversed().flatMap((factor) => [0, factor - 1]),
    { mode: 'replicate' },
  )
}

const upSampling = (source: LayerSource, space: 1 | 2 | 3): KerasLayer => {
  const { config } = source
  const factors = config.sizes('size', space, { fallback: 2 })
  const mode = config.choice('interpolation', space === 2 ? ['nearest', 'bilinear'] : ['nearest'])
  const corner = mode === 'bilinear' && source.version.startsWith('tfjs')
  return overSpace(source, space, (x) =>
    corner
      ? fromCorner(x, factors)
      : interpolate(x, { size: factors.map((factor, i) => x.shape[i + 2] * factor), mode }),
  )
}

/** Layers over space without weights, by Keras's class. */
export const spatial: Readonly<Record<string, (source: LayerSource) => KerasLayer>> = {
  MaxPooling1D: (source) => pooling(source, 1, false),
  MaxPooling2D: (source) => pooling(source, 2, false),
  MaxPooling3D: (source) => pooling(source, 3, false),
  AveragePooling1D: (source) => pooling(source, 1, true),
  AveragePooling2D: (source) => pooling(source, 2, true),
  AveragePooling3D: (source) => pooling(source, 3, true),
  GlobalMaxPooling1D: (source) => globalPooling(source, 1, false),
  GlobalMaxPooling2D: (source) => globalPooling(source, 2, false),
  GlobalMaxPooling3D: (source) => globalPooling(source, 3, false),
  GlobalAveragePooling1D: (source) => globalPooling(source, 1, true),
  GlobalAveragePooling2D: (source) => globalPooling(source, 2, true),
  GlobalAveragePooling3D: (source) => globalPooling(source, 3, true),
  ZeroPadding1D: (source) => zeroPadding(source, 1),
  ZeroPadding2D: (source) => zeroPadding(source, 2),
  ZeroPadding3D: (source) => zeroPadding(source, 3),
  Cropping1D: (source) => cropping(source, 1),
  Cropping2D: (source) => cropping(source, 2),
  Cropping3D: (source) => cropping(source, 3),
  UpSampling1D: (source) => upSampling(source, 1),
  UpSampling2D: (source) => upSampling(source, 2),
  UpSampling3D: (source) => upSampling(source, 3),
}
