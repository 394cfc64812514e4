import { convRows } from './manifest/conv.ts'
import { elementwiseRows } from './manifest/elementwise.ts'
import { gemmRows } from './manifest/gemm.ts'
import { imageRows } from './manifest/image.ts'
import { indexRows } from './manifest/index.ts'
import { normRows } from './manifest/norm.ts'
import { optimRows } from './manifest/optim.ts'
import { poolRows } from './manifest/pool.ts'
import { randomRows } from './manifest/random.ts'
import { reduceRows } from './manifest/reduce.ts'
import { rnnRows } from './manifest/rnn.ts'
import { softmaxRows } from './manifest/softmax.ts'
import type { KernelRow } from './manifest/types.ts'

export type { KernelRow, Operand, OperandRole } from './manifest/types.ts'

/** One row per exported kernel of every group. */
export const manifest: readonly KernelRow[] = [
  ...gemmRows,
  ...convRows,
  ...elementwiseRows,
  ...reduceRows,
  ...softmaxRows,
  ...normRows,
  ...poolRows,
  ...indexRows,
  ...optimRows,
  ...randomRows,
  ...rnnRows,
  ...imageRows,
]
