import { DTypeError, FormatError } from '../errors.ts'
import {
  arrayFromBytes,
  bytesOfArray,
  checkArray,
  countOf,
  storageWidth,
  swapBytes,
  type ArrayData,
  type StorageDType,
} from './array-data.ts'

/** The format's type codes. */
const CODES: Readonly<Record<number, StorageDType>> = { 8: 'u8', 9: 'i8', 11: 'i16', 12: 'i32', 13: 'f32', 14: 'f64' }

const fail = (problem: string, got: string, expected?: string, advice?: string): never => {
  throw new FormatError({ op: 'idx', problem, got, expected, advice })
}

/**
 * Reads an IDX file, the format of MNIST: type, rank, sizes, elements, all big-endian.
 * @param bytes - the whole unpacked file (see {@link gunzip}); bytes share its memory, wider elements are copied
 * @throws FormatError when the file breaks a rule, is cut, or goes on after the data.
 * @source LeCun, Cortes and Burges: the MNIST files
 * @example readIdx(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 7, 9)).data // => [7, 9]
 */
export const readIdx = (bytes: Uint8Array): ArrayData => {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b)
    return fail('the file is still packed', 'gzip', 'unpacked bytes', 'Call gunzip first')
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0)
    return fail('not an IDX file', `${bytes.length} bytes`, '0, 0 at byte 0')
  const rank = bytes[3]
  const start = 4 + 4 * rank
  if (!Object.hasOwn(CODES, bytes[2]))
    return fail('the type is not supported', `${bytes[2]} at byte 2`, Object.keys(CODES).join(', '))
  if (bytes.length < start)
    return fail('the sizes exceed the file', `${rank} at byte 3, ${bytes.length} bytes`, `at least ${start}`)
  const dtype = CODES[bytes[2]]
  const view = new DataView(bytes.buffer, bytes.byteOffset, start)
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis))
  const size = countOf('idx', shape, 'at byte 4') * storageWidth(dtype)
  if (bytes.length - start !== size)
    return fail(
      'the data does not fit the sizes',
      `${bytes.length - start} bytes at byte ${start}`,
      `${size} for ${dtype} [${shape}]`,
    )
  return arrayFromBytes(dtype, shape, bytes.subarray(start), { bigEndian: true })
}

/**
 * Writes an IDX file.
 * @throws DTypeError for a type that the format lacks.
 * @throws ShapeError when the shape does not fit the data; FormatError above 255 axes or sizes of 2^32.
 */
export const writeIdx = (array: ArrayData): Uint8Array<ArrayBuffer> => {
  checkArray('writeIdx', 'array', array)
  const { dtype, shape } = array
  const code = Object.keys(CODES).find((key) => CODES[Number(key)] === dtype)
  if (code === undefined)
    throw new DTypeError({
      op: 'writeIdx',
      problem: 'IDX has no such type',
      got: dtype,
      expected: Object.values(CODES).join(', '),
    })
  if (shape.length > 255 || shape.some((size) => size > 0xffffffff))
    return fail('the shape is too large', `[${shape}]`, 'at most 255 sizes below 2^32')
  const start = 4 + 4 * shape.length
  const bytes = new Uint8Array(start + array.data.byteLength)
  const view = new DataView(bytes.buffer)
  bytes[2] = Number(code)
  bytes[3] = shape.length
  shape.forEach((size, axis) => view.setUint32(4 + 4 * axis, size))
  bytes.set(bytesOfArray(array), start)
  swapBytes(bytes.subarray(start), storageWidth(dtype))
  return bytes
}
