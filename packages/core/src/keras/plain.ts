import { excerpt } from '../io/excerpt.ts'
import { buffer } from '../nn/module.ts'
import { elu } from '../ops/activations.ts'
import { batchNorm } from '../ops/batch-norm.ts'
import { add, gt, mul } from '../ops/binary.ts'
import { clamp } from '../ops/clip.ts'
import { cast } from '../ops/copy.ts'
import { alphaDropout, dropout, dropout1d, dropout2d, dropout3d } from '../ops/dropout.ts'
import { embedding } from '../ops/embedding.ts'
import { layerNorm } from '../ops/layer-norm.ts'
import { linear } from '../ops/matmul.ts'
import { softmax } from '../ops/softmax.ts'
import { expand, permute, reshape, unsqueeze } from '../ops/views.ts'
import { where } from '../ops/where.ts'
import { randn } from '../random/tensors.ts'
import { normalizeAxis, sizeOf } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { activationOf } from './activations.ts'
import type { LayerConfig } from './config.ts'
import type { KerasLayer, LayerSource } from './layer.ts'
import { withChannelsFirst } from './spaces.ts'

const dense = (source: LayerSource): KerasLayer => {
  const units = source.config.integer('units', 1)
  const weight = source.parameter('kernel', [null, units], [1, 0])
  const bias = source.bias(units)
  const activation = activationOf(source.config)
  return source.layer(
    { weight, bias },
    ([x]) => activation(linear(x, weight, bias)),
    (x) => (x.size / weight.shape[1]) * weight.size,
  )
}

const embed = (source: LayerSource): KerasLayer => {
  const { config } = source
  config.only('mask_zero', false)
  const weight = source.parameter('embeddings', [config.integer('input_dim', 1), config.integer('output_dim', 1)])
  return source.layer({ weight }, ([x]) => embedding(x.dtype === 'i32' ? x : cast(x, 'i32'), weight))
}

/** One axis, which newer files write as a list. */
const axisOf = (config: LayerConfig): number => {
  const value = config.value('axis') ?? -1
  const axis = Array.isArray(value) && value.length === 1 ? value[0] : value
  return typeof axis === 'number' && Number.isSafeInteger(axis) ? axis : config.refuse('axis', 'one axis')
}

/** Runs `fn` with an axis of x in the place of axis 1. */
const withAxisSecond = (x: Tensor, axis: number, fn: (x: Tensor) => Tensor): Tensor => {
  if (axis === 1) return fn(x)
  if (axis === x.rank - 1) return withChannelsFirst(true, x, fn)
  const swapped = x.shape.map((_, i) => (i === 1 ? axis : i === axis ? 1 : i))
  return permute(fn(permute(x, swapped)), swapped)
}

const batchNormalization = (source: LayerSource): KerasLayer => {
  const { config } = source
  const axis = axisOf(config)
  const eps = config.number('epsilon', 1e-3)
  const momentum = 1 - config.number('momentum', 0.99)
  const trainable = config.flag('trainable', true)
  const runningMean = buffer(source.weight('moving_mean', [null]))
  const runningVar = buffer(source.weight('moving_variance', runningMean.shape))
  const weight = config.flag('scale', true) ? source.parameter('gamma', runningMean.shape) : null
  const bias = config.flag('center', true) ? source.parameter('beta', runningMean.shape) : null
  return source.layer({ weight, bias, running_mean: runningMean, running_var: runningVar }, ([x], training) =>
    withAxisSecond(x, normalizeAxis('BatchNormalization', axis, x.rank), (t) =>
      // Frozen, it goes on with the statistics that it has.
      batchNorm(t, { weight, bias, runningMean, runningVar, training: training && trainable, momentum, eps }),
    ),
  )
}

const layerNormalization = (source: LayerSource): KerasLayer => {
  const { config } = source
  const value = config.value('axis') ?? -1
  const axes = Array.isArray(value) ? value : [value]
  const eps = config.number('epsilon', 1e-3)
  const expected = axes.map(() => null)
  const weight = config.flag('scale', true) ? source.parameter('gamma', expected) : null
  const bias = config.flag('center', true) ? source.parameter('beta', expected) : null
  return source.layer({ weight, bias }, ([x]) => {
    const last = axes.every((axis, i) => axis === i - axes.length || axis === x.rank - axes.length + i)
    if (!last) config.fail('axis is not supported', excerpt(value), `the last ${axes.length} of ${x.rank} axes`)
    return layerNorm(x, x.shape.slice(-axes.length), { weight, bias, eps })
  })
}

/** max(x, 0) with Keras's options: an upper limit, a slope below the threshold. */
const rectifier = ({ config, plain }: LayerSource): KerasLayer => {
  const limit = config.value('max_value') === undefined ? Infinity : config.number('max_value')
  const slope = config.number('negative_slope', 0)
  const threshold = config.number('threshold', 0)
  return plain((x) => {
    const y = where(gt(x, threshold), x, slope === 0 ? 0 : mul(add(x, -threshold), slope))
    return limit === Infinity ? y : clamp(y, -Infinity, limit)
  })
}

