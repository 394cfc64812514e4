import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DTypeError, FormatError, ShapeError } from '../errors.ts'
import { arrayFromBytes, storageWidth, type ArrayData } from './array-data.ts'
import { readCifar10, readCifar100 } from './cifar.ts'
import { readIdx, writeIdx } from './idx.ts'
import { gunzip, isGzip } from './inflate.ts'

const golden = JSON.parse(readFileSync(new URL('__golden__/io.json', import.meta.url), 'utf8'))

const unpack = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, 'base64'))

const arrays = fc
  .tuple(
    fc.constantFrom('u8', 'i8', 'i16', 'i32', 'f32', 'f64'),
    fc.array(fc.nat(4), { maxLength: 4 }),
    fc.infiniteStream(fc.nat(255)),
  )
  .map(([dtype, shape, stream]): ArrayData => {
    const size = shape.reduce((a, b) => a * b, 1) * storageWidth(dtype)
    return arrayFromBytes(
      dtype,
      shape,
      Uint8Array.from({ length: size }, () => stream.next().value ?? 0),
    )
  })

test('what is written reads back', () => {
  fc.assert(
    fc.property(arrays, (array) => {
      const bytes = writeIdx(array)
      const back = readIdx(bytes)
      expect([back.dtype, back.shape]).toEqual([array.dtype, array.shape])
      expect(new Uint8Array(back.data.buffer, back.data.byteOffset, back.data.byteLength)).toEqual(
        new Uint8Array(array.data.buffer),
      )
      expect(writeIdx(back)).toEqual(bytes)
    }),
  )
})

test('elements are big-endian', () => {
  const bytes = Uint8Array.of(0, 0, 12, 1, 0, 0, 0, 2, 0, 0, 1, 0, 255, 255, 255, 254)
  expect(Array.from(readIdx(bytes).data as Int32Array)).toEqual([256, -2])
  expect(writeIdx({ dtype: 'i32', shape: [2], data: Int32Array.of(256, -2) })).toEqual(bytes)
})

const mnist = `${process.env.LANEWISE_DATA ?? new URL('../../../../../shared/data', import.meta.url).pathname}/mnist`

test('the MNIST test set', async (context) => {
  if (!existsSync(mnist)) return context.skip(`no ${mnist}`)
  const images = readIdx(await gunzip(readFileSync(`${mnist}/t10k-images-idx3-ubyte.gz`)))
  const labels = readIdx(await gunzip(readFileSync(`${mnist}/t10k-labels-idx1-ubyte.gz`)))
  expect([images.dtype, images.shape, labels.shape]).toEqual(['u8', [10000, 28, 28], [10000]])
  expect(labels.data.subarray(0, 5)).toEqual(Uint8Array.of(7, 2, 1, 0, 4))
})

const idx = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes)

describe('idx attacks', () => {
  test.each<[string, Uint8Array]>([
    ['empty', idx()],
    ['three bytes', idx(0, 0, 8)],
    ['wrong magic', idx(1, 0, 8, 1, 0, 0, 0, 0)],
    ['unknown type', idx(0, 0, 10, 1, 0, 0, 0, 0)],
    ['255 axes', idx(0, 0, 8, 255, 0, 0, 0, 1)],
    ['sizes cut', idx(0, 0, 8, 2, 0, 0, 0, 1, 0, 0)],
    ['data cut', idx(0, 0, 8, 1, 0, 0, 0, 2, 7)],
    ['data too long', idx(0, 0, 8, 1, 0, 0, 0, 2, 7, 7, 7)],
    ['4 GB from 9 bytes', idx(0, 0, 8, 1, 255, 255, 255, 255, 1)],
    ['sizes overflow', idx(0, 0, 14, 2, 255, 255, 255, 255, 255, 255, 255, 255)],
    ['sizes overflow behind a 0', idx(0, 0, 8, 3, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 1)],
    ['still packed', idx(0x1f, 0x8b, 8, 0, 0, 0, 0, 0)],
  ])('%s', (_, bytes) => expect(() => readIdx(bytes)).toThrow(FormatError))

  test('messages say where', () => {
    expect(() => readIdx(idx(0, 0, 8, 1, 0, 0, 0, 2, 7))).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: idx: the data does not fit the sizes; got 1 bytes at byte 8, expected 2 for u8 [2].]`,
    )
    expect(() => readIdx(idx(0, 0, 10, 0))).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: idx: the type is not supported; got 10 at byte 2, expected 8, 9, 11, 12, 13, 14.]`,
    )
    expect(() => readIdx(idx(0x1f, 0x8b, 8, 0))).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: idx: the file is still packed; got gzip, expected unpacked bytes. Call gunzip first.]`,
    )
    expect(() => writeIdx({ dtype: 'i64', shape: [1], data: BigInt64Array.of(1n) })).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: writeIdx: IDX has no such type; got i64, expected u8, i8, i16, i32, f32, f64.]`,
    )
    expect(() => writeIdx({ dtype: 'u8', shape: [2], data: new Uint8Array(1) })).toThrow(ShapeError)
    expect(() => writeIdx({ dtype: 'u8', shape: new Array<number>(256).fill(1), data: new Uint8Array(1) })).toThrow(
      FormatError,
    )
    expect(() => writeIdx({ dtype: 'bool', shape: [1], data: new Uint8Array(1) })).toThrow(DTypeError)
  })
})

