import { input, output, scalars, sizes } from './operands.ts'
import type { KernelRow } from './types.ts'

const whole = ['outer', 'n', 'inner'] as const
const reduced = ['outer', 'inner'] as const
type Dtype = 'f32' | 'i32' | 'u8'

const row = (name: string, from: Dtype, to: Dtype, group = 'reduce'): KernelRow => ({
  name,
  group,
  signature: [input('pX', whole, from), output('pY', reduced, to), ...sizes('outer', 'n', 'inner')],
  tile: { n: 32, inner: 16 },
  inPlace: false,
  reference: 'reduce',
})

const scan = (name: string, dtype: Dtype): KernelRow => ({
  name,
  group: 'reduce',
  signature: [
    input('pX', whole, dtype),
    output('pY', whole, dtype),
    ...sizes('outer', 'n', 'inner'),
    ...scalars('reverse'),
  ],
  tile: { inner: 4 },
  inPlace: true,
  reference: 'scan',
})

/** Rows of the groups sum and reduce. */
export const reduceRows: readonly KernelRow[] = [
  row('f32_sum', 'f32', 'f32', 'sum'),
  row('i32_sum', 'i32', 'i32', 'sum'),
  row('u8_sum', 'u8', 'i32', 'sum'),
  ...'sum_squares prod max min logsumexp'.split(' ').map((name) => row(`f32_${name}`, 'f32', 'f32')),
  row('f32_argmax', 'f32', 'i32'),
  row('f32_argmin', 'f32', 'i32'),
  ...'prod max min'.split(' ').map((name) => row(`i32_${name}`, 'i32', 'i32')),
  row('u8_any', 'u8', 'u8'),
  row('u8_all', 'u8', 'u8'),
  scan('f32_cumsum', 'f32'),
  scan('f32_cumprod', 'f32'),
  scan('i32_cumsum', 'i32'),
]
