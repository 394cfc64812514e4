import base from '#wasm/reduce.base'
import type { KernelGroup } from '../host.ts'
import type { ReduceKernel } from './kinds.ts'

export type { ReduceKernel }

/** y [outer, n, inner] holds running totals along the middle axis, from its end where `reverse` is not 0; pY may equal pX. */
export type ScanKernel = (pX: number, pY: number, outer: number, n: number, inner: number, reverse: number) => void

/**
 * Reductions along one axis of a dense [outer, n, inner]. For a reduction over everything pass (1, n, 1). The order of
 * summation depends on n and inner alone: a row's sum is the same wherever the row lies. With n = 0 each kernel writes
 * its identity (0, 1, -Infinity ...), the index kernels must not be called.
 */
export interface ReduceKernels {
  /** Sum of x^2, in the way of `f32_sum`. */
  readonly f32_sum_squares: ReduceKernel
  readonly f32_prod: ReduceKernel
  /** NaN where any element is NaN. */
  readonly f32_max: ReduceKernel
  /** NaN where any element is NaN. */
  readonly f32_min: ReduceKernel
  /** i32 index of the first largest element; of the first NaN where there is one. */
  readonly f32_argmax: ReduceKernel
  /** i32 index of the first smallest element; of the first NaN where there is one. */
  readonly f32_argmin: ReduceKernel
  /** max + log sum exp(x - max); -Infinity where all are. */
  readonly f32_logsumexp: ReduceKernel
  /** Totals in f64, each rounded once. */
  readonly f32_cumsum: ScanKernel
  /** Totals in f64, each rounded once. */
  readonly f32_cumprod: ScanKernel
  /** Integer products wrap. */
  readonly i32_prod: ReduceKernel
  readonly i32_max: ReduceKernel
  readonly i32_min: ReduceKernel
  readonly i32_cumsum: ScanKernel
  /** Bytes to a byte: 1 where any is not 0. */
  readonly u8_any: ReduceKernel
  /** Bytes to a byte: 1 where none is 0. */
  readonly u8_all: ReduceKernel
}

/** The reduce group; pass it to `KernelHost.use`. */
export const reduce: KernelGroup<ReduceKernels> = { name: 'reduce', base }
