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
  for (let k = 0; k < K; k++, p += sK, to += 32) {
    let q = p, place = pPlaces
    for (let tap = 0; tap < T; tap++, q += 4, place += 4) {
      const t = to + load<u32>(place) * tapBytes
      let r = q
      let lo = v128.load32_zero(r)
      r += sLine; lo = v128.load32_lane(r, lo, 1)
      r += sLine; lo = v128.load32_lane(r, lo, 2)
      r += sLine; lo = v128.load32_lane(r, lo, 3)
      r += sLine; let hi = v128.load32_zero(r)
      r += sLine; hi = v128.load32_lane(r, hi, 1)
      r += sLine; hi = v128.load32_lane(r, hi, 2)
      r += sLine; hi = v128.load32_lane(r, hi, 3)
      v128.store(t, lo)
      v128.store(t, hi, 16)
    }
  }
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
