import { DTypeError, FormatError, ShapeError } from '../errors.ts'
import { excerpt } from './excerpt.ts'

/** The typed array that holds each element type of a file. Half and 8-bit floats and bools stay as their raw bits. */
export interface StorageArrays {
  f64: Float64Array
  f32: Float32Array
  f16: Uint16Array
  bf16: Uint16Array
  f8_e4m3: Uint8Array
  f8_e5m2: Uint8Array
  i64: BigInt64Array
  i32: Int32Array
  i16: Int16Array
  i8: Int8Array
  u64: BigUint64Array
  u32: Uint32Array
  u16: Uint16Array
  u8: Uint8Array
  bool: Uint8Array
}

/** Element types that files hold. */
export type StorageDType = keyof StorageArrays

/** One array of a file: element type, sizes of the axes, and the elements in row-major order. */
export type ArrayData = {
  [D in StorageDType]: { readonly dtype: D; readonly shape: readonly number[]; readonly data: StorageArrays[D] }
}[StorageDType]

const widths: Record<StorageDType, number> = {
  f64: 8,
  f32: 4,
  f16: 2,
  bf16: 2,
  f8_e4m3: 1,
  f8_e5m2: 1,
  i64: 8,
  i32: 4,
  i16: 2,
  i8: 1,
  u64: 8,
  u32: 4,
  u16: 2,
  u8: 1,
  bool: 1,
}

/** Bytes of one element. */
export const storageWidth = (dtype: StorageDType): number => widths[dtype]

/** `count` elements that start at byte `at` of `buffer`, without a copy; `at` is a multiple of the element's width. */
const viewAs = (
  dtype: StorageDType,
  shape: readonly number[],
  buffer: ArrayBufferLike,
  at: number,
  count: number,
): ArrayData => {
  switch (dtype) {
    case 'f64':
      return { dtype, shape, data: new Float64Array(buffer, at, count) }
    case 'f32':
      return { dtype, shape, data: new Float32Array(buffer, at, count) }
    case 'i64':
      return { dtype, shape, data: new BigInt64Array(buffer, at, count) }
    case 'u64':
      return { dtype, shape, data: new BigUint64Array(buffer, at, count) }
    case 'i32':
      return { dtype, shape, data: new Int32Array(buffer, at, count) }
    case 'u32':
      return { dtype, shape, data: new Uint32Array(buffer, at, count) }
    case 'i16':
      return { dtype, shape, data: new Int16Array(buffer, at, count) }
    case 'i8':
      return { dtype, shape, data: new Int8Array(buffer, at, count) }
    case 'f16':
    case 'bf16':
    case 'u16':
      return { dtype, shape, data: new Uint16Array(buffer, at, count) }
    default:
      return { dtype, shape, data: new Uint8Array(buffer, at, count) }
  }
}

/** Reverses the bytes of each element in place. */
export const swapBytes = (bytes: Uint8Array, width: number): void => {
  for (let at = 0; at + width <= bytes.length; at += width) bytes.subarray(at, at + width).reverse()
}

/**
 * The elements that `bytes` holds, little-endian unless told. The result shares memory with `bytes` where that is
 * aligned and little-endian. The caller has checked that the shape fits the bytes.
 */
export const arrayFromBytes = (
  dtype: StorageDType,
  shape: readonly number[],
  bytes: Uint8Array,
  { bigEndian = false }: { readonly bigEndian?: boolean } = {},
): ArrayData => {
  const width = widths[dtype]
  const swapped = bigEndian && width > 1
  const source = swapped || bytes.byteOffset % width !== 0 ? bytes.slice() : bytes
  if (swapped) swapBytes(source, width)
  return viewAs(dtype, shape, source.buffer, source.byteOffset, bytes.length / width)
}

/** The bytes of the elements, little-endian, sharing memory with them. */
export const bytesOfArray = ({ data }: ArrayData): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

/**
 * The number of elements of a shape read from a file.
 * @throws FormatError when a size is not an integer >= 0, or the count exceeds 2^53.
 */
export const countOf = (op: string, shape: readonly unknown[], where: string): number => {
  let count = 1
  let empty = false
  for (const size of shape) {
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
      throw new FormatError({
        op,
        problem: 'not a shape',
        got: `${excerpt(shape)} ${where}`,
        expected: 'integers >= 0',
      })
    }
    if (size === 0) empty = true
    else count *= size
    if (count > Number.MAX_SAFE_INTEGER) {
      throw new FormatError({
        op,
        problem: 'the shape overflows',
        got: `${excerpt(shape)} ${where}`,
        expected: 'fewer than 2^53 elements',
      })
    }
  }
  return empty ? 0 : count
}

/** Whether the data is the kind of array that the dtype needs. */
const holds = ({ dtype, data }: ArrayData): boolean => {
  if (dtype === 'f32') return data instanceof Float32Array
  if (dtype === 'f64') return data instanceof Float64Array
  if (dtype === 'i64') return data instanceof BigInt64Array
  if (dtype === 'u64') return data instanceof BigUint64Array
  if (dtype === 'i32') return data instanceof Int32Array
  if (dtype === 'u32') return data instanceof Uint32Array
  if (dtype === 'i16') return data instanceof Int16Array
  if (dtype === 'i8') return data instanceof Int8Array
  if (dtype === 'f16' || dtype === 'bf16' || dtype === 'u16') return data instanceof Uint16Array
  return data instanceof Uint8Array
}

/**
 * Checks an array before it is written.
 * @throws DTypeError when the data is not of the dtype's kind.
 * @throws ShapeError when the shape does not fit the data.
 */
export const checkArray = (op: string, name: string, array: ArrayData): void => {
  const { dtype, shape, data } = array
  if (!Object.hasOwn(widths, dtype) || !holds(array)) {
    throw new DTypeError({
      op,
      problem: `the data of ${excerpt(name)} is not of its dtype`,
      got: `${dtype} in ${data.constructor.name}`,
    })
  }
  const valid = shape.every((size) => Number.isSafeInteger(size) && size >= 0)
  if (valid && shape.reduce((product, size) => product * size, 1) === data.length) return
  throw new ShapeError({
    op,
    problem: `the shape of ${excerpt(name)} does not fit its data`,
    got: `${excerpt(shape)} for ${data.length} elements`,
    expected: 'integers >= 0 whose product is the number of elements',
  })
}
