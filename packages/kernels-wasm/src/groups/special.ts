import base from '#wasm/special.base'
import type { KernelGroup } from '../host.ts'
import type { UnaryKernel, BinaryKernel, BinaryNdKernel } from './kinds.ts'

export type { UnaryKernel, BinaryKernel, BinaryNdKernel }

/**
 * Functions by way of f64, and the remainders. Pointers are byte addresses, of 4-byte elements multiples of 4; n counts elements and may be 0.
 * A result depends on its operands alone, never on position or alignment. NaN in gives NaN out unless said otherwise;
 * which NaN is not specified. "ULP" bounds hold on both tiers for every f32.
 */
export interface SpecialKernels {
  /** 0.51 ULP. */
  readonly f32_expm1: UnaryKernel
  /** 0.51 ULP. */
  readonly f32_log1p: UnaryKernel
  /** 0.51 ULP. */
  readonly f32_log2: UnaryKernel
  /** 0.51 ULP for every finite x: arguments of 2^20 and more are reduced with 2/pi to 190 bits. */
  readonly f32_sin: UnaryKernel
  /** 0.51 ULP for every finite x. */
  readonly f32_cos: UnaryKernel
  /** 0.51 ULP for every finite x. */
  readonly f32_tan: UnaryKernel
  /** 0.51 ULP. */
  readonly f32_asin: UnaryKernel
  /** 0.51 ULP. */
  readonly f32_acos: UnaryKernel
  /** 0.51 ULP. */
  readonly f32_atan: UnaryKernel
  /** 0.51 ULP. */
  readonly f32_sinh: UnaryKernel
  /** 0.51 ULP. */
  readonly f32_cosh: UnaryKernel
  /** 0.51 ULP. */
  readonly f32_asinh: UnaryKernel
  /** 0.51 ULP. */
  readonly f32_acosh: UnaryKernel
  /** 0.51 ULP. */
  readonly f32_atanh: UnaryKernel
  /** 0.6 ULP. */
  readonly f32_erf: UnaryKernel
  /** 0.51 ULP; zeros, infinities, NaN and negative bases as C's pow. */
  readonly f32_pow: BinaryKernel
  readonly f32_pow_nd: BinaryNdKernel
  /** Exact remainder with the sign of a. */
  readonly f32_fmod: BinaryKernel
  readonly f32_fmod_nd: BinaryNdKernel
  /** Remainder with the sign of b. */
  readonly f32_remainder: BinaryKernel
  readonly f32_remainder_nd: BinaryNdKernel
  /** Angle of the point (b, a): A holds y, B holds x. 0.51 ULP. */
  readonly f32_atan2: BinaryKernel
  readonly f32_atan2_nd: BinaryNdKernel
  /** torch.floor_divide: rounded towards -Infinity, from the exact remainder. */
  readonly f32_floor_divide: BinaryKernel
  readonly f32_floor_divide_nd: BinaryNdKernel
}

/** The special group; pass it to `KernelHost.use`. */
export const special: KernelGroup<SpecialKernels> = { name: 'special', base }
