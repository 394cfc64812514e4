import { loadUpTo4, storeUpTo4 } from '../lib/tail'
import {
  EXP_LIMIT, atLeast, atMost, expFull, expInRange, expm1Negative, f4, fma, logAreSafe, logFull, logInRange, normalTail, pick,
  sigmoidFull, sigmoidInRange, sizeTo8, tanh4,
} from '../lib/math'
import {
  FOR_COS, FOR_SIN, FOR_TAN, acos64, asin64, atan2_64, cos64, copySign64, d2, erf64, exp64, expm1_64, fma64, highHalf, log1p64, log64,
  lowHalf, pick64, sin64, smallAngle, tan64,
} from '../lib/math64'
import * as op from '../lib/ops'

@inline
function light(code: i32, x: v128, a: v128, b: v128): v128 {
  if (code == op.NEG) return f32x4.neg(x)
  if (code == op.ABS) return f32x4.abs(x)
  if (code == op.SIGN) return f32x4.sub(v128.and(f32x4.gt(x, f4(0)), f4(1)), v128.and(f32x4.lt(x, f4(0)), f4(1)))
  if (code == op.SQUARE) return f32x4.mul(x, x)
  if (code == op.SQRT) return f32x4.sqrt(x)
  if (code == op.RSQRT) return f32x4.div(f4(1), f32x4.sqrt(x))
  if (code == op.RECIPROCAL) return f32x4.div(f4(1), x)
  if (code == op.RELU) return atLeast(x, f4(0))
  if (code == op.CLIP) return atMost(atLeast(x, a), b)
  if (code == op.LEAKY_RELU) return pick(f32x4.gt(x, f4(0)), x, f32x4.mul(x, a))
  if (code == op.SOFTSIGN) return f32x4.div(x, f32x4.add(f32x4.abs(x), f4(1)))
  if (code == op.HARDSIGMOID) return f32x4.div(atMost(atLeast(f32x4.add(x, f4(3)), f4(0)), f4(6)), f4(6))
  if (code == op.HARDSWISH) {
    return f32x4.div(f32x4.mul(x, atMost(atLeast(f32x4.add(x, f4(3)), f4(0)), f4(6))), f4(6))
  }
  if (code == op.FLOOR) return f32x4.floor(x)
  if (code == op.CEIL) return f32x4.ceil(x)
  if (code == op.ROUND) return f32x4.nearest(x)
  if (code == op.TRUNC) return f32x4.trunc(x)
  return f32x4.add(f32x4.mul(x, a), b) // SCALE
}

/** Four at a time with the choice made at run time: the ends of all the loops below. */
function lightEnd(code: i32, pX: usize, pY: usize, n: i32, a: v128, b: v128): void {
  while (n > 0) {
    storeUpTo4(pY, lightAny(code, loadUpTo4(pX, n), a, b), n)
    pX += 16
    pY += 16
    n -= 4
  }
}

function lightAny(code: i32, x: v128, a: v128, b: v128): v128 {
  switch (code) {
    case op.NEG: return light(op.NEG, x, a, b)
    case op.ABS: return light(op.ABS, x, a, b)
    case op.SIGN: return light(op.SIGN, x, a, b)
    case op.SQUARE: return light(op.SQUARE, x, a, b)
    case op.SQRT: return light(op.SQRT, x, a, b)
    case op.RSQRT: return light(op.RSQRT, x, a, b)
    case op.RECIPROCAL: return light(op.RECIPROCAL, x, a, b)
    case op.RELU: return light(op.RELU, x, a, b)
    case op.CLIP: return light(op.CLIP, x, a, b)
    case op.LEAKY_RELU: return light(op.LEAKY_RELU, x, a, b)
    case op.SOFTSIGN: return light(op.SOFTSIGN, x, a, b)
    case op.HARDSIGMOID: return light(op.HARDSIGMOID, x, a, b)
    case op.HARDSWISH: return light(op.HARDSWISH, x, a, b)
    case op.FLOOR: return light(op.FLOOR, x, a, b)
    case op.CEIL: return light(op.CEIL, x, a, b)
    case op.ROUND: return light(op.ROUND, x, a, b)
    case op.TRUNC: return light(op.TRUNC, x, a, b)
    default: return light(op.SCALE, x, a, b)
  }
}

