import { gemm, gemmScratchBytes } from './lib/gemm'

export function gemm_scratch_bytes(M: i32, N: i32, K: i32): i32 {
  return gemmScratchBytes(M, N, K)
}

export function f32_gemm(
  pA: usize, rsA: i32, csA: i32, pB: usize, rsB: i32, csB: i32, pC: usize, ldc: i32,
  M: i32, N: i32, K: i32, flags: i32, pBias: usize, pScratch: usize,
): void {
  gemm(pA, rsA, csA, pB, rsB, csB, pC, ldc, M, N, K, flags, pBias, pScratch)
}

export function f32_gemm_batched(
  pA: usize, rsA: i32, csA: i32, pB: usize, rsB: i32, csB: i32, pC: usize, ldc: i32,
  M: i32, N: i32, K: i32, flags: i32, pBias: usize, pScratch: usize,
  batch: i32, sA: i32, sB: i32, sC: i32,
): void {
  for (let b = 0; b < batch; b++) {
    gemm(pA, rsA, csA, pB, rsB, csB, pC, ldc, M, N, K, flags, pBias, pScratch)
    pA += <usize>sA << 2
    pB += <usize>sB << 2
    pC += <usize>sC << 2
  }
}
