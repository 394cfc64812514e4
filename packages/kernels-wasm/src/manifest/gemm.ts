import type { KernelRow, Operand } from './types.ts'

const operands: readonly Operand[] = [
  { name: 'pA', role: 'in', dtype: 'f32', length: ['M', 'K'] },
  { name: 'rsA', role: 'stride' },
  { name: 'csA', role: 'stride' },
  { name: 'pB', role: 'in', dtype: 'f32', length: ['K', 'N'] },
  { name: 'rsB', role: 'stride' },
  { name: 'csB', role: 'stride' },
  { name: 'pC', role: 'inout', dtype: 'f32', length: ['M', 'N'] },
  { name: 'ldc', role: 'stride' },
  { name: 'M', role: 'size' },
  { name: 'N', role: 'size' },
  { name: 'K', role: 'size' },
  { name: 'flags', role: 'scalar' },
  { name: 'pBias', role: 'in', dtype: 'f32' },
  { name: 'pScratch', role: 'scratch' },
]

const batch: readonly Operand[] = [
  { name: 'batch', role: 'size' },
  { name: 'sA', role: 'stride' },
  { name: 'sB', role: 'stride' },
  { name: 'sC', role: 'stride' },
]

const shared = {
  group: 'gemm',
  tile: { M: 3, N: 12, K: 1 },
  scratch: 'gemm_scratch_bytes',
  inPlace: false,
  reference: 'gemm',
} as const

/** Rows of the gemm group. */
export const gemmRows: readonly KernelRow[] = [
  { name: 'f32_gemm', signature: operands, ...shared },
  { name: 'f32_gemm_batched', signature: [...operands, ...batch], ...shared },
]
