import { input, meta, output, scalars, sizes } from './operands.ts'
import type { KernelRow, Operand } from './types.ts'

const n = ['n'] as const
const any: readonly [] = []

type Row = Omit<KernelRow, 'group'>
type Dtype = 'f32' | 'i32' | 'u8' | 'u16'

const row = (name: string, signature: readonly Operand[], reference: string, inPlace = true): Row => ({
  name,
  signature,
  tile: { n: 16 },
  inPlace,
  reference,
})

const unary = (name: string, ...parameters: readonly string[]): Row =>
  row(`f32_${name}`, [input('pX', n), output('pY', n), ...sizes('n'), ...scalars(...parameters)], 'unary')

const gradient = (name: string, ...parameters: readonly string[]): Row =>
  row(
    `f32_${name}_grad`,
    [input('pV', n), input('pDy', n), output('pDx', n), ...sizes('n'), ...scalars(...parameters)],
    'gradient',
  )

const both = (name: string, ...parameters: readonly string[]): Row[] => [
  unary(name, ...parameters),
  gradient(name, ...parameters),
]

const cast = (name: string, from: Dtype, to: Dtype, inPlace = false): Row =>
  row(name, [input('pX', n, from), output('pY', n, to), ...sizes('n')], 'cast', inPlace)

const binary = (name: string, from: Dtype, to: Dtype): Row[] => [
  row(name, [input('pA', n, from), input('pB', n, from), output('pY', n, to), ...sizes('n')], 'binary', from === to),
  row(
    `${name}_nd`,
    [
      input('pA', any, from),
      input('pB', any, from),
      output('pY', any, to),
      meta('pMeta', [3, 'rank']),
      ...sizes('rank'),
    ],
    'binaryNd',
    false,
  ),
]

const where = (name: string, dtype: Dtype): Row[] => [
  row(
    name,
    [input('pCond', n, 'u8'), input('pA', n, dtype), input('pB', n, dtype), output('pY', n, dtype), ...sizes('n')],
    'where',
  ),
  row(
    `${name}_nd`,
    [
      input('pCond', any, 'u8'),
      input('pA', any, dtype),
      input('pB', any, dtype),
      output('pY', any, dtype),
      meta('pMeta', [4, 'rank']),
      ...sizes('rank'),
    ],
    'whereNd',
    false,
  ),
]

const copy = (name: string, dtype: Dtype, reference: string): Row =>
  row(
    name,
    [input('pX', any, dtype), output('pY', any, dtype), meta('pMeta', [2, 'rank']), ...sizes('rank')],
    reference,
    false,
  )

const words = (list: string): string[] => list.split(' ')

const groups: Readonly<Record<string, readonly Row[]>> = {
  arithmetic: [
    unary('neg'),
    unary('scale', 'a', 'b'),
    ...both('relu'),
    ...words('add sub mul div maximum minimum').flatMap((name) => binary(`f32_${name}`, 'f32', 'f32')),
    ...words('add sub mul maximum minimum').flatMap((name) => binary(`i32_${name}`, 'i32', 'i32')),
    cast('i32_neg', 'i32', 'i32', true),
    cast('i32_relu', 'i32', 'i32', true),
    row(
      'f32_axpy',
      [input('pX', n), { name: 'pY', role: 'inout', dtype: 'f32', length: n }, ...sizes('n'), ...scalars('a')],
      'axpy',
      false,
    ),
  ],
  simple: [
    ...words('sign square rsqrt reciprocal floor ceil round trunc').map((name) => unary(name)),
    ...words('abs sqrt').flatMap((name) => both(name)),
    unary('clip', 'low', 'high'),
    cast('i32_abs', 'i32', 'i32', true),
    row('f32_lerp', [input('pA', n), input('pB', n), output('pY', n), ...sizes('n'), ...scalars('t')], 'lerp'),
  ],
  exponential: [unary('exp'), unary('log'), ...words('sigmoid tanh silu').flatMap((name) => both(name))],
  activation: [
    ...words('relu6 softsign hardsigmoid hardswish selu gelu gelu_tanh mish logsigmoid').flatMap((name) => both(name)),
    ...both('leaky_relu', 'slope'),
    ...both('hardtanh', 'low', 'high'),
    ...both('elu', 'alpha'),
    ...both('celu', 'alpha'),
    ...both('softplus', 'beta', 'threshold'),
  ],
  special: [
    ...words('expm1 log1p log2 sin cos tan asin acos atan sinh cosh asinh acosh atanh erf').map((name) => unary(name)),
    ...words('pow fmod remainder atan2 floor_divide').flatMap((name) => binary(`f32_${name}`, 'f32', 'f32')),
  ],
  compare: [
    ...words('eq ne lt le gt ge').flatMap((name) => binary(`f32_${name}`, 'f32', 'u8')),
    ...words('eq ne lt le gt ge').flatMap((name) => binary(`i32_${name}`, 'i32', 'u8')),
    ...words('and or xor').flatMap((name) => binary(`u8_logical_${name}`, 'u8', 'u8')),
    cast('u8_logical_not', 'u8', 'u8', true),
    cast('f32_isnan', 'f32', 'u8'),
    cast('f32_isinf', 'f32', 'u8'),
    cast('f32_isfinite', 'f32', 'u8'),
    ...where('b32_where', 'f32'),
    ...where('b8_where', 'u8'),
  ],
  integer: [
    ...words('and or xor floor_divide remainder shl shr').flatMap((name) => binary(`i32_${name}`, 'i32', 'i32')),
    cast('i32_not', 'i32', 'i32', true),
  ],
  move: [
    cast('f32_to_i32', 'f32', 'i32'),
    cast('i32_to_f32', 'i32', 'f32'),
    cast('f32_to_bool', 'f32', 'u8'),
    cast('i32_to_bool', 'i32', 'u8'),
    cast('f32_to_u8', 'f32', 'u8'),
    cast('i32_to_u8', 'i32', 'u8'),
    cast('u8_to_f32', 'u8', 'f32'),
    cast('u8_to_i32', 'u8', 'i32'),
    row('b32_fill', [output('pY', n, 'i32'), ...sizes('n'), ...scalars('value')], 'fill'),
    row('f32_fill', [output('pY', n), ...sizes('n'), ...scalars('value')], 'fill'),
    row('b8_fill', [output('pY', n, 'u8'), ...sizes('n'), ...scalars('value')], 'fill'),
    row('b32_copy', [input('pX', n), output('pY', n), ...sizes('n')], 'cast'),
    row('b8_copy', [input('pX', n, 'u8'), output('pY', n, 'u8'), ...sizes('n')], 'cast'),
    copy('b32_copy_nd', 'f32', 'copyNd'),
    copy('b8_copy_nd', 'u8', 'copyNd'),
    copy('b32_copy_into_nd', 'f32', 'copyIntoNd'),
    copy('b8_copy_into_nd', 'u8', 'copyIntoNd'),
    row('f32_arange', [output('pY', n), ...sizes('n'), ...scalars('start', 'step')], 'arange'),
  ],
  half: [
    cast('f16_to_f32', 'u16', 'f32'),
    cast('f32_to_f16', 'f32', 'u16'),
    cast('bf16_to_f32', 'u16', 'f32'),
    cast('f32_to_bf16', 'f32', 'u16'),
  ],
}

/** Rows of the groups of one result per element. */
export const elementwiseRows: readonly KernelRow[] = Object.entries(groups).flatMap(([group, rows]) =>
  rows.map((one) => ({ ...one, group })),
)