@inline
function mapLight(code: i32, pX: usize, pY: usize, n: i32, a: f32, b: f32): void {
  const va = f4(a)
  const vb = f4(b)
  while (n >= 16) {
    const x0 = v128.load(pX)
    const x1 = v128.load(pX, 16)
    const x2 = v128.load(pX, 32)
    const x3 = v128.load(pX, 48)
    v128.store(pY, light(code, x0, va, vb))
    v128.store(pY, light(code, x1, va, vb), 16)
    v128.store(pY, light(code, x2, va, vb), 32)
    v128.store(pY, light(code, x3, va, vb), 48)
    pX += 64
    pY += 64
    n -= 16
  }
  lightEnd(code, pX, pY, n, va, vb)
}

// The loops below with long bodies run at least once and end at their foot: V8 moves constants out of a loop only from
// code that every way out of the loop passes, and setting up a constant takes it three instructions each time round.

/** Of four vectors, whether the quick form holds for every lane. */
@inline
function areSafe(code: i32, x0: v128, x1: v128, x2: v128, x3: v128): bool {
  if (code == op.LOG) return logAreSafe(x0, x1, x2, x3)
  // Sizes compare like their bits, and NaN is above them all.
  const sizes = i32x4.splat(0x7fffffff)
  const low = i32x4.max_s(v128.and(x0, sizes), v128.and(x1, sizes))
  const high = i32x4.max_s(v128.and(x2, sizes), v128.and(x3, sizes))
  return !v128.any_true(i32x4.gt_s(i32x4.max_s(low, high), i32x4.splat(EXP_LIMIT)))
}

@inline
function quick(code: i32, x: v128): v128 {
  if (code == op.EXP) return expInRange(x)
  if (code == op.LOG) return logInRange(x)
  if (code == op.SIGMOID) return sigmoidInRange(x)
  return f32x4.mul(x, sigmoidInRange(x)) // SILU
}

@inline
function full(code: i32, x: v128): v128 {
  if (code == op.EXP) return expFull(x)
  if (code == op.LOG) return logFull(x)
  if (code == op.SIGMOID) return sigmoidFull(x)
  return f32x4.mul(x, sigmoidFull(x)) // SILU
}

/** Sixteen values at a time in the quick form, thrown away for the full form where it does not hold for all of them. */
@inline
function mapGuarded(code: i32, pX: usize, pY: usize, n: i32): void {
  if (n >= 16) {
    do {
      const x0 = v128.load(pX)
      const x1 = v128.load(pX, 16)
      const x2 = v128.load(pX, 32)
      const x3 = v128.load(pX, 48)
      const y0 = quick(code, x0)
      const y1 = quick(code, x1)
      const y2 = quick(code, x2)
      const y3 = quick(code, x3)
      if (areSafe(code, x0, x1, x2, x3)) {
        v128.store(pY, y0)
        v128.store(pY, y1, 16)
        v128.store(pY, y2, 32)
        v128.store(pY, y3, 48)
      } else fullEnd(code, pX, pY, 16)
      pX += 64
      pY += 64
      n -= 16
    } while (n >= 16)
  }
  fullEnd(code, pX, pY, n)
}

/** The full form, four at a time. */
function fullEnd(code: i32, pX: usize, pY: usize, n: i32): void {
  while (n > 0) {
    const x = loadUpTo4(pX, n)
    const y = code == op.EXP ? full(op.EXP, x)
      : code == op.LOG ? full(op.LOG, x)
      : code == op.SIGMOID ? full(op.SIGMOID, x)
      : full(op.SILU, x)
    storeUpTo4(pY, y, n)
    pX += 16
    pY += 16
    n -= 4
  }
}

@inline
function heavy(code: i32, x: v128, a: v128, b: v128): v128 {
  if (code == op.TANH) return tanh4(x)
  if (code == op.ELU) return f32x4.mul(pick(f32x4.gt(x, f4(0)), x, f32x4.mul(expm1Negative(atMost(x, f4(0))), a)), b)
  if (code == op.CELU) {
    return pick(f32x4.gt(x, f4(0)), x, f32x4.mul(expm1Negative(f32x4.div(atMost(x, f4(0)), a)), a))
  }
  if (code == op.GELU) {
    // max(x, 0) - |x| Phi(-|x|)
    const t = sizeTo8(x)
    return f32x4.sub(atLeast(x, f4(0)), f32x4.mul(t, normalTail(t)))
  }
  if (code == op.GELU_TANH) {
    // x sigmoid(2u), u = sqrt(2 / pi) (x + 0.044715 x^3)
    const u = f32x4.mul(x, fma(f32x4.mul(x, x), f4(0.0713548162726), f4(1.5957691216057)))
    const s = sigmoidInRange(atMost(atLeast(u, f4(-87)), f4(87)))
    return f32x4.mul(x, v128.andnot(s, f32x4.lt(u, f4(-87))))
  }
  // MISH: tanh(log(1 + e)) = w / (w + 2), w = e (e + 2), e = exp x
  const e = expInRange(atMost(atLeast(x, f4(-87)), f4(20)))
  const w = f32x4.mul(e, f32x4.add(e, f4(2)))
  return f32x4.mul(x, v128.andnot(f32x4.div(w, f32x4.add(w, f4(2))), f32x4.lt(x, f4(-87))))
}

