import { inout, input, scalars, sizes } from './operands.ts'
import type { KernelRow } from './types.ts'

const n = ['n'] as const

const row = (name: string, state: readonly string[], parameters: readonly string[]): KernelRow => ({
  name: `f32_${name}`,
  group: 'optim',
  signature: [
    inout('pP', n),
    input('pG', n),
    ...state.map((pointer) => inout(pointer, n)),
    ...sizes('n'),
    ...scalars(...parameters),
  ],
  tile: { n: 4 },
  inPlace: false,
  reference: name,
})

/** Rows of the optim group. */
export const optimRows: readonly KernelRow[] = [
  row('sgd', ['pBuffer'], ['lr', 'momentum', 'dampening', 'weightDecay', 'nesterov', 'first']),
  row(
    'adam',
    ['pM', 'pV', 'pMax'],
    ['stepSize', 'beta1', 'beta2', 'eps', 'weightDecay', 'shrink', 'sqrtCorrection', 'add1', 'add2'],
  ),
  row('rmsprop', ['pSquare', 'pMean', 'pBuffer'], ['lr', 'alpha', 'eps', 'weightDecay', 'momentum', 'add']),
  row('adagrad', ['pSum'], ['lr', 'eps', 'weightDecay']),
  row('adadelta', ['pSquare', 'pDelta'], ['lr', 'rho', 'eps', 'weightDecay', 'add']),
  row('lion', ['pM'], ['lr', 'beta1', 'beta2', 'shrink', 'add1', 'add2']),
]
