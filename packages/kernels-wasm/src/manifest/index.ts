import { inout, input, output, scalars, scratch, sizes } from './operands.ts'
import type { KernelRow, Operand } from './types.ts'

const whole = ['outer', 'n', 'inner'] as const
const picked = ['outer', 'm', 'inner'] as const
const extents = sizes('outer', 'n', 'inner', 'm')
const n = ['n'] as const

const row = (name: string, signature: readonly Operand[], reference: string, inPlace = false): KernelRow => ({
  name,
  group: 'index',
  signature,
  tile: { inner: 4 },
  inPlace,
  reference,
})

const sort = (name: string, dtype: 'f32' | 'i32', kept: string, flag: string): KernelRow =>
  row(
    name,
    [
      input('pX', ['rows', 'n'], dtype),
      output('pY', ['rows', kept], dtype),
      output('pIndex', ['rows', kept], 'i32'),
      ...sizes('rows', 'n', ...(kept === 'n' ? [] : [kept])),
      ...scalars(flag),
      scratch(),
    ],
    'sort',
    kept === 'n',
  )

/** Rows of the index group. */
export const indexRows: readonly KernelRow[] = [
  row('i32_find_outside', [input('pIndex', n, 'i32'), ...sizes('n'), ...scalars('low', 'high')], 'findOutside'),
  row(
    'b32_index_select',
    [input('pX', whole), input('pIndex', ['m'], 'i32'), output('pY', picked), ...extents],
    'indexRows',
  ),
  row(
    'b32_index_copy',
    [input('pX', picked), input('pIndex', ['m'], 'i32'), inout('pY', whole), ...extents],
    'indexRows',
  ),
  row(
    'f32_index_add',
    [input('pX', picked), input('pIndex', ['m'], 'i32'), inout('pY', whole), ...extents, ...scalars('skip')],
    'indexRows',
  ),
  row(
    'b32_gather',
    [input('pX', whole), input('pIndex', picked, 'i32'), output('pY', picked), ...extents],
    'indexEach',
  ),
  row(
    'b32_scatter',
    [input('pX', picked), input('pIndex', picked, 'i32'), inout('pY', whole), ...extents],
    'indexEach',
  ),
  row(
    'f32_scatter_add',
    [input('pX', picked), input('pIndex', picked, 'i32'), inout('pY', whole), ...extents],
    'indexEach',
  ),
  row(
    'b32_one_hot',
    [input('pIndex', n, 'i32'), output('pY', ['n', 'classes'], 'i32'), ...sizes('n', 'classes'), ...scalars('one')],
    'oneHot',
  ),
  row('u8_nonzero', [input('pMask', n, 'u8'), inout('pY', n, 'i32'), ...sizes('n')], 'masked'),
  row('b32_masked_select', [input('pX', n), input('pMask', n, 'u8'), inout('pY', n), ...sizes('n')], 'masked'),
  row('b32_masked_scatter', [input('pX', n), input('pMask', n, 'u8'), inout('pY', n), ...sizes('n')], 'masked'),
  row(
    'b32_trilu',
    [
      input('pX', ['batch', 'rows', 'columns']),
      output('pY', ['batch', 'rows', 'columns']),
      ...sizes('batch', 'rows', 'columns'),
      ...scalars('k', 'upper'),
    ],
    'trilu',
    true,
  ),
  sort('f32_sort', 'f32', 'n', 'descending'),
  sort('i32_sort', 'i32', 'n', 'descending'),
  sort('f32_topk', 'f32', 'k', 'largest'),
  sort('i32_topk', 'i32', 'k', 'largest'),
]
