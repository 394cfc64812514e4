import { ShapeError } from '@lanewise/core'

/** The part of a tensor that this package reads: any tensor of core fits. */
export interface TensorLike {
  readonly shape: readonly number[]
  /** The elements in logical order. */
  dataSync(): ArrayLike<number>
}

/** Numbers: a typed array, a plain array, or a tensor on a synchronous backend. Flat, row-major. */
export type Values = ArrayLike<number> | TensorLike

/** The flat numbers behind `x`. */
export const read = (x: Values): ArrayLike<number> => ('dataSync' in x ? x.dataSync() : x)

/** The numbers as float32, without a copy where they already are. */
export const float32 = (x: Values): Float32Array => {
  const data = read(x)
  return data instanceof Float32Array ? data : Float32Array.from(data)
}

/** The numbers as float64, without a copy where they already are. */
export const float64 = (x: Values): Float64Array => {
  const data = read(x)
  return data instanceof Float64Array ? data : Float64Array.from(data)
}

/** How many rows of `width` numbers there are. Throws ShapeError when they do not divide evenly. */
export const countRows = (op: string, what: string, x: ArrayLike<number>, width: number): number => {
  if (x.length % width === 0) return x.length / width
  throw new ShapeError({
    op,
    problem: `${what} do not have ${width} numbers each`,
    got: `${x.length} numbers`,
    expected: `a multiple of ${width}`,
  })
}

/** Throws ShapeError unless `got` equals `expected`. */
export const checkCount = (op: string, what: string, got: number, expected: number): void => {
  if (got === expected) return
  throw new ShapeError({ op, problem: `${what} do not match`, got: String(got), expected: String(expected) })
}
