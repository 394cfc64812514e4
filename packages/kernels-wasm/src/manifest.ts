import { gemmRows } from './manifest/gemm.ts'
import type { KernelRow } from './manifest/types.ts'

export type { KernelRow, Operand, OperandRole } from './manifest/types.ts'

/** One row per exported kernel of every group. */
export const manifest: readonly KernelRow[] = [...gemmRows]
