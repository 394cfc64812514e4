// f64 functions for reference loops: the engine's own where it has one (good to f64), sums of series elsewhere.

/** erf by its series below 3 and erfc's continued fraction above: good to 1e-14. */
export const erf = (x: number): number => (Math.abs(x) < 3 ? series(x) : Math.sign(x) * (1 - tail(Math.abs(x))))

/** 1 - erf x without cancellation. */
export const erfc = (x: number): number => (x < 2 ? 1 - erf(x) : tail(x))

const series = (x: number): number => {
  let sum = 0
  let term = x
  for (let n = 0; n < 200 && Math.abs(term) > 1e-20 * Math.abs(x); n++) {
    sum += term / (2 * n + 1)
    term *= (-x * x) / (n + 1)
  }
  return (sum * 2) / Math.sqrt(Math.PI)
}

const tail = (x: number): number => {
  if (x > 27) return 0
  let fraction = 0
  for (let n = 80; n >= 1; n--) fraction = n / 2 / (x + fraction)
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction)
}

export const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)))

/** log(1 + exp x) */
export const softplus = (x: number): number => (x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x)))

/** tanh(log(1 + exp x)) */
export const tanhSoftplus = (x: number): number => {
  if (x > 40) return 1
  const w = Math.exp(x) * (Math.exp(x) + 2)
  return w / (w + 2)
}

export const normalDensity = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)
export const normalDistribution = (x: number): number => erfc(-x / Math.SQRT2) / 2

/** Nearest integer, halves to even. */
export const roundEven = (x: number): number => {
  if (!Number.isFinite(x)) return x
  const below = Math.floor(x)
  const rest = x - below
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1
  return below % 2 === 0 ? below : below + 1
}

/** f16 bits of a number, nearest with ties to even. */
export const toHalf = (x: number): number => {
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0
  const size = Math.abs(x)
  if (Number.isNaN(x)) return sign | 0x7e00
  if (size >= 65520) return sign | 0x7c00
  const exponent = size < 2 ** -14 ? -14 : Math.floor(Math.log2(size))
  const units = roundEven(size / 2 ** (exponent - 10))
  return sign + (size < 2 ** -14 ? units : (exponent + 15) * 1024 + units - 1024)
}

export const fromHalf = (bits: number): number => {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction ? NaN : sign * Infinity
  return exponent ? sign * (1024 + fraction) * 2 ** (exponent - 25) : sign * fraction * 2 ** -24
}
