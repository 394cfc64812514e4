// Register tiles shared by gemm and conv: MR rows of C by a panel's columns, summed over k in ascending order.
// B arrives packed in panels of 8 or 12 columns: step k of a panel is 32 or 48 bytes, the next step follows.
// Every step of k ends in a way out of the loop. Without it V8 11 moves all loads of an unrolled body to its front, and
// the tile spills; the sums are live on the way out, so that they cannot sink below it. The widest tile has a second way
// out, never taken, within the step for the same reason.
import { madd } from './madd'

/**
 * Rows of a full tile. With separate multiply and add the tile is 3 x 12: it issues the fewest other instructions per
 * product of those that stay in 15 registers, and V8 needs two for each value broadcast. With fused ones it is 6 x 8.
 */
// @ts-ignore: decorator
@inline
export const MR: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 3
/** Columns of the widest panel. */
// @ts-ignore: decorator
@inline
export const NR: i32 = ASC_FEATURE_RELAXED_SIMD ? 8 : 12

/** Columns of the next panel when `left` > 0 are left: 12s as long as 8s can take the rest, at most 4 of it padding. */
// @ts-ignore: decorator
@inline
export function panelWidth(left: i32): i32 {
  return ASC_FEATURE_RELAXED_SIMD || left <= 8 || (left > 12 && left <= 16) ? 8 : 12
}

/** Columns of all panels of n columns; the panel that starts at column j begins at 4 j K bytes. */
// @ts-ignore: decorator
@inline
export function panelColumns(n: i32): i32 {
  return ASC_FEATURE_RELAXED_SIMD ? (n + 7) & ~7 : n > 0 ? max(8, (n + 3) & ~3) : 0
}

/** Rows of a full tile over lists of steps when C has n columns. */
// @ts-ignore: decorator
@inline
export function stepRows(n: i32): i32 {
  return !ASC_FEATURE_RELAXED_SIMD && panelWidth(n) == 8 ? 4 : MR
}

/** Bytes from row to row of a tile of sums outside C. */
// @ts-ignore: decorator
@inline
export const TILE_STEP: i32 = NR << 2

/** Bytes of one entry of a tap list: the byte addresses of MR rows of A, then the first of its steps in B's panel. */
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
/** Bit of `flags`: loads cost less from plain addresses than from an address and an offset. Relaxed tier. */
// @ts-ignore: decorator
@inline
export const PLAIN_LOADS: i32 = 128
/** With RELU, in a forward convolution: not above 6 either. */
// @ts-ignore: decorator
@inline
export const SIX: i32 = 64

// @ts-ignore: decorator
@inline
function clamp(v: v128, mode: i32): v128 {
  v = f32x4.pmax(v, f32x4.splat(0))
  return mode & SIX ? f32x4.pmin(v, f32x4.splat(6)) : v
}

/** What SIX asks of a tile that `finish` has stored; few products want it, so that no tile carries it. */
export function limitTile(pC: usize, ldc: usize, rows: i32, width: i32): void {
  for (; rows > 0; rows--, pC += ldc) {
    for (let j = 0; j < width; j += 4) {
      const p = pC + (j << 2)
      v128.store(p, f32x4.pmin(v128.load(p), f32x4.splat(6)))
    }
  }
}

/** What becomes of four sums: + old + bias along + bias across, then not below 0, each if `mode` says so. NaN stays. */
// @ts-ignore: decorator
@inline
export function finishFour(pC: usize, v: v128, mode: i32, along: v128, across: v128): void {
  if (mode & ACCUMULATE) v = f32x4.add(v, v128.load(pC))
  if (mode & BIAS_COLUMN) v = f32x4.add(v, along)
  if (mode & BIAS_ROW) v = f32x4.add(v, across)
  if (mode & RELU) v = clamp(v, mode)
  v128.store(pC, v)
}

/** The same for lane 0 alone. */
// @ts-ignore: decorator
@inline
export function finishOne(pC: usize, v: v128, mode: i32, along: v128, across: v128): void {
  if (mode & ACCUMULATE) v = f32x4.add(v, v128.load32_zero(pC))
  if (mode & BIAS_COLUMN) v = f32x4.add(v, along)
  if (mode & BIAS_ROW) v = f32x4.add(v, across)
  if (mode & RELU) v = clamp(v, mode)
  v128.store32_lane(pC, v, 0)
}

/**
 * Sums of one tile over a list of at least one tap, each `run` > 0 long; A's rows are contiguous along k. On the relaxed tier
 * A is read from plain addresses, without offsets: that costs Node nothing in a loop of four steps, and in JavaScriptCore and
 * Deno a load with an offset takes more instructions than the addition.
 */
