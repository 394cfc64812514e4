import { inout, input, output, scalars, sizes } from './operands.ts'
import type { KernelRow, Operand } from './types.ts'

const state = inout('pState', [625], 'i32')
const n = ['n'] as const

const row = (name: string, signature: readonly Operand[], inPlace = false): KernelRow => ({
  name,
  group: name === 'f32_uniform' ? 'uniform' : 'random',
  signature,
  tile: { n: 624 },
  inPlace,
  reference: 'random',
})

/** Rows of the groups random and uniform. */
export const randomRows: readonly KernelRow[] = [
  row('mt_seed', [state, ...scalars('seed')]),
  row('mt_raw', [state, output('pY', n, 'i32'), ...sizes('n')]),
  row('f32_uniform', [state, output('pY', n), ...sizes('n'), ...scalars('a', 'b')]),
  row('f64_uniform53', [state, output('pY', [2, 'n'], 'i32'), ...sizes('n')]),
  row('u8_bernoulli', [state, output('pY', n, 'u8'), ...sizes('n'), ...scalars('p')]),
  row('f32_bernoulli', [state, output('pY', n), ...sizes('n'), ...scalars('p', 'scale')]),
  row('f32_bernoulli_from', [state, input('pP', n), output('pY', n), ...sizes('n')], true),
]
