import { loadStrided, storeUpTo4 } from '../lib/tail'
import { f4 } from '../lib/math'
import { atan2_64, highHalf, lowHalf, pow64 } from '../lib/math64'

import * as op from './codes'

@inline
function light(code: i32, a: v128, b: v128): v128 {
  if (code == op.ADD) return f32x4.add(a, b)
  if (code == op.SUB) return f32x4.sub(a, b)
  if (code == op.MUL) return f32x4.mul(a, b)
  if (code == op.DIV) return f32x4.div(a, b)
  if (code == op.MAXIMUM) return f32x4.max(a, b)
  if (code == op.MINIMUM) return f32x4.min(a, b)
  if (code == op.I_ADD) return i32x4.add(a, b)
  if (code == op.I_SUB) return i32x4.sub(a, b)
  if (code == op.I_MUL) return i32x4.mul(a, b)
  if (code == op.I_MAXIMUM) return i32x4.max_s(a, b)
  if (code == op.I_MINIMUM) return i32x4.min_s(a, b)
  if (code == op.I_AND) return v128.and(a, b)
  if (code == op.I_OR) return v128.or(a, b)
  return v128.xor(a, b)
}

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
function integer(code: i32, a: i32, b: i32): i32 {
  if (code == op.I_SHL) return a << b
  if (code == op.I_SHR) return a >> b
  if (b == 0) return 0
  if (b == -1) return code == op.I_FLOOR_DIVIDE ? 0 - a : 0
  const r = a % b
  const mixed = i32(r != 0 && (r ^ b) < 0)
  return code == op.I_FLOOR_DIVIDE ? a / b - mixed : r + (mixed ? b : 0)
}

@inline
function byLane(code: i32, a: v128, b: v128): v128 {
  if (code >= op.I_FLOOR_DIVIDE) {
    let y = i32x4.splat(integer(code, i32x4.extract_lane(a, 0), i32x4.extract_lane(b, 0)))
    y = i32x4.replace_lane(y, 1, integer(code, i32x4.extract_lane(a, 1), i32x4.extract_lane(b, 1)))
    y = i32x4.replace_lane(y, 2, integer(code, i32x4.extract_lane(a, 2), i32x4.extract_lane(b, 2)))
    return i32x4.replace_lane(y, 3, integer(code, i32x4.extract_lane(a, 3), i32x4.extract_lane(b, 3)))
  }
  let y = f4(scalar(code, f32x4.extract_lane(a, 0), f32x4.extract_lane(b, 0)))
  y = f32x4.replace_lane(y, 1, scalar(code, f32x4.extract_lane(a, 1), f32x4.extract_lane(b, 1)))
  y = f32x4.replace_lane(y, 2, scalar(code, f32x4.extract_lane(a, 2), f32x4.extract_lane(b, 2)))
  return f32x4.replace_lane(y, 3, scalar(code, f32x4.extract_lane(a, 3), f32x4.extract_lane(b, 3)))
}

