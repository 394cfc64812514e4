import base from '#wasm/exponential.base'
import type { KernelGroup } from '../host.ts'
import type { UnaryKernel, GradientKernel } from './kinds.ts'

export type { UnaryKernel, GradientKernel }

/**
 * exp, log and what networks use of them. Pointers are byte addresses, of 4-byte elements multiples of 4; n counts elements and may be 0.
 * A result depends on its operands alone, never on position or alignment. NaN in gives NaN out unless said otherwise;
 * which NaN is not specified. "ULP" bounds hold on both tiers for every f32.
 */
export interface ExponentialKernels {
  /** 1.1 ULP, subnormal results included. */
  readonly f32_exp: UnaryKernel
  /** 1 ULP. log 0 = -Infinity, log of a negative number is NaN. */
  readonly f32_log: UnaryKernel
  /** 3 ULP. */
  readonly f32_tanh: UnaryKernel
  /** 2 ULP, subnormal results included. */
  readonly f32_sigmoid: UnaryKernel
  /** x sigmoid(x): 3 ULP or 1e-7 |x|. */
  readonly f32_silu: UnaryKernel
  /** From y. */
  readonly f32_tanh_grad: GradientKernel
  /** From y. */
  readonly f32_sigmoid_grad: GradientKernel
  /** From x. */
  readonly f32_silu_grad: GradientKernel
}

/** The exponential group; pass it to `KernelHost.use`. */
export const exponential: KernelGroup<ExponentialKernels> = { name: 'exponential', base }
