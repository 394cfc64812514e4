import { FormatError, ValueError } from '../errors.ts'
import { crc32 } from './crc32.ts'
import { excerpt } from './excerpt.ts'
import { deflate, inflate } from './inflate.ts'

const END = 0x06054b50
const END_64 = 0x06064b50
const LOCATOR_64 = 0x07064b50
const CENTRAL = 0x02014b50
const LOCAL = 0x04034b50
const NONE_32 = 0xffffffff

const STORED = 0
const DEFLATED = 8

const fail = (problem: string, got: string, expected?: string): never => {
  throw new FormatError({ op: 'zip', problem, got, expected })
}

/** Where an entry's packed bytes lie and what they unpack to. */
interface Entry {
  readonly name: string
  readonly method: number
  readonly crc: number
  readonly packed: number
  readonly size: number
  readonly header: number
}

/** Bounded little-endian reads. */
class Bytes {
  readonly bytes: Uint8Array
  readonly #view: DataView

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  check(at: number, length: number, what: string): void {
    if (at + length > this.bytes.length)
      fail(`${what} exceeds the file`, `${length} bytes at byte ${at}`, `at most ${this.bytes.length}`)
  }

  u16(at: number): number {
    return this.#view.getUint16(at, true)
  }

  u32(at: number): number {
    return this.#view.getUint32(at, true)
  }

  u64(at: number): number {
    const value = this.#view.getBigUint64(at, true)
    return value <= BigInt(this.bytes.length) * 1032n
      ? Number(value)
      : fail('a 64-bit size is too large', `${value} at byte ${at}`)
  }
}

/** The end record lies in the last 64 KB, before a comment that must reach the end of the file. */
const findEnd = (file: Bytes): number => {
  const { length } = file.bytes
  for (let at = length - 22; at >= 0 && at >= length - 65557; at--) {
    if (file.u32(at) === END && at + 22 + file.u16(at + 20) === length) return at
  }
  return fail('not a zip file', `${length} bytes`, 'an end record in the last 65,557')
}

interface Directory {
  readonly count: number
  readonly at: number
  readonly end: number
}

const readDirectory = (file: Bytes): Directory => {
  const end = findEnd(file)
  let count = file.u16(end + 10)
  let size = file.u32(end + 12)
  let at = file.u32(end + 16)
  let limit = end
  if (file.u16(end + 4) !== 0 || file.u16(end + 6) !== 0 || file.u16(end + 8) !== count)
    fail('the archive spans several disks', `end record at byte ${end}`)
  if ((count === 0xffff || size === NONE_32 || at === NONE_32) && end >= 20 && file.u32(end - 20) === LOCATOR_64) {
    limit = file.u64(end - 12)
    file.check(limit, 56, 'the 64-bit end record')
    if (file.u32(limit) !== END_64) fail('the 64-bit end record is missing', `byte ${limit}`)
    count = file.u64(limit + 32)
    size = file.u64(limit + 40)
    at = file.u64(limit + 48)
  }
  if (at + size > limit)
    fail('the directory exceeds its place', `${size} bytes at byte ${at}`, `an end at most at ${limit}`)
  if (count * 46 > size) fail('the directory is too small', `${count} entries in ${size} bytes`)
  return { count, at, end: at + size }
}

/** The 64-bit sizes of an extra field stand in this order, each only if its 32-bit field says so. */
const wide = (file: Bytes, at: number, length: number, fields: readonly number[]): number[] => {
  const values = [...fields]
  for (let p = at; p + 4 <= at + length; p += 4 + file.u16(p + 2)) {
    if (file.u16(p) !== 1) continue
    let q = p + 4
    const stop = Math.min(q + file.u16(p + 2), at + length)
    for (let i = 0; i < values.length; i++) {
      if (values[i] !== NONE_32) continue
      if (q + 8 > stop) fail('a 64-bit size is missing', `extra field at byte ${p}`)
      values[i] = file.u64(q)
      q += 8
    }
    return values
  }
  return values
}

