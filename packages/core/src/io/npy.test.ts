import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DTypeError, FormatError, LanewiseError, ShapeError, ValueError } from '../errors.ts'
import type { ArrayData } from './array-data.ts'
import { toFloat32 } from './convert.ts'
import { crc32 } from './crc32.ts'
import { readNpy, writeNpy } from './npy.ts'
import { readNpz, writeNpz } from './npz.ts'
import { readZip, writeZip } from './zip.ts'

const golden = JSON.parse(readFileSync(new URL('__golden__/io.json', import.meta.url), 'utf8'))

const unpack = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))

const sha = (data: NodeJS.ArrayBufferView): string => createHash('sha256').update(data).digest('hex')

const values = (array: ArrayData): unknown[] => {
  if (array.dtype === 'f16') return Array.from(toFloat32(array))
  return Array.from(array.data as ArrayLike<number | bigint>, (x) => (typeof x === 'bigint' ? String(x) : x))
}

test.each(Object.keys(golden.npy))('npy of NumPy: %s', (name) => {
  const { file, shape, values: want } = golden.npy[name]
  const array = readNpy(unpack(file))
  expect(array.shape).toEqual(shape)
  expect(values(array)).toEqual(want)
})

test('npy is written to NumPy’s own bytes', () => {
  for (const code of [
    '<f8',
    '<f4',
    '<f2',
    '<i8',
    '<i4',
    '<i2',
    '|i1',
    '<u8',
    '<u4',
    '<u2',
    '|u1',
    '|b1',
    'scalar',
    'empty',
  ]) {
    const bytes = unpack(golden.npy[code].file)
    expect(writeNpy(readNpy(bytes)), code).toEqual(bytes)
  }
})

test.each(Object.keys(golden.refused))('npy of NumPy that is refused: %s', (name) => {
  expect(() => readNpy(unpack(golden.refused[name]))).toThrow(FormatError)
})

const header = (text: string, data = 0, version = 1): Uint8Array => {
  const start = version === 1 ? 10 : 12
  const bytes = new Uint8Array(start + text.length + data)
  bytes.set([0x93, 78, 85, 77, 80, 89, version, 0, text.length & 255, text.length >> 8])
  bytes.set(new TextEncoder().encode(text), start)
  return bytes
}

const dict = (descr: string, fortran: string, shape: string): string =>
  `{'descr': ${descr}, 'fortran_order': ${fortran}, 'shape': ${shape}, }\n`

