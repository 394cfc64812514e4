import { input, meta, output, sizes } from './operands.ts'
import type { KernelRow, Operand } from './types.ts'

const any: readonly [] = []
const params = meta('pParams', [25])

const row = (name: string, signature: readonly Operand[], reference: string): KernelRow => ({
  name,
  group: 'pool',
  signature,
  tile: { C: 16 },
  inPlace: false,
  reference,
})

const max = [input('pX', any), output('pY', any), output('pIndex', any, 'i32'), params]
const forward = [input('pX', any), output('pY', any), params]
const gradient = [input('pDy', any), output('pDx', any), params]

/** Rows of the pool group. */
export const poolRows: readonly KernelRow[] = [
  row('f32_max_pool', max, 'maxPool'),
  row('f32_adaptive_max_pool', max, 'maxPool'),
  row(
    'f32_max_pool_grad',
    [
      input('pDy', ['N', 'outSize', 'C']),
      input('pIndex', ['N', 'outSize', 'C'], 'i32'),
      output('pDx', ['N', 'inSize', 'C']),
      ...sizes('N', 'outSize', 'inSize', 'C'),
    ],
    'maxPoolGradient',
  ),
  row('f32_avg_pool', forward, 'averagePool'),
  row('f32_avg_pool_grad', gradient, 'averagePoolGradient'),
  row('f32_adaptive_avg_pool', forward, 'averagePool'),
  row('f32_adaptive_avg_pool_grad', gradient, 'averagePoolGradient'),
]
