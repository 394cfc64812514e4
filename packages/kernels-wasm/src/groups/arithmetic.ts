import base from '#wasm/arithmetic.base'
import type { KernelGroup } from '../host.ts'
import type { UnaryKernel, UnaryKernel1, UnaryKernel2, GradientKernel, BinaryKernel, BinaryNdKernel } from './kinds.ts'

export type { UnaryKernel, UnaryKernel1, UnaryKernel2, GradientKernel, BinaryKernel, BinaryNdKernel }

/**
 * Sums, products and what else every network needs. Pointers are byte addresses, of 4-byte elements multiples of 4; n counts elements and may be 0.
 * A result depends on its operands alone, never on position or alignment. NaN in gives NaN out unless said otherwise;
 * which NaN is not specified. "ULP" bounds hold on both tiers for every f32.
 */
export interface ArithmeticKernels {
  readonly f32_neg: UnaryKernel
  readonly f32_abs: UnaryKernel
  /** -1, 0 or 1; NaN gives 0, as in PyTorch. */
  readonly f32_sign: UnaryKernel
  readonly f32_square: UnaryKernel
  readonly f32_sqrt: UnaryKernel
  /** 1 / sqrt(x), two roundings. */
  readonly f32_rsqrt: UnaryKernel
  readonly f32_reciprocal: UnaryKernel
  /** max(0, x); NaN stays NaN, -0 stays -0. */
  readonly f32_relu: UnaryKernel
  /** min(max(x, a), b); pass an infinity for a missing bound. NaN stays NaN; the bounds must not be NaN. */
  readonly f32_clip: UnaryKernel2
  /** a x + b, two roundings on both tiers. */
  readonly f32_scale: UnaryKernel2
  readonly f32_floor: UnaryKernel
  readonly f32_ceil: UnaryKernel
  /** To the nearest integer, halves to even. */
  readonly f32_round: UnaryKernel
  readonly f32_trunc: UnaryKernel
  readonly i32_neg: UnaryKernel
  readonly i32_abs: UnaryKernel
  /** max(0, x). */
  readonly i32_relu: UnaryKernel
  /** y_i += a x_i. */
  readonly f32_axpy: UnaryKernel1
  /** y_i = a_i + t (b_i - a_i), computed from the nearer end, as torch.lerp. */
  f32_lerp(pA: number, pB: number, pY: number, n: number, t: number): void
  /** From y (or x): y > 0 ? dy : 0; NaN passes dy. */
  readonly f32_relu_grad: GradientKernel
  /** From x; 0 at 0. */
  readonly f32_abs_grad: GradientKernel
  /** From y. */
  readonly f32_sqrt_grad: GradientKernel
  readonly f32_add: BinaryKernel
  readonly f32_add_nd: BinaryNdKernel
  readonly f32_sub: BinaryKernel
  readonly f32_sub_nd: BinaryNdKernel
  readonly f32_mul: BinaryKernel
  readonly f32_mul_nd: BinaryNdKernel
  readonly f32_div: BinaryKernel
  readonly f32_div_nd: BinaryNdKernel
  /** NaN where either operand is NaN. */
  readonly f32_maximum: BinaryKernel
  readonly f32_maximum_nd: BinaryNdKernel
  readonly f32_minimum: BinaryKernel
  readonly f32_minimum_nd: BinaryNdKernel
  /** Integer arithmetic wraps. */
  readonly i32_add: BinaryKernel
  readonly i32_add_nd: BinaryNdKernel
  readonly i32_sub: BinaryKernel
  readonly i32_sub_nd: BinaryNdKernel
  readonly i32_mul: BinaryKernel
  readonly i32_mul_nd: BinaryNdKernel
  readonly i32_maximum: BinaryKernel
  readonly i32_maximum_nd: BinaryNdKernel
  readonly i32_minimum: BinaryKernel
  readonly i32_minimum_nd: BinaryNdKernel
}

/** The arithmetic group; pass it to `KernelHost.use`. */
export const arithmetic: KernelGroup<ArithmeticKernels> = { name: 'arithmetic', base }
