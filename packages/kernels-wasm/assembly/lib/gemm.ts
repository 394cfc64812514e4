// C[M,N] = act(A[M,K] B[K,N] + bias + C_old), any strides on A and B.
// K is cut into even blocks of at most KC; each element of C is the sum, in order, of its blocks' sums, each of which
// runs over ascending k from zero. B is packed in panels of 8 or 12 columns. Products with a vector have their own loops.
// A on the base tier is packed in panels of MR rows, or read in place where it is contiguous along k and B has few columns.
// On the relaxed tier rows are read in place, or from a copy that is contiguous along k: as fast in Node and a sixth faster
// in Deno. For JavaScriptCore, whose loads with broadcast take four instructions, SPREAD asks for panels with every value
// four times, which they are worth where B has many columns.
import { matvec } from './matvec'
import { copyRows, packA, packB } from './pack'
import { settle } from './settle'
import {
  A_VALUE, ACCUMULATE, BIAS_COLUMN, BIAS_ROW, MR, panelColumns, panelWidth, RELU, TAP_BYTES, TILE_STEP, tileOfPanels, tileOfTaps,
} from './tile'

// @ts-ignore: decorator
@inline
const KC: i32 = 512
/** Rows of A that stay in the first-level cache while the panels of B stream past them (half of them when K is cut). */
// @ts-ignore: decorator
@inline
const MC: i32 = 48
// @ts-ignore: decorator
@inline
const NC: i32 = 512
/** Columns from which on packing A costs less than reading rows that lie apart. */
// @ts-ignore: decorator
@inline
const PACKED_A: i32 = 96
/**
 * Steps of k per row of A from which on a product with a wide B that lies along k is computed transposed: packing B costs
 * its K N values, settling transposed tiles some N M for each block of k.
 */
// @ts-ignore: decorator
@inline
const TRANSPOSED_FROM: i32 = ASC_FEATURE_RELAXED_SIMD ? 8 : 32
/** Room for one tile of sums that may not be stored straight into C. */
// @ts-ignore: decorator
@inline
const TILE_BYTES: i32 = 256
// @ts-ignore: decorator
@inline
const LIST_BYTES: i32 = (MC / MR) * TAP_BYTES
/** Bit of `flags`: A is packed with every value four times. Relaxed tier. */
// @ts-ignore: decorator
@inline
const SPREAD: i32 = 32
/** Columns from which on packing with every value four times pays. */
// @ts-ignore: decorator
@inline
const SPREAD_FROM: i32 = 48
/** Floats between the rows of a copy of A beyond their length: rows 2 KB apart would all want the same places of the cache. */
// @ts-ignore: decorator
@inline
const GAP: i32 = 16
/** Bit of `mode`: the product is computed transposed, so C's rows are its columns. */
// @ts-ignore: decorator
@inline
const TRANSPOSED: i32 = 256

// @ts-ignore: decorator
@inline
function blockOfK(K: i32): i32 {
  const blocks = (K + KC - 1) / KC
  return K <= KC ? K : ((K + blocks - 1) / blocks + 3) & ~3
}

export function gemmScratchBytes(M: i32, N: i32, K: i32): i32 {
  if (M == 1 || N == 1) return max(M, N) + K << 2
  const kc = blockOfK(K)
  const wide = max(panelColumns(min(M, NC)), panelColumns(min(N, NC)))
  return TILE_BYTES + LIST_BYTES + (wide * kc << 2) + rowsOfBlock(kc) * (kc + (ASC_FEATURE_RELAXED_SIMD ? GAP : 0)) * A_VALUE
}

/** Rows of A in a block, a multiple of MR. */
// @ts-ignore: decorator
@inline
function rowsOfBlock(kc: i32): i32 {
  return kc <= KC / 2 ? MC : MC / 2
}

export function gemm(
  pA: usize, rsA: i32, csA: i32, pB: usize, rsB: i32, csB: i32, pC: usize, ldc: i32,
  M: i32, N: i32, K: i32, flags: i32, pBias: usize, pScratch: usize,
): void {
  if (M == 1) {
    matvec(pA, csA << 2, pB, rsB << 2, csB << 2, pScratch, N, K, pScratch + (N << 2))
    settle(pScratch, 0, 4, 1, N, pC, 0, 4, flags, pBias, pBias)
    return
  }
  if (N == 1) {
    matvec(pB, rsB << 2, pA, csA << 2, rsA << 2, pScratch, M, K, pScratch + (M << 2))
    settle(pScratch, 4, 0, M, 1, pC, ldc << 2, 4, flags, pBias, pBias)
    return
  }
  if (K == 0) {
    store<f32>(pScratch, 0)
    settle(pScratch, 0, 0, M, N, pC, ldc << 2, 4, flags, pBias, pBias)
    return
  }
  const columnMajorB = rsB == 1 && csB != 1
  if (columnMajorB && ((N > 2 * M && blockOfK(K) >= M * TRANSPOSED_FROM) || (rsA == 1 && csA != 1))) {
    product(pB, csB << 2, 4, pA, csA << 2, rsA << 2, pC, ldc << 2, N, M, K, flags | TRANSPOSED, pBias, pScratch)
  } else {
    product(pA, rsA << 2, csA << 2, pB, rsB << 2, csB << 2, pC, ldc << 2, M, N, K, flags, pBias, pScratch)
  }
}

