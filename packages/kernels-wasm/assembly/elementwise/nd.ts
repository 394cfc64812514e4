import * as op from './codes'
import * as binary from './binary'
import * as compare from './compare'
import { rowLogical, rowWhere, rowWhereBytes } from './logical'

/** One row of any operation; steps are in bytes. Only WHERE reads pC. */
function row(
  code: i32, pA: usize, pB: usize, pC: usize, pY: usize, n: i32, stepA: usize, stepB: usize, stepC: usize,
): void {
  switch (code) {
    case op.ADD: return binary.f32RowAdd(pA, pB, pY, n, stepA, stepB)
    case op.SUB: return binary.f32RowSub(pA, pB, pY, n, stepA, stepB)
    case op.MUL: return binary.f32RowMul(pA, pB, pY, n, stepA, stepB)
    case op.DIV: return binary.f32RowDiv(pA, pB, pY, n, stepA, stepB)
    case op.MAXIMUM: return binary.f32RowMaximum(pA, pB, pY, n, stepA, stepB)
    case op.MINIMUM: return binary.f32RowMinimum(pA, pB, pY, n, stepA, stepB)
    case op.POW: return binary.f32RowPow(pA, pB, pY, n, stepA, stepB)
    case op.FMOD: return binary.f32RowFmod(pA, pB, pY, n, stepA, stepB)
    case op.REMAINDER: return binary.f32RowRemainder(pA, pB, pY, n, stepA, stepB)
    case op.ATAN2: return binary.f32RowAtan2(pA, pB, pY, n, stepA, stepB)
    case op.FLOOR_DIVIDE: return binary.f32RowFloorDivide(pA, pB, pY, n, stepA, stepB)
    case op.I_ADD: return binary.i32RowAdd(pA, pB, pY, n, stepA, stepB)
    case op.I_SUB: return binary.i32RowSub(pA, pB, pY, n, stepA, stepB)
    case op.I_MUL: return binary.i32RowMul(pA, pB, pY, n, stepA, stepB)
    case op.I_MAXIMUM: return binary.i32RowMaximum(pA, pB, pY, n, stepA, stepB)
    case op.I_MINIMUM: return binary.i32RowMinimum(pA, pB, pY, n, stepA, stepB)
    case op.I_AND: return binary.i32RowAnd(pA, pB, pY, n, stepA, stepB)
    case op.I_OR: return binary.i32RowOr(pA, pB, pY, n, stepA, stepB)
    case op.I_XOR: return binary.i32RowXor(pA, pB, pY, n, stepA, stepB)
    case op.I_FLOOR_DIVIDE: return binary.i32RowFloorDivide(pA, pB, pY, n, stepA, stepB)
    case op.I_REMAINDER: return binary.i32RowRemainder(pA, pB, pY, n, stepA, stepB)
    case op.I_SHL: return binary.i32RowShl(pA, pB, pY, n, stepA, stepB)
    case op.I_SHR: return binary.i32RowShr(pA, pB, pY, n, stepA, stepB)
    case op.EQ: return compare.f32RowEq(pA, pB, pY, n, stepA, stepB)
    case op.NE: return compare.f32RowNe(pA, pB, pY, n, stepA, stepB)
    case op.LT: return compare.f32RowLt(pA, pB, pY, n, stepA, stepB)
    case op.LE: return compare.f32RowLe(pA, pB, pY, n, stepA, stepB)
    case op.GT: return compare.f32RowGt(pA, pB, pY, n, stepA, stepB)
    case op.GE: return compare.f32RowGe(pA, pB, pY, n, stepA, stepB)
    case op.I_EQ: return compare.i32RowEq(pA, pB, pY, n, stepA, stepB)
    case op.I_NE: return compare.i32RowNe(pA, pB, pY, n, stepA, stepB)
    case op.I_LT: return compare.i32RowLt(pA, pB, pY, n, stepA, stepB)
    case op.I_LE: return compare.i32RowLe(pA, pB, pY, n, stepA, stepB)
    case op.I_GT: return compare.i32RowGt(pA, pB, pY, n, stepA, stepB)
    case op.I_GE: return compare.i32RowGe(pA, pB, pY, n, stepA, stepB)
    case op.WHERE: return rowWhere(pC, pA, pB, pY, n, stepC, stepA, stepB)
    case op.B_WHERE: return rowWhereBytes(pC, pA, pB, pY, n, stepC, stepA, stepB)
    default: rowLogical(code, pA, pB, pY, n, stepA, stepB)
  }
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
 * Dimensions `dim` and up of a strided operation; returns the end of the output. The rows of pMeta are shape,
 * for the choosing operations the strides of the condition, strides of A, strides of B.
 */
function walk(
  code: i32, pA: usize, pB: usize, pC: usize, pY: usize, pMeta: usize, rank: i32, dim: i32,
): usize {
  const shift = inputShift(code)
  const chooses = code >= op.WHERE
  if (rank == 0) {
    row(code, pA, pB, pC, pY, 1, 0, 0, 0)
    return pY
  }
  const n = meta(pMeta, dim)
  const rowA = chooses ? 2 * rank : rank
  const stepA = meta(pMeta, rowA + dim) << shift
  const stepB = meta(pMeta, rowA + rank + dim) << shift
  const stepC = chooses ? meta(pMeta, rank + dim) : 0
  if (dim == rank - 1) {
    row(code, pA, pB, pC, pY, n, stepA, stepB, stepC)
    return pY + (<usize>n << outputShift(code))
  }
  if (dim < rank - 2) {
    for (let i = 0; i < n; i++) {
      pY = walk(code, pA, pB, pC, pY, pMeta, rank, dim + 1)
      pA += stepA
      pB += stepB
      pC += stepC
    }
    return pY
  }
  const length = meta(pMeta, dim + 1)
  const innerA = meta(pMeta, rowA + dim + 1) << shift
  const innerB = meta(pMeta, rowA + rank + dim + 1) << shift
  const innerC = chooses ? meta(pMeta, rank + dim + 1) : 0
  const stepY = <usize>length << outputShift(code)
  for (let i = 0; i < n; i++) {
    row(code, pA, pB, pC, pY, length, innerA, innerB, innerC)
    pA += stepA
    pB += stepB
    pC += stepC
    pY += stepY
  }
  return pY
}

export function f32_add(pA: usize, pB: usize, pY: usize, n: i32): void {
  binary.f32RowAdd(pA, pB, pY, n, 4, 4)
}

export function f32_add_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.ADD, pA, pB, 0, pY, pMeta, rank, 0)
}

