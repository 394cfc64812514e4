import { input, output, scalars, scratch, sizes } from './operands.ts'
import type { KernelRow, Operand } from './types.ts'

const perChannel = ['C'] as const
const perRow = ['M'] as const
const perGroup = ['N', 'G'] as const
const last = ['M', 'C'] as const
const planar = ['N', 'C', 'S'] as const
const lines = ['M', 'n'] as const

const row = (name: string, signature: readonly Operand[], reference: string, inPlace = true): KernelRow => ({
  name,
  group: 'norm',
  signature,
  tile: { C: 16, S: 16, n: 8 },
  inPlace,
  reference,
})

type Length = readonly (string | number)[]

const forward = (x: Length, parameters: Length, statistics: readonly Operand[]): Operand[] => [
  input('pX', x),
  output('pY', x),
  input('pGamma', parameters),
  input('pBeta', parameters),
  ...statistics,
]

const gradient = (x: Length, parameters: Length, statistics: Length): Operand[] => [
  input('pX', x),
  input('pDy', x),
  input('pGamma', parameters),
  input('pMean', statistics),
  input('pInvstd', statistics),
  output('pDx', x),
  output('pDgamma', parameters),
  output('pDbeta', parameters),
]

const batchStatistics = [output('pMean', perChannel), output('pVar', perChannel), output('pInvstd', perChannel)]
const given = [input('pMean', perChannel), input('pInvstd', perChannel)]
const groupStatistics = [output('pMean', perGroup), output('pInvstd', perGroup)]
const rowStatistics = [output('pMean', perRow), output('pInvstd', perRow)]
const eps = scalars('eps')
const NCSG = sizes('N', 'C', 'S', 'G')

/** Rows of the norm group. */
export const normRows: readonly KernelRow[] = [
  row('f32_batch_norm_nhwc', [...forward(last, perChannel, batchStatistics), ...sizes('M', 'C'), ...eps], 'batchNorm'),
  row(
    'f32_batch_norm_nchw',
    [...forward(planar, perChannel, batchStatistics), ...sizes('N', 'C', 'S'), ...eps],
    'batchNorm',
  ),
  row('f32_invstd', [input('pVar', ['n']), output('pInvstd', ['n']), ...sizes('n'), ...eps], 'invstd'),
  row('f32_batch_norm_apply_nhwc', [...forward(last, perChannel, given), ...sizes('M', 'C')], 'batchNormApply'),
  row('f32_batch_norm_apply_nchw', [...forward(planar, perChannel, given), ...sizes('N', 'C', 'S')], 'batchNormApply'),
  row(
    'f32_batch_norm_grad_nhwc',
    [...gradient(last, perChannel, perChannel), ...sizes('M', 'C'), ...scalars('training')],
    'batchNormGradient',
  ),
  row(
    'f32_batch_norm_grad_nchw',
    [...gradient(planar, perChannel, perChannel), ...sizes('N', 'C', 'S'), ...scalars('training')],
    'batchNormGradient',
  ),
  row('f32_layer_norm', [...forward(lines, ['n'], rowStatistics), ...sizes('M', 'n'), ...eps], 'layerNorm'),
  row('f32_layer_norm_grad', [...gradient(lines, ['n'], perRow), ...sizes('M', 'n')], 'layerNormGradient', false),
  row('f32_group_norm_nchw', [...forward(planar, perChannel, groupStatistics), ...NCSG, ...eps], 'groupNorm'),
  row(
    'f32_group_norm_nhwc',
    [...forward(planar, perChannel, groupStatistics), ...NCSG, ...eps, scratch()],
    'groupNorm',
  ),
  row('f32_group_norm_grad_nchw', [...gradient(planar, perChannel, perGroup), ...NCSG], 'groupNormGradient'),
  row('f32_group_norm_grad_nhwc', [...gradient(planar, perChannel, perGroup), ...NCSG, scratch()], 'groupNormGradient'),
]