const nameOf = (bytes: Uint8Array, at: number): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new FormatError({ op: 'zip', problem: 'a name is not UTF-8', got: `byte ${at}`, cause })
  }
}

const readEntry = (file: Bytes, at: number, end: number): { entry: Entry; next: number } => {
  if (at + 46 > end || file.u32(at) !== CENTRAL) fail('a directory entry is missing', `byte ${at}`)
  const flags = file.u16(at + 8)
  const method = file.u16(at + 10)
  const nameLength = file.u16(at + 28)
  const extraLength = file.u16(at + 30)
  const next = at + 46 + nameLength + extraLength + file.u16(at + 32)
  if (next > end) fail('a directory entry exceeds the directory', `byte ${at}`)
  const name = nameOf(file.bytes.subarray(at + 46, at + 46 + nameLength), at + 46)
  if (flags & 0x41) fail(`${excerpt(name)} is encrypted`, `flags ${flags} at byte ${at + 8}`)
  if (method !== STORED && method !== DEFLATED)
    fail(
      `${excerpt(name)} is packed by a method that is not supported`,
      `method ${method} at byte ${at + 10}`,
      'stored (0) or deflated (8)',
    )
  const extra = at + 46 + nameLength
  const [size, packed, header] = wide(file, extra, extraLength, [
    file.u32(at + 24),
    file.u32(at + 20),
    file.u32(at + 42),
  ])
  if (method === STORED && size !== packed)
    fail(`${excerpt(name)} is stored with two sizes`, `${packed} and ${size} at byte ${at + 20}`)
  return { entry: { name, method, crc: file.u32(at + 16), packed, size, header }, next }
}

/** The packed bytes of an entry, after its local header. */
const locate = (file: Bytes, { name, packed, header }: Entry): { from: number; to: number } => {
  file.check(header, 30, `the header of ${excerpt(name)}`)
  if (file.u32(header) !== LOCAL) fail(`the header of ${excerpt(name)} is missing`, `byte ${header}`)
  const from = header + 30 + file.u16(header + 26) + file.u16(header + 28)
  file.check(from, packed, `the data of ${excerpt(name)}`)
  return { from, to: from + packed }
}

const readEntries = (file: Bytes, { count, at, end }: Directory): Entry[] => {
  const entries: Entry[] = []
  let next = at
  for (let i = 0; i < count; i++) {
    const read = readEntry(file, next, end)
    entries.push(read.entry)
    next = read.next
  }
  if (next !== end) fail('the directory holds more than its entries', `${end - next} bytes at byte ${next}`)
  return entries
}

/** Refuses names that come twice and entries that share bytes, which is how small archives unpack to huge ones. */
const checkApart = (file: Bytes, entries: readonly Entry[], directory: Directory): void => {
  const names = new Set<string>()
  for (const { name } of entries) {
    if (names.has(name)) fail('a name comes twice', excerpt(name))
    names.add(name)
  }
  const spans = entries.map((entry) => ({ name: entry.name, from: entry.header, to: locate(file, entry).to }))
  spans.sort((a, b) => a.from - b.from)
  let end = 0
  for (const { name, from, to } of spans) {
    if (from < end || to > directory.at) fail(`${excerpt(name)} overlaps what lies beside it`, `bytes ${from} to ${to}`)
    end = to
  }
}

/**
 * Unpacks a zip archive (stored and deflated entries, 64-bit sizes). Checks every size, checksum and place.
 * @param maxBytes - the most that all entries together may unpack to
 * @throws FormatError when anything is not as it should be; then nothing is returned.
 */
