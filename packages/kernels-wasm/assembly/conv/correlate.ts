// The engine behind conv forward and input gradient: out(i) = act(sum over taps of source(i step + tap) W_tap + bias) on
// channels-last data, as an implicit GEMM. Rows are grid points i (up to MR of them a tile), columns output channels.
// A tap outside the source reads a run of zeros, so borders need no code of their own. Where that would be a tenth of the
// work or more, on small maps, a tile takes one point of MR images instead of neighbours, which all miss the same taps, and
// lists the others. Both orders give the same bits, since the chunks are cut as if no tap were left out.
// The sum runs over ascending (tap, channel), cut into chunks by the shape alone; the chunks' sums are added in order.
import { settle } from '../lib/settle'
import { ACCUMULATE, limitTile, MR, panelWidth, SIX, TAP_BYTES, TILE_STEP, tileOfTaps } from '../lib/tile'
import { CHUNK, Piece, PIECE_BYTES, Problem, sliceRun } from './problem'

/** Grid points whose source rows stay in the first-level cache while the panels stream past. */
// @ts-ignore: decorator
@inline
const BLOCK: i32 = 72
// @ts-ignore: decorator
@inline
export const TILE_BYTES: i32 = 256
/** Head of a tile's list: the byte addresses of its output rows. */
// @ts-ignore: decorator
@inline
export const HEAD_BYTES: i32 = MR << 2
// @ts-ignore: decorator
@inline
export function listBytes(pieces: i32): i32 {
  return HEAD_BYTES + pieces * TAP_BYTES
}

/** Bytes of zeros that stand for a tap outside the source: groups add the offset of their channels. */
// @ts-ignore: decorator
@inline
function zeroBytes(run: i32, groups: i32): i32 {
  return (groups > 1 ? groups * run : min(run, CHUNK)) << 2
}

/** Bytes of working space for `pieces` pieces of taps of `run` values per group. */
export function workBytes(pieces: i32, run: i32, groups: i32): i32 {
  return TILE_BYTES + zeroBytes(run, groups) + (BLOCK / MR) * listBytes(pieces)
}

export function correlate(p: Problem): void {
  const pTile = p.pWork
  const pZeros = pTile + TILE_BYTES
  const pLists = pZeros + zeroBytes(p.run, p.groups)
  const sList = listBytes(p.pieces)
  const run = sliceRun(p.run)
  const perChunk = piecesPerChunk(p.pieces, run)
  const block = perChunk == 1 && run > CHUNK / 2 ? BLOCK / 2 : BLOCK
  if (missesOften(p)) {
    correlateImages(p, pLists, sList, perChunk, block, pTile)
    return
  }
  memory.fill(pZeros, 0, zeroBytes(p.run, p.groups))
  for (let i = 0; i < BLOCK / MR; i++) listWeights(p, pLists + i * sList)
  const dense = p.outH == p.gridW * p.outW && p.outD == p.gridH * p.outH && p.outN == p.gridD * p.outD
  const points = p.gridN * p.gridD * p.gridH * p.gridW
  let n = 0, d = 0, h = 0, w = 0
  for (let at = 0; at < points; at += block) {
    const m = min(block, points - at)
    for (let i = 0; i < m; i += MR) {
      const pList = pLists + (i / MR) * sList
      const rows = min(MR, m - i)
      if (rows == MR && w + MR <= p.gridW && isInside(p, d, h, w)) {
        listNeighbours(p, pList, n, d, h, w)
        w += MR
        if (w == p.gridW) { w = 0; if (++h == p.gridH) { h = 0; if (++d == p.gridD) { d = 0; n++ } } }
      } else {
        for (let r = 0; r < rows; r++) {
          listPoint(p, pList + (r << 2), n, d, h, w, pZeros)
          if (++w == p.gridW) { w = 0; if (++h == p.gridH) { h = 0; if (++d == p.gridD) { d = 0; n++ } } }
        }
        fillUp(pList, rows % MR, p.pieces)
      }
    }
    if (p.pieces == 0) bare(p, pLists, sList, m, pTile)
    for (let first = 0; first < p.pieces; first += perChunk) {
      const count = min(perChunk, p.pieces - first)
      const length = changetype<Piece>(p.pPieces + first * PIECE_BYTES).run
      tiles(p, pLists, sList, first, count, length, m, modeOf(p, first, count, p.pieces), dense, p.outW, pTile)
    }
  }
}

/** What the end of a tile does after `count` of `all` pieces, from `first` on. */
function modeOf(p: Problem, first: i32, count: i32, all: i32): i32 {
  return (first == 0 ? p.mode & ACCUMULATE : ACCUMULATE) | (first + count == all ? p.mode & ~ACCUMULATE : 0)
}

/** Largest map whose misses are counted: beyond it they are few, unless nearly everything is padding. */
// @ts-ignore: decorator
@inline
const SMALL_MAP: i32 = 256