@inline
function heavy(code: i32, a: v128, b: v128): v128 {
  if (code != op.POW && code != op.ATAN2) return byLane(code, a, b)
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

/** One row: `stepA` and `stepB` are bytes from element to element; y is dense. */
@inline
function rowLight(code: i32, pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  if ((stepA == 4 || stepA == 0) && (stepB == 4 || stepB == 0) && n >= 4) {
    let a0 = v128.load32_splat(pA)
    let b0 = v128.load32_splat(pB)
    let a1 = a0, a2 = a0, a3 = a0
    let b1 = b0, b2 = b0, b3 = b0
    while (n >= 16) {
      if (stepA) {
        a0 = v128.load(pA)
        a1 = v128.load(pA, 16)
        a2 = v128.load(pA, 32)
        a3 = v128.load(pA, 48)
      }
      if (stepB) {
        b0 = v128.load(pB)
        b1 = v128.load(pB, 16)
        b2 = v128.load(pB, 32)
        b3 = v128.load(pB, 48)
      }
      v128.store(pY, light(code, a0, b0))
      v128.store(pY, light(code, a1, b1), 16)
      v128.store(pY, light(code, a2, b2), 32)
      v128.store(pY, light(code, a3, b3), 48)
      pA += stepA << 4
      pB += stepB << 4
      pY += 64
      n -= 16
    }
  }
  if (n > 0) lightEnd(code, pA, pB, pY, n, stepA, stepB)
}

/** Any strides, four at a time, the choice made at run time: the ends of all light rows. */
function lightEnd(code: i32, pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  while (n > 0) {
    storeUpTo4(pY, lightAny(code, loadStrided(pA, stepA, n), loadStrided(pB, stepB, n)), n)
    pA += stepA << 2
    pB += stepB << 2
    pY += 16
    n -= 4
  }
}

function lightAny(code: i32, a: v128, b: v128): v128 {
  switch (code) {
    case op.ADD: return light(op.ADD, a, b)
    case op.SUB: return light(op.SUB, a, b)
    case op.MUL: return light(op.MUL, a, b)
    case op.DIV: return light(op.DIV, a, b)
    case op.MAXIMUM: return light(op.MAXIMUM, a, b)
    case op.MINIMUM: return light(op.MINIMUM, a, b)
    case op.I_ADD: return light(op.I_ADD, a, b)
    case op.I_SUB: return light(op.I_SUB, a, b)
    case op.I_MUL: return light(op.I_MUL, a, b)
    case op.I_MAXIMUM: return light(op.I_MAXIMUM, a, b)
    case op.I_MINIMUM: return light(op.I_MINIMUM, a, b)
    case op.I_AND: return light(op.I_AND, a, b)
    case op.I_OR: return light(op.I_OR, a, b)
    default: return light(op.I_XOR, a, b)
  }
}

@inline
function rowHeavy(code: i32, pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  if (n <= 0) return
  do {
    storeUpTo4(pY, heavy(code, loadStrided(pA, stepA, n), loadStrided(pB, stepB, n)), n)
    pA += stepA << 2
    pB += stepB << 2
    pY += 16
    n -= 4
  } while (n > 0)
}

export function f32RowAdd(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowLight(op.ADD, pA, pB, pY, n, stepA, stepB)
}

export function f32RowSub(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowLight(op.SUB, pA, pB, pY, n, stepA, stepB)
}

export function f32RowMul(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowLight(op.MUL, pA, pB, pY, n, stepA, stepB)
}

export function f32RowDiv(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowLight(op.DIV, pA, pB, pY, n, stepA, stepB)
}

export function f32RowMaximum(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowLight(op.MAXIMUM, pA, pB, pY, n, stepA, stepB)
}

export function f32RowMinimum(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowLight(op.MINIMUM, pA, pB, pY, n, stepA, stepB)
}

export function f32RowPow(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowHeavy(op.POW, pA, pB, pY, n, stepA, stepB)
}

export function f32RowFmod(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowHeavy(op.FMOD, pA, pB, pY, n, stepA, stepB)
}

export function f32RowRemainder(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowHeavy(op.REMAINDER, pA, pB, pY, n, stepA, stepB)
}

export function f32RowAtan2(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowHeavy(op.ATAN2, pA, pB, pY, n, stepA, stepB)
}

export function f32RowFloorDivide(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowHeavy(op.FLOOR_DIVIDE, pA, pB, pY, n, stepA, stepB)
}

export function i32RowAdd(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowLight(op.I_ADD, pA, pB, pY, n, stepA, stepB)
}

export function i32RowSub(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowLight(op.I_SUB, pA, pB, pY, n, stepA, stepB)
}

export function i32RowMul(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowLight(op.I_MUL, pA, pB, pY, n, stepA, stepB)
}

export function i32RowMaximum(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowLight(op.I_MAXIMUM, pA, pB, pY, n, stepA, stepB)
}

export function i32RowMinimum(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowLight(op.I_MINIMUM, pA, pB, pY, n, stepA, stepB)
}

export function i32RowAnd(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowLight(op.I_AND, pA, pB, pY, n, stepA, stepB)
}

export function i32RowOr(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowLight(op.I_OR, pA, pB, pY, n, stepA, stepB)
}

export function i32RowXor(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowLight(op.I_XOR, pA, pB, pY, n, stepA, stepB)
}

export function i32RowFloorDivide(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowHeavy(op.I_FLOOR_DIVIDE, pA, pB, pY, n, stepA, stepB)
}

export function i32RowRemainder(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowHeavy(op.I_REMAINDER, pA, pB, pY, n, stepA, stepB)
}

export function i32RowShl(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowHeavy(op.I_SHL, pA, pB, pY, n, stepA, stepB)
}

export function i32RowShr(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowHeavy(op.I_SHR, pA, pB, pY, n, stepA, stepB)
}
