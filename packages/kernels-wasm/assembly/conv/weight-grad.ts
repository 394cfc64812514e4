// Weight gradient: dw[o, c, tap] = sum over output points of x(point + tap)[c] dy(point)[o], and db[o] = sum of dy[o].
// Output points are taken in blocks of rows, or of parts of a long row. A block's dy is packed in panels of channels, and the part of x that
// it meets is copied, zeros in the padding, to blocks of `lanes` channels, so that the tiles (tileRows values of x by a panel of dy,
// summed over the points of a block) read both from the first cache levels. Blocks are added in order.
// On small maps the points of a block are taken position by position, all images of the block at each, and a tap sums over
// the positions where it hits.
import { packB } from '../lib/pack'
import { ACCUMULATE, panelColumns, panelWidth, PLAIN_LOADS, stepRows, tileOfSteps } from '../lib/tile'
import { mergesRows } from './padded'
import { Shape, taps } from './shape'

/** Most output points per block. */
// @ts-ignore: decorator
@inline
const POINTS: i32 = 512
// How the points are cut: a unit is a run of rows of one plane of one image, or a segment of one long row; a block is
// some units.
let unitRows: i32 = 0
let unitWidth: i32 = 0
let segments: i32 = 0
let unitsPerPlane: i32 = 0
let units: i32 = 0
let unitsPerBlock: i32 = 0
let blockPoints: i32 = 0
/** Do the images of a block lie together at each position? */
let byPosition: bool = false
// The copy of x: channels that lie together, how many such groups, the bytes of a pixel, and those from a pixel, row, plane,
// unit and group to the next.
let lanes: i32 = 0
let laneGroups: i32 = 0
let pixelBytes: i32 = 0
let pixelStep: i32 = 0
let rowBytes: i32 = 0
let planeBytes: i32 = 0
let unitBytes: i32 = 0
let blockBytes: i32 = 0
/** With merged taps: tiles per row of the kernel. */
let strips: i32 = 0
/** Values of x in a tile, tiles that each panel meets, and the columns of all panels. */
let tileRows: i32 = 0
let tiles: i32 = 0
let columns: i32 = 0
/** Should the tiles load from plain addresses? */
let plain: bool = false
// Places in the scratch.
let pRows: usize = 0
let pCopy: usize = 0
let pPoints: usize = 0
let pPanels: usize = 0
let pSums: usize = 0
let pBiasSums: usize = 0

// @ts-ignore: decorator
@inline
function ceilDiv(n: i32, by: i32): i32 {
  return (n + by - 1) / by
}

/** Lays everything out; returns the bytes of scratch. */
function plan(s: Shape, pScratch: usize): usize {
  const c = s.C / s.groups
  const merged = mergesRows(s)
  columns = panelColumns(s.OC / s.groups)
  tileRows = stepRows(s.OC / s.groups)
  unitRows = min(max(1, s.OH), max(1, POINTS / max(1, s.OW)))
  unitsPerPlane = ceilDiv(s.OH, unitRows)
  segments = max(1, ceilDiv(s.OW, POINTS))
  unitWidth = ceilDiv(s.OW, segments)
  units = s.OW > 0 ? s.N * s.OD * unitsPerPlane * segments : 0
  unitsPerBlock = unitsPerPlane * segments > 1 ? 1 : max(1, min(units, POINTS / max(1, unitRows * s.OW)))
  blockPoints = unitsPerBlock * unitRows * unitWidth
  lanes = merged ? c : tileRows
  laneGroups = merged ? 1 : ceilDiv(c, tileRows)
  strips = merged ? ceilDiv(s.KW * c, tileRows) : 1
  byPosition = !merged && unitsPerPlane * segments == 1 && unitsPerBlock >= FEWEST && missesOften(s)
  pixelBytes = lanes << 2
  pixelStep = byPosition ? unitsPerBlock * pixelBytes : pixelBytes
  rowBytes = max(0, (unitWidth - 1) * s.strideW + (s.KW - 1) * s.dilationW + 1) * pixelStep
  planeBytes = ((unitRows - 1) * s.strideH + (s.KH - 1) * s.dilationH + 1) * rowBytes
  unitBytes = byPosition ? pixelBytes : s.KD * planeBytes
  blockBytes = byPosition ? s.KD * planeBytes : unitsPerBlock * unitBytes
  pRows = pScratch
  pCopy = pRows + ((byPosition ? s.OH * s.OW : unitsPerBlock * unitRows) << 2)
  pPoints = pCopy + laneGroups * blockBytes
  pPanels = pPoints + (byPosition ? blockPoints * (s.OC / s.groups) << 2 : 0)
  tiles = merged ? s.KD * s.KH * strips : laneGroups * taps(s)
  pSums = pPanels + (columns * blockPoints << 2)
  pBiasSums = pSums + (columns * tiles * tileRows << 2)
  return pBiasSums + (columns << 2) - pScratch
}

