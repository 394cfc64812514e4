import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DTypeError, FormatError, ShapeError, ValueError } from '../errors.ts'
import { arrayFromBytes, storageWidth, type ArrayData, type StorageDType } from './array-data.ts'
import { readSafetensors, writeSafetensors } from './safetensors.ts'

const dtypes: StorageDType[] = [
  'f64',
  'f32',
  'f16',
  'bf16',
  'f8_e4m3',
  'f8_e5m2',
  'i64',
  'i32',
  'i16',
  'i8',
  'u64',
  'u32',
  'u16',
  'u8',
  'bool',
]

const build = (header: string, data: Uint8Array | number = 0, length?: bigint): Uint8Array => {
  const text = new TextEncoder().encode(header)
  const body = typeof data === 'number' ? new Uint8Array(data) : data
  const bytes = new Uint8Array(8 + text.length + body.length)
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true)
  bytes.set(text, 8)
  bytes.set(body, 8 + text.length)
  return bytes
}

const arrayData = fc
  .tuple(fc.constantFrom(...dtypes), fc.array(fc.nat(4), { maxLength: 4 }), fc.infiniteStream(fc.nat(255)))
  .map(([dtype, shape, stream]): ArrayData => {
    const size = shape.reduce((a, b) => a * b, 1) * storageWidth(dtype)
    return arrayFromBytes(
      dtype,
      shape,
      Uint8Array.from({ length: size }, () => stream.next().value ?? 0),
    )
  })

const bytesOf = ({ data }: ArrayData): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

test('what is written reads back, at any alignment', () => {
  const name = fc.oneof(
    fc.string(),
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('__proto__', 'constructor', 'toString', '"\\\n', ''),
  )
  const names = fc.uniqueArray(
    name.filter((text) => text !== '__metadata__' && !/\p{Surrogate}/u.test(text)),
    { maxLength: 6 },
  )
  const texts = fc.string().filter((text) => !/\p{Surrogate}/u.test(text))
  fc.assert(
    fc.property(
      names,
      fc.array(arrayData, { minLength: 6, maxLength: 6 }),
      fc.dictionary(texts, texts),
      fc.nat(7),
      (keys, arrays, metadata, shift) => {
        const tensors = new Map(keys.map((key, i) => [key, arrays[i]]))
        const bytes = writeSafetensors(tensors, Object.entries(metadata))
        const shifted = new Uint8Array(bytes.length + shift)
        shifted.set(bytes, shift)
        const file = readSafetensors(shifted.subarray(shift))
        expect(new Set(file.tensors.keys())).toEqual(new Set(keys))
        expect(file.metadata).toEqual(new Map(Object.entries(metadata)))
        for (const [key, array] of file.tensors) {
          const want = tensors.get(key)
          expect([array.dtype, array.shape]).toEqual([want?.dtype, want?.shape])
          expect(want && bytesOf(array)).toEqual(want && bytesOf(want))
        }
        expect(writeSafetensors(file.tensors, file.metadata)).toEqual(bytes)
      },
    ),
  )
})

test('the bytes are those of the reference writer', () => {
  const tensors: [string, ArrayData][] = [
    ['b', { dtype: 'u8', shape: [3], data: Uint8Array.of(1, 2, 3) }],
    ['z', { dtype: 'f32', shape: [1, 2], data: Float32Array.of(1, -2) }],
    ['a', { dtype: 'f32', shape: [], data: Float32Array.of(0.5) }],
    ['n', { dtype: 'i64', shape: [0], data: new BigInt64Array(0) }],
  ]
  const bytes = writeSafetensors(tensors, [['format', 'pt']])
  const header =
    '{"__metadata__":{"format":"pt"},"n":{"dtype":"I64","shape":[0],"data_offsets":[0,0]},' +
    '"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"z":{"dtype":"F32","shape":[1,2],"data_offsets":[4,12]},' +
    '"b":{"dtype":"U8","shape":[3],"data_offsets":[12,15]}}'
  const padded = header.padEnd(Math.ceil(header.length / 8) * 8)
  expect(bytes).toEqual(build(padded, Uint8Array.of(0, 0, 0, 63, 0, 0, 128, 63, 0, 0, 0, 192, 1, 2, 3)))
  expect([...readSafetensors(bytes).tensors.keys()]).toEqual(['n', 'a', 'z', 'b'])
})

test('names of one width are sorted by their bytes', () => {
  const empty: ArrayData = { dtype: 'u8', shape: [0], data: new Uint8Array(0) }
  const names = ['ab', '\u{1f600}', 'b', 'a', '\ufb01', '']
  const bytes = writeSafetensors(names.map((name) => [name, empty]))
  const header = new TextDecoder().decode(bytes.subarray(8))
  const places = ['', 'a', 'ab', 'b', '\ufb01', '\u{1f600}'].map((name) => header.indexOf(`"${name}":`))
  expect(places).toEqual([...places].sort((a, b) => a - b))
})

