import { twoProduct } from './fma.ts'

/**
 * Elementary functions in double precision that give the same bits in every engine: only IEEE
 * additions, multiplications, divisions and square roots. `Math.exp` and its kin differ between engines.
 * Measured errors stand at each function; the tests hold them against 200-bit arithmetic.
 */

const scratch: DataView = /* @__PURE__ */ new DataView(/* @__PURE__ */ new ArrayBuffer(8))

const TWO_54 = 18014398509481984
const TWO_1023 = 8.98846567431158e307
const TWO_M1022 = 2.2250738585072014e-308

/** Sign, exponent and upper 20 bits of the fraction. */
const highWord = (x: number): number => {
  scratch.setFloat64(0, x)
  return scratch.getInt32(0)
}

/** 2^k for -1022 <= k <= 1023. */
const pow2 = (k: number): number => {
  scratch.setInt32(0, (k + 1023) << 20)
  scratch.setInt32(4, 0)
  return scratch.getFloat64(0)
}

/** x 2^k, rounded once unless the result is subnormal. */
export const ldexp = (x: number, k: number): number => {
  if (k > 1023) return x * TWO_1023 * pow2(Math.min(k - 1023, 1023))
  if (k >= -1022) return x * pow2(k)
  return x * TWO_M1022 * pow2(Math.max(k + 1022, -1022))
}

const LN2_HIGH = 0.6931471803691238 // the first 32 bits, so that k LN2_HIGH is exact
const LN2_LOW = 1.9082149292705877e-10
const INV_LN2 = 1.4426950408889634

/** exp(r) - 1 - r over r^2, by its series; |r| <= ln 2 / 2. */
const expTail = (r: number): number => {
  const r2 = r * r
  const r4 = r2 * r2
  const a = 1 / 2 + r * (1 / 6) + r2 * (1 / 24 + r * (1 / 120))
  const b = 1 / 720 + r * (1 / 5040) + r2 * (1 / 40320 + r * (1 / 362880))
  const c = 1 / 3628800 + r * (1 / 39916800) + r2 * (1 / 479001600 + r * (1 / 6227020800))
  return a + r4 * (b + r4 * c)
}

/** exp(x + c) for a small c. */
const expPlus = (x: number, c: number): number => {
  if (x > 709.782712893384) return Infinity
  if (x < -745.1332191019412) return 0
  const k = Math.floor(x * INV_LN2 + 0.5)
  const high = x - k * LN2_HIGH
  const low = k * LN2_LOW - c
  const r = high - low
  const lost = high - r - low
  return ldexp(1 + (r + (r * r * expTail(r) + lost)), k)
}

/**
 * e^x, within 1 ULP (2 where the result is subnormal).
 */
export const exp = (x: number): number => (x === x ? expPlus(x, 0) : x)

/**
 * e^x - 1, within 2 ULP also near 0.
 */
export const expm1 = (x: number): number => {
  if (x !== x || x === 0) return x
  if (x > 709.782712893384) return Infinity
  if (x < -40) return -1
  const k = Math.floor(x * INV_LN2 + 0.5)
  const high = x - k * LN2_HIGH
  const low = k * LN2_LOW
  const r = high - low
  const lost = high - r - low
  const p = r + (r * r * expTail(r) + lost)
  if (k === 0) return p
  if (k > 56) return ldexp(1 + p, k) - 1
  const scale = pow2(k)
  return scale * p + (scale - 1)
}

/** (log((1 + s) / (1 - s)) - 2s) / s, by its series in z = s^2; z <= 0.0295. */
const logTail = (z: number): number => {
  const z2 = z * z
  const z4 = z2 * z2
  const a = 2 / 3 + z * (2 / 5) + z2 * (2 / 7 + z * (2 / 9))
  const b = 2 / 11 + z * (2 / 13) + z2 * (2 / 15 + z * (2 / 17))
  const c = 2 / 19 + z * (2 / 21) + z2 * (2 / 23)
  return z * (a + z4 * (b + z4 * c))
}

/** k ln 2 + log(1 + f) + c for a small c; 1 + f in [sqrt 1/2, sqrt 2). */
const logSum = (k: number, f: number, c: number): number => {
  const s = f / (2 + f)
  const half = 0.5 * f * f
  const tail = s * (half + logTail(s * s))
  if (k === 0) return f - (half - (tail + c))
  return k * LN2_HIGH - (half - (tail + (k * LN2_LOW + c)) - f)
}

