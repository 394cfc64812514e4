// The three passes of depthwise convolution. With a multiplier m > 1 (OC = m C) each image is first widened to OC
// channels, every input channel m times over, so that all loops see as many inputs as outputs.
import { madd } from '../lib/madd'
import { ACCUMULATE, finish, RELU } from '../lib/tile'
import { channelWorkBytes, correlateChannels, LANES } from './depthwise'
import { isInside, padImage, reachD, reachH, reachW } from './padded'
import {
  addForwardTaps, phases, PIECE_BYTES, placePhases, Problem, PROBLEM_BYTES, setAdjoint, setForward, setPhase, setSource,
} from './problem'
import { PACKED, Shape, SHAPE_BYTES, taps } from './shape'

// @ts-ignore: decorator
@inline
function inputPoints(s: Shape): i32 {
  return s.D * s.H * s.W
}

/** Bytes of an image widened to OC channels. */
function wideBytes(s: Shape): i32 {
  return s.OC > s.C ? inputPoints(s) * s.OC << 2 : 0
}

/** The shape of one widened image. */
function widened(s: Shape, at: usize): Shape {
  memory.copy(at, changetype<usize>(s), SHAPE_BYTES)
  const wide = changetype<Shape>(at)
  wide.N = 1
  wide.C = s.OC
  wide.groups = s.OC
  return wide
}

function widen(pX: usize, s: Shape, to: usize): void {
  const times = s.OC / s.C
  for (let i = inputPoints(s) * s.C; i > 0; i--, pX += 4) {
    const x = load<f32>(pX)
    for (let m = 0; m < times; m++, to += 4) store<f32>(to, x)
  }
}

export function channelPackedBytes(s: Shape): i32 {
  return taps(s) * s.OC << 2
}

/** Weights as rows [place of tap][OC]. */
export function packChannels(pW: usize, s: Shape, adjoint: bool, to: usize, pPlaces: usize): void {
  if (adjoint) placePhases(s, pPlaces)
  for (let tap = 0; tap < taps(s); tap++) {
    let t = to + ((adjoint ? load<u32>(pPlaces + (tap << 2)) : tap) * s.OC << 2)
    let q = pW + (tap << 2)
    for (let c = 0; c < s.OC; c++, t += 4, q += taps(s) << 2) store<f32>(t, load<f32>(q))
  }
}

export function channelScratch(s: Shape): i32 {
  return SHAPE_BYTES + PROBLEM_BYTES + taps(s) * (PIECE_BYTES + 4) + channelPackedBytes(s) + wideBytes(s) +
    channelWorkBytes(taps(s), s.OC)
}

export function forwardChannels(pX: usize, pW: usize, pBias: usize, pY: usize, s: Shape, flags: i32, pScratch: usize): void {
  const p = begin(pW, s, false, flags, pScratch)
  const pWide = p.pWork - wideBytes(s)
  const wide = s.OC > s.C
  const one = wide ? widened(s, pScratch) : s
  setForward(p, pBias, pY, one, flags)
  setSource(p, s.D, s.H, s.W, s.OC)
  addForwardTaps(p, one)
  p.pSource = wide ? pWide : pX
  for (let n = wide ? s.N : 1; n > 0; n--) {
    if (wide) widen(pX, s, pWide)
    correlateChannels(p)
    pX += inputPoints(s) * s.C << 2
    p.pOut += p.outN
  }
}

export function adjointChannels(
  pDy: usize, pW: usize, pBias: usize, pDx: usize, s: Shape, flags: i32, pScratch: usize,
): void {
  const p = begin(pW, s, true, flags, pScratch)
  if (s.OC == s.C) {
    adjointPhases(p, pDy, pBias, pDx, s, flags)
    return
  }
  const pWide = p.pWork - wideBytes(s)
  const one = widened(s, pScratch)
  for (let n = 0; n < s.N; n++) {
    adjointPhases(p, pDy, 0, pWide, one, 0)
    narrow(pWide, pBias, pDx, s, flags)
    pDy += s.OD * s.OH * s.OW * s.OC << 2
    pDx += inputPoints(s) * s.C << 2
  }
}

function adjointPhases(p: Problem, pDy: usize, pBias: usize, pDx: usize, s: Shape, flags: i32): void {
  setAdjoint(p, pBias, s, flags)
  setSource(p, s.OD, s.OH, s.OW, s.OC)
  p.pSource = pDy
  p.pBias = pBias
  for (let phase = 0, place = 0; phase < phases(s); phase++) {
    place = setPhase(p, pDx, s, phase, place)
    correlateChannels(p)
  }
}

