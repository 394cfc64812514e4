import { loadStrided, storeUpTo4 } from '../lib/tail'
import * as op from './codes'

@inline
function combine(code: i32, a: v128, b: v128): v128 {
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

/** One row: `stepA` and `stepB` are bytes from element to element; y is dense. */
@inline
export function lightRow(code: i32, pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
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
      v128.store(pY, combine(code, a0, b0))
      v128.store(pY, combine(code, a1, b1), 16)
      v128.store(pY, combine(code, a2, b2), 32)
      v128.store(pY, combine(code, a3, b3), 48)
      pA += stepA << 4
      pB += stepB << 4
      pY += 64
      n -= 16
    }
  }
  while (n > 0) {
    storeUpTo4(pY, combine(code, loadStrided(pA, stepA, n), loadStrided(pB, stepB, n)), n)
    pA += stepA << 2
    pB += stepB << 2
    pY += 16
    n -= 4
  }
}

function f32Add(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  lightRow(op.ADD, pA, pB, pY, n, stepA, stepB)
}

function f32Sub(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  lightRow(op.SUB, pA, pB, pY, n, stepA, stepB)
}

function f32Mul(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  lightRow(op.MUL, pA, pB, pY, n, stepA, stepB)
}

function f32Div(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  lightRow(op.DIV, pA, pB, pY, n, stepA, stepB)
}

function f32Maximum(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  lightRow(op.MAXIMUM, pA, pB, pY, n, stepA, stepB)
}

function f32Minimum(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  lightRow(op.MINIMUM, pA, pB, pY, n, stepA, stepB)
}

function i32Add(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  lightRow(op.I_ADD, pA, pB, pY, n, stepA, stepB)
}

function i32Sub(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  lightRow(op.I_SUB, pA, pB, pY, n, stepA, stepB)
}

function i32Mul(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  lightRow(op.I_MUL, pA, pB, pY, n, stepA, stepB)
}

function i32Maximum(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  lightRow(op.I_MAXIMUM, pA, pB, pY, n, stepA, stepB)
}

function i32Minimum(pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize): void {
  lightRow(op.I_MINIMUM, pA, pB, pY, n, stepA, stepB)
}

/** One row of any of the operations above. */
export function rowArithmetic(
  code: i32, pA: usize, pB: usize, pY: usize, n: i32, stepA: usize, stepB: usize,
): void {
  switch (code) {
    case op.ADD: return f32Add(pA, pB, pY, n, stepA, stepB)
    case op.SUB: return f32Sub(pA, pB, pY, n, stepA, stepB)
    case op.MUL: return f32Mul(pA, pB, pY, n, stepA, stepB)
    case op.DIV: return f32Div(pA, pB, pY, n, stepA, stepB)
    case op.MAXIMUM: return f32Maximum(pA, pB, pY, n, stepA, stepB)
    case op.MINIMUM: return f32Minimum(pA, pB, pY, n, stepA, stepB)
    case op.I_ADD: return i32Add(pA, pB, pY, n, stepA, stepB)
    case op.I_SUB: return i32Sub(pA, pB, pY, n, stepA, stepB)
    case op.I_MUL: return i32Mul(pA, pB, pY, n, stepA, stepB)
    case op.I_MAXIMUM: return i32Maximum(pA, pB, pY, n, stepA, stepB)
    default: i32Minimum(pA, pB, pY, n, stepA, stepB)
  }
}
