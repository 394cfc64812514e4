// The rungs below the library's kernels, for bench/ladder.mjs: C[n,n] = A B on dense square matrices, and convolution
// 3x3 with padding 1 on one channels-last image.

/** Three scalar loops, as the formula reads. */
export function naive(pA: usize, pB: usize, pC: usize, n: i32): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum: f32 = 0
      for (let k = 0; k < n; k++) sum += load<f32>(pA + (i * n + k << 2)) * load<f32>(pB + (k * n + j << 2))
      store<f32>(pC + (i * n + j << 2), sum)
    }
  }
}

/** The same products with the loops turned, so that the inner one walks rows of B and C. */
export function rows(pA: usize, pB: usize, pC: usize, n: i32): void {
  memory.fill(pC, 0, n * n << 2)
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      const a = load<f32>(pA + (i * n + k << 2))
      let b = pB + (k * n << 2), c = pC + (i * n << 2)
      for (let j = 0; j < n; j++, b += 4, c += 4) store<f32>(c, load<f32>(c) + a * load<f32>(b))
    }
  }
}

/** Four columns at a time. */
export function vectors(pA: usize, pB: usize, pC: usize, n: i32): void {
  memory.fill(pC, 0, n * n << 2)
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      const a = v128.load32_splat(pA + (i * n + k << 2))
      let b = pB + (k * n << 2), c = pC + (i * n << 2)
      for (let j = 0; j < n; j += 4, b += 16, c += 16) {
        v128.store(c, f32x4.add(v128.load(c), f32x4.mul(a, v128.load(b))))
      }
    }
  }
}

/** A 4x8 tile of C stays in registers over the whole of k; B's columns are read where they lie. */
export function tiles(pA: usize, pB: usize, pC: usize, n: i32): void {
  const row: usize = n << 2
  for (let i = 0; i < n; i += 4) {
    for (let j = 0; j < n; j += 8) tile(pA + i * row, row, pB + (j << 2), row, n, pC + i * row + (j << 2), row, 0)
  }
}

/** The same with k cut into blocks of 256, B packed in panels of 8 columns, and the loop over k unrolled by four. */
export function packed(pA: usize, pB: usize, pC: usize, n: i32, pPanels: usize): void {
  const row: usize = n << 2
  for (let k = 0; k < n; k += 256) {
    for (let j = 0; j < n; j += 8) {
      for (let kk = 0; kk < 256; kk++) {
        const q = pB + (k + kk) * row + (j << 2), t = pPanels + ((j * 256 + kk * 8) << 2)
        v128.store(t, v128.load(q))
        v128.store(t, v128.load(q, 16), 16)
      }
    }
    for (let i = 0; i < n; i += 4) {
      for (let j = 0; j < n; j += 8)
        unrolled(pA + i * row + (k << 2), row, pPanels + (j << 10), 256, pC + i * row + (j << 2), row, k)
    }
  }
}

// @ts-ignore: decorator
@inline
function madd(a: v128, b: v128, c: v128): v128 {
  return f32x4.add(f32x4.mul(a, b), c)
}

// @ts-ignore: decorator
@inline
function finish(
  c: usize, ldc: usize, add: i32, c00: v128, c01: v128, c10: v128, c11: v128, c20: v128, c21: v128, c30: v128, c31: v128,
): void {
  if (add) {
    c00 = f32x4.add(c00, v128.load(c)); c01 = f32x4.add(c01, v128.load(c, 16))
    c10 = f32x4.add(c10, v128.load(c + ldc)); c11 = f32x4.add(c11, v128.load(c + ldc, 16))
    c20 = f32x4.add(c20, v128.load(c + 2 * ldc)); c21 = f32x4.add(c21, v128.load(c + 2 * ldc, 16))
    c30 = f32x4.add(c30, v128.load(c + 3 * ldc)); c31 = f32x4.add(c31, v128.load(c + 3 * ldc, 16))
  }
  v128.store(c, c00); v128.store(c, c01, 16); c += ldc
  v128.store(c, c10); v128.store(c, c11, 16); c += ldc
  v128.store(c, c20); v128.store(c, c21, 16); c += ldc
  v128.store(c, c30); v128.store(c, c31, 16)
}

