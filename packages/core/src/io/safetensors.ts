import { FormatError, ValueError } from '../errors.ts'
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
import { parseJson, type JsonMap, type JsonValue } from './json.ts'

/** What a safetensors file holds. */
export interface SafetensorsFile {
  /** The tensors, in the order of their data. */
  readonly tensors: Map<string, ArrayData>
  /** The `__metadata__` strings; empty when there are none. */
  readonly metadata: Map<string, string>
}

const MAX_HEADER = 100_000_000
const METADATA = '__metadata__'

/** The format's names, in the order in which it sorts the data: widest last here, first in the file. */
const NAMES: Readonly<Record<StorageDType, string>> = {
  bool: 'BOOL',
  u8: 'U8',
  i8: 'I8',
  f8_e5m2: 'F8_E5M2',
  f8_e4m3: 'F8_E4M3',
  i16: 'I16',
  u16: 'U16',
  f16: 'F16',
  bf16: 'BF16',
  i32: 'I32',
  u32: 'U32',
  f32: 'F32',
  f64: 'F64',
  i64: 'I64',
  u64: 'U64',
}

const storageDTypes = (): StorageDType[] => Object.keys(NAMES) as StorageDType[]

const fail = (problem: string, got: string, expected?: string): never => {
  throw new FormatError({ op: 'safetensors', problem, got, expected })
}

interface Entry {
  readonly name: string
  readonly dtype: StorageDType
  readonly shape: number[]
  readonly from: number
  readonly to: number
}

const isCount = (value: JsonValue | undefined): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0

/** The header's bytes, after its length was checked against the file's. */
const headerOf = (bytes: Uint8Array): Uint8Array => {
  if (bytes.length < 8) return fail('the file is too short', `${bytes.length} bytes`, 'at least 8')
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true)
  if (length > BigInt(MAX_HEADER))
    return fail('the header is too long', `${length} bytes at byte 0`, `at most ${MAX_HEADER}`)
  if (length > BigInt(bytes.length - 8)) {
    return fail('the header exceeds the file', `${length} bytes at byte 0`, `at most ${bytes.length - 8}`)
  }
  const header = bytes.subarray(8, 8 + Number(length))
  if (header[0] !== 0x7b) return fail('the header does not start with {', `${header[0] ?? 'no byte'} at byte 8`, '123')
  return header
}

const entryOf = (name: string, value: JsonValue): Entry => {
  const quoted = excerpt(name)
  if (!(value instanceof Map)) return fail(`the entry of ${quoted} is not an object`, excerpt(value))
  const [dtype, shape, offsets] = [value.get('dtype'), value.get('shape'), value.get('data_offsets')]
  const known = storageDTypes().find((key) => NAMES[key] === dtype)
  if (known === undefined)
    return fail(`the dtype of ${quoted} is not supported`, excerpt(dtype), Object.values(NAMES).join(', '))
  if (!Array.isArray(shape) || !shape.every(isCount))
    return fail(`the shape of ${quoted} is not valid`, excerpt(shape), 'a list of integers >= 0')
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    return fail(`the data_offsets of ${quoted} are not valid`, excerpt(offsets), 'two integers >= 0')
  }
  const [from, to] = offsets
  return { name, dtype: known, shape, from, to }
}

/** Checks that the entries, in the order of their data, cover it from the first byte to the last. */
const checkCover = (entries: readonly Entry[], start: number, length: number): void => {
  let end = 0
  for (const { name, dtype, shape, from, to } of entries) {
    const quoted = excerpt(name)
    if (from !== end)
      fail(
        `the data of ${quoted} ${from > end ? 'leaves a hole' : 'overlaps'}`,
        `data_offsets [${from}, ${to}]`,
        `a start at ${end}`,
      )
    const size = countOf('safetensors', shape, `of ${quoted}`) * storageWidth(dtype)
    if (to - from !== size)
      fail(
        `the data of ${quoted} does not fit its shape`,
        `data_offsets [${from}, ${to}] for ${NAMES[dtype]} ${excerpt(shape)}`,
        `${size} bytes`,
      )
    if (to > length)
      fail(`the data of ${quoted} exceeds the file`, `data_offsets [${from}, ${to}]`, `at most ${length}`)
    end = to
  }
  if (end !== length) fail('bytes belong to no tensor', `${length - end} from byte ${start + end}`, '0')
}