/** dx[c] = act(the sum of the m widened gradients of c + dx[c] + bias[c]). */
function narrow(pWide: usize, pBias: usize, pDx: usize, s: Shape, flags: i32): void {
  const times = s.OC / s.C
  for (let i = inputPoints(s); i > 0; i--) {
    for (let c = 0; c < s.C; c++, pDx += 4) {
      let sum: f32 = 0
      for (let m = 0; m < times; m++, pWide += 4) sum += load<f32>(pWide)
      if (flags & ACCUMULATE) sum += load<f32>(pDx)
      if (pBias) sum += load<f32>(pBias + (c << 2))
      if (flags & RELU) sum = sum < 0 ? 0 : sum
      store<f32>(pDx, sum)
    }
  }
}

/** Lays the scratch out and packs the weights. */
function begin(pW: usize, s: Shape, adjoint: bool, flags: i32, pScratch: usize): Problem {
  const p = changetype<Problem>(pScratch + SHAPE_BYTES)
  p.pPieces = pScratch + SHAPE_BYTES + PROBLEM_BYTES
  const pPlaces = p.pPieces + taps(s) * PIECE_BYTES
  const pPacked = pPlaces + (taps(s) << 2)
  p.pWork = pPacked + channelPackedBytes(s) + wideBytes(s)
  if (!(flags & PACKED)) packChannels(pW, s, adjoint, pPacked, pPlaces)
  p.pPanels = flags & PACKED ? pW : pPacked
  p.run = 1
  p.tapStride = s.OC << 2
  p.columns = s.OC
  return p
}

// Weight gradient. Sums over the points of a few output rows are made in registers, for up to four taps by eight
// channels, and added to sums[channel block][tap][8] in order. Borders read a padded copy of the image.

/** Points summed in registers, if rows are not longer. */
// @ts-ignore: decorator
@inline
const POINTS: i32 = 256

function paddedBytes(s: Shape): i32 {
  return isInside(s) ? 0 : max(0, reachD(s)) * max(0, reachH(s)) * max(0, reachW(s)) * s.OC << 2
}

function sumsBytes(s: Shape): i32 {
  return (s.OC + LANES - 1) / LANES * (taps(s) + 1) << 5
}

export function channelWeightGradScratch(s: Shape): i32 {
  return SHAPE_BYTES + sumsBytes(s) + wideBytes(s) + paddedBytes(s)
}

export function weightGradChannels(
  pX: usize, pDy: usize, pDw: usize, pDb: usize, s: Shape, flags: i32, pScratch: usize,
): void {
  const pSums = pScratch + SHAPE_BYTES, pWide = pSums + sumsBytes(s), pPadded = pWide + wideBytes(s)
  const one = widened(s, pScratch)
  const inside = isInside(s)
  memory.fill(pSums, 0, sumsBytes(s))
  for (let n = 0; n < s.N && s.OW > 0; n++) {
    let pImage = pX
    if (s.OC > s.C) {
      widen(pX, s, pWide)
      pImage = pWide
    }
    if (!inside) {
      padImage(pImage, one, pPadded)
      pImage = pPadded
    }
    addImage(pImage, inside ? s.H : reachH(s), inside ? s.W : reachW(s), pDy, one, pSums)
    pX += inputPoints(s) * s.C << 2
    pDy += s.OD * s.OH * s.OW * s.OC << 2
  }
  unpackSums(pSums, pDw, pDb, s, flags)
}

/** Adds the products of one image whose taps all lie inside it; H and W are its extents. */
function addImage(pImage: usize, H: i32, W: i32, pDy: usize, s: Shape, pSums: usize): void {
  const pixel: usize = s.OC << 2, row: usize = W * pixel, plane: usize = H * row
  const rows = max(1, POINTS / s.OW)
  for (let d = 0; d < s.OD; d++) {
    for (let h = 0; h < s.OH; h += rows) {
      const count = min(rows, s.OH - h)
      const pSource = pImage + d * s.strideD * plane + h * s.strideH * row
      for (let c = 0; c < s.OC; c += LANES) {
        const pBlock = pSums + (c / LANES * (taps(s) + 1) << 5)
        addTaps(pSource + (c << 2), pixel, row, plane, pDy + (c << 2), s, count, min(LANES, s.OC - c), pBlock)
      }
      pDy += count * s.OW * pixel
    }
  }
}

/** All taps of up to eight channels over `rows` rows, then the sums of dy. */
function addTaps(
  pSource: usize, pixel: usize, row: usize, plane: usize, pDy: usize, s: Shape, rows: i32, channels: i32, pSums: usize,
): void {
  const step = s.strideW * pixel, rowStep = s.strideH * row
  let x0: usize = 0, x1: usize = 0, x2: usize = 0, x3: usize = 0
  for (let tap = 0, waiting = 0; tap < taps(s); tap++) {
    const w = tap % s.KW, h = tap / s.KW % s.KH, d = tap / s.KW / s.KH
    x0 = x1
    x1 = x2
    x2 = x3
    x3 = pSource + d * s.dilationD * plane + h * s.dilationH * row + w * s.dilationW * pixel
    if (channels < LANES) {
      for (let c = 0; c < channels << 2; c += 4) oneTap(x3 + c, step, rowStep, pDy + c, pixel, rows, s.OW, pSums + (tap << 5) + c)
    } else if (++waiting == 4) {
      fourTaps(x0, x1, x2, x3, step, rowStep, pDy, pixel, rows, s.OW, pSums + (tap - 3 << 5))
      waiting = 0
    } else if (tap == taps(s) - 1) {
      if (waiting == 3) eightTap(x1, step, rowStep, pDy, pixel, rows, s.OW, pSums + (tap - 2 << 5))
      if (waiting >= 2) eightTap(x2, step, rowStep, pDy, pixel, rows, s.OW, pSums + (tap - 1 << 5))
      eightTap(x3, step, rowStep, pDy, pixel, rows, s.OW, pSums + (tap << 5))
    }
  }
  addDy(pDy, pixel, rows * s.OW, channels, pSums + (taps(s) << 5))
}