/** Would leaving out the taps that miss save a tenth, although the last tile of each point may lack images? */
function missesOften(p: Problem): bool {
  const points = p.gridD * p.gridH * p.gridW
  if (p.gridN < MR || points > SMALL_MAP) return false
  let hits = 0
  for (let d = 0; d < p.gridD; d++) {
    for (let h = 0; h < p.gridH; h++) {
      for (let w = 0; w < p.gridW; w++) hits += hitsAmong(p, 0, p.pieces, d, h, w)
    }
  }
  const images = (p.gridN + MR - 1) / MR * MR
  return <f64>hits * <f64>images <= 0.9 * <f64>points * <f64>p.pieces * <f64>p.gridN
}

// @ts-ignore: decorator
@inline
function isHit(p: Problem, piece: Piece, d: i32, h: i32, w: i32): bool {
  return <u32>(d * p.stepD + piece.d) < <u32>p.D && <u32>(h * p.stepH + piece.h) < <u32>p.H &&
    <u32>(w * p.stepW + piece.w) < <u32>p.W
}

/** How many of `count` pieces from `first` on lie inside the source at a point. */
function hitsAmong(p: Problem, first: i32, count: i32, d: i32, h: i32, w: i32): i32 {
  let hits = 0, pPiece = p.pPieces + first * PIECE_BYTES
  for (; count > 0; count--, pPiece += PIECE_BYTES) hits += <i32>isHit(p, changetype<Piece>(pPiece), d, h, w)
  return hits
}

/** The correlation point by point, a block of images at a time. */
function correlateImages(p: Problem, pLists: usize, sList: usize, perChunk: i32, block: i32, pTile: usize): void {
  for (let d = 0; d < p.gridD; d++) {
    for (let h = 0; h < p.gridH; h++) {
      for (let w = 0; w < p.gridW; w++) {
        const all = hitsAmong(p, 0, p.pieces, d, h, w)
        for (let n = 0; n < p.gridN; n += block) {
          const m = min(block, p.gridN - n)
          for (let i = 0; i < m; i += MR) listImages(p, pLists + (i / MR) * sList, n + i, min(MR, m - i), d, h, w)
          if (all == 0) bare(p, pLists, sList, m, pTile)
          for (let first = 0, done = 0; first < p.pieces; first += perChunk) {
            const count = hitsAmong(p, first, min(perChunk, p.pieces - first), d, h, w)
            if (count == 0) continue
            const length = changetype<Piece>(p.pPieces + first * PIECE_BYTES).run
            tiles(p, pLists, sList, done, count, length, m, modeOf(p, done, count, all), true, p.outN, pTile)
            done += count
          }
        }
      }
    }
  }
}

/** The list of a point of `rows` images from n on: the pieces that hit; absent rows get the addresses of the last. */
function listImages(p: Problem, pList: usize, n: i32, rows: i32, d: i32, h: i32, w: i32): void {
  let out = p.pOut + n * p.outN + d * p.outD + h * p.outH + w * p.outW
  for (let r = 0; r < MR; r++, out += p.outN) store<u32>(pList + (r << 2), <u32>out)
  const base = p.pSource + n * p.sourceN + d * p.stepD * p.sourceD + h * p.stepH * p.sourceH + w * p.stepW * p.sourceW
  let pPiece = p.pPieces, to = pList + HEAD_BYTES
  const end = pPiece + p.pieces * PIECE_BYTES
  for (; pPiece < end; pPiece += PIECE_BYTES) {
    const piece = changetype<Piece>(pPiece)
    if (!isHit(p, piece, d, h, w)) continue
    let a = base + <usize>piece.offset
    for (let r = 0; r < MR; r++, to += 4) {
      store<u32>(to, <u32>a)
      if (r + 1 < rows) a += p.sourceN
    }
    store<u32>(to, piece.weights)
    to += 4
  }
}

/** Grid points that no tap reaches: an empty sum. */
function bare(p: Problem, pLists: usize, sList: usize, m: i32, pTile: usize): void {
  store<f32>(pTile, 0)
  for (let i = 0; i < m; i++) {
    const pOut: usize = load<u32>(pLists + (i / MR) * sList + ((i % MR) << 2))
    settle(pTile, 0, 0, 1, p.groups * p.columns, pOut, 0, 4, p.mode, p.pBias, 0)
  }
}

/** The place of each tap's weights, the last field of its entry. */
export function listWeights(p: Problem, pList: usize): void {
  let to = pList + HEAD_BYTES + (MR << 2)
  for (let i = 0; i < p.pieces; i++, to += TAP_BYTES) {
    store<u32>(to, changetype<Piece>(p.pPieces + i * PIECE_BYTES).weights)
  }
}

/** Even chunks of whole pieces, of at most CHUNK values where a piece is shorter. */
function piecesPerChunk(pieces: i32, run: i32): i32 {
  const most = max(1, CHUNK / run)
  const chunks = max(1, (pieces + most - 1) / most)
  return (pieces + chunks - 1) / chunks
}

/** Do MR neighbours from w on have all their taps inside the source? */
function isInside(p: Problem, d: i32, h: i32, w: i32): bool {
  d *= p.stepD
  h *= p.stepH
  return d + p.minD >= 0 && d + p.maxD < p.D && h + p.minH >= 0 && h + p.maxH < p.H &&
    w * p.stepW + p.minW >= 0 && (w + MR - 1) * p.stepW + p.maxW < p.W
}