// @ts-ignore: decorator
@inline
function taps(
  rows: i32, wide: bool, pTaps: usize, nTaps: i32, run: i32, at: usize, pPanel: usize,
  pC: usize, ldc: usize, mode: i32, pBias: usize, pRowBias: usize,
): void {
  let c00 = f32x4.splat(0), c01 = c00, c02 = c00, c10 = c00, c11 = c00, c12 = c00, c20 = c00, c21 = c00, c22 = c00
  let c30 = c00, c31 = c00, c40 = c00, c41 = c00, c50 = c00, c51 = c00
  const end = pTaps + nTaps * TAP_BYTES, steps: usize = ASC_FEATURE_RELAXED_SIMD ? 4 : 2
  for (; pTaps < end; pTaps += TAP_BYTES) {
    let a0 = at + <usize>load<u32>(pTaps), a1: usize = 0, a2: usize = 0, a3: usize = 0, a4: usize = 0, a5: usize = 0
    if (rows > 1) a1 = at + <usize>load<u32>(pTaps, 4)
    if (rows > 2) a2 = at + <usize>load<u32>(pTaps, 8)
    if (rows > 3) a3 = at + <usize>load<u32>(pTaps, 12)
    if (rows > 4) a4 = at + <usize>load<u32>(pTaps, 16)
    if (rows > 5) a5 = at + <usize>load<u32>(pTaps, 20)
    let pB = pPanel + <usize>load<u32>(pTaps, MR << 2) * (wide ? 48 : 32)
    let k = run
    while (true) {
      let b0 = v128.load(pB), b1 = v128.load(pB, 16), b2 = wide ? v128.load(pB, 32) : b1
      let a = v128.load32_splat(a0); c00 = madd(a, b0, c00); c01 = madd(a, b1, c01); if (wide) c02 = madd(a, b2, c02)
      if (wide && rows > 2 && k <= 0) break
      if (rows > 1) { a = v128.load32_splat(a1); c10 = madd(a, b0, c10); c11 = madd(a, b1, c11); if (wide) c12 = madd(a, b2, c12) }
      if (rows > 2) { a = v128.load32_splat(a2); c20 = madd(a, b0, c20); c21 = madd(a, b1, c21); if (wide) c22 = madd(a, b2, c22) }
      if (rows > 3) { a = v128.load32_splat(a3); c30 = madd(a, b0, c30); c31 = madd(a, b1, c31) }
      if (rows > 4) { a = v128.load32_splat(a4); c40 = madd(a, b0, c40); c41 = madd(a, b1, c41) }
      if (rows > 5) { a = v128.load32_splat(a5); c50 = madd(a, b0, c50); c51 = madd(a, b1, c51) }
      if (!--k) break
      if (ASC_FEATURE_RELAXED_SIMD) {
        b0 = v128.load(pB, 32); b1 = v128.load(pB, 48)
        a = v128.load32_splat(a0 + 4); c00 = madd(a, b0, c00); c01 = madd(a, b1, c01)
        if (rows > 1) { a = v128.load32_splat(a1 + 4); c10 = madd(a, b0, c10); c11 = madd(a, b1, c11) }
        if (rows > 2) { a = v128.load32_splat(a2 + 4); c20 = madd(a, b0, c20); c21 = madd(a, b1, c21) }
        if (rows > 3) { a = v128.load32_splat(a3 + 4); c30 = madd(a, b0, c30); c31 = madd(a, b1, c31) }
        if (rows > 4) { a = v128.load32_splat(a4 + 4); c40 = madd(a, b0, c40); c41 = madd(a, b1, c41) }
        if (rows > 5) { a = v128.load32_splat(a5 + 4); c50 = madd(a, b0, c50); c51 = madd(a, b1, c51) }
        if (!--k) break
        b0 = v128.load(pB, 64); b1 = v128.load(pB, 80)
        a = v128.load32_splat(a0 + 8); c00 = madd(a, b0, c00); c01 = madd(a, b1, c01)
        if (rows > 1) { a = v128.load32_splat(a1 + 8); c10 = madd(a, b0, c10); c11 = madd(a, b1, c11) }
        if (rows > 2) { a = v128.load32_splat(a2 + 8); c20 = madd(a, b0, c20); c21 = madd(a, b1, c21) }
        if (rows > 3) { a = v128.load32_splat(a3 + 8); c30 = madd(a, b0, c30); c31 = madd(a, b1, c31) }
        if (rows > 4) { a = v128.load32_splat(a4 + 8); c40 = madd(a, b0, c40); c41 = madd(a, b1, c41) }
        if (rows > 5) { a = v128.load32_splat(a5 + 8); c50 = madd(a, b0, c50); c51 = madd(a, b1, c51) }
        if (!--k) break
        b0 = v128.load(pB, 96); b1 = v128.load(pB, 112)
        a = v128.load32_splat(a0 + 12); c00 = madd(a, b0, c00); c01 = madd(a, b1, c01)
        if (rows > 1) { a = v128.load32_splat(a1 + 12); c10 = madd(a, b0, c10); c11 = madd(a, b1, c11) }
        if (rows > 2) { a = v128.load32_splat(a2 + 12); c20 = madd(a, b0, c20); c21 = madd(a, b1, c21) }
        if (rows > 3) { a = v128.load32_splat(a3 + 12); c30 = madd(a, b0, c30); c31 = madd(a, b1, c31) }
        if (rows > 4) { a = v128.load32_splat(a4 + 12); c40 = madd(a, b0, c40); c41 = madd(a, b1, c41) }
        if (rows > 5) { a = v128.load32_splat(a5 + 12); c50 = madd(a, b0, c50); c51 = madd(a, b1, c51) }
        if (!--k) break
      } else {
        if (wide) { b0 = v128.load(pB, 48); b1 = v128.load(pB, 64); b2 = v128.load(pB, 80) }
        else { b0 = v128.load(pB, 32); b1 = v128.load(pB, 48) }
        a = v128.load32_splat(a0, 4); c00 = madd(a, b0, c00); c01 = madd(a, b1, c01); if (wide) c02 = madd(a, b2, c02)
        if (wide && rows > 2 && k <= 0) break
        if (rows > 1) { a = v128.load32_splat(a1, 4); c10 = madd(a, b0, c10); c11 = madd(a, b1, c11); if (wide) c12 = madd(a, b2, c12) }
        if (rows > 2) { a = v128.load32_splat(a2, 4); c20 = madd(a, b0, c20); c21 = madd(a, b1, c21); if (wide) c22 = madd(a, b2, c22) }
        if (!--k) break
      }
      pB += steps * (wide ? 48 : 32); a0 += steps << 2
      if (rows > 1) a1 += steps << 2
      if (rows > 2) a2 += steps << 2
      if (rows > 3) a3 += steps << 2
      if (rows > 4) a4 += steps << 2
      if (rows > 5) a5 += steps << 2
    }
  }
  finish(rows, wide, pC, ldc, mode, pBias, pRowBias, c00, c01, c02, c10, c11, c12, c20, c21, c22, c30, c31, c40, c41, c50, c51)
}

