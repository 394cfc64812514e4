import { loadUpTo4, storeUpTo4 } from '../lib/tail'
import * as w from './window'

// nD nH nW: taps inside the input along each dimension; steps: bytes from tap to tap; index*: the same in pixels.

@inline
function keep(mask: v128, x: v128, old: v128): v128 {
  return v128.bitselect(x, old, mask)
}

@inline
function beats(x: v128, best: v128): v128 {
  return v128.or(f32x4.gt(x, best), f32x4.ne(x, x))
}

/** Four vectors of channels: values, and the indices of the taps they came from. */
@inline
function window16(
  pX: usize, pY: usize, pI: usize, nD: i32, nH: i32, nW: i32, stepD: usize, stepH: usize, stepW: usize,
  index: i32, indexD: i32, indexH: i32, indexW: i32,
): void {
  let b0 = v128.load(pX), b1 = v128.load(pX, 16), b2 = v128.load(pX, 32), b3 = v128.load(pX, 48)
  let i0 = i32x4.splat(index), i1 = i0, i2 = i0, i3 = i0
  for (let d = 0; d < nD; d++) {
    for (let h = 0; h < nH; h++) {
      let p = pX + d * stepD + h * stepH
      let i = index + d * indexD + h * indexH
      for (let x = 0; x < nW; x++, p += stepW, i += indexW) {
        const x0 = v128.load(p)
        const x1 = v128.load(p, 16)
        const x2 = v128.load(p, 32)
        const x3 = v128.load(p, 48)
        const at = i32x4.splat(i)
        const m0 = beats(x0, b0)
        const m1 = beats(x1, b1)
        const m2 = beats(x2, b2)
        const m3 = beats(x3, b3)
        b0 = keep(m0, x0, b0)
        b1 = keep(m1, x1, b1)
        b2 = keep(m2, x2, b2)
        b3 = keep(m3, x3, b3)
        i0 = keep(m0, at, i0)
        i1 = keep(m1, at, i1)
        i2 = keep(m2, at, i2)
        i3 = keep(m3, at, i3)
      }
    }
  }
  v128.store(pY, b0)
  v128.store(pY, b1, 16)
  v128.store(pY, b2, 32)
  v128.store(pY, b3, 48)
  v128.store(pI, i0)
  v128.store(pI, i1, 16)
  v128.store(pI, i2, 32)
  v128.store(pI, i3, 48)
}

@inline
function window4(
  pX: usize, pY: usize, pI: usize, lanes: i32, nD: i32, nH: i32, nW: i32, stepD: usize, stepH: usize, stepW: usize,
  index: i32, indexD: i32, indexH: i32, indexW: i32,
): void {
  let best = loadUpTo4(pX, lanes)
  let winner = i32x4.splat(index)
  for (let d = 0; d < nD; d++) {
    for (let h = 0; h < nH; h++) {
      let p = pX + d * stepD + h * stepH
      let i = index + d * indexD + h * indexH
      for (let x = 0; x < nW; x++, p += stepW, i += indexW) {
        const v = loadUpTo4(p, lanes)
        const m = beats(v, best)
        best = keep(m, v, best)
        winner = keep(m, i32x4.splat(i), winner)
      }
    }
  }
  storeUpTo4(pY, best, lanes)
  if (pI) storeUpTo4(pI, winner, lanes)
}

/** Values alone: pmax drops a NaN on its right, so the lanes that saw one are kept apart. */
@inline
function values16(
  pX: usize, pY: usize, nD: i32, nH: i32, nW: i32, stepD: usize, stepH: usize, stepW: usize,
): void {
  let b0 = v128.load(pX), b1 = v128.load(pX, 16), b2 = v128.load(pX, 32), b3 = v128.load(pX, 48)
  let s0 = i32x4.splat(0), s1 = s0, s2 = s0, s3 = s0
  for (let d = 0; d < nD; d++) {
    for (let h = 0; h < nH; h++) {
      let p = pX + d * stepD + h * stepH
      for (let x = 0; x < nW; x++, p += stepW) {
        const x0 = v128.load(p)
        const x1 = v128.load(p, 16)
        const x2 = v128.load(p, 32)
        const x3 = v128.load(p, 48)
        b0 = f32x4.pmax(b0, x0)
        b1 = f32x4.pmax(b1, x1)
        b2 = f32x4.pmax(b2, x2)
        b3 = f32x4.pmax(b3, x3)
        s0 = v128.or(s0, f32x4.ne(x0, x0))
        s1 = v128.or(s1, f32x4.ne(x1, x1))
        s2 = v128.or(s2, f32x4.ne(x2, x2))
        s3 = v128.or(s3, f32x4.ne(x3, x3))
      }
    }
  }
  v128.store(pY, v128.or(b0, s0))
  v128.store(pY, v128.or(b1, s1), 16)
  v128.store(pY, v128.or(b2, s2), 32)
  v128.store(pY, v128.or(b3, s3), 48)
}

/** The largest of four, the first of equal ones; a NaN is lost. */
@inline
function largest(a: v128, b: v128, c: v128, d: v128): v128 {
  return f32x4.pmax(f32x4.pmax(a, b), f32x4.pmax(c, d))
}

@inline
function total(a: v128, b: v128, c: v128, d: v128): v128 {
  return f32x4.add(f32x4.add(a, b), f32x4.add(c, d))
}

