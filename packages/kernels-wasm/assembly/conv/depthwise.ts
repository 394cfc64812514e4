// Depthwise convolution (one input and one output channel per group): out(i)[c] = act(sum over taps of
// source(i step + tap)[c] w[tap][c] + bias[c]), forward and input gradient, vectorised over channels. A tile is a few
// neighbours of one output row. Inside the source its addresses are one base and an offset per tap; at the borders they
// come from a list, as in correlate.ts.
import { madd } from '../lib/madd'
import { settle } from '../lib/settle'
import { ACCUMULATE, BIAS_COLUMN, finish, finishFour, finishOne, limitTile, MR, SIX, TAP_BYTES } from '../lib/tile'
import { fillUp, HEAD_BYTES, listBytes, listPoint, listWeights, TILE_BYTES } from './correlate'
import { Piece, PIECE_BYTES, Problem } from './problem'

export function channelWorkBytes(pieces: i32, channels: i32): i32 {
  return TILE_BYTES + (channels << 2) + listBytes(pieces)
}

/** Channels that a listed tile and the weight gradient take at once. */
// @ts-ignore: decorator
@inline
export const LANES: i32 = 8

/** Neighbours in a tile inside the source: six by four channels is what V8 11 keeps in registers with all loads first. */
// @ts-ignore: decorator
@inline
const SPAN: i32 = 6

/** `p.columns` channels; the weights of a tap are one row of them. */
export function correlateChannels(p: Problem): void {
  const pTile = p.pWork
  const pZeros = pTile + TILE_BYTES
  const pList = pZeros + (p.columns << 2)
  memory.fill(pZeros, 0, p.columns << 2)
  listWeights(p, pList)
  const strip = isThreeByThree(p) ? stripOf(p) : 0
  for (let n = 0; n < p.gridN; n++) {
    for (let d = 0; d < p.gridD; d++) {
      for (let h = 0; h < p.gridH; h++) {
        if (strip > 0) rollRow(p, n, d, h, strip, pZeros)
        else row(p, n, d, h, pTile, pZeros, pList)
      }
    }
  }
}

/** One row of the grid: points w in [from, to) have all their taps inside the source. */
function row(p: Problem, n: i32, d: i32, h: i32, pTile: usize, pZeros: usize, pList: usize): void {
  const sd = d * p.stepD, sh = h * p.stepH
  const across = sd + p.minD >= 0 && sd + p.maxD < p.D && sh + p.minH >= 0 && sh + p.maxH < p.H
  let from = p.gridW, to = p.gridW
  if (across && p.pieces > 0) {
    from = min(p.gridW, p.minW < 0 ? (p.stepW - 1 - p.minW) / p.stepW : 0)
    to = p.W - 1 - p.maxW < 0 ? 0 : min(p.gridW, (p.W - 1 - p.maxW) / p.stepW + 1)
    if (to - from < SPAN) from = to = p.gridW
  }
  let w = 0
  for (; w < from; w += MR) border(p, n, d, h, w, min(MR, from - w), pTile, pZeros, pList)
  for (w = from; w + SPAN <= to; w += SPAN) inside(p, n, d, h, w, pTile)
  if (w < to && !(p.mode & ACCUMULATE)) {
    // The last tile computes some points again, to the same values.
    inside(p, n, d, h, to - SPAN, pTile)
    w = to
  }
  for (; w < p.gridW; w += MR) border(p, n, d, h, w, min(MR, p.gridW - w), pTile, pZeros, pList)
}

function border(p: Problem, n: i32, d: i32, h: i32, w: i32, rows: i32, pTile: usize, pZeros: usize, pList: usize): void {
  for (let r = 0; r < rows; r++) listPoint(p, pList + (r << 2), n, d, h, w + r, pZeros)
  fillUp(pList, rows % MR, p.pieces)
  borderRow(p, pList, rows, pTile)
}

