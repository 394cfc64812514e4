/* oxlint-disable no-restricted-properties -- reference loops */
import { activation } from '@lanewise/kernels-wasm/activation'
import { arithmetic } from '@lanewise/kernels-wasm/arithmetic'
import { exponential } from '@lanewise/kernels-wasm/exponential'
import { apply } from '../autograd/apply.ts'
import { ShapeError, ValueError } from '../errors.ts'
import { erf as erfOf } from '../math/erf.ts'
import { isFloat } from '../tensor/dtype.ts'
import { normalizeAxis, show } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { add, div, gt, le, lt, minimum, mul, sub } from './binary.ts'
import { clip } from './clip.ts'
import { cast } from './copy.ts'
import { logicalAnd } from './logical.ts'
import { sameSpec } from './rules.ts'
import { abs, erf, exp, neg, square, tanh } from './unary.ts'
import {
  gradReference,
  gradWasm,
  runUnary,
  unaryReference as reference,
  unaryWasm as wasm,
  type GradOp,
  type UnaryOp,
} from './unary-op.ts'
import { reshape, slice } from './views.ts'
import { where } from './where.ts'

const sigmoidOf = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)))
const softplusOf = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))

// Sigmoids

const sigmoidGradOp: GradOp = {
  name: 'sigmoidGrad',
  kernel: (k) => k.use(exponential).f32_sigmoid_grad,
  f: (y, dy) => dy * y * (1 - y),
  infer: sameSpec,
  reference: gradReference,
  wasm: gradWasm,
}

const sigmoidOp: UnaryOp = {
  name: 'sigmoid',
  kernel: (k) => k.use(exponential).f32_sigmoid,
  f: sigmoidOf,
  infer: sameSpec,
  reference,
  wasm,
  savesOutputs: [0],
  gradient: (c, [dy]) => {
    const y = c.output(0)
    return [c.fused ? apply(sigmoidGradOp, [y, dy!], []) : mul(dy!, mul(y, sub(1, y)))]
  },
}

/** 1 / (1 + exp(-x)). @example sigmoid(tensor([0])).toArray() // => [0.5] */
export const sigmoid = (x: Tensor): Tensor => runUnary(sigmoidOp, x)

const logSigmoidGradOp: GradOp = {
  name: 'logSigmoidGrad',
  kernel: (k) => k.use(activation).f32_logsigmoid_grad,
  f: (x, dy) => dy * sigmoidOf(-x),
  infer: sameSpec,
  reference: gradReference,
  wasm: gradWasm,
}

const logSigmoidOp: UnaryOp = {
  name: 'logSigmoid',
  kernel: (k) => k.use(activation).f32_logsigmoid,
  f: (x) => -softplusOf(-x),
  infer: sameSpec,
  reference,
  wasm,
  savesInputs: [0],
  gradient: (c, [dy]) => {
    const x = c.input(0)
    return [c.fused ? apply(logSigmoidGradOp, [x, dy!], []) : mul(dy!, sigmoid(neg(x)))]
  },
}

/** log(1 / (1 + exp(-x))). @example logSigmoid(tensor([0])).toArray() // => [-0.6931472] */
export const logSigmoid = (x: Tensor): Tensor => runUnary(logSigmoidOp, x)

const hardsigmoidGradOp: GradOp = {
  name: 'hardsigmoidGrad',
  kernel: (k) => k.use(activation).f32_hardsigmoid_grad,
  f: (x, dy) => (x > -3 && x < 3 ? dy / 6 : 0),
  infer: sameSpec,
  reference: gradReference,
  wasm: gradWasm,
}

const hardsigmoidOp: UnaryOp = {
  name: 'hardsigmoid',
  kernel: (k) => k.use(activation).f32_hardsigmoid,
  f: (x) => Math.min(Math.max(x + 3, 0), 6) / 6,
  infer: sameSpec,
  reference,
  wasm,
  savesInputs: [0],
  gradient: (c, [dy]) => {
    const x = c.input(0)
    return [c.fused ? apply(hardsigmoidGradOp, [x, dy!], []) : where(inside(x, -3, 3), div(dy!, 6), 0)]
  },
}

