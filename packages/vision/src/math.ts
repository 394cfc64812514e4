// Engines round Math.exp and its like differently; these give the same bits everywhere, within 2 ULP of the truth.

const ln2High = 0.6931471803691238
const ln2Low = 1.9082149292705877e-10

/** 2^k for integer k, by repeated squaring (exact in the normal range). */
const powerOfTwo = (k: number): number => {
  let result = 1
  let base = k < 0 ? 0.5 : 2
  for (let rest = k < 0 ? -k : k; rest > 0; rest >>>= 1) {
    if (rest & 1) result *= base
    base *= base
  }
  return result
}

/** e^x. */
export const exp = (x: number): number => {
  if (!(x < 709.79)) return x !== x ? x : x > 709.8 ? Infinity : scaledExp(x)
  return x < -745.2 ? 0 : scaledExp(x)
}

const scaledExp = (x: number): number => {
  const k = Math.round(x / Math.LN2)
  const r = x - k * ln2High - k * ln2Low
  let term = 1
  for (let n = 14; n > 0; n--) term = 1 + (r * term) / n
  const half = k >> 1
  return term * powerOfTwo(half) * powerOfTwo(k - half)
}

/** Natural logarithm. NaN below zero, -Infinity at zero. */
export const log = (x: number): number => {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN
  if (x === Infinity) return x
  let exponent = x < 1e-300 ? -100 : 0
  let m = x * powerOfTwo(-exponent)
  for (let step = 512; step > 0; step >>= 1) {
    const power = powerOfTwo(step)
    if (m >= power) {
      m /= power
      exponent += step
    } else if (m * power < 2) {
      m *= power
      exponent -= step
    }
  }
  if (m < 1) {
    m *= 2
    exponent--
  }
  if (m > Math.SQRT2) {
    m /= 2
    exponent++
  }
  const s = (m - 1) / (m + 1)
  const s2 = s * s
  let sum = 0
  for (let n = 23; n >= 1; n -= 2) sum = sum * s2 + 1 / n
  return exponent * ln2High + (2 * s * sum + exponent * ln2Low)
}

/** Logarithm to the base 2. */
export const log2 = (x: number): number => log(x) / Math.LN2

/** x^y for x >= 0. */
export const pow = (x: number, y: number): number => (y === 0 ? 1 : x === 0 ? 0 : exp(y * log(x)))

/** 1 / (1 + e^-x). */
export const sigmoid = (x: number): number => 1 / (1 + exp(-x))

const halfPiHigh = 1.5707963109016418
const halfPiLow = 1.5893254773528196e-8

/** Sine of r and of r + pi/2, for |r| <= pi/4. */
const sinSeries = (r: number): number => {
  let term = 1
  for (let n = 18; n >= 2; n -= 2) term = 1 - (r * r * term) / (n * (n + 1))
  return r * term
}
const cosSeries = (r: number): number => {
  let term = 1
  for (let n = 18; n >= 2; n -= 2) term = 1 - (r * r * term) / (n * (n - 1))
  return term
}

/** Sine of x + quarter * pi/2. */
const sinShifted = (x: number, quarter: number): number => {
  const k = Math.round(x / (Math.PI / 2))
  const r = x - k * halfPiHigh - k * halfPiLow
  const q = (((k + quarter) % 4) + 4) % 4
  const value = q % 2 === 0 ? sinSeries(r) : cosSeries(r)
  return q < 2 ? value : -value
}

/** Sine of an angle in radians, for |x| up to about 1e6. */
export const sin = (x: number): number => sinShifted(x, 0)

/** Cosine of an angle in radians, for |x| up to about 1e6. */
export const cos = (x: number): number => sinShifted(x, 1)

/** Angle whose tangent is x, in (-pi/2, pi/2). */
export const atan = (x: number): number => {
  const a = x < 0 ? -x : x
  if (a > 1) {
    const rest = Math.PI / 2 - atan(1 / a)
    return x < 0 ? -rest : rest
  }
  // Two halvings of the angle: |t| <= tan(pi / 16).
  let t = x
  for (let i = 0; i < 2; i++) t = t / (1 + Math.sqrt(1 + t * t))
  const t2 = t * t
  let sum = 0
  for (let n = 23; n >= 1; n -= 2) sum = 1 / n - sum * t2
  return 4 * t * sum
}

/** Angle of the point (x, y), in [-pi, pi]. */
export const atan2 = (y: number, x: number): number => {
  if (x > 0) return atan(y / x)
  if (x < 0) return y < 0 ? atan(y / x) - Math.PI : atan(y / x) + Math.PI
  if (y === 0) return y
  return y > 0 ? Math.PI / 2 : y < 0 ? -Math.PI / 2 : NaN
}

/** Length of the vector (x, y). */
export const hypot = (x: number, y: number): number => Math.sqrt(x * x + y * y)

/** Rounds halves to the even neighbour, as PyTorch's round does. */
export const roundHalfEven = (x: number): number => {
  const r = Math.round(x)
  return r - x === 0.5 && r % 2 !== 0 ? r - 1 : r
}

/**
 * Solves n equations in n unknowns, rows [a_1 .. a_n, b], by elimination with pivots; null where they depend on each
 * other. The rows change.
 */
export const solveLinear = (rows: number[][]): number[] | null => {
  const n = rows.length
  const largest = rows.reduce((most, row) => row.slice(0, n).reduce((m, v) => Math.max(m, Math.abs(v)), most), 0)
  for (let c = 0; c < n; c++) {
    let pivot = c
    for (let r = c + 1; r < n; r++) if (Math.abs(rows[r][c]) > Math.abs(rows[pivot][c])) pivot = r
    const row = rows[pivot]
    rows[pivot] = rows[c]
    rows[c] = row
    if (!(Math.abs(row[c]) > 1e-12 * largest)) return null
    for (let r = 0; r < n; r++) {
      const factor = r === c ? 0 : rows[r][c] / row[c]
      for (let k = c; factor !== 0 && k <= n; k++) rows[r][k] -= factor * row[k]
    }
  }
  return rows.map((row, i) => row[n] / row[i])
}
