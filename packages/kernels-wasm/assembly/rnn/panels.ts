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

/** C += A B for two rows of A and one panel of B; `lanes` of the 16 columns exist. */
function tile2(pA: usize, stepA: usize, pB: usize, K: i32, pC: usize, stepC: usize, lanes: i32): void {
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
  addRow(pC, a0, a1, a2, a3, lanes)
  addRow(pC + stepC, b0, b1, b2, b3, lanes)
}

/** One row of A and one panel. */
function tile1(pA: usize, pB: usize, K: i32, pC: usize, lanes: i32): void {
  let a0 = f4(0), a1 = a0, a2 = a0, a3 = a0
  for (; K > 0; K--, pA += 4, pB += 64) {
    const x = v128.load32_splat(pA)
    a0 = fma(x, v128.load(pB), a0)
    a1 = fma(x, v128.load(pB, 16), a1)
    a2 = fma(x, v128.load(pB, 32), a2)
    a3 = fma(x, v128.load(pB, 48), a3)
  }
  addRow(pC, a0, a1, a2, a3, lanes)
}

/** One row of A and two panels: eight sums in flight hide the latency of the additions. */
function tile1x2(pA: usize, pB: usize, K: i32, pC: usize, lanes: i32): void {
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
  addRow(pC, a0, a1, a2, a3, 16)
  addRow(pC + 64, b0, b1, b2, b3, lanes - 16)
}

function addRow(p: usize, a0: v128, a1: v128, a2: v128, a3: v128, lanes: i32): void {
  if (lanes >= 16) {
    v128.store(p, f32x4.add(v128.load(p), a0))
    v128.store(p, f32x4.add(v128.load(p, 16), a1), 16)
    v128.store(p, f32x4.add(v128.load(p, 32), a2), 32)
    v128.store(p, f32x4.add(v128.load(p, 48), a3), 48)
    return
  }
  addPart(p, a0, lanes)
  if (lanes > 4) addPart(p + 16, a1, lanes - 4)
  if (lanes > 8) addPart(p + 32, a2, lanes - 8)
  if (lanes > 12) addPart(p + 48, a3, lanes - 12)
}

@inline
function addPart(p: usize, a: v128, lanes: i32): void {
  storeUpTo4(p, f32x4.add(loadUpTo4(p, lanes), a), lanes)
}

/** C [M, columns] += A [M, K] B, B packed by packColumns; rows of A lie rsA apart, rows of C rsC. */
export function addProduct(
  pA: usize, rsA: i32, pPacked: usize, pC: usize, rsC: i32, M: i32, columns: i32, K: i32,
): void {
  const stepA = <usize>rsA << 2
  const stepC = <usize>rsC << 2
  let first = 0
  if (M == 1) {
    for (; first + 16 < columns; first += 32, pPacked += <usize>K << 7) {
      tile1x2(pA, pPacked, K, at(pC, first), columns - first)
    }
  }
  for (; first < columns; first += 16) {
    let a = pA
    let c = at(pC, first)
    let m = M
    for (; m >= 2; m -= 2, a += 2 * stepA, c += 2 * stepC) tile2(a, stepA, pPacked, K, c, stepC, columns - first)
    if (m) tile1(a, pPacked, K, c, columns - first)
    pPacked += <usize>K << 6
  }
}

/** Starts the sums of a step: input part and bias of N rows of `count` sums. */
export function beginSums(pX: usize, pBias: usize, pOut: usize, N: i32, count: i32): void {
  for (let n = 0; n < N; n++) {
    for (let j = 0; j < count; j += 4) {
      const i = n * count + j
      const x = loadUpTo4(at(pX, i), count - j)
      storeUpTo4(at(pOut, i), pBias ? f32x4.add(x, loadUpTo4(at(pBias, j), count - j)) : x, count - j)
    }
  }
}

/** W [gates H, H] in panels of four units: [H][gates][4], zero beyond the last unit. */
export function packUnits(pW: usize, pPacked: usize, H: i32, gates: i32): void {
  const step = <usize>gates << 4
  const row = <usize>H << 2
  for (let unit = 0; unit < H; unit += 4, pPacked += <usize>H * step) {
    for (let gate = 0; gate < gates; gate++) {
      let from = at(pW, (gate * H + unit) * H)
      let to = pPacked + (<usize>gate << 4)
      for (let k = 0; k < H; k++, from += 4, to += step) v128.store(to, fourRows(from, row, H - unit))
    }
  }
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