/** min(max(x + 3, 0), 6) / 6. @example hardsigmoid(tensor([-4, 0, 4])).toArray() // => [0, 0.5, 1] */
export const hardsigmoid = (x: Tensor): Tensor => runUnary(hardsigmoidOp, x)

/** Whether low < x < high. */
const inside = (x: Tensor, low: number, high: number): Tensor => logicalAnd(gt(x, low), lt(x, high))

// Rectifiers

// Its own gradient in dy, so that second derivatives need no other form.
const reluGradOp: GradOp = {
  name: 'reluGrad',
  kernel: (k) => k.use(arithmetic).f32_relu_grad,
  f: (y, dy) => (y > 0 || Number.isNaN(y) ? dy : 0),
  infer: sameSpec,
  reference: gradReference,
  wasm: gradWasm,
  savesInputs: [0],
  gradient: (c, [ddx]) => [null, apply(reluGradOp, [c.input(0), ddx!], [])],
}

const reluOp: UnaryOp = {
  name: 'relu',
  kernel: (k) => k.use(arithmetic).f32_relu,
  integerKernel: (k) => k.use(arithmetic).i32_relu,
  f: (x) => (x > 0 || Number.isNaN(x) ? x : 0),
  infer: sameSpec,
  reference,
  wasm,
  savesOutputs: [0],
  gradient: (c, [dy]) => [apply(reluGradOp, [c.output(0), dy!], [])],
}

/** max(0, x); NaN stays, and integers stay integers. @example relu(tensor([-1, 2])).toArray() // => [0, 2] */
export const relu = (x: Tensor): Tensor => {
  if (isFloat(x.dtype) || x.dtype === 'i32') return apply(reluOp, [x], [])
  return cast(apply(reluOp, [cast(x, 'i32')], []), x.dtype === 'u8' ? 'u8' : 'i32')
}

const relu6GradOp: GradOp = {
  name: 'relu6Grad',
  kernel: (k) => k.use(activation).f32_relu6_grad,
  f: (x, dy) => (x > 0 && x < 6 ? dy : 0),
  infer: sameSpec,
  reference: gradReference,
  wasm: gradWasm,
}

const relu6Op: UnaryOp = {
  name: 'relu6',
  kernel: (k) => k.use(activation).f32_relu6,
  f: (x) => Math.min(Math.max(x, 0), 6),
  infer: sameSpec,
  reference,
  wasm,
  savesInputs: [0],
  gradient: (c, [dy]) => {
    const x = c.input(0)
    return [c.fused ? apply(relu6GradOp, [x, dy!], []) : where(inside(x, 0, 6), dy!, 0)]
  },
}

/** min(max(0, x), 6). @example relu6(tensor([-1, 2, 8])).toArray() // => [0, 2, 6] */
export const relu6 = (x: Tensor): Tensor => runUnary(relu6Op, x)

const leakyReluGradOp: GradOp = {
  name: 'leakyReluGrad',
  kernel: (k) => k.use(activation).f32_leaky_relu_grad,
  f: (x, dy, slope) => (x > 0 ? dy : slope * dy),
  infer: sameSpec,
  reference: gradReference,
  wasm: gradWasm,
}

const leakyReluOp: UnaryOp = {
  name: 'leakyRelu',
  kernel: (k) => k.use(activation).f32_leaky_relu,
  f: (x, slope) => (x > 0 ? x : slope * x),
  infer: sameSpec,
  reference,
  wasm,
  savesInputs: [0],
  gradient: (c, [dy]) => {
    const x = c.input(0)
    return [c.fused ? apply(leakyReluGradOp, [x, dy!], c.attrs) : where(gt(x, 0), dy!, mul(dy!, c.attrs[0]))]
  },
}

/**
 * x above 0, slope x below.
 * @example leakyRelu(tensor([-1, 2]), 0.1).toArray() // => [-0.1, 2]
 */
export const leakyRelu = (x: Tensor, slope = 0.01): Tensor => runUnary(leakyReluOp, x, slope)

/**
 * x above 0, weight x below, with a learnt weight, as torch.nn.functional.prelu.
 * Shape: x [N, C, ...], weight [1] or [C] -> [N, C, ...].
 * @throws ShapeError when the weight holds neither 1 nor C elements.
 * @example prelu(tensor([[-1, 2]]), tensor([0.5])).toArray() // => [[-0.5, 2]]
 */
