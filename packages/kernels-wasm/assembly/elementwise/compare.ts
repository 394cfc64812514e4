import { loadStrided } from '../lib/tail'
import * as op from './codes'

@inline
function compare(code: i32, a: v128, b: v128): v128 {
  if (code == op.EQ) return f32x4.eq(a, b)
  if (code == op.NE) return f32x4.ne(a, b)
  if (code == op.LT) return f32x4.lt(a, b)
  if (code == op.LE) return f32x4.le(a, b)
  if (code == op.GT) return f32x4.gt(a, b)
  if (code == op.GE) return f32x4.ge(a, b)
  if (code == op.I_EQ) return i32x4.eq(a, b)
  if (code == op.I_NE) return i32x4.ne(a, b)
  if (code == op.I_LT) return i32x4.lt_s(a, b)
  if (code == op.I_LE) return i32x4.le_s(a, b)
  if (code == op.I_GT) return i32x4.gt_s(a, b)
  return i32x4.ge_s(a, b)
}

/** Sixteen lane masks as sixteen bytes of 0 or 1. */
@inline
export function packMasks(m0: v128, m1: v128, m2: v128, m3: v128): v128 {
  const bytes = i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(m0, m1), i16x8.narrow_i32x4_s(m2, m3))
  return v128.and(bytes, i8x16.splat(1))
}

/** The first `count` lanes of a mask as bytes of 0 or 1. */
export function storeMask(pY: usize, mask: v128, count: i32): void {
  store<u8>(pY, i32x4.extract_lane(mask, 0) & 1)
  if (count > 1) store<u8>(pY, i32x4.extract_lane(mask, 1) & 1, 1)
  if (count > 2) store<u8>(pY, i32x4.extract_lane(mask, 2) & 1, 2)
  if (count > 3) store<u8>(pY, i32x4.extract_lane(mask, 3) & 1, 3)
}

@inline
function rowOf(code: i32, pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  if ((stepA == 4 || stepA == 0) && (stepB == 4 || stepB == 0) && n >= 16) {
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
      const m0 = compare(code, a0, b0)
      const m1 = compare(code, a1, b1)
      const m2 = compare(code, a2, b2)
      const m3 = compare(code, a3, b3)
      v128.store(pY, packMasks(m0, m1, m2, m3))
      pA += stepA << 4
      pB += stepB << 4
      pY += 16
      n -= 16
    }
  }
  while (n > 0) {
    storeMask(pY, compare(code, loadStrided(pA, stepA, n), loadStrided(pB, stepB, n)), n)
    pA += stepA << 2
    pB += stepB << 2
    pY += 4
    n -= 4
  }
}

function f32Eq(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowOf(op.EQ, pA, pB, pY, n, stepA, stepB)
}

function f32Ne(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowOf(op.NE, pA, pB, pY, n, stepA, stepB)
}

function f32Lt(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowOf(op.LT, pA, pB, pY, n, stepA, stepB)
}

function f32Le(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowOf(op.LE, pA, pB, pY, n, stepA, stepB)
}

function f32Gt(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowOf(op.GT, pA, pB, pY, n, stepA, stepB)
}

function f32Ge(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowOf(op.GE, pA, pB, pY, n, stepA, stepB)
}

function i32Eq(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowOf(op.I_EQ, pA, pB, pY, n, stepA, stepB)
}

function i32Ne(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowOf(op.I_NE, pA, pB, pY, n, stepA, stepB)
}

function i32Lt(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowOf(op.I_LT, pA, pB, pY, n, stepA, stepB)
}

function i32Le(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowOf(op.I_LE, pA, pB, pY, n, stepA, stepB)
}

function i32Gt(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowOf(op.I_GT, pA, pB, pY, n, stepA, stepB)
}

function i32Ge(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  rowOf(op.I_GE, pA, pB, pY, n, stepA, stepB)
}

/** One row of any comparison. */
export function rowCompare(
  code: i32, pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize,
): void {
  switch (code) {
    case op.EQ: return f32Eq(pA, pB, pY, n, stepA, stepB)
    case op.NE: return f32Ne(pA, pB, pY, n, stepA, stepB)
    case op.LT: return f32Lt(pA, pB, pY, n, stepA, stepB)
    case op.LE: return f32Le(pA, pB, pY, n, stepA, stepB)
    case op.GT: return f32Gt(pA, pB, pY, n, stepA, stepB)
    case op.GE: return f32Ge(pA, pB, pY, n, stepA, stepB)
    case op.I_EQ: return i32Eq(pA, pB, pY, n, stepA, stepB)
    case op.I_NE: return i32Ne(pA, pB, pY, n, stepA, stepB)
    case op.I_LT: return i32Lt(pA, pB, pY, n, stepA, stepB)
    case op.I_LE: return i32Le(pA, pB, pY, n, stepA, stepB)
    case op.I_GT: return i32Gt(pA, pB, pY, n, stepA, stepB)
    default: i32Ge(pA, pB, pY, n, stepA, stepB)
  }
}
