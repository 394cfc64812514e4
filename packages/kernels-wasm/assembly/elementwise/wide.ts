import { f4 } from '../lib/math'
import { atan2_64, highHalf, lowHalf, pow64 } from '../lib/math64'
import { loadStrided, storeUpTo4 } from '../lib/tail'
import * as op from './codes'

@inline
function scalar(code: i32, a: f32, b: f32): f32 {
  if (code == op.FMOD) return a % b
  if (code == op.REMAINDER) {
    const r = a % b
    return r != 0 && (b < 0) != (r < 0) ? r + b : r
  }
  // FLOOR_DIVIDE: from the remainder, so that the quotient is exact before it is rounded.
  if (b == 0) return a / b
  const r = a % b
  let quotient = (a - r) / b
  if (r != 0 && (b < 0) != (r < 0)) quotient -= 1
  if (quotient == 0) return copysign<f32>(0, a / b)
  const below = floor(quotient)
  return quotient - below > 0.5 ? below + 1 : below
}

@inline
function byLane(code: i32, a: v128, b: v128): v128 {
  let y = f4(scalar(code, f32x4.extract_lane(a, 0), f32x4.extract_lane(b, 0)))
  y = f32x4.replace_lane(y, 1, scalar(code, f32x4.extract_lane(a, 1), f32x4.extract_lane(b, 1)))
  y = f32x4.replace_lane(y, 2, scalar(code, f32x4.extract_lane(a, 2), f32x4.extract_lane(b, 2)))
  return f32x4.replace_lane(y, 3, scalar(code, f32x4.extract_lane(a, 3), f32x4.extract_lane(b, 3)))
}

@inline
function throughF64(code: i32, a: v128, b: v128): v128 {
  let low = a
  let x = lowHalf(a)
  let y = lowHalf(b)
  let round = 0
  do {
    const r = f32x4.demote_f64x2_zero(code == op.POW ? pow64(x, y) : atan2_64(x, y))
    low = round ? v128.shuffle<i64>(low, r, 0, 2) : r
    x = highHalf(a)
    y = highHalf(b)
  } while (++round < 2)
  return low
}

@inline
function combine(code: i32, a: v128, b: v128): v128 {
  if (code == op.POW) return throughF64(op.POW, a, b)
  if (code == op.ATAN2) return throughF64(op.ATAN2, a, b)
  return byLane(code, a, b)
}

/** One row of an operation with a long body. */
@inline
function rowOf(code: i32, pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  if (n <= 0) return
  do {
    storeUpTo4(pY, combine(code, loadStrided(pA, stepA, n), loadStrided(pB, stepB, n)), n)
    pA += stepA << 2
    pB += stepB << 2
    pY += 16
    n -= 4
  } while (n > 0)
}

function pow(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowOf(op.POW, pA, pB, pY, n, stepA, stepB)
}

function fmod(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowOf(op.FMOD, pA, pB, pY, n, stepA, stepB)
}

function remainder(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowOf(op.REMAINDER, pA, pB, pY, n, stepA, stepB)
}

function atan2(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowOf(op.ATAN2, pA, pB, pY, n, stepA, stepB)
}

function floorDivide(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowOf(op.FLOOR_DIVIDE, pA, pB, pY, n, stepA, stepB)
}

/** One row of any of these operations. */
export function rowWide(code: i32, pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  switch (code) {
    case op.POW: return pow(pA, pB, pY, n, stepA, stepB)
    case op.FMOD: return fmod(pA, pB, pY, n, stepA, stepB)
    case op.REMAINDER: return remainder(pA, pB, pY, n, stepA, stepB)
    case op.ATAN2: return atan2(pA, pB, pY, n, stepA, stepB)
    default: floorDivide(pA, pB, pY, n, stepA, stepB)
  }
}
