import * as ops from '../ops/activations.ts'
import type { GeluOptions, SoftplusOptions } from '../ops/activations.ts'
import { tanh } from '../ops/unary.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { checkSizes } from './check.ts'
import { constantParameter } from './layer-init.ts'
import { Module } from './module.ts'

/**
 * max(0, x) on every element, as torch.nn.ReLU.
 * @example new ReLU().forward(tensor([-1, 2])).toArray() // => [0, 2]
 */
export class ReLU extends Module {
  forward(x: Tensor): Tensor {
    return ops.relu(x)
  }
}

/**
 * min(max(0, x), 6) on every element, as torch.nn.ReLU6.
 * @example new ReLU6().forward(tensor([-1, 7])).toArray() // => [0, 6]
 */
export class ReLU6 extends Module {
  forward(x: Tensor): Tensor {
    return ops.relu6(x)
  }
}

/**
 * the scaled exponential linear unit on every element, as torch.nn.SELU.
 * @example new SELU().forward(tensor([0])).toArray() // => [0]
 */
export class SELU extends Module {
  forward(x: Tensor): Tensor {
    return ops.selu(x)
  }
}

/**
 * x sigmoid(x) on every element, as torch.nn.SiLU.
 * @example new SiLU().forward(tensor([0])).toArray() // => [0]
 */
export class SiLU extends Module {
  forward(x: Tensor): Tensor {
    return ops.silu(x)
  }
}

/**
 * x tanh(softplus(x)) on every element, as torch.nn.Mish.
 * @example new Mish().forward(tensor([0])).toArray() // => [0]
 */
export class Mish extends Module {
  forward(x: Tensor): Tensor {
    return ops.mish(x)
  }
}

/**
 * 1 / (1 + exp(-x)) on every element, as torch.nn.Sigmoid.
 * @example new Sigmoid().forward(tensor([0])).toArray() // => [0.5]
 */
export class Sigmoid extends Module {
  forward(x: Tensor): Tensor {
    return ops.sigmoid(x)
  }
}

/**
 * log(sigmoid(x)) on every element, as torch.nn.LogSigmoid.
 * @example new LogSigmoid().forward(tensor([0])).toArray() // => [-0.6931472]
 */
export class LogSigmoid extends Module {
  forward(x: Tensor): Tensor {
    return ops.logSigmoid(x)
  }
}

/**
 * min(max(0, x + 3), 6) / 6 on every element, as torch.nn.Hardsigmoid.
 * @example new Hardsigmoid().forward(tensor([-3, 0, 3])).toArray() // => [0, 0.5, 1]
 */
export class Hardsigmoid extends Module {
  forward(x: Tensor): Tensor {
    return ops.hardsigmoid(x)
  }
}

/**
 * x hardsigmoid(x) on every element, as torch.nn.Hardswish.
 * @example new Hardswish().forward(tensor([-3, 3])).toArray() // => [0, 3]
 */
export class Hardswish extends Module {
  forward(x: Tensor): Tensor {
    return ops.hardswish(x)
  }
}

/**
 * x / (1 + |x|) on every element, as torch.nn.Softsign.
 * @example new Softsign().forward(tensor([1])).toArray() // => [0.5]
 */
export class Softsign extends Module {
  forward(x: Tensor): Tensor {
    return ops.softsign(x)
  }
}

/**
 * tanh(x) on every element, as torch.nn.Tanh.
 * @example new Tanh().forward(tensor([0])).toArray() // => [0]
 */
export class Tanh extends Module {
  forward(x: Tensor): Tensor {
    return tanh(x)
  }
}

/**
 * x - tanh(x) on every element, as torch.nn.Tanhshrink.
 * @example new Tanhshrink().forward(tensor([0])).toArray() // => [0]
 */
export class Tanhshrink extends Module {
  forward(x: Tensor): Tensor {
    return ops.tanhshrink(x)
  }
}

/**
 * max(0, x) + slope min(0, x), as torch.nn.LeakyReLU.
 * @param slope - the slope below 0. Default 0.01.
 * @example new LeakyReLU(0.5).forward(tensor([-2, 2])).toArray() // => [-1, 2]
 */
export class LeakyReLU extends Module {
  readonly slope: number

  constructor(slope = 0.01) {
    super()
    this.slope = slope
  }

  forward(x: Tensor): Tensor {
    return ops.leakyRelu(x, this.slope)
  }
}

/**
 * x above 0, alpha (exp(x) - 1) below, as torch.nn.ELU.
 * @param alpha - the negative limit. Default 1.
 * @example new ELU().forward(tensor([0, 2])).toArray() // => [0, 2]
 */
export class ELU extends Module {
  readonly alpha: number

  constructor(alpha = 1) {
    super()
    this.alpha = alpha
  }