export const prelu = (x: Tensor, weight: Tensor): Tensor => {
  const channels = x.rank > 1 ? x.shape[1] : 1
  if (weight.rank > 1 || (weight.size !== 1 && weight.size !== channels)) {
    throw new ShapeError({
      op: 'prelu',
      problem: 'the weight does not fit the channels',
      got: `weight ${show(weight.shape)} for x ${show(x.shape)}`,
      expected: `[1] or [${channels}]`,
    })
  }
  const wide = weight.size === 1 ? reshape(weight, []) : reshape(weight, [-1, ...x.shape.slice(2).map(() => 1)])
  return where(gt(x, 0), x, mul(wide, x))
}

const hardtanhGradOp: GradOp = {
  name: 'hardtanhGrad',
  kernel: (k) => k.use(activation).f32_hardtanh_grad,
  f: (x, dy, low, high) => (x > low && x < high ? dy : 0),
  infer: sameSpec,
  reference: gradReference,
  wasm: gradWasm,
}

const hardtanhOp: UnaryOp = {
  name: 'hardtanh',
  kernel: (k) => k.use(activation).f32_hardtanh,
  f: (x, low, high) => Math.min(Math.max(x, low), high),
  infer: sameSpec,
  reference,
  wasm,
  savesInputs: [0],
  gradient: (c, [dy]) => {
    const x = c.input(0)
    const [low, high] = c.attrs
    return [c.fused ? apply(hardtanhGradOp, [x, dy!], c.attrs) : where(inside(x, low, high), dy!, 0)]
  },
}

/** min(max(x, low), high), flat at both bounds. @example hardtanh(tensor([-2, 0.5, 2])).toArray() // => [-1, 0.5, 1] */
export const hardtanh = (x: Tensor, low = -1, high = 1): Tensor => runUnary(hardtanhOp, x, low, high)

// Exponential units

const eluGradOp: GradOp = {
  name: 'eluGrad',
  kernel: (k) => k.use(activation).f32_elu_grad,
  f: (x, dy, a) => (x > 0 ? dy : dy * a * Math.exp(x)),
  infer: sameSpec,
  reference: gradReference,
  wasm: gradWasm,
}

const eluOp: UnaryOp = {
  name: 'elu',
  kernel: (k) => k.use(activation).f32_elu,
  f: (x, a) => (x > 0 ? x : a * Math.expm1(x)),
  infer: sameSpec,
  reference,
  wasm,
  savesInputs: [0],
  gradient: (c, [dy]) => {
    const x = c.input(0)
    return [c.fused ? apply(eluGradOp, [x, dy!], c.attrs) : eluSlope(x, dy!, c.attrs[0], 1)]
  },
}

/** dy above 0, dy a exp(x / width) below; the exponent is cut at 0 so that no infinity arises where it is not used. */
const eluSlope = (x: Tensor, dy: Tensor, a: number, width: number): Tensor =>
  where(gt(x, 0), dy, mul(dy, mul(exp(div(minimum(x, 0), width)), a)))

/** x above 0, alpha (exp(x) - 1) below. @example elu(tensor([-Infinity, 2])).toArray() // => [-1, 2] */
export const elu = (x: Tensor, alpha = 1): Tensor => runUnary(eluOp, x, alpha)

const SELU_ALPHA = 1.6732632423543772
const SELU_SCALE = 1.0507009873554805

const seluGradOp: GradOp = {
  name: 'seluGrad',
  kernel: (k) => k.use(activation).f32_selu_grad,
  f: (x, dy) => SELU_SCALE * (x > 0 ? dy : dy * SELU_ALPHA * Math.exp(x)),
  infer: sameSpec,
  reference: gradReference,
  wasm: gradWasm,
}

const seluOp: UnaryOp = {
  name: 'selu',
  kernel: (k) => k.use(activation).f32_selu,
  f: (x) => SELU_SCALE * (x > 0 ? x : SELU_ALPHA * Math.expm1(x)),
  infer: sameSpec,
  reference,
  wasm,
  savesInputs: [0],
  gradient: (c, [dy]) => {
    const x = c.input(0)
    return [c.fused ? apply(seluGradOp, [x, dy!], []) : mul(eluSlope(x, dy!, SELU_ALPHA, 1), SELU_SCALE)]
  },
}