/** Writes the addresses of MR neighbours that are inside. */
function listNeighbours(p: Problem, pList: usize, n: i32, d: i32, h: i32, w: i32): void {
  let out = p.pOut + n * p.outN + d * p.outD + h * p.outH + w * p.outW
  for (let r = 0; r < MR; r++, out += p.outW) store<u32>(pList + (r << 2), <u32>out)
  const step = p.stepW * p.sourceW
  const base = p.pSource + n * p.sourceN + d * p.stepD * p.sourceD + h * p.stepH * p.sourceH + w * step
  let pPiece = p.pPieces, to = pList + HEAD_BYTES
  const end = pPiece + p.pieces * PIECE_BYTES
  for (; pPiece < end; pPiece += PIECE_BYTES, to += TAP_BYTES) {
    let a = base + <usize>changetype<Piece>(pPiece).offset
    store<u32>(to, <u32>a)
    a += step; store<u32>(to, <u32>a, 4)
    a += step; store<u32>(to, <u32>a, 8)
    if (MR == 6) {
      a += step; store<u32>(to, <u32>a, 12)
      a += step; store<u32>(to, <u32>a, 16)
      a += step; store<u32>(to, <u32>a, 20)
    }
  }
}

/** Writes the addresses of one grid point, a column of its tile's list. */
export function listPoint(p: Problem, pColumn: usize, n: i32, d: i32, h: i32, w: i32, pZeros: usize): void {
  store<u32>(pColumn, <u32>(p.pOut + n * p.outN + d * p.outD + h * p.outH + w * p.outW))
  d *= p.stepD
  h *= p.stepH
  w *= p.stepW
  const base = p.pSource + n * p.sourceN + d * p.sourceD + h * p.sourceH + w * p.sourceW
  const inside = d + p.minD >= 0 && d + p.maxD < p.D && h + p.minH >= 0 && h + p.maxH < p.H &&
    w + p.minW >= 0 && w + p.maxW < p.W
  const D: u32 = p.D, H: u32 = p.H, W: u32 = p.W
  let pPiece = p.pPieces
  const end = pPiece + p.pieces * PIECE_BYTES
  let to = pColumn + HEAD_BYTES
  for (; pPiece < end; pPiece += PIECE_BYTES, to += TAP_BYTES) {
    const piece = changetype<Piece>(pPiece)
    const there = inside || (<u32>(d + piece.d) < D && <u32>(h + piece.h) < H && <u32>(w + piece.w) < W)
    store<u32>(to, <u32>select(base + <usize>piece.offset, pZeros, there))
  }
}

/** Gives the absent rows of the last tile the addresses of row 0. */
export function fillUp(pList: usize, rows: i32, pieces: i32): void {
  if (rows == 0) return
  let to = pList + HEAD_BYTES
  for (let i = 0; i < pieces; i++, to += TAP_BYTES) {
    for (let r = rows; r < MR; r++) store<u32>(to + (r << 2), load<u32>(to))
  }
}

/**
 * All tiles of m grid points by all columns of all groups, for `count` listed pieces of `run` values from `first` on.
 * `even`: output rows of a tile are known to lie `step` bytes apart.
 */
function tiles(
  p: Problem, pLists: usize, sList: usize, first: i32, count: i32, run: i32, m: i32, mode: i32, even: bool, step: usize,
  pTile: usize,
): void {
  const taps: usize = HEAD_BYTES + first * TAP_BYTES
  let pPanel = p.pPanels
  for (let g = 0; g < p.groups; g++) {
    const source: usize = g * p.run << 2
    for (let j = 0; j < p.columns; ) {
      const width = panelWidth(p.columns - j)
      const columns = min(width, p.columns - j)
      const column: usize = g * p.columns + j << 2
      const bias = p.pBias + column
      for (let i = 0; i < m; i += MR) {
        const rows = min(MR, m - i)
        const pList = pLists + (i / MR) * sList
        if (columns == width && (even || isEven(pList, rows, step))) {
          const to = column + <usize>load<u32>(pList)
          tileOfTaps(rows, width, pList + taps, count, run, source, pPanel, to, step, mode, bias, 0)
          if (mode & SIX) limitTile(to, step, rows, width)
          continue
        }
        tileOfTaps(rows, width, pList + taps, count, run, source, pPanel, pTile, TILE_STEP, 0, 0, 0)
        for (let r = 0; r < rows; r++) {
          const to = column + <usize>load<u32>(pList + (r << 2))
          settle(pTile + r * TILE_STEP, 0, 4, 1, columns, to, 0, 4, mode, bias, 0)
        }
      }
      j += width
      pPanel += width * p.steps << 2
    }
  }
}

/** Do the tile's output rows lie a constant distance apart? */
function isEven(pList: usize, rows: i32, step: usize): bool {
  const first = load<u32>(pList)
  for (let r = 1; r < rows; r++) if (load<u32>(pList + (r << 2)) != first + r * step) return false
  return true
}