export function f32_sub(pA: usize, pB: usize, pY: usize, n: i32): void {
  binary.f32RowSub(pA, pB, pY, n, 4, 4)
}

export function f32_sub_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.SUB, pA, pB, 0, pY, pMeta, rank, 0)
}

export function f32_mul(pA: usize, pB: usize, pY: usize, n: i32): void {
  binary.f32RowMul(pA, pB, pY, n, 4, 4)
}

export function f32_mul_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.MUL, pA, pB, 0, pY, pMeta, rank, 0)
}

export function f32_div(pA: usize, pB: usize, pY: usize, n: i32): void {
  binary.f32RowDiv(pA, pB, pY, n, 4, 4)
}

export function f32_div_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.DIV, pA, pB, 0, pY, pMeta, rank, 0)
}

export function f32_maximum(pA: usize, pB: usize, pY: usize, n: i32): void {
  binary.f32RowMaximum(pA, pB, pY, n, 4, 4)
}

export function f32_maximum_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.MAXIMUM, pA, pB, 0, pY, pMeta, rank, 0)
}

export function f32_minimum(pA: usize, pB: usize, pY: usize, n: i32): void {
  binary.f32RowMinimum(pA, pB, pY, n, 4, 4)
}

export function f32_minimum_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.MINIMUM, pA, pB, 0, pY, pMeta, rank, 0)
}

export function f32_pow(pA: usize, pB: usize, pY: usize, n: i32): void {
  binary.f32RowPow(pA, pB, pY, n, 4, 4)
}

export function f32_pow_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.POW, pA, pB, 0, pY, pMeta, rank, 0)
}

export function f32_fmod(pA: usize, pB: usize, pY: usize, n: i32): void {
  binary.f32RowFmod(pA, pB, pY, n, 4, 4)
}

export function f32_fmod_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.FMOD, pA, pB, 0, pY, pMeta, rank, 0)
}

export function f32_remainder(pA: usize, pB: usize, pY: usize, n: i32): void {
  binary.f32RowRemainder(pA, pB, pY, n, 4, 4)
}

