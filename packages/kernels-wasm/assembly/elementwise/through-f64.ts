import { loadUpTo4, storeUpTo4 } from '../lib/tail'
import {
  FOR_COS, FOR_SIN, FOR_TAN, acos64, asin64, atan2_64, cos64, copySign64, d2, erf64, exp64, expm1_64, fma64, highHalf, log1p64, log64,
  lowHalf, pick64, sin64, smallAngle, tan64,
} from '../lib/math64'
import * as op from './unary-codes'

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
export function mapWide(code: i32, pX: usize, pY: usize, n: i32, a: f32, b: f32): void {
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