describe('npy attacks', () => {
  test.each<[string, Uint8Array]>([
    ['empty', new Uint8Array(0)],
    ['magic alone', Uint8Array.of(0x93, 78, 85, 77, 80, 89)],
    ['wrong magic', header(dict("'<f4'", 'False', '(1,)'), 4).fill(0, 0, 1)],
    ['version 0', header(dict("'<f4'", 'False', '(1,)'), 4, 0)],
    ['version 4', header(dict("'<f4'", 'False', '(1,)'), 4, 4)],
    ['version 2 cut', header('', 0, 2).subarray(0, 11)],
    ['header longer than the file', header('{}').fill(0xff, 8, 10)],
    ['header of 4 GB', header('{}', 0, 2).fill(0xff, 8, 12)],
    ['no dictionary', header('[]\n')],
    [
      'code in the header',
      header("{'descr': __import__('os').system('x'), 'fortran_order': False, 'shape': (1,), }\n", 4),
    ],
    ['a field missing', header("{'descr': '<f4', 'shape': (1,), }\n", 4)],
    ['a field twice', header("{'descr': '<f4', 'descr': '<f8', 'shape': (1,), }\n", 4)],
    ['a field too many', header("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': True, }\n", 4)],
    ['no commas', header("{'descr': '<f4' 'fortran_order': False 'shape': (1,) }\n", 4)],
    ['unknown type', header(dict("'<q9'", 'False', '(1,)'), 4)],
    ['type of the prototype', header(dict("'constructor'", 'False', '(1,)'), 4)],
    ['a wide type without byte order', header(dict("'|f4'", 'False', '(1,)'), 4)],
    ['fortran_order 1', header(dict("'<f4'", "'x'", '(1,)'), 4)],
    ['negative size', header(dict("'<f4'", 'False', '(-1,)'), 4)],
    ['shape is no tuple', header(dict("'<f4'", 'False', '(1)'), 4)],
    ['shape is a list', header(dict("'<f4'", 'False', '[1]'), 4)],
    ['shape with empty items', header(dict("'<f4'", 'False', '(1,,1)'), 4)],
    ['shape overflows', header(dict("'<f4'", 'False', `(${'4294967296, '.repeat(5)})`), 4)],
    ['shape of 10^400', header(dict("'<f4'", 'False', `(1${'0'.repeat(400)},)`), 4)],
    ['data cut', header(dict("'<f4'", 'False', '(2,)'), 7)],
    ['data too long', header(dict("'<f4'", 'False', '(2,)'), 9)],
    ['a terabyte', header(dict("'<f4'", 'False', '(274877906944,)'), 4)],
    ['a terabyte, column-major', header(dict("'<f4'", 'True', '(524288, 524288)'), 4)],
    ['nested brackets', header(`{'descr': ${'['.repeat(60000)}`)],
  ])('%s', (_, bytes) => expect(() => readNpy(bytes)).toThrow(FormatError))

  test('messages say where', () => {
    expect(() => readNpy(header(dict("'<c8'", 'False', '(1,)'), 8))).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: npy: the type is not supported; got "'<c8'", expected one of f8, f4, f2, i8, i4, i2, i1, u8, u4, u2, u1, b1.]`,
    )
    expect(() => readNpy(header(dict("'<f4'", 'False', '(2,)'), 7))).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: npy: the data does not fit the shape; got 7 bytes at byte 68, expected 8 for f32 [2].]`,
    )
    expect(() => readNpy(header('{}\n'))).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: npy: the header is not the dictionary it should be; got "{}\\n" at byte 10, expected descr, fortran_order and shape.]`,
    )
    expect(() => writeNpy({ dtype: 'bf16', shape: [1], data: new Uint16Array(1) })).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: writeNpy: NumPy has no such type; got bf16. Convert to f32 first.]`,
    )
    expect(() => writeNpy({ dtype: 'f32', shape: [2], data: new Float32Array(1) })).toThrow(ShapeError)
  })

  test('a header that backtracks does not hang', () => {
    for (const text of [
      "'descr': ".repeat(6000),
      `{${"'shape': (1,), ".repeat(4000)}`,
      `{'descr': '${' '.repeat(60000)}`,
    ]) {
      expect(() => readNpy(header(text))).toThrow(FormatError)
    }
  })
})

test.each(['plain', 'compressed'])('npz of NumPy, %s', async (name) => {
  const arrays = await readNpz(unpack(golden[name]))
  expect([...arrays.keys()].sort()).toEqual(Object.keys(golden.arrays).sort())
  for (const [key, array] of arrays) {
    expect(array.shape).toEqual(golden.arrays[key].shape)
    expect(sha(array.data)).toBe(golden.arrays[key].sha)
  }
})

test('npz reads back, plain and compressed', async () => {
  const arrays = await readNpz(unpack(golden.plain))
  for (const compress of [false, true]) {
    const bytes = await writeNpz(arrays, { compress })
    const again = await readNpz(bytes)
    expect([...again.keys()]).toEqual([...arrays.keys()])
    for (const [key, { data }] of again) expect(sha(data)).toBe(golden.arrays[key].sha)
    expect(await writeNpz(again, { compress })).toEqual(bytes)
  }
  expect(await writeNpz(arrays)).toEqual(await writeNpz(arrays, { compress: false }))
  expect(await readNpz(await writeNpz([]))).toEqual(new Map())
})

test('crc32', () => {
  for (const { text, crc } of golden.crc32) expect(crc32(new TextEncoder().encode(text))).toBe(crc)
})