/** The same sums over K > 0 with A packed as a panel: step k of the panel holds the values of MR rows of A. Base tier. */
// @ts-ignore: decorator
@inline
function panel(
  rows: i32, wide: bool, pA: usize, pB: usize, K: i32, pC: usize, ldc: usize, mode: i32, pBias: usize, pRowBias: usize,
): void {
  let c00 = f32x4.splat(0), c01 = c00, c02 = c00, c10 = c00, c11 = c00, c12 = c00, c20 = c00, c21 = c00, c22 = c00
  while (true) {
    let b0 = v128.load(pB), b1 = v128.load(pB, 16), b2 = wide ? v128.load(pB, 32) : b1
    let a = v128.load32_splat(pA); c00 = madd(a, b0, c00); c01 = madd(a, b1, c01); if (wide) c02 = madd(a, b2, c02)
    if (wide && rows > 2 && K <= 0) break
    if (rows > 1) { a = v128.load32_splat(pA, 4); c10 = madd(a, b0, c10); c11 = madd(a, b1, c11); if (wide) c12 = madd(a, b2, c12) }
    if (rows > 2) { a = v128.load32_splat(pA, 8); c20 = madd(a, b0, c20); c21 = madd(a, b1, c21); if (wide) c22 = madd(a, b2, c22) }
    if (!--K) break
    if (wide) { b0 = v128.load(pB, 48); b1 = v128.load(pB, 64); b2 = v128.load(pB, 80) }
    else { b0 = v128.load(pB, 32); b1 = v128.load(pB, 48) }
    a = v128.load32_splat(pA, MR * 4); c00 = madd(a, b0, c00); c01 = madd(a, b1, c01); if (wide) c02 = madd(a, b2, c02)
    if (wide && rows > 2 && K <= 0) break
    if (rows > 1) { a = v128.load32_splat(pA, MR * 4 + 4); c10 = madd(a, b0, c10); c11 = madd(a, b1, c11); if (wide) c12 = madd(a, b2, c12) }
    if (rows > 2) { a = v128.load32_splat(pA, MR * 4 + 8); c20 = madd(a, b0, c20); c21 = madd(a, b1, c21); if (wide) c22 = madd(a, b2, c22) }
    if (!--K) break
    if (wide) { b0 = v128.load(pB, 96); b1 = v128.load(pB, 112); b2 = v128.load(pB, 128) }
    else { b0 = v128.load(pB, 64); b1 = v128.load(pB, 80) }
    a = v128.load32_splat(pA, MR * 8); c00 = madd(a, b0, c00); c01 = madd(a, b1, c01); if (wide) c02 = madd(a, b2, c02)
    if (wide && rows > 2 && K <= 0) break
    if (rows > 1) { a = v128.load32_splat(pA, MR * 8 + 4); c10 = madd(a, b0, c10); c11 = madd(a, b1, c11); if (wide) c12 = madd(a, b2, c12) }
    if (rows > 2) { a = v128.load32_splat(pA, MR * 8 + 8); c20 = madd(a, b0, c20); c21 = madd(a, b1, c21); if (wide) c22 = madd(a, b2, c22) }
    if (!--K) break
    if (wide) { b0 = v128.load(pB, 144); b1 = v128.load(pB, 160); b2 = v128.load(pB, 176) }
    else { b0 = v128.load(pB, 96); b1 = v128.load(pB, 112) }
    a = v128.load32_splat(pA, MR * 12); c00 = madd(a, b0, c00); c01 = madd(a, b1, c01); if (wide) c02 = madd(a, b2, c02)
    if (wide && rows > 2 && K <= 0) break
    if (rows > 1) { a = v128.load32_splat(pA, MR * 12 + 4); c10 = madd(a, b0, c10); c11 = madd(a, b1, c11); if (wide) c12 = madd(a, b2, c12) }
    if (rows > 2) { a = v128.load32_splat(pA, MR * 12 + 8); c20 = madd(a, b0, c20); c21 = madd(a, b1, c21); if (wide) c22 = madd(a, b2, c22) }
    if (!--K) break
    pA += MR * 16
    pB += wide ? 192 : 128
  }
  finish(rows, wide, pC, ldc, mode, pBias, pRowBias, c00, c01, c02, c10, c11, c12, c20, c21, c22, c00, c00, c00, c00, c00, c00)
}

/** Bytes of a value of a packed panel of A. On the relaxed tier it is there four times. */
// @ts-ignore: decorator
@inline
export const A_VALUE: i32 = ASC_FEATURE_RELAXED_SIMD ? 16 : 4

/**
 * The same on the relaxed tier, where each value of the panel is there four times: it costs memory, and saves a shuffle for
 * each value in engines that have no load with broadcast.
 */
