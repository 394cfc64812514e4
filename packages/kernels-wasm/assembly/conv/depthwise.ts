// Depthwise convolution (one input and one output channel per group): out(i)[c] = act(sum over taps of
// source(i step + tap)[c] w[tap][c] + bias[c]), forward and input gradient, vectorised over channels. A tile is up to MR
// neighbours of one output row by 8 channels. Inside the source its addresses are one base and an offset per tap; at the
// borders they come from a list, as in correlate.ts.
import { madd } from '../lib/madd'
import { settle } from '../lib/settle'
import { finish, MR, NR, TAP_BYTES } from '../lib/tile'
import { fillUp, HEAD_BYTES, listBytes, listPoint, listWeights, TILE_BYTES } from './correlate'
import { Piece, PIECE_BYTES, Problem } from './problem'

export function channelWorkBytes(pieces: i32, channels: i32): i32 {
  return TILE_BYTES + (channels << 2) + listBytes(pieces)
}

/** `p.columns` channels; the weights of a tap are one row of them. */
export function correlateChannels(p: Problem): void {
  const pTile = p.pWork
  const pZeros = pTile + TILE_BYTES
  const pList = pZeros + (p.columns << 2)
  memory.fill(pZeros, 0, p.columns << 2)
  listWeights(p, pList)
  for (let n = 0; n < p.gridN; n++) {
    for (let d = 0; d < p.gridD; d++) {
      for (let h = 0; h < p.gridH; h++) {
        for (let w = 0; w < p.gridW; w += MR) {
          const rows = min(MR, p.gridW - w)
          const inside = rows == MR && isInside(p, d * p.stepD, h * p.stepH, w * p.stepW, (w + MR - 1) * p.stepW)
          if (inside) {
            const pSource = p.pSource + n * p.sourceN + d * p.stepD * p.sourceD + h * p.stepH * p.sourceH +
              w * p.stepW * p.sourceW
            insideRow(p, pSource, p.pOut + n * p.outN + d * p.outD + h * p.outH + w * p.outW, pTile)
          } else {
            for (let r = 0; r < rows; r++) listPoint(p, pList + (r << 2), n, d, h, w + r, pZeros)
            fillUp(pList, rows % MR, p.pieces)
            borderRow(p, pList, rows, pTile)
          }
        }
      }
    }
  }
}

function isInside(p: Problem, d: i32, h: i32, w: i32, lastW: i32): bool {
  return d + p.minD >= 0 && d + p.maxD < p.D && h + p.minH >= 0 && h + p.maxH < p.H && w + p.minW >= 0 &&
    lastW + p.maxW < p.W
}

function insideRow(p: Problem, pSource: usize, pOut: usize, pTile: usize): void {
  const step = p.stepW * p.sourceW
  const pWeights = p.pPanels
  let c = 0
  for (; c + NR <= p.columns; c += NR) {
    const at = c << 2
    eightInside(p.pPieces, p.pieces, pSource + at, step, pWeights + at, pOut + at, p.outW, p.mode, p.pBias + at)
  }
  for (; c < p.columns; c++) {
    const at = c << 2
    oneInside(p.pPieces, p.pieces, pSource + at, step, pWeights + at, pTile)
    settle(pTile, 32, 4, MR, 1, pOut + at, p.outW, 4, p.mode, p.pBias + at, 0)
  }
}

function borderRow(p: Problem, pList: usize, rows: i32, pTile: usize): void {
  const pOut: usize = load<u32>(pList), pTaps = pList + HEAD_BYTES
  let c = 0
  for (; c + NR <= p.columns; c += NR) {
    const at = c << 2
    if (rows == MR) eightListed(pTaps, p.pieces, at, p.pPanels + at, pOut + at, p.outW, p.mode, p.pBias + at)
    else {
      eightListed(pTaps, p.pieces, at, p.pPanels + at, pTile, 32, 0, 0)
      settle(pTile, 32, 4, rows, NR, pOut + at, p.outW, 4, p.mode, p.pBias + at, 0)
    }
  }
  for (; c < p.columns; c++) {
    const at = c << 2
    oneListed(pTaps, p.pieces, at, p.pPanels + at, pTile)
    settle(pTile, 32, 4, rows, 1, pOut + at, p.outW, 4, p.mode, p.pBias + at, 0)
  }
}

function eightInside(
  pPiece: usize, pieces: i32, a0: usize, step: usize, pW: usize, pC: usize, ldc: usize, mode: i32, pBias: usize,
): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00
  let c30 = c00, c31 = c00, c40 = c00, c41 = c00, c50 = c00, c51 = c00
  const end = pPiece + pieces * PIECE_BYTES
  for (; pPiece < end; pPiece += PIECE_BYTES) {
    const piece = changetype<Piece>(pPiece)
    const w = pW + <usize>piece.weights
    const b0 = v128.load(w), b1 = v128.load(w, 16)
    let a = a0 + <usize>piece.offset
    c00 = madd(v128.load(a), b0, c00); c01 = madd(v128.load(a, 16), b1, c01); a += step
    c10 = madd(v128.load(a), b0, c10); c11 = madd(v128.load(a, 16), b1, c11); a += step
    c20 = madd(v128.load(a), b0, c20); c21 = madd(v128.load(a, 16), b1, c21); a += step
    c30 = madd(v128.load(a), b0, c30); c31 = madd(v128.load(a, 16), b1, c31)
    if (MR == 6) {
      a += step; c40 = madd(v128.load(a), b0, c40); c41 = madd(v128.load(a, 16), b1, c41)
      a += step; c50 = madd(v128.load(a), b0, c50); c51 = madd(v128.load(a, 16), b1, c51)
    }
  }
  finish(MR, pC, ldc, mode, pBias, 0, c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51)
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
    a = at + <usize>load<u32>(pTaps, 12); c30 = madd(v128.load(a), b0, c30); c31 = madd(v128.load(a, 16), b1, c31)
    if (MR == 6) {
      a = at + <usize>load<u32>(pTaps, 16); c40 = madd(v128.load(a), b0, c40); c41 = madd(v128.load(a, 16), b1, c41)
      a = at + <usize>load<u32>(pTaps, 20); c50 = madd(v128.load(a), b0, c50); c51 = madd(v128.load(a, 16), b1, c51)
    }
  }
  finish(MR, pC, ldc, mode, pBias, 0, c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51)
}

// Channels past the last full eight, one at a time: the same sums in lane 0.

function oneInside(pPiece: usize, pieces: i32, pSource: usize, step: usize, pW: usize, pTile: usize): void {
  for (let r = 0; r < MR; r++, pSource += step, pTile += 32) {
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
