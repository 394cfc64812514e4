import type { Operand } from './types.ts'

type Dtype = NonNullable<Operand['dtype']>
type Length = readonly (string | number)[]

/** Shorthand for the arguments of a row. */
export const input = (name: string, length: Length, dtype: Dtype = 'f32'): Operand => ({
  name,
  role: 'in',
  dtype,
  length,
})
export const output = (name: string, length: Length, dtype: Dtype = 'f32'): Operand => ({
  name,
  role: 'out',
  dtype,
  length,
})
export const inout = (name: string, length: Length, dtype: Dtype = 'f32'): Operand => ({
  name,
  role: 'inout',
  dtype,
  length,
})
export const meta = (name: string, length: Length): Operand => ({ name, role: 'meta', dtype: 'i32', length })
export const scratch = (): Operand => ({ name: 'pScratch', role: 'scratch' })
export const sizes = (...names: readonly string[]): Operand[] => names.map((name) => ({ name, role: 'size' }))
export const scalars = (...names: readonly string[]): Operand[] => names.map((name) => ({ name, role: 'scalar' }))
