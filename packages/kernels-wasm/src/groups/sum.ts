import base from '#wasm/sum.base'
import type { KernelGroup } from '../host.ts'
import type { ReduceKernel } from './kinds.ts'

export type { ReduceKernel }

/**
 * Sums along one axis of a dense [outer, n, inner], which every gradient of a broadcast needs; the other reductions are
 * in the reduce group. For a sum of everything pass (1, n, 1). The order of summation depends on n and inner alone: a
 * row's sum is the same wherever the row lies. With n = 0 each kernel writes 0.
 */
export interface SumKernels {
  /** Short runs in f32 (16 deep along rows, 32 down columns), totals in f64: error well under that of plain f32. */
  readonly f32_sum: ReduceKernel
  /** Wraps. */
  readonly i32_sum: ReduceKernel
  /** Bytes to an i32. */
  readonly u8_sum: ReduceKernel
}

/** The sum group; pass it to `KernelHost.use`. */
export const sum: KernelGroup<SumKernels> = { name: 'sum', base }
