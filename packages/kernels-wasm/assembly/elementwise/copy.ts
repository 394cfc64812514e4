import { gather, loadUpTo4, storeUpTo4 } from '../lib/tail'

@inline
function meta(pMeta: usize, at: i32): i32 {
  return load<i32>(pMeta + (<usize>at << 2))
}

/** in[r][c] at pIn + r stepIn + 4 c to out[c][r] at pOut + c stepOut + 4 r, four by four. */
@inline
function transpose4x4(pIn: usize, stepIn: usize, pOut: usize, stepOut: usize): void {
  const r0 = v128.load(pIn)
  const r1 = v128.load(pIn + stepIn)
  const r2 = v128.load(pIn + 2 * stepIn)
  const r3 = v128.load(pIn + 3 * stepIn)
  const a = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5)
  const b = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5)
  const c = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7)
  const d = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7)
  v128.store(pOut, v128.shuffle<i64>(a, b, 0, 2))
  v128.store(pOut + stepOut, v128.shuffle<i64>(a, b, 1, 3))
  v128.store(pOut + 2 * stepOut, v128.shuffle<i64>(c, d, 0, 2))
  v128.store(pOut + 3 * stepOut, v128.shuffle<i64>(c, d, 1, 3))
}

/** A strip of 16 columns at most, all rows. */
function transposeStrip(pIn: usize, stepIn: usize, pOut: usize, stepOut: usize, rows: i32, columns: i32): void {
  let r: i32 = 0
  for (; r + 4 <= rows; r += 4) {
    let from = pIn
    let to = pOut
    let c: i32 = 0
    for (; c + 4 <= columns; c += 4) {
      transpose4x4(from, stepIn, to, stepOut)
      from += 16
      to += 4 * stepOut
    }
    for (; c < columns; c++) {
      v128.store(to, gather(from, stepIn, 4))
      from += 4
      to += stepOut
    }
    pIn += 4 * stepIn
    pOut += 16
  }
  if (r == rows) return
  for (let c: i32 = 0; c < columns; c++) {
    storeUpTo4(pOut, gather(pIn, stepIn, rows - r), rows - r)
    pIn += 4
    pOut += stepOut
  }
}

/** in[rows][columns] to out[columns][rows]; steps in bytes from row to row. */
function transpose(pIn: usize, stepIn: usize, pOut: usize, stepOut: usize, rows: i32, columns: i32): void {
  for (let c: i32 = 0; c < columns; c += 16) {
    transposeStrip(pIn, stepIn, pOut, stepOut, rows, min(16, columns - c))
    pIn += 64
    pOut += 16 * stepOut
  }
}

/** One strided side, one dense side, both walked in the dense side's order. */
@inline
function row32(pX: usize, stepX: usize, pY: usize, stepY: usize, n: i32): void {
  if (stepX == 4 && stepY == 4) {
    memory.copy(pY, pX, <usize>n << 2)
    return
  }
  if (stepY == 4) {
    for (; n > 0; n -= 4, pX += stepX << 2, pY += 16) {
      storeUpTo4(pY, stepX == 0 ? v128.load32_splat(pX) : gather(pX, stepX, n), n)
    }
    return
  }
  for (; n > 0; n--, pX += stepX, pY += stepY) store<u32>(pY, load<u32>(pX))
}

/** Elements from dimension `dim` on, in order, in the dense side. */
function denseSize(pMeta: usize, rank: i32, dim: i32): usize {
  let size: usize = 1
  for (; dim < rank; dim++) size *= meta(pMeta, dim)
  return size
}

/** The dimension, before the last, whose stride is 1: with the last one it makes a transpose. -1 when there is none. */
function unitDimension(pMeta: usize, rank: i32): i32 {
  if (rank < 2 || meta(pMeta, 2 * rank - 1) == 1 || meta(pMeta, rank - 1) < 4) return -1
  for (let dim = rank - 2; dim >= 0; dim--) {
    if (meta(pMeta, rank + dim) == 1 && meta(pMeta, dim) >= 4) return dim
  }
  return -1
}

/**
 * Copies between a dense side and a strided one (`into`: from the dense to the strided), dimensions `dim` and up.
 * `unit` is a dimension to be taken together with the last.
 */
function walk(
  into: bool, pDense: usize, pStrided: usize, pMeta: usize, rank: i32, dim: i32, unit: i32,
): void {
  const n = meta(pMeta, dim)
  const step = <usize>meta(pMeta, rank + dim) << 2
  if (dim == rank - 1) {
    if (unit >= 0) {
      // The strided side has rows along this dimension, with the unit dimension dense in them.
      const dense = denseSize(pMeta, rank, unit + 1) << 2
      const other = meta(pMeta, unit)
      if (into) transpose(pDense, dense, pStrided, step, other, n)
      else transpose(pStrided, step, pDense, dense, n, other)
    } else if (into) row32(pDense, 4, pStrided, step, n)
    else row32(pStrided, step, pDense, 4, n)
    return
  }
  if (dim == unit) {
    walk(into, pDense, pStrided, pMeta, rank, dim + 1, unit)
    return
  }
  const dense = denseSize(pMeta, rank, dim + 1) << 2
  for (let i = 0; i < n; i++) {
    walk(into, pDense, pStrided, pMeta, rank, dim + 1, unit)
    pDense += dense
    pStrided += step
  }
}

export function b32_copy_nd(pX: usize, pY: usize, pMeta: usize, rank: i32): void {
  if (rank == 0) store<u32>(pY, load<u32>(pX))
  else walk(false, pY, pX, pMeta, rank, 0, unitDimension(pMeta, rank))
}

export function b32_copy_into_nd(pX: usize, pY: usize, pMeta: usize, rank: i32): void {
  if (rank == 0) store<u32>(pY, load<u32>(pX))
  else walk(true, pX, pY, pMeta, rank, 0, unitDimension(pMeta, rank))
}

function walkBytes(into: bool, pDense: usize, pStrided: usize, pMeta: usize, rank: i32, dim: i32): void {
  const n = meta(pMeta, dim)
  const step = <usize>meta(pMeta, rank + dim)
  if (dim < rank - 1) {
    const dense = denseSize(pMeta, rank, dim + 1)
    for (let i = 0; i < n; i++) {
      walkBytes(into, pDense, pStrided, pMeta, rank, dim + 1)
      pDense += dense
      pStrided += step
    }
    return
  }
  if (step == 1) {
    memory.copy(into ? pStrided : pDense, into ? pDense : pStrided, n)
    return
  }
  for (let i = 0; i < n; i++, pDense++, pStrided += step) {
    if (into) store<u8>(pStrided, load<u8>(pDense))
    else store<u8>(pDense, load<u8>(pStrided))
  }
}

export function b8_copy_nd(pX: usize, pY: usize, pMeta: usize, rank: i32): void {
  if (rank == 0) store<u8>(pY, load<u8>(pX))
  else walkBytes(false, pY, pX, pMeta, rank, 0)
}

export function b8_copy_into_nd(pX: usize, pY: usize, pMeta: usize, rank: i32): void {
  if (rank == 0) store<u8>(pY, load<u8>(pX))
  else walkBytes(true, pX, pY, pMeta, rank, 0)
}
