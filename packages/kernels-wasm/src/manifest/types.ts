/** What a kernel does with one argument. */
export type OperandRole =
  /** Pointer to values that are only read. */
  | 'in'
  /** Pointer to values that are written and not read. */
  | 'out'
  /** Pointer to values that are read and written. */
  | 'inout'
  /** Pointer to i32 fields that describe shapes. */
  | 'meta'
  /** Pointer to working space, of the size that the row's `scratch` names. */
  | 'scratch'
  /** An extent: number of elements along one dimension, rank or batch. */
  | 'size'
  /** A step in elements, may be 0 or negative. */
  | 'stride'
  /** A number that enters the arithmetic, or a bit field of options. */
  | 'scalar'

/** One argument of a kernel, in the order of the call. */
export interface Operand {
  readonly name: string
  readonly role: OperandRole
  /** Element type behind a pointer. */
  readonly dtype?: 'f32' | 'i32' | 'u8' | 'u16'
  /** Names of the size arguments whose product is the number of elements behind a pointer; numbers multiply. */
  readonly length?: readonly (string | number)[]
}

/** One row per exported kernel; tests and tools are driven by it. */
export interface KernelRow {
  /** Name of the export. */
  readonly name: string
  /** Binary that holds it. */
  readonly group: string
  readonly signature: readonly Operand[]
  /** Sizes at which the code changes path, by size argument: register tiles and unrolled bodies. */
  readonly tile: Readonly<Record<string, number>>
  /** Name of the export that computes the scratch bytes; absent when the kernel needs none. */
  readonly scratch?: string
  /** May an output pointer equal an input pointer? */
  readonly inPlace: boolean
  /** Name of the plain loops it is tested against. */
  readonly reference: string
}
