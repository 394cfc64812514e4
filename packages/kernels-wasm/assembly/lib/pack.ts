// Packing into panels of panelWidth (B) or MR (A) lines: entry (line, k) of a panel lies at 4 (k width + line).
import { A_VALUE, MR, panelWidth } from './tile'

/** 4x4 transpose of four vectors of consecutive k, one per line, stored as four rows of 4 lines, `step` bytes apart. */
// @ts-ignore: decorator
@inline
function storeTransposed(to: usize, step: usize, r0: v128, r1: v128, r2: v128, r3: v128): void {
  const lo01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), hi01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7)
  const lo23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), hi23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7)
  v128.store(to, v128.shuffle<f32>(lo01, lo23, 0, 1, 4, 5))
  v128.store(to + step, v128.shuffle<f32>(lo01, lo23, 2, 3, 6, 7))
  v128.store(to + 2 * step, v128.shuffle<f32>(hi01, hi23, 0, 1, 4, 5))
  v128.store(to + 3 * step, v128.shuffle<f32>(hi01, hi23, 2, 3, 6, 7))
}

/** One panel of `width` lines whose values are contiguous along k; `sLine` bytes lie between lines. */
function packLinesByK(p: usize, sLine: usize, width: i32, K: i32, to: usize): void {
  const step: usize = width << 2
  for (let line = 0; line < width; line += 4, p += sLine << 2, to += 16) {
    let q = p, t = to, k = K
    for (; k >= 4; k -= 4, q += 16, t += step << 2) {
      const q2 = q + (sLine << 1)
      storeTransposed(t, step, v128.load(q), v128.load(q + sLine), v128.load(q2), v128.load(q2 + sLine))
    }
    for (; k > 0; k--, q += 4, t += step) {
      store<f32>(t, load<f32>(q))
      store<f32>(t, load<f32>(q + sLine), 4)
      store<f32>(t, load<f32>(q + 2 * sLine), 8)
      store<f32>(t, load<f32>(q + 3 * sLine), 12)
    }
  }
}

/** `panels` panels of 8 or 12 lines that are contiguous within each k; `sK` bytes lie between steps of k. */
// @ts-ignore: decorator
@inline
function packLinesByLine(wide: bool, p: usize, sK: usize, panels: i32, K: i32, to: usize): void {
  const step: usize = wide ? 48 : 32
  const panelBytes = step * K
  // Two steps of k fill at least a cache line of each panel; many more panels at once would evict each other's lines.
  for (; K >= 2; K -= 2, p += sK << 1, to += step << 1) {
    let q = p, t = to
    for (let i = 0; i < panels; i++, q += step, t += panelBytes) {
      copyStep(wide, q, t)
      copyStep(wide, q + sK, t + step)
    }
  }
  if (K > 0) {
    for (let i = 0; i < panels; i++, p += step, to += panelBytes) copyStep(wide, p, to)
  }
}

// @ts-ignore: decorator
@inline
function copyStep(wide: bool, p: usize, to: usize): void {
  v128.store(to, v128.load(p))
  v128.store(to, v128.load(p, 16), 16)
  if (wide) v128.store(to, v128.load(p, 32), 32)
}

function packEights(p: usize, sK: usize, panels: i32, K: i32, to: usize): void { packLinesByLine(false, p, sK, panels, K, to) }
function packTwelves(p: usize, sK: usize, panels: i32, K: i32, to: usize): void { packLinesByLine(true, p, sK, panels, K, to) }

/** How many of the next panels, at most `most`, have `width` lines and no padding. */
function equalPanels(n: i32, width: i32, most: i32): i32 {
  let panels = 0
  for (; panels < most && n >= width && panelWidth(n) == width; n -= width) panels++
  return panels
}

/** One panel of `width` lines, any strides (bytes), of which only `lines` exist; the rest is zero. */
function packAny(p: usize, sLine: usize, sK: usize, lines: i32, width: i32, K: i32, to: usize): void {
  for (; K > 0; K--, p += sK) {
    let q = p, i = 0
    for (; i < lines; i++, q += sLine, to += 4) store<f32>(to, load<f32>(q))
    for (; i < width; i++, to += 4) store<f32>(to, 0)
  }
}

/** Panels of the n columns of B[K, n], one after another; strides in bytes. */
export function packB(pB: usize, sK: usize, sN: usize, n: i32, K: i32, to: usize): void {
  while (n > 0) {
    const width = panelWidth(n)
    let panels = 1
    if (n < width) {
      packAny(pB, sN, sK, n, width, K, to)
    } else if (sN == 4) {
      panels = equalPanels(n, width, 16)
      if (width == 8) packEights(pB, sK, panels, K, to)
      else packTwelves(pB, sK, panels, K, to)
    } else if (sK == 4) {
      packLinesByK(pB, sN, width, K, to)
    } else {
      packAny(pB, sN, sK, width, width, K, to)
    }
    const lines = panels * width
    n -= lines
    pB += lines * sN
    to += lines * K << 2
  }
}

