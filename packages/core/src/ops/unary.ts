/* oxlint-disable no-restricted-properties -- reference loops */
import { arithmetic } from '@lanewise/kernels-wasm/arithmetic'
import { compare } from '@lanewise/kernels-wasm/compare'
import { exponential } from '@lanewise/kernels-wasm/exponential'
import { simple } from '@lanewise/kernels-wasm/simple'
import { special } from '@lanewise/kernels-wasm/special'
import { apply } from '../autograd/apply.ts'
import type { GradientContext } from '../autograd/node.ts'
import type { TensorSpec } from '../autograd/op.ts'
import type { WasmBackend } from '../backends/wasm/wasm.ts'
import { erf as erfOf } from '../math/erf.ts'
import { zerosLike } from '../tensor/create.ts'
import { isFloat } from '../tensor/dtype.ts'
import { contiguousStrides } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { add, div, mul, sub } from './binary.ts'
import { clone } from './copy.ts'
import { sameSpec } from './rules.ts'
import {
  gradReference,
  gradWasm,
  runUnary,
  unaryReference as reference,
  unaryWasm as wasm,
  type GradOp,
  type UnaryOp,
} from './unary-op.ts'

/** The gradient of steps: zero wherever it exists. */
function flat(_: GradientContext<unknown>, [dy]: readonly (Tensor | null)[]): Tensor[] {
  return [zerosLike(dy!)]
}

/** Runs an op on fractions; whole numbers are their own result. */
const runRounding = (op: UnaryOp, x: Tensor): Tensor => (isFloat(x.dtype) ? apply(op, [x], []) : clone(x))

// Signs and powers

const negOp: UnaryOp = {
  name: 'neg',
  kernel: (k) => k.use(arithmetic).f32_neg,
  integerKernel: (k) => k.use(arithmetic).i32_neg,
  f: (x) => -x,
  infer: sameSpec,
  reference,
  wasm,
  gradient: (_, [dy]) => [neg(dy!)],
}

/** -x. @example neg(tensor([1, -2])).toArray() // => [-1, 2] */
export const neg = (x: Tensor): Tensor => apply(negOp, [x], [])

const absGradOp: GradOp = {
  name: 'absGrad',
  kernel: (k) => k.use(simple).f32_abs_grad,
  f: (x, dy) => dy * Math.sign(x),
  infer: sameSpec,
  reference: gradReference,
  wasm: gradWasm,
}

const absOp: UnaryOp = {
  name: 'abs',
  kernel: (k) => k.use(simple).f32_abs,
  integerKernel: (k) => k.use(simple).i32_abs,
  f: Math.abs,
  infer: sameSpec,
  reference,
  wasm,
  savesInputs: [0],
  gradient: (c, [dy]) => [c.fused ? apply(absGradOp, [c.input(0), dy!], []) : mul(dy!, sign(c.input(0)))],
}

/** |x|; its gradient at 0 is 0. @example abs(tensor([-3, 2])).toArray() // => [3, 2] */
export const abs = (x: Tensor): Tensor => apply(absOp, [x], [])

const signOp: UnaryOp = {
  name: 'sign',
  kernel: (k) => k.use(simple).f32_sign,
  f: (x) => (x > 0 ? 1 : x < 0 ? -1 : 0),
  infer: sameSpec,
  reference,
  wasm,
  gradient: flat,
}

/** -1, 0 or 1; NaN gives 0, as in PyTorch. @example sign(tensor([-3, 0, 2])).toArray() // => [-1, 0, 1] */
export const sign = (x: Tensor): Tensor => apply(signOp, [x], [])

const squareOp: UnaryOp = {
  name: 'square',
  kernel: (k) => k.use(simple).f32_square,
  f: (x) => x * x,
  infer: sameSpec,
  reference,
  wasm,
  savesInputs: [0],
  gradient: (c, [dy]) => [mul(mul(dy!, c.input(0)), 2)],
}

/** x squared. @example square(tensor([3])).toArray() // => [9] */
export const square = (x: Tensor): Tensor => (isFloat(x.dtype) ? apply(squareOp, [x], []) : mul(x, x))