const leaky = ({ config, plain }: LayerSource): KerasLayer => {
  const slope = config.number(config.value('negative_slope') === undefined ? 'alpha' : 'negative_slope', 0.3)
  return plain((x) => where(gt(x, 0), x, mul(x, slope)))
}

const learntRectifier = (source: LayerSource): KerasLayer => {
  const weight = source.parameter('alpha', null)
  return source.layer({ weight }, ([x]) => where(gt(x, 0), x, mul(weight, x)))
}

const softmaxOver = ({ config, plain }: LayerSource): KerasLayer => {
  const axis = axisOf(config)
  return plain((x) => softmax(x, axis))
}

/** The share that a layer drops. */
const rateOf = (config: LayerConfig): number => {
  const rate = config.number('rate')
  return rate >= 0 && rate < 1 ? rate : config.refuse('rate', 'a number in [0, 1)')
}

const dropping = ({ config, plain }: LayerSource): KerasLayer => {
  config.only('noise_shape')
  const rate = rateOf(config)
  return plain((x, training) => dropout(x, rate, { training }))
}

const droppingChannels = (source: LayerSource, space: 1 | 2 | 3): KerasLayer => {
  const rate = rateOf(source.config)
  const channelsLast = source.config.channelsLast()
  const drop = [dropout1d, dropout2d, dropout3d][space - 1]
  return source.plain((x, training) => {
    source.needRank(x, space + 2)
    return withChannelsFirst(channelsLast, x, (t) => drop(t, rate, { training }))
  })
}

const gaussianDropout = ({ config, plain }: LayerSource): KerasLayer => {
  const rate = rateOf(config)
  const deviation = Math.sqrt(rate / (1 - rate))
  return plain((x, training) => (training ? mul(x, add(mul(randn(x.shape), deviation), 1)) : x))
}

const gaussianNoise = ({ config, plain }: LayerSource): KerasLayer => {
  const deviation = config.number('stddev')
  return plain((x, training) => (training ? add(x, mul(randn(x.shape), deviation)) : x))
}

/** Keras flattens what it sees: channels last, whatever lies in memory. */
const flattening = ({ config, plain }: LayerSource): KerasLayer => {
  const channelsLast = config.channelsLast()
  return plain((x) => {
    // From channels first, Keras turns them last before it flattens.
    const turned = channelsLast || x.rank < 3 ? x : permute(x, [0, ...x.shape.map((_, i) => i).slice(2), 1])
    return reshape(turned, [x.shape[0], sizeOf(x.shape.slice(1))])
  })
}

const reshaping = ({ config, plain }: LayerSource): KerasLayer => {
  // The size that is left open is -1, or null where a file comes from TensorFlow.js.
  const shape = config.integers('target_shape', -1)
  return plain((x) => {
    const known = shape.filter((n) => n >= 0)
    const rest = sizeOf(x.shape.slice(1)) / sizeOf(known)
    return reshape(x, [x.shape[0], ...shape.map((n) => (n < 0 ? rest : n))])
  })
}

const permuting = ({ config, plain }: LayerSource): KerasLayer => {
  const axes = config.integers('dims', 1)
  return plain((x) => permute(x, [0, ...axes]))
}

const repeating = (source: LayerSource): KerasLayer => {
  const n = source.config.integer('n', 1)
  return source.plain((x) => {
    source.needRank(x, 2)
    return expand(unsqueeze(x, 1), [x.shape[0], n, x.shape[1]])
  })
}

const rescaling = ({ config, plain }: LayerSource): KerasLayer => {
  const scale = config.number('scale')
  const offset = config.number('offset', 0)
  return plain((x) => add(mul(x.dtype === 'f32' ? x : cast(x, 'f32'), scale), offset))
}

/** Layers of one input without windows, by Keras's class. */
export const plainLayers: Readonly<Record<string, (source: LayerSource) => KerasLayer>> = {
  Dense: dense,
  Embedding: embed,
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  Activation: ({ config, plain }) => plain(activationOf(config)),
  ReLU: rectifier,
  LeakyReLU: leaky,
  ELU: ({ config, plain }) => {
    const alpha = config.number('alpha', 1)
    return plain((x) => elu(x, alpha))
  },
  PReLU: learntRectifier,
  ThresholdedReLU: ({ config, plain }) => {
    const theta = config.number('theta', 1)
    return plain((x) => where(gt(x, theta), x, 0))
  },
  Softmax: softmaxOver,
  Dropout: dropping,
  SpatialDropout1D: (source) => droppingChannels(source, 1),
  SpatialDropout2D: (source) => droppingChannels(source, 2),
  SpatialDropout3D: (source) => droppingChannels(source, 3),
  AlphaDropout: ({ config, plain }) => {
    const rate = rateOf(config)
    return plain((x, training) => alphaDropout(x, rate, { training }))
  },
  GaussianDropout: gaussianDropout,
  GaussianNoise: gaussianNoise,
  ActivityRegularization: ({ plain }) => plain((x) => x),
  Flatten: flattening,
  Reshape: reshaping,
  Permute: permuting,
  RepeatVector: repeating,
  Rescaling: rescaling,
}
