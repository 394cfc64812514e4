// Convolution forward and input gradient for any groups, through the engine of correlate.ts.
import { ACCUMULATE, BIAS_COLUMN, NR, RELU } from '../lib/tile'
import { correlate, Piece, PIECE_BYTES, Problem, PROBLEM_BYTES, sliceRun, slicesOf, workBytes } from './correlate'
import { isInside, mergesRows, padImage, reachD, reachH, reachW } from './padded'
import { PACKED, Shape, taps } from './shape'
import { packWeights } from './weights'

// @ts-ignore: decorator
@inline
function panelsOf(columns: i32): i32 {
  return (columns + NR - 1) / NR
}

function paddedBytes(s: Shape): i32 {
  return isInside(s) ? 0 : reachD(s) * reachH(s) * reachW(s) * s.C << 2
}

/** Bytes of all groups' packed weights: forward, and (`adjoint`) for the input gradient. */
export function packedBytes(s: Shape, adjoint: bool): i32 {
  const columns = (adjoint ? s.C : s.OC) / s.groups, K = (adjoint ? s.OC : s.C) / s.groups
  return s.groups * panelsOf(columns) * NR * K * taps(s) << 2
}

export function packAll(pW: usize, s: Shape, adjoint: bool, to: usize, pPlaces: usize): void {
  if (adjoint) placePhases(s, pPlaces)
  else for (let i = 0; i < taps(s); i++) store<u32>(pPlaces + (i << 2), i)
  const groupBytes: usize = packedBytes(s, adjoint) / s.groups
  const c = s.C / s.groups, o = s.OC / s.groups, T = taps(s)
  for (let g = 0; g < s.groups; g++, to += groupBytes, pW += <usize>(o * c * T) << 2) {
    if (adjoint) packWeights(pW, T, c * T, c, o, T, pPlaces, to)
    else packWeights(pW, c * T, T, o, c, T, pPlaces, to)
  }
}

export function forwardScratch(s: Shape): i32 {
  const c = s.C / s.groups
  const merged = mergesRows(s)
  const pieces = merged ? s.KD * s.KH : taps(s) * slicesOf(c)
  return PROBLEM_BYTES + pieces * PIECE_BYTES + (taps(s) << 2) + packedBytes(s, false) +
    (merged ? paddedBytes(s) : 0) + workBytes(pieces, merged ? s.KW * c : c)
}

export function adjointScratch(s: Shape): i32 {
  const o = s.OC / s.groups
  const pieces = taps(s) * slicesOf(o)
  return PROBLEM_BYTES + pieces * PIECE_BYTES + (taps(s) << 2) + packedBytes(s, true) + workBytes(pieces, o)
}

export function forward(pX: usize, pW: usize, pBias: usize, pY: usize, s: Shape, flags: i32, pScratch: usize): void {
  const c = s.C / s.groups, o = s.OC / s.groups
  const merged = mergesRows(s)
  const p = changetype<Problem>(pScratch)
  p.pPieces = pScratch + PROBLEM_BYTES
  const pPlaces = p.pPieces + (merged ? s.KD * s.KH : taps(s) * slicesOf(c)) * PIECE_BYTES
  const pPacked = pPlaces + (taps(s) << 2)
  const pPadded = pPacked + packedBytes(s, false)
  if (flags & PACKED) p.pPanels = pW
  else {
    packAll(pW, s, false, pPacked, pPlaces)
    p.pPanels = pPacked
  }
  p.pWork = pPadded + (merged ? paddedBytes(s) : 0)
  p.panelBytes = taps(s) * c << 5
  p.stepD = s.strideD
  p.stepH = s.strideH
  p.stepW = s.strideW
  p.columns = o
  p.outW = s.OC << 2
  p.outH = s.OW * p.outW
  p.outD = s.OH * p.outH
  p.outN = s.OD * p.outD
  p.gridD = s.OD
  p.gridH = s.OH
  p.gridW = s.OW
  p.mode = flags & (ACCUMULATE | RELU) | (pBias ? BIAS_COLUMN : 0)
  p.pOut = pY
  p.pBias = pBias
  if (merged) forwardMerged(p, pX, pPadded, s)
  else forwardGroups(p, pX, s)
}