/**
 * The elu that keeps mean 0 and variance 1.
 * @source Klambauer et al. 2017, Self-Normalizing Neural Networks
 * @example selu(tensor([1])).toArray() // => [1.050701]
 */
export const selu = (x: Tensor): Tensor => runUnary(seluOp, x)

const celuGradOp: GradOp = {
  name: 'celuGrad',
  kernel: (k) => k.use(activation).f32_celu_grad,
  f: (x, dy, a) => (x > 0 ? dy : dy * Math.exp(x / a)),
  infer: sameSpec,
  reference: gradReference,
  wasm: gradWasm,
}

const celuOp: UnaryOp = {
  name: 'celu',
  kernel: (k) => k.use(activation).f32_celu,
  f: (x, a) => (x > 0 ? x : a * Math.expm1(x / a)),
  infer: sameSpec,
  reference,
  wasm,
  savesInputs: [0],
  gradient: (c, [dy]) => {
    const x = c.input(0)
    return [c.fused ? apply(celuGradOp, [x, dy!], c.attrs) : eluSlope(x, dy!, 1, c.attrs[0])]
  },
}

/** x above 0, alpha (exp(x / alpha) - 1) below. @example celu(tensor([-Infinity, 2]), 3).toArray() // => [-3, 2] */
export const celu = (x: Tensor, alpha = 1): Tensor => {
  if (!(alpha > 0)) {
    throw new ValueError({ op: 'celu', problem: 'alpha is not above 0', got: String(alpha), expected: 'alpha > 0' })
  }
  return runUnary(celuOp, x, alpha)
}

// Smooth gates

const SQRT_2_OVER_PI = 0.7978845608028654
const INV_SQRT_2PI = 0.3989422804014327

const geluGradOp: GradOp = {
  name: 'geluGrad',
  kernel: (k) => k.use(activation).f32_gelu_grad,
  f: (x, dy) => dy * (0.5 * (1 + erfOf(x * Math.SQRT1_2)) + x * INV_SQRT_2PI * Math.exp(-0.5 * x * x)),
  infer: sameSpec,
  reference: gradReference,
  wasm: gradWasm,
}

const geluOp: UnaryOp = {
  name: 'gelu',
  kernel: (k) => k.use(activation).f32_gelu,
  f: (x) => 0.5 * x * (1 + erfOf(x * Math.SQRT1_2)),
  infer: sameSpec,
  reference,
  wasm,
  savesInputs: [0],
  gradient: (c, [dy]) => {
    const x = c.input(0)
    if (c.fused) return [apply(geluGradOp, [x, dy!], [])]
    const below = mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5)
    const density = mul(exp(mul(square(x), -0.5)), INV_SQRT_2PI)
    return [mul(dy!, add(below, mul(x, density)))]
  },
}

const geluTanhGradOp: GradOp = {
  name: 'geluTanhGrad',
  kernel: (k) => k.use(activation).f32_gelu_tanh_grad,
  f: (x, dy) => {
    const t = Math.tanh(SQRT_2_OVER_PI * (x + 0.044715 * x * x * x))
    return dy * 0.5 * (1 + t + x * (1 - t * t) * SQRT_2_OVER_PI * (1 + 3 * 0.044715 * x * x))
  },
  infer: sameSpec,
  reference: gradReference,
  wasm: gradWasm,
}

const geluTanhOp: UnaryOp = {
  name: 'geluTanh',
  kernel: (k) => k.use(activation).f32_gelu_tanh,
  f: (x) => 0.5 * x * (1 + Math.tanh(SQRT_2_OVER_PI * (x + 0.044715 * x * x * x))),
  infer: sameSpec,
  reference,
  wasm,
  savesInputs: [0],
  gradient: (c, [dy]) => {
    const x = c.input(0)
    if (c.fused) return [apply(geluTanhGradOp, [x, dy!], [])]
    // With (1 + tanh u) / 2 = sigmoid(2u), which does not cancel where tanh u is near -1.
    const s = sigmoid(mul(add(x, mul(mul(square(x), x), 0.044715)), 2 * SQRT_2_OVER_PI))
    const inner = mul(add(mul(square(x), 3 * 0.044715), 1), 2 * SQRT_2_OVER_PI)
    return [mul(dy!, add(s, mul(x, mul(mul(s, sub(1, s)), inner))))]
  },
}

