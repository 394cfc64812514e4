import { input, output, scalars, sizes } from './operands.ts'
import type { KernelRow, Operand } from './types.ts'

const before = ['outer', 'n', 'inner'] as const
const after = ['outer', 'm', 'inner'] as const
const table = [input('pIndex', ['m', 'K'], 'i32'), input('pWeight', ['m', 'K'])]
const resampled = sizes('outer', 'n', 'inner', 'm', 'K')
const image = ['N', 'C', 'H', 'W'] as const
const sampled = ['N', 'C', 'outH', 'outW'] as const
const grid = [2, 'N', 'outH', 'outW'] as const
const extents = [
  ...sizes('N', 'C', 'H', 'W', 'outH', 'outW'),
  ...scalars('mode', 'padding', 'alignCorners', 'channelsLast'),
]

const row = (name: string, signature: readonly Operand[], reference: string): KernelRow => ({
  name,
  group: 'image',
  signature,
  tile: { inner: 4 },
  inPlace: false,
  reference,
})

/** Rows of the image group. */
export const imageRows: readonly KernelRow[] = [
  row('f32_resample', [input('pX', before), output('pY', after), ...table, ...resampled], 'resample'),
  row('f32_resample_grad', [input('pDy', after), output('pDx', before), ...table, ...resampled], 'resample'),
  row('f32_grid_sample', [input('pX', image), input('pGrid', grid), output('pY', sampled), ...extents], 'gridSample'),
  row(
    'f32_grid_sample_grad',
    [
      input('pX', image),
      input('pGrid', grid),
      input('pDy', sampled),
      output('pDx', image),
      output('pDgrid', grid),
      ...extents,
    ],
    'gridSample',
  ),
]
