// Convolution forward and input gradient for any groups, through the engine of correlate.ts (into few channels scatter.ts).
import { panelColumns } from '../lib/tile'
import { correlate, workBytes } from './correlate'
import { isInside, mergesRows, padImage, reachD, reachH, reachW } from './padded'
import {
  addForwardTaps, addTap, phases, PIECE_BYTES, placePhases, Problem, PROBLEM_BYTES, setAdjoint, setForward, setPhase,
  setSource, slicesOf, startPieces,
} from './problem'
import { packScatter, scatter, scatterPackedBytes, scatters, scatterScratch } from './scatter'
import { PACKED, Shape, taps } from './shape'
import { packWeights } from './weights'

function paddedBytes(s: Shape): i32 {
  return isInside(s) ? 0 : reachD(s) * reachH(s) * reachW(s) * s.C << 2
}

/** Bytes of all groups' packed weights: forward, and (`adjoint`) for the input gradient. */
export function packedBytes(s: Shape, adjoint: bool): i32 {
  if (adjoint && scatters(s)) return scatterPackedBytes(s)
  const columns = (adjoint ? s.C : s.OC) / s.groups, K = (adjoint ? s.OC : s.C) / s.groups
  return s.groups * panelColumns(columns) * K * taps(s) << 2
}

export function packAll(pW: usize, s: Shape, adjoint: bool, to: usize, pPlaces: usize): void {
  if (adjoint && scatters(s)) {
    packScatter(pW, s, to)
    return
  }
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
    (merged ? paddedBytes(s) : 0) + workBytes(pieces, merged ? s.KW * c : c, s.groups)
}

export function adjointScratch(s: Shape): i32 {
  if (scatters(s)) return scatterScratch(s)
  const o = s.OC / s.groups
  const pieces = taps(s) * slicesOf(o)
  return PROBLEM_BYTES + pieces * PIECE_BYTES + (taps(s) << 2) + packedBytes(s, true) + workBytes(pieces, o, s.groups)
}

export function forward(pX: usize, pW: usize, pBias: usize, pY: usize, s: Shape, flags: i32, pScratch: usize): void {
  const c = s.C / s.groups, o = s.OC / s.groups
  const merged = mergesRows(s)
  const p = changetype<Problem>(pScratch)
  p.pPieces = pScratch + PROBLEM_BYTES
  const pPlaces = p.pPieces + (merged ? s.KD * s.KH : taps(s) * slicesOf(c)) * PIECE_BYTES
  const pPacked = pPlaces + (taps(s) << 2)
  const pPadded = pPacked + packedBytes(s, false)
  p.pWork = pPadded + (merged ? paddedBytes(s) : 0)
  if (!(flags & PACKED)) packAll(pW, s, false, pPacked, pPlaces)
  p.pPanels = flags & PACKED ? pW : pPacked
  p.steps = taps(s) * c
  p.columns = o
  p.groups = s.groups
  setForward(p, pBias, pY, s, flags)
  if (merged) forwardMerged(p, pX, pPadded, s)
  else forwardGroups(p, pX, s)
}

function forwardGroups(p: Problem, pX: usize, s: Shape): void {
  const c = s.C / s.groups
  p.pSource = pX
  p.run = c
  p.tapStride = c
  setSource(p, s.D, s.H, s.W, s.C)
  addForwardTaps(p, s)
  correlate(p)
}

function forwardMerged(p: Problem, pX: usize, pPadded: usize, s: Shape): void {
  const inside = isInside(s)
  if (inside) setSource(p, s.D, s.H, s.W, s.C)
  else setSource(p, reachD(s), reachH(s), reachW(s), s.C)
  p.run = s.KW * s.C
  p.tapStride = p.run
  p.gridN = 1
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

export function adjoint(pDy: usize, pW: usize, pBias: usize, pDx: usize, s: Shape, flags: i32, pScratch: usize): void {
  if (scatters(s)) {
    scatter(pDy, pW, pBias, pDx, s, flags, pScratch)
    return
  }
  const o = s.OC / s.groups
  const p = changetype<Problem>(pScratch)
  p.pPieces = pScratch + PROBLEM_BYTES
  const pPlaces = p.pPieces + taps(s) * slicesOf(o) * PIECE_BYTES
  const pPacked = pPlaces + (taps(s) << 2)
  p.pWork = pPacked + packedBytes(s, true)
  if (!(flags & PACKED)) packAll(pW, s, true, pPacked, pPlaces)
  p.steps = taps(s) * o
  p.columns = s.C / s.groups
  p.groups = s.groups
  p.run = o
  p.tapStride = o
  setAdjoint(p, pBias, s, flags)
  setSource(p, s.OD, s.OH, s.OW, s.OC)
  p.pSource = pDy
  p.pBias = pBias
  p.pPanels = flags & PACKED ? pW : pPacked
  for (let phase = 0, place = 0; phase < phases(s); phase++) {
    place = setPhase(p, pDx, s, phase, place)
    correlate(p)
  }
}