/** Options of {@link gelu}. */
export interface GeluOptions {
  /** `none` takes erf, `tanh` the older approximation. Default none. */
  readonly approximate?: 'none' | 'tanh'
}

/**
 * x times the probability that a standard normal value is below x.
 * @source Hendrycks and Gimpel 2016, Gaussian Error Linear Units
 * @example gelu(tensor([1])).toArray() // => [0.8413447]
 */
export const gelu = (x: Tensor, { approximate = 'none' }: GeluOptions = {}): Tensor =>
  runUnary(approximate === 'tanh' ? geluTanhOp : geluOp, x)

const siluGradOp: GradOp = {
  name: 'siluGrad',
  kernel: (k) => k.use(exponential).f32_silu_grad,
  f: (x, dy) => {
    const s = sigmoidOf(x)
    return dy * s * (1 + x * (1 - s))
  },
  infer: sameSpec,
  reference: gradReference,
  wasm: gradWasm,
}

const siluOp: UnaryOp = {
  name: 'silu',
  kernel: (k) => k.use(exponential).f32_silu,
  f: (x) => x * sigmoidOf(x),
  infer: sameSpec,
  reference,
  wasm,
  savesInputs: [0],
  gradient: (c, [dy]) => {
    const x = c.input(0)
    if (c.fused) return [apply(siluGradOp, [x, dy!], [])]
    const s = sigmoid(x)
    return [mul(dy!, mul(s, add(mul(x, sub(1, s)), 1)))]
  },
}

/** x sigmoid(x), also called swish. @example silu(tensor([1])).toArray() // => [0.7310586] */
export const silu = (x: Tensor): Tensor => runUnary(siluOp, x)

const mishGradOp: GradOp = {
  name: 'mishGrad',
  kernel: (k) => k.use(activation).f32_mish_grad,
  f: (x, dy) => {
    const t = Math.tanh(softplusOf(x))
    return dy * (t + x * sigmoidOf(x) * (1 - t * t))
  },
  infer: sameSpec,
  reference: gradReference,
  wasm: gradWasm,
}

const mishOp: UnaryOp = {
  name: 'mish',
  kernel: (k) => k.use(activation).f32_mish,
  f: (x) => x * Math.tanh(softplusOf(x)),
  infer: sameSpec,
  reference,
  wasm,
  savesInputs: [0],
  gradient: (c, [dy]) => {
    const x = c.input(0)
    if (c.fused) return [apply(mishGradOp, [x, dy!], [])]
    const t = tanh(softplus(x))
    return [mul(dy!, add(t, mul(mul(x, sigmoid(x)), sub(1, square(t)))))]
  },
}

/** x tanh(softplus(x)). @example mish(tensor([1])).toArray() // => [0.8650984] */
export const mish = (x: Tensor): Tensor => runUnary(mishOp, x)

const hardswishGradOp: GradOp = {
  name: 'hardswishGrad',
  kernel: (k) => k.use(activation).f32_hardswish_grad,
  f: (x, dy) => (x < -3 ? 0 : x <= 3 ? dy * (x / 3 + 0.5) : dy),
  infer: sameSpec,
  reference: gradReference,
  wasm: gradWasm,
}

const hardswishOp: UnaryOp = {
  name: 'hardswish',
  kernel: (k) => k.use(activation).f32_hardswish,
  f: (x) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6,
  infer: sameSpec,
  reference,
  wasm,
  savesInputs: [0],
  gradient: (c, [dy]) => {
    const x = c.input(0)
    if (c.fused) return [apply(hardswishGradOp, [x, dy!], [])]
    return [where(lt(x, -3), 0, where(le(x, 3), mul(dy!, add(div(x, 3), 0.5)), dy!))]
  },
}

/** x hardsigmoid(x). @example hardswish(tensor([-4, 3])).toArray() // => [0, 3] */
export const hardswish = (x: Tensor): Tensor => runUnary(hardswishOp, x)

// Soft curves

const softplusGradOp: GradOp = {
  name: 'softplusGrad',
  kernel: (k) => k.use(activation).f32_softplus_grad,
  f: (x, dy, beta, threshold) => (x * beta > threshold ? dy : dy * sigmoidOf(x * beta)),
  infer: sameSpec,
  reference: gradReference,
  wasm: gradWasm,
}