// @ts-ignore: decorator
@inline
function spread(rows: i32, pA: usize, pB: usize, K: i32, pC: usize, ldc: usize, mode: i32, pBias: usize, pRowBias: usize): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00
  let c30 = c00, c31 = c00, c40 = c00, c41 = c00, c50 = c00, c51 = c00
  while (true) {
    let b0 = v128.load(pB), b1 = v128.load(pB, 16)
    let a = v128.load(pA); c00 = madd(a, b0, c00); c01 = madd(a, b1, c01)
    if (rows > 1) { a = v128.load(pA, 16); c10 = madd(a, b0, c10); c11 = madd(a, b1, c11) }
    if (rows > 2) { a = v128.load(pA, 32); c20 = madd(a, b0, c20); c21 = madd(a, b1, c21) }
    if (rows > 3) { a = v128.load(pA, 48); c30 = madd(a, b0, c30); c31 = madd(a, b1, c31) }
    if (rows > 4) { a = v128.load(pA, 64); c40 = madd(a, b0, c40); c41 = madd(a, b1, c41) }
    if (rows > 5) { a = v128.load(pA, 80); c50 = madd(a, b0, c50); c51 = madd(a, b1, c51) }
    if (!--K) break
    b0 = v128.load(pB, 32); b1 = v128.load(pB, 48)
    a = v128.load(pA, 96); c00 = madd(a, b0, c00); c01 = madd(a, b1, c01)
    if (rows > 1) { a = v128.load(pA, 112); c10 = madd(a, b0, c10); c11 = madd(a, b1, c11) }
    if (rows > 2) { a = v128.load(pA, 128); c20 = madd(a, b0, c20); c21 = madd(a, b1, c21) }
    if (rows > 3) { a = v128.load(pA, 144); c30 = madd(a, b0, c30); c31 = madd(a, b1, c31) }
    if (rows > 4) { a = v128.load(pA, 160); c40 = madd(a, b0, c40); c41 = madd(a, b1, c41) }
    if (rows > 5) { a = v128.load(pA, 176); c50 = madd(a, b0, c50); c51 = madd(a, b1, c51) }
    if (!--K) break
    b0 = v128.load(pB, 64); b1 = v128.load(pB, 80)
    a = v128.load(pA, 192); c00 = madd(a, b0, c00); c01 = madd(a, b1, c01)
    if (rows > 1) { a = v128.load(pA, 208); c10 = madd(a, b0, c10); c11 = madd(a, b1, c11) }
    if (rows > 2) { a = v128.load(pA, 224); c20 = madd(a, b0, c20); c21 = madd(a, b1, c21) }
    if (rows > 3) { a = v128.load(pA, 240); c30 = madd(a, b0, c30); c31 = madd(a, b1, c31) }
    if (rows > 4) { a = v128.load(pA, 256); c40 = madd(a, b0, c40); c41 = madd(a, b1, c41) }
    if (rows > 5) { a = v128.load(pA, 272); c50 = madd(a, b0, c50); c51 = madd(a, b1, c51) }
    if (!--K) break
    b0 = v128.load(pB, 96); b1 = v128.load(pB, 112)
    a = v128.load(pA, 288); c00 = madd(a, b0, c00); c01 = madd(a, b1, c01)
    if (rows > 1) { a = v128.load(pA, 304); c10 = madd(a, b0, c10); c11 = madd(a, b1, c11) }
    if (rows > 2) { a = v128.load(pA, 320); c20 = madd(a, b0, c20); c21 = madd(a, b1, c21) }
    if (rows > 3) { a = v128.load(pA, 336); c30 = madd(a, b0, c30); c31 = madd(a, b1, c31) }
    if (rows > 4) { a = v128.load(pA, 352); c40 = madd(a, b0, c40); c41 = madd(a, b1, c41) }
    if (rows > 5) { a = v128.load(pA, 368); c50 = madd(a, b0, c50); c51 = madd(a, b1, c51) }
    if (!--K) break
    pA += 384
    pB += 128
  }
  finish(rows, false, pC, ldc, mode, pBias, pRowBias, c00, c01, c00, c10, c11, c00, c20, c21, c00, c30, c31, c40, c41, c50, c51)
}

