// Weights w[OC, C / groups, T] (row-major, T taps) packed in panels of 8 or 12 lines: entry (tap, k, line) of a panel
// lies at 4 ((place(tap) K + k) width + line). Forward, lines are output channels and k input channels; for the input gradient the
// reverse. `pPlaces` holds the place of each tap as u32.
import { panelWidth } from '../lib/tile'

/** Strides in elements; `lines` lines in all, the last panel filled up with zeros. */
export function packWeights(p: usize, sLine: i32, sK: i32, lines: i32, K: i32, T: i32, pPlaces: usize, to: usize): void {
  while (lines > 0) {
    const width = panelWidth(lines)
    if (lines < width) packPart(p, sLine << 2, sK << 2, lines, width, K, T, pPlaces, to)
    else if (width == 8) packEight(p, sLine << 2, sK << 2, K, T, pPlaces, to)
    else packTwelve(p, sLine << 2, sK << 2, K, T, pPlaces, to)
    lines -= width
    p += width * sLine << 2
    to += width * T * K << 2
  }
}

function packEight(p: usize, sLine: usize, sK: usize, K: i32, T: i32, pPlaces: usize, to: usize): void { packPanel(false, p, sLine, sK, K, T, pPlaces, to) }
function packTwelve(p: usize, sLine: usize, sK: usize, K: i32, T: i32, pPlaces: usize, to: usize): void { packPanel(true, p, sLine, sK, K, T, pPlaces, to) }

// @ts-ignore: decorator
@inline
function packPanel(wide: bool, p: usize, sLine: usize, sK: usize, K: i32, T: i32, pPlaces: usize, to: usize): void {
  const step: usize = wide ? 48 : 32
  const tapBytes = step * K
  let k = K
  // Two steps of k fill a cache line; the rows of the taps often share a cache set, and would evict half-filled lines.
  for (; k >= 2; k -= 2, p += sK << 1, to += step << 1) {
    let q = p, place = pPlaces
    for (let tap = 0; tap < T; tap++, q += 4, place += 4) {
      const t = to + load<u32>(place) * tapBytes
      gather(wide, q, sLine, t)
      gather(wide, q + sK, sLine, t + step)
    }
  }
  if (k > 0) {
    for (let tap = 0; tap < T; tap++, p += 4, pPlaces += 4) gather(wide, p, sLine, to + load<u32>(pPlaces) * tapBytes)
  }
}

/** Values `sLine` bytes apart, stored together. */
// @ts-ignore: decorator
@inline
function gather(wide: bool, q: usize, sLine: usize, to: usize): void {
  v128.store(to, gatherFour(q, sLine))
  q += sLine << 2
  v128.store(to, gatherFour(q, sLine), 16)
  if (wide) v128.store(to, gatherFour(q + (sLine << 2), sLine), 32)
}

// @ts-ignore: decorator
@inline
function gatherFour(q: usize, sLine: usize): v128 {
  const q2 = q + (sLine << 1)
  let x = v128.load32_zero(q)
  x = v128.load32_lane(q + sLine, x, 1)
  x = v128.load32_lane(q2, x, 2)
  return v128.load32_lane(q2 + sLine, x, 3)
}

function packPart(
  p: usize, sLine: usize, sK: usize, lines: i32, width: i32, K: i32, T: i32, pPlaces: usize, to: usize,
): void {
  memory.fill(to, 0, T * K * width << 2)
  for (let k = 0; k < K; k++, p += sK) {
    for (let tap = 0; tap < T; tap++) {
      const t = to + ((load<u32>(pPlaces + (tap << 2)) * K + k) * width << 2)
      for (let line = 0; line < lines; line++) store<f32>(t + (line << 2), load<f32>(p + (tap << 2) + line * sLine))
    }
  }
}