const sqrtGradOp: GradOp = {
  name: 'sqrtGrad',
  kernel: (k) => k.use(simple).f32_sqrt_grad,
  f: (y, dy) => dy / (2 * y),
  infer: sameSpec,
  reference: gradReference,
  wasm: gradWasm,
}

const sqrtOp: UnaryOp = {
  name: 'sqrt',
  kernel: (k) => k.use(simple).f32_sqrt,
  f: Math.sqrt,
  infer: sameSpec,
  reference,
  wasm,
  savesOutputs: [0],
  gradient: (c, [dy]) => [c.fused ? apply(sqrtGradOp, [c.output(0), dy!], []) : div(dy!, mul(c.output(0), 2))],
}

/** The square root; NaN below 0. @example sqrt(tensor([4, 9])).toArray() // => [2, 3] */
export const sqrt = (x: Tensor): Tensor => runUnary(sqrtOp, x)

const rsqrtOp: UnaryOp = {
  name: 'rsqrt',
  kernel: (k) => k.use(simple).f32_rsqrt,
  f: (x) => 1 / Math.sqrt(x),
  infer: sameSpec,
  reference,
  wasm,
  savesOutputs: [0],
  gradient: (c, [dy]) => {
    const y = c.output(0)
    return [mul(mul(dy!, mul(y, mul(y, y))), -0.5)]
  },
}

/** 1 / sqrt(x). @example rsqrt(tensor([4, 16])).toArray() // => [0.5, 0.25] */
export const rsqrt = (x: Tensor): Tensor => runUnary(rsqrtOp, x)

const reciprocalOp: UnaryOp = {
  name: 'reciprocal',
  kernel: (k) => k.use(simple).f32_reciprocal,
  f: (x) => 1 / x,
  infer: sameSpec,
  reference,
  wasm,
  savesOutputs: [0],
  gradient: (c, [dy]) => [neg(mul(dy!, mul(c.output(0), c.output(0))))],
}

/** 1 / x. @example reciprocal(tensor([2, 4])).toArray() // => [0.5, 0.25] */
export const reciprocal = (x: Tensor): Tensor => runUnary(reciprocalOp, x)

// Exponentials and logarithms

const expOp: UnaryOp = {
  name: 'exp',
  kernel: (k) => k.use(exponential).f32_exp,
  f: Math.exp,
  infer: sameSpec,
  reference,
  wasm,
  savesOutputs: [0],
  gradient: (c, [dy]) => [mul(dy!, c.output(0))],
}

/** e to the power of x. @example exp(tensor([0])).toArray() // => [1] */
export const exp = (x: Tensor): Tensor => runUnary(expOp, x)

const expm1Op: UnaryOp = {
  name: 'expm1',
  kernel: (k) => k.use(special).f32_expm1,
  f: Math.expm1,
  infer: sameSpec,
  reference,
  wasm,
  savesOutputs: [0],
  gradient: (c, [dy]) => [mul(dy!, add(c.output(0), 1))],
}

/** exp(x) - 1, exact near 0. @example expm1(tensor([1e-6])).toArray() // => [1.0000005e-6] */
export const expm1 = (x: Tensor): Tensor => runUnary(expm1Op, x)

const logOp: UnaryOp = {
  name: 'log',
  kernel: (k) => k.use(exponential).f32_log,
  f: Math.log,
  infer: sameSpec,
  reference,
  wasm,
  savesInputs: [0],
  gradient: (c, [dy]) => [div(dy!, c.input(0))],
}

/** The natural logarithm; -Infinity at 0, NaN below. @example log(tensor([1])).toArray() // => [0] */
export const log = (x: Tensor): Tensor => runUnary(logOp, x)

const log1pOp: UnaryOp = {
  name: 'log1p',
  kernel: (k) => k.use(special).f32_log1p,
  f: Math.log1p,
  infer: sameSpec,
  reference,
  wasm,
  savesInputs: [0],
  gradient: (c, [dy]) => [div(dy!, add(c.input(0), 1))],
}

/** log(1 + x), exact near 0. @example log1p(tensor([0])).toArray() // => [0] */
export const log1p = (x: Tensor): Tensor => runUnary(log1pOp, x)