export function f32_remainder_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.REMAINDER, pA, pB, 0, pY, pMeta, rank, 0)
}

export function f32_atan2(pA: usize, pB: usize, pY: usize, n: i32): void {
  binary.f32RowAtan2(pA, pB, pY, n, 4, 4)
}

export function f32_atan2_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.ATAN2, pA, pB, 0, pY, pMeta, rank, 0)
}

export function f32_floor_divide(pA: usize, pB: usize, pY: usize, n: i32): void {
  binary.f32RowFloorDivide(pA, pB, pY, n, 4, 4)
}

export function f32_floor_divide_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.FLOOR_DIVIDE, pA, pB, 0, pY, pMeta, rank, 0)
}

export function i32_add(pA: usize, pB: usize, pY: usize, n: i32): void {
  binary.i32RowAdd(pA, pB, pY, n, 4, 4)
}

export function i32_add_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.I_ADD, pA, pB, 0, pY, pMeta, rank, 0)
}

export function i32_sub(pA: usize, pB: usize, pY: usize, n: i32): void {
  binary.i32RowSub(pA, pB, pY, n, 4, 4)
}

export function i32_sub_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.I_SUB, pA, pB, 0, pY, pMeta, rank, 0)
}

export function i32_mul(pA: usize, pB: usize, pY: usize, n: i32): void {
  binary.i32RowMul(pA, pB, pY, n, 4, 4)
}

export function i32_mul_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.I_MUL, pA, pB, 0, pY, pMeta, rank, 0)
}

export function i32_maximum(pA: usize, pB: usize, pY: usize, n: i32): void {
  binary.i32RowMaximum(pA, pB, pY, n, 4, 4)
}

export function i32_maximum_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.I_MAXIMUM, pA, pB, 0, pY, pMeta, rank, 0)
}

export function i32_minimum(pA: usize, pB: usize, pY: usize, n: i32): void {
  binary.i32RowMinimum(pA, pB, pY, n, 4, 4)
}

export function i32_minimum_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.I_MINIMUM, pA, pB, 0, pY, pMeta, rank, 0)
}

export function i32_and(pA: usize, pB: usize, pY: usize, n: i32): void {
  binary.i32RowAnd(pA, pB, pY, n, 4, 4)
}

export function i32_and_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.I_AND, pA, pB, 0, pY, pMeta, rank, 0)
}

export function i32_or(pA: usize, pB: usize, pY: usize, n: i32): void {
  binary.i32RowOr(pA, pB, pY, n, 4, 4)
}

export function i32_or_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.I_OR, pA, pB, 0, pY, pMeta, rank, 0)
}

export function i32_xor(pA: usize, pB: usize, pY: usize, n: i32): void {
  binary.i32RowXor(pA, pB, pY, n, 4, 4)
}

export function i32_xor_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.I_XOR, pA, pB, 0, pY, pMeta, rank, 0)
}

export function i32_floor_divide(pA: usize, pB: usize, pY: usize, n: i32): void {
  binary.i32RowFloorDivide(pA, pB, pY, n, 4, 4)
}

export function i32_floor_divide_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.I_FLOOR_DIVIDE, pA, pB, 0, pY, pMeta, rank, 0)
}

export function i32_remainder(pA: usize, pB: usize, pY: usize, n: i32): void {
  binary.i32RowRemainder(pA, pB, pY, n, 4, 4)
}

export function i32_remainder_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.I_REMAINDER, pA, pB, 0, pY, pMeta, rank, 0)
}

export function i32_shl(pA: usize, pB: usize, pY: usize, n: i32): void {
  binary.i32RowShl(pA, pB, pY, n, 4, 4)
}

export function i32_shl_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.I_SHL, pA, pB, 0, pY, pMeta, rank, 0)
}

export function i32_shr(pA: usize, pB: usize, pY: usize, n: i32): void {
  binary.i32RowShr(pA, pB, pY, n, 4, 4)
}

export function i32_shr_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.I_SHR, pA, pB, 0, pY, pMeta, rank, 0)
}

export function f32_eq(pA: usize, pB: usize, pY: usize, n: i32): void {
  compare.f32RowEq(pA, pB, pY, n, 4, 4)
}

export function f32_eq_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.EQ, pA, pB, 0, pY, pMeta, rank, 0)
}