/** The blocked product; strides in bytes. */
function product(
  pA: usize, sMA: usize, sKA: usize, pB: usize, sKB: usize, sNB: usize, pC: usize, ldc: usize,
  M: i32, N: i32, K: i32, flags: i32, pBias: usize, pScratch: usize,
): void {
  const pList = pScratch + TILE_BYTES
  const pPanelsB = pList + LIST_BYTES
  const blockK = blockOfK(K)
  const pPanelsA = pPanelsB + (panelColumns(min(N, NC)) * blockK << 2)
  for (let j = 0; j < N; j += NC) {
    const n = min(NC, N - j)
    const spread = (flags & SPREAD) != 0 && n >= SPREAD_FROM
    const inPlace = sKA == 4 && (ASC_FEATURE_RELAXED_SIMD ? !spread : n < PACKED_A)
    const packed = ASC_FEATURE_RELAXED_SIMD ? spread : !inPlace
    for (let k = 0; k < K; k += blockK) {
      const kc = min(blockK, K - k)
      const first = k == 0, last = k + kc >= K
      const mode = (first ? flags & (ACCUMULATE | TRANSPOSED) : ACCUMULATE | (flags & TRANSPOSED)) |
        (last ? flags & (BIAS_COLUMN | BIAS_ROW | RELU) : 0)
      packB(pB + k * sKB + j * sNB, sKB, sNB, n, kc, pPanelsB)
      const blockM = rowsOfBlock(kc)
      for (let i = 0; i < M; i += blockM) {
        const m = min(blockM, M - i)
        const pBlockA = pA + i * sMA + k * sKA
        if (inPlace) listRows(pBlockA, sMA, m, pList)
        else if (!ASC_FEATURE_RELAXED_SIMD || packed) packA(pBlockA, sMA, sKA, m, kc, pPanelsA)
        else {
          const step = <usize>(kc + GAP) << 2
          copyRows(pBlockA, sMA, sKA, m, kc, pPanelsA, step)
          listRows(pPanelsA, step, m, pList)
        }
        block(packed ? 0 : pList, pPanelsA, pPanelsB, kc, m, n, i, j, pC, ldc, mode, pBias, pScratch)
      }
    }
  }
}

/** A tap list entry per MR rows of A, each with one tap. */
function listRows(p: usize, sM: usize, m: i32, pList: usize): void {
  for (let i = 0; i < m; i += MR, pList += TAP_BYTES) {
    for (let r = 0; r < MR; r++) {
      store<u32>(pList + (r << 2), <u32>p)
      if (i + r < m - 1) p += sM
    }
    store<u32>(pList, 0, MR << 2)
  }
}

/** All tiles of an m by n block of C at (i, j). */
function block(
  pList: usize, pA: usize, pB: usize, kc: i32, m: i32, n: i32, i: i32, j: i32,
  pC: usize, ldc: usize, mode: i32, pBias: usize, pTile: usize,
): void {
  const sRow: usize = mode & TRANSPOSED ? 4 : ldc, sColumn: usize = mode & TRANSPOSED ? ldc : 4
  pC += i * sRow + j * sColumn
  for (let jj = 0; jj < n; ) {
    const width = panelWidth(n - jj)
    const columns = min(width, n - jj)
    const direct = columns == width && !(mode & TRANSPOSED)
    for (let ii = 0; ii < m; ii += MR) {
      const rows = min(MR, m - ii)
      const pTileC = pC + ii * sRow + jj * sColumn
      const to = direct ? pTileC : pTile
      const step = direct ? ldc : TILE_STEP
      const tileMode = direct ? mode : 0
      const column = pBias + ((j + jj) << 2), row = pBias + ((i + ii) << 2)
      if (pList) tileOfTaps(rows, width, pList + (ii / MR) * TAP_BYTES, 1, kc, 0, pB, to, step, tileMode, column, row)
      else tileOfPanels(rows, width, pA + ii * kc * A_VALUE, pB, kc, to, step, tileMode, column, row)
      if (mode & TRANSPOSED) settle(pTile, 4, TILE_STEP, columns, rows, pTileC, sColumn, sRow, mode, row, column)
      else if (!direct) settle(pTile, TILE_STEP, 4, rows, columns, pTileC, sRow, sColumn, mode, column, row)
    }
    pB += width * kc << 2
    jj += width
  }
}