test('arrays share the file’s memory where it is aligned', () => {
  const bytes = writeSafetensors([['x', { dtype: 'f32', shape: [2], data: Float32Array.of(1, 2) }]])
  expect(readSafetensors(bytes).tensors.get('x')?.data.buffer).toBe(bytes.buffer)
})

const resnet = `${process.env.LANEWISE_DATA ?? new URL('../../../../../shared/data', import.meta.url).pathname}/resnet-cifar10/resnet20.safetensors`

test('a trained ResNet-20', (context) => {
  if (!existsSync(resnet)) return context.skip(`no ${resnet}`)
  const { tensors } = readSafetensors(readFileSync(resnet))
  expect(tensors.get('conv1.weight')?.shape).toEqual([16, 3, 3, 3])
  expect(tensors.get('linear.weight')?.shape).toEqual([10, 64])
  let parameters = 0
  for (const [name, { data }] of tensors) if (!/running/.test(name)) parameters += data.length
  expect(parameters).toBe(269722)
})

const one = (fields: string): string => `{"a":{${fields}}}`
const f32 = '"dtype":"F32"'

describe('attacks', () => {
  test.each<[string, Uint8Array]>([
    ['empty file', new Uint8Array(0)],
    ['seven bytes', new Uint8Array(7)],
    ['no header', new Uint8Array(8)],
    ['header length 2^64 - 1', build('{}', 0, 2n ** 64n - 1n)],
    ['header length above 100 MB', build('{}', 0, 100_000_001n)],
    ['header longer than the file', build('{}', 0, 3n)],
    ['header starts with a space', build(' {}')],
    ['header is a list', build('[]')],
    ['header is not UTF-8', build('{"a\u0000', 0).fill(0xff, 10, 12)],
    ['header with a byte order mark', build('\ufeff{}')],
    ['JSON cut', build('{"a":{')],
    ['JSON with text behind it', build('{} {}')],
    ['JSON with a comma too many', build('{"a":1,}')],
    ['JSON with a comment', build('{/**/}')],
    ['JSON with NaN', build(one(`${f32},"shape":[NaN],"data_offsets":[0,0]`))],
    ['nested too deep', build(`{"a":${'['.repeat(100000)}`)],
    [
      'a name twice',
      build(`{"a":{${f32},"shape":[0],"data_offsets":[0,0]},"a":{${f32},"shape":[0],"data_offsets":[0,0]}}`),
    ],
    [
      'a name twice by escape',
      build(`{"a":{${f32},"shape":[0],"data_offsets":[0,0]},"\\u0061":{${f32},"shape":[0],"data_offsets":[0,0]}}`),
    ],
    ['half of a character', build(`{"\\ud800":{${f32},"shape":[0],"data_offsets":[0,0]}}`)],
    ['entry is a number', build('{"a":1}')],
    ['entry is null', build('{"a":null}')],
    ['no dtype', build(one('"shape":[0],"data_offsets":[0,0]'))],
    ['unknown dtype', build(one('"dtype":"F4","shape":[0],"data_offsets":[0,0]'))],
    ['dtype of the prototype', build(one('"dtype":"constructor","shape":[0],"data_offsets":[0,0]'))],
    ['dtype in lower case', build(one('"dtype":"f32","shape":[0],"data_offsets":[0,0]'))],
    ['no shape', build(one(`${f32},"data_offsets":[0,0]`))],
    ['shape is a number', build(one(`${f32},"shape":1,"data_offsets":[0,4]`), 4)],
    ['negative size', build(one(`${f32},"shape":[-1],"data_offsets":[0,4]`), 4)],
    ['two negative sizes', build(one(`${f32},"shape":[-1,-1],"data_offsets":[0,4]`), 4)],
    ['fraction', build(one(`${f32},"shape":[1.5],"data_offsets":[0,6]`), 6)],
    ['size beyond 2^53', build(one(`${f32},"shape":[9007199254740993],"data_offsets":[0,4]`), 4)],
    ['size 1e400', build(one(`${f32},"shape":[1e400],"data_offsets":[0,4]`), 4)],
    ['product overflows', build(one(`${f32},"shape":[4294967296,4294967296,4294967296],"data_offsets":[0,4]`), 4)],
    ['product overflows to 0 in 64 bits', build(one(`${f32},"shape":[4294967296,4294967296],"data_offsets":[0,0]`))],
    ['product overflows behind a 0', build(one(`${f32},"shape":[0,4294967296,4294967296,2],"data_offsets":[0,4]`), 4)],
    ['no offsets', build(one(`${f32},"shape":[0]`))],
    ['three offsets', build(one(`${f32},"shape":[0],"data_offsets":[0,0,0]`))],
    ['negative offsets', build(one(`${f32},"shape":[1],"data_offsets":[-4,0]`), 4)],
    ['offsets reversed', build(one(`${f32},"shape":[1],"data_offsets":[4,0]`), 4)],
    ['offsets beyond the file', build(one(`${f32},"shape":[1000000],"data_offsets":[0,4000000]`), 4)],
    ['size does not fit the offsets', build(one(`${f32},"shape":[2],"data_offsets":[0,4]`), 4)],
    ['a hole at the start', build(one(`${f32},"shape":[1],"data_offsets":[4,8]`), 8)],
    [
      'a hole',
      build(`{"a":{${f32},"shape":[1],"data_offsets":[0,4]},"b":{${f32},"shape":[1],"data_offsets":[8,12]}}`, 12),
    ],
    [
      'overlap',
      build(`{"a":{${f32},"shape":[2],"data_offsets":[0,8]},"b":{${f32},"shape":[1],"data_offsets":[4,8]}}`, 8),
    ],
    [
      'the same bytes twice',
      build(`{"a":{${f32},"shape":[1],"data_offsets":[0,4]},"b":{${f32},"shape":[1],"data_offsets":[0,4]}}`, 4),
    ],
    ['bytes behind the data', build(one(`${f32},"shape":[1],"data_offsets":[0,4]`), 5)],
    ['data without tensors', build('{}', 1)],
    ['metadata is a list', build('{"__metadata__":[]}')],
    ['metadata holds a number', build('{"__metadata__":{"a":1}}')],
    ['metadata holds an object', build('{"__metadata__":{"a":{}}}')],
  ])('%s', (_, bytes) => {
    expect(() => readSafetensors(bytes)).toThrow(FormatError)
  })

  test('messages say where', () => {
    expect(() => readSafetensors(new Uint8Array(3))).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: safetensors: the file is too short; got 3 bytes, expected at least 8.]`,
    )
    expect(() => readSafetensors(build('{}', 0, 9n))).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: safetensors: the header exceeds the file; got 9 bytes at byte 0, expected at most 2.]`,
    )
    expect(() => readSafetensors(build('{"ä":tru}'))).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: safetensors: not JSON; got "tru}" at byte 14.]`,
    )
    expect(() => readSafetensors(build('{"a":1,"a":1}'))).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: safetensors: a name comes twice; got "\\"a\\":1}" at byte 15.]`,
    )
    expect(() =>
      readSafetensors(build(one('"dtype":"F4","shape":[0],"data_offsets":[0,0]'))),
    ).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: safetensors: the dtype of "a" is not supported; got "F4", expected BOOL, U8, I8, F8_E5M2, F8_E4M3, I16, U16, F16, BF16, I32, U32, F32, F64, I64, U64.]`,
    )
    expect(() =>
      readSafetensors(build(one(`${f32},"shape":[2],"data_offsets":[0,4]`), 4)),
    ).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: safetensors: the data of "a" does not fit its shape; got data_offsets [0, 4] for F32 [2], expected 8 bytes.]`,
    )
    expect(() =>
      readSafetensors(build(one(`${f32},"shape":[1],"data_offsets":[4,8]`), 8)),
    ).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: safetensors: the data of "a" leaves a hole; got data_offsets [4, 8], expected a start at 0.]`,
    )
    expect(() =>
      readSafetensors(build(one(`${f32},"shape":[1],"data_offsets":[0,4]`), 5)),
    ).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: safetensors: bytes belong to no tensor; got 1 from byte 66, expected 0.]`,
    )
  })

  test('names of the prototype are ordinary names', () => {
    const bytes = build(`{"__proto__":{${f32},"shape":[1],"data_offsets":[0,4]},"__metadata__":{"__proto__":"x"}}`, 4)
    const { tensors, metadata } = readSafetensors(bytes)
    expect([...tensors.keys()]).toEqual(['__proto__'])
    expect(metadata.get('__proto__')).toBe('x')
    expect(Object.keys(Object.prototype)).toEqual([])
  })

  test('a long hostile name does not flood the message', () => {
    const bytes = build(`{"${'x'.repeat(1e6)}":1}`)
    expect(() => readSafetensors(bytes)).toThrow(/^.{1,300}$/)
  })
})

test('bad tensors are not written', () => {
  const x =
    (array: ArrayData): (() => unknown) =>
    () =>
      writeSafetensors([['x', array]])
  expect(x({ dtype: 'f32', shape: [3], data: new Float32Array(2) })).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: writeSafetensors: the shape of "x" does not fit its data; got [3] for 2 elements, expected integers >= 0 whose product is the number of elements.]`,
  )
  expect(x({ dtype: 'f32', shape: [-1, -2], data: new Float32Array(2) })).toThrow(ShapeError)
  expect(x({ dtype: 'f32', shape: [2], data: new Float64Array(2) as never })).toThrowErrorMatchingInlineSnapshot(
    `[DTypeError: writeSafetensors: the data of "x" is not of its dtype; got f32 in Float64Array.]`,
  )
  expect(x({ dtype: 'toString' as never, shape: [2], data: new Float32Array(2) })).toThrow(DTypeError)
  expect(() => writeSafetensors([['__metadata__', { dtype: 'f32', shape: [0], data: new Float32Array(0) }]])).toThrow(
    ValueError,
  )
})