function inside(p: Problem, n: i32, d: i32, h: i32, w: i32, pTile: usize): void {
  const step = p.stepW * p.sourceW
  const pSource = p.pSource + n * p.sourceN + d * p.stepD * p.sourceD + h * p.stepH * p.sourceH + w * step
  const pOut = p.pOut + n * p.outN + d * p.outD + h * p.outH + w * p.outW
  let c = 0
  for (; c + 4 <= p.columns; c += 4) {
    const at = c << 2
    fourInside(p.pPieces, p.pieces, pSource + at, step, p.pPanels + at, pOut + at, p.outW, p.mode, p.pBias + at)
  }
  for (; c < p.columns; c++) {
    const at = c << 2
    oneInside(p.pPieces, p.pieces, pSource + at, step, p.pPanels + at, pTile)
    settle(pTile, 32, 4, SPAN, 1, pOut + at, p.outW, 4, p.mode, p.pBias + at, 0)
  }
}

function borderRow(p: Problem, pList: usize, rows: i32, pTile: usize): void {
  const pOut: usize = load<u32>(pList), pTaps = pList + HEAD_BYTES
  let c = 0
  for (; c + LANES <= p.columns; c += LANES) {
    const at = c << 2
    if (rows == MR) {
      eightListed(pTaps, p.pieces, at, p.pPanels + at, pOut + at, p.outW, p.mode, p.pBias + at)
      if (p.mode & SIX) limitTile(pOut + at, p.outW, MR, LANES)
    } else {
      eightListed(pTaps, p.pieces, at, p.pPanels + at, pTile, 32, 0, 0)
      settle(pTile, 32, 4, rows, LANES, pOut + at, p.outW, 4, p.mode, p.pBias + at, 0)
    }
  }
  for (; c < p.columns; c++) {
    const at = c << 2
    oneListed(pTaps, p.pieces, at, p.pPanels + at, pTile)
    settle(pTile, 32, 4, rows, 1, pOut + at, p.outW, 4, p.mode, p.pBias + at, 0)
  }
}

function fourInside(
  pPiece: usize, pieces: i32, a0: usize, step: usize, pW: usize, pC: usize, ldc: usize, mode: i32, pBias: usize,
): void {
  let c0 = f32x4.splat(0), c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0
  const end = pPiece + pieces * PIECE_BYTES
  for (; pPiece < end; pPiece += PIECE_BYTES) {
    const piece = changetype<Piece>(pPiece)
    const b = v128.load(pW + <usize>piece.weights)
    let a = a0 + <usize>piece.offset
    c0 = madd(v128.load(a), b, c0); a += step
    c1 = madd(v128.load(a), b, c1); a += step
    c2 = madd(v128.load(a), b, c2); a += step
    c3 = madd(v128.load(a), b, c3); a += step
    c4 = madd(v128.load(a), b, c4); a += step
    c5 = madd(v128.load(a), b, c5)
  }
  const bias = mode & BIAS_COLUMN ? v128.load(pBias) : f32x4.splat(0)
  finishFour(pC, c0, mode, bias, bias); pC += ldc
  finishFour(pC, c1, mode, bias, bias); pC += ldc
  finishFour(pC, c2, mode, bias, bias); pC += ldc
  finishFour(pC, c3, mode, bias, bias); pC += ldc
  finishFour(pC, c4, mode, bias, bias); pC += ldc
  finishFour(pC, c5, mode, bias, bias)
}

function eightListed(pTaps: usize, pieces: i32, at: usize, pW: usize, pC: usize, ldc: usize, mode: i32, pBias: usize): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00
  let c30 = c00, c31 = c00, c40 = c00, c41 = c00, c50 = c00, c51 = c00
  const end = pTaps + pieces * TAP_BYTES
  for (; pTaps < end; pTaps += TAP_BYTES) {
    const w = pW + <usize>load<u32>(pTaps, MR << 2)
    const b0 = v128.load(w), b1 = v128.load(w, 16)
    let a = at + <usize>load<u32>(pTaps); c00 = madd(v128.load(a), b0, c00); c01 = madd(v128.load(a, 16), b1, c01)
    a = at + <usize>load<u32>(pTaps, 4); c10 = madd(v128.load(a), b0, c10); c11 = madd(v128.load(a, 16), b1, c11)
    a = at + <usize>load<u32>(pTaps, 8); c20 = madd(v128.load(a), b0, c20); c21 = madd(v128.load(a, 16), b1, c21)
    if (MR == 6) {
      a = at + <usize>load<u32>(pTaps, 12); c30 = madd(v128.load(a), b0, c30); c31 = madd(v128.load(a, 16), b1, c31)
      a = at + <usize>load<u32>(pTaps, 16); c40 = madd(v128.load(a), b0, c40); c41 = madd(v128.load(a, 16), b1, c41)
      a = at + <usize>load<u32>(pTaps, 20); c50 = madd(v128.load(a), b0, c50); c51 = madd(v128.load(a, 16), b1, c51)
    }
  }
  const o = f32x4.splat(0)
  finish(MR, false, pC, ldc, mode, pBias, 0, c00, c01, o, c10, c11, o, c20, c21, o, c30, c31, c40, c41, c50, c51)
}