@inline
function mapHeavy(code: i32, pX: usize, pY: usize, n: i32, a: f32, b: f32): void {
  const va = f4(a)
  const vb = f4(b)
  if (n >= 8) {
    do {
      const y0 = heavy(code, v128.load(pX), va, vb)
      const y1 = heavy(code, v128.load(pX, 16), va, vb)
      v128.store(pY, y0)
      v128.store(pY, y1, 16)
      pX += 32
      pY += 32
      n -= 8
    } while (n >= 8)
  }
  heavyEnd(code, pX, pY, n, va, vb)
}

/** Four at a time with the choice made at run time. */
function heavyEnd(code: i32, pX: usize, pY: usize, n: i32, a: v128, b: v128): void {
  while (n > 0) {
    const x = loadUpTo4(pX, n)
    const y = code == op.TANH ? heavy(op.TANH, x, a, b)
      : code == op.ELU ? heavy(op.ELU, x, a, b)
      : code == op.CELU ? heavy(op.CELU, x, a, b)
      : code == op.GELU ? heavy(op.GELU, x, a, b)
      : code == op.GELU_TANH ? heavy(op.GELU_TANH, x, a, b)
      : heavy(op.MISH, x, a, b)
    storeUpTo4(pY, y, n)
    pX += 16
    pY += 16
    n -= 4
  }
}

@inline
function wide(code: i32, x: v128, a: v128, b: v128): v128 {
  if (code == op.ERF) return erf64(x)
  if (code == op.SOFTPLUS) {
    const scaled = f64x2.mul(x, a)
    const y = f64x2.div(log1p64(exp64(scaled)), a)
    return pick64(f64x2.gt(scaled, b), x, y)
  }
  if (code == op.LOGSIGMOID) {
    return f64x2.sub(f64x2.pmin(x, d2(0)), log1p64(exp64(f64x2.neg(f64x2.abs(x)))))
  }
  if (code == op.EXPM1) return copySign64(expm1_64(x), x)
  if (code == op.LOG1P) return log1p64(x)
  if (code == op.LOG2) return f64x2.mul(log64(x), d2(1.4426950408889634))
  if (code == op.ASIN) return asin64(x)
  if (code == op.ACOS) return acos64(x)
  if (code == op.ATAN) return atan2_64(x, d2(1))
  if (code == op.SINH) {
    const m = expm1_64(f64x2.abs(x))
    return copySign64(f64x2.mul(f64x2.add(m, f64x2.div(m, f64x2.add(m, d2(1)))), d2(0.5)), x)
  }
  if (code == op.COSH) {
    const e = exp64(x)
    return f64x2.mul(f64x2.add(e, f64x2.div(d2(1), e)), d2(0.5))
  }
  if (code == op.ASINH) {
    const t = f64x2.abs(x)
    const root = f64x2.sqrt(fma64(t, t, d2(1)))
    const y = log1p64(f64x2.add(t, f64x2.div(f64x2.mul(t, t), f64x2.add(root, d2(1)))))
    return copySign64(pick64(f64x2.lt(t, d2(Infinity)), y, t), x)
  }
  if (code == op.ACOSH) {
    const t = f64x2.sub(x, d2(1))
    const y = log1p64(f64x2.add(t, f64x2.sqrt(f64x2.mul(t, f64x2.add(t, d2(2))))))
    return pick64(f64x2.lt(t, d2(0)), d2(NaN), y)
  }
  if (code == op.ATANH) {
    const t = f64x2.abs(x)
    const y = log1p64(f64x2.div(f64x2.add(t, t), f64x2.sub(d2(1), t)))
    return copySign64(f64x2.mul(y, d2(0.5)), x)
  }
  if (code == op.SIN) return sin64(x)
  if (code == op.COS) return cos64(x)
  return tan64(x)
}

