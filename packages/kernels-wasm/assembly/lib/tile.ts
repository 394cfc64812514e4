// Register tiles shared by gemm and conv: MR rows of C by 8 columns, summed over k in ascending order.
// B arrives packed in panels of 8 columns: row k of a panel is 32 bytes, the next row follows.
// Every step of k ends in a way out of the loop. Without it V8 11 moves all loads of an unrolled body to its front, and
// the tile spills; the sums are live on the way out, so that they cannot sink below it (23.9 -> 27.7 GFLOP/s).
import { madd } from './madd'

/** Rows of a full tile: what fits the engines' 16 vector registers with separate, and with fused, multiply and add. */
// @ts-ignore: decorator
@inline
export const MR: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 4
// @ts-ignore: decorator
@inline
export const NR: i32 = 8

/** Bytes of one entry of a tap list: the byte addresses of MR rows of A, then the byte offset of its rows in B's panel. */
// @ts-ignore: decorator
@inline
export const TAP_BYTES: i32 = (MR + 1) << 2

// What the end of a tile does with its sums; bits of `mode`.
// @ts-ignore: decorator
@inline
export const ACCUMULATE: i32 = 1
// @ts-ignore: decorator
@inline
export const BIAS_COLUMN: i32 = 2
// @ts-ignore: decorator
@inline
export const BIAS_ROW: i32 = 4
// @ts-ignore: decorator
@inline
export const RELU: i32 = 16

/** Stores four sums, plus what `keep` keeps of the old values, plus the bias, not below `floor`. NaN stays. */
// @ts-ignore: decorator
@inline
export function finishRow(pC: usize, v: v128, bias: v128, keep: v128, floor: v128): void {
  const old = v128.and(v128.load(pC), keep)
  v128.store(pC, f32x4.pmax(f32x4.add(f32x4.add(v, old), bias), floor))
}

/** Sums of one tile of `rows` x 8 over a list of at least one tap, each `run` > 0 long; A rows are contiguous along k. */
// @ts-ignore: decorator
@inline
function taps(
  rows: i32, pTaps: usize, nTaps: i32, run: i32, pB: usize,
  pC: usize, ldc: usize, mode: i32, pBias: usize, pRowBias: usize,
): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00
  let c30 = c00, c31 = c00, c40 = c00, c41 = c00, c50 = c00, c51 = c00
  const end = pTaps + nTaps * TAP_BYTES
  for (; pTaps < end; pTaps += TAP_BYTES) {
    let a0: usize = load<u32>(pTaps), a1: usize = 0, a2: usize = 0, a3: usize = 0, a4: usize = 0, a5: usize = 0
    if (rows > 1) a1 = load<u32>(pTaps, 4)
    if (rows > 2) a2 = load<u32>(pTaps, 8)
    if (rows > 3) a3 = load<u32>(pTaps, 12)
    if (rows > 4) a4 = load<u32>(pTaps, 16)
    if (rows > 5) a5 = load<u32>(pTaps, 20)
    let b = pB + <usize>load<u32>(pTaps, MR << 2)
    let k = run
    while (true) {
      let b0 = v128.load(b), b1 = v128.load(b, 16)
      let a = v128.load32_splat(a0); c00 = madd(a, b0, c00); c01 = madd(a, b1, c01)
      if (rows > 1) { a = v128.load32_splat(a1); c10 = madd(a, b0, c10); c11 = madd(a, b1, c11) }
      if (rows > 2) { a = v128.load32_splat(a2); c20 = madd(a, b0, c20); c21 = madd(a, b1, c21) }
      if (rows > 3) { a = v128.load32_splat(a3); c30 = madd(a, b0, c30); c31 = madd(a, b1, c31) }
      if (rows > 4) { a = v128.load32_splat(a4); c40 = madd(a, b0, c40); c41 = madd(a, b1, c41) }
      if (rows > 5) { a = v128.load32_splat(a5); c50 = madd(a, b0, c50); c51 = madd(a, b1, c51) }
      if (!--k) break
      b0 = v128.load(b, 32); b1 = v128.load(b, 48)
      a = v128.load32_splat(a0, 4); c00 = madd(a, b0, c00); c01 = madd(a, b1, c01)
      if (rows > 1) { a = v128.load32_splat(a1, 4); c10 = madd(a, b0, c10); c11 = madd(a, b1, c11) }
      if (rows > 2) { a = v128.load32_splat(a2, 4); c20 = madd(a, b0, c20); c21 = madd(a, b1, c21) }
      if (rows > 3) { a = v128.load32_splat(a3, 4); c30 = madd(a, b0, c30); c31 = madd(a, b1, c31) }
      if (rows > 4) { a = v128.load32_splat(a4, 4); c40 = madd(a, b0, c40); c41 = madd(a, b1, c41) }
      if (rows > 5) { a = v128.load32_splat(a5, 4); c50 = madd(a, b0, c50); c51 = madd(a, b1, c51) }
      if (!--k) break
      b += 64; a0 += 8
      if (rows > 1) a1 += 8
      if (rows > 2) a2 += 8
      if (rows > 3) a3 += 8
      if (rows > 4) a4 += 8
      if (rows > 5) a5 += 8
    }
  }
  finish(rows, pC, ldc, mode, pBias, pRowBias, c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51)
}

