import base from '#wasm/compare.base'
import type { KernelGroup } from '../host.ts'
import type { UnaryKernel, BinaryKernel, BinaryNdKernel, WhereKernel, WhereNdKernel } from './kinds.ts'

export type { UnaryKernel, BinaryKernel, BinaryNdKernel, WhereKernel, WhereNdKernel }

/**
 * Comparisons, tests, logic and choice. Pointers are byte addresses, of 4-byte elements multiples of 4; n counts elements and may be 0.
 * A result depends on its operands alone, never on position or alignment. NaN in gives NaN out unless said otherwise;
 * which NaN is not specified. "ULP" bounds hold on both tiers for every f32.
 */
export interface CompareKernels {
  /** Comparisons write bytes of 0 or 1; every comparison with NaN is false but `ne`. */
  readonly f32_eq: BinaryKernel
  readonly f32_eq_nd: BinaryNdKernel
  readonly f32_ne: BinaryKernel
  readonly f32_ne_nd: BinaryNdKernel
  readonly f32_lt: BinaryKernel
  readonly f32_lt_nd: BinaryNdKernel
  readonly f32_le: BinaryKernel
  readonly f32_le_nd: BinaryNdKernel
  readonly f32_gt: BinaryKernel
  readonly f32_gt_nd: BinaryNdKernel
  readonly f32_ge: BinaryKernel
  readonly f32_ge_nd: BinaryNdKernel
  readonly i32_eq: BinaryKernel
  readonly i32_eq_nd: BinaryNdKernel
  readonly i32_ne: BinaryKernel
  readonly i32_ne_nd: BinaryNdKernel
  readonly i32_lt: BinaryKernel
  readonly i32_lt_nd: BinaryNdKernel
  readonly i32_le: BinaryKernel
  readonly i32_le_nd: BinaryNdKernel
  readonly i32_gt: BinaryKernel
  readonly i32_gt_nd: BinaryNdKernel
  readonly i32_ge: BinaryKernel
  readonly i32_ge_nd: BinaryNdKernel
  /** Bytes in (any that is not 0 is true), bytes of 0 or 1 out. */
  readonly u8_logical_and: BinaryKernel
  readonly u8_logical_and_nd: BinaryNdKernel
  readonly u8_logical_or: BinaryKernel
  readonly u8_logical_or_nd: BinaryNdKernel
  readonly u8_logical_xor: BinaryKernel
  readonly u8_logical_xor_nd: BinaryNdKernel
  readonly u8_logical_not: UnaryKernel
  /** Tests write bytes of 0 or 1. */
  readonly f32_isnan: UnaryKernel
  readonly f32_isinf: UnaryKernel
  readonly f32_isfinite: UnaryKernel
  readonly b32_where: WhereKernel
  readonly b32_where_nd: WhereNdKernel
  readonly b8_where: WhereKernel
  readonly b8_where_nd: WhereNdKernel
}

/** The compare group; pass it to `KernelHost.use`. */
export const compare: KernelGroup<CompareKernels> = { name: 'compare', base }