function tile(a: usize, lda: usize, b: usize, ldb: usize, K: i32, c: usize, ldc: usize, add: i32): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00
  let a1 = a + lda, a2 = a1 + lda, a3 = a2 + lda
  for (; K > 0; K--) {
    const b0 = v128.load(b), b1 = v128.load(b, 16)
    let x = v128.load32_splat(a); c00 = madd(x, b0, c00); c01 = madd(x, b1, c01)
    x = v128.load32_splat(a1); c10 = madd(x, b0, c10); c11 = madd(x, b1, c11)
    x = v128.load32_splat(a2); c20 = madd(x, b0, c20); c21 = madd(x, b1, c21)
    x = v128.load32_splat(a3); c30 = madd(x, b0, c30); c31 = madd(x, b1, c31)
    a += 4; a1 += 4; a2 += 4; a3 += 4; b += ldb
  }
  finish(c, ldc, add, c00, c01, c10, c11, c20, c21, c30, c31)
}

function unrolled(a: usize, lda: usize, b: usize, K: i32, c: usize, ldc: usize, add: i32): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00
  let a1 = a + lda, a2 = a1 + lda, a3 = a2 + lda
  for (; K > 0; K -= 4) {
    let b0 = v128.load(b), b1 = v128.load(b, 16)
    let x = v128.load32_splat(a); c00 = madd(x, b0, c00); c01 = madd(x, b1, c01)
    x = v128.load32_splat(a1); c10 = madd(x, b0, c10); c11 = madd(x, b1, c11)
    x = v128.load32_splat(a2); c20 = madd(x, b0, c20); c21 = madd(x, b1, c21)
    x = v128.load32_splat(a3); c30 = madd(x, b0, c30); c31 = madd(x, b1, c31)
    b0 = v128.load(b, 32); b1 = v128.load(b, 48)
    x = v128.load32_splat(a, 4); c00 = madd(x, b0, c00); c01 = madd(x, b1, c01)
    x = v128.load32_splat(a1, 4); c10 = madd(x, b0, c10); c11 = madd(x, b1, c11)
    x = v128.load32_splat(a2, 4); c20 = madd(x, b0, c20); c21 = madd(x, b1, c21)
    x = v128.load32_splat(a3, 4); c30 = madd(x, b0, c30); c31 = madd(x, b1, c31)
    b0 = v128.load(b, 64); b1 = v128.load(b, 80)
    x = v128.load32_splat(a, 8); c00 = madd(x, b0, c00); c01 = madd(x, b1, c01)
    x = v128.load32_splat(a1, 8); c10 = madd(x, b0, c10); c11 = madd(x, b1, c11)
    x = v128.load32_splat(a2, 8); c20 = madd(x, b0, c20); c21 = madd(x, b1, c21)
    x = v128.load32_splat(a3, 8); c30 = madd(x, b0, c30); c31 = madd(x, b1, c31)
    b0 = v128.load(b, 96); b1 = v128.load(b, 112)
    x = v128.load32_splat(a, 12); c00 = madd(x, b0, c00); c01 = madd(x, b1, c01)
    x = v128.load32_splat(a1, 12); c10 = madd(x, b0, c10); c11 = madd(x, b1, c11)
    x = v128.load32_splat(a2, 12); c20 = madd(x, b0, c20); c21 = madd(x, b1, c21)
    x = v128.load32_splat(a3, 12); c30 = madd(x, b0, c30); c31 = madd(x, b1, c31)
    a += 16; a1 += 16; a2 += 16; a3 += 16; b += 128
  }
  finish(c, ldc, add, c00, c01, c10, c11, c20, c21, c30, c31)
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