/** Panels of MR rows of A[m, K]; strides in bytes. */
export function packA(pA: usize, sM: usize, sK: usize, m: i32, K: i32, to: usize): void {
  const panelBytes: usize = K * MR * A_VALUE
  for (; m >= MR; m -= MR, pA += MR * sM, to += panelBytes) {
    if (ASC_FEATURE_RELAXED_SIMD) spreadRows(pA, sM, sK, K, to)
    else if (sM == 4) packRowsByLine(pA, sK, K, to)
    else if (sK == 4) packRowsByK(pA, sM, K, to)
    else packAny(pA, sM, sK, MR, MR, K, to)
  }
  if (m <= 0) return
  if (ASC_FEATURE_RELAXED_SIMD) spreadSome(pA, sM, sK, m, K, to)
  else packAny(pA, sM, sK, m, MR, K, to)
}

/** One panel of MR rows whose values are contiguous along k. Base tier. */
function packRowsByK(p: usize, sM: usize, K: i32, to: usize): void {
  const p1 = p + sM, p2 = p1 + sM
  let k: usize = 0
  const whole: usize = (K & ~3) << 2, all: usize = K << 2
  for (; k < whole; k += 16, to += 48) {
    const r0 = v128.load(p + k), r1 = v128.load(p1 + k), r2 = v128.load(p2 + k)
    const lo = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), hi = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7)
    const middle = v128.shuffle<f32>(lo, r2, 3, 5, 3, 5)
    v128.store(to, v128.shuffle<f32>(lo, r2, 0, 1, 4, 2))
    v128.store(to, v128.shuffle<f32>(middle, hi, 0, 1, 4, 5), 16)
    v128.store(to, v128.shuffle<f32>(r2, hi, 2, 6, 7, 3), 32)
  }
  for (; k < all; k += 4, to += 12) {
    store<f32>(to, load<f32>(p + k))
    store<f32>(to, load<f32>(p1 + k), 4)
    store<f32>(to, load<f32>(p2 + k), 8)
  }
}

/** One panel of MR rows that lie together within each k. Base tier. */
function packRowsByLine(p: usize, sK: usize, K: i32, to: usize): void {
  for (; K > 0; K--, p += sK, to += 12) {
    store<f64>(to, load<f64>(p))
    store<f32>(to, load<f32>(p, 8), 8)
  }
}

/** One panel of MR rows, every value four times. Relaxed tier. */
function spreadRows(p: usize, sM: usize, sK: usize, K: i32, to: usize): void {
  let p1 = p + sM, p2 = p1 + sM, p3 = p2 + sM, p4 = p3 + sM, p5 = p4 + sM
  for (; K > 0; K--, to += 96) {
    v128.store(to, v128.load32_splat(p))
    v128.store(to, v128.load32_splat(p1), 16)
    v128.store(to, v128.load32_splat(p2), 32)
    v128.store(to, v128.load32_splat(p3), 48)
    v128.store(to, v128.load32_splat(p4), 64)
    v128.store(to, v128.load32_splat(p5), 80)
    p += sK; p1 += sK; p2 += sK; p3 += sK; p4 += sK; p5 += sK
  }
}

/** The same for fewer rows. */
function spreadSome(p: usize, sM: usize, sK: usize, rows: i32, K: i32, to: usize): void {
  for (; K > 0; K--, p += sK, to += 96) {
    let q = p
    for (let i = 0; i < rows; i++, q += sM) v128.store(to + (i << 4), v128.load32_splat(q))
  }
}

/** Copies A[m, K] into rows that are contiguous along k, `step` bytes apart; strides in bytes. */
export function copyRows(p: usize, sM: usize, sK: usize, m: i32, K: i32, to: usize, step: usize): void {
  for (; K > 0; ) {
    const kc = min(K, 4)
    let q = p, t = to, i = m
    if (sM == 4 && kc == 4) {
      const q2 = q + (sK << 1)
      for (let o: usize = 0; i >= 4; i -= 4, o += 16, t += step << 2) {
        storeTransposed(t, step, v128.load(q + o), v128.load(q + sK + o), v128.load(q2 + o), v128.load(q2 + sK + o))
      }
      q += (m - i) << 2
    }
    for (; i > 0; i--, q += sM, t += step) {
      let r = q
      for (let k = 0; k < kc; k++, r += sK) store<f32>(t + (k << 2), load<f32>(r))
    }
    K -= kc
    p += sK << 2
    to += 16
  }
}