const metadataOf = (header: JsonMap): Map<string, string> => {
  const value = header.get(METADATA)
  const metadata = new Map<string, string>()
  if (value === undefined) return metadata
  if (!(value instanceof Map)) return fail('the metadata is not an object', excerpt(value))
  for (const [key, text] of value) {
    if (typeof text !== 'string') return fail(`the metadata ${excerpt(key)} is not a string`, excerpt(text))
    metadata.set(key, text)
  }
  return metadata
}

/**
 * Reads a safetensors file. Every rule of the format is enforced, so a file that is read whole is whole: header of at
 * most 100 MB that starts with {, no name twice, data that covers the rest of the file without holes or overlaps, sizes
 * that fit the shapes.
 * @param bytes - the whole file; the arrays share its memory where that is aligned
 * @throws FormatError when the file breaks a rule or holds a 4- or 6-bit type.
 * @source The safetensors format, as its reference implementation checks it
 */
export const readSafetensors = (bytes: Uint8Array): SafetensorsFile => {
  const headerBytes = headerOf(bytes)
  const header = parseJson('safetensors', headerBytes, 8)
  if (!(header instanceof Map)) return fail('the header is not an object', excerpt(header))
  const metadata = metadataOf(header)
  const entries: Entry[] = []
  for (const [name, value] of header) if (name !== METADATA) entries.push(entryOf(name, value))
  entries.sort((a, b) => a.from - b.from || a.to - b.to)
  const start = 8 + headerBytes.length
  checkCover(entries, start, bytes.length - start)
  const tensors = new Map<string, ArrayData>()
  for (const { name, dtype, shape, from, to } of entries) {
    tensors.set(name, arrayFromBytes(dtype, shape, bytes.subarray(start + from, start + to)))
  }
  return { tensors, metadata }
}

const compareBytes = (a: Uint8Array, b: Uint8Array): number => {
  for (let i = 0; i < a.length && i < b.length; i++) if (a[i] !== b[i]) return a[i] - b[i]
  return a.length - b.length
}

/**
 * Writes a safetensors file as the reference implementation does: widest elements first, then by name, the header
 * padded to 8 bytes. The same tensors give the same bytes.
 * @param metadata - strings to store beside the tensors
 * @throws ValueError when a tensor is named `__metadata__`.
 * @throws ShapeError or DTypeError when an array's shape or kind does not fit its data.
 */
export const writeSafetensors = (
  tensors: Iterable<readonly [string, ArrayData]>,
  metadata: Iterable<readonly [string, string]> = [],
): Uint8Array<ArrayBuffer> => {
  const encoder = new TextEncoder()
  const order = storageDTypes()
  const named = new Map(tensors)
  for (const [name, array] of named) checkArray('writeSafetensors', name, array)
  if (named.has(METADATA))
    throw new ValueError({
      op: 'writeSafetensors',
      problem: 'the name is reserved',
      got: METADATA,
      advice: 'Rename the tensor',
    })
  const sorted = [...named].map(([name, array]) => ({ name, array, key: encoder.encode(name) }))
  sorted.sort((a, b) => order.indexOf(b.array.dtype) - order.indexOf(a.array.dtype) || compareBytes(a.key, b.key))
  const fields: string[] = []
  const strings = [...metadata].map(([key, text]) => `${JSON.stringify(key)}:${JSON.stringify(text)}`)
  if (strings.length > 0) fields.push(`"${METADATA}":{${strings}}`)
  let end = 0
  for (const { name, array } of sorted) {
    const from = end
    end += array.data.byteLength
    fields.push(
      `${JSON.stringify(name)}:{"dtype":"${NAMES[array.dtype]}","shape":[${array.shape}],"data_offsets":[${from},${end}]}`,
    )
  }
  const header = encoder.encode(`{${fields}}`)
  const start = 8 + Math.ceil(header.length / 8) * 8
  const bytes = new Uint8Array(start + end)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true)
  bytes.fill(0x20, 8, start)
  bytes.set(header, 8)
  let at = start
  for (const { array } of sorted) {
    bytes.set(bytesOfArray(array), at)
    at += array.data.byteLength
  }
  return bytes
}
