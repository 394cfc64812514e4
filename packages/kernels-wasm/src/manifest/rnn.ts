import { inout, input, output, scalars, sizes } from './operands.ts'
import type { KernelRow, Operand } from './types.ts'

const TNH = sizes('T', 'N', 'H')
const steps = ['T', 'N', 'H'] as const
const any: readonly [] = []
const states = (name: string): Operand => inout(name, any)
const lengths = input('pLengths', ['N'], 'i32')
const packed = input('pPacked', any)
const bias = input('pBias', any)
const dy = input('pDy', steps)
const dh = inout('pDh', ['N', 'H'])

const row = (name: string, signature: readonly Operand[], reference: string): KernelRow => ({
  name: `f32_${name}`,
  group: 'rnn',
  signature,
  tile: { N: 2, H: 16 },
  inPlace: false,
  reference,
})

const pack = (name: string): KernelRow => row(name, [input('pW', any), output('pPacked', any), ...sizes('H')], 'pack')

/** Rows of the rnn group. */
export const rnnRows: readonly KernelRow[] = [
  ...['lstm', 'gru', 'gru_reset_first', 'rnn'].flatMap((cell) => [pack(`${cell}_pack`), pack(`${cell}_grad_pack`)]),
  row(
    'lstm',
    [
      input('pX', [4, ...steps]),
      output('pGates', any),
      packed,
      bias,
      states('pHs'),
      states('pCs'),
      lengths,
      output('pY', steps),
      ...TNH,
      ...scalars('reverse', 'keep'),
    ],
    'recurrent',
  ),
  row(
    'lstm_grad',
    [
      input('pGates', [4, ...steps]),
      output('pDs', [4, ...steps]),
      packed,
      input('pCs', any),
      dy,
      dh,
      inout('pDc', ['N', 'H']),
      lengths,
      ...TNH,
      ...scalars('reverse'),
    ],
    'recurrentGradient',
  ),
  row(
    'gru',
    [
      input('pX', [3, ...steps]),
      output('pGates', any),
      packed,
      bias,
      states('pHs'),
      output('pLinear', any),
      lengths,
      output('pY', steps),
      ...TNH,
      ...scalars('reverse', 'keep'),
    ],
    'recurrent',
  ),
  row(
    'gru_grad',
    [
      input('pGates', [3, ...steps]),
      output('pDx', [3, ...steps]),
      output('pDs', [3, ...steps]),
      packed,
      input('pHs', any),
      input('pLinear', steps),
      dy,
      dh,
      lengths,
      ...TNH,
      ...scalars('reverse'),
    ],
    'recurrentGradient',
  ),
  row(
    'gru_reset_first',
    [
      input('pX', [3, ...steps]),
      output('pGates', any),
      packed,
      bias,
      states('pHs'),
      output('pQ', any),
      lengths,
      output('pY', steps),
      ...TNH,
      ...scalars('reverse', 'keep'),
    ],
    'recurrent',
  ),
  row(
    'gru_reset_first_grad',
    [
      input('pGates', [3, ...steps]),
      output('pDs', [3, ...steps]),
      packed,
      input('pHs', any),
      dy,
      dh,
      lengths,
      ...TNH,
      ...scalars('reverse'),
    ],
    'recurrentGradient',
  ),
  row(
    'rnn',
    [
      input('pX', steps),
      packed,
      bias,
      states('pHs'),
      lengths,
      output('pY', steps),
      ...TNH,
      ...scalars('reverse', 'relu'),
    ],
    'recurrent',
  ),
  row(
    'rnn_grad',
    [output('pDs', steps), packed, input('pHs', any), dy, dh, lengths, ...TNH, ...scalars('reverse', 'relu')],
    'recurrentGradient',
  ),
]