export function f32_ne(pA: usize, pB: usize, pY: usize, n: i32): void {
  compare.f32RowNe(pA, pB, pY, n, 4, 4)
}

export function f32_ne_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.NE, pA, pB, 0, pY, pMeta, rank, 0)
}

export function f32_lt(pA: usize, pB: usize, pY: usize, n: i32): void {
  compare.f32RowLt(pA, pB, pY, n, 4, 4)
}

export function f32_lt_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.LT, pA, pB, 0, pY, pMeta, rank, 0)
}

export function f32_le(pA: usize, pB: usize, pY: usize, n: i32): void {
  compare.f32RowLe(pA, pB, pY, n, 4, 4)
}

export function f32_le_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.LE, pA, pB, 0, pY, pMeta, rank, 0)
}

export function f32_gt(pA: usize, pB: usize, pY: usize, n: i32): void {
  compare.f32RowGt(pA, pB, pY, n, 4, 4)
}

export function f32_gt_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.GT, pA, pB, 0, pY, pMeta, rank, 0)
}

export function f32_ge(pA: usize, pB: usize, pY: usize, n: i32): void {
  compare.f32RowGe(pA, pB, pY, n, 4, 4)
}

export function f32_ge_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.GE, pA, pB, 0, pY, pMeta, rank, 0)
}

export function i32_eq(pA: usize, pB: usize, pY: usize, n: i32): void {
  compare.i32RowEq(pA, pB, pY, n, 4, 4)
}

export function i32_eq_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.I_EQ, pA, pB, 0, pY, pMeta, rank, 0)
}

export function i32_ne(pA: usize, pB: usize, pY: usize, n: i32): void {
  compare.i32RowNe(pA, pB, pY, n, 4, 4)
}

export function i32_ne_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.I_NE, pA, pB, 0, pY, pMeta, rank, 0)
}

export function i32_lt(pA: usize, pB: usize, pY: usize, n: i32): void {
  compare.i32RowLt(pA, pB, pY, n, 4, 4)
}

export function i32_lt_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.I_LT, pA, pB, 0, pY, pMeta, rank, 0)
}

export function i32_le(pA: usize, pB: usize, pY: usize, n: i32): void {
  compare.i32RowLe(pA, pB, pY, n, 4, 4)
}

export function i32_le_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.I_LE, pA, pB, 0, pY, pMeta, rank, 0)
}

export function i32_gt(pA: usize, pB: usize, pY: usize, n: i32): void {
  compare.i32RowGt(pA, pB, pY, n, 4, 4)
}

export function i32_gt_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.I_GT, pA, pB, 0, pY, pMeta, rank, 0)
}

export function i32_ge(pA: usize, pB: usize, pY: usize, n: i32): void {
  compare.i32RowGe(pA, pB, pY, n, 4, 4)
}

export function i32_ge_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.I_GE, pA, pB, 0, pY, pMeta, rank, 0)
}

export function u8_logical_and(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowLogical(op.B_AND, pA, pB, pY, n, 1, 1)
}

export function u8_logical_and_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.B_AND, pA, pB, 0, pY, pMeta, rank, 0)
}

export function u8_logical_or(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowLogical(op.B_OR, pA, pB, pY, n, 1, 1)
}

export function u8_logical_or_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.B_OR, pA, pB, 0, pY, pMeta, rank, 0)
}

export function u8_logical_xor(pA: usize, pB: usize, pY: usize, n: i32): void {
  rowLogical(op.B_XOR, pA, pB, pY, n, 1, 1)
}

export function u8_logical_xor_nd(pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.B_XOR, pA, pB, 0, pY, pMeta, rank, 0)
}

export function b32_where_nd(pC: usize, pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.WHERE, pA, pB, pC, pY, pMeta, rank, 0)
}

export function b32_where(pC: usize, pA: usize, pB: usize, pY: usize, n: i32): void {
  rowWhere(pC, pA, pB, pY, n, 1, 4, 4)
}

export function b8_where_nd(pC: usize, pA: usize, pB: usize, pY: usize, pMeta: usize, rank: i32): void {
  walk(op.B_WHERE, pA, pB, pC, pY, pMeta, rank, 0)
}

export function b8_where(pC: usize, pA: usize, pB: usize, pY: usize, n: i32): void {
  rowWhereBytes(pC, pA, pB, pY, n, 1, 1, 1)
}
