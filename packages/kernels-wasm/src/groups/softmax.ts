import base from '#wasm/softmax.base'
import type { KernelGroup } from '../host.ts'
import type { SoftmaxGradientKernel, SoftmaxKernel } from './kinds.ts'

export type { SoftmaxGradientKernel, SoftmaxKernel }

/** Softmax, f32. Sums are made of short runs in f32 whose totals are added in f64. */
export interface SoftmaxKernels {
  /**
   * exp(x - max) / sum. Terms below exp(-87) of the largest are 0. A row of only -Infinity, or with NaN or +Infinity in
   * it, is NaN.
   */
  readonly f32_softmax: SoftmaxKernel
  /** dx = y (dy - sum y dy). */
  readonly f32_softmax_grad: SoftmaxGradientKernel
}

/** The softmax group; pass it to `KernelHost.use`. */
export const softmax: KernelGroup<SoftmaxKernels> = { name: 'softmax', base }
