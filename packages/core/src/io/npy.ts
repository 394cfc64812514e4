import { DTypeError, FormatError } from '../errors.ts'
import {
  arrayFromBytes,
  bytesOfArray,
  checkArray,
  countOf,
  storageWidth,
  type ArrayData,
  type StorageDType,
} from './array-data.ts'
import { excerpt } from './excerpt.ts'

/** NumPy's type codes, without the byte order. */
const CODES: Readonly<Record<string, StorageDType>> = {
  f8: 'f64',
  f4: 'f32',
  f2: 'f16',
  i8: 'i64',
  i4: 'i32',
  i2: 'i16',
  i1: 'i8',
  u8: 'u64',
  u4: 'u32',
  u2: 'u16',
  u1: 'u8',
  b1: 'bool',
}

const MAX_HEADER = 65536

const fail = (problem: string, got: string, expected?: string): never => {
  throw new FormatError({ op: 'npy', problem, got, expected })
}

interface Header {
  readonly text: string
  /** Where the text starts. */
  readonly from: number
  /** Where the data starts. */
  readonly to: number
}

const readHeader = (bytes: Uint8Array): Header => {
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]
  if (bytes.length < 10 || magic.some((byte, i) => bytes[i] !== byte))
    return fail('not an npy file', `${bytes.length} bytes`, '93 "NUMPY" at byte 0')
  const major = bytes[6]
  if (major < 1 || major > 3 || bytes[7] !== 0)
    return fail('the version is not supported', `${major}.${bytes[7]} at byte 6`, '1.0, 2.0 or 3.0')
  const from = major === 1 ? 10 : 12
  if (bytes.length < from) return fail('the file is too short', `${bytes.length} bytes`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, from)
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true)
  if (length > MAX_HEADER) return fail('the header is too long', `${length} bytes at byte 8`, `at most ${MAX_HEADER}`)
  if (from + length > bytes.length)
    return fail('the header exceeds the file', `${length} bytes at byte 8`, `at most ${bytes.length - from}`)
  let text = ''
  for (const byte of bytes.subarray(from, from + length)) text += String.fromCharCode(byte)
  return { text, from, to: from + length }
}

const FIELD = /'(descr|fortran_order|shape)': *('[^']*'|True|False|\([\d, L]*\)|\[[^\]]*\])/g
const HEADER =
  /^\{(?:'\w+': *(?:'[^']*'|True|False|\([\d, L]*\)|\[[^\]]*\]), *){2}'\w+': *(?:'[^']*'|True|False|\([\d, L]*\)|\[[^\]]*\]),? *\} *\n?$/

/** The three fields of the dictionary, which is a Python literal. */
const fieldsOf = ({ text, from }: Header): { descr: string; fortran: string; shape: string } => {
  if (!HEADER.test(text))
    return fail(
      'the header is not the dictionary it should be',
      `${excerpt(text)} at byte ${from}`,
      'descr, fortran_order and shape',
    )
  const fields = new Map([...text.matchAll(FIELD)].map(([, name, value]) => [name, value]))
  const [descr, fortran, shape] = [fields.get('descr'), fields.get('fortran_order'), fields.get('shape')]
  if (descr === undefined || fortran === undefined || shape === undefined)
    return fail('a header field is missing or comes twice', `${excerpt(text)} at byte ${from}`)
  return { descr, fortran, shape }
}

const dtypeOf = (descr: string): { dtype: StorageDType; bigEndian: boolean } => {
  const match = /^'([<>|=])([a-z]\d)'$/.exec(descr)
  const [, order, code] = match ?? ['', '', '']
  const valid = Object.hasOwn(CODES, code) && (order !== '|' || code.endsWith('1'))
  if (!valid) return fail('the type is not supported', excerpt(descr), `one of ${Object.keys(CODES).join(', ')}`)
  return { dtype: CODES[code], bigEndian: order === '>' }
}

