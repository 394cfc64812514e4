// Weight gradient: dw[o, c, tap] = sum over output points of x(point + tap)[c] dy(point)[o], and db[o] = sum of dy[o].
// Output points are taken in blocks of rows, or of parts of a long row. A block's dy is packed in panels of 8 channels, and the part of x that
// it meets is copied, zeros in the padding, to blocks of `lanes` channels, so that the tiles (MR values of x by 8 of dy,
// summed over the points of a block) read both from the first cache levels. Blocks are added in order.
import { packB } from '../lib/pack'
import { ACCUMULATE, MR, NR, tileOfSteps } from '../lib/tile'
import { mergesRows } from './padded'
import { Shape, taps } from './shape'

/** Most output points per block. */
// @ts-ignore: decorator
@inline
const POINTS: i32 = 512
// @ts-ignore: decorator
@inline
const SUMS_BYTES: i32 = MR * NR * 4

// How the points are cut: a unit is a run of rows of one plane of one image, or a segment of one long row; a block is
// some units.
let unitRows: i32 = 0
let unitWidth: i32 = 0
let segments: i32 = 0
let unitsPerPlane: i32 = 0
let units: i32 = 0
let unitsPerBlock: i32 = 0
let blockPoints: i32 = 0
// The copy of x: channels that lie together, how many such groups, and the bytes of a pixel, a row, a plane, a unit and
// all units of a block.
let lanes: i32 = 0
let laneGroups: i32 = 0
let pixelBytes: i32 = 0
let rowBytes: i32 = 0
let planeBytes: i32 = 0
let unitBytes: i32 = 0
let blockBytes: i32 = 0
/** With merged taps: tiles per row of the kernel. */
let strips: i32 = 0
let panels: i32 = 0
// Places in the scratch.
let pRows: usize = 0
let pCopy: usize = 0
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
  panels = ceilDiv(s.OC / s.groups, NR)
  unitRows = min(max(1, s.OH), max(1, POINTS / max(1, s.OW)))
  unitsPerPlane = ceilDiv(s.OH, unitRows)
  segments = max(1, ceilDiv(s.OW, POINTS))
  unitWidth = ceilDiv(s.OW, segments)
  units = s.OW > 0 ? s.N * s.OD * unitsPerPlane * segments : 0
  unitsPerBlock = unitsPerPlane * segments > 1 ? 1 : max(1, min(units, POINTS / max(1, unitRows * s.OW)))
  blockPoints = unitsPerBlock * unitRows * unitWidth
  lanes = merged ? c : MR
  laneGroups = merged ? 1 : ceilDiv(c, MR)
  strips = merged ? ceilDiv(s.KW * c, MR) : 1
  pixelBytes = lanes << 2
  rowBytes = max(0, (unitWidth - 1) * s.strideW + (s.KW - 1) * s.dilationW + 1) * pixelBytes
  planeBytes = ((unitRows - 1) * s.strideH + (s.KH - 1) * s.dilationH + 1) * rowBytes
  unitBytes = s.KD * planeBytes
  blockBytes = unitsPerBlock * unitBytes
  pRows = pScratch
  pCopy = pRows + (unitsPerBlock * unitRows << 2)
  pPanels = pCopy + laneGroups * blockBytes
  pSums = pPanels + (panels * blockPoints << 5)
  pBiasSums = pSums + panels * tilesPerPanel(s) * SUMS_BYTES
  return pBiasSums + (panels << 5) - pScratch
}

// @ts-ignore: decorator
@inline
function tilesPerPanel(s: Shape): i32 {
  return mergesRows(s) ? s.KD * s.KH * strips : laneGroups * taps(s)
}

export function weightGradScratch(s: Shape): i32 {
  return <i32>plan(s, 0)
}