const log2Op: UnaryOp = {
  name: 'log2',
  kernel: (k) => k.use(special).f32_log2,
  f: Math.log2,
  infer: sameSpec,
  reference,
  wasm,
  savesInputs: [0],
  gradient: (c, [dy]) => [div(dy!, mul(c.input(0), Math.LN2))],
}

/** The logarithm to base 2. @example log2(tensor([1, 8])).toArray() // => [0, 3] */
export const log2 = (x: Tensor): Tensor => runUnary(log2Op, x)

const log10Op: UnaryOp = {
  name: 'log10',
  f: Math.log10,
  infer: sameSpec,
  reference,
  wasm: log10Wasm,
  savesInputs: [0],
  gradient: (c, [dy]) => [div(dy!, mul(c.input(0), Math.LN10))],
}

/** log2(x) log10(2): within 2 ULP. */
function log10Wasm(k: WasmBackend, [x]: readonly Tensor[], _: unknown, [spec]: readonly TensorSpec[]): Tensor[] | null {
  if (x.dtype !== 'f32') return null
  const strides = k.dense(x) ? x.strides : contiguousStrides(x.shape)
  const y = k.empty(x.shape, spec.dtype, strides)
  k.use(special).f32_log2(k.ptrAs(x, strides), k.ptr(y), x.size)
  k.use(arithmetic).f32_scale(k.ptr(y), k.ptr(y), x.size, 0.3010299956639812, 0)
  return [y]
}

/** The logarithm to base 10. @example log10(tensor([1, 100])).toArray() // => [0, 2.0] */
export const log10 = (x: Tensor): Tensor => runUnary(log10Op, x)

// Trigonometry

const sinOp: UnaryOp = {
  name: 'sin',
  kernel: (k) => k.use(special).f32_sin,
  f: Math.sin,
  infer: sameSpec,
  reference,
  wasm,
  savesInputs: [0],
  gradient: (c, [dy]) => [mul(dy!, cos(c.input(0)))],
}

/** The sine of an angle in radians. @example sin(tensor([0])).toArray() // => [0] */
export const sin = (x: Tensor): Tensor => runUnary(sinOp, x)

const cosOp: UnaryOp = {
  name: 'cos',
  kernel: (k) => k.use(special).f32_cos,
  f: Math.cos,
  infer: sameSpec,
  reference,
  wasm,
  savesInputs: [0],
  gradient: (c, [dy]) => [neg(mul(dy!, sin(c.input(0))))],
}

/** The cosine of an angle in radians. @example cos(tensor([0])).toArray() // => [1] */
export const cos = (x: Tensor): Tensor => runUnary(cosOp, x)

const tanOp: UnaryOp = {
  name: 'tan',
  kernel: (k) => k.use(special).f32_tan,
  f: Math.tan,
  infer: sameSpec,
  reference,
  wasm,
  savesOutputs: [0],
  gradient: (c, [dy]) => [mul(dy!, add(square(c.output(0)), 1))],
}

/** The tangent of an angle in radians. @example tan(tensor([0])).toArray() // => [0] */
export const tan = (x: Tensor): Tensor => runUnary(tanOp, x)

const asinOp: UnaryOp = {
  name: 'asin',
  kernel: (k) => k.use(special).f32_asin,
  f: Math.asin,
  infer: sameSpec,
  reference,
  wasm,
  savesInputs: [0],
  gradient: (c, [dy]) => [mul(dy!, rsqrt(sub(1, square(c.input(0)))))],
}

/** The angle in [-pi/2, pi/2] whose sine is x. @example asin(tensor([1])).toArray() // => [1.5707964] */
export const asin = (x: Tensor): Tensor => runUnary(asinOp, x)

const acosOp: UnaryOp = {
  name: 'acos',
  kernel: (k) => k.use(special).f32_acos,
  f: Math.acos,
  infer: sameSpec,
  reference,
  wasm,
  savesInputs: [0],
  gradient: (c, [dy]) => [neg(mul(dy!, rsqrt(sub(1, square(c.input(0))))))],
}

/** The angle in [0, pi] whose cosine is x. @example acos(tensor([1])).toArray() // => [0] */
export const acos = (x: Tensor): Tensor => runUnary(acosOp, x)