/** Fewest images worth a run of their own. */
// @ts-ignore: decorator
@inline
const FEWEST: i32 = 8

/** Is the map one point, or do the taps miss at a tenth of the points? */
function missesOften(s: Shape): bool {
  let h = 0, w = 0
  for (let k = 0; k < s.KH; k++) h += hitEnd(tapH(s, k), s.strideH, s.H, s.OH) - hitStart(tapH(s, k), s.strideH, s.OH)
  for (let k = 0; k < s.KW; k++) w += hitEnd(tapW(s, k), s.strideW, s.W, s.OW) - hitStart(tapW(s, k), s.strideW, s.OW)
  return s.OH * s.OW == 1 || <f64>h * <f64>w <= 0.9 * <f64>(s.KH * s.OH) * <f64>(s.KW * s.OW)
}

/** Where the first output's tap reads. */
// @ts-ignore: decorator
@inline
function tapH(s: Shape, k: i32): i32 { return k * s.dilationH - s.padH }
// @ts-ignore: decorator
@inline
function tapW(s: Shape, k: i32): i32 { return k * s.dilationW - s.padW }

/** The first of `outs` outputs whose tap, at `at` for output 0, lies inside the input, and the end of those that do. */
function hitStart(at: i32, stride: i32, outs: i32): i32 { return at >= 0 ? 0 : min(outs, ceilDiv(-at, stride)) }
function hitEnd(at: i32, stride: i32, size: i32, outs: i32): i32 {
  return max(hitStart(at, stride, outs), at >= size ? 0 : min(outs, ceilDiv(size - at, stride)))
}

export function weightGradScratch(s: Shape): i32 {
  return <i32>plan(s, 0)
}

export function weightGrad(pX: usize, pDy: usize, pDw: usize, pDb: usize, s: Shape, flags: i32, pScratch: usize): void {
  const c = s.C / s.groups, o = s.OC / s.groups
  plan(s, pScratch)
  plain = (flags & PLAIN_LOADS) != 0
  for (let g = 0; g < s.groups; g++) {
    memory.fill(pSums, 0, columns * (tiles * tileRows + 1) << 2)
    let pBlock = pDy
    for (let first = 0; first < units; first += unitsPerBlock) {
      const count = min(unitsPerBlock, units - first)
      const rows = copyUnits(pX, s, first, count)
      const width = min(unitWidth, s.OW - first % segments * unitWidth)
      const points = rows * width
      if (byPosition) {
        gatherPositions(pBlock, s, count)
        packB(pPoints, o << 2, 4, o, points, pPanels)
        addPositions(s, count)
      } else {
        packB(pBlock, s.OC << 2, 4, o, points, pPanels)
        addBlock(s, rows, width)
      }
      if (pDb) addBias(o, points)
      pBlock += points * s.OC * 4
    }
    unpack(pDw, s, flags)
    if (pDb) {
      addTo(pDb, pBiasSums, o, flags)
      pDb += o << 2
    }
    pX += c << 2
    pDy += o << 2
    pDw += o * c * taps(s) << 2
  }
}

/** Copies what the units' outputs meet of x; returns their rows, whose first taps it lists unless it goes by position. */
function copyUnits(pX: usize, s: Shape, first: i32, count: i32): i32 {
  let rows = 0
  for (let i = 0; i < count; i++) {
    const unit = (first + i) / segments
    const left = s.padW - (first + i) % segments * unitWidth * s.strideW
    const h = unit % unitsPerPlane * unitRows, d = unit / unitsPerPlane % s.OD, n = unit / unitsPerPlane / s.OD
    const outRows = min(unitRows, s.OH - h)
    const to = pCopy + i * unitBytes
    for (let r = 0; r < outRows; r++, rows++) {
      if (!byPosition) store<u32>(pRows + (rows << 2), <u32>(to + r * s.strideH * rowBytes))
    }
    const inRows = (outRows - 1) * s.strideH + (s.KH - 1) * s.dilationH + 1
    for (let k = 0; k < s.KD; k++) {
      const inD = d * s.strideD + k * s.dilationD - s.padD
      for (let r = 0; r < inRows; r++) {
        const inH = h * s.strideH + r - s.padH
        const there = <u32>inD < <u32>s.D && <u32>inH < <u32>s.H
        if (byPosition && <u32>inH >= <u32>s.H) continue
        const pRow = pX + ((n * s.D + inD) * s.H + inH) * s.W * s.C * 4
        copyRow(there ? pRow : 0, s, left, to + k * planeBytes + r * rowBytes)
      }
    }
  }
  return rows
}

