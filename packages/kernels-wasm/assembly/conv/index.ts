import {
  adjointChannels, channelPackedBytes, channelScratch, channelWeightGradScratch, forwardChannels, packChannels,
  weightGradChannels,
} from './channels'
import { adjoint, adjointScratch, forward, forwardScratch, packAll, packedBytes } from './dense'
import { isDepthwise, Shape, taps } from './shape'
import { weightGrad, weightGradScratch } from './weight-grad'

// @ts-ignore: decorator
@inline
const INPUT_GRAD: i32 = 1
// @ts-ignore: decorator
@inline
const WEIGHT_GRAD: i32 = 2

export function conv_scratch_bytes(pParams: usize, pass: i32): i32 {
  const s = changetype<Shape>(pParams)
  if (pass == WEIGHT_GRAD) return isDepthwise(s) ? channelWeightGradScratch(s) : weightGradScratch(s)
  if (isDepthwise(s)) return channelScratch(s)
  return pass == INPUT_GRAD ? adjointScratch(s) : forwardScratch(s)
}

function weightBytes(s: Shape, pass: i32): i32 {
  return isDepthwise(s) ? channelPackedBytes(s) : packedBytes(s, pass == INPUT_GRAD)
}

export function conv_packed_bytes(pParams: usize, pass: i32): i32 {
  const s = changetype<Shape>(pParams)
  return weightBytes(s, pass) + (taps(s) << 2)
}

export function f32_conv_pack(pW: usize, pPacked: usize, pParams: usize, pass: i32): void {
  const s = changetype<Shape>(pParams)
  const pPlaces = pPacked + weightBytes(s, pass)
  if (isDepthwise(s)) packChannels(pW, s, pass == INPUT_GRAD, pPacked, pPlaces)
  else packAll(pW, s, pass == INPUT_GRAD, pPacked, pPlaces)
}

export function f32_conv(
  pX: usize, pW: usize, pBias: usize, pY: usize, pParams: usize, flags: i32, pScratch: usize,
): void {
  const s = changetype<Shape>(pParams)
  if (isDepthwise(s)) forwardChannels(pX, pW, pBias, pY, s, flags, pScratch)
  else forward(pX, pW, pBias, pY, s, flags, pScratch)
}

export function f32_conv_input_grad(
  pDy: usize, pW: usize, pBias: usize, pDx: usize, pParams: usize, flags: i32, pScratch: usize,
): void {
  const s = changetype<Shape>(pParams)
  if (isDepthwise(s)) adjointChannels(pDy, pW, pBias, pDx, s, flags, pScratch)
  else adjoint(pDy, pW, pBias, pDx, s, flags, pScratch)
}

export function f32_conv_weight_grad(
  pX: usize, pDy: usize, pDw: usize, pDb: usize, pParams: usize, flags: i32, pScratch: usize,
): void {
  const s = changetype<Shape>(pParams)
  if (isDepthwise(s)) weightGradChannels(pX, pDy, pDw, pDb, s, flags, pScratch)
  else weightGrad(pX, pDy, pDw, pDb, s, flags, pScratch)
}
