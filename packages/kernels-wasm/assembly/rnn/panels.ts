import { loadUpTo4, storeUpTo4 } from '../lib/tail'
import { f4, fma } from '../lib/vector'

// Small products for the steps of a sequence: B packed once in panels of 16 columns, each panel read from the first
// cache by every pair of rows of A. Every element is summed over k in order, whatever the batch.

@inline
export function at(p: usize, i: i32): usize {
  return p + (<usize>i << 2)
}

/** Element (k, j) of B is at pB + 4 (k rs + j cs). Panels of [K][16], zero beyond the last column. */
export function packColumns(pB: usize, rs: i32, cs: i32, pPacked: usize, K: i32, columns: i32): void {
  const step = <usize>cs << 2
  for (let first = 0; first < columns; first += 16, pPacked += <usize>K << 6) {
    for (let j = 0; j < 16; j += 4) {
      const count = columns - first - j
      let from = at(pB, (first + j) * cs)
      let to = at(pPacked, j)
      for (let k = 0; k < K; k++, from = at(from, rs), to += 64) {
        v128.store(to, count <= 0 ? f4(0) : step == 4 ? loadUpTo4(from, count) : fourRows(from, step, count))
      }
    }
  }
}

/** Two rows of A and one panel of B; `lanes` of the 16 columns exist. */
function tile2(
  pA: usize, stepA: usize, pB: usize, K: i32, pC: usize, stepC: usize, pX: usize, stepX: usize, pBias: usize, lanes: i32,
): void {
  let a0 = f4(0), a1 = a0, a2 = a0, a3 = a0
  let b0 = a0, b1 = a0, b2 = a0, b3 = a0
  let pNext = pA + stepA
  // A way out after every step keeps V8 11 from moving all loads of the body to its front, which spills.
  while (true) {
    let x = v128.load32_splat(pA), y = v128.load32_splat(pNext)
    let w = v128.load(pB); a0 = fma(x, w, a0); b0 = fma(y, w, b0)
    w = v128.load(pB, 16); a1 = fma(x, w, a1); b1 = fma(y, w, b1)
    w = v128.load(pB, 32); a2 = fma(x, w, a2); b2 = fma(y, w, b2)
    w = v128.load(pB, 48); a3 = fma(x, w, a3); b3 = fma(y, w, b3)
    if (!--K) break
    x = v128.load32_splat(pA, 4); y = v128.load32_splat(pNext, 4)
    w = v128.load(pB, 64); a0 = fma(x, w, a0); b0 = fma(y, w, b0)
    w = v128.load(pB, 80); a1 = fma(x, w, a1); b1 = fma(y, w, b1)
    w = v128.load(pB, 96); a2 = fma(x, w, a2); b2 = fma(y, w, b2)
    w = v128.load(pB, 112); a3 = fma(x, w, a3); b3 = fma(y, w, b3)
    if (!--K) break
    pA += 8
    pNext += 8
    pB += 128
  }
  finishRow(pC, pX, pBias, a0, a1, a2, a3, lanes)
  finishRow(pC + stepC, pX + stepX, pBias, b0, b1, b2, b3, lanes)
}

/** One row of A and one panel. */
function tile1(pA: usize, pB: usize, K: i32, pC: usize, pX: usize, pBias: usize, lanes: i32): void {
  let a0 = f4(0), a1 = a0, a2 = a0, a3 = a0
  for (; K > 0; K--, pA += 4, pB += 64) {
    const x = v128.load32_splat(pA)
    a0 = fma(x, v128.load(pB), a0)
    a1 = fma(x, v128.load(pB, 16), a1)
    a2 = fma(x, v128.load(pB, 32), a2)
    a3 = fma(x, v128.load(pB, 48), a3)
  }
  finishRow(pC, pX, pBias, a0, a1, a2, a3, lanes)
}

/** One row of A and two panels: eight sums in flight hide the latency of the additions. */
function tile1x2(pA: usize, pB: usize, K: i32, pC: usize, pX: usize, pBias: usize, lanes: i32): void {
  let a0 = f4(0), a1 = a0, a2 = a0, a3 = a0
  let b0 = a0, b1 = a0, b2 = a0, b3 = a0
  let pNext = pB + (<usize>K << 6)
  // The way out within a step is never taken: it keeps four of the loads behind the first products (see lstm.ts).
  while (true) {
    let x = v128.load32_splat(pA)
    a0 = fma(x, v128.load(pB), a0); a1 = fma(x, v128.load(pB, 16), a1)
    a2 = fma(x, v128.load(pB, 32), a2); a3 = fma(x, v128.load(pB, 48), a3)
    if (!ASC_FEATURE_RELAXED_SIMD && K <= 0) break
    b0 = fma(x, v128.load(pNext), b0); b1 = fma(x, v128.load(pNext, 16), b1)
    b2 = fma(x, v128.load(pNext, 32), b2); b3 = fma(x, v128.load(pNext, 48), b3)
    if (!--K) break
    x = v128.load32_splat(pA, 4)
    a0 = fma(x, v128.load(pB, 64), a0); a1 = fma(x, v128.load(pB, 80), a1)
    a2 = fma(x, v128.load(pB, 96), a2); a3 = fma(x, v128.load(pB, 112), a3)
    if (!ASC_FEATURE_RELAXED_SIMD && K <= 0) break
    b0 = fma(x, v128.load(pNext, 64), b0); b1 = fma(x, v128.load(pNext, 80), b1)
    b2 = fma(x, v128.load(pNext, 96), b2); b3 = fma(x, v128.load(pNext, 112), b3)
    if (!--K) break
    pA += 8
    pB += 128
    pNext += 128
  }
  finishRow(pC, pX, pBias, a0, a1, a2, a3, 16)
  finishRow(pC + 64, pX + 64, pBias ? pBias + 64 : 0, b0, b1, b2, b3, lanes - 16)
}