/** The same sums over K > 0 with A packed as a panel: row k of the panel holds the values of MR rows of A. */
// @ts-ignore: decorator
@inline
function panel(
  rows: i32, pA: usize, pB: usize, K: i32, pC: usize, ldc: usize, mode: i32, pBias: usize, pRowBias: usize,
): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00
  let c30 = c00, c31 = c00, c40 = c00, c41 = c00, c50 = c00, c51 = c00
  while (true) {
    let b0 = v128.load(pB), b1 = v128.load(pB, 16)
    let a = v128.load32_splat(pA); c00 = madd(a, b0, c00); c01 = madd(a, b1, c01)
    if (rows > 1) { a = v128.load32_splat(pA, 4); c10 = madd(a, b0, c10); c11 = madd(a, b1, c11) }
    if (rows > 2) { a = v128.load32_splat(pA, 8); c20 = madd(a, b0, c20); c21 = madd(a, b1, c21) }
    if (rows > 3) { a = v128.load32_splat(pA, 12); c30 = madd(a, b0, c30); c31 = madd(a, b1, c31) }
    if (rows > 4) { a = v128.load32_splat(pA, 16); c40 = madd(a, b0, c40); c41 = madd(a, b1, c41) }
    if (rows > 5) { a = v128.load32_splat(pA, 20); c50 = madd(a, b0, c50); c51 = madd(a, b1, c51) }
    if (!--K) break
    b0 = v128.load(pB, 32); b1 = v128.load(pB, 48)
    a = v128.load32_splat(pA, MR * 4); c00 = madd(a, b0, c00); c01 = madd(a, b1, c01)
    if (rows > 1) { a = v128.load32_splat(pA, MR * 4 + 4); c10 = madd(a, b0, c10); c11 = madd(a, b1, c11) }
    if (rows > 2) { a = v128.load32_splat(pA, MR * 4 + 8); c20 = madd(a, b0, c20); c21 = madd(a, b1, c21) }
    if (rows > 3) { a = v128.load32_splat(pA, MR * 4 + 12); c30 = madd(a, b0, c30); c31 = madd(a, b1, c31) }
    if (rows > 4) { a = v128.load32_splat(pA, MR * 4 + 16); c40 = madd(a, b0, c40); c41 = madd(a, b1, c41) }
    if (rows > 5) { a = v128.load32_splat(pA, MR * 4 + 20); c50 = madd(a, b0, c50); c51 = madd(a, b1, c51) }
    if (!--K) break
    pA += MR * 8
    pB += 64
  }
  finish(rows, pC, ldc, mode, pBias, pRowBias, c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51)
}