test('zip reads back what it wrote', async () => {
  const files = fc.uniqueArray(
    fc.tuple(
      fc.string({ unit: 'grapheme' }).filter((s) => !/\p{Surrogate}/u.test(s)),
      fc.uint8Array({ maxLength: 300 }),
    ),
    { selector: ([name]) => name, maxLength: 5 },
  )
  await fc.assert(
    fc.asyncProperty(files, fc.boolean(), async (entries, compress) => {
      const back = await readZip(await writeZip(entries, compress), 1e6)
      expect([...back]).toEqual(entries)
    }),
    { numRuns: 40 },
  )
})

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

test('zip of Python with comments and unknown extra fields', async () => {
  const { file, names, text } = golden.commented
  const files = await readZip(unpack(file), 1e6)
  expect([...files.keys()]).toEqual(names)
  for (const bytes of files.values()) expect(new TextDecoder().decode(bytes)).toBe(text)
})

/** The archive with a 64-bit end record in front of its end record, whose own fields say so. */
const widened = async (): Promise<{ bytes: Uint8Array; record: DataView }> => {
  const plain = await writeZip(
    [
      ['a', encode('hello')],
      ['b', encode('world')],
    ],
    false,
  )
  const end = plain.length - 22
  const bytes = new Uint8Array(plain.length + 76)
  bytes.set(plain.subarray(0, end))
  bytes.set(plain.subarray(end), end + 76)
  const old = new DataView(plain.buffer, end)
  const view = new DataView(bytes.buffer)
  view.setUint32(end, 0x06064b50, true)
  view.setBigUint64(end + 32, 2n, true)
  view.setBigUint64(end + 40, BigInt(old.getUint32(12, true)), true)
  view.setBigUint64(end + 48, BigInt(old.getUint32(16, true)), true)
  view.setUint32(end + 56, 0x07064b50, true)
  view.setBigUint64(end + 64, BigInt(end), true)
  view.setUint32(end + 76 + 12, 0xffffffff, true)
  view.setUint32(end + 76 + 16, 0xffffffff, true)
  return { bytes, record: new DataView(bytes.buffer, end, 76) }
}

test('zip with a 64-bit end record', async () => {
  const { bytes, record } = await widened()
  expect([...(await readZip(bytes, 1e6)).keys()]).toEqual(['a', 'b'])
  for (const [at, value] of [
    [0, 0n],
    [32, 3n],
    [40, 2n ** 63n],
    [48, 2n ** 40n],
    [64, 2n ** 64n - 1n],
    [64, 3n],
  ] as const) {
    const before = record.getBigUint64(at, true)
    record.setBigUint64(at, value, true)
    await expect(readZip(bytes, 1e6), `${value} at ${at}`).rejects.toThrow(FormatError)
    record.setBigUint64(at, before, true)
  }
})

/** A zip of one or two stored entries, with a change made to its bytes. Local headers at 0; directory where `at` says. */
const damaged = async (change: (view: DataView, at: number, end: number) => void): Promise<Uint8Array> => {
  const bytes = await writeZip(
    [
      ['a', encode('hello')],
      ['b', encode('world')],
    ],
    false,
  )
  const end = bytes.length - 22
  const view = new DataView(bytes.buffer)
  change(view, view.getUint32(end + 16, true), end)
  return bytes
}