function setSource(p: Problem, D: i32, H: i32, W: i32, channels: i32): void {
  p.D = D
  p.H = H
  p.W = W
  p.sourceW = channels << 2
  p.sourceH = W * p.sourceW
  p.sourceD = H * p.sourceH
  p.sourceN = D * p.sourceD
}

function forwardGroups(p: Problem, pX: usize, s: Shape): void {
  const c = s.C / s.groups, o = s.OC / s.groups
  setSource(p, s.D, s.H, s.W, s.C)
  p.pSource = pX
  p.run = c
  p.gridN = s.N
  p.pieces = 0
  startPieces(p)
  for (let d = 0; d < s.KD; d++) {
    for (let h = 0; h < s.KH; h++) {
      for (let w = 0; w < s.KW; w++) {
        const tap = (d * s.KH + h) * s.KW + w
        addTap(p, d * s.dilationD - s.padD, h * s.dilationH - s.padH, w * s.dilationW - s.padW, tap)
      }
    }
  }
  for (let g = 0; g < s.groups; g++) {
    correlate(p)
    p.pSource += c << 2
    p.pOut += o << 2
    p.pPanels += panelsOf(o) * p.panelBytes
    if (p.pBias) p.pBias += o << 2
  }
}

function forwardMerged(p: Problem, pX: usize, pPadded: usize, s: Shape): void {
  const inside = isInside(s)
  if (inside) setSource(p, s.D, s.H, s.W, s.C)
  else setSource(p, reachD(s), reachH(s), reachW(s), s.C)
  p.run = s.KW * s.C
  p.gridN = 1
  p.pieces = 0
  startPieces(p)
  for (let d = 0; d < s.KD; d++) {
    for (let h = 0; h < s.KH; h++) addTap(p, d * s.dilationD, h * s.dilationH, 0, d * s.KH + h)
  }
  const imageBytes: usize = s.D * s.H * s.W * s.C << 2
  for (let n = 0; n < s.N; n++, pX += imageBytes, p.pOut += p.outN) {
    if (!inside) padImage(pX, s, pPadded)
    p.pSource = inside ? pX : pPadded
    correlate(p)
  }
}

function startPieces(p: Problem): void {
  p.minD = i32.MAX_VALUE
  p.minH = i32.MAX_VALUE
  p.minW = i32.MAX_VALUE
  p.maxD = i32.MIN_VALUE
  p.maxH = i32.MIN_VALUE
  p.maxW = i32.MIN_VALUE
}

/** A tap at a displacement, cut into slices of its channels; its weights are at `place` in the panels. */
function addTap(p: Problem, d: i32, h: i32, w: i32, place: i32): void {
  const run = sliceRun(p.run)
  for (let k = 0; k < p.run; k += run, p.pieces++) {
    const piece = changetype<Piece>(p.pPieces + p.pieces * PIECE_BYTES)
    piece.d = d
    piece.h = h
    piece.w = w
    piece.offset = d * <i32>p.sourceD + h * <i32>p.sourceH + w * <i32>p.sourceW + (k << 2)
    piece.weights = (place * p.run + k) << 5
    piece.run = min(run, p.run - k)
  }
  p.minD = min(p.minD, d)
  p.minH = min(p.minH, h)
  p.minW = min(p.minW, w)
  p.maxD = max(p.maxD, d)
  p.maxH = max(p.maxH, h)
  p.maxW = max(p.maxW, w)
}

// The input gradient. Input position i gets contributions from output position (i + pad - k dilation) / stride for each
// tap k where that is whole. Positions with the same remainder r by the stride (a phase) see the same taps, at constant
// displacements, so each phase is a correlation of dy with its own taps, written with gaps of the stride.

// @ts-ignore: decorator
@inline
function meets(r: i32, pad: i32, k: i32, dilation: i32, stride: i32): bool {
  return (r + pad - k * dilation) % stride == 0
}

