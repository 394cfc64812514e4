// Weights w[OC, C / groups, T] (row-major, T taps) packed in panels of 8 lines: entry (tap, k, line) of a panel lies at
// 4 ((place(tap) K + k) 8 + line). Forward, lines are output channels and k input channels; for the input gradient the
// reverse. `pPlaces` holds the place of each tap as u32.
import { NR } from '../lib/tile'

/** Strides in elements; `lines` lines in all, the last panel filled up with zeros. */
export function packWeights(p: usize, sLine: i32, sK: i32, lines: i32, K: i32, T: i32, pPlaces: usize, to: usize): void {
  const panelBytes: usize = T * K << 5
  for (; lines > 0; lines -= NR, p += <usize>sLine << 5, to += panelBytes) {
    if (lines >= NR) packPanel(p, sLine << 2, sK << 2, K, T, pPlaces, to)
    else packPart(p, sLine << 2, sK << 2, lines, K, T, pPlaces, to)
  }
}

function packPanel(p: usize, sLine: usize, sK: usize, K: i32, T: i32, pPlaces: usize, to: usize): void {
  const tapBytes: usize = K << 5
  let k = K
  // Two steps of k fill a cache line; the rows of the taps often share a cache set, and would evict half-filled lines.
  for (; k >= 2; k -= 2, p += sK << 1, to += 64) {
    let q = p, place = pPlaces
    for (let tap = 0; tap < T; tap++, q += 4, place += 4) {
      const t = to + load<u32>(place) * tapBytes
      gather(q, sLine, t)
      gather(q + sK, sLine, t + 32)
    }
  }
  if (k > 0) {
    for (let tap = 0; tap < T; tap++, p += 4, pPlaces += 4) gather(p, sLine, to + load<u32>(pPlaces) * tapBytes)
  }
}

/** Eight values, `sLine` bytes apart, stored together. */
// @ts-ignore: decorator
@inline
function gather(q: usize, sLine: usize, to: usize): void {
  let lo = v128.load32_zero(q)
  q += sLine; lo = v128.load32_lane(q, lo, 1)
  q += sLine; lo = v128.load32_lane(q, lo, 2)
  q += sLine; lo = v128.load32_lane(q, lo, 3)
  q += sLine; let hi = v128.load32_zero(q)
  q += sLine; hi = v128.load32_lane(q, hi, 1)
  q += sLine; hi = v128.load32_lane(q, hi, 2)
  q += sLine; hi = v128.load32_lane(q, hi, 3)
  v128.store(to, lo)
  v128.store(to, hi, 16)
}

function packPart(p: usize, sLine: usize, sK: usize, lines: i32, K: i32, T: i32, pPlaces: usize, to: usize): void {
  memory.fill(to, 0, T * K << 5)
  for (let k = 0; k < K; k++, p += sK) {
    for (let tap = 0; tap < T; tap++) {
      const t = to + ((load<u32>(pPlaces + (tap << 2)) * K + k) << 5)
      for (let line = 0; line < lines; line++) store<f32>(t + (line << 2), load<f32>(p + (tap << 2) + line * sLine))
    }
  }
}