describe('zip attacks', () => {
  const cases: [string, (view: DataView, at: number, end: number) => void][] = [
    ['no end record', (view, _, end) => view.setUint32(end, 0)],
    ['a comment that does not reach the end', (view, _, end) => view.setUint16(end + 20, 5, true)],
    ['several disks', (view, _, end) => view.setUint16(end + 4, 1, true)],
    ['65,534 entries', (view, _, end) => (view.setUint16(end + 8, 65534, true), view.setUint16(end + 10, 65534, true))],
    ['an entry less', (view, _, end) => (view.setUint16(end + 8, 1, true), view.setUint16(end + 10, 1, true))],
    ['directory beyond the file', (view, _, end) => view.setUint32(end + 16, 0xfffffff0, true)],
    ['directory too long', (view, _, end) => view.setUint32(end + 12, 0x7fffffff, true)],
    ['wrong entry magic', (view, at) => view.setUint32(at, 0)],
    ['name beyond the directory', (view, at) => view.setUint16(at + 28, 65535, true)],
    ['encrypted', (view, at) => view.setUint16(at + 8, 1, true)],
    ['unknown method', (view, at) => view.setUint16(at + 10, 12, true)],
    ['stored with two sizes', (view, at) => view.setUint32(at + 24, 4, true)],
    [
      'data beyond the file',
      (view, at) => (view.setUint32(at + 20, 0x7fffffff, true), view.setUint32(at + 24, 0x7fffffff, true)),
    ],
    ['header beyond the file', (view, at) => view.setUint32(at + 42, 0x7fffffff, true)],
    ['header is no header', (view, at) => view.setUint32(at + 42, 3, true)],
    ['two entries on one place', (view, at) => view.setUint32(at + 47 + 42, 0, true)],
    ['a name twice', (view, at) => view.setUint8(at + 47 + 46, 97)],
    ['name is not UTF-8', (view, at) => view.setUint8(at + 46, 0xff)],
    ['64-bit size without its field', (view, at) => view.setUint32(at + 24, 0xffffffff, true)],
    ['wrong checksum', (view, at) => view.setUint32(at + 16, 1, true)],
    ['one byte changed', (view) => view.setUint8(31, 0)],
    ['stored called deflated', (view, at) => view.setUint16(at + 10, 8, true)],
  ]
  test.each(cases)('%s', async (_, change) => {
    await expect(damaged(change).then((bytes) => readZip(bytes, 1e6))).rejects.toThrow(FormatError)
  })

  test('a bomb stops at the stated size, and a large one is refused at once', async () => {
    const bomb = await writeZip([['x', new Uint8Array(5e6)]], true)
    expect(bomb.length).toBeLessThan(10000)
    await expect(readZip(bomb, 4e6)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[FormatError: zip: too large; got 5000000 bytes, expected at most 4000000. Raise maxBytes.]`,
    )
    const view = new DataView(bomb.buffer)
    const at = view.getUint32(bomb.length - 6, true)
    view.setUint32(at + 24, 1000, true)
    await expect(readZip(bomb, 1e9)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[FormatError: zip: the unpacked size is not the stated one; got more, expected 1000 bytes.]`,
    )
    view.setUint32(at + 24, 0x7fffffff, true)
    await expect(readZip(bomb, 1e10)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[FormatError: zip: the stated size cannot come from so few bytes; got 2147483647 from 4874.]`,
    )
  })

  test('deflated bytes cut, damaged, or followed by others', async () => {
    const bytes = await writeZip([['x', encode('hello '.repeat(100))]], true)
    for (const offset of [32, 36, 40]) {
      const changed = bytes.slice()
      changed[offset] ^= 0x55
      await expect(readZip(changed, 1e6)).rejects.toThrow(FormatError)
    }
    for (let length = 0; length < bytes.length; length += 7)
      await expect(readZip(bytes.subarray(0, length), 1e6)).rejects.toThrow(FormatError)
  })

  test('an entry that is not an array is refused', async () => {
    const bytes = await writeZip([['readme.txt', encode('hello')]], false)
    await expect(readNpz(bytes)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[FormatError: npz: an entry is not an array; got "readme.txt", expected a name that ends in .npy.]`,
    )
    const none = await writeZip([['a.npy', encode('hello')]], false)
    await expect(readNpz(none)).rejects.toSatisfy((e) => LanewiseError.is(e))
  })

  test('more entries than the format holds are not written', async () => {
    const files = Array.from({ length: 65535 }, (_, i): [string, Uint8Array] => [`${i}`, new Uint8Array(0)])
    await expect(writeZip(files, false)).rejects.toThrow(ValueError)
  })

  test('bfloat16 is not written', async () => {
    await expect(writeNpz([['x', { dtype: 'bf16', shape: [1], data: new Uint16Array(1) }]])).rejects.toThrow(DTypeError)
  })
})
