// exp, log and what networks use of them. The contract is src/groups/exponential.ts.
import * as gradient from './elementwise/gradient'
import { mapGradient } from './elementwise/gradient'
import { mapGuarded } from './elementwise/guarded'
import { mapHeavy } from './elementwise/heavy'
import * as op from './elementwise/unary-codes'

export function f32_exp(pX: usize, pY: usize, n: i32): void {
  mapGuarded(op.EXP, pX, pY, n)
}

export function f32_log(pX: usize, pY: usize, n: i32): void {
  mapGuarded(op.LOG, pX, pY, n)
}

export function f32_sigmoid(pX: usize, pY: usize, n: i32): void {
  mapGuarded(op.SIGMOID, pX, pY, n)
}

export function f32_silu(pX: usize, pY: usize, n: i32): void {
  mapGuarded(op.SILU, pX, pY, n)
}

export function f32_tanh(pX: usize, pY: usize, n: i32): void {
  mapHeavy(op.TANH, pX, pY, n, 0, 0)
}

export function f32_sigmoid_grad(pY: usize, pDy: usize, pDx: usize, n: i32): void {
  mapGradient(gradient.SIGMOID, pY, pDy, pDx, n, 0, 0)
}

export function f32_tanh_grad(pY: usize, pDy: usize, pDx: usize, n: i32): void {
  mapGradient(gradient.TANH, pY, pDy, pDx, n, 0, 0)
}

export function f32_silu_grad(pX: usize, pDy: usize, pDx: usize, n: i32): void {
  mapGradient(gradient.SILU, pX, pDy, pDx, n, 0, 0)
}