/** The same sums where k runs over `count` lists of `width` > 0 steps: A's rows lie together, `sA` bytes from step to step. */
// @ts-ignore: decorator
@inline
function steps(
  rows: i32, pList: usize, count: i32, aOffset: usize, sA: usize, width: i32, pB: usize, pC: usize, mode: i32,
): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00
  let c30 = c00, c31 = c00, c40 = c00, c41 = c00, c50 = c00, c51 = c00
  const end = pList + (count << 2)
  for (; pList < end; pList += 4) {
    let pA = <usize>load<u32>(pList) + aOffset
    let k = width
    while (true) {
      let b0 = v128.load(pB), b1 = v128.load(pB, 16)
      let a = v128.load32_splat(pA); c00 = madd(a, b0, c00); c01 = madd(a, b1, c01)
      if (rows > 1) { a = v128.load32_splat(pA, 4); c10 = madd(a, b0, c10); c11 = madd(a, b1, c11) }
      if (rows > 2) { a = v128.load32_splat(pA, 8); c20 = madd(a, b0, c20); c21 = madd(a, b1, c21) }
      if (rows > 3) { a = v128.load32_splat(pA, 12); c30 = madd(a, b0, c30); c31 = madd(a, b1, c31) }
      if (rows > 4) { a = v128.load32_splat(pA, 16); c40 = madd(a, b0, c40); c41 = madd(a, b1, c41) }
      if (rows > 5) { a = v128.load32_splat(pA, 20); c50 = madd(a, b0, c50); c51 = madd(a, b1, c51) }
      pA += sA
      if (!--k) { pB += 32; break }
      b0 = v128.load(pB, 32); b1 = v128.load(pB, 48)
      a = v128.load32_splat(pA); c00 = madd(a, b0, c00); c01 = madd(a, b1, c01)
      if (rows > 1) { a = v128.load32_splat(pA, 4); c10 = madd(a, b0, c10); c11 = madd(a, b1, c11) }
      if (rows > 2) { a = v128.load32_splat(pA, 8); c20 = madd(a, b0, c20); c21 = madd(a, b1, c21) }
      if (rows > 3) { a = v128.load32_splat(pA, 12); c30 = madd(a, b0, c30); c31 = madd(a, b1, c31) }
      if (rows > 4) { a = v128.load32_splat(pA, 16); c40 = madd(a, b0, c40); c41 = madd(a, b1, c41) }
      if (rows > 5) { a = v128.load32_splat(pA, 20); c50 = madd(a, b0, c50); c51 = madd(a, b1, c51) }
      pA += sA
      pB += 64
      if (!--k) break
    }
  }
  finish(rows, pC, 32, mode, 0, 0, c00, c01, c10, c11, c20, c21, c30, c31, c40, c41, c50, c51)
}