const softplusOp: UnaryOp = {
  name: 'softplus',
  kernel: (k) => k.use(activation).f32_softplus,
  f: (x, beta, threshold) => (x * beta > threshold ? x : softplusOf(x * beta) / beta),
  infer: sameSpec,
  reference,
  wasm,
  savesInputs: [0],
  gradient: (c, [dy]) => {
    const x = c.input(0)
    if (c.fused) return [apply(softplusGradOp, [x, dy!], c.attrs)]
    const [beta, threshold] = c.attrs
    const scaled = mul(x, beta)
    return [where(gt(scaled, threshold), dy!, mul(dy!, sigmoid(scaled)))]
  },
}

/** Options of {@link softplus}. */
export interface SoftplusOptions {
  /** Sharpness of the bend. Default 1. */
  readonly beta?: number
  /** Where beta x is above this, the result is x. Default 20. */
  readonly threshold?: number
}

/** log(1 + exp(beta x)) / beta. @example softplus(tensor([0])).toArray() // => [0.6931472] */
export const softplus = (x: Tensor, { beta = 1, threshold = 20 }: SoftplusOptions = {}): Tensor =>
  runUnary(softplusOp, x, beta, threshold)

const softsignGradOp: GradOp = {
  name: 'softsignGrad',
  kernel: (k) => k.use(activation).f32_softsign_grad,
  f: (x, dy) => dy / ((1 + Math.abs(x)) * (1 + Math.abs(x))),
  infer: sameSpec,
  reference: gradReference,
  wasm: gradWasm,
}

const softsignOp: UnaryOp = {
  name: 'softsign',
  kernel: (k) => k.use(activation).f32_softsign,
  f: (x) => x / (1 + Math.abs(x)),
  infer: sameSpec,
  reference,
  wasm,
  savesInputs: [0],
  gradient: (c, [dy]) => {
    const x = c.input(0)
    return [c.fused ? apply(softsignGradOp, [x, dy!], []) : div(dy!, square(add(abs(x), 1)))]
  },
}

/** x / (1 + |x|). @example softsign(tensor([1, -3])).toArray() // => [0.5, -0.75] */
export const softsign = (x: Tensor): Tensor => runUnary(softsignOp, x)

// Composed of other ops

/** x where |x| > lambda, else 0. @example hardshrink(tensor([0.3, 1])).toArray() // => [0, 1] */
export const hardshrink = (x: Tensor, lambda = 0.5): Tensor => where(le(abs(x), lambda), 0, x)

/** x moved by lambda towards 0, and 0 up to there. @example softshrink(tensor([0.3, 1.5])).toArray() // => [0, 1] */
export const softshrink = (x: Tensor, lambda = 0.5): Tensor => {
  if (!(lambda >= 0)) {
    throw new ValueError({
      op: 'softshrink',
      problem: 'lambda is negative',
      got: String(lambda),
      expected: 'lambda >= 0',
    })
  }
  return sub(x, clip(x, -lambda, lambda))
}

/** x - tanh(x). @example tanhshrink(tensor([0])).toArray() // => [0] */
export const tanhshrink = (x: Tensor): Tensor => sub(x, tanh(x))

/** x above the threshold, else `value`. @example threshold(tensor([0.1, 3]), 1, -5).toArray() // => [-5, 3] */
export const threshold = (x: Tensor, limit: number, value: number): Tensor => where(le(x, limit), value, x)

/**
 * The first half along an axis times the sigmoid of the second.
 * @throws ShapeError when the axis has an odd size.
 * @example glu(tensor([3, 0])).toArray() // => [1.5]
 */
export const glu = (x: Tensor, axis = -1): Tensor => {
  const a = normalizeAxis('glu', axis, x.rank)
  const n = x.shape[a]
  if (x.rank === 0 || n % 2 !== 0) {
    throw new ShapeError({
      op: 'glu',
      problem: 'the axis cannot be halved',
      got: `axis ${a} of ${show(x.shape)}`,
      expected: 'an even size',
    })
  }
  return mul(slice(x, a, 0, n / 2), sigmoid(slice(x, a, n / 2)))
}