/**
 * Windows of 2x2, without loops: false, and nothing written, where a sum of all 16 vectors is not finite, which a NaN or an
 * infinity makes so. One addition a vector finds them, in place of a comparison and a bitwise or.
 */
@inline
function values16Square(pX: usize, pY: usize, stepH: usize, stepW: usize): bool {
  const p1 = pX + stepW
  const p2 = pX + stepH
  const p3 = p2 + stepW
  const a0 = v128.load(pX), b0 = v128.load(p1), c0 = v128.load(p2), d0 = v128.load(p3)
  const m0 = largest(a0, b0, c0, d0)
  const s0 = total(a0, b0, c0, d0)
  const a1 = v128.load(pX, 16), b1 = v128.load(p1, 16), c1 = v128.load(p2, 16), d1 = v128.load(p3, 16)
  const m1 = largest(a1, b1, c1, d1)
  const s1 = total(a1, b1, c1, d1)
  const a2 = v128.load(pX, 32), b2 = v128.load(p1, 32), c2 = v128.load(p2, 32), d2 = v128.load(p3, 32)
  const m2 = largest(a2, b2, c2, d2)
  const s2 = total(a2, b2, c2, d2)
  const a3 = v128.load(pX, 48), b3 = v128.load(p1, 48), c3 = v128.load(p2, 48), d3 = v128.load(p3, 48)
  const m3 = largest(a3, b3, c3, d3)
  const sum = total(s0, s1, s2, total(a3, b3, c3, d3))
  if (v128.any_true(f32x4.ne(f32x4.sub(sum, sum), f32x4.splat(0)))) return false
  v128.store(pY, m0)
  v128.store(pY, m1, 16)
  v128.store(pY, m2, 32)
  v128.store(pY, m3, 48)
  return true
}

function eachWindow(pX: usize, pY: usize, pI: usize, pParams: usize, adaptive: bool): void {
  const channels = w.field(pParams, w.C)
  const H = w.field(pParams, w.IN + 1)
  const W = w.field(pParams, w.IN + 2)
  const samples = w.field(pParams, w.N)
  const outD = w.field(pParams, w.OUT)
  const outH = w.field(pParams, w.OUT + 1)
  const outW = w.field(pParams, w.OUT + 2)
  const dilationD = adaptive ? 1 : w.field(pParams, w.DILATION)
  const dilationH = adaptive ? 1 : w.field(pParams, w.DILATION + 1)
  const dilationW = adaptive ? 1 : w.field(pParams, w.DILATION + 2)
  const pixel = <usize>channels << 2
  const indexD = dilationD * H * W
  const indexH = dilationH * W
  const sample = <usize>w.field(pParams, w.IN) * H * W * pixel
  for (let n = 0; n < samples; n++, pX += sample) {
    for (let od = 0; od < outD; od++) {
      w.along(pParams, 0, od, adaptive)
      const d = w.first
      const nD = w.count
      for (let oh = 0; oh < outH; oh++) {
        w.along(pParams, 1, oh, adaptive)
        const h = w.first
        const nH = w.count
        for (let ow = 0; ow < outW; ow++) {
          w.along(pParams, 2, ow, adaptive)
          const nW = w.count
          const square = nD == 1 && nH == 2 && nW == 2
          const index = (d * H + h) * W + w.first
          const from = pX + <usize>index * pixel
          let c = 0
          for (; c + 16 <= channels; c += 16) {
            const at = <usize>c << 2
            if (pI) {
              window16(
                from + at, pY + at, pI + at, nD, nH, nW, indexD * pixel, indexH * pixel, dilationW * pixel,
                index, indexD, indexH, dilationW,
              )
            } else if (!square || !values16Square(from + at, pY + at, indexH * pixel, dilationW * pixel)) {
              values16(from + at, pY + at, nD, nH, nW, indexD * pixel, indexH * pixel, dilationW * pixel)
            }
          }
          for (; c < channels; c += 4) {
            const at = <usize>c << 2
            window4(
              from + at, pY + at, pI ? pI + at : 0, channels - c, nD, nH, nW,
              indexD * pixel, indexH * pixel, dilationW * pixel, index, indexD, indexH, dilationW,
            )
          }
          pY += pixel
          if (pI) pI += pixel
        }
      }
    }
  }
}

export function f32_max_pool(pX: usize, pY: usize, pIndex: usize, pParams: usize): void {
  eachWindow(pX, pY, pIndex, pParams, false)
}

export function f32_adaptive_max_pool(pX: usize, pY: usize, pIndex: usize, pParams: usize): void {
  eachWindow(pX, pY, pIndex, pParams, true)
}

/** dx = 0, then dx[n, index, c] += dy. */
export function f32_max_pool_grad(
  pDy: usize, pIndex: usize, pDx: usize, N: i32, outSize: i32, inSize: i32, C: i32,
): void {
  const pixel = <usize>C << 2
  const sample = <usize>inSize * pixel
  memory.fill(pDx, 0, <usize>N * sample)
  for (let n = 0; n < N; n++, pDx += sample) {
    for (let o = 0; o < outSize; o++) {
      for (let at: usize = 0; at < pixel; at += 4, pDy += 4, pIndex += 4) {
        const p = pDx + <usize>load<i32>(pIndex) * pixel + at
        store<f32>(p, load<f32>(p) + load<f32>(pDy))
      }
    }
  }
}