const atanOp: UnaryOp = {
  name: 'atan',
  kernel: (k) => k.use(special).f32_atan,
  f: Math.atan,
  infer: sameSpec,
  reference,
  wasm,
  savesInputs: [0],
  gradient: (c, [dy]) => [div(dy!, add(square(c.input(0)), 1))],
}

/** The angle in (-pi/2, pi/2) whose tangent is x. @example atan(tensor([0])).toArray() // => [0] */
export const atan = (x: Tensor): Tensor => runUnary(atanOp, x)

// Hyperbolic functions

const sinhOp: UnaryOp = {
  name: 'sinh',
  kernel: (k) => k.use(special).f32_sinh,
  f: Math.sinh,
  infer: sameSpec,
  reference,
  wasm,
  savesInputs: [0],
  gradient: (c, [dy]) => [mul(dy!, cosh(c.input(0)))],
}

/** The hyperbolic sine. @example sinh(tensor([0])).toArray() // => [0] */
export const sinh = (x: Tensor): Tensor => runUnary(sinhOp, x)

const coshOp: UnaryOp = {
  name: 'cosh',
  kernel: (k) => k.use(special).f32_cosh,
  f: Math.cosh,
  infer: sameSpec,
  reference,
  wasm,
  savesInputs: [0],
  gradient: (c, [dy]) => [mul(dy!, sinh(c.input(0)))],
}

/** The hyperbolic cosine. @example cosh(tensor([0])).toArray() // => [1] */
export const cosh = (x: Tensor): Tensor => runUnary(coshOp, x)

const tanhGradOp: GradOp = {
  name: 'tanhGrad',
  kernel: (k) => k.use(exponential).f32_tanh_grad,
  f: (y, dy) => dy * (1 - y * y),
  infer: sameSpec,
  reference: gradReference,
  wasm: gradWasm,
}

const tanhOp: UnaryOp = {
  name: 'tanh',
  kernel: (k) => k.use(exponential).f32_tanh,
  f: Math.tanh,
  infer: sameSpec,
  reference,
  wasm,
  savesOutputs: [0],
  gradient: (c, [dy]) => {
    const y = c.output(0)
    return [c.fused ? apply(tanhGradOp, [y, dy!], []) : mul(dy!, sub(1, square(y)))]
  },
}

/** The hyperbolic tangent. @example tanh(tensor([0])).toArray() // => [0] */
export const tanh = (x: Tensor): Tensor => runUnary(tanhOp, x)

const asinhOp: UnaryOp = {
  name: 'asinh',
  kernel: (k) => k.use(special).f32_asinh,
  f: Math.asinh,
  infer: sameSpec,
  reference,
  wasm,
  savesInputs: [0],
  gradient: (c, [dy]) => [mul(dy!, rsqrt(add(square(c.input(0)), 1)))],
}

/** The inverse of sinh. @example asinh(tensor([0])).toArray() // => [0] */
export const asinh = (x: Tensor): Tensor => runUnary(asinhOp, x)

const acoshOp: UnaryOp = {
  name: 'acosh',
  kernel: (k) => k.use(special).f32_acosh,
  f: Math.acosh,
  infer: sameSpec,
  reference,
  wasm,
  savesInputs: [0],
  gradient: (c, [dy]) => [mul(dy!, rsqrt(sub(square(c.input(0)), 1)))],
}

/** The inverse of cosh; NaN below 1. @example acosh(tensor([1])).toArray() // => [0] */
export const acosh = (x: Tensor): Tensor => runUnary(acoshOp, x)

const atanhOp: UnaryOp = {
  name: 'atanh',
  kernel: (k) => k.use(special).f32_atanh,
  f: Math.atanh,
  infer: sameSpec,
  reference,
  wasm,
  savesInputs: [0],
  gradient: (c, [dy]) => [div(dy!, sub(1, square(c.input(0))))],
}

/** The inverse of tanh; NaN outside [-1, 1]. @example atanh(tensor([0])).toArray() // => [0] */
export const atanh = (x: Tensor): Tensor => runUnary(atanhOp, x)

const erfOp: UnaryOp = {
  name: 'erf',
  kernel: (k) => k.use(special).f32_erf,
  f: (x) => erfOf(x),
  infer: sameSpec,
  reference,
  wasm,
  savesInputs: [0],
  gradient: (c, [dy]) => [mul(mul(dy!, exp(neg(square(c.input(0))))), 1.1283791670955126)],
}

