import { DTypeError, ValueError } from '../errors.ts'
import type { ArrayData } from './array-data.ts'
import { excerpt } from './excerpt.ts'

const scratch: DataView = /* @__PURE__ */ new DataView(/* @__PURE__ */ new ArrayBuffer(4))

const bitsToFloat = (bits: number): number => {
  scratch.setUint32(0, bits)
  return scratch.getFloat32(0)
}

const floatToBits = (x: number): number => {
  scratch.setFloat32(0, x)
  return scratch.getUint32(0)
}

/**
 * The value of IEEE half-precision bits.
 */
export const halfToFloat = (bits: number): number => {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 0) return sign * fraction * 5.960464477539063e-8
  if (exponent === 31) return fraction ? NaN : sign * Infinity
  return bitsToFloat((((bits & 0x8000) << 16) | ((exponent + 112) << 23) | (fraction << 13)) >>> 0)
}

/**
 * The bits of the nearest half-precision value, ties to even; above 65504 by half a step, infinity.
 */
export const floatToHalf = (x: number): number => {
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0
  const a = Math.abs(x)
  if (a !== a) return 0x7e00
  if (a >= 65520) return sign | 0x7c00
  // In units of the last place, which is 2^-24 for subnormals; adding and removing 2^52 rounds to even.
  const exponent = a < 6.103515625e-5 ? -14 : (floatToBits(Math.fround(a)) >> 23) - 127
  const unit = bitsToFloat((exponent + 117) << 23)
  const steps = roundEven(a / unit)
  return sign | (((exponent + 14) << 10) + steps)
}

const roundEven = (x: number): number => x + 4503599627370496 - 4503599627370496

/**
 * The value of bfloat16 bits.
 */
export const bfloatToFloat = (bits: number): number => bitsToFloat((bits << 16) >>> 0)

/**
 * The bits of the nearest bfloat16 value, ties to even.
 */
export const floatToBfloat = (x: number): number => {
  if (x !== x) return 0x7fc0
  const bits = floatToBits(x)
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff
}

/** The value of 8-bit floats with a 3-bit fraction: no infinities, NaN is all ones. */
const e4m3 = (bits: number): number => {
  const sign = bits & 0x80 ? -1 : 1
  if ((bits & 0x7f) === 0x7f) return NaN
  const exponent = (bits >> 3) & 15
  if (exponent === 0) return (sign * (bits & 7)) / 512
  return sign * bitsToFloat(((exponent + 120) << 23) | ((bits & 7) << 20))
}

const integers = (data: BigInt64Array | BigUint64Array, low: bigint, high: bigint, name: string): void => {
  for (let i = 0; i < data.length; i++) {
    if (data[i] >= low && data[i] <= high) continue
    throw new ValueError({
      op: 'convert',
      problem: `an element of ${excerpt(name)} is out of range`,
      got: `${data[i]} at ${i}`,
      expected: `[${low}, ${high}]`,
    })
  }
}

/**
 * The elements as f32. Floats and integers round to the nearest, f64 beyond the range of f32 to infinity; bools become
 * 0 and 1.
 * @returns a new array, or the array's own data when it is f32 already
 */
export const toFloat32 = (array: ArrayData): Float32Array => {
  switch (array.dtype) {
    case 'f32':
      return array.data
    case 'f16':
      return Float32Array.from(array.data, halfToFloat)
    case 'bf16':
      return Float32Array.from(array.data, bfloatToFloat)
    case 'f8_e4m3':
      return Float32Array.from(array.data, e4m3)
    case 'f8_e5m2':
      return Float32Array.from(array.data, (bits) => halfToFloat(bits << 8))
    case 'bool':
      return Float32Array.from(array.data, (x) => (x === 0 ? 0 : 1))
    default: {
      const { data } = array
      const out = new Float32Array(data.length)
      for (let i = 0; i < data.length; i++) out[i] = Number(data[i])
      return out
    }
  }
}

/**
 * The elements as i32, each unchanged: integers must fit, bools become 0 and 1.
 * @param name - what messages call the array
 * @returns a new array, or the array's own data when it is i32 already
 * @throws ValueError when an integer is outside [-2^31, 2^31).
 * @throws DTypeError for floats.
 */
export const toInt32 = (array: ArrayData, name: string = 'array'): Int32Array => {
  switch (array.dtype) {
    case 'i32':
      return array.data
    case 'bool':
      return Int32Array.from(array.data, (x) => (x === 0 ? 0 : 1))
    case 'i64':
    case 'u64': {
      const { data } = array
      integers(data, -2147483648n, 2147483647n, name)
      const out = new Int32Array(data.length)
      for (let i = 0; i < data.length; i++) out[i] = Number(data[i])
      return out
    }
    case 'u32': {
      const at = array.data.findIndex((x) => x > 2147483647)
      if (at < 0) return Int32Array.from(array.data)
      throw new ValueError({
        op: 'convert',
        problem: `an element of ${excerpt(name)} is out of range`,
        got: `${array.data[at]} at ${at}`,
        expected: '[0, 2147483647]',
      })
    }
    case 'i16':
    case 'i8':
    case 'u16':
    case 'u8':
      return Int32Array.from(array.data)
    default:
      throw new DTypeError({
        op: 'convert',
        problem: `${excerpt(name)} holds no integers`,
        got: array.dtype,
        expected: 'an integer or bool type',
        advice: 'Read it as f32',
      })
  }
}

/** The elements as i64, to write what was read as i32. */
export const toInt64 = (data: Int32Array): BigInt64Array<ArrayBuffer> => BigInt64Array.from(data, BigInt)

/** f32 as half-precision bits, each rounded to the nearest. */
export const toHalf = (data: Float32Array): Uint16Array<ArrayBuffer> => Uint16Array.from(data, floatToHalf)

/** f32 as bfloat16 bits, each rounded to the nearest. */
export const toBfloat = (data: Float32Array): Uint16Array<ArrayBuffer> => Uint16Array.from(data, floatToBfloat)
