import { ldexp } from './f64.ts'
import { twoProduct } from './fma.ts'

/** pi/2 in four parts; the first three have 33 bits, so that n times each is exact below 2^20. */
const HALF_PI_0 = 1.5707963267341256
const HALF_PI_1 = 6.077100506303966e-11
const HALF_PI_2 = 2.0222662487111665e-21
const HALF_PI_3 = 8.4784276603689e-32
const TWO_OVER_PI = 0.6366197723675814

/** The result of the last reduction: x = n pi/2 + rest[0] + rest[1]. A typed array, because numbers in variables of a module are boxed. */
const rest: Float64Array = /* @__PURE__ */ new Float64Array(2)

/** Splits x into n pi/2 + rest for |x| < 2^20 pi/2 and returns n mod 4. */
const reduceMedium = (x: number): number => {
  const n = Math.floor(x * TWO_OVER_PI + 0.5)
  const first = x - n * HALF_PI_0
  const part1 = n * HALF_PI_1
  const second = first - part1
  const back1 = second - first
  const lost1 = first - (second - back1) - (part1 + back1)
  const part2 = n * HALF_PI_2
  const third = second - part2
  const back2 = third - second
  const lost2 = second - (third - back2) - (part2 + back2)
  const tail = lost1 + lost2 - n * HALF_PI_3
  const sum = third + tail
  rest[0] = sum
  rest[1] = tail - (sum - third)
  return n & 3
}

/** The first 1216 bits of 2/pi: for the largest double, 190 of them follow the point. */
const TWO_OVER_PI_BITS =
  0xa2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561b7246e3a424dd2e006492eea09d1921cfe1deb1cb129a73ee88235f52ebb4484e99c7026b45f7e413991d639835339f49c845f8bbdf9283b1ff897ffde05980fef2f118b5a0a6d1f6d367ecf27cb09b74f463f669e5fea2d7527bac7ebe5f17b3d0739f78a5292ea6bfb5fb11f8d5d0856033046fc7b6babn
const HALF_PI_HIGH = 1.5707963267948966
const HALF_PI_LOW = 6.123233995736766e-17

/** The same for any finite x, in integer arithmetic. */
const reduceLarge = (x: number): number => {
  const bits = new BigUint64Array(Float64Array.of(Math.abs(x)).buffer)[0]
  const exponent = Number(bits >> 52n) - 1075
  const mantissa = (bits & 0xfffffffffffffn) | 0x10000000000000n
  // quarters = |x| 2/pi, with `places` bits after the point
  const places = BigInt(1216 - exponent)
  let quarters = mantissa * TWO_OVER_PI_BITS
  const half = 1n << (places - 1n)
  const whole = (quarters + half) >> places
  quarters -= whole << places
  const fraction = Number((quarters << 128n) >> places)
  const turned = ldexp(fraction, -128)
  const exactHigh = BigInt(fraction)
  const turnedLow = ldexp(Number(((quarters << 128n) >> places) - exactHigh), -128)
  const sign = x < 0 ? -1 : 1
  const [product, error] = twoProduct(turned, HALF_PI_HIGH)
  rest[0] = sign * product
  rest[1] = sign * (error + (turned * HALF_PI_LOW + turnedLow * HALF_PI_HIGH))
  const n = Number(whole & 3n)
  return x < 0 ? (4 - n) & 3 : n
}

const reduce = (x: number): number => {
  if (x < 0.7853981633974483 && x > -0.7853981633974483) {
    rest[0] = x
    rest[1] = 0
    return 0
  }
  return x < 1647099 && x > -1647099 ? reduceMedium(x) : reduceLarge(x)
}

/** sin(high + low) for |high| <= pi/4. */
const sinKernel = (high: number, low: number): number => {
  const z = high * high
  const a = 1 / 6227020800 - z * (1 / 1307674368000 - z * (1 / 355687428096000))
  const b = -1 / 5040 + z * (1 / 362880 + z * (-1 / 39916800 + z * a))
  return high + (high * z * (-1 / 6 + z * (1 / 120 + z * b)) + low * (1 - 0.5 * z))
}

/** cos(high + low) for |high| <= pi/4. */
const cosKernel = (high: number, low: number): number => {
  const z = high * high
  const a = -1 / 3628800 + z * (1 / 479001600 + z * (-1 / 87178291200 + z * (1 / 20922789888000)))
  const tail = z * z * (1 / 24 + z * (-1 / 720 + z * (1 / 40320 + z * a)))
  const half = 0.5 * z
  const w = 1 - half
  return w + (1 - w - half + (tail - high * low))
}

/**
 * Sine of an angle in radians, within 1 ULP for every finite x.
 */
export const sin = (x: number): number => {
  if (x - x !== 0) return NaN
  if (x === 0) return x
  const quadrant = reduce(x)
  const value = quadrant & 1 ? cosKernel(rest[0], rest[1]) : sinKernel(rest[0], rest[1])
  return quadrant & 2 ? -value : value
}

/**
 * Cosine of an angle in radians, within 1 ULP for every finite x.
 */
export const cos = (x: number): number => {
  if (x - x !== 0) return NaN
  const quadrant = reduce(x)
  const value = quadrant & 1 ? sinKernel(rest[0], rest[1]) : cosKernel(rest[0], rest[1])
  return quadrant === 1 || quadrant === 2 ? -value : value
}