/**
 * One row as the unit's taps see it, for each group of lanes: `before` zeros (where negative, the row starts so much
 * later), then pixels, then zeros; all zeros where pRow is 0. By position there are no zeros around pixels: no tap reads them.
 */
function copyRow(pRow: usize, s: Shape, before: i32, to: usize): void {
  const W = rowBytes / pixelStep
  const skip = max(0, -before), left = min(max(0, before), W)
  const inner = pRow ? max(0, min(s.W - skip, W - left)) : 0
  const pixel: usize = s.C << 2
  let channels = s.C / s.groups
  for (let group = 0; group < laneGroups; group++, to += blockBytes, channels -= lanes) {
    if (byPosition) {
      if (!pRow) for (let w = 0, t = to; w < W; w++, t += pixelStep) memory.fill(t, 0, pixelBytes)
    } else if (inner == 0) {
      memory.fill(to, 0, rowBytes)
      continue
    } else {
      memory.fill(to, 0, left * pixelBytes)
      memory.fill(to + (left + inner) * pixelBytes, 0, (W - left - inner) * pixelBytes)
    }
    let t = to + left * pixelStep, q = pRow + skip * pixel + group * pixelBytes
    if (pixelStep == pixel && channels >= lanes) memory.copy(t, q, inner * pixelBytes)
    else if (channels >= tileRows) {
      for (let w = 0; w < inner; w++, q += pixel, t += pixelStep) {
        if (tileRows == 3) {
          store<f64>(t, load<f64>(q))
          store<f32>(t, load<f32>(q, 8), 8)
        } else {
          v128.store(t, v128.load(q))
          if (tileRows == 6) store<f64>(t, load<f64>(q, 16), 16)
        }
      }
    } else {
      const part = min(lanes, channels)
      for (let w = 0; w < inner; w++, q += pixel, t += pixelStep) {
        for (let i = 0; i < part; i++) store<f32>(t + (i << 2), load<f32>(q + (i << 2)))
      }
    }
  }
}

function addBlock(s: Shape, rows: i32, width: i32): void {
  const c = s.C / s.groups, o = s.OC / s.groups
  const points = rows * width
  const merged = mergesRows(s)
  const step: usize = s.strideW * pixelBytes
  let pTile = pSums, pPanel = pPanels
  for (let j = 0; j < o; ) {
    const wide = panelWidth(o - j)
    const tileBytes = wide * tileRows << 2
    for (let group = 0; group < laneGroups; group++) {
      const values = merged ? s.KW * c : min(tileRows, c - group * tileRows)
      for (let kd = 0; kd < s.KD; kd++) {
        for (let kh = 0; kh < s.KH; kh++) {
          const offset = group * blockBytes + kd * planeBytes + kh * s.dilationH * rowBytes
          if (merged) {
            for (let i = 0; i < values; i += tileRows, pTile += tileBytes)
              tileOfSteps(min(tileRows, values - i), wide, pRows, rows, offset + (i << 2), step, width, pPanel, pTile, ACCUMULATE, plain)
          } else {
            for (let kw = 0; kw < s.KW; kw++, pTile += tileBytes)
              tileOfSteps(values, wide, pRows, rows, offset + kw * s.dilationW * pixelBytes, step, width, pPanel, pTile, ACCUMULATE, plain)
          }
        }
      }
    }
    j += wide
    pPanel += wide * points << 2
  }
}

/** Copies dy position by position, and lists the place of the first tap of each. */
function gatherPositions(pDy: usize, s: Shape, count: i32): void {
  const positions = s.OH * s.OW, bytes = s.OC / s.groups << 2
  let to = pPoints
  for (let i = 0; i < positions; i++) {
    store<u32>(pRows + (i << 2), <u32>(pCopy + i / s.OW * s.strideH * rowBytes + i % s.OW * s.strideW * pixelStep))
    for (let n = 0; n < count; n++, to += bytes) memory.copy(to, pDy + ((n * positions + i) * s.OC << 2), bytes)
  }
}

/** addBlock by position. */
function addPositions(s: Shape, count: i32): void {
  const c = s.C / s.groups, o = s.OC / s.groups
  let pTile = pSums, pPanel = pPanels
  for (let j = 0; j < o; ) {
    const wide = panelWidth(o - j)
    for (let group = 0; group < laneGroups; group++) {
      for (let tap = 0; tap < taps(s); tap++, pTile += wide * tileRows << 2) {
        const kw = tap % s.KW, kh = tap / s.KW % s.KH, kd = tap / s.KW / s.KH
        const offset = group * blockBytes + kd * planeBytes + kh * s.dilationH * rowBytes + kw * s.dilationW * pixelStep
        addHits(min(tileRows, c - group * tileRows), wide, s, kh, kw, offset, count, pPanel, pTile)
      }
    }
    j += wide
    pPanel += wide * s.OH * s.OW * count << 2
  }
}

