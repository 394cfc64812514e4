// What the engines of correlate.ts and depthwise.ts work on, and how the passes of a convolution fill it in.
import { ACCUMULATE, BIAS_COLUMN, RELU, SIX } from '../lib/tile'
import { Shape, taps } from './shape'

/** One tap, or one slice of a tap's channels: displacement, byte offset in the source, place of its weights, length. */
@unmanaged
export class Piece {
  d: i32
  h: i32
  w: i32
  offset: i32
  weights: u32
  run: i32
}
// @ts-ignore: decorator
@inline
export const PIECE_BYTES: i32 = <i32>offsetof<Piece>()

/** What to correlate, filled in by the caller. Strides are in bytes. */
@unmanaged
export class Problem {
  pSource: usize
  D: i32
  H: i32
  W: i32
  sourceN: usize
  sourceD: usize
  sourceH: usize
  sourceW: usize
  stepD: i32
  stepH: i32
  stepW: i32
  /** Values per tap, contiguous in the source, and how far apart the taps' weights lie: in steps of a panel, or in bytes. */
  run: i32
  tapStride: i32
  pPieces: usize
  pieces: i32
  /** Smallest and largest displacement along each axis. */
  minD: i32
  maxD: i32
  minH: i32
  maxH: i32
  minW: i32
  maxW: i32

  pOut: usize
  outN: usize
  outD: usize
  outH: usize
  outW: usize
  gridN: i32
  gridD: i32
  gridH: i32
  gridW: i32
  /** Output channels of a group; the channels and weights of the next group follow. */
  columns: i32
  groups: i32
  pPanels: usize
  /** Steps of a panel: values per output. */
  steps: i32
  pBias: usize
  mode: i32
  /** Working space, of workBytes or channelWorkBytes. */
  pWork: usize
}
// @ts-ignore: decorator
@inline
export const PROBLEM_BYTES: i32 = <i32>offsetof<Problem>()

/** Longest sum made in registers before it is added to the output. */
// @ts-ignore: decorator
@inline
export const CHUNK: i32 = 512
/** Pieces into which the channels of a tap are cut. */
export function slicesOf(run: i32): i32 {
  return (run + CHUNK - 1) / CHUNK
}

/** Length of such a slice (the last may be shorter). */
export function sliceRun(run: i32): i32 {
  const slices = slicesOf(run)
  return slices <= 1 ? run : ((run + slices - 1) / slices + 3) & ~3
}

/** A source of dense channels-last images. */
export function setSource(p: Problem, D: i32, H: i32, W: i32, channels: i32): void {
  p.D = D
  p.H = H
  p.W = W
  p.sourceW = channels << 2
  p.sourceH = W * p.sourceW
  p.sourceD = H * p.sourceH
  p.sourceN = D * p.sourceD
}

/** Where forward writes, and which points it visits. */
export function setForward(p: Problem, pBias: usize, pY: usize, s: Shape, flags: i32): void {
  p.stepD = s.strideD
  p.stepH = s.strideH
  p.stepW = s.strideW
  p.outW = s.OC << 2
  p.outH = s.OW * p.outW
  p.outD = s.OH * p.outH
  p.outN = s.OD * p.outD
  p.gridN = s.N
  p.gridD = s.OD
  p.gridH = s.OH
  p.gridW = s.OW
  p.mode = flags & (ACCUMULATE | RELU | SIX) | (pBias ? BIAS_COLUMN : 0)
  p.pOut = pY
  p.pBias = pBias
}

export function startPieces(p: Problem): void {
  p.pieces = 0
  p.minD = i32.MAX_VALUE
  p.minH = i32.MAX_VALUE
  p.minW = i32.MAX_VALUE
  p.maxD = i32.MIN_VALUE
  p.maxH = i32.MIN_VALUE
  p.maxW = i32.MIN_VALUE
}