export function weightGrad(pX: usize, pDy: usize, pDw: usize, pDb: usize, s: Shape, flags: i32, pScratch: usize): void {
  const c = s.C / s.groups, o = s.OC / s.groups
  plan(s, pScratch)
  for (let g = 0; g < s.groups; g++) {
    memory.fill(pSums, 0, panels * tilesPerPanel(s) * SUMS_BYTES + (panels << 5))
    let pPoints = pDy
    for (let first = 0; first < units; first += unitsPerBlock) {
      const count = min(unitsPerBlock, units - first)
      const rows = copyUnits(pX, s, first, count)
      const width = min(unitWidth, s.OW - first % segments * unitWidth)
      const points = rows * width
      packB(pPoints, s.OC << 2, 4, o, points, pPanels, points << 5)
      addBlock(s, rows, width)
      if (pDb) addBias(points)
      pPoints += points * s.OC * 4
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

/** Copies what the units' outputs meet of x, and lists the place of each output row's first tap; returns the rows. */
function copyUnits(pX: usize, s: Shape, first: i32, count: i32): i32 {
  let rows = 0
  for (let i = 0; i < count; i++) {
    const unit = (first + i) / segments
    const left = s.padW - (first + i) % segments * unitWidth * s.strideW
    const h = unit % unitsPerPlane * unitRows, d = unit / unitsPerPlane % s.OD, n = unit / unitsPerPlane / s.OD
    const outRows = min(unitRows, s.OH - h)
    const to = pCopy + i * unitBytes
    for (let r = 0; r < outRows; r++, rows++) store<u32>(pRows + (rows << 2), <u32>(to + r * s.strideH * rowBytes))
    const inRows = (outRows - 1) * s.strideH + (s.KH - 1) * s.dilationH + 1
    for (let k = 0; k < s.KD; k++) {
      const inD = d * s.strideD + k * s.dilationD - s.padD
      for (let r = 0; r < inRows; r++) {
        const inH = h * s.strideH + r - s.padH
        const there = <u32>inD < <u32>s.D && <u32>inH < <u32>s.H
        const pRow = pX + ((n * s.D + inD) * s.H + inH) * s.W * s.C * 4
        copyRow(there ? pRow : 0, s, left, to + k * planeBytes + r * rowBytes)
      }
    }
  }
  return rows
}

/**
 * One row as the unit's taps see it, for each group of lanes: `before` zeros (where negative, the row starts so much
 * later), then pixels, then zeros; all zeros where pRow is 0.
 */
function copyRow(pRow: usize, s: Shape, before: i32, to: usize): void {
  const W = rowBytes / pixelBytes
  const skip = max(0, -before), left = min(max(0, before), W)
  const inner = pRow ? max(0, min(s.W - skip, W - left)) : 0
  const pixel: usize = s.C << 2
  let channels = s.C / s.groups
  for (let group = 0; group < laneGroups; group++, to += blockBytes, channels -= lanes) {
    if (inner == 0) {
      memory.fill(to, 0, rowBytes)
      continue
    }
    memory.fill(to, 0, left * pixelBytes)
    memory.fill(to + (left + inner) * pixelBytes, 0, (W - left - inner) * pixelBytes)
    let t = to + left * pixelBytes, q = pRow + skip * pixel + group * pixelBytes
    if (pixelBytes == pixel && channels >= lanes) memory.copy(t, q, inner * pixelBytes)
    else if (channels >= MR) {
      for (let w = 0; w < inner; w++, q += pixel, t += MR << 2) {
        v128.store(t, v128.load(q))
        if (MR == 6) store<f64>(t, load<f64>(q, 16), 16)
      }
    } else {
      const part = min(lanes, channels)
      for (let w = 0; w < inner; w++, q += pixel, t += pixelBytes) {
        for (let i = 0; i < part; i++) store<f32>(t + (i << 2), load<f32>(q + (i << 2)))
      }
    }
  }
}

function addBlock(s: Shape, rows: i32, width: i32): void {
  const c = s.C / s.groups
  const points = rows * width
  const merged = mergesRows(s)
  const step: usize = s.strideW * pixelBytes
  let pTile = pSums
  for (let j = 0; j < panels; j++) {
    const pPanel = pPanels + (j * points << 5)
    for (let group = 0; group < laneGroups; group++) {
      const values = merged ? s.KW * c : min(MR, c - group * MR)
      for (let kd = 0; kd < s.KD; kd++) {
        for (let kh = 0; kh < s.KH; kh++) {
          const offset = group * blockBytes + kd * planeBytes + kh * s.dilationH * rowBytes
          if (merged) {
            for (let i = 0; i < values; i += MR, pTile += SUMS_BYTES)
              tileOfSteps(min(MR, values - i), pRows, rows, offset + (i << 2), step, width, pPanel, pTile, ACCUMULATE)
          } else {
            for (let kw = 0; kw < s.KW; kw++, pTile += SUMS_BYTES)
              tileOfSteps(values, pRows, rows, offset + kw * s.dilationW * pixelBytes, step, width, pPanel, pTile, ACCUMULATE)
          }
        }
      }
    }
  }
}

/** Adds the block's sums of dy, two points at a time. */
function addBias(points: i32): void {
  let p = pPanels
  for (let j = 0; j < panels; j++) {
    let a0 = f32x4.splat(0), a1 = a0, b0 = a0, b1 = a0
    let k = points
    for (; k >= 2; k -= 2, p += 64) {
      a0 = f32x4.add(a0, v128.load(p)); a1 = f32x4.add(a1, v128.load(p, 16))
      b0 = f32x4.add(b0, v128.load(p, 32)); b1 = f32x4.add(b1, v128.load(p, 48))
    }
    if (k > 0) {
      a0 = f32x4.add(a0, v128.load(p)); a1 = f32x4.add(a1, v128.load(p, 16))
      p += 32
    }
    const to = pBiasSums + (j << 5)
    v128.store(to, f32x4.add(v128.load(to), f32x4.add(a0, b0)))
    v128.store(to, f32x4.add(v128.load(to, 16), f32x4.add(a1, b1)), 16)
  }
}

function addTo(to: usize, p: usize, n: i32, flags: i32): void {
  for (let i = 0; i < n; i++, p += 4, to += 4) store<f32>(to, flags & ACCUMULATE ? load<f32>(to) + load<f32>(p) : load<f32>(p))
}

/** Writes the sums as dw[o, c, tap]. */
function unpack(pDw: usize, s: Shape, flags: i32): void {
  const c = s.C / s.groups, o = s.OC / s.groups, T = taps(s)
  const merged = mergesRows(s)
  const sPanel: usize = tilesPerPanel(s) * SUMS_BYTES
  for (let oc = 0; oc < o; oc++) {
    const pPanel = pSums + (oc >>> 3) * sPanel + ((oc & 7) << 2)
    for (let ic = 0; ic < c; ic++) {
      for (let tap = 0; tap < T; tap++, pDw += 4) {
        let p: usize
        if (merged) {
          const value = tap % s.KW * c + ic
          p = (tap / s.KW * strips + value / MR) * SUMS_BYTES + (value % MR << 5)
        } else {
          p = (ic / MR * T + tap) * SUMS_BYTES + (ic % MR << 5)
        }
        const sum = load<f32>(pPanel + p)
        store<f32>(pDw, flags & ACCUMULATE ? load<f32>(pDw) + sum : sum)
      }
    }
  }
}
