import { exp, log } from './f64.ts'

const TWO_OVER_SQRT_PI = 1.1283791670955126
const INV_SQRT_PI = 0.5641895835477563

/** exp(-x^2) without the rounding error of x^2. */
const gauss = (x: number): number => {
  const head = Math.fround(x)
  return exp(-head * head) * exp(-(x - head) * (x + head))
}

/** erf for 0 <= x < 2 by the series exp(-x^2) 2/sqrt(pi) sum 2^n x^(2n+1) / (2n+1)!!, whose terms are all positive. */
const erfSeries = (x: number): number => {
  const step = 2 * x * x
  let term = x
  let sum = x
  for (let n = 3; term > sum * 1e-18; n += 2) {
    term *= step / n
    sum += term
  }
  return TWO_OVER_SQRT_PI * gauss(x) * sum
}

/** erfc for x >= 2 by its continued fraction x + (1/2)/(x + (2/2)/(x + (3/2)/(x + ...))), from the far end. */
const erfcFraction = (x: number): number => {
  let tail = x
  for (let n = Math.ceil(20 + 480 / (x * x)); n > 0; n--) tail = x + (0.5 * n) / tail
  return (INV_SQRT_PI * gauss(x)) / tail
}

/**
 * Error function 2/sqrt(pi) times the integral of exp(-t^2) from 0 to x, within 8 ULP.
 */
export const erf = (x: number): number => {
  if (x !== x || x === 0) return x
  const a = Math.abs(x)
  const value = a > 6 ? 1 : a < 2 ? erfSeries(a) : 1 - erfcFraction(a)
  return x < 0 ? -value : value
}

/**
 * 1 - erf(x) without cancellation for x >= 2 (within 4 ULP); below, the error is 1 ULP of 1.
 */
export const erfc = (x: number): number => {
  if (x !== x) return x
  if (x < 2) return 1 - erf(x)
  return x > 27 ? 0 : erfcFraction(x)
}

/** Probability that a standard normal value is below x. */
export const normalCdf = (x: number): number => 0.5 * erfc(-x * Math.SQRT1_2)

/** erfInv(y) / y as a polynomial in w = -log(1 - y^2), w < 5; fitted at Chebyshev nodes, 1.2e-13. */
const CENTRAL: readonly number[] = [
  1.5014093511108, 0.61660069185852, -0.026108235777266, -0.019573560968403, 0.0085254009445594, -0.00048789968151486,
  -0.00083413555188743, 0.00029219882928367, 2.0471813460435e-5, -4.1459641477782e-5, 8.6548857911307e-6,
  2.9050976625975e-6, -1.8584349111389e-6, 7.576930276483e-8, 2.0538417120806e-7, -3.3555939902322e-8,
  -1.1214411221343e-8,
]

/** The same in sqrt(w), sqrt 5 <= sqrt(w) <= 6.125; 6.1e-12. */
const TAIL: readonly number[] = [
  4.0220679095182, 1.9636582032796, 0.0031979299422616, -0.0049266060336076, 0.0033776450696617, -0.0020780402977028,
  0.0015038587881565, -0.0014697259699049, 0.0016683577913934, -0.0017808054759023, 0.0014816323032607,
  -0.00074768451414409, 0.00013836837315516, 9.4539287108766e-5, -0.00045167522438547, 0.00070381374020449,
  -0.00019215423934105, -0.00036053379774468, 0.00021171769076326, 5.3618014242677e-5, -4.405090533435e-5,
]

const SQRT_5 = 2.23606797749979

const polynomial = (coefficients: readonly number[], t: number): number => {
  let value = 0
  for (let i = coefficients.length - 1; i >= 0; i--) value = value * t + coefficients[i]
  return value
}

/**
 * Inverse of {@link erf}, to a relative 1e-11: enough for single precision, not for double.
 */
export const erfInv = (y: number): number => {
  if (!(y > -1 && y < 1)) return y === 1 ? Infinity : y === -1 ? -Infinity : NaN
  const w = -log((1 - y) * (1 + y))
  if (w < 5) return y * polynomial(CENTRAL, (2 * w - 5) / 5)
  return y * polynomial(TAIL, (2 * Math.sqrt(w) - SQRT_5 - 6.125) / (6.125 - SQRT_5))
}