/** A tap at a displacement, cut into slices of its channels; its weights are at `place` among the packed. */
export function addTap(p: Problem, d: i32, h: i32, w: i32, place: i32): void {
  const run = sliceRun(p.run)
  for (let k = 0; k < p.run; k += run, p.pieces++) {
    const piece = changetype<Piece>(p.pPieces + p.pieces * PIECE_BYTES)
    piece.d = d
    piece.h = h
    piece.w = w
    piece.offset = d * <i32>p.sourceD + h * <i32>p.sourceH + w * <i32>p.sourceW + (k << 2)
    piece.weights = place * p.tapStride + k
    piece.run = min(run, p.run - k)
  }
  p.minD = min(p.minD, d)
  p.minH = min(p.minH, h)
  p.minW = min(p.minW, w)
  p.maxD = max(p.maxD, d)
  p.maxH = max(p.maxH, h)
  p.maxW = max(p.maxW, w)
}

export function addForwardTaps(p: Problem, s: Shape): void {
  startPieces(p)
  for (let tap = 0; tap < taps(s); tap++) {
    const w = tap % s.KW, h = tap / s.KW % s.KH, d = tap / s.KW / s.KH
    addTap(p, d * s.dilationD - s.padD, h * s.dilationH - s.padH, w * s.dilationW - s.padW, tap)
  }
}

// The input gradient. Input position i gets contributions from output position (i + pad - k dilation) / stride for each
// tap k where that is whole. Positions with the same remainder r by the stride (a phase) see the same taps, at constant
// displacements, so each phase is a correlation of dy with its own taps, written with gaps of the stride.

// @ts-ignore: decorator
@inline
function meets(r: i32, pad: i32, k: i32, dilation: i32, stride: i32): bool {
  return (r + pad - k * dilation) % stride == 0
}

export function phases(s: Shape): i32 {
  return s.strideD * s.strideH * s.strideW
}

/** Numbers the taps phase by phase, so that the weights of a phase lie together. */
export function placePhases(s: Shape, pPlaces: usize): void {
  let place = 0
  for (let phase = 0; phase < phases(s); phase++) {
    const rw = phase % s.strideW, rh = phase / s.strideW % s.strideH, rd = phase / s.strideW / s.strideH
    for (let tap = 0; tap < taps(s); tap++) if (tapMeets(s, tap, rd, rh, rw)) store<u32>(pPlaces + (tap << 2), place++)
  }
}

function tapMeets(s: Shape, tap: i32, rd: i32, rh: i32, rw: i32): bool {
  const w = tap % s.KW, h = tap / s.KW % s.KH, d = tap / s.KW / s.KH
  return meets(rd, s.padD, d, s.dilationD, s.strideD) && meets(rh, s.padH, h, s.dilationH, s.strideH) &&
    meets(rw, s.padW, w, s.dilationW, s.strideW)
}

/** Where the input gradient writes, apart from the phase. */
export function setAdjoint(p: Problem, pBias: usize, s: Shape, flags: i32): void {
  p.stepD = 1
  p.stepH = 1
  p.stepW = 1
  p.gridN = s.N
  p.mode = flags & (ACCUMULATE | RELU) | (pBias ? BIAS_COLUMN : 0)
  const pixel: usize = s.C << 2
  p.outW = s.strideW * pixel
  p.outH = s.strideH * s.W * pixel
  p.outD = s.strideD * s.H * s.W * pixel
  p.outN = s.D * s.H * s.W * pixel
}

/** Grid and taps of one phase, numbered by remainder with the width running fastest; `place` counts taps so far. */
export function setPhase(p: Problem, pDx: usize, s: Shape, phase: i32, place: i32): i32 {
  const rw = phase % s.strideW, rh = phase / s.strideW % s.strideH, rd = phase / s.strideW / s.strideH
  p.gridD = max(0, (s.D - rd + s.strideD - 1) / s.strideD)
  p.gridH = max(0, (s.H - rh + s.strideH - 1) / s.strideH)
  p.gridW = max(0, (s.W - rw + s.strideW - 1) / s.strideW)
  p.pOut = pDx + ((rd * s.H + rh) * s.W + rw) * (s.C << 2)
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