/** log(x) + c for a positive finite x. */
const logPlus = (x: number, c: number): number => {
  let shift = 0
  let word = highWord(x)
  if (word < 0x100000) {
    shift = -54
    word = highWord(x * TWO_54)
  }
  // 0x95f64 lifts fractions of sqrt 2 and above into the next exponent.
  const k = (word >> 20) - 1023 + (((word & 0xfffff) + 0x95f64) >> 20)
  scratch.setInt32(0, word - (k << 20))
  return logSum(k + shift, scratch.getFloat64(0) - 1, c)
}

/**
 * Natural logarithm, within 1 ULP. log(0) is -Infinity, of a negative number NaN.
 */
export const log = (x: number): number => {
  if (x > 0 && x < Infinity) return logPlus(x, 0)
  if (x === 0) return -Infinity
  return x > 0 ? x : NaN
}

/**
 * log(1 + x), within 1 ULP also near 0.
 */
export const log1p = (x: number): number => {
  if (!(x > -1 && x < Infinity)) return x === -1 ? -Infinity : x > 0 ? x : NaN
  if (x === 0) return x
  const u = 1 + x
  const lost = x < 1 ? x - (u - 1) : 1 - (u - x)
  return logPlus(u, lost / u)
}

/**
 * Hyperbolic tangent, within 2 ULP.
 */
export const tanh = (x: number): number => {
  if (x !== x || x === 0) return x
  const a = Math.abs(x)
  const t = a > 22 ? 1 : a > 0.5 ? 1 - 2 / (expm1(2 * a) + 2) : -expm1(-2 * a) / (expm1(-2 * a) + 2)
  return x < 0 ? -t : t
}

/** log(x 2^shift) as a pair with an error of about 2^-60 of it, for a positive normal x. */
const logPair = (x: number, shift: number): [high: number, low: number] => {
  const word = highWord(x)
  const exponent = (word >> 20) - 1023 + (((word & 0xfffff) + 0x95f64) >> 20)
  const k = exponent + shift
  const f = ldexp(x, -exponent) - 1
  const d = 2 + f
  const dLost = f - (d - 2)
  const s = f / d
  const [product, error] = twoProduct(s, d)
  const sLow = (f - product - error - s * dLost) / d
  const tail = s * logTail(s * s)
  // k ln 2 + 2 s + tail, largest first, keeping what each sum loses
  const a = k * LN2_HIGH
  const b = 2 * s
  const sum = a + b
  const v = sum - a
  const lost = a - (sum - v) + (b - v)
  const low = lost + (tail + (2 * sLow + k * LN2_LOW))
  const total = sum + low
  return [total, sum - total + low]
}

/** Odd integers, which keep the sign of a negative base. */
const isOdd = (y: number): boolean => Math.abs(y) < 9007199254740992 && Math.abs(y % 2) === 1

/**
 * x^y by the rules of IEEE pow (so 1^NaN is NaN, as in JavaScript). Within 1 ULP while |y log x| < 16,
 * and within 4 ULP up to the ends of the range.
 */
export const pow = (x: number, y: number): number => {
  if (y === 0) return 1
  if (x !== x || y !== y) return NaN
  const a = Math.abs(x)
  if (y === Infinity || y === -Infinity) return a === 1 ? NaN : a > 1 === y > 0 ? Infinity : 0
  const sign = (x < 0 || Object.is(x, -0)) && isOdd(y) ? -1 : 1
  if (a === 0) return sign * (y > 0 ? 0 : Infinity)
  if (a === Infinity) return sign * (y > 0 ? Infinity : 0)
  if (x < 0 && !Number.isInteger(y)) return NaN
  if (y === 1) return x
  if (a === 1) return sign
  if (y === 2) return x * x
  const subnormal = a < TWO_M1022
  const [high, low] = subnormal ? logPair(a * TWO_54, -54) : logPair(a, 0)
  if (!(Math.abs(y * high) < 750)) return sign * (y * high > 0 ? Infinity : 0)
  const [product, error] = twoProduct(y, high)
  return sign * expPlus(product, error + y * low)
}