/** The error function 2/sqrt(pi) times the integral of exp(-t^2) from 0 to x. @example erf(tensor([0])).toArray() // => [0] */
export const erf = (x: Tensor): Tensor => runUnary(erfOp, x)

// Rounding

const floorOp: UnaryOp = {
  name: 'floor',
  kernel: (k) => k.use(simple).f32_floor,
  f: Math.floor,
  infer: sameSpec,
  reference,
  wasm,
  gradient: flat,
}

/** The largest whole number that is not above x. @example floor(tensor([1.5, -1.5])).toArray() // => [1, -2] */
export const floor = (x: Tensor): Tensor => runRounding(floorOp, x)

const ceilOp: UnaryOp = {
  name: 'ceil',
  kernel: (k) => k.use(simple).f32_ceil,
  f: Math.ceil,
  infer: sameSpec,
  reference,
  wasm,
  gradient: flat,
}

/** The smallest whole number that is not below x. @example ceil(tensor([1.5, -1.5])).toArray() // => [2, -1] */
export const ceil = (x: Tensor): Tensor => runRounding(ceilOp, x)

/** To the nearest whole number, halves to the even one. */
const roundEven = (x: number): number => {
  const low = Math.floor(Math.abs(x))
  const rest = Math.abs(x) - low
  if (!(rest >= 0)) return x
  const near = rest < 0.5 || (rest === 0.5 && low % 2 === 0) ? low : low + 1
  return x < 0 || Object.is(x, -0) ? -near : near
}

const roundOp: UnaryOp = {
  name: 'round',
  kernel: (k) => k.use(simple).f32_round,
  f: roundEven,
  infer: sameSpec,
  reference,
  wasm,
  gradient: flat,
}

/** The nearest whole number, halves to the even one. @example round(tensor([0.5, 1.5, 2.6])).toArray() // => [0, 2, 3] */
export const round = (x: Tensor): Tensor => runRounding(roundOp, x)

const truncOp: UnaryOp = {
  name: 'trunc',
  kernel: (k) => k.use(simple).f32_trunc,
  f: Math.trunc,
  infer: sameSpec,
  reference,
  wasm,
  gradient: flat,
}

/** x without its fraction. @example trunc(tensor([1.5, -1.5])).toArray() // => [1, -1] */
export const trunc = (x: Tensor): Tensor => runRounding(truncOp, x)

/** The fraction of x, with its sign. @example frac(tensor([1.5, -1.5])).toArray() // => [0.5, -0.5] */
export const frac = (x: Tensor): Tensor => sub(x, trunc(x))

// Tests

/** The shape rule of tests: a bool for each element. */
function boolSpec([x]: readonly Tensor[]): TensorSpec[] {
  return [{ shape: x.shape, dtype: 'bool' }]
}

const isNanOp: UnaryOp = {
  name: 'isNan',
  kernel: (k) => k.use(compare).f32_isnan,
  f: (x) => Number(Number.isNaN(x)),
  infer: boolSpec,
  reference,
  wasm,
}
const isInfOp: UnaryOp = {
  name: 'isInf',
  kernel: (k) => k.use(compare).f32_isinf,
  f: (x) => Number(x === Infinity || x === -Infinity),
  infer: boolSpec,
  reference,
  wasm,
}
const isFiniteOp: UnaryOp = {
  name: 'isFinite',
  kernel: (k) => k.use(compare).f32_isfinite,
  f: (x) => Number(Number.isFinite(x)),
  infer: boolSpec,
  reference,
  wasm,
}

/** Whether x is NaN, as bool. @example isNan(tensor([NaN, 1])).toArray() // => [1, 0] */
export const isNan = (x: Tensor): Tensor => runUnary(isNanOp, x)
/** Whether x is an infinity, as bool. @example isInf(tensor([-Infinity, 1])).toArray() // => [1, 0] */
export const isInf = (x: Tensor): Tensor => runUnary(isInfOp, x)
/** Whether x is neither an infinity nor NaN, as bool. @example isFinite(tensor([NaN, 1])).toArray() // => [0, 1] */
export const isFinite = (x: Tensor): Tensor => runUnary(isFiniteOp, x)