/** Stores a tile of sums. Absent operands are read from C, which is there, and masked away. */
// @ts-ignore: decorator
@inline
export function finish(
  rows: i32, pC: usize, ldc: usize, mode: i32, pBias: usize, pRowBias: usize,
  c00: v128, c01: v128, c10: v128, c11: v128, c20: v128, c21: v128,
  c30: v128, c31: v128, c40: v128, c41: v128, c50: v128, c51: v128,
): void {
  if (!mode) {
    v128.store(pC, c00); v128.store(pC, c01, 16)
    if (rows > 1) { pC += ldc; v128.store(pC, c10); v128.store(pC, c11, 16) }
    if (rows > 2) { pC += ldc; v128.store(pC, c20); v128.store(pC, c21, 16) }
    if (rows > 3) { pC += ldc; v128.store(pC, c30); v128.store(pC, c31, 16) }
    if (rows > 4) { pC += ldc; v128.store(pC, c40); v128.store(pC, c41, 16) }
    if (rows > 5) { pC += ldc; v128.store(pC, c50); v128.store(pC, c51, 16) }
    return
  }
  const keep = i32x4.splat(-(mode & ACCUMULATE))
  const floor = f32x4.splat(mode & RELU ? 0 : -Infinity)
  const column = i32x4.splat(mode & BIAS_COLUMN ? -1 : 0)
  const row = i32x4.splat(mode & BIAS_ROW ? -1 : 0)
  if (!(mode & BIAS_COLUMN)) pBias = pC
  if (!(mode & BIAS_ROW)) pRowBias = pC
  const step: usize = mode & BIAS_ROW ? 4 : 0
  const b0 = v128.and(v128.load(pBias), column), b1 = v128.and(v128.load(pBias, 16), column)
  let r = v128.and(v128.load32_splat(pRowBias), row)
  finishRow(pC, c00, f32x4.add(b0, r), keep, floor); finishRow(pC + 16, c01, f32x4.add(b1, r), keep, floor)
  if (rows > 1) {
    pC += ldc; pRowBias += step; r = v128.and(v128.load32_splat(pRowBias), row)
    finishRow(pC, c10, f32x4.add(b0, r), keep, floor); finishRow(pC + 16, c11, f32x4.add(b1, r), keep, floor)
  }
  if (rows > 2) {
    pC += ldc; pRowBias += step; r = v128.and(v128.load32_splat(pRowBias), row)
    finishRow(pC, c20, f32x4.add(b0, r), keep, floor); finishRow(pC + 16, c21, f32x4.add(b1, r), keep, floor)
  }
  if (rows > 3) {
    pC += ldc; pRowBias += step; r = v128.and(v128.load32_splat(pRowBias), row)
    finishRow(pC, c30, f32x4.add(b0, r), keep, floor); finishRow(pC + 16, c31, f32x4.add(b1, r), keep, floor)
  }
  if (rows > 4) {
    pC += ldc; pRowBias += step; r = v128.and(v128.load32_splat(pRowBias), row)
    finishRow(pC, c40, f32x4.add(b0, r), keep, floor); finishRow(pC + 16, c41, f32x4.add(b1, r), keep, floor)
  }
  if (rows > 5) {
    pC += ldc; pRowBias += step; r = v128.and(v128.load32_splat(pRowBias), row)
    finishRow(pC, c50, f32x4.add(b0, r), keep, floor); finishRow(pC + 16, c51, f32x4.add(b1, r), keep, floor)
  }
}

function taps1(t: usize, n: i32, run: i32, p: usize, c: usize, ld: usize, m: i32, b: usize, r: usize): void { taps(1, t, n, run, p, c, ld, m, b, r) }
function taps2(t: usize, n: i32, run: i32, p: usize, c: usize, ld: usize, m: i32, b: usize, r: usize): void { taps(2, t, n, run, p, c, ld, m, b, r) }
function taps3(t: usize, n: i32, run: i32, p: usize, c: usize, ld: usize, m: i32, b: usize, r: usize): void { taps(3, t, n, run, p, c, ld, m, b, r) }
function taps4(t: usize, n: i32, run: i32, p: usize, c: usize, ld: usize, m: i32, b: usize, r: usize): void { taps(4, t, n, run, p, c, ld, m, b, r) }
function taps5(t: usize, n: i32, run: i32, p: usize, c: usize, ld: usize, m: i32, b: usize, r: usize): void { taps(5, t, n, run, p, c, ld, m, b, r) }
function taps6(t: usize, n: i32, run: i32, p: usize, c: usize, ld: usize, m: i32, b: usize, r: usize): void { taps(6, t, n, run, p, c, ld, m, b, r) }

/** One tile of `rows` (1 to MR) by 8 over a tap list. */
export function tileOfTaps(rows: i32, t: usize, n: i32, run: i32, p: usize, c: usize, ld: usize, m: i32, b: usize, r: usize): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    if (rows == 6) { taps6(t, n, run, p, c, ld, m, b, r); return }
    if (rows == 5) { taps5(t, n, run, p, c, ld, m, b, r); return }
  }
  if (rows == 4) taps4(t, n, run, p, c, ld, m, b, r)
  else if (rows == 3) taps3(t, n, run, p, c, ld, m, b, r)
  else if (rows == 2) taps2(t, n, run, p, c, ld, m, b, r)
  else taps1(t, n, run, p, c, ld, m, b, r)
}

