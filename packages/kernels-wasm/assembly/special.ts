// Functions by way of f64, and the remainders. The contract is src/groups/special.ts.
import * as binary from './elementwise/codes'
import { mapWide } from './elementwise/through-f64'
import { WIDE, walk } from './elementwise/nd'
import { rowWide } from './elementwise/wide'
import * as op from './elementwise/unary-codes'

function strided(code: i32, pA: usize, pB: usize, pC: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(WIDE, code, pA, pB, pC, pY, pMeta, rank)
}

export function f32_pow(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowWide(binary.POW, pA, pB, pY, n, 4, 4)
}

export function f32_pow_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(binary.POW, pA, pB, 0, pY, pMeta, rank)
}

export function f32_fmod(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowWide(binary.FMOD, pA, pB, pY, n, 4, 4)
}

export function f32_fmod_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(binary.FMOD, pA, pB, 0, pY, pMeta, rank)
}

export function f32_remainder(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowWide(binary.REMAINDER, pA, pB, pY, n, 4, 4)
}

export function f32_remainder_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(binary.REMAINDER, pA, pB, 0, pY, pMeta, rank)
}

export function f32_atan2(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowWide(binary.ATAN2, pA, pB, pY, n, 4, 4)
}

export function f32_atan2_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(binary.ATAN2, pA, pB, 0, pY, pMeta, rank)
}

export function f32_floor_divide(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowWide(binary.FLOOR_DIVIDE, pA, pB, pY, n, 4, 4)
}

export function f32_floor_divide_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(binary.FLOOR_DIVIDE, pA, pB, 0, pY, pMeta, rank)
}

export function f32_erf(pX: usize, pY: usize, n: i32): void {
  mapWide(op.ERF, pX, pY, n, 0, 0)
}

export function f32_expm1(pX: usize, pY: usize, n: i32): void {
  mapWide(op.EXPM1, pX, pY, n, 0, 0)
}

export function f32_log1p(pX: usize, pY: usize, n: i32): void {
  mapWide(op.LOG1P, pX, pY, n, 0, 0)
}

export function f32_log2(pX: usize, pY: usize, n: i32): void {
  mapWide(op.LOG2, pX, pY, n, 0, 0)
}

export function f32_sin(pX: usize, pY: usize, n: i32): void {
  mapWide(op.SIN, pX, pY, n, 0, 0)
}

export function f32_cos(pX: usize, pY: usize, n: i32): void {
  mapWide(op.COS, pX, pY, n, 0, 0)
}

export function f32_tan(pX: usize, pY: usize, n: i32): void {
  mapWide(op.TAN, pX, pY, n, 0, 0)
}

export function f32_asin(pX: usize, pY: usize, n: i32): void {
  mapWide(op.ASIN, pX, pY, n, 0, 0)
}

export function f32_acos(pX: usize, pY: usize, n: i32): void {
  mapWide(op.ACOS, pX, pY, n, 0, 0)
}

export function f32_atan(pX: usize, pY: usize, n: i32): void {
  mapWide(op.ATAN, pX, pY, n, 0, 0)
}

export function f32_sinh(pX: usize, pY: usize, n: i32): void {
  mapWide(op.SINH, pX, pY, n, 0, 0)
}

export function f32_cosh(pX: usize, pY: usize, n: i32): void {
  mapWide(op.COSH, pX, pY, n, 0, 0)
}

export function f32_asinh(pX: usize, pY: usize, n: i32): void {
  mapWide(op.ASINH, pX, pY, n, 0, 0)
}

export function f32_acosh(pX: usize, pY: usize, n: i32): void {
  mapWide(op.ACOSH, pX, pY, n, 0, 0)
}

export function f32_atanh(pX: usize, pY: usize, n: i32): void {
  mapWide(op.ATANH, pX, pY, n, 0, 0)
}
