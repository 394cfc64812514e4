import { atLeast, atMost, f4, pick } from '../lib/math'
import * as op from './unary-codes'
import { loadUpTo4, storeUpTo4 } from '../lib/tail'

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
  if (code == op.I_NEG) return i32x4.neg(x)
  if (code == op.I_ABS) return i32x4.abs(x)
  if (code == op.I_RELU) return i32x4.max_s(x, i32x4.splat(0))
  if (code == op.I_NOT) return v128.not(x)
  if (code == op.I_TO_F) return f32x4.convert_i32x4_s(x)
  if (code == op.F_TO_I) return i32x4.trunc_sat_f32x4_s(x)
  return f32x4.add(f32x4.mul(x, a), b) // SCALE
}

@inline
export function mapLight(code: i32, pX: usize, pY: usize, n: i32, a: f32, b: f32): void {
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
  while (n > 0) {
    storeUpTo4(pY, light(code, loadUpTo4(pX, n), va, vb), n)
    pX += 16
    pY += 16
    n -= 4
  }
}