const shapeOf = (text: string): number[] => {
  if (!/^\((?:\d+L?,(?: *\d+L?,)* *(?:\d+L?)?|\d+L?)?\)$/.test(text) || /^\(\d+L?\)$/.test(text))
    return fail('not a shape', excerpt(text), 'a tuple of integers')
  return [...text.matchAll(/\d+/g)].map(([digits]) => Number(digits))
}

/** Row-major order of elements that stand in column-major order. */
const fromFortran = (array: ArrayData): ArrayData => {
  const { dtype, shape } = array
  const width = storageWidth(dtype)
  const source = bytesOfArray(array)
  const target = new Uint8Array(source.length)
  const strides = new Array<number>(shape.length)
  let step = width
  for (let axis = 0; axis < shape.length; axis++) {
    strides[axis] = step
    step *= shape[axis]
  }
  const index = new Array<number>(shape.length).fill(0)
  for (let to = 0, from = 0; to < target.length; to += width) {
    for (let b = 0; b < width; b++) target[to + b] = source[from + b]
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]
      if (++index[axis] < shape[axis]) break
      from -= strides[axis] * shape[axis]
      index[axis] = 0
    }
  }
  return arrayFromBytes(dtype, shape, target)
}

/**
 * Reads a NumPy `.npy` file: versions 1 to 3, either byte order, either element order. Objects, strings, structures
 * and complex numbers are refused.
 * @param bytes - the whole file; the array shares its memory where that is aligned and in order
 * @throws FormatError when the file breaks a rule, is cut, or goes on after the data.
 * @source The .npy format of NumPy; checked against files of numpy 1.24 in npy.test.ts
 */
export const readNpy = (bytes: Uint8Array): ArrayData => {
  const header = readHeader(bytes)
  const fields = fieldsOf(header)
  const { dtype, bigEndian } = dtypeOf(fields.descr)
  if (fields.fortran !== 'True' && fields.fortran !== 'False')
    return fail('fortran_order is not a truth value', excerpt(fields.fortran))
  const shape = shapeOf(fields.shape)
  const size = countOf('npy', shape, `at byte ${header.from}`) * storageWidth(dtype)
  if (bytes.length - header.to !== size)
    return fail(
      'the data does not fit the shape',
      `${bytes.length - header.to} bytes at byte ${header.to}`,
      `${size} for ${dtype} ${excerpt(shape)}`,
    )
  const array = arrayFromBytes(dtype, shape, bytes.subarray(header.to), { bigEndian })
  return fields.fortran === 'True' && shape.length > 1 && size > 0 ? fromFortran(array) : array
}

/**
 * Writes a NumPy `.npy` file, version 1.0, little-endian, row-major, as `numpy.save` does.
 * @throws DTypeError for bf16 and 8-bit floats, which NumPy does not have.
 * @throws ShapeError when the shape does not fit the data.
 */
export const writeNpy = (array: ArrayData): Uint8Array<ArrayBuffer> => {
  checkArray('writeNpy', 'array', array)
  const { dtype, shape } = array
  const code = Object.keys(CODES).find((key) => CODES[key] === dtype)
  if (code === undefined)
    throw new DTypeError({
      op: 'writeNpy',
      problem: 'NumPy has no such type',
      got: dtype,
      advice: 'Convert to f32 first',
    })
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`
  const order = storageWidth(dtype) === 1 ? '|' : '<'
  const text = `{'descr': '${order}${code}', 'fortran_order': False, 'shape': ${tuple}, }`
  const start = Math.ceil((10 + text.length + 1) / 64) * 64
  const bytes = new Uint8Array(start + array.data.byteLength)
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, (start - 10) & 255, (start - 10) >> 8])
  bytes.set(new TextEncoder().encode(`${text.padEnd(start - 11)}\n`), 10)
  bytes.set(bytesOfArray(array), start)
  return bytes
}