/** Numbers the taps phase by phase, so that the weights of a phase lie together. */
function placePhases(s: Shape, pPlaces: usize): void {
  let place = 0
  for (let phase = 0; phase < s.strideD * s.strideH * s.strideW; phase++) {
    const rw = phase % s.strideW, rh = phase / s.strideW % s.strideH, rd = phase / s.strideW / s.strideH
    for (let tap = 0; tap < taps(s); tap++) if (tapMeets(s, tap, rd, rh, rw)) store<u32>(pPlaces + (tap << 2), place++)
  }
}

function tapMeets(s: Shape, tap: i32, rd: i32, rh: i32, rw: i32): bool {
  const w = tap % s.KW, h = tap / s.KW % s.KH, d = tap / s.KW / s.KH
  return meets(rd, s.padD, d, s.dilationD, s.strideD) && meets(rh, s.padH, h, s.dilationH, s.strideH) &&
    meets(rw, s.padW, w, s.dilationW, s.strideW)
}

export function adjoint(pDy: usize, pW: usize, pBias: usize, pDx: usize, s: Shape, flags: i32, pScratch: usize): void {
  const o = s.OC / s.groups, c = s.C / s.groups
  const p = changetype<Problem>(pScratch)
  p.pPieces = pScratch + PROBLEM_BYTES
  const pPlaces = p.pPieces + taps(s) * slicesOf(o) * PIECE_BYTES
  const pPacked = pPlaces + (taps(s) << 2)
  p.pWork = pPacked + packedBytes(s, true)
  if (!(flags & PACKED)) packAll(pW, s, true, pPacked, pPlaces)
  p.panelBytes = taps(s) * o << 5
  p.columns = c
  p.run = o
  p.stepD = 1
  p.stepH = 1
  p.stepW = 1
  p.gridN = s.N
  p.mode = flags & (ACCUMULATE | RELU) | (pBias ? BIAS_COLUMN : 0)
  setSource(p, s.OD, s.OH, s.OW, s.OC)
  const pixel: usize = s.C << 2
  p.outW = s.strideW * pixel
  p.outH = s.strideH * s.W * pixel
  p.outD = s.strideD * s.H * s.W * pixel
  p.outN = s.D * s.H * s.W * pixel
  let place = 0
  for (let rd = 0; rd < s.strideD; rd++) {
    for (let rh = 0; rh < s.strideH; rh++) {
      for (let rw = 0; rw < s.strideW; rw++) {
        p.gridD = (s.D - rd + s.strideD - 1) / s.strideD
        p.gridH = (s.H - rh + s.strideH - 1) / s.strideH
        p.gridW = (s.W - rw + s.strideW - 1) / s.strideW
        const first = place
        place = addPhase(p, s, rd, rh, rw, place)
        if (p.gridD <= 0 || p.gridH <= 0 || p.gridW <= 0) continue
        p.pSource = pDy
        p.pOut = pDx + ((rd * s.H + rh) * s.W + rw) * pixel
        p.pBias = pBias
        p.pPanels = flags & PACKED ? pW : pPacked
        for (let g = 0; g < s.groups; g++) {
          correlate(p)
          p.pSource += o << 2
          p.pOut += c << 2
          p.pPanels += panelsOf(c) * p.panelBytes
          if (pBias) p.pBias += c << 2
        }
      }
    }
  }
}

function addPhase(p: Problem, s: Shape, rd: i32, rh: i32, rw: i32, place: i32): i32 {
  p.pieces = 0
  startPieces(p)
  for (let tap = 0; tap < taps(s); tap++) {
    if (!tapMeets(s, tap, rd, rh, rw)) continue
    const w = tap % s.KW, h = tap / s.KW % s.KH, d = tap / s.KW / s.KH
    addTap(
      p, (rd + s.padD - d * s.dilationD) / s.strideD, (rh + s.padH - h * s.dilationH) / s.strideH,
      (rw + s.padW - w * s.dilationW) / s.strideW, place++,
    )
  }
  return place
}