// Channels past the last full eight, one at a time: the same sums in lane 0.

function oneInside(pPiece: usize, pieces: i32, pSource: usize, step: usize, pW: usize, pTile: usize): void {
  for (let r = 0; r < SPAN; r++, pSource += step, pTile += 32) {
    let sum = f32x4.splat(0)
    for (let i = 0; i < pieces; i++) {
      const piece = changetype<Piece>(pPiece + i * PIECE_BYTES)
      sum = madd(v128.load32_zero(pSource + <usize>piece.offset), v128.load32_zero(pW + <usize>piece.weights), sum)
    }
    v128.store32_lane(pTile, sum, 0)
  }
}

function oneListed(pTaps: usize, pieces: i32, at: usize, pW: usize, pTile: usize): void {
  for (let r = 0; r < MR; r++, pTile += 32) {
    let sum = f32x4.splat(0)
    for (let i = 0; i < pieces; i++) {
      const p = pTaps + i * TAP_BYTES
      const a: usize = load<u32>(p + (r << 2)), w: usize = load<u32>(p, MR << 2)
      sum = madd(v128.load32_zero(a + at), v128.load32_zero(pW + w), sum)
    }
    v128.store32_lane(pTile, sum, 0)
  }
}

// 3x3, step 1 or 2 along the width: nine weights stay in registers while columns of three values roll past. With step 1 a
// column meets the sums of three neighbours: it ends the first, goes on with the second and starts the third. With step 2
// the third column of one sum is the first of the next. Each sum runs over columns, then rows. Rows and columns outside
// the source are zeros.

/** Cache lines of 64 bytes in a set, and sets, of the first cache level of most machines. */
// @ts-ignore: decorator
@inline
const WAYS: i32 = 8
// @ts-ignore: decorator
@inline
const SETS: i32 = 64

/**
 * Outputs per strip: channels are taken four at a time, so that a line of three source rows and the output row is wanted
 * again until its channels are done. Pixels lie a power of two times an odd number of lines apart and so meet in some of
 * the sets alone.
 */
function stripOf(p: Problem): i32 {
  const apart = p.columns % 16 ? 1 : p.columns / 16
  const lines = max(1, SETS / (apart & -apart)) * WAYS
  // Per output: a line of its own and those of three rows of steps.
  const most = max(16, (lines - 6) / (1 + 3 * p.stepW))
  const strips = max(1, (p.gridW + most - 1) / most)
  return (p.gridW + strips - 1) / strips
}

/** Nine taps, three to a row, neighbours along the width. */
function isThreeByThree(p: Problem): bool {
  if (p.pieces != 9 || p.stepW > 2 || p.minD != p.maxD || p.maxW != p.minW + 2) return false
  for (let i = 0; i < 9; i++) if (piece(p, i).h != piece(p, i / 3 * 3).h) return false
  return true
}

// @ts-ignore: decorator
@inline
function piece(p: Problem, i: i32): Piece {
  return changetype<Piece>(p.pPieces + i * PIECE_BYTES)
}

