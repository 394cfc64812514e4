const ACCUMULATE = 1
const BIAS_COLUMN = 2
const BIAS_ROW = 4
const RELU = 16

export function gemm_scratch_bytes(M: i32, N: i32, K: i32): i32 {
  return 0
}

export function f32_gemm(
  pA: usize, rsA: i32, csA: i32,
  pB: usize, rsB: i32, csB: i32,
  pC: usize, ldc: i32,
  M: i32, N: i32, K: i32,
  flags: i32, pBias: usize, pScratch: usize,
): void {
  for (let i = 0; i < M; i++) {
    for (let j = 0; j < N; j++) {
      let sum: f32 = 0
      for (let k = 0; k < K; k++) {
        sum += load<f32>(pA + ((i * rsA + k * csA) << 2)) * load<f32>(pB + ((k * rsB + j * csB) << 2))
      }
      const at = pC + ((i * ldc + j) << 2)
      if (flags & ACCUMULATE) sum += load<f32>(at)
      if (flags & BIAS_COLUMN) sum += load<f32>(pBias + (j << 2))
      if (flags & BIAS_ROW) sum += load<f32>(pBias + (i << 2))
      if (flags & RELU) sum = select<f32>(0, sum, sum < 0)
      store<f32>(at, sum)
    }
  }
}

export function f32_gemm_batched(
  pA: usize, rsA: i32, csA: i32,
  pB: usize, rsB: i32, csB: i32,
  pC: usize, ldc: i32,
  M: i32, N: i32, K: i32,
  flags: i32, pBias: usize, pScratch: usize,
  batch: i32, sA: i32, sB: i32, sC: i32,
): void {
  for (let b = 0; b < batch; b++) {
    f32_gemm(
      pA + ((b * sA) << 2), rsA, csA, pB + ((b * sB) << 2), rsB, csB, pC + ((b * sC) << 2), ldc,
      M, N, K, flags, pBias, pScratch,
    )
  }
}
