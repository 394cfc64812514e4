/** a b as a rounded product and its error. */
export const twoProduct = (a: number, b: number): [product: number, error: number] => {
  const product = a * b
  const ca = 134217729 * a
  const aHigh = ca - (ca - a)
  const aLow = a - aHigh
  const cb = 134217729 * b
  const bHigh = cb - (cb - b)
  const bLow = b - bHigh
  return [product, aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow)]
}

/**
 * a b + c of three f32 values, rounded once to f32, as a fused multiply-add instruction gives it.
 * The product is exact in f64; when the sum falls on the middle between two f32 values after its own
 * rounding, the part it lost decides.
 */
export const fmaF32 = (a: number, b: number, c: number): number => {
  const product = a * b
  const sum = product + c
  const rounded = Math.fround(sum)
  const distance = sum - rounded
  if (distance === 0) return rounded
  const other = rounded + 2 * distance
  if (Math.fround(other) !== other) return rounded
  const v = sum - product
  const lost = product - (sum - v) + (c - v)
  return lost !== 0 && lost > 0 === distance > 0 ? other : rounded
}

/** a b + c rounded nearly once to f64: wrong only when the exact value lies within 2^-53 ULP of a middle. */
export const fmaF64 = (a: number, b: number, c: number): number => {
  const [product, error] = twoProduct(a, b)
  const sum = product + c
  const v = sum - product
  const lost = product - (sum - v) + (c - v)
  return sum + (lost + error)
}