function panel1(a: usize, p: usize, K: i32, c: usize, ld: usize, m: i32, b: usize, r: usize): void { panel(1, a, p, K, c, ld, m, b, r) }
function panel2(a: usize, p: usize, K: i32, c: usize, ld: usize, m: i32, b: usize, r: usize): void { panel(2, a, p, K, c, ld, m, b, r) }
function panel3(a: usize, p: usize, K: i32, c: usize, ld: usize, m: i32, b: usize, r: usize): void { panel(3, a, p, K, c, ld, m, b, r) }
function panel4(a: usize, p: usize, K: i32, c: usize, ld: usize, m: i32, b: usize, r: usize): void { panel(4, a, p, K, c, ld, m, b, r) }
function panel5(a: usize, p: usize, K: i32, c: usize, ld: usize, m: i32, b: usize, r: usize): void { panel(5, a, p, K, c, ld, m, b, r) }
function panel6(a: usize, p: usize, K: i32, c: usize, ld: usize, m: i32, b: usize, r: usize): void { panel(6, a, p, K, c, ld, m, b, r) }

/** One tile of `rows` (1 to MR) by 8 over packed panels of A and B. */
export function tileOfPanels(rows: i32, a: usize, p: usize, K: i32, c: usize, ld: usize, m: i32, b: usize, r: usize): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    if (rows == 6) { panel6(a, p, K, c, ld, m, b, r); return }
    if (rows == 5) { panel5(a, p, K, c, ld, m, b, r); return }
  }
  if (rows == 4) panel4(a, p, K, c, ld, m, b, r)
  else if (rows == 3) panel3(a, p, K, c, ld, m, b, r)
  else if (rows == 2) panel2(a, p, K, c, ld, m, b, r)
  else panel1(a, p, K, c, ld, m, b, r)
}

function steps1(l: usize, n: i32, o: usize, s: usize, w: i32, p: usize, c: usize, m: i32): void { steps(1, l, n, o, s, w, p, c, m) }
function steps2(l: usize, n: i32, o: usize, s: usize, w: i32, p: usize, c: usize, m: i32): void { steps(2, l, n, o, s, w, p, c, m) }
function steps3(l: usize, n: i32, o: usize, s: usize, w: i32, p: usize, c: usize, m: i32): void { steps(3, l, n, o, s, w, p, c, m) }
function steps4(l: usize, n: i32, o: usize, s: usize, w: i32, p: usize, c: usize, m: i32): void { steps(4, l, n, o, s, w, p, c, m) }
function steps5(l: usize, n: i32, o: usize, s: usize, w: i32, p: usize, c: usize, m: i32): void { steps(5, l, n, o, s, w, p, c, m) }
function steps6(l: usize, n: i32, o: usize, s: usize, w: i32, p: usize, c: usize, m: i32): void { steps(6, l, n, o, s, w, p, c, m) }

/** One tile of `rows` (1 to MR) by 8 over lists of steps, stored densely. */
export function tileOfSteps(rows: i32, l: usize, n: i32, o: usize, s: usize, w: i32, p: usize, c: usize, m: i32): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    if (rows == 6) { steps6(l, n, o, s, w, p, c, m); return }
    if (rows == 5) { steps5(l, n, o, s, w, p, c, m); return }
  }
  if (rows == 4) steps4(l, n, o, s, w, p, c, m)
  else if (rows == 3) steps3(l, n, o, s, w, p, c, m)
  else if (rows == 2) steps2(l, n, o, s, w, p, c, m)
  else steps1(l, n, o, s, w, p, c, m)
}
