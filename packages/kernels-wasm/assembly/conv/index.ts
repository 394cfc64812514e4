import { adjoint, adjointScratch, forward, forwardScratch, packAll, packedBytes } from './dense'
import { Shape, taps } from './shape'
import { weightGrad, weightGradScratch } from './weight-grad'

export function conv_scratch_bytes(pParams: usize, pass: i32): i32 {
  const s = changetype<Shape>(pParams)
  if (pass == 0) return forwardScratch(s)
  return pass == 1 ? adjointScratch(s) : weightGradScratch(s)
}

export function conv_packed_bytes(pParams: usize, pass: i32): i32 {
  const s = changetype<Shape>(pParams)
  return packedBytes(s, pass == 1) + (taps(s) << 2)
}

export function f32_conv_pack(pW: usize, pPacked: usize, pParams: usize, pass: i32): void {
  const s = changetype<Shape>(pParams)
  packAll(pW, s, pass == 1, pPacked, pPacked + packedBytes(s, pass == 1))
}

export function f32_conv(
  pX: usize, pW: usize, pBias: usize, pY: usize, pParams: usize, flags: i32, pScratch: usize,
): void {
  forward(pX, pW, pBias, pY, changetype<Shape>(pParams), flags, pScratch)
}

export function f32_conv_input_grad(
  pDy: usize, pW: usize, pBias: usize, pDx: usize, pParams: usize, flags: i32, pScratch: usize,
): void {
  adjoint(pDy, pW, pBias, pDx, changetype<Shape>(pParams), flags, pScratch)
}

export function f32_conv_weight_grad(
  pX: usize, pDy: usize, pDw: usize, pDb: usize, pParams: usize, flags: i32, pScratch: usize,
): void {
  weightGrad(pX, pDy, pDw, pDb, changetype<Shape>(pParams), flags, pScratch)
}
