import base from '#wasm/integer.base'
import type { KernelGroup } from '../host.ts'
import type { UnaryKernel, BinaryKernel, BinaryNdKernel } from './kinds.ts'

export type { UnaryKernel, BinaryKernel, BinaryNdKernel }

/**
 * Bits, shifts and quotients of integers. Pointers are byte addresses, of 4-byte elements multiples of 4; n counts elements and may be 0.
 * A result depends on its operands alone, never on position or alignment. NaN in gives NaN out unless said otherwise;
 * which NaN is not specified. "ULP" bounds hold on both tiers for every f32.
 */
export interface IntegerKernels {
  readonly i32_and: BinaryKernel
  readonly i32_and_nd: BinaryNdKernel
  readonly i32_or: BinaryKernel
  readonly i32_or_nd: BinaryNdKernel
  readonly i32_xor: BinaryKernel
  readonly i32_xor_nd: BinaryNdKernel
  /** Rounded towards -Infinity; 0 where b is 0 (PyTorch throws: check in the op). */
  readonly i32_floor_divide: BinaryKernel
  readonly i32_floor_divide_nd: BinaryNdKernel
  /** Sign of b; 0 where b is 0. */
  readonly i32_remainder: BinaryKernel
  readonly i32_remainder_nd: BinaryNdKernel
  /** By b modulo 32. */
  readonly i32_shl: BinaryKernel
  readonly i32_shl_nd: BinaryNdKernel
  /** Arithmetic, by b modulo 32. */
  readonly i32_shr: BinaryKernel
  readonly i32_shr_nd: BinaryNdKernel
  /** Bitwise. */
  readonly i32_not: UnaryKernel
}

/** The integer group; pass it to `KernelHost.use`. */
export const integer: KernelGroup<IntegerKernels> = { name: 'integer', base }