@inline
function mapWide(code: i32, pX: usize, pY: usize, n: i32, a: f32, b: f32): void {
  if (n <= 0) return
  const va = d2(a)
  const vb = d2(b)
  do {
    const x = loadUpTo4(pX, n)
    // A loop of two rounds holds the long body once.
    let low = x
    let half = lowHalf(x)
    let round = 0
    do {
      if (isTrigonometric(code)) {
        if (v128.any_true(f64x2.ge(f64x2.abs(half), d2(1048576)))) half = reduceLarge(half, purposeOf(code))
      }
      const y = f32x4.demote_f64x2_zero(wide(code, half, va, vb))
      low = round ? v128.shuffle<i64>(low, y, 0, 2) : y
      half = highHalf(x)
    } while (++round < 2)
    storeUpTo4(pY, low, n)
    pX += 16
    pY += 16
    n -= 4
  } while (n > 0)
}

@inline
function isTrigonometric(code: i32): bool {
  return code == op.SIN || code == op.COS || code == op.TAN
}

@inline
function purposeOf(code: i32): i32 {
  return code == op.SIN ? FOR_SIN : code == op.COS ? FOR_COS : FOR_TAN
}

/** Lanes of 2^20 and more replaced by small angles with the same value. */
function reduceLarge(x: v128, purpose: i32): v128 {
  const a = angleOf(f64x2.extract_lane(x, 0), purpose)
  const b = angleOf(f64x2.extract_lane(x, 1), purpose)
  return f64x2.replace_lane(d2(a), 1, b)
}

function angleOf(x: f64, purpose: i32): f64 {
  const size = abs(x)
  if (size == Infinity) return NaN
  return size >= 1048576 ? smallAngle(<f32>x, purpose) : x
}

export function f32_neg(pX: usize, pY: usize, n: i32): void {
  mapLight(op.NEG, pX, pY, n, 0, 0)
}

export function f32_abs(pX: usize, pY: usize, n: i32): void {
  mapLight(op.ABS, pX, pY, n, 0, 0)
}

export function f32_sign(pX: usize, pY: usize, n: i32): void {
  mapLight(op.SIGN, pX, pY, n, 0, 0)
}

export function f32_square(pX: usize, pY: usize, n: i32): void {
  mapLight(op.SQUARE, pX, pY, n, 0, 0)
}

export function f32_sqrt(pX: usize, pY: usize, n: i32): void {
  mapLight(op.SQRT, pX, pY, n, 0, 0)
}

export function f32_rsqrt(pX: usize, pY: usize, n: i32): void {
  mapLight(op.RSQRT, pX, pY, n, 0, 0)
}

export function f32_reciprocal(pX: usize, pY: usize, n: i32): void {
  mapLight(op.RECIPROCAL, pX, pY, n, 0, 0)
}

export function f32_relu(pX: usize, pY: usize, n: i32): void {
  mapLight(op.RELU, pX, pY, n, 0, 0)
}

export function f32_softsign(pX: usize, pY: usize, n: i32): void {
  mapLight(op.SOFTSIGN, pX, pY, n, 0, 0)
}

export function f32_hardsigmoid(pX: usize, pY: usize, n: i32): void {
  mapLight(op.HARDSIGMOID, pX, pY, n, 0, 0)
}

export function f32_hardswish(pX: usize, pY: usize, n: i32): void {
  mapLight(op.HARDSWISH, pX, pY, n, 0, 0)
}

export function f32_floor(pX: usize, pY: usize, n: i32): void {
  mapLight(op.FLOOR, pX, pY, n, 0, 0)
}

export function f32_ceil(pX: usize, pY: usize, n: i32): void {
  mapLight(op.CEIL, pX, pY, n, 0, 0)
}

export function f32_round(pX: usize, pY: usize, n: i32): void {
  mapLight(op.ROUND, pX, pY, n, 0, 0)
}

export function f32_trunc(pX: usize, pY: usize, n: i32): void {
  mapLight(op.TRUNC, pX, pY, n, 0, 0)
}

export function f32_exp(pX: usize, pY: usize, n: i32): void {
  mapGuarded(op.EXP, pX, pY, n)
}

export function f32_log(pX: usize, pY: usize, n: i32): void {
  mapGuarded(op.LOG, pX, pY, n)
}

export function f32_sigmoid(pX: usize, pY: usize, n: i32): void {
  mapGuarded(op.SIGMOID, pX, pY, n)
}

export function f32_silu(pX: usize, pY: usize, n: i32): void {
  mapGuarded(op.SILU, pX, pY, n)
}

