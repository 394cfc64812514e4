import { loadUpTo4, storeUpTo4 } from '../lib/tail'
import {
  atLeast, atMost, copySign, expInRange, f4, fma, normalTail, pick, sigmoidInRange, sizeTo8,
} from '../lib/math'

// dx = dy f'(x). `v` is x, or y where the gradient is simpler in it, as the files in src/groups say.
export const RELU: i32 = 0
export const LEAKY_RELU: i32 = 1
export const HARDTANH: i32 = 2
export const HARDSIGMOID: i32 = 3
export const HARDSWISH: i32 = 4
export const SIGMOID: i32 = 5
export const TANH: i32 = 6
export const SOFTSIGN: i32 = 7
export const ABS: i32 = 8
export const SQRT: i32 = 9
export const ELU: i32 = 10
export const SILU: i32 = 11
export const SOFTPLUS: i32 = 12
export const LOGSIGMOID: i32 = 13
export const MISH: i32 = 14
export const GELU_TANH: i32 = 15
export const CELU: i32 = 16
export const GELU: i32 = 17

/** The sigmoid, 0 where it is below exp(-87). */
@inline
function slope(x: v128): v128 {
  const s = sigmoidInRange(atMost(atLeast(x, f4(-87)), f4(87)))
  return v128.andnot(s, f32x4.lt(x, f4(-87)))
}

@inline
function gradient(code: i32, v: v128, dy: v128, a: v128, b: v128): v128 {
  const one = f4(1)
  if (code == RELU) return v128.andnot(dy, f32x4.le(v, f4(0)))
  if (code == LEAKY_RELU) return pick(f32x4.gt(v, f4(0)), dy, f32x4.mul(dy, a))
  if (code == HARDTANH) return v128.andnot(dy, v128.or(f32x4.le(v, a), f32x4.ge(v, b)))
  if (code == HARDSIGMOID) {
    return v128.and(f32x4.mul(dy, f4(1.0 / 6.0)), v128.and(f32x4.gt(v, f4(-3)), f32x4.lt(v, f4(3))))
  }
  if (code == HARDSWISH) {
    const middle = f32x4.mul(dy, f32x4.add(f32x4.div(v, f4(3)), f4(0.5)))
    return v128.andnot(pick(f32x4.gt(v, f4(3)), dy, middle), f32x4.lt(v, f4(-3)))
  }
  if (code == SIGMOID) return f32x4.mul(f32x4.mul(dy, f32x4.sub(one, v)), v)
  if (code == TANH) return f32x4.mul(dy, f32x4.sub(one, f32x4.mul(v, v)))
  if (code == SOFTSIGN) {
    const d = f32x4.add(f32x4.abs(v), one)
    return f32x4.div(dy, f32x4.mul(d, d))
  }
  if (code == ABS) {
    const sign = f32x4.sub(v128.and(f32x4.gt(v, f4(0)), one), v128.and(f32x4.lt(v, f4(0)), one))
    return f32x4.mul(dy, sign)
  }
  if (code == SQRT) return f32x4.div(dy, f32x4.add(v, v))
  if (code == ELU) {
    // scale alpha exp x on the left, scale on the right; a = alpha, b = scale
    const left = f32x4.mul(expInRange(atMost(atLeast(v, f4(-87)), f4(0))), a)
    return f32x4.mul(dy, f32x4.mul(pick(f32x4.gt(v, f4(0)), one, v128.andnot(left, f32x4.lt(v, f4(-87)))), b))
  }
  if (code == CELU) {
    const scaled = f32x4.div(v, a)
    const left = expInRange(atMost(atLeast(scaled, f4(-87)), f4(0)))
    return f32x4.mul(dy, pick(f32x4.gt(v, f4(0)), one, v128.andnot(left, f32x4.lt(scaled, f4(-87)))))
  }
  if (code == SILU) {
    const s = slope(v)
    return f32x4.mul(f32x4.mul(dy, s), fma(v, f32x4.sub(one, s), one))
  }
  if (code == SOFTPLUS) {
    const scaled = f32x4.mul(v, a)
    return pick(f32x4.gt(scaled, b), dy, f32x4.mul(dy, slope(scaled)))
  }
  if (code == LOGSIGMOID) return f32x4.mul(dy, slope(f32x4.neg(v)))
  if (code == MISH) {
    // t + x s (1 - t^2), t = tanh(softplus x) = w / (w + 2), w = e (e + 2)
    const e = expInRange(atMost(atLeast(v, f4(-87)), f4(20)))
    const w = f32x4.mul(e, f32x4.add(e, f4(2)))
    const t = f32x4.div(w, f32x4.add(w, f4(2)))
    // 1 - t^2 = 4 (w + 1) / (w + 2)^2, which does not cancel; it is 0 where e was clamped
    const u = f32x4.div(f4(2), f32x4.add(w, f4(2)))
    const rest = f32x4.mul(f32x4.mul(u, u), f32x4.add(w, one))
    return f32x4.mul(dy, fma(f32x4.mul(v, slope(v)), rest, t))
  }
  if (code == GELU) {
    // Phi(x) + x phi(x)
    const t = sizeTo8(v)
    const tail = normalTail(t)
    const distribution = pick(f32x4.gt(v, f4(0)), f32x4.sub(one, tail), tail)
    const density = f32x4.mul(expInRange(f32x4.mul(f32x4.mul(t, t), f4(-0.5))), f4(0.3989422804014327))
    return f32x4.mul(dy, fma(copySign(t, v), density, distribution))
  }
  // GELU_TANH: s (1 + x (1 - s) 2u'), s = sigmoid 2u, u = sqrt(2 / pi) (x + 0.044715 x^3)
  const z = f32x4.mul(v, v)
  const u = f32x4.mul(v, fma(z, f4(0.0713548162726), f4(1.5957691216057)))
  const s = sigmoidInRange(atMost(atLeast(u, f4(-87)), f4(87)))
  const steepness = fma(z, f4(0.2140644488178), f4(1.5957691216057))
  return f32x4.mul(f32x4.mul(dy, s), fma(f32x4.mul(v, steepness), f32x4.sub(one, s), one))
}