function rollRow(p: Problem, n: i32, d: i32, h: i32, strip: i32, pZeros: usize): void {
  const sd = d * p.stepD + p.minD, sh = h * p.stepH
  const pPlane = p.pSource + n * p.sourceN + sd * p.sourceD
  // The taps may descend (input gradient); sorted, they ascend along both axes.
  const descends = piece(p, 0).w > piece(p, 2).w
  const step: usize = descends ? -p.tapStride : p.tapStride
  const pWeights = p.pPanels + <usize>piece(p, descends ? 8 : 0).weights
  const row0 = sourceRow(p, pPlane, sd, sh + piece(p, descends ? 6 : 0).h)
  const row1 = sourceRow(p, pPlane, sd, sh + piece(p, 3).h)
  const row2 = sourceRow(p, pPlane, sd, sh + piece(p, descends ? 0 : 6).h)
  const pOut = p.pOut + n * p.outN + d * p.outD + h * p.outH
  for (let w = 0; w < p.gridW; w += strip) {
    const count = min(strip, p.gridW - w), j = w * p.stepW + p.minW, to = pOut + w * p.outW
    const whole = p.columns < 4 || p.mode & ACCUMULATE ? p.columns & ~3 : p.columns
    if (whole) rollFours(p, whole, row0, row1, row2, pZeros, j, count, pWeights, step, to)
    for (let c = whole; c < p.columns; c++) {
      rollOne(p, row0, row1, row2, pZeros, j, count, c << 2, pWeights, step, to)
    }
  }
}

/** Address of a source row, 0 when there is none. */
function sourceRow(p: Problem, pPlane: usize, d: i32, h: i32): usize {
  return <u32>d < <u32>p.D && <u32>h < <u32>p.H ? pPlane + h * p.sourceH : 0
}

/** `whole` channels, at least four; where they are no multiple of four, the last four take some again, to the same values. */
function rollFours(
  p: Problem, whole: i32, row0: usize, row1: usize, row2: usize, pZeros: usize, j: i32, count: i32,
  pWeights: usize, sW: usize, pOut: usize,
): void {
  const last = whole - 4 << 2
  for (let at = 0; ; at = min(at + 16, last)) {
    roll(p, row0, row1, row2, pZeros, j, count, at, pWeights, sW, pOut)
    if (at == last) return
  }
}

/** `bias` is -0 where there is none: adding it changes no bit. */
// @ts-ignore: decorator
@inline
function put(pOut: usize, sum: v128, bias: v128, rest: i32): void {
  if (rest) finishFour(pOut, sum, rest, bias, bias)
  else v128.store(pOut, f32x4.add(sum, bias))
}

/** `count` outputs of four channels at byte `at` of a pixel; source columns from j on. */
// @ts-ignore: decorator
@inline
function roll(
  p: Problem, row0: usize, row1: usize, row2: usize, pZeros: usize, j: i32, count: i32, at: usize,
  pW: usize, sW: usize, pOut: usize,
): void {
  const pixel = p.sourceW, W: u32 = p.W, ldc = p.outW
  const mode = p.mode
  const rest = mode & ~BIAS_COLUMN ? mode : 0
  const s0 = row0 ? pixel : 0, s1 = row1 ? pixel : 0, s2 = row2 ? pixel : 0
  let x0 = row0 ? row0 + j * pixel + at : pZeros
  let x1 = row1 ? row1 + j * pixel + at : pZeros
  let x2 = row2 ? row2 + j * pixel + at : pZeros
  pW += at
  const w00 = v128.load(pW), w01 = v128.load(pW + sW), w02 = v128.load(pW + 2 * sW)
  pW += 3 * sW
  const w10 = v128.load(pW), w11 = v128.load(pW + sW), w12 = v128.load(pW + 2 * sW)
  pW += 3 * sW
  const w20 = v128.load(pW), w21 = v128.load(pW + sW), w22 = v128.load(pW + 2 * sW)
  pOut += at
  const bias = mode & BIAS_COLUMN ? v128.load(p.pBias + at) : f32x4.splat(-0.0)
  let ending = f32x4.splat(0), middle = ending
  if (p.stepW == 2) {
    if (<u32>j < W) {
      ending = madd(v128.load(x2), w20, madd(v128.load(x1), w10, f32x4.mul(v128.load(x0), w00)))
    }
    while (true) {
      j++; x0 += s0; x1 += s1; x2 += s2
      if (<u32>j < W) {
        ending = madd(v128.load(x0), w01, ending)
        ending = madd(v128.load(x1), w11, ending)
        ending = madd(v128.load(x2), w21, ending)
      }
      j++; x0 += s0; x1 += s1; x2 += s2
      let start = f32x4.splat(0)
      if (<u32>j < W) {
        let a = v128.load(x0)
        ending = madd(a, w02, ending)
        start = f32x4.mul(a, w00)
        a = v128.load(x1)
        ending = madd(a, w12, ending)
        start = madd(a, w10, start)
        a = v128.load(x2)
        ending = madd(a, w22, ending)
        start = madd(a, w20, start)
      }
      put(pOut, ending, bias, rest)
      if (!--count) return
      pOut += ldc
      ending = start
    }
  }
  // Two columns before the first output is complete.
  if (<u32>j < W) middle = madd(v128.load(x2), w20, madd(v128.load(x1), w10, f32x4.mul(v128.load(x0), w00)))
  j++; x0 += s0; x1 += s1; x2 += s2
  ending = middle
  middle = f32x4.splat(0)
  if (<u32>j < W) {
    const a = v128.load(x0), b = v128.load(x1), c = v128.load(x2)
    ending = madd(c, w21, madd(b, w11, madd(a, w01, ending)))
    middle = madd(c, w20, madd(b, w10, f32x4.mul(a, w00)))
  }
  j++; x0 += s0; x1 += s1; x2 += s2
  while (true) {
    let start = f32x4.splat(0)
    if (<u32>j < W) {
      let a = v128.load(x0)
      ending = madd(a, w02, ending)
      middle = madd(a, w01, middle)
      start = f32x4.mul(a, w00)
      a = v128.load(x1)
      ending = madd(a, w12, ending)
      middle = madd(a, w11, middle)
      start = madd(a, w10, start)
      a = v128.load(x2)
      ending = madd(a, w22, ending)
      middle = madd(a, w21, middle)
      start = madd(a, w20, start)
    }
    put(pOut, ending, bias, rest)
    if (!--count) return
    j++; x0 += s0; x1 += s1; x2 += s2
    pOut += ldc
    ending = middle
    middle = start
  }
}