/** The same sums where k runs over `count` lists of `width` > 0 steps: A's rows lie together, `sA` bytes from step to step. */
// @ts-ignore: decorator
@inline
function steps(
  rows: i32, wide: bool, pList: usize, count: i32, aOffset: usize, sA: usize, width: i32, pB: usize, pC: usize, mode: i32,
): void {
  let c00 = f32x4.splat(0), c01 = c00, c02 = c00, c10 = c00, c11 = c00, c12 = c00, c20 = c00, c21 = c00, c22 = c00
  let c30 = c00, c31 = c00, c40 = c00, c41 = c00, c50 = c00, c51 = c00
  const end = pList + (count << 2)
  for (; pList < end; pList += 4) {
    let pA = <usize>load<u32>(pList) + aOffset
    let k = width
    while (true) {
      let b0 = v128.load(pB), b1 = v128.load(pB, 16), b2 = wide ? v128.load(pB, 32) : b1
      let a = v128.load32_splat(pA); c00 = madd(a, b0, c00); c01 = madd(a, b1, c01); if (wide) c02 = madd(a, b2, c02)
      if (wide && rows > 2 && k <= 0) break
      if (rows > 1) { a = v128.load32_splat(pA, 4); c10 = madd(a, b0, c10); c11 = madd(a, b1, c11); if (wide) c12 = madd(a, b2, c12) }
      if (rows > 2) { a = v128.load32_splat(pA, 8); c20 = madd(a, b0, c20); c21 = madd(a, b1, c21); if (wide) c22 = madd(a, b2, c22) }
      if (rows > 3) { a = v128.load32_splat(pA, 12); c30 = madd(a, b0, c30); c31 = madd(a, b1, c31) }
      if (rows > 4) { a = v128.load32_splat(pA, 16); c40 = madd(a, b0, c40); c41 = madd(a, b1, c41) }
      if (rows > 5) { a = v128.load32_splat(pA, 20); c50 = madd(a, b0, c50); c51 = madd(a, b1, c51) }
      pA += sA
      if (!--k) { pB += wide ? 48 : 32; break }
      if (wide) { b0 = v128.load(pB, 48); b1 = v128.load(pB, 64); b2 = v128.load(pB, 80) }
      else { b0 = v128.load(pB, 32); b1 = v128.load(pB, 48) }
      a = v128.load32_splat(pA); c00 = madd(a, b0, c00); c01 = madd(a, b1, c01); if (wide) c02 = madd(a, b2, c02)
      if (wide && rows > 2 && k <= 0) break
      if (rows > 1) { a = v128.load32_splat(pA, 4); c10 = madd(a, b0, c10); c11 = madd(a, b1, c11); if (wide) c12 = madd(a, b2, c12) }
      if (rows > 2) { a = v128.load32_splat(pA, 8); c20 = madd(a, b0, c20); c21 = madd(a, b1, c21); if (wide) c22 = madd(a, b2, c22) }
      if (rows > 3) { a = v128.load32_splat(pA, 12); c30 = madd(a, b0, c30); c31 = madd(a, b1, c31) }
      if (rows > 4) { a = v128.load32_splat(pA, 16); c40 = madd(a, b0, c40); c41 = madd(a, b1, c41) }
      if (rows > 5) { a = v128.load32_splat(pA, 20); c50 = madd(a, b0, c50); c51 = madd(a, b1, c51) }
      pA += sA
      if (!--k) { pB += wide ? 96 : 64; break }
      if (wide) { b0 = v128.load(pB, 96); b1 = v128.load(pB, 112); b2 = v128.load(pB, 128) }
      else { b0 = v128.load(pB, 64); b1 = v128.load(pB, 80) }
      a = v128.load32_splat(pA); c00 = madd(a, b0, c00); c01 = madd(a, b1, c01); if (wide) c02 = madd(a, b2, c02)
      if (wide && rows > 2 && k <= 0) break
      if (rows > 1) { a = v128.load32_splat(pA, 4); c10 = madd(a, b0, c10); c11 = madd(a, b1, c11); if (wide) c12 = madd(a, b2, c12) }
      if (rows > 2) { a = v128.load32_splat(pA, 8); c20 = madd(a, b0, c20); c21 = madd(a, b1, c21); if (wide) c22 = madd(a, b2, c22) }
      if (rows > 3) { a = v128.load32_splat(pA, 12); c30 = madd(a, b0, c30); c31 = madd(a, b1, c31) }
      if (rows > 4) { a = v128.load32_splat(pA, 16); c40 = madd(a, b0, c40); c41 = madd(a, b1, c41) }
      if (rows > 5) { a = v128.load32_splat(pA, 20); c50 = madd(a, b0, c50); c51 = madd(a, b1, c51) }
      pA += sA
      if (!--k) { pB += wide ? 144 : 96; break }
      if (wide) { b0 = v128.load(pB, 144); b1 = v128.load(pB, 160); b2 = v128.load(pB, 176) }
      else { b0 = v128.load(pB, 96); b1 = v128.load(pB, 112) }
      a = v128.load32_splat(pA); c00 = madd(a, b0, c00); c01 = madd(a, b1, c01); if (wide) c02 = madd(a, b2, c02)
      if (wide && rows > 2 && k <= 0) break
      if (rows > 1) { a = v128.load32_splat(pA, 4); c10 = madd(a, b0, c10); c11 = madd(a, b1, c11); if (wide) c12 = madd(a, b2, c12) }
      if (rows > 2) { a = v128.load32_splat(pA, 8); c20 = madd(a, b0, c20); c21 = madd(a, b1, c21); if (wide) c22 = madd(a, b2, c22) }
      if (rows > 3) { a = v128.load32_splat(pA, 12); c30 = madd(a, b0, c30); c31 = madd(a, b1, c31) }
      if (rows > 4) { a = v128.load32_splat(pA, 16); c40 = madd(a, b0, c40); c41 = madd(a, b1, c41) }
      if (rows > 5) { a = v128.load32_splat(pA, 20); c50 = madd(a, b0, c50); c51 = madd(a, b1, c51) }
      pA += sA
      pB += wide ? 192 : 128
      if (!--k) break
    }
  }
  finish(rows, wide, pC, wide ? 48 : 32, mode, 0, 0, c00, c01, c02, c10, c11, c12, c20, c21, c22, c30, c31, c40, c41, c50, c51)
}