@inline
export function mapGradient(code: i32, pV: usize, pDy: usize, pDx: usize, n: i32, a: f32, b: f32): void {
  const va = f4(a)
  const vb = f4(b)
  if (code < ELU) {
    while (n >= 16) {
      const g0 = gradient(code, v128.load(pV), v128.load(pDy), va, vb)
      const g1 = gradient(code, v128.load(pV, 16), v128.load(pDy, 16), va, vb)
      const g2 = gradient(code, v128.load(pV, 32), v128.load(pDy, 32), va, vb)
      const g3 = gradient(code, v128.load(pV, 48), v128.load(pDy, 48), va, vb)
      v128.store(pDx, g0)
      v128.store(pDx, g1, 16)
      v128.store(pDx, g2, 32)
      v128.store(pDx, g3, 48)
      pV += 64
      pDy += 64
      pDx += 64
      n -= 16
    }
  }
  if (code >= ELU && n >= 8) {
    // Long bodies: two at a time, and the loop ends at its foot.
    do {
      const g0 = gradient(code, v128.load(pV), v128.load(pDy), va, vb)
      const g1 = gradient(code, v128.load(pV, 16), v128.load(pDy, 16), va, vb)
      v128.store(pDx, g0)
      v128.store(pDx, g1, 16)
      pV += 32
      pDy += 32
      pDx += 32
      n -= 8
    } while (n >= 8)
  }
  while (n > 0) {
    storeUpTo4(pDx, gradient(code, loadUpTo4(pV, n), loadUpTo4(pDy, n), va, vb), n)
    pV += 16
    pDy += 16
    pDx += 16
    n -= 4
  }
}
