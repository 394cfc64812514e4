// The rungs below the library's kernels, for bench/ladder.mjs: C = A B on dense square matrices of n rows, n a multiple of
// 240, and convolution 3x3 with padding 1 on one channels-last image. Compiled for either tier: see `madd`.

// @ts-ignore: decorator
@inline
function madd(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c)
}

/** Three scalar loops, as the formula reads: the inner one jumps a row of B at each step. */
export function naive(pA: usize, pB: usize, pC: usize, n: i32, pSpace: usize): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum: f32 = 0
      for (let k = 0; k < n; k++) sum += load<f32>(pA + (i * n + k << 2)) * load<f32>(pB + (k * n + j << 2))
      store<f32>(pC + (i * n + j << 2), sum)
    }
  }
}

/** The same products with the loops turned, so that the inner one walks along rows of B and C. */
export function turned(pA: usize, pB: usize, pC: usize, n: i32, pSpace: usize): void {
  memory.fill(pC, 0, n * n << 2)
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      const a = load<f32>(pA + (i * n + k << 2))
      let b = pB + (k * n << 2), c = pC + (i * n << 2)
      for (let j = 0; j < n; j++, b += 4, c += 4) store<f32>(c, load<f32>(c) + a * load<f32>(b))
    }
  }
}

// @ts-ignore: decorator
@inline
const BLOCK: i32 = 60

/** The same over blocks of B that stay in the first-level cache while all of A passes by. */
export function blocked(pA: usize, pB: usize, pC: usize, n: i32, pSpace: usize): void {
  memory.fill(pC, 0, n * n << 2)
  for (let kk = 0; kk < n; kk += BLOCK) {
    for (let jj = 0; jj < n; jj += BLOCK) {
      for (let i = 0; i < n; i++) {
        for (let k = kk; k < kk + BLOCK; k++) {
          const a = load<f32>(pA + (i * n + k << 2))
          let b = pB + (k * n + jj << 2), c = pC + (i * n + jj << 2)
          for (let j = 0; j < BLOCK; j++, b += 4, c += 4) store<f32>(c, load<f32>(c) + a * load<f32>(b))
        }
      }
    }
  }
}

/** The same with each block of B copied together first, so that it is read from one end to the other. */
export function packed(pA: usize, pB: usize, pC: usize, n: i32, pSpace: usize): void {
  memory.fill(pC, 0, n * n << 2)
  for (let kk = 0; kk < n; kk += BLOCK) {
    for (let jj = 0; jj < n; jj += BLOCK) {
      for (let k = 0; k < BLOCK; k++) memory.copy(pSpace + (k * BLOCK << 2), pB + ((kk + k) * n + jj << 2), BLOCK << 2)
      for (let i = 0; i < n; i++) {
        let b = pSpace
        for (let k = kk; k < kk + BLOCK; k++) {
          const a = load<f32>(pA + (i * n + k << 2))
          let c = pC + (i * n + jj << 2)
          for (let j = 0; j < BLOCK; j++, b += 4, c += 4) store<f32>(c, load<f32>(c) + a * load<f32>(b))
        }
      }
    }
  }
}

/** The same, four columns at a time. */
export function vectors(pA: usize, pB: usize, pC: usize, n: i32, pSpace: usize): void {
  memory.fill(pC, 0, n * n << 2)
  for (let kk = 0; kk < n; kk += BLOCK) {
    for (let jj = 0; jj < n; jj += BLOCK) {
      for (let k = 0; k < BLOCK; k++) memory.copy(pSpace + (k * BLOCK << 2), pB + ((kk + k) * n + jj << 2), BLOCK << 2)
      for (let i = 0; i < n; i++) {
        let b = pSpace
        for (let k = kk; k < kk + BLOCK; k++) {
          const a = v128.load32_splat(pA + (i * n + k << 2))
          let c = pC + (i * n + jj << 2)
          for (let j = 0; j < BLOCK; j += 4, b += 16, c += 16) v128.store(c, madd(a, v128.load(b), v128.load(c)))
        }
      }
    }
  }
}

/** Stores a tile's sums, added to what is there already but for the first block of k. */
// @ts-ignore: decorator
@inline
function finish(
  rows: i32, wide: bool, c: usize, ldc: usize, add: bool, c00: v128, c01: v128, c02: v128, c10: v128, c11: v128, c12: v128,
  c20: v128, c21: v128, c22: v128, c30: v128, c31: v128, c40: v128, c41: v128, c50: v128, c51: v128,
): void {
  put(c, add, wide, c00, c01, c02)
  put(c += ldc, add, wide, c10, c11, c12)
  put(c += ldc, add, wide, c20, c21, c22)
  if (rows > 3) put(c += ldc, add, false, c30, c31, c31)
  if (rows > 4) put(c += ldc, add, false, c40, c41, c41)
  if (rows > 5) put(c += ldc, add, false, c50, c51, c51)
}