/** The same for six rows, without offsets in A's loads. They cost V8 in Node a few instructions a step. Relaxed tier. */
function plainSteps6(pList: usize, count: i32, aOffset: usize, sA: usize, width: i32, pB: usize, pC: usize, mode: i32): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00
  let c30 = c00, c31 = c00, c40 = c00, c41 = c00, c50 = c00, c51 = c00
  const end = pList + (count << 2)
  for (; pList < end; pList += 4) {
    let pA = <usize>load<u32>(pList) + aOffset
    let k = width
    while (true) {
      let b0 = v128.load(pB), b1 = v128.load(pB, 16)
      let a = v128.load32_splat(pA); c00 = madd(a, b0, c00); c01 = madd(a, b1, c01)
      a = v128.load32_splat(pA + 4); c10 = madd(a, b0, c10); c11 = madd(a, b1, c11)
      a = v128.load32_splat(pA + 8); c20 = madd(a, b0, c20); c21 = madd(a, b1, c21)
      a = v128.load32_splat(pA + 12); c30 = madd(a, b0, c30); c31 = madd(a, b1, c31)
      a = v128.load32_splat(pA + 16); c40 = madd(a, b0, c40); c41 = madd(a, b1, c41)
      a = v128.load32_splat(pA + 20); c50 = madd(a, b0, c50); c51 = madd(a, b1, c51)
      pA += sA
      if (!--k) { pB += 32; break }
      b0 = v128.load(pB, 32); b1 = v128.load(pB, 48)
      a = v128.load32_splat(pA); c00 = madd(a, b0, c00); c01 = madd(a, b1, c01)
      a = v128.load32_splat(pA + 4); c10 = madd(a, b0, c10); c11 = madd(a, b1, c11)
      a = v128.load32_splat(pA + 8); c20 = madd(a, b0, c20); c21 = madd(a, b1, c21)
      a = v128.load32_splat(pA + 12); c30 = madd(a, b0, c30); c31 = madd(a, b1, c31)
      a = v128.load32_splat(pA + 16); c40 = madd(a, b0, c40); c41 = madd(a, b1, c41)
      a = v128.load32_splat(pA + 20); c50 = madd(a, b0, c50); c51 = madd(a, b1, c51)
      pA += sA
      if (!--k) { pB += 64; break }
      b0 = v128.load(pB, 64); b1 = v128.load(pB, 80)
      a = v128.load32_splat(pA); c00 = madd(a, b0, c00); c01 = madd(a, b1, c01)
      a = v128.load32_splat(pA + 4); c10 = madd(a, b0, c10); c11 = madd(a, b1, c11)
      a = v128.load32_splat(pA + 8); c20 = madd(a, b0, c20); c21 = madd(a, b1, c21)
      a = v128.load32_splat(pA + 12); c30 = madd(a, b0, c30); c31 = madd(a, b1, c31)
      a = v128.load32_splat(pA + 16); c40 = madd(a, b0, c40); c41 = madd(a, b1, c41)
      a = v128.load32_splat(pA + 20); c50 = madd(a, b0, c50); c51 = madd(a, b1, c51)
      pA += sA
      if (!--k) { pB += 96; break }
      b0 = v128.load(pB, 96); b1 = v128.load(pB, 112)
      a = v128.load32_splat(pA); c00 = madd(a, b0, c00); c01 = madd(a, b1, c01)
      a = v128.load32_splat(pA + 4); c10 = madd(a, b0, c10); c11 = madd(a, b1, c11)
      a = v128.load32_splat(pA + 8); c20 = madd(a, b0, c20); c21 = madd(a, b1, c21)
      a = v128.load32_splat(pA + 12); c30 = madd(a, b0, c30); c31 = madd(a, b1, c31)
      a = v128.load32_splat(pA + 16); c40 = madd(a, b0, c40); c41 = madd(a, b1, c41)
      a = v128.load32_splat(pA + 20); c50 = madd(a, b0, c50); c51 = madd(a, b1, c51)
      pA += sA
      pB += 128
      if (!--k) break
    }
  }
  finish(6, false, pC, 32, mode, 0, 0, c00, c01, c00, c10, c11, c00, c20, c21, c00, c30, c31, c40, c41, c50, c51)
}

/** Stores a tile of sums, with the arithmetic of finishFour but for SIX. */
// @ts-ignore: decorator
@inline
export function finish(
  rows: i32, wide: bool, pC: usize, ldc: usize, mode: i32, pBias: usize, pRowBias: usize,
  c00: v128, c01: v128, c02: v128, c10: v128, c11: v128, c12: v128, c20: v128, c21: v128, c22: v128,
  c30: v128, c31: v128, c40: v128, c41: v128, c50: v128, c51: v128,
): void {
  if (mode & ACCUMULATE) {
    let p = pC
    c00 = f32x4.add(c00, v128.load(p)); c01 = f32x4.add(c01, v128.load(p, 16)); if (wide) c02 = f32x4.add(c02, v128.load(p, 32))
    if (rows > 1) { p += ldc; c10 = f32x4.add(c10, v128.load(p)); c11 = f32x4.add(c11, v128.load(p, 16)); if (wide) c12 = f32x4.add(c12, v128.load(p, 32)) }
    if (rows > 2) { p += ldc; c20 = f32x4.add(c20, v128.load(p)); c21 = f32x4.add(c21, v128.load(p, 16)); if (wide) c22 = f32x4.add(c22, v128.load(p, 32)) }
    if (rows > 3) { p += ldc; c30 = f32x4.add(c30, v128.load(p)); c31 = f32x4.add(c31, v128.load(p, 16)) }
    if (rows > 4) { p += ldc; c40 = f32x4.add(c40, v128.load(p)); c41 = f32x4.add(c41, v128.load(p, 16)) }
    if (rows > 5) { p += ldc; c50 = f32x4.add(c50, v128.load(p)); c51 = f32x4.add(c51, v128.load(p, 16)) }
  }
  if (mode & BIAS_COLUMN) {
    const b0 = v128.load(pBias), b1 = v128.load(pBias, 16), b2 = wide ? v128.load(pBias, 32) : b1
    c00 = f32x4.add(c00, b0); c01 = f32x4.add(c01, b1); if (wide) c02 = f32x4.add(c02, b2)
    if (rows > 1) { c10 = f32x4.add(c10, b0); c11 = f32x4.add(c11, b1); if (wide) c12 = f32x4.add(c12, b2) }
    if (rows > 2) { c20 = f32x4.add(c20, b0); c21 = f32x4.add(c21, b1); if (wide) c22 = f32x4.add(c22, b2) }
    if (rows > 3) { c30 = f32x4.add(c30, b0); c31 = f32x4.add(c31, b1) }
    if (rows > 4) { c40 = f32x4.add(c40, b0); c41 = f32x4.add(c41, b1) }
    if (rows > 5) { c50 = f32x4.add(c50, b0); c51 = f32x4.add(c51, b1) }
  }
  if (mode & BIAS_ROW) {
    let b = v128.load32_splat(pRowBias)
    c00 = f32x4.add(c00, b); c01 = f32x4.add(c01, b); if (wide) c02 = f32x4.add(c02, b)
    if (rows > 1) { b = v128.load32_splat(pRowBias, 4); c10 = f32x4.add(c10, b); c11 = f32x4.add(c11, b); if (wide) c12 = f32x4.add(c12, b) }
    if (rows > 2) { b = v128.load32_splat(pRowBias, 8); c20 = f32x4.add(c20, b); c21 = f32x4.add(c21, b); if (wide) c22 = f32x4.add(c22, b) }
    if (rows > 3) { b = v128.load32_splat(pRowBias, 12); c30 = f32x4.add(c30, b); c31 = f32x4.add(c31, b) }
    if (rows > 4) { b = v128.load32_splat(pRowBias, 16); c40 = f32x4.add(c40, b); c41 = f32x4.add(c41, b) }
    if (rows > 5) { b = v128.load32_splat(pRowBias, 20); c50 = f32x4.add(c50, b); c51 = f32x4.add(c51, b) }
  }
  if (mode & RELU) {
    const zero = f32x4.splat(0)
    c00 = f32x4.pmax(c00, zero); c01 = f32x4.pmax(c01, zero); if (wide) c02 = f32x4.pmax(c02, zero)
    if (rows > 1) { c10 = f32x4.pmax(c10, zero); c11 = f32x4.pmax(c11, zero); if (wide) c12 = f32x4.pmax(c12, zero) }
    if (rows > 2) { c20 = f32x4.pmax(c20, zero); c21 = f32x4.pmax(c21, zero); if (wide) c22 = f32x4.pmax(c22, zero) }
    if (rows > 3) { c30 = f32x4.pmax(c30, zero); c31 = f32x4.pmax(c31, zero) }
    if (rows > 4) { c40 = f32x4.pmax(c40, zero); c41 = f32x4.pmax(c41, zero) }
    if (rows > 5) { c50 = f32x4.pmax(c50, zero); c51 = f32x4.pmax(c51, zero) }
  }
  v128.store(pC, c00); v128.store(pC, c01, 16); if (wide) v128.store(pC, c02, 32)
  if (rows > 1) { pC += ldc; v128.store(pC, c10); v128.store(pC, c11, 16); if (wide) v128.store(pC, c12, 32) }
  if (rows > 2) { pC += ldc; v128.store(pC, c20); v128.store(pC, c21, 16); if (wide) v128.store(pC, c22, 32) }
  if (rows > 3) { pC += ldc; v128.store(pC, c30); v128.store(pC, c31, 16) }
  if (rows > 4) { pC += ldc; v128.store(pC, c40); v128.store(pC, c41, 16) }
  if (rows > 5) { pC += ldc; v128.store(pC, c50); v128.store(pC, c51, 16) }
}

