import { loadStrided, storeUpTo4 } from '../lib/tail'
import { lightRow } from './binary'
import * as op from './codes'

@inline
function scalar(code: i32, a: i32, b: i32): i32 {
  if (code == op.I_SHL) return a << b
  if (code == op.I_SHR) return a >> b
  if (b == 0) return 0
  if (b == -1) return code == op.I_FLOOR_DIVIDE ? 0 - a : 0
  const r = a % b
  const mixed = i32(r != 0 && (r ^ b) < 0)
  return code == op.I_FLOOR_DIVIDE ? a / b - mixed : r + (mixed ? b : 0)
}

@inline
function combine(code: i32, a: v128, b: v128): v128 {
  let y = i32x4.splat(scalar(code, i32x4.extract_lane(a, 0), i32x4.extract_lane(b, 0)))
  y = i32x4.replace_lane(y, 1, scalar(code, i32x4.extract_lane(a, 1), i32x4.extract_lane(b, 1)))
  y = i32x4.replace_lane(y, 2, scalar(code, i32x4.extract_lane(a, 2), i32x4.extract_lane(b, 2)))
  return i32x4.replace_lane(y, 3, scalar(code, i32x4.extract_lane(a, 3), i32x4.extract_lane(b, 3)))
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

function and(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  lightRow(op.I_AND, pA, pB, pY, n, stepA, stepB)
}

function or(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  lightRow(op.I_OR, pA, pB, pY, n, stepA, stepB)
}

function xor(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  lightRow(op.I_XOR, pA, pB, pY, n, stepA, stepB)
}

function floorDivide(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowOf(op.I_FLOOR_DIVIDE, pA, pB, pY, n, stepA, stepB)
}

function remainder(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowOf(op.I_REMAINDER, pA, pB, pY, n, stepA, stepB)
}

function shiftLeft(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowOf(op.I_SHL, pA, pB, pY, n, stepA, stepB)
}

function shiftRight(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowOf(op.I_SHR, pA, pB, pY, n, stepA, stepB)
}

/** One row of any of these operations. */
export function rowInteger(code: i32, pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  switch (code) {
    case op.I_AND: return and(pA, pB, pY, n, stepA, stepB)
    case op.I_OR: return or(pA, pB, pY, n, stepA, stepB)
    case op.I_XOR: return xor(pA, pB, pY, n, stepA, stepB)
    case op.I_FLOOR_DIVIDE: return floorDivide(pA, pB, pY, n, stepA, stepB)
    case op.I_REMAINDER: return remainder(pA, pB, pY, n, stepA, stepB)
    case op.I_SHL: return shiftLeft(pA, pB, pY, n, stepA, stepB)
    default: shiftRight(pA, pB, pY, n, stepA, stepB)
  }
}
