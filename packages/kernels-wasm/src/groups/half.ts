import base from '#wasm/half.base'
import type { KernelGroup } from '../host.ts'
import type { UnaryKernel } from './kinds.ts'

export type { UnaryKernel }

/**
 * Numbers of 16 bits. Pointers are byte addresses, of 4-byte elements multiples of 4; n counts elements and may be 0.
 * A result depends on its operands alone, never on position or alignment. NaN in gives NaN out unless said otherwise;
 * which NaN is not specified. "ULP" bounds hold on both tiers for every f32.
 */
export interface HalfKernels {
  /** Halves (2 bytes each, 2-byte aligned) to f32, exact. Not in place. */
  readonly f16_to_f32: UnaryKernel
  /** Nearest, ties to even; overflow to infinity. Not in place. */
  readonly f32_to_f16: UnaryKernel
  /** Exact. Not in place. */
  readonly bf16_to_f32: UnaryKernel
  /** Nearest, ties to even. Not in place. */
  readonly f32_to_bf16: UnaryKernel
}

/** The half group; pass it to `KernelHost.use`. */
export const half: KernelGroup<HalfKernels> = { name: 'half', base }