function taps1(t: usize, n: i32, run: i32, at: usize, p: usize, c: usize, ld: usize, m: i32, b: usize, r: usize): void { taps(1, false, t, n, run, at, p, c, ld, m, b, r) }
function taps2(t: usize, n: i32, run: i32, at: usize, p: usize, c: usize, ld: usize, m: i32, b: usize, r: usize): void { taps(2, false, t, n, run, at, p, c, ld, m, b, r) }
function taps3(t: usize, n: i32, run: i32, at: usize, p: usize, c: usize, ld: usize, m: i32, b: usize, r: usize): void { taps(3, false, t, n, run, at, p, c, ld, m, b, r) }
function taps4(t: usize, n: i32, run: i32, at: usize, p: usize, c: usize, ld: usize, m: i32, b: usize, r: usize): void { taps(4, false, t, n, run, at, p, c, ld, m, b, r) }
function taps5(t: usize, n: i32, run: i32, at: usize, p: usize, c: usize, ld: usize, m: i32, b: usize, r: usize): void { taps(5, false, t, n, run, at, p, c, ld, m, b, r) }
function taps6(t: usize, n: i32, run: i32, at: usize, p: usize, c: usize, ld: usize, m: i32, b: usize, r: usize): void { taps(6, false, t, n, run, at, p, c, ld, m, b, r) }
function taps1w(t: usize, n: i32, run: i32, at: usize, p: usize, c: usize, ld: usize, m: i32, b: usize, r: usize): void { taps(1, true, t, n, run, at, p, c, ld, m, b, r) }
function taps2w(t: usize, n: i32, run: i32, at: usize, p: usize, c: usize, ld: usize, m: i32, b: usize, r: usize): void { taps(2, true, t, n, run, at, p, c, ld, m, b, r) }
function taps3w(t: usize, n: i32, run: i32, at: usize, p: usize, c: usize, ld: usize, m: i32, b: usize, r: usize): void { taps(3, true, t, n, run, at, p, c, ld, m, b, r) }

/** One tile of `rows` (1 to MR) by `width` over a tap list; `at` bytes are added to the addresses of A. */
export function tileOfTaps(
  rows: i32, width: i32, t: usize, n: i32, run: i32, at: usize, p: usize, c: usize, ld: usize, m: i32, b: usize, r: usize,
): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    if (rows == 6) { taps6(t, n, run, at, p, c, ld, m, b, r); return }
    if (rows == 5) { taps5(t, n, run, at, p, c, ld, m, b, r); return }
    if (rows == 4) { taps4(t, n, run, at, p, c, ld, m, b, r); return }
  } else if (width == 12) {
    if (rows == 3) taps3w(t, n, run, at, p, c, ld, m, b, r)
    else if (rows == 2) taps2w(t, n, run, at, p, c, ld, m, b, r)
    else taps1w(t, n, run, at, p, c, ld, m, b, r)
    return
  }
  if (rows == 3) taps3(t, n, run, at, p, c, ld, m, b, r)
  else if (rows == 2) taps2(t, n, run, at, p, c, ld, m, b, r)
  else taps1(t, n, run, at, p, c, ld, m, b, r)
}