  forward(x: Tensor): Tensor {
    return ops.elu(x, this.alpha)
  }
}

/**
 * max(0, x) + min(0, alpha (exp(x / alpha) - 1)), as torch.nn.CELU.
 * @param alpha - the negative limit. Default 1.
 * @example new CELU().forward(tensor([0, 2])).toArray() // => [0, 2]
 */
export class CELU extends Module {
  readonly alpha: number

  constructor(alpha = 1) {
    super()
    this.alpha = alpha
  }

  forward(x: Tensor): Tensor {
    return ops.celu(x, this.alpha)
  }
}

/**
 * x outside of [-lambda, lambda], 0 inside, as torch.nn.Hardshrink.
 * @param lambda - the half-width. Default 0.5.
 * @example new Hardshrink().forward(tensor([0.25, 2])).toArray() // => [0, 2]
 */
export class Hardshrink extends Module {
  readonly lambda: number

  constructor(lambda = 0.5) {
    super()
    this.lambda = lambda
  }

  forward(x: Tensor): Tensor {
    return ops.hardshrink(x, this.lambda)
  }
}

/**
 * x moved towards 0 by lambda, 0 within, as torch.nn.Softshrink.
 * @param lambda - the half-width. Default 0.5.
 * @example new Softshrink().forward(tensor([0.25, 2])).toArray() // => [0, 1.5]
 */
export class Softshrink extends Module {
  readonly lambda: number

  constructor(lambda = 0.5) {
    super()
    this.lambda = lambda
  }

  forward(x: Tensor): Tensor {
    return ops.softshrink(x, this.lambda)
  }
}

/**
 * the first half times the sigmoid of the second, as torch.nn.GLU.
 * @param axis - the axis that is halved. Default -1.
 * @example new GLU().forward(tensor([4, 0])).toArray() // => [2]
 */
export class GLU extends Module {
  readonly axis: number

  constructor(axis = -1) {
    super()
    this.axis = axis
  }

  forward(x: Tensor): Tensor {
    return ops.glu(x, this.axis)
  }
}

/**
 * x within [low, high], the limit outside, as torch.nn.Hardtanh.
 * @example new Hardtanh().forward(tensor([-3, 0.5])).toArray() // => [-1, 0.5]
 */
export class Hardtanh extends Module {
  readonly low: number
  readonly high: number

  constructor(low = -1, high = 1) {
    super()
    this.low = low
    this.high = high
  }

  forward(x: Tensor): Tensor {
    return ops.hardtanh(x, this.low, this.high)
  }
}

/**
 * x above `limit`, `value` elsewhere, as torch.nn.Threshold.
 * @example new Threshold(1, 20).forward(tensor([0.5, 2])).toArray() // => [20, 2]
 */
export class Threshold extends Module {
  readonly limit: number
  readonly value: number

  constructor(limit: number, value: number) {
    super()
    this.limit = limit
    this.value = value
  }

  forward(x: Tensor): Tensor {
    return ops.threshold(x, this.limit, this.value)
  }
}

/**
 * x times the standard normal distribution function of x, as torch.nn.GELU.
 * @example new GELU({ approximate: 'tanh' }).forward(tensor([0])).toArray() // => [0]
 */
export class GELU extends Module {
  readonly options: GeluOptions

  constructor(options: GeluOptions = {}) {
    super()
    this.options = options
  }

  forward(x: Tensor): Tensor {
    return ops.gelu(x, this.options)
  }
}

/**
 * log(1 + exp(beta x)) / beta, as torch.nn.Softplus.
 * @example new Softplus().forward(tensor([0])).toArray() // => [0.6931472]
 */
export class Softplus extends Module {
  readonly options: SoftplusOptions

  constructor(options: SoftplusOptions = {}) {
    super()
    this.options = options
  }

  forward(x: Tensor): Tensor {
    return ops.softplus(x, this.options)
  }
}

/** Options of {@link PReLU}. */
export interface PReLUOptions {
  /** One slope, or one for each channel (axis 1). Default 1. */
  readonly numParameters?: number
  /** The slopes at first. Default 0.25. */
  readonly init?: number
}

/**
 * max(0, x) + a min(0, x) with learned slopes, as torch.nn.PReLU. State: weight [numParameters].
 * @example new PReLU().forward(tensor([-4, 4])).toArray() // => [-1, 4]
 */
export class PReLU extends Module {
  readonly weight: Tensor

  constructor({ numParameters = 1, init = 0.25 }: PReLUOptions = {}) {
    super()
    checkSizes('PReLU', { numParameters })
    this.weight = constantParameter([numParameters], init)
  }

  forward(x: Tensor): Tensor {
    return ops.prelu(x, this.weight)
  }
}