function fourTaps(
  x0: usize, x1: usize, x2: usize, x3: usize, step: usize, rowStep: usize, pDy: usize, pixel: usize, rows: i32,
  width: i32, pSums: usize,
): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00
  const jump = rowStep - width * step
  for (; rows > 0; rows--, x0 += jump, x1 += jump, x2 += jump, x3 += jump) {
    for (let k = width; k > 0; k--) {
      const y0 = v128.load(pDy), y1 = v128.load(pDy, 16)
      c00 = madd(v128.load(x0), y0, c00); c01 = madd(v128.load(x0, 16), y1, c01)
      c10 = madd(v128.load(x1), y0, c10); c11 = madd(v128.load(x1, 16), y1, c11)
      c20 = madd(v128.load(x2), y0, c20); c21 = madd(v128.load(x2, 16), y1, c21)
      c30 = madd(v128.load(x3), y0, c30); c31 = madd(v128.load(x3, 16), y1, c31)
      pDy += pixel; x0 += step; x1 += step; x2 += step; x3 += step
    }
  }
  const o = f32x4.splat(0)
  finish(4, false, pSums, 32, ACCUMULATE, 0, 0, c00, c01, o, c10, c11, o, c20, c21, o, c30, c31, o, o, o, o)
}

function eightTap(x: usize, step: usize, rowStep: usize, pDy: usize, pixel: usize, rows: i32, width: i32, pSums: usize): void {
  let c0 = f32x4.splat(0), c1 = c0
  const jump = rowStep - width * step
  for (; rows > 0; rows--, x += jump) {
    for (let k = width; k > 0; k--) {
      c0 = madd(v128.load(x), v128.load(pDy), c0); c1 = madd(v128.load(x, 16), v128.load(pDy, 16), c1)
      pDy += pixel; x += step
    }
  }
  v128.store(pSums, f32x4.add(v128.load(pSums), c0))
  v128.store(pSums, f32x4.add(v128.load(pSums, 16), c1), 16)
}

function oneTap(x: usize, step: usize, rowStep: usize, pDy: usize, pixel: usize, rows: i32, width: i32, pSum: usize): void {
  let sum = f32x4.splat(0)
  const jump = rowStep - width * step
  for (; rows > 0; rows--, x += jump) {
    for (let k = width; k > 0; k--, pDy += pixel, x += step) sum = madd(v128.load32_zero(x), v128.load32_zero(pDy), sum)
  }
  store<f32>(pSum, load<f32>(pSum) + f32x4.extract_lane(sum, 0))
}

function addDy(pDy: usize, pixel: usize, points: i32, channels: i32, pSums: usize): void {
  if (channels == LANES) {
    let s0 = f32x4.splat(0), s1 = s0
    for (let k = points; k > 0; k--, pDy += pixel) {
      s0 = f32x4.add(s0, v128.load(pDy))
      s1 = f32x4.add(s1, v128.load(pDy, 16))
    }
    v128.store(pSums, f32x4.add(v128.load(pSums), s0))
    v128.store(pSums, f32x4.add(v128.load(pSums, 16), s1), 16)
    return
  }
  for (let c = 0; c < channels; c++, pDy += 4, pSums += 4) {
    let sum: f32 = 0, p = pDy
    for (let k = points; k > 0; k--, p += pixel) sum += load<f32>(p)
    store<f32>(pSums, load<f32>(pSums) + sum)
  }
}

function unpackSums(pSums: usize, pDw: usize, pDb: usize, s: Shape, flags: i32): void {
  const T = taps(s)
  for (let c = 0; c < s.OC; c++) {
    let p = pSums + (c / LANES * (T + 1) << 5) + (c % LANES << 2)
    for (let tap = 0; tap < T; tap++, p += 32, pDw += 4) {
      store<f32>(pDw, flags & ACCUMULATE ? load<f32>(pDw) + load<f32>(p) : load<f32>(p))
    }
    if (pDb) {
      store<f32>(pDb, flags & ACCUMULATE ? load<f32>(pDb) + load<f32>(p) : load<f32>(p))
      pDb += 4
    }
  }
}