function panel1(a: usize, p: usize, K: i32, c: usize, ld: usize, m: i32, b: usize, r: usize): void { panel(1, false, a, p, K, c, ld, m, b, r) }
function panel2(a: usize, p: usize, K: i32, c: usize, ld: usize, m: i32, b: usize, r: usize): void { panel(2, false, a, p, K, c, ld, m, b, r) }
function panel3(a: usize, p: usize, K: i32, c: usize, ld: usize, m: i32, b: usize, r: usize): void { panel(3, false, a, p, K, c, ld, m, b, r) }
function panel1w(a: usize, p: usize, K: i32, c: usize, ld: usize, m: i32, b: usize, r: usize): void { panel(1, true, a, p, K, c, ld, m, b, r) }
function panel2w(a: usize, p: usize, K: i32, c: usize, ld: usize, m: i32, b: usize, r: usize): void { panel(2, true, a, p, K, c, ld, m, b, r) }
function panel3w(a: usize, p: usize, K: i32, c: usize, ld: usize, m: i32, b: usize, r: usize): void { panel(3, true, a, p, K, c, ld, m, b, r) }

function spread1(a: usize, p: usize, K: i32, c: usize, ld: usize, m: i32, b: usize, r: usize): void { spread(1, a, p, K, c, ld, m, b, r) }
function spread2(a: usize, p: usize, K: i32, c: usize, ld: usize, m: i32, b: usize, r: usize): void { spread(2, a, p, K, c, ld, m, b, r) }
function spread3(a: usize, p: usize, K: i32, c: usize, ld: usize, m: i32, b: usize, r: usize): void { spread(3, a, p, K, c, ld, m, b, r) }
function spread4(a: usize, p: usize, K: i32, c: usize, ld: usize, m: i32, b: usize, r: usize): void { spread(4, a, p, K, c, ld, m, b, r) }
function spread5(a: usize, p: usize, K: i32, c: usize, ld: usize, m: i32, b: usize, r: usize): void { spread(5, a, p, K, c, ld, m, b, r) }
function spread6(a: usize, p: usize, K: i32, c: usize, ld: usize, m: i32, b: usize, r: usize): void { spread(6, a, p, K, c, ld, m, b, r) }

/** One tile of `rows` (1 to MR) by `width` over packed panels of A and B. */
export function tileOfPanels(
  rows: i32, width: i32, a: usize, p: usize, K: i32, c: usize, ld: usize, m: i32, b: usize, r: usize,
): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    if (rows == 6) spread6(a, p, K, c, ld, m, b, r)
    else if (rows == 5) spread5(a, p, K, c, ld, m, b, r)
    else if (rows == 4) spread4(a, p, K, c, ld, m, b, r)
    else if (rows == 3) spread3(a, p, K, c, ld, m, b, r)
    else if (rows == 2) spread2(a, p, K, c, ld, m, b, r)
    else spread1(a, p, K, c, ld, m, b, r)
  } else if (width == 12) {
    if (rows == 3) panel3w(a, p, K, c, ld, m, b, r)
    else if (rows == 2) panel2w(a, p, K, c, ld, m, b, r)
    else panel1w(a, p, K, c, ld, m, b, r)
  } else {
    if (rows == 3) panel3(a, p, K, c, ld, m, b, r)
    else if (rows == 2) panel2(a, p, K, c, ld, m, b, r)
    else panel1(a, p, K, c, ld, m, b, r)
  }
}

function steps1(l: usize, n: i32, o: usize, s: usize, w: i32, p: usize, c: usize, m: i32): void { steps(1, false, l, n, o, s, w, p, c, m) }
function steps2(l: usize, n: i32, o: usize, s: usize, w: i32, p: usize, c: usize, m: i32): void { steps(2, false, l, n, o, s, w, p, c, m) }
function steps3(l: usize, n: i32, o: usize, s: usize, w: i32, p: usize, c: usize, m: i32): void { steps(3, false, l, n, o, s, w, p, c, m) }
function steps4(l: usize, n: i32, o: usize, s: usize, w: i32, p: usize, c: usize, m: i32): void { steps(4, false, l, n, o, s, w, p, c, m) }
function steps5(l: usize, n: i32, o: usize, s: usize, w: i32, p: usize, c: usize, m: i32): void { steps(5, false, l, n, o, s, w, p, c, m) }
function steps6(l: usize, n: i32, o: usize, s: usize, w: i32, p: usize, c: usize, m: i32): void { steps(6, false, l, n, o, s, w, p, c, m) }
function steps1w(l: usize, n: i32, o: usize, s: usize, w: i32, p: usize, c: usize, m: i32): void { steps(1, true, l, n, o, s, w, p, c, m) }
function steps2w(l: usize, n: i32, o: usize, s: usize, w: i32, p: usize, c: usize, m: i32): void { steps(2, true, l, n, o, s, w, p, c, m) }
function steps3w(l: usize, n: i32, o: usize, s: usize, w: i32, p: usize, c: usize, m: i32): void { steps(3, true, l, n, o, s, w, p, c, m) }

/** One tile of `rows` (1 to stepRows) by `width` over lists of steps, stored densely. `plain`: see PLAIN_LOADS. */
export function tileOfSteps(
  rows: i32, width: i32, l: usize, n: i32, o: usize, s: usize, w: i32, p: usize, c: usize, m: i32, plain: bool,
): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    if (rows == 6) {
      if (plain) plainSteps6(l, n, o, s, w, p, c, m)
      else steps6(l, n, o, s, w, p, c, m)
      return
    }
    if (rows == 5) { steps5(l, n, o, s, w, p, c, m); return }
  } else if (width == 12) {
    if (rows == 3) steps3w(l, n, o, s, w, p, c, m)
    else if (rows == 2) steps2w(l, n, o, s, w, p, c, m)
    else steps1w(l, n, o, s, w, p, c, m)
    return
  }
  if (rows == 4) steps4(l, n, o, s, w, p, c, m)
  else if (rows == 3) steps3(l, n, o, s, w, p, c, m)
  else if (rows == 2) steps2(l, n, o, s, w, p, c, m)
  else steps1(l, n, o, s, w, p, c, m)
}
