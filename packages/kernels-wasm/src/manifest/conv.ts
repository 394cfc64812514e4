import type { KernelRow, Operand } from './types.ts'

/** Lengths follow from the parameter block: x [N, D, H, W, C], y [N, OD, OH, OW, OC], w [OC, C / groups, KD, KH, KW]. */
const xLength: readonly string[] = ['N', 'D', 'H', 'W', 'C']
const yLength: readonly string[] = ['N', 'OD', 'OH', 'OW', 'OC']
const wLength: readonly string[] = ['OC', 'C / groups', 'KD', 'KH', 'KW']

const params: Operand = { name: 'pParams', role: 'meta', dtype: 'i32', length: [22] }
const tail: readonly Operand[] = [params, { name: 'flags', role: 'scalar' }, { name: 'pScratch', role: 'scratch' }]

const shared = {
  group: 'conv',
  tile: { OC: 12, C: 3 },
  scratch: 'conv_scratch_bytes',
  inPlace: false,
} as const

/** Rows of the conv group. */
export const convRows: readonly KernelRow[] = [
  {
    name: 'f32_conv',
    signature: [
      { name: 'pX', role: 'in', dtype: 'f32', length: xLength },
      { name: 'pW', role: 'in', dtype: 'f32', length: wLength },
      { name: 'pBias', role: 'in', dtype: 'f32', length: ['OC'] },
      { name: 'pY', role: 'inout', dtype: 'f32', length: yLength },
      ...tail,
    ],
    ...shared,
    reference: 'conv',
  },
  {
    name: 'f32_conv_input_grad',
    signature: [
      { name: 'pDy', role: 'in', dtype: 'f32', length: yLength },
      { name: 'pW', role: 'in', dtype: 'f32', length: wLength },
      { name: 'pBias', role: 'in', dtype: 'f32', length: ['C'] },
      { name: 'pDx', role: 'inout', dtype: 'f32', length: xLength },
      ...tail,
    ],
    ...shared,
    reference: 'convInputGrad',
  },
  {
    name: 'f32_conv_weight_grad',
    signature: [
      { name: 'pX', role: 'in', dtype: 'f32', length: xLength },
      { name: 'pDy', role: 'in', dtype: 'f32', length: yLength },
      { name: 'pDw', role: 'inout', dtype: 'f32', length: wLength },
      { name: 'pDb', role: 'inout', dtype: 'f32', length: ['OC'] },
      ...tail,
    ],
    ...shared,
    reference: 'convWeightGrad',
  },
  {
    name: 'f32_conv_pack',
    signature: [
      { name: 'pW', role: 'in', dtype: 'f32', length: wLength },
      { name: 'pPacked', role: 'out', dtype: 'f32' },
      params,
      { name: 'pass', role: 'scalar' },
    ],
    group: 'conv',
    tile: { OC: 12 },
    inPlace: false,
    reference: 'conv',
  },
]
