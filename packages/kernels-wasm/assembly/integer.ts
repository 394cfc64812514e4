// Bits, shifts and quotients of integers. The contract is src/groups/integer.ts.
import * as op from './elementwise/codes'
import { rowInteger } from './elementwise/integer'
import { mapLight } from './elementwise/light'
import { INTEGER, walk } from './elementwise/nd'
import * as unary from './elementwise/unary-codes'

function strided(code: i32, pA: usize, pB: usize, pC: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(INTEGER, code, pA, pB, pC, pY, pMeta, rank)
}

export function i32_and(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowInteger(op.I_AND, pA, pB, pY, n, 4, 4)
}

export function i32_and_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.I_AND, pA, pB, 0, pY, pMeta, rank)
}

export function i32_or(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowInteger(op.I_OR, pA, pB, pY, n, 4, 4)
}

export function i32_or_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.I_OR, pA, pB, 0, pY, pMeta, rank)
}

export function i32_xor(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowInteger(op.I_XOR, pA, pB, pY, n, 4, 4)
}

export function i32_xor_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.I_XOR, pA, pB, 0, pY, pMeta, rank)
}

export function i32_floor_divide(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowInteger(op.I_FLOOR_DIVIDE, pA, pB, pY, n, 4, 4)
}

export function i32_floor_divide_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.I_FLOOR_DIVIDE, pA, pB, 0, pY, pMeta, rank)
}

export function i32_remainder(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowInteger(op.I_REMAINDER, pA, pB, pY, n, 4, 4)
}

export function i32_remainder_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.I_REMAINDER, pA, pB, 0, pY, pMeta, rank)
}

export function i32_shl(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowInteger(op.I_SHL, pA, pB, pY, n, 4, 4)
}

export function i32_shl_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.I_SHL, pA, pB, 0, pY, pMeta, rank)
}

export function i32_shr(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowInteger(op.I_SHR, pA, pB, pY, n, 4, 4)
}

export function i32_shr_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.I_SHR, pA, pB, 0, pY, pMeta, rank)
}

export function i32_not(pX: usize, pY: usize, n: i32): void {
  mapLight(unary.I_NOT, pX, pY, n, 0, 0)
}
