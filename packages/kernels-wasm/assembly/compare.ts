// Comparisons, tests, logic and choice. The contract is src/groups/compare.ts.
import * as op from './elementwise/codes'
import { packMasks, rowCompare, storeMask } from './elementwise/compare'
import { rowLogical, rowWhere } from './elementwise/logical'
import { COMPARE, walk } from './elementwise/nd'
import { f4 } from './lib/math'
import { loadUpTo4 } from './lib/tail'

function strided(code: i32, pA: usize, pB: usize, pC: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(COMPARE, code, pA, pB, pC, pY, pMeta, rank)
}

export function f32_eq(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowCompare(op.EQ, pA, pB, pY, n, 4, 4)
}

export function f32_eq_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.EQ, pA, pB, 0, pY, pMeta, rank)
}

export function f32_ne(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowCompare(op.NE, pA, pB, pY, n, 4, 4)
}

export function f32_ne_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.NE, pA, pB, 0, pY, pMeta, rank)
}

export function f32_lt(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowCompare(op.LT, pA, pB, pY, n, 4, 4)
}

export function f32_lt_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.LT, pA, pB, 0, pY, pMeta, rank)
}

export function f32_le(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowCompare(op.LE, pA, pB, pY, n, 4, 4)
}

export function f32_le_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.LE, pA, pB, 0, pY, pMeta, rank)
}

export function f32_gt(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowCompare(op.GT, pA, pB, pY, n, 4, 4)
}

export function f32_gt_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.GT, pA, pB, 0, pY, pMeta, rank)
}

export function f32_ge(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowCompare(op.GE, pA, pB, pY, n, 4, 4)
}

export function f32_ge_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.GE, pA, pB, 0, pY, pMeta, rank)
}

export function i32_eq(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowCompare(op.I_EQ, pA, pB, pY, n, 4, 4)
}

export function i32_eq_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.I_EQ, pA, pB, 0, pY, pMeta, rank)
}

export function i32_ne(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowCompare(op.I_NE, pA, pB, pY, n, 4, 4)
}

export function i32_ne_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.I_NE, pA, pB, 0, pY, pMeta, rank)
}

export function i32_lt(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowCompare(op.I_LT, pA, pB, pY, n, 4, 4)
}

export function i32_lt_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.I_LT, pA, pB, 0, pY, pMeta, rank)
}

export function i32_le(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowCompare(op.I_LE, pA, pB, pY, n, 4, 4)
}

export function i32_le_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.I_LE, pA, pB, 0, pY, pMeta, rank)
}

export function i32_gt(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowCompare(op.I_GT, pA, pB, pY, n, 4, 4)
}

export function i32_gt_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.I_GT, pA, pB, 0, pY, pMeta, rank)
}

export function i32_ge(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowCompare(op.I_GE, pA, pB, pY, n, 4, 4)
}

export function i32_ge_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.I_GE, pA, pB, 0, pY, pMeta, rank)
}

export function u8_logical_and(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowLogical(op.B_AND, pA, pB, pY, n, 1, 1)
}

export function u8_logical_and_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.B_AND, pA, pB, 0, pY, pMeta, rank)
}

export function u8_logical_or(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowLogical(op.B_OR, pA, pB, pY, n, 1, 1)
}

export function u8_logical_or_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.B_OR, pA, pB, 0, pY, pMeta, rank)
}

export function u8_logical_xor(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowLogical(op.B_XOR, pA, pB, pY, n, 1, 1)
}

export function u8_logical_xor_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.B_XOR, pA, pB, 0, pY, pMeta, rank)
}

export function u8_logical_not(pX: usize, pY: usize, n: i32): void {
  for (; n >= 16; n -= 16, pX += 16, pY += 16) {
    v128.store(pY, v128.and(i8x16.eq(v128.load(pX), i8x16.splat(0)), i8x16.splat(1)))
  }
  for (let i: i32 = 0; i < n; i++) store<u8>(pY + i, u8(load<u8>(pX + i) == 0))
}

export function b32_where(pC: usize, pA: usize, pB: usize, pY: usize, n: i32): void {
  rowWhere(op.WHERE, pC, pA, pB, pY, n, 1, 4, 4)
}

export function b32_where_nd(pC: usize, pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.WHERE, pA, pB, pC, pY, pMeta, rank)
}

export function b8_where(pC: usize, pA: usize, pB: usize, pY: usize, n: i32): void {
  rowWhere(op.B_WHERE, pC, pA, pB, pY, n, 1, 1, 1)
}

export function b8_where_nd(pC: usize, pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.B_WHERE, pA, pB, pC, pY, pMeta, rank)
}

const IS_NAN: i32 = 0
const IS_INF: i32 = 1
const IS_FINITE: i32 = 2

@inline
function test(code: i32, x: v128): v128 {
  if (code == IS_NAN) return f32x4.ne(x, x)
  if (code == IS_INF) return f32x4.eq(f32x4.abs(x), f4(Infinity))
  return f32x4.lt(f32x4.abs(x), f4(Infinity)) // IS_FINITE
}

@inline
function mapTest(code: i32, pX: usize, pY: usize, n: i32): void {
  while (n >= 16) {
    const m0 = test(code, v128.load(pX))
    const m1 = test(code, v128.load(pX, 16))
    const m2 = test(code, v128.load(pX, 32))
    const m3 = test(code, v128.load(pX, 48))
    v128.store(pY, packMasks(m0, m1, m2, m3))
    pX += 64
    pY += 16
    n -= 16
  }
  while (n > 0) {
    storeMask(pY, test(code, loadUpTo4(pX, n)), n)
    pX += 16
    pY += 4
    n -= 4
  }
}

export function f32_isnan(pX: usize, pY: usize, n: i32): void {
  mapTest(IS_NAN, pX, pY, n)
}

export function f32_isinf(pX: usize, pY: usize, n: i32): void {
  mapTest(IS_INF, pX, pY, n)
}

export function f32_isfinite(pX: usize, pY: usize, n: i32): void {
  mapTest(IS_FINITE, pX, pY, n)
}