/** Sums of a row with what they start from. */
function finishRow(pC: usize, pX: usize, pBias: usize, a0: v128, a1: v128, a2: v128, a3: v128, lanes: i32): void {
  finish4(pC, pX, pBias, a0, lanes)
  if (lanes > 4) finish4(pC + 16, pX + 16, pBias ? pBias + 16 : 0, a1, lanes - 4)
  if (lanes > 8) finish4(pC + 32, pX + 32, pBias ? pBias + 32 : 0, a2, lanes - 8)
  if (lanes > 12) finish4(pC + 48, pX + 48, pBias ? pBias + 48 : 0, a3, lanes - 12)
}

@inline
function finish4(pC: usize, pX: usize, pBias: usize, a: v128, lanes: i32): void {
  let x = loadUpTo4(pX, lanes)
  if (pBias) x = f32x4.add(x, loadUpTo4(pBias, lanes))
  storeUpTo4(pC, f32x4.add(x, a), lanes)
}

/**
 * C [M, columns] = A [M, K] B + X + bias, B packed by packColumns; rows of A lie rsA apart, those of C rsC, of X rsX. X may
 * be C, and pBias 0.
 */
export function product(
  pA: usize, rsA: i32, pPacked: usize, pC: usize, rsC: i32, pX: usize, rsX: i32, pBias: usize, M: i32, columns: i32, K: i32,
): void {
  const stepA = <usize>rsA << 2
  const stepC = <usize>rsC << 2
  const stepX = <usize>rsX << 2
  let first = 0
  if (M == 1) {
    for (; first + 16 < columns; first += 32, pPacked += <usize>K << 7) {
      tile1x2(pA, pPacked, K, at(pC, first), at(pX, first), pBias ? at(pBias, first) : 0, columns - first)
    }
  }
  for (; first < columns; first += 16) {
    let a = pA
    let c = at(pC, first)
    let x = at(pX, first)
    const bias = pBias ? at(pBias, first) : 0
    let m = M
    for (; m >= 2; m -= 2, a += 2 * stepA, c += 2 * stepC, x += 2 * stepX) {
      tile2(a, stepA, pPacked, K, c, stepC, x, stepX, bias, columns - first)
    }
    if (m) tile1(a, pPacked, K, c, x, bias, columns - first)
    pPacked += <usize>K << 6
  }
}

/** C += A B, as above. */
export function addProduct(
  pA: usize, rsA: i32, pPacked: usize, pC: usize, rsC: i32, M: i32, columns: i32, K: i32,
): void {
  product(pA, rsA, pPacked, pC, rsC, pC, rsC, 0, M, columns, K)
}

/** One word of each of up to four rows; zero beyond. */
@inline
function fourRows(p: usize, step: usize, count: i32): v128 {
  let x = v128.load32_zero(p)
  if (count > 1) x = v128.load32_lane(p + step, x, 1)
  if (count > 2) x = v128.load32_lane(p + 2 * step, x, 2)
  if (count > 3) x = v128.load32_lane(p + 3 * step, x, 3)
  return x
}

/** Whether row n takes part in step t. */
@inline
export function isActive(pLengths: usize, n: i32, t: i32): bool {
  return !pLengths || t < load<i32>(at(pLengths, n))
}

/** After a step: rows past their length keep their state, and show zeros in y. */
export function carryInactive(
  pLengths: usize, pY: usize, pIn: usize, pOut: usize, pCellIn: usize, pCellOut: usize, t: i32, N: i32, H: i32,
): void {
  const row = <usize>H << 2
  for (let n = 0; n < N; n++) {
    const i = <usize>n * row
    const active = isActive(pLengths, n, t)
    if (!active) {
      memory.copy(pOut + i, pIn + i, row)
      if (pCellIn) memory.copy(pCellOut + i, pCellIn + i, row)
    }
    if (!pY) continue
    if (active) memory.copy(pY + i, pOut + i, row)
    else memory.fill(pY + i, 0, row)
  }
}
