// Roots, squares, signs, bounds and roundings. The contract is src/groups/simple.ts.
import * as gradient from './elementwise/gradient'
import { mapGradient } from './elementwise/gradient'
import { mapLight } from './elementwise/light'
import * as op from './elementwise/unary-codes'
import { f4 } from './lib/vector'
import { loadUpTo4, storeUpTo4 } from './lib/tail'

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

export function f32_clip(pX: usize, pY: usize, n: i32, low: f32, high: f32): void {
  mapLight(op.CLIP, pX, pY, n, low, high)
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

export function i32_abs(pX: usize, pY: usize, n: i32): void {
  mapLight(op.I_ABS, pX, pY, n, 0, 0)
}

/** y = a + t (b - a), the way that keeps b exact at t = 1. */
export function f32_lerp(pA: usize, pB: usize, pY: usize, n: i32, t: f32): void {
  const weight = f4(t)
  const rest = f4(1 - t)
  const near = t < 0.5
  for (; n > 0; n -= 4, pA += 16, pB += 16, pY += 16) {
    const a = loadUpTo4(pA, n)
    const b = loadUpTo4(pB, n)
    const d = f32x4.sub(b, a)
    const y = near ? f32x4.add(a, f32x4.mul(weight, d)) : f32x4.sub(b, f32x4.mul(d, rest))
    storeUpTo4(pY, y, n)
  }
}

export function f32_abs_grad(pX: usize, pDy: usize, pDx: usize, n: i32): void {
  mapGradient(gradient.ABS, pX, pDy, pDx, n, 0, 0)
}

export function f32_sqrt_grad(pY: usize, pDy: usize, pDx: usize, n: i32): void {
  mapGradient(gradient.SQRT, pY, pDy, pDx, n, 0, 0)
}
