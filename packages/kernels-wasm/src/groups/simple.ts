import base from '#wasm/simple.base'
import type { KernelGroup } from '../host.ts'
import type { UnaryKernel, UnaryKernel2, GradientKernel } from './kinds.ts'

export type { UnaryKernel, UnaryKernel2, GradientKernel }

/**
 * Roots, squares, signs, bounds and roundings. Pointers are byte addresses, of 4-byte elements multiples of 4; n counts elements and may be 0.
 * A result depends on its operands alone, never on position or alignment. NaN in gives NaN out unless said otherwise;
 * which NaN is not specified. "ULP" bounds hold on both tiers for every f32.
 */
export interface SimpleKernels {
  readonly f32_abs: UnaryKernel
  /** -1, 0 or 1; NaN gives 0, as in PyTorch. */
  readonly f32_sign: UnaryKernel
  readonly f32_square: UnaryKernel
  readonly f32_sqrt: UnaryKernel
  /** 1 / sqrt(x), two roundings. */
  readonly f32_rsqrt: UnaryKernel
  readonly f32_reciprocal: UnaryKernel
  /** min(max(x, a), b); pass an infinity for a missing bound. NaN stays NaN; the bounds must not be NaN. */
  readonly f32_clip: UnaryKernel2
  readonly f32_floor: UnaryKernel
  readonly f32_ceil: UnaryKernel
  /** To the nearest integer, halves to even. */
  readonly f32_round: UnaryKernel
  readonly f32_trunc: UnaryKernel
  readonly i32_abs: UnaryKernel
  /** y_i = a_i + t (b_i - a_i), computed from the nearer end, as torch.lerp. */
  f32_lerp(pA: number, pB: number, pY: number, n: number, t: number): void
  /** From x; 0 at 0. */
  readonly f32_abs_grad: GradientKernel
  /** From y. */
  readonly f32_sqrt_grad: GradientKernel
}

/** The simple group; pass it to `KernelHost.use`. */
export const simple: KernelGroup<SimpleKernels> = { name: 'simple', base }
