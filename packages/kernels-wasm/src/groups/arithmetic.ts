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
  /** max(0, x); NaN stays NaN, -0 stays -0. */
  readonly f32_relu: UnaryKernel
  /** a x + b, two roundings on both tiers. */
  readonly f32_scale: UnaryKernel2
  readonly i32_neg: UnaryKernel
  /** max(0, x). */
  readonly i32_relu: UnaryKernel
  /** y_i += a x_i. */
  readonly f32_axpy: UnaryKernel1
  /** From y (or x): y > 0 ? dy : 0; NaN passes dy. */
  readonly f32_relu_grad: GradientKernel
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
