import {
  EXP_LIMIT, SIGMOID_LIMIT, expFull, expInRange, logAreSafe, logFull, logInRange, sigmoidFull, sigmoidInRange,
} from '../lib/math'
import * as op from './unary-codes'
import { loadUpTo4, storeUpTo4 } from '../lib/tail'

// Loops with long bodies run at least once and end at their foot: V8 moves constants out of a loop only from code that
// every way out of the loop passes, and setting up a constant takes it three instructions each time round.

/** Of four vectors, whether the quick form holds for every lane. */
@inline
function areSafe(code: i32, x0: v128, x1: v128, x2: v128, x3: v128): bool {
  if (code == op.LOG) return logAreSafe(x0, x1, x2, x3)
  // Sizes compare like their bits, and NaN is above them all.
  const sizes = i32x4.splat(0x7fffffff)
  const low = i32x4.max_s(v128.and(x0, sizes), v128.and(x1, sizes))
  const high = i32x4.max_s(v128.and(x2, sizes), v128.and(x3, sizes))
  const limit = code == op.EXP ? EXP_LIMIT : SIGMOID_LIMIT
  return !v128.any_true(i32x4.gt_s(i32x4.max_s(low, high), i32x4.splat(limit)))
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
export function mapGuarded(code: i32, pX: usize, pY: usize, n: i32): void {
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
