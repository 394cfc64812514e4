/**
 * Element types. f32, i32, u8 and bool live on every backend; f64 only on the reference backend,
 * where gradients are checked.
 */
export type DType = 'f32' | 'f64' | 'i32' | 'u8' | 'bool'

/** The typed arrays that hold a tensor's elements; u8 and bool share one. */
export type TypedArray =
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>

const widths: Record<DType, number> = { f32: 4, f64: 8, i32: 4, u8: 1, bool: 1 }

/** Bytes of one element. */
export const bytesOf = (dtype: DType): number => widths[dtype]

/** Whether a dtype holds fractions, and so can carry a gradient. */
export const isFloat = (dtype: DType): boolean => dtype === 'f32' || dtype === 'f64'

/** A zero-filled array of `count` elements. */
export const allocate = (dtype: DType, count: number): TypedArray => {
  if (dtype === 'f32') return new Float32Array(count)
  if (dtype === 'f64') return new Float64Array(count)
  if (dtype === 'i32') return new Int32Array(count)
  return new Uint8Array(count)
}

/** `count` elements of `buffer` from byte `at`, without a copy; `at` must be aligned to the element. */
export const viewOf = (dtype: DType, buffer: ArrayBuffer, at: number, count: number): TypedArray => {
  if (dtype === 'f32') return new Float32Array(buffer, at, count)
  if (dtype === 'f64') return new Float64Array(buffer, at, count)
  if (dtype === 'i32') return new Int32Array(buffer, at, count)
  return new Uint8Array(buffer, at, count)
}

const ranks: Record<DType, number> = { bool: 0, u8: 1, i32: 2, f32: 3, f64: 4 }

/** The dtype of a result of `a` and `b`, by PyTorch's order bool < u8 < i32 < f32 < f64. */
export const promote = (a: DType, b: DType): DType => (ranks[a] >= ranks[b] ? a : b)