// @ts-ignore: decorator
@inline
function put(c: usize, add: bool, wide: bool, left: v128, middle: v128, right: v128): void {
  v128.store(c, add ? f32x4.add(v128.load(c), left) : left)
  v128.store(c, add ? f32x4.add(v128.load(c, 16), middle) : middle, 16)
  if (wide) v128.store(c, add ? f32x4.add(v128.load(c, 32), right) : right, 32)
}

/**
 * A tile of `rows` x 8 sums, or of 3 x 12 where `wide`, over K steps. A's value r of a step lies at a + r sRow, and the next
 * step sStep on; with `ready` it lies there four times over. Two steps a round where `unrolled`, with a way out between
 * them, and in wide tiles one more that is never taken, where `exits`.
 */
// @ts-ignore: decorator
@inline
function tile(
  rows: i32, wide: bool, ready: bool, unrolled: bool, exits: bool,
  a: usize, sRow: usize, sStep: usize, b: usize, sB: usize, K: i32, c: usize, ldc: usize, add: bool,
): void {
  let c00 = f32x4.splat(0), c01 = c00, c02 = c00, c10 = c00, c11 = c00, c12 = c00, c20 = c00, c21 = c00, c22 = c00
  let c30 = c00, c31 = c00, c40 = c00, c41 = c00, c50 = c00, c51 = c00
  while (true) {
    let b0 = v128.load(b), b1 = v128.load(b, 16), b2 = wide ? v128.load(b, 32) : b1
    let x = value(ready, a); c00 = madd(x, b0, c00); c01 = madd(x, b1, c01); if (wide) c02 = madd(x, b2, c02)
    if (wide && exits && K <= 0) break
    x = value(ready, a + sRow); c10 = madd(x, b0, c10); c11 = madd(x, b1, c11); if (wide) c12 = madd(x, b2, c12)
    x = value(ready, a + 2 * sRow); c20 = madd(x, b0, c20); c21 = madd(x, b1, c21); if (wide) c22 = madd(x, b2, c22)
    if (rows > 3) { x = value(ready, a + 3 * sRow); c30 = madd(x, b0, c30); c31 = madd(x, b1, c31) }
    if (rows > 4) { x = value(ready, a + 4 * sRow); c40 = madd(x, b0, c40); c41 = madd(x, b1, c41) }
    if (rows > 5) { x = value(ready, a + 5 * sRow); c50 = madd(x, b0, c50); c51 = madd(x, b1, c51) }
    a += sStep; b += sB
    if (unrolled) {
      if (exits) { if (!--K) break } else K--
      b0 = v128.load(b); b1 = v128.load(b, 16); if (wide) b2 = v128.load(b, 32)
      x = value(ready, a); c00 = madd(x, b0, c00); c01 = madd(x, b1, c01); if (wide) c02 = madd(x, b2, c02)
      if (wide && exits && K <= 0) break
      x = value(ready, a + sRow); c10 = madd(x, b0, c10); c11 = madd(x, b1, c11); if (wide) c12 = madd(x, b2, c12)
      x = value(ready, a + 2 * sRow); c20 = madd(x, b0, c20); c21 = madd(x, b1, c21); if (wide) c22 = madd(x, b2, c22)
      if (rows > 3) { x = value(ready, a + 3 * sRow); c30 = madd(x, b0, c30); c31 = madd(x, b1, c31) }
      if (rows > 4) { x = value(ready, a + 4 * sRow); c40 = madd(x, b0, c40); c41 = madd(x, b1, c41) }
      if (rows > 5) { x = value(ready, a + 5 * sRow); c50 = madd(x, b0, c50); c51 = madd(x, b1, c51) }
      a += sStep; b += sB
    }
    if (!--K) break
  }
  finish(rows, wide, c, ldc, add, c00, c01, c02, c10, c11, c12, c20, c21, c22, c30, c31, c40, c41, c50, c51)
}

// @ts-ignore: decorator
@inline
function value(ready: bool, a: usize): v128 {
  return ready ? v128.load(a) : v128.load32_splat(a)
}

/** A 4x8 tile over all of k; A and B are read where they lie. */
export function tiles(pA: usize, pB: usize, pC: usize, n: i32, pSpace: usize): void {
  const row: usize = n << 2
  for (let i = 0; i < n; i += 4) {
    for (let j = 0; j < n; j += 8)
      tile(4, false, false, false, false, pA + i * row, row, 4, pB + (j << 2), row, n, pC + i * row + (j << 2), row, false)
  }
}

// @ts-ignore: decorator
@inline
const DEPTH: i32 = 240

