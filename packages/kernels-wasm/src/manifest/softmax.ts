import { input, output, scalars, sizes } from './operands.ts'
import type { KernelRow, Operand } from './types.ts'

const whole = ['outer', 'n', 'inner'] as const
const logits = ['N', 'C'] as const
const extents = sizes('outer', 'n', 'inner')

const row = (name: string, signature: readonly Operand[], reference: string, inPlace = true): KernelRow => ({
  name,
  group: name.startsWith('f32_softmax') ? 'softmax' : 'log-softmax',
  signature,
  tile: { n: 16, C: 4, inner: 4 },
  inPlace,
  reference,
})

const target = input('pTarget', ['N'], 'i32')
const weights = input('pW', ['C'])

/** Rows of the groups softmax and log-softmax. */
export const softmaxRows: readonly KernelRow[] = [
  row('f32_softmax', [input('pX', whole), output('pY', whole), ...extents], 'softmax'),
  row('f32_log_softmax', [input('pX', whole), output('pY', whole), ...extents], 'softmax'),
  row(
    'f32_softmax_grad',
    [input('pY', whole), input('pDy', whole), output('pDx', whole), ...extents],
    'softmaxGradient',
  ),
  row(
    'f32_log_softmax_grad',
    [input('pY', whole), input('pDy', whole), output('pDx', whole), ...extents],
    'softmaxGradient',
  ),
  row(
    'f32_cross_entropy',
    [
      input('pX', logits),
      target,
      weights,
      output('pLoss', ['N']),
      output('pLse', ['N']),
      ...sizes('N', 'C'),
      ...scalars('ignoreIndex', 'smoothing'),
    ],
    'crossEntropy',
    false,
  ),
  row(
    'f32_cross_entropy_grad',
    [
      input('pX', logits),
      target,
      weights,
      input('pLse', ['N']),
      input('pDloss', ['N']),
      output('pDx', logits),
      ...sizes('N', 'C'),
      ...scalars('ignoreIndex', 'smoothing'),
    ],
    'crossEntropy',
  ),
  row(
    'f32_cross_entropy_weights',
    [target, weights, output('pOut', ['N']), ...sizes('N', 'C'), ...scalars('ignoreIndex')],
    'crossEntropy',
    false,
  ),
]
