// Packing into panels of 8 (B) or MR (A) lines: entry (line, k) of a panel lies at 4 (k width + line).
import { MR, NR } from './tile'

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

/** One panel of 8 lines whose values are contiguous along k; `sLine` bytes lie between lines. */
function packLinesByK(p: usize, sLine: usize, K: i32, to: usize): void {
  for (let half = 0; half < 2; half++, p += sLine << 2, to += 16) {
    let q = p, t = to, k = K
    for (; k >= 4; k -= 4, q += 16, t += 128) {
      const q2 = q + (sLine << 1)
      storeTransposed(t, 32, v128.load(q), v128.load(q + sLine), v128.load(q2), v128.load(q2 + sLine))
    }
    for (; k > 0; k--, q += 4, t += 32) {
      store<f32>(t, load<f32>(q))
      store<f32>(t, load<f32>(q + sLine), 4)
      store<f32>(t, load<f32>(q + 2 * sLine), 8)
      store<f32>(t, load<f32>(q + 3 * sLine), 12)
    }
  }
}

/** `panels` (1 to 16) panels whose lines are contiguous within each k; `sK` bytes lie between steps of k. */
function packLinesByLine(p: usize, sK: usize, panels: i32, K: i32, to: usize, panelBytes: usize): void {
  // Two steps of k fill a cache line of each panel; many more panels at once would evict each other's lines.
  for (; K >= 2; K -= 2, p += sK << 1, to += 64) {
    let q = p, t = to
    for (let i = 0; i < panels; i++, q += 32, t += panelBytes) {
      v128.store(t, v128.load(q))
      v128.store(t, v128.load(q, 16), 16)
      v128.store(t, v128.load(q + sK), 32)
      v128.store(t, v128.load(q + sK, 16), 48)
    }
  }
  if (K > 0) {
    for (let i = 0; i < panels; i++, p += 32, to += panelBytes) {
      v128.store(to, v128.load(p))
      v128.store(to, v128.load(p, 16), 16)
    }
  }
}

/** One panel of `width` lines, any strides (bytes), of which only `lines` exist; the rest is zero. */
function packAny(p: usize, sLine: usize, sK: usize, lines: i32, width: i32, K: i32, to: usize): void {
  for (; K > 0; K--, p += sK) {
    let q = p, i = 0
    for (; i < lines; i++, q += sLine, to += 4) store<f32>(to, load<f32>(q))
    for (; i < width; i++, to += 4) store<f32>(to, 0)
  }
}

/** Panels of 8 columns of B[K, n], `panelBytes` apart; strides in bytes. */
export function packB(pB: usize, sK: usize, sN: usize, n: i32, K: i32, to: usize, panelBytes: usize): void {
  if (sN == 4) {
    while (n >= NR) {
      const panels = min(16, n >>> 3)
      packLinesByLine(pB, sK, panels, K, to, panelBytes)
      n -= panels << 3
      pB += panels << 5
      to += panels * panelBytes
    }
  }
  for (; n >= NR; n -= NR, pB += NR * sN, to += panelBytes) {
    if (sK == 4) packLinesByK(pB, sN, K, to)
    else packAny(pB, sN, sK, NR, NR, K, to)
  }
  if (n > 0) packAny(pB, sN, sK, n, NR, K, to)
}

/** Panels of MR rows of A[m, K]; strides in bytes. */
export function packA(pA: usize, sM: usize, sK: usize, m: i32, K: i32, to: usize): void {
  const panelBytes: usize = K * (MR << 2)
  for (; m >= MR; m -= MR, pA += MR * sM, to += panelBytes) {
    if (sM == 4) packRowsByLine(pA, sK, K, to)
    else packAny(pA, sM, sK, MR, MR, K, to)
  }
  if (m > 0) packAny(pA, sM, sK, m, MR, K, to)
}

function packRowsByLine(p: usize, sK: usize, K: i32, to: usize): void {
  for (; K > 0; K--, p += sK, to += MR << 2) {
    v128.store(to, v128.load(p))
    if (MR == 6) store<f64>(to, load<f64>(p, 16), 16)
  }
}