/** One tap's tile: the sum over the rows, or over all positions at once where the whole width hits. */
function addHits(
  values: i32, wide: i32, s: Shape, kh: i32, kw: i32, offset: usize, count: i32, pPanel: usize, pTile: usize,
): void {
  let h = hitStart(tapH(s, kh), s.strideH, s.OH)
  const w = hitStart(tapW(s, kw), s.strideW, s.OW)
  const rows = hitEnd(tapH(s, kh), s.strideH, s.H, s.OH) - h
  const width = hitEnd(tapW(s, kw), s.strideW, s.W, s.OW) - w
  if (width <= 0) return
  const whole = width == s.OW
  for (let i = whole ? min(1, rows) : rows; i > 0; i--, h++) {
    const first = h * s.OW + w
    const p = pPanel + (first * count * wide << 2), n = whole ? rows * width : width
    tileOfSteps(values, wide, pRows + (first << 2), n, offset, pixelBytes, count, p, pTile, ACCUMULATE, plain)
  }
}

/** Adds the block's sums of dy. */
function addBias(o: i32, points: i32): void {
  let pPanel = pPanels, to = pBiasSums
  for (let j = 0; j < o; ) {
    const width = panelWidth(o - j)
    for (let i = 0; i < width; i += 4, to += 16) addColumns(pPanel + (i << 2), width << 2, points, to)
    j += width
    pPanel += width * points << 2
  }
}

/** Adds the sums of four columns, made in four interleaved parts. */
function addColumns(p: usize, step: usize, points: i32, to: usize): void {
  let a = f32x4.splat(0), b = a, c = a, d = a
  const step2 = step << 1
  for (; points >= 4; points -= 4, p += step2 << 1) {
    a = f32x4.add(a, v128.load(p)); b = f32x4.add(b, v128.load(p + step))
    const q = p + step2
    c = f32x4.add(c, v128.load(q)); d = f32x4.add(d, v128.load(q + step))
  }
  for (; points > 0; points--, p += step) a = f32x4.add(a, v128.load(p))
  v128.store(to, f32x4.add(v128.load(to), f32x4.add(f32x4.add(a, b), f32x4.add(c, d))))
}

function addTo(to: usize, p: usize, n: i32, flags: i32): void {
  for (let i = 0; i < n; i++, p += 4, to += 4) store<f32>(to, flags & ACCUMULATE ? load<f32>(to) + load<f32>(p) : load<f32>(p))
}

/** Writes the sums as dw[o, c, tap]. */
function unpack(pDw: usize, s: Shape, flags: i32): void {
  const c = s.C / s.groups, o = s.OC / s.groups, T = taps(s)
  const merged = mergesRows(s)
  let pPanel = pSums
  for (let j = 0; j < o; ) {
    const width = panelWidth(o - j)
    const rowBytes = width << 2
    for (let i = min(width, o - j); i > 0; i--, pPanel += 4, pDw += c * T << 2) {
      if (merged) unpackMerged(pPanel, rowBytes, pDw, s, c, flags)
      else unpackLine(pPanel, rowBytes, pDw, c, T, flags)
    }
    j += width
    pPanel = pSums + (j * tiles * tileRows << 2)
  }
}

/** One output channel: tiles come as [group of channels][tap], the channels of a group as rows of each. */
function unpackLine(pSum: usize, rowBytes: usize, pDw: usize, c: i32, T: i32, flags: i32): void {
  const tileBytes = rowBytes * tileRows
  for (let group = 0; group < c; group += tileRows, pSum += T * tileBytes) {
    const lanes = min(tileRows, c - group)
    let p = pSum
    for (let lane = 0; lane < lanes; lane++, p += rowBytes) {
      let q = p
      for (let tap = T; tap > 0; tap--, q += tileBytes, pDw += 4) {
        const sum = load<f32>(q)
        store<f32>(pDw, flags & ACCUMULATE ? load<f32>(pDw) + sum : sum)
      }
    }
  }
}

/** The same with merged taps: rows are the values [kw][channel] of a row of the kernel. */
function unpackMerged(pSum: usize, rowBytes: usize, pDw: usize, s: Shape, c: i32, flags: i32): void {
  for (let ic = 0; ic < c; ic++) {
    for (let row = 0; row < s.KD * s.KH; row++) {
      for (let value = ic; value < s.KW * c; value += c, pDw += 4) {
        const sum = load<f32>(pSum + (row * strips * tileRows + value) * rowBytes)
        store<f32>(pDw, flags & ACCUMULATE ? load<f32>(pDw) + sum : sum)
      }
    }
  }
}
