import { loadUpTo4, storeUpTo4 } from '../lib/tail'
import { f4 } from '../lib/vector'
import * as w from './window'

/** Row sums are added up, so that a large window loses no digits. */
@inline
function sum16(
  pX: usize, pY: usize, nD: i32, nH: i32, nW: i32, stepD: usize, stepH: usize, stepW: usize, divisor: v128,
): void {
  let a0 = f4(0), a1 = a0, a2 = a0, a3 = a0
  for (let d = 0; d < nD; d++) {
    for (let h = 0; h < nH; h++) {
      let p = pX + d * stepD + h * stepH
      let r0 = f4(0), r1 = r0, r2 = r0, r3 = r0
      for (let x = 0; x < nW; x++, p += stepW) {
        r0 = f32x4.add(r0, v128.load(p))
        r1 = f32x4.add(r1, v128.load(p, 16))
        r2 = f32x4.add(r2, v128.load(p, 32))
        r3 = f32x4.add(r3, v128.load(p, 48))
      }
      a0 = f32x4.add(a0, r0)
      a1 = f32x4.add(a1, r1)
      a2 = f32x4.add(a2, r2)
      a3 = f32x4.add(a3, r3)
    }
  }
  v128.store(pY, f32x4.div(a0, divisor))
  v128.store(pY, f32x4.div(a1, divisor), 16)
  v128.store(pY, f32x4.div(a2, divisor), 32)
  v128.store(pY, f32x4.div(a3, divisor), 48)
}

@inline
function sum4(
  pX: usize, pY: usize, lanes: i32, nD: i32, nH: i32, nW: i32, stepD: usize, stepH: usize, stepW: usize, divisor: v128,
): void {
  let a = f4(0)
  for (let d = 0; d < nD; d++) {
    for (let h = 0; h < nH; h++) {
      let p = pX + d * stepD + h * stepH
      let r = f4(0)
      for (let x = 0; x < nW; x++, p += stepW) r = f32x4.add(r, loadUpTo4(p, lanes))
      a = f32x4.add(a, r)
    }
  }
  storeUpTo4(pY, f32x4.div(a, divisor), lanes)
}

/** Adds dy / divisor to every tap. */
@inline
function spread4(
  pDy: usize, pDx: usize, lanes: i32, nD: i32, nH: i32, nW: i32, stepD: usize, stepH: usize, stepW: usize,
  divisor: v128,
): void {
  const g = f32x4.div(loadUpTo4(pDy, lanes), divisor)
  for (let d = 0; d < nD; d++) {
    for (let h = 0; h < nH; h++) {
      let p = pDx + d * stepD + h * stepH
      for (let x = 0; x < nW; x++, p += stepW) storeUpTo4(p, f32x4.add(loadUpTo4(p, lanes), g), lanes)
    }
  }
}

@inline
function spread16(
  pDy: usize, pDx: usize, nD: i32, nH: i32, nW: i32, stepD: usize, stepH: usize, stepW: usize, divisor: v128,
): void {
  const g0 = f32x4.div(v128.load(pDy), divisor)
  const g1 = f32x4.div(v128.load(pDy, 16), divisor)
  const g2 = f32x4.div(v128.load(pDy, 32), divisor)
  const g3 = f32x4.div(v128.load(pDy, 48), divisor)
  for (let d = 0; d < nD; d++) {
    for (let h = 0; h < nH; h++) {
      let p = pDx + d * stepD + h * stepH
      for (let x = 0; x < nW; x++, p += stepW) {
        v128.store(p, f32x4.add(v128.load(p), g0))
        v128.store(p, f32x4.add(v128.load(p, 16), g1), 16)
        v128.store(p, f32x4.add(v128.load(p, 32), g2), 32)
        v128.store(p, f32x4.add(v128.load(p, 48), g3), 48)
      }
    }
  }
}

/** pIn is the side of the input (x or dx), pOut the side of the output (y or dy). */
@inline
function eachWindow(gradient: bool, pIn: usize, pOut: usize, pParams: usize, adaptive: bool): void {
  const channels = w.field(pParams, w.C)
  const H = w.field(pParams, w.IN + 1)
  const W = w.field(pParams, w.IN + 2)
  const samples = w.field(pParams, w.N)
  const outD = w.field(pParams, w.OUT)
  const outH = w.field(pParams, w.OUT + 1)
  const outW = w.field(pParams, w.OUT + 2)
  const pixel = <usize>channels << 2
  const stepD = (adaptive ? 1 : w.field(pParams, w.DILATION)) * H * W * pixel
  const stepH = (adaptive ? 1 : w.field(pParams, w.DILATION + 1)) * W * pixel
  const stepW = (adaptive ? 1 : w.field(pParams, w.DILATION + 2)) * pixel
  const includePad = !adaptive && w.field(pParams, w.COUNT_INCLUDE_PAD) != 0
  const override_ = adaptive ? 0 : w.field(pParams, w.DIVISOR)
  const sample = <usize>w.field(pParams, w.IN) * H * W * pixel
  for (let n = 0; n < samples; n++, pIn += sample) {
    for (let od = 0; od < outD; od++) {
      w.along(pParams, 0, od, adaptive)
      const d = w.first
      const nD = w.count
      const sizeD = w.size
      for (let oh = 0; oh < outH; oh++) {
        w.along(pParams, 1, oh, adaptive)
        const h = w.first
        const nH = w.count
        const sizeDH = sizeD * w.size
        for (let ow = 0; ow < outW; ow++, pOut += pixel) {
          w.along(pParams, 2, ow, adaptive)
          const nW = w.count
          const taps = includePad ? sizeDH * w.size : nD * nH * nW
          const divisor = f4(<f32>(override_ ? override_ : taps))
          const from = pIn + <usize>((d * H + h) * W + w.first) * pixel
          let c = 0
          for (; c + 16 <= channels; c += 16) {
            const at = <usize>c << 2
            if (gradient) spread16(pOut + at, from + at, nD, nH, nW, stepD, stepH, stepW, divisor)
            else sum16(from + at, pOut + at, nD, nH, nW, stepD, stepH, stepW, divisor)
          }
          for (; c < channels; c += 4) {
            const at = <usize>c << 2
            if (gradient) spread4(pOut + at, from + at, channels - c, nD, nH, nW, stepD, stepH, stepW, divisor)
            else sum4(from + at, pOut + at, channels - c, nD, nH, nW, stepD, stepH, stepW, divisor)
          }
        }
      }
    }
  }
}

export function f32_avg_pool(pX: usize, pY: usize, pParams: usize): void {
  eachWindow(false, pX, pY, pParams, false)
}

export function f32_adaptive_avg_pool(pX: usize, pY: usize, pParams: usize): void {
  eachWindow(false, pX, pY, pParams, true)
}

function clear(pDx: usize, pParams: usize): void {
  const size = <usize>w.field(pParams, w.IN) * w.field(pParams, w.IN + 1) * w.field(pParams, w.IN + 2)
  memory.fill(pDx, 0, size * w.field(pParams, w.N) * w.field(pParams, w.C) << 2)
}

export function f32_avg_pool_grad(pDy: usize, pDx: usize, pParams: usize): void {
  clear(pDx, pParams)
  eachWindow(true, pDx, pDy, pParams, false)
}

export function f32_adaptive_avg_pool_grad(pDy: usize, pDx: usize, pParams: usize): void {
  clear(pDx, pParams)
  eachWindow(true, pDx, pDy, pParams, true)
}
