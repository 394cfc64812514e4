import * as op from './codes'
import { rowArithmetic } from './binary'
import { rowCompare } from './compare'
import { rowInteger } from './integer'
import { rowLogical, rowWhere } from './logical'
import { rowWide } from './wide'

// Families of operations with rows of their own; each lives in one group.
export const ARITHMETIC: i32 = 0
export const INTEGER: i32 = 1
export const WIDE: i32 = 2
export const COMPARE: i32 = 3

/** One row of an operation; steps are in bytes. Only the choosing operations read pC. */
@inline
function row(
  family: i32, code: i32, pA: usize, pB: usize, pC: usize, pY: usize, n: i32, stepA: usize, stepB: usize, stepC: usize,
): void {
  if (family == ARITHMETIC) rowArithmetic(code, pA, pB, pY, n, stepA, stepB)
  else if (family == INTEGER) rowInteger(code, pA, pB, pY, n, stepA, stepB)
  else if (family == WIDE) rowWide(code, pA, pB, pY, n, stepA, stepB)
  else if (code >= op.WHERE) rowWhere(code, pC, pA, pB, pY, n, stepC, stepA, stepB)
  else if (code >= op.B_AND) rowLogical(code, pA, pB, pY, n, stepA, stepB)
  else rowCompare(code, pA, pB, pY, n, stepA, stepB)
}

/** log2 of the bytes of an operand. */
@inline
function inputShift(code: i32): i32 {
  return code < op.B_AND || code == op.WHERE ? 2 : 0
}

@inline
function outputShift(code: i32): i32 {
  return code < op.EQ || code == op.WHERE ? 2 : 0
}

@inline
function meta(pMeta: usize, at: i32): i32 {
  return load<i32>(pMeta + (<usize>at << 2))
}

/**
 * A strided operation, row by row: the last dimension is a row, the one before it a loop over rows, and those further out
 * are counted through as one. The rows of pMeta are shape, for the choosing operations the strides of the condition,
 * strides of A, strides of B.
 */
@inline
export function walk(
  family: i32, code: i32, pA: usize, pB: usize, pC: usize, pY: usize, pMeta: usize, rank: i32,
): void {
  const shift = inputShift(code)
  const chooses = family == COMPARE && code >= op.WHERE
  const atA = chooses ? 2 * rank : rank
  const atB = atA + rank
  let n = 1, rows = 1, blocks = 1
  let stepA: usize = 0, stepB: usize = 0, stepC: usize = 0
  let lineA: usize = 0, lineB: usize = 0, lineC: usize = 0
  let dim = rank - 1
  if (dim >= 0) {
    n = meta(pMeta, dim)
    stepA = meta(pMeta, atA + dim) << shift
    stepB = meta(pMeta, atB + dim) << shift
    if (chooses) stepC = meta(pMeta, rank + dim)
  }
  if (--dim >= 0) {
    rows = meta(pMeta, dim)
    lineA = meta(pMeta, atA + dim) << shift
    lineB = meta(pMeta, atB + dim) << shift
    if (chooses) lineC = meta(pMeta, rank + dim)
  }
  for (let i = 0; i < dim; i++) blocks *= meta(pMeta, i)
  const lineY = <usize>n << outputShift(code)
  for (let block = 0; block < blocks; block++) {
    let a = pA, b = pB, c = pC
    let rest = block
    for (let i = dim - 1; i >= 0; i--) {
      const size = meta(pMeta, i)
      const at = rest % size
      rest /= size
      a += (at * meta(pMeta, atA + i)) << shift
      b += (at * meta(pMeta, atB + i)) << shift
      if (chooses) c += at * meta(pMeta, rank + i)
    }
    for (let r = 0; r < rows; r++) {
      row(family, code, a, b, c, pY, n, stepA, stepB, stepC)
      a += lineA
      b += lineB
      c += lineC
      pY += lineY
    }
  }
}
