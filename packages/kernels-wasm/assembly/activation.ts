// Activations beyond the rectifier and the sigmoids. The contract is src/groups/activation.ts.
import * as gradient from './elementwise/gradient'
import { mapGradient } from './elementwise/gradient'
import { mapHeavy } from './elementwise/heavy'
import { mapLight } from './elementwise/light'
import { mapWide } from './elementwise/through-f64'
import * as op from './elementwise/unary-codes'

export function f32_relu6(pX: usize, pY: usize, n: i32): void {
  mapLight(op.CLIP, pX, pY, n, 0, 6)
}

export function f32_hardtanh(pX: usize, pY: usize, n: i32, low: f32, high: f32): void {
  mapLight(op.CLIP, pX, pY, n, low, high)
}

export function f32_leaky_relu(pX: usize, pY: usize, n: i32, slope: f32): void {
  mapLight(op.LEAKY_RELU, pX, pY, n, slope, 0)
}

export function f32_softsign(pX: usize, pY: usize, n: i32): void {
  mapLight(op.SOFTSIGN, pX, pY, n, 0, 0)
}

export function f32_hardsigmoid(pX: usize, pY: usize, n: i32): void {
  mapLight(op.HARDSIGMOID, pX, pY, n, 0, 0)
}

export function f32_hardswish(pX: usize, pY: usize, n: i32): void {
  mapLight(op.HARDSWISH, pX, pY, n, 0, 0)
}

export function f32_elu(pX: usize, pY: usize, n: i32, alpha: f32): void {
  mapHeavy(op.ELU, pX, pY, n, alpha, 1)
}

export function f32_selu(pX: usize, pY: usize, n: i32): void {
  mapHeavy(op.ELU, pX, pY, n, 1.6732632423543772, 1.0507009873554805)
}

export function f32_celu(pX: usize, pY: usize, n: i32, alpha: f32): void {
  mapHeavy(op.CELU, pX, pY, n, alpha, 0)
}

export function f32_gelu(pX: usize, pY: usize, n: i32): void {
  mapHeavy(op.GELU, pX, pY, n, 0, 0)
}

export function f32_gelu_tanh(pX: usize, pY: usize, n: i32): void {
  mapHeavy(op.GELU_TANH, pX, pY, n, 0, 0)
}

export function f32_mish(pX: usize, pY: usize, n: i32): void {
  mapHeavy(op.MISH, pX, pY, n, 0, 0)
}

export function f32_softplus(pX: usize, pY: usize, n: i32, beta: f32, threshold: f32): void {
  mapWide(op.SOFTPLUS, pX, pY, n, beta, threshold)
}

export function f32_logsigmoid(pX: usize, pY: usize, n: i32): void {
  mapWide(op.LOGSIGMOID, pX, pY, n, 0, 0)
}

export function f32_relu6_grad(pX: usize, pDy: usize, pDx: usize, n: i32): void {
  mapGradient(gradient.HARDTANH, pX, pDy, pDx, n, 0, 6)
}

export function f32_hardtanh_grad(pX: usize, pDy: usize, pDx: usize, n: i32, low: f32, high: f32): void {
  mapGradient(gradient.HARDTANH, pX, pDy, pDx, n, low, high)
}

export function f32_leaky_relu_grad(pX: usize, pDy: usize, pDx: usize, n: i32, slope: f32): void {
  mapGradient(gradient.LEAKY_RELU, pX, pDy, pDx, n, slope, 0)
}

export function f32_softsign_grad(pX: usize, pDy: usize, pDx: usize, n: i32): void {
  mapGradient(gradient.SOFTSIGN, pX, pDy, pDx, n, 0, 0)
}

export function f32_hardsigmoid_grad(pX: usize, pDy: usize, pDx: usize, n: i32): void {
  mapGradient(gradient.HARDSIGMOID, pX, pDy, pDx, n, 0, 0)
}

export function f32_hardswish_grad(pX: usize, pDy: usize, pDx: usize, n: i32): void {
  mapGradient(gradient.HARDSWISH, pX, pDy, pDx, n, 0, 0)
}

export function f32_elu_grad(pX: usize, pDy: usize, pDx: usize, n: i32, alpha: f32): void {
  mapGradient(gradient.ELU, pX, pDy, pDx, n, alpha, 1)
}

export function f32_selu_grad(pX: usize, pDy: usize, pDx: usize, n: i32): void {
  mapGradient(gradient.ELU, pX, pDy, pDx, n, 1.6732632423543772, 1.0507009873554805)
}

export function f32_celu_grad(pX: usize, pDy: usize, pDx: usize, n: i32, alpha: f32): void {
  mapGradient(gradient.CELU, pX, pDy, pDx, n, alpha, 0)
}

export function f32_gelu_grad(pX: usize, pDy: usize, pDx: usize, n: i32): void {
  mapGradient(gradient.GELU, pX, pDy, pDx, n, 0, 0)
}

export function f32_gelu_tanh_grad(pX: usize, pDy: usize, pDx: usize, n: i32): void {
  mapGradient(gradient.GELU_TANH, pX, pDy, pDx, n, 0, 0)
}

export function f32_mish_grad(pX: usize, pDy: usize, pDx: usize, n: i32): void {
  mapGradient(gradient.MISH, pX, pDy, pDx, n, 0, 0)
}

export function f32_softplus_grad(pX: usize, pDy: usize, pDx: usize, n: i32, beta: f32, threshold: f32): void {
  mapGradient(gradient.SOFTPLUS, pX, pDy, pDx, n, beta, threshold)
}

export function f32_logsigmoid_grad(pX: usize, pDy: usize, pDx: usize, n: i32): void {
  mapGradient(gradient.LOGSIGMOID, pX, pDy, pDx, n, 0, 0)
}