export const readZip = async (bytes: Uint8Array, maxBytes: number): Promise<Map<string, Uint8Array>> => {
  const file = new Bytes(bytes)
  const directory = readDirectory(file)
  const entries = readEntries(file, directory)
  checkApart(file, entries, directory)
  const total = entries.reduce((sum, entry) => sum + entry.size, 0)
  if (total > maxBytes) {
    throw new FormatError({
      op: 'zip',
      problem: 'too large',
      got: `${total} bytes`,
      expected: `at most ${maxBytes}`,
      advice: 'Raise maxBytes',
    })
  }
  const files = new Map<string, Uint8Array>()
  for (const entry of entries) {
    const { from, to } = locate(file, entry)
    const packed = bytes.subarray(from, to)
    if (entry.method === DEFLATED)
      files.set(entry.name, await inflate('zip', 'deflate-raw', packed, entry.size, entry.crc))
    else if (crc32(packed) === entry.crc) files.set(entry.name, packed)
    else fail('the checksum does not match', excerpt(entry.name))
  }
  return files
}

interface Packed {
  readonly name: Uint8Array
  readonly method: number
  readonly crc: number
  readonly size: number
  readonly data: Uint8Array
}

const LOCAL_LENGTH = 30
const CENTRAL_LENGTH = 46

/** The fields that local header and directory entry share: from "version needed" to the name's length. */
const writeShared = (view: DataView, at: number, { name, method, crc, size, data }: Packed): void => {
  view.setUint16(at, 20, true)
  view.setUint16(at + 2, 0x800, true) // the name is UTF-8
  view.setUint16(at + 4, method, true)
  view.setUint16(at + 8, 0x21, true) // 1 January 1980: the same entries give the same bytes
  view.setUint32(at + 10, crc, true)
  view.setUint32(at + 14, data.length, true)
  view.setUint32(at + 18, size, true)
  view.setUint16(at + 22, name.length, true)
}

/**
 * Packs files into a zip archive.
 * @param compress - whether to deflate
 * @throws ValueError when the archive would need 64-bit sizes (4 GB, or 65,535 entries).
 */
export const writeZip = async (
  files: Iterable<readonly [string, Uint8Array]>,
  compress: boolean,
): Promise<Uint8Array<ArrayBuffer>> => {
  const entries: Packed[] = []
  for (const [name, data] of files) {
    const packed = compress ? await deflate(data) : data
    const method = compress ? DEFLATED : STORED
    entries.push({ name: new TextEncoder().encode(name), method, crc: crc32(data), size: data.length, data: packed })
  }
  const directory = entries.reduce((sum, { name, data }) => sum + LOCAL_LENGTH + name.length + data.length, 0)
  const size = entries.reduce((sum, { name }) => sum + CENTRAL_LENGTH + name.length, 0)
  if (directory + size + 22 >= NONE_32 || entries.length >= 0xffff || entries.some((entry) => entry.size >= NONE_32)) {
    throw new ValueError({
      op: 'zip',
      problem: 'the archive is too large',
      got: `${entries.length} entries, ${directory} bytes`,
      expected: 'under 65,535 entries and 4 GB',
    })
  }
  const bytes = new Uint8Array(directory + size + 22)
  const view = new DataView(bytes.buffer)
  let local = 0
  let central = directory
  for (const entry of entries) {
    view.setUint32(local, LOCAL, true)
    writeShared(view, local + 4, entry)
    bytes.set(entry.name, local + LOCAL_LENGTH)
    bytes.set(entry.data, local + LOCAL_LENGTH + entry.name.length)
    view.setUint32(central, CENTRAL, true)
    view.setUint16(central + 4, 20, true)
    writeShared(view, central + 6, entry)
    view.setUint32(central + 42, local, true)
    bytes.set(entry.name, central + CENTRAL_LENGTH)
    local += LOCAL_LENGTH + entry.name.length + entry.data.length
    central += CENTRAL_LENGTH + entry.name.length
  }
  view.setUint32(central, END, true)
  view.setUint16(central + 8, entries.length, true)
  view.setUint16(central + 10, entries.length, true)
  view.setUint32(central + 12, size, true)
  view.setUint32(central + 16, directory, true)
  return bytes
}
