// Input gradient into few channels, where correlate.ts would leave most of a panel's columns empty. A point of the output
// adds dy W to the window that it was made from. The products of a block of points with all taps are whole tiles; they are
// then added into a padded image, a row of the kernel at a time, because there the channels of its taps lie together.
// Each element of dx is the sum, in ascending order of the points, of products that each run over ascending channels of dy.
import { settle } from '../lib/settle'
import { ACCUMULATE, BIAS_COLUMN, MR, panelColumns, panelWidth, RELU, TAP_BYTES, tileOfTaps } from '../lib/tile'
import { mergesRows, reachD, reachH, reachW } from './padded'
import { sliceRun } from './problem'
import { PACKED, Shape, taps } from './shape'

/** Points per block, a multiple of MR. */
// @ts-ignore: decorator
@inline
const POINTS: i32 = 36
// @ts-ignore: decorator
@inline
const LIST_BYTES: i32 = (POINTS / MR) * TAP_BYTES
/** What the last vector of a row of the kernel may reach past its values. */
// @ts-ignore: decorator
@inline
const SLACK: i32 = 16

/** By the channels and the kernel alone, since packed weights serve any map. */
export function scatters(s: Shape): bool {
  return mergesRows(s)
}

/** Columns of the products: taps by channels, and padding up to whole panels. */
// @ts-ignore: decorator
@inline
function productColumns(s: Shape): i32 {
  return panelColumns(taps(s) * s.C)
}

export function scatterPackedBytes(s: Shape): i32 {
  return productColumns(s) * s.OC << 2
}

// The padded image holds every window, and every pixel of the input.
function imageD(s: Shape): i32 { return max(reachD(s), s.padD + s.D) }
function imageH(s: Shape): i32 { return max(reachH(s), s.padH + s.H) }
function imageW(s: Shape): i32 { return max(reachW(s), s.padW + s.W) }

// @ts-ignore: decorator
@inline
function imageBytes(s: Shape): i32 {
  return imageD(s) * imageH(s) * imageW(s) * s.C << 2
}

// @ts-ignore: decorator
@inline
function productBytes(s: Shape): i32 {
  return (POINTS * productColumns(s) << 2) + SLACK
}

export function scatterScratch(s: Shape): i32 {
  return LIST_BYTES + scatterPackedBytes(s) + productBytes(s) + imageBytes(s) + SLACK + (s.W * s.C << 2)
}

/** Weights [OC, C, taps] as panels of the columns (tap, channel). */
export function packScatter(pW: usize, s: Shape, to: usize): void {
  const T = taps(s), all = T * s.C
  for (let j = 0; j < all; ) {
    const width = panelWidth(all - j), columns = min(width, all - j)
    for (let o = 0; o < s.OC; o++) {
      let tap = j / s.C, c = j % s.C
      for (let i = 0; i < width; i++, to += 4) {
        store<f32>(to, i < columns ? load<f32>(pW + ((o * s.C + c) * T + tap << 2)) : 0)
        if (++c == s.C) { c = 0; tap++ }
      }
    }
    j += width
  }
}

