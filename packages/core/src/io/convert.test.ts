import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DTypeError, ValueError } from '../errors.ts'
import { Generator } from '../random/generator.ts'
import type { ArrayData } from './array-data.ts'
import {
  bfloatToFloat,
  floatToBfloat,
  floatToHalf,
  halfToFloat,
  toBfloat,
  toFloat32,
  toHalf,
  toInt32,
  toInt64,
} from './convert.ts'

const golden = JSON.parse(readFileSync(new URL('__golden__/io.json', import.meta.url), 'utf8'))

const sha = (data: NodeJS.ArrayBufferView): string => createHash('sha256').update(data).digest('hex')

const allBits = Uint16Array.from({ length: 65536 }, (_, i) => i)

const withoutNaN = (data: Float32Array): Float32Array => data.map((x) => (x !== x ? 0 : x))

test('every half and bfloat16 pattern reads as in torch', () => {
  expect(sha(withoutNaN(toFloat32({ dtype: 'f16', shape: [65536], data: allBits })))).toBe(golden.half)
  expect(sha(withoutNaN(toFloat32({ dtype: 'bf16', shape: [65536], data: allBits })))).toBe(golden.bfloat)
})

test('f32 of all magnitudes rounds as in torch', () => {
  const generator = new Generator(3)
  const values = new Float32Array(52 * 400)
  for (let i = 0; i < 52; i++) {
    const part = generator.uniform(values.subarray(i * 400, (i + 1) * 400), -1, 1)
    for (let j = 0; j < 400; j++) part[j] *= 2 ** (i - 30)
  }
  expect(sha(toHalf(values))).toBe(golden.toHalf)
  expect(sha(toBfloat(values))).toBe(golden.toBfloat)
})

test('every pattern survives the way to f32 and back', () => {
  const back = (there: (bits: number) => number, again: (x: number) => number, nan: number): number[] =>
    Array.from(allBits).filter((bits) => again(there(bits)) !== (there(bits) === there(bits) ? bits : nan))
  expect(back(halfToFloat, floatToHalf, 0x7e00)).toEqual([])
  expect(back(bfloatToFloat, floatToBfloat, 0x7fc0)).toEqual([])
})

test('rounding at the ends', () => {
  expect([floatToHalf(65519.99), floatToHalf(65520), floatToHalf(-1e300)]).toEqual([0x7bff, 0x7c00, 0xfc00])
  expect([floatToHalf(2 ** -25), floatToHalf(2 ** -25 * 1.0001), floatToHalf(-0)]).toEqual([0, 1, 0x8000])
  expect([floatToHalf(2 ** -14 * (1 - 2 ** -12)), floatToHalf(1 + 2 ** -11), floatToHalf(1 + 3 * 2 ** -11)]).toEqual([
    0x400, 0x3c00, 0x3c02,
  ])
  expect(halfToFloat(floatToHalf(1.9999999999))).toBe(2)
  expect([floatToBfloat(3.4e38), floatToBfloat(-Infinity)]).toEqual([0x7f80, 0xff80])
})

test('8-bit floats', () => {
  const bits = (...data: number[]): Uint8Array => Uint8Array.from(data)
  const e4m3: ArrayData = { dtype: 'f8_e4m3', shape: [7], data: bits(0, 1, 8, 0x38, 0x7e, 0x7f, 0xb8) }
  expect(Array.from(toFloat32(e4m3))).toEqual([0, 2 ** -9, 2 ** -6, 1, 448, NaN, -1])
  const e5m2: ArrayData = { dtype: 'f8_e5m2', shape: [6], data: bits(1, 4, 0x3c, 0x7b, 0x7c, 0xbc) }
  expect(Array.from(toFloat32(e5m2))).toEqual([2 ** -16, 2 ** -14, 1, 57344, Infinity, -1])
})

test('integers and bools', () => {
  expect(Array.from(toFloat32({ dtype: 'i64', shape: [2], data: BigInt64Array.of(-(2n ** 62n), 7n) }))).toEqual([
    -(2 ** 62),
    7,
  ])
  expect(Array.from(toFloat32({ dtype: 'f64', shape: [2], data: Float64Array.of(0.1, 1e300) }))).toEqual([
    Math.fround(0.1),
    Infinity,
  ])
  expect(Array.from(toFloat32({ dtype: 'bool', shape: [3], data: Uint8Array.of(0, 1, 255) }))).toEqual([0, 1, 1])
  expect(Array.from(toInt32({ dtype: 'bool', shape: [3], data: Uint8Array.of(0, 1, 255) }))).toEqual([0, 1, 1])
  expect(Array.from(toInt32({ dtype: 'u32', shape: [1], data: Uint32Array.of(2147483647) }))).toEqual([2147483647])
  expect(Array.from(toInt32({ dtype: 'i8', shape: [1], data: Int8Array.of(-128) }))).toEqual([-128])
  const ends: ArrayData = { dtype: 'i64', shape: [2], data: BigInt64Array.of(-(2n ** 31n), 2n ** 31n - 1n) }
  expect(Array.from(toInt32(ends))).toEqual([-(2 ** 31), 2 ** 31 - 1])
  const data = Int32Array.of(1)
  expect(toInt32({ dtype: 'i32', shape: [1], data })).toBe(data)
  fc.assert(
    fc.property(fc.int32Array(), (values) => {
      expect(toInt32({ dtype: 'i64', shape: [values.length], data: toInt64(values) })).toEqual(values)
    }),
  )
})

test('what does not fit i32 is refused', () => {
  const i64: ArrayData = { dtype: 'i64', shape: [2], data: BigInt64Array.of(0n, 2n ** 31n) }
  expect(() => toInt32(i64, 'labels')).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: convert: an element of "labels" is out of range; got 2147483648 at 1, expected [-2147483648, 2147483647].]`,
  )
  expect(() => toInt32({ dtype: 'i64', shape: [1], data: BigInt64Array.of(-(2n ** 31n) - 1n) })).toThrow(ValueError)
  expect(() => toInt32({ dtype: 'u64', shape: [1], data: BigUint64Array.of(2n ** 63n) })).toThrow(ValueError)
  expect(() => toInt32({ dtype: 'u32', shape: [1], data: Uint32Array.of(2 ** 31) })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: convert: an element of "array" is out of range; got 2147483648 at 0, expected [0, 2147483647].]`,
  )
  expect(() => toInt32({ dtype: 'f32', shape: [1], data: Float32Array.of(1) })).toThrowErrorMatchingInlineSnapshot(
    `[DTypeError: convert: "array" holds no integers; got f32, expected an integer or bool type. Read it as f32.]`,
  )
  expect(() => toInt32({ dtype: 'f16', shape: [1], data: Uint16Array.of(1) })).toThrow(DTypeError)
})