describe('gunzip', () => {
  const file = unpack(golden.gzip.file)

  test('a file of Python', async () => {
    expect(new TextDecoder().decode(await gunzip(file))).toBe(golden.gzip.text.repeat(golden.gzip.times))
    expect([isGzip(file), isGzip(idx(0, 0))]).toEqual([true, false])
  })

  const damage: [string, () => Uint8Array][] = [
    ['empty', () => idx()],
    ['two bytes', () => idx(0x1f, 0x8b)],
    ['not gzip', () => file.slice().fill(0, 0, 1)],
    ['cut', () => file.subarray(0, -4)],
    ['cut in the middle', () => file.subarray(0, 20)],
    ['followed by other bytes', () => Uint8Array.from([...file, 1, 2, 3])],
    ['another size', () => file.slice().fill(1, -3, -2)],
    ['another checksum', () => file.slice().fill(0, -8, -4)],
    ['damaged', () => file.slice().fill(0xff, 12, 16)],
    ['4 GB from 40 bytes', () => file.slice().fill(0xff, -4)],
  ]
  test.each(damage)('%s', async (_, make) => {
    await expect(gunzip(make())).rejects.toThrow(FormatError)
  })

  test('a bomb stops at the stated size, and at maxBytes', async () => {
    await expect(gunzip(file, { maxBytes: 1999 })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[FormatError: gunzip: too large; got 2000 bytes, expected at most 1999. Raise maxBytes.]`,
    )
    const short = file.slice()
    new DataView(short.buffer).setUint32(short.length - 4, 1000, true)
    await expect(gunzip(short)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[FormatError: gunzip: the compressed bytes are damaged; got 38 bytes.]`,
    )
    expect(await gunzip(file, { maxBytes: 2000 })).toHaveLength(2000)
  })
})

describe('CIFAR', () => {
  const record = (...labels: number[]): number[] => [
    ...labels,
    ...Array.from({ length: 3072 }, (_, i) => (i + labels[0]) % 256),
  ]

  test('CIFAR-10 records', () => {
    const { images, labels } = readCifar10(Uint8Array.from([...record(9), ...record(0)]))
    expect([images.shape, Array.from(labels.data)]).toEqual([
      [2, 3, 32, 32],
      [9, 0],
    ])
    expect([images.data[0], images.data[3071], images.data[3072], images.data[3073]]).toEqual([
      9,
      (3071 + 9) % 256,
      0,
      1,
    ])
    expect(readCifar10(new Uint8Array(0)).images.shape).toEqual([0, 3, 32, 32])
  })

  test('CIFAR-100 records', () => {
    const { images, labels, coarseLabels } = readCifar100(Uint8Array.from(record(19, 99)))
    expect([images.shape, Array.from(labels.data), Array.from(coarseLabels.data)]).toEqual([[1, 3, 32, 32], [99], [19]])
    expect(images.data[0]).toBe(19)
  })

  test('what is not whole records or labels', () => {
    expect(() => readCifar10(new Uint8Array(3072))).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: cifar10: the file does not hold whole records; got 3072 bytes, expected a multiple of 3073.]`,
    )
    expect(() => readCifar10(Uint8Array.from([...record(0), ...record(10)]))).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: cifar10: not a label; got 10 at byte 3073, expected below 10.]`,
    )
    expect(() => readCifar100(Uint8Array.from(record(20, 0)))).toThrow(FormatError)
    expect(() => readCifar100(Uint8Array.from(record(0, 100)))).toThrow(FormatError)
  })
})
