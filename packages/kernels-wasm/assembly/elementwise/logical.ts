import { gather, storeUpTo4 } from '../lib/tail'
import * as op from './codes'

@inline
function truth(x: v128): v128 {
  return i8x16.ne(x, i8x16.splat(0))
}

@inline
function logical(code: i32, a: v128, b: v128): v128 {
  const p = truth(a)
  const q = truth(b)
  const y = code == op.B_AND ? v128.and(p, q) : code == op.B_OR ? v128.or(p, q) : v128.xor(p, q)
  return v128.and(y, i8x16.splat(1))
}

/** Rows of bytes. */
export function rowLogical(code: i32, pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  if ((stepA == 1 || stepA == 0) && (stepB == 1 || stepB == 0) && n >= 16) {
    let a = v128.load8_splat(pA)
    let b = v128.load8_splat(pB)
    while (n >= 16) {
      if (stepA) a = v128.load(pA)
      if (stepB) b = v128.load(pB)
      const y = code == op.B_AND ? logical(op.B_AND, a, b) : code == op.B_OR ? logical(op.B_OR, a, b) : logical(op.B_XOR, a, b)
      v128.store(pY, y)
      pA += stepA << 4
      pB += stepB << 4
      pY += 16
      n -= 16
    }
  }
  for (let i: i32 = 0; i < n; i++) {
    const p = load<u8>(pA) != 0
    const q = load<u8>(pB) != 0
    store<u8>(pY + i, code == op.B_AND ? u8(p && q) : code == op.B_OR ? u8(p || q) : u8(p != q))
    pA += stepA
    pB += stepB
  }
}

/** The condition's bytes for four lanes as masks of 32 bits. */
@inline
function maskOf(pC: usize, stepC: usize, count: i32): v128 {
  const c = conditionBytes(pC, stepC, count)
  return i32x4.ne(c, i32x4.splat(0))
}

function conditionBytes(pC: usize, stepC: usize, count: i32): v128 {
  if (stepC == 1 && count >= 4) return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(pC)))
  let x = i32x4.splat(load<u8>(pC))
  if (count > 1) x = i32x4.replace_lane(x, 1, load<u8>(pC + stepC))
  if (count > 2) x = i32x4.replace_lane(x, 2, load<u8>(pC + 2 * stepC))
  if (count > 3) x = i32x4.replace_lane(x, 3, load<u8>(pC + 3 * stepC))
  return x
}

@inline
function words(p: usize, step: usize, count: i32): v128 {
  if (step == 4 && count >= 4) return v128.load(p)
  return step == 0 ? v128.load32_splat(p) : gather(p, step, count)
}

/** Rows of words chosen by bytes. */
function rowWords(
  pC: usize, pA: usize, pB: usize, pY: usize, n: i32, stepC: usize, stepA: usize, stepB: usize,
): void {
  while (n > 0) {
    const y = v128.bitselect(words(pA, stepA, n), words(pB, stepB, n), maskOf(pC, stepC, n))
    storeUpTo4(pY, y, n)
    pC += stepC << 2
    pA += stepA << 2
    pB += stepB << 2
    pY += 16
    n -= 4
  }
}

/** Rows of bytes chosen by bytes. */
function rowBytes(
  pC: usize, pA: usize, pB: usize, pY: usize, n: i32, stepC: usize, stepA: usize, stepB: usize,
): void {
  for (let i: i32 = 0; i < n; i++) {
    store<u8>(pY + i, load<u8>(pC) ? load<u8>(pA) : load<u8>(pB))
    pC += stepC
    pA += stepA
    pB += stepB
  }
}

/** Rows of words or bytes chosen by bytes. */
@inline
export function rowWhere(
  code: i32, pC: usize, pA: usize, pB: usize, pY: usize, n: i32, stepC: usize, stepA: usize, stepB: usize,
): void {
  if (code == op.WHERE) rowWords(pC, pA, pB, pY, n, stepC, stepA, stepB)
  else rowBytes(pC, pA, pB, pY, n, stepC, stepA, stepB)
}