/** The same for one channel. A sum starts with -0 where its first column is inside, since that changes no bit. */
function rollOne(
  p: Problem, row0: usize, row1: usize, row2: usize, pZeros: usize, j: i32, count: i32, at: usize,
  pW: usize, sW: usize, pOut: usize,
): void {
  const W: u32 = p.W, mode = p.mode, first = j * p.sourceW + at
  const bias = mode & BIAS_COLUMN ? v128.load32_zero(p.pBias + at) : f32x4.splat(0)
  const s0 = row0 ? p.sourceW : 0, s1 = row1 ? p.sourceW : 0, s2 = row2 ? p.sourceW : 0
  let x0 = row0 ? row0 + first : pZeros, x1 = row1 ? row1 + first : pZeros, x2 = row2 ? row2 + first : pZeros
  const ahead = p.stepW - 2, h0 = ahead * s0, h1 = ahead * s1, h2 = ahead * s2
  pW += at
  pOut += at
  const w00 = v128.load32_zero(pW), w01 = v128.load32_zero(pW + sW), w02 = v128.load32_zero(pW + 2 * sW)
  pW += 3 * sW
  const w10 = v128.load32_zero(pW), w11 = v128.load32_zero(pW + sW), w12 = v128.load32_zero(pW + 2 * sW)
  pW += 3 * sW
  const w20 = v128.load32_zero(pW), w21 = v128.load32_zero(pW + sW), w22 = v128.load32_zero(pW + 2 * sW)
  for (; count > 0; count--, pOut += p.outW) {
    let sum = f32x4.splat(0)
    if (<u32>j < W) sum = oneColumn(x0, x1, x2, w00, w10, w20, f32x4.splat(-0.0))
    j++; x0 += s0; x1 += s1; x2 += s2
    if (<u32>j < W) sum = oneColumn(x0, x1, x2, w01, w11, w21, sum)
    j++; x0 += s0; x1 += s1; x2 += s2
    if (<u32>j < W) sum = oneColumn(x0, x1, x2, w02, w12, w22, sum)
    j += ahead; x0 += h0; x1 += h1; x2 += h2
    finishOne(pOut, sum, mode, bias, bias)
  }
}

// @ts-ignore: decorator
@inline
function oneColumn(x0: usize, x1: usize, x2: usize, w0: v128, w1: v128, w2: v128, sum: v128): v128 {
  return madd(v128.load32_zero(x2), w2, madd(v128.load32_zero(x1), w1, madd(v128.load32_zero(x0), w0, sum)))
}