/** The same over blocks of k, with B packed in panels of 8 or 12 columns and A in panels of `rows` rows. */
// @ts-ignore: decorator
@inline
function panels(
  rows: i32, wide: bool, ready: bool, unrolled: bool, exits: bool,
  pA: usize, pB: usize, pC: usize, n: i32, pSpace: usize,
): void {
  const row: usize = n << 2, bytes: usize = ready ? 16 : 4
  const columns = wide ? 12 : 8
  const pPanel = pSpace + (DEPTH * n << 2)
  for (let kk = 0; kk < n; kk += DEPTH) {
    packB(wide, pB + kk * row, n, pSpace)
    for (let i = 0; i < n; i += rows) {
      packA(rows, ready, pA + i * row + (kk << 2), row, pPanel)
      for (let j = 0; j < n; j += columns) {
        const pFrom = pSpace + (j * DEPTH << 2), pTo = pC + i * row + (j << 2)
        tile(rows, wide, ready, unrolled, exits, pPanel, bytes, bytes * rows, pFrom, columns << 2, DEPTH, pTo, row, kk > 0)
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function packB(wide: bool, pB: usize, n: i32, pTo: usize): void {
  const columns = wide ? 12 : 8
  for (let j = 0; j < n; j += columns) {
    for (let k = 0; k < DEPTH; k++, pTo += columns << 2) {
      const b = pB + (k * n + j << 2)
      v128.store(pTo, v128.load(b))
      v128.store(pTo, v128.load(b, 16), 16)
      if (wide) v128.store(pTo, v128.load(b, 32), 32)
    }
  }
}

// @ts-ignore: decorator
@inline
function packA(rows: i32, ready: bool, pA: usize, row: usize, pTo: usize): void {
  for (let k = 0; k < DEPTH; k++) {
    for (let r = 0; r < rows; r++) {
      const a = pA + r * row + (k << 2)
      if (ready) { v128.store(pTo, v128.load32_splat(a)); pTo += 16 }
      else { store<f32>(pTo, load<f32>(a)); pTo += 4 }
    }
  }
}

export function panels_4x8(pA: usize, pB: usize, pC: usize, n: i32, pSpace: usize): void {
  panels(4, false, false, false, false, pA, pB, pC, n, pSpace)
}

export function panels_4x8_unrolled(pA: usize, pB: usize, pC: usize, n: i32, pSpace: usize): void {
  panels(4, false, false, true, false, pA, pB, pC, n, pSpace)
}

export function panels_4x8_exits(pA: usize, pB: usize, pC: usize, n: i32, pSpace: usize): void {
  panels(4, false, false, true, true, pA, pB, pC, n, pSpace)
}

export function panels_4x8_ready(pA: usize, pB: usize, pC: usize, n: i32, pSpace: usize): void {
  panels(4, false, true, true, true, pA, pB, pC, n, pSpace)
}

export function panels_3x12_exits(pA: usize, pB: usize, pC: usize, n: i32, pSpace: usize): void {
  panels(3, true, false, true, true, pA, pB, pC, n, pSpace)
}

export function panels_3x12_ready(pA: usize, pB: usize, pC: usize, n: i32, pSpace: usize): void {
  panels(3, true, true, true, true, pA, pB, pC, n, pSpace)
}

export function panels_5x8_exits(pA: usize, pB: usize, pC: usize, n: i32, pSpace: usize): void {
  panels(5, false, false, true, true, pA, pB, pC, n, pSpace)
}

export function panels_5x8_ready(pA: usize, pB: usize, pC: usize, n: i32, pSpace: usize): void {
  panels(5, false, true, true, true, pA, pB, pC, n, pSpace)
}

export function panels_6x8_exits(pA: usize, pB: usize, pC: usize, n: i32, pSpace: usize): void {
  panels(6, false, false, true, true, pA, pB, pC, n, pSpace)
}

export function panels_6x8_ready(pA: usize, pB: usize, pC: usize, n: i32, pSpace: usize): void {
  panels(6, false, true, true, true, pA, pB, pC, n, pSpace)
}

/** Convolution as the formula reads; w [OC, C, 3, 3]. */
export function conv(pX: usize, pW: usize, pY: usize, size: i32, C: i32, OC: i32): void {
  for (let h = 0; h < size; h++) {
    for (let w = 0; w < size; w++) {
      for (let o = 0; o < OC; o++) {
        let sum: f32 = 0
        for (let tap = 0; tap < 9; tap++) {
          const y = h + tap / 3 - 1, x = w + tap % 3 - 1
          if (<u32>y >= <u32>size || <u32>x >= <u32>size) continue
          for (let c = 0; c < C; c++)
            sum += load<f32>(pX + ((y * size + x) * C + c << 2)) * load<f32>(pW + ((o * C + c) * 9 + tap << 2))
        }
        store<f32>(pY + ((h * size + w) * OC + o << 2), sum)
      }
    }
  }
}

/** Copies every output point's 3x3 surroundings into a row [tap][C], for one large matrix product. */
export function im2col(pX: usize, pRows: usize, size: i32, C: i32): void {
  const run: usize = C << 2
  for (let h = 0; h < size; h++) {
    for (let w = 0; w < size; w++) {
      for (let tap = 0; tap < 9; tap++, pRows += run) {
        const y = h + tap / 3 - 1, x = w + tap % 3 - 1
        if (<u32>y >= <u32>size || <u32>x >= <u32>size) memory.fill(pRows, 0, run)
        else memory.copy(pRows, pX + (y * size + x) * run, run)
      }
    }
  }
}