export function f32_tanh(pX: usize, pY: usize, n: i32): void {
  mapHeavy(op.TANH, pX, pY, n, 0, 0)
}

export function f32_gelu_tanh(pX: usize, pY: usize, n: i32): void {
  mapHeavy(op.GELU_TANH, pX, pY, n, 0, 0)
}

export function f32_mish(pX: usize, pY: usize, n: i32): void {
  mapHeavy(op.MISH, pX, pY, n, 0, 0)
}

export function f32_erf(pX: usize, pY: usize, n: i32): void {
  mapWide(op.ERF, pX, pY, n, 0, 0)
}

export function f32_gelu(pX: usize, pY: usize, n: i32): void {
  mapHeavy(op.GELU, pX, pY, n, 0, 0)
}

export function f32_logsigmoid(pX: usize, pY: usize, n: i32): void {
  mapWide(op.LOGSIGMOID, pX, pY, n, 0, 0)
}

export function f32_expm1(pX: usize, pY: usize, n: i32): void {
  mapWide(op.EXPM1, pX, pY, n, 0, 0)
}

export function f32_log1p(pX: usize, pY: usize, n: i32): void {
  mapWide(op.LOG1P, pX, pY, n, 0, 0)
}

export function f32_log2(pX: usize, pY: usize, n: i32): void {
  mapWide(op.LOG2, pX, pY, n, 0, 0)
}

export function f32_asin(pX: usize, pY: usize, n: i32): void {
  mapWide(op.ASIN, pX, pY, n, 0, 0)
}

export function f32_acos(pX: usize, pY: usize, n: i32): void {
  mapWide(op.ACOS, pX, pY, n, 0, 0)
}

export function f32_atan(pX: usize, pY: usize, n: i32): void {
  mapWide(op.ATAN, pX, pY, n, 0, 0)
}

export function f32_sinh(pX: usize, pY: usize, n: i32): void {
  mapWide(op.SINH, pX, pY, n, 0, 0)
}

export function f32_cosh(pX: usize, pY: usize, n: i32): void {
  mapWide(op.COSH, pX, pY, n, 0, 0)
}

export function f32_asinh(pX: usize, pY: usize, n: i32): void {
  mapWide(op.ASINH, pX, pY, n, 0, 0)
}

export function f32_acosh(pX: usize, pY: usize, n: i32): void {
  mapWide(op.ACOSH, pX, pY, n, 0, 0)
}

export function f32_atanh(pX: usize, pY: usize, n: i32): void {
  mapWide(op.ATANH, pX, pY, n, 0, 0)
}

export function f32_sin(pX: usize, pY: usize, n: i32): void {
  mapWide(op.SIN, pX, pY, n, 0, 0)
}

export function f32_cos(pX: usize, pY: usize, n: i32): void {
  mapWide(op.COS, pX, pY, n, 0, 0)
}

export function f32_tan(pX: usize, pY: usize, n: i32): void {
  mapWide(op.TAN, pX, pY, n, 0, 0)
}

export function f32_relu6(pX: usize, pY: usize, n: i32): void {
  mapLight(op.CLIP, pX, pY, n, 0, 6)
}

export function f32_clip(pX: usize, pY: usize, n: i32, low: f32, high: f32): void {
  mapLight(op.CLIP, pX, pY, n, low, high)
}

export function f32_hardtanh(pX: usize, pY: usize, n: i32, low: f32, high: f32): void {
  mapLight(op.CLIP, pX, pY, n, low, high)
}

export function f32_leaky_relu(pX: usize, pY: usize, n: i32, slope: f32): void {
  mapLight(op.LEAKY_RELU, pX, pY, n, slope, 0)
}

export function f32_scale(pX: usize, pY: usize, n: i32, a: f32, b: f32): void {
  mapLight(op.SCALE, pX, pY, n, a, b)
}

export function f32_elu(pX: usize, pY: usize, n: i32, alpha: f32): void {
  mapHeavy(op.ELU, pX, pY, n, alpha, 1)
}

export function f32_selu(pX: usize, pY: usize, n: i32): void {
  mapHeavy(op.ELU, pX, pY, n, 1.6732632423543772, 1.0507009873554805)
}

export function f32_celu(pX: usize, pY: usize, n: i32, alpha: f32): void {
  mapHeavy(op.CELU, pX, pY, n, alpha, 0)
}

export function f32_softplus(pX: usize, pY: usize, n: i32, beta: f32, threshold: f32): void {
  mapWide(op.SOFTPLUS, pX, pY, n, beta, threshold)
}
