import {
  elu,
  gelu,
  hardswish,
  leakyRelu,
  logSigmoid,
  mish,
  relu,
  relu6,
  selu,
  sigmoid,
  silu,
  softplus,
  softsign,
} from '../ops/activations.ts'
import { add, mul } from '../ops/binary.ts'
import { clamp } from '../ops/clip.ts'
import { logSoftmax, softmax } from '../ops/softmax.ts'
import { exp, tanh } from '../ops/unary.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { LayerConfig } from './config.ts'

/** A function of each element, or over the last axis. */
export type Activation = (x: Tensor) => Tensor

const activations: Readonly<Record<string, Activation>> = {
  linear: (x) => x,
  relu,
  relu6,
  sigmoid,
  // Keras's straight pieces, which are not torch's: slope 0.2.
  hard_sigmoid: (x) => clamp(add(mul(x, 0.2), 0.5), 0, 1),
  tanh,
  elu: (x) => elu(x),
  selu,
  softplus: (x) => softplus(x),
  softsign,
  softmax: (x) => softmax(x, -1),
  log_softmax: (x) => logSoftmax(x, -1),
  log_sigmoid: logSigmoid,
  swish: silu,
  silu,
  mish,
  gelu: (x) => gelu(x),
  gelu_new: (x) => gelu(x, { approximate: 'tanh' }),
  exponential: exp,
  leaky_relu: (x) => leakyRelu(x, 0.2),
  hard_swish: hardswish,
}

/** The activation that an option of a layer names; absent, it is linear. */
export const activationOf = (config: LayerConfig, option = 'activation'): Activation => {
  const name = config.value(option) ?? 'linear'
  if (typeof name === 'string' && Object.hasOwn(activations, name)) return activations[name]
  return config.refuse(option, `one of ${Object.keys(activations).join(', ')}`)
}
