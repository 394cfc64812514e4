// The elementwise kernels that every network needs. The contract is src/groups/arithmetic.ts.
import { rowArithmetic } from './elementwise/binary'
import * as op from './elementwise/codes'
import * as gradient from './elementwise/gradient'
import { mapGradient } from './elementwise/gradient'
import { mapLight } from './elementwise/light'
import { ARITHMETIC, walk } from './elementwise/nd'
import { f4, fma } from './lib/math'
import * as unary from './elementwise/unary-codes'
import { loadUpTo4, storeUpTo4 } from './lib/tail'

function strided(code: i32, pA: usize, pB: usize, pC: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(ARITHMETIC, code, pA, pB, pC, pY, pMeta, rank)
}

export function f32_add(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowArithmetic(op.ADD, pA, pB, pY, n, 4, 4)
}

export function f32_add_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.ADD, pA, pB, 0, pY, pMeta, rank)
}

export function f32_sub(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowArithmetic(op.SUB, pA, pB, pY, n, 4, 4)
}

export function f32_sub_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.SUB, pA, pB, 0, pY, pMeta, rank)
}

export function f32_mul(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowArithmetic(op.MUL, pA, pB, pY, n, 4, 4)
}

export function f32_mul_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.MUL, pA, pB, 0, pY, pMeta, rank)
}

export function f32_div(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowArithmetic(op.DIV, pA, pB, pY, n, 4, 4)
}

export function f32_div_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.DIV, pA, pB, 0, pY, pMeta, rank)
}

export function f32_maximum(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowArithmetic(op.MAXIMUM, pA, pB, pY, n, 4, 4)
}

export function f32_maximum_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.MAXIMUM, pA, pB, 0, pY, pMeta, rank)
}

export function f32_minimum(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowArithmetic(op.MINIMUM, pA, pB, pY, n, 4, 4)
}

export function f32_minimum_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.MINIMUM, pA, pB, 0, pY, pMeta, rank)
}

export function i32_add(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowArithmetic(op.I_ADD, pA, pB, pY, n, 4, 4)
}

export function i32_add_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.I_ADD, pA, pB, 0, pY, pMeta, rank)
}

export function i32_sub(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowArithmetic(op.I_SUB, pA, pB, pY, n, 4, 4)
}

export function i32_sub_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.I_SUB, pA, pB, 0, pY, pMeta, rank)
}

export function i32_mul(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowArithmetic(op.I_MUL, pA, pB, pY, n, 4, 4)
}

export function i32_mul_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.I_MUL, pA, pB, 0, pY, pMeta, rank)
}

export function i32_maximum(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowArithmetic(op.I_MAXIMUM, pA, pB, pY, n, 4, 4)
}

export function i32_maximum_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.I_MAXIMUM, pA, pB, 0, pY, pMeta, rank)
}

export function i32_minimum(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowArithmetic(op.I_MINIMUM, pA, pB, pY, n, 4, 4)
}

export function i32_minimum_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  strided(op.I_MINIMUM, pA, pB, 0, pY, pMeta, rank)
}

export function f32_neg(pX: usize, pY: usize, n: i32): void {
  mapLight(unary.NEG, pX, pY, n, 0, 0)
}

export function f32_relu(pX: usize, pY: usize, n: i32): void {
  mapLight(unary.RELU, pX, pY, n, 0, 0)
}

export function f32_scale(pX: usize, pY: usize, n: i32, a: f32, b: f32): void {
  mapLight(unary.SCALE, pX, pY, n, a, b)
}

export function i32_neg(pX: usize, pY: usize, n: i32): void {
  mapLight(unary.I_NEG, pX, pY, n, 0, 0)
}

export function i32_relu(pX: usize, pY: usize, n: i32): void {
  mapLight(unary.I_RELU, pX, pY, n, 0, 0)
}

/** y += a x */
export function f32_axpy(pX: usize, pY: usize, n: i32, a: f32): void {
  const va = f4(a)
  while (n >= 16) {
    v128.store(pY, fma(va, v128.load(pX), v128.load(pY)))
    v128.store(pY, fma(va, v128.load(pX, 16), v128.load(pY, 16)), 16)
    v128.store(pY, fma(va, v128.load(pX, 32), v128.load(pY, 32)), 32)
    v128.store(pY, fma(va, v128.load(pX, 48), v128.load(pY, 48)), 48)
    pX += 64
    pY += 64
    n -= 16
  }
  while (n > 0) {
    storeUpTo4(pY, fma(va, loadUpTo4(pX, n), loadUpTo4(pY, n)), n)
    pX += 16
    pY += 16
    n -= 4
  }
}

export function f32_relu_grad(pY: usize, pDy: usize, pDx: usize, n: i32): void {
  mapGradient(gradient.RELU, pY, pDy, pDx, n, 0, 0)
}