export function scatter(pDy: usize, pW: usize, pBias: usize, pDx: usize, s: Shape, flags: i32, pScratch: usize): void {
  const pPacked = pScratch + LIST_BYTES
  const pProducts = pPacked + scatterPackedBytes(s)
  const pImage = pProducts + productBytes(s)
  const pBiasRow = pImage + imageBytes(s) + SLACK
  if (!(flags & PACKED)) packScatter(pW, s, pPacked)
  if (pBias) for (let i = 0; i < s.W * s.C; i++) store<f32>(pBiasRow + (i << 2), load<f32>(pBias + (i % s.C << 2)))
  const mode = flags & (ACCUMULATE | RELU) | (pBias ? BIAS_COLUMN : 0)
  const dxBytes = s.D * s.H * s.W * s.C << 2, rowBytes = productColumns(s) << 2
  const perImage = s.OD * s.OH * s.OW, points = s.N * perImage
  memory.fill(pImage, 0, imageBytes(s))
  if (perImage == 0) {
    for (let n = 0; n < s.N; n++, pDx += dxBytes) finishImage(pImage, pBiasRow, pDx, s, mode)
    return
  }
  let d = 0, h = 0, w = 0
  for (let at = 0; at < points; at += POINTS) {
    const m = min(POINTS, points - at)
    multiply(pDy + (at * s.OC << 2), flags & PACKED ? pW : pPacked, s, m, pScratch, pProducts)
    for (let i = 0; i < m; i++) {
      addWindow(pProducts + i * rowBytes, pImage, s, d, h, w)
      if (++w < s.OW) continue
      w = 0
      if (++h < s.OH) continue
      h = 0
      if (++d < s.OD) continue
      d = 0
      finishImage(pImage, pBiasRow, pDx, s, mode)
      memory.fill(pImage, 0, imageBytes(s))
      pDx += dxBytes
    }
  }
}

/** Products of m points with all taps. */
function multiply(p: usize, pPanel: usize, s: Shape, m: i32, pList: usize, pProducts: usize): void {
  const columns = productColumns(s), step = columns << 2, run = sliceRun(s.OC)
  for (let i = 0, to = pList; i < m; i += MR, to += TAP_BYTES) {
    for (let r = 0; r < MR; r++) {
      store<u32>(to + (r << 2), <u32>p)
      if (i + r < m - 1) p += s.OC << 2
    }
    store<u32>(to, 0, MR << 2)
  }
  for (let j = 0; j < columns; ) {
    const width = panelWidth(columns - j)
    for (let k = 0; k < s.OC; k += run) {
      const length = min(run, s.OC - k), pSlice = pPanel + (k * width << 2), mode = k > 0 ? ACCUMULATE : 0
      for (let i = 0; i < m; i += MR) {
        const to = pProducts + i * step + (j << 2)
        tileOfTaps(min(MR, m - i), width, pList + i / MR * TAP_BYTES, 1, length, k << 2, pSlice, to, step, mode, 0, 0)
      }
    }
    j += width
    pPanel += width * s.OC << 2
  }
}

/** Adds the products of the point (d, h, w) to its window. */
function addWindow(p: usize, pImage: usize, s: Shape, d: i32, h: i32, w: i32): void {
  const H = imageH(s), pixel = s.C << 2, row = imageW(s) * pixel
  const length = s.KW * s.C
  const lanes = i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(length & 3))
  for (let kd = 0; kd < s.KD; kd++) {
    for (let kh = 0; kh < s.KH; kh++, p += (length & 3) << 2) {
      let to = pImage + ((d * s.strideD + kd * s.dilationD) * H + h * s.strideH + kh * s.dilationH) * row + w * s.strideW * pixel
      for (let i = length; i >= 4; i -= 4, p += 16, to += 16) v128.store(to, f32x4.add(v128.load(to), v128.load(p)))
      // Lanes past the row of the kernel add 0, whatever lies behind it.
      if (length & 3) v128.store(to, f32x4.add(v128.load(to), v128.and(v128.load(p), lanes)))
    }
  }
}

/** Writes the inner part of the padded image. */
function finishImage(pImage: usize, pBiasRow: usize, pDx: usize, s: Shape, mode: i32): void {
  const H = imageH(s), W = imageW(s), length = s.W * s.C
  for (let d = 0; d < s.D; d++) {
    for (let h = 0; h < s.H; h++, pDx += length << 2) {
      const p = pImage + ((((d + s.padD) * H + h + s.padH) * W + s.padW) * s.C << 2)
      if (mode == 0) memory.copy(pDx, p, length << 2)
      else settle(p, 0, 4, 1, length, pDx, 0, 4, mode, pBiasRow, 0)
    }
  }
}
