import base from '#wasm/gemm.base'
import type { KernelGroup } from '../host.ts'

/** Bits of the `flags` argument; add those wanted. The result is act(A B + bias + C_old). */
export const gemmFlags: {
  /** Add to what C holds instead of overwriting it. */
  readonly accumulate: 1
  /** `pBias` holds N values, one per column of C. */
  readonly biasColumn: 2
  /** `pBias` holds M values, one per row of C. */
  readonly biasRow: 4
  /** max(0, x) on the result. */
  readonly relu: 16
  /** A hint that does not change the result: no cheap broadcast here. {@link engineFlags} says whether that is so. */
  readonly spread: 32
} = { accumulate: 1, biasColumn: 2, biasRow: 4, relu: 16, spread: 32 }

let hints: number | undefined

/**
 * The hints that suit this engine, to be added to the flags wanted: {@link gemmFlags}.spread and `plainLoads` of the
 * convolutions in JavaScriptCore, `plainLoads` alone in Deno, whose V8 checks bounds in code, and 0 elsewhere. They make
 * the relaxed tier faster and change no bit of its results. `f32_gemm` and `f32_conv_weight_grad` take them as they are.
 * @example engineFlags() // => 0
 */
export function engineFlags(): number {
  // Errors with this property are JavaScriptCore's alone.
  return (hints ??= 'sourceURL' in new Error('which engine') ? 160 : 'Deno' in globalThis ? 128 : 0)
}

/**
 * Matrix products. Pointers are byte addresses (multiples of 4), strides are in elements and may be 0 or negative,
 * C is dense along its columns with row stride `ldc`, and must not overlap A, B or the scratch. K = 0 is the empty sum.
 * Each element of C is summed in an order fixed by M, N and K alone.
 */
export interface GemmKernels {
  /** Bytes that `pScratch` must hold for a product of this size (the same for each matrix of a batch). */
  gemm_scratch_bytes(M: number, N: number, K: number): number
  /** C[M,N] = A[M,K] B[K,N], with A[i,k] at pA + 4 (i rsA + k csA) and B[k,j] at pB + 4 (k rsB + j csB). */
  f32_gemm(
    pA: number,
    rsA: number,
    csA: number,
    pB: number,
    rsB: number,
    csB: number,
    pC: number,
    ldc: number,
    M: number,
    N: number,
    K: number,
    flags: number,
    pBias: number,
    pScratch: number,
  ): void
  /** `batch` products whose matrices lie sA, sB and sC elements apart (0 shares one); the bias is shared. */
  f32_gemm_batched(
    pA: number,
    rsA: number,
    csA: number,
    pB: number,
    rsB: number,
    csB: number,
    pC: number,
    ldc: number,
    M: number,
    N: number,
    K: number,
    flags: number,
    pBias: number,
    pScratch: number,
    batch: number,
    sA: number,
    sB: number,
    sC: number,
  ): void
}

/** The gemm group; pass it to `KernelHost.use`. */
export const gemm: KernelGroup<GemmKernels> = { name: 'gemm', base }
