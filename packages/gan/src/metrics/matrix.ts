/** A square matrix, row by row, in double precision. */
export type Matrix = Float64Array<ArrayBuffer>

/** A B for n x n matrices. */
export const multiply = (a: Matrix, b: Matrix, n: number): Matrix => {
  const c = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    const row = c.subarray(i * n, (i + 1) * n)
    for (let k = 0; k < n; k++) {
      const factor = a[i * n + k]
      if (factor === 0) continue
      const at = k * n
      for (let j = 0; j < n; j++) row[j] += factor * b[at + j]
    }
  }
  return c
}

export const transpose = (a: Matrix, n: number): Matrix => {
  const t = new Float64Array(n * n)
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) t[j * n + i] = a[i * n + j]
  return t
}

/** sqrt(a^2 + b^2) without overflow. */
const hypotenuse = (a: number, b: number): number => {
  const [large, small] = [Math.max(Math.abs(a), Math.abs(b)), Math.min(Math.abs(a), Math.abs(b))]
  const ratio = large === 0 ? 0 : small / large
  return large * Math.sqrt(1 + ratio * ratio)
}

interface Tridiagonal {
  readonly diagonal: Float64Array
  /** Below the diagonal; element i joins i and i + 1. */
  readonly beside: Float64Array
}

/**
 * Householder reflections that make a symmetric matrix tridiagonal. `rows`, the identity at first, gets the
 * reflections too: its row i becomes the i-th basis vector.
 */
const tridiagonalize = (a: Matrix, n: number, rows: Matrix | null): Tridiagonal => {
  const v = new Float64Array(n)
  const p = new Float64Array(n)
  for (let k = 0; k < n - 2; k++) {
    let scale = 0
    for (let i = k + 1; i < n; i++) scale = Math.max(scale, Math.abs(a[i * n + k]))
    if (scale === 0) continue
    let square = 0
    for (let i = k + 1; i < n; i++) {
      v[i] = a[i * n + k] / scale
      square += v[i] * v[i]
    }
    const length = Math.sqrt(square)
    const first = v[k + 1] < 0 ? -length : length
    // v v^T beta reflects column k onto its first element below the diagonal.
    const beta = 1 / (square + Math.abs(v[k + 1]) * length)
    v[k + 1] += first
    let vp = 0
    for (let i = k + 1; i < n; i++) {
      let sum = 0
      for (let j = k + 1; j < n; j++) sum += a[i * n + j] * v[j]
      p[i] = beta * sum
      vp += v[i] * p[i]
    }
    const half = (beta * vp) / 2
    for (let i = k + 1; i < n; i++) p[i] -= half * v[i]
    for (let i = k + 1; i < n; i++) for (let j = k + 1; j < n; j++) a[i * n + j] -= v[i] * p[j] + p[i] * v[j]
    for (let i = k + 1; i < n; i++) a[i * n + k] = a[k * n + i] = i === k + 1 ? -first * scale : 0
    if (rows === null) continue
    p.fill(0)
    for (let i = k + 1; i < n; i++) for (let j = 0; j < n; j++) p[j] += v[i] * rows[i * n + j]
    for (let i = k + 1; i < n; i++) {
      const factor = beta * v[i]
      for (let j = 0; j < n; j++) rows[i * n + j] -= factor * p[j]
    }
  }
  return {
    diagonal: Float64Array.from({ length: n }, (_, i) => a[i * n + i]),
    beside: Float64Array.from({ length: n }, (_, i) => (i + 1 < n ? a[(i + 1) * n + i] : 0)),
  }
}

/** Turns rows i and i + 1 by the angle with cosine c and sine s. */
const rotateRows = (rows: Matrix, n: number, i: number, c: number, s: number): void => {
  for (let at = i * n; at < (i + 1) * n; at++) {
    const below = rows[at + n]
    rows[at + n] = s * rows[at] + c * below
    rows[at] = c * rows[at] - s * below
  }
}

/** One implicitly shifted QL sweep from `m` up to `l`. */
const sweep = ({ diagonal: d, beside: e }: Tridiagonal, l: number, m: number, rows: Matrix | null): void => {
  const n = d.length
  let g = (d[l + 1] - d[l]) / (2 * e[l])
  const r = hypotenuse(g, 1)
  g = d[m] - d[l] + e[l] / (g + (g < 0 ? -r : r))
  let [s, c, shift] = [1, 1, 0]
  for (let i = m - 1; i >= l; i--) {
    const f = s * e[i]
    const b = c * e[i]
    const length = hypotenuse(f, g)
    e[i + 1] = length
    if (length === 0) {
      d[i + 1] -= shift
      e[m] = 0
      return
    }
    s = f / length
    c = g / length
    g = d[i + 1] - shift
    const mixed = (d[i] - g) * s + 2 * c * b
    shift = s * mixed
    d[i + 1] = g + shift
    g = c * mixed - b
    if (rows !== null) rotateRows(rows, n, i, c, s)
  }
  d[l] -= shift
  e[l] = g
  e[m] = 0
}

const diagonalize = (t: Tridiagonal, rows: Matrix | null): void => {
  const { diagonal: d, beside: e } = t
  for (let l = 0; l < d.length; l++) {
    for (;;) {
      let m = l
      while (m < d.length - 1 && Math.abs(e[m]) > Number.EPSILON * (Math.abs(d[m]) + Math.abs(d[m + 1]))) m++
      if (m === l) break
      sweep(t, l, m, rows)
    }
  }
}

/** Eigenvalues of a symmetric matrix, in no order. */
export const eigenvalues = (a: Matrix, n: number): Float64Array => {
  const t = tridiagonalize(a.slice(), n, null)
  diagonalize(t, null)
  return t.diagonal
}

/** Eigenvalues of a symmetric matrix, with their eigenvectors as rows of `vectors`. */
export const eigen = (a: Matrix, n: number): { values: Float64Array; vectors: Matrix } => {
  const vectors = new Float64Array(n * n)
  for (let i = 0; i < n; i++) vectors[i * n + i] = 1
  const t = tridiagonalize(a.slice(), n, vectors)
  diagonalize(t, vectors)
  return { values: t.diagonal, vectors }
}

/**
 * The trace of the square root of A B, for symmetric positive semidefinite A and B: the sum of the square roots of
 * the eigenvalues of A^1/2 B A^1/2, which is symmetric too. Eigenvalues below zero are rounding and count as zero.
 */
export const traceOfRoot = (a: Matrix, b: Matrix, n: number): number => {
  const { values, vectors } = eigen(a, n)
  // V B V^T, scaled on both sides by the roots of A's eigenvalues.
  const turned = multiply(multiply(vectors, b, n), transpose(vectors, n), n)
  const roots = values.map((value) => Math.sqrt(Math.max(0, value)))
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const mean = ((turned[i * n + j] + turned[j * n + i]) / 2) * roots[i] * roots[j]
      turned[i * n + j] = turned[j * n + i] = mean
    }
  }
  return eigenvalues(turned, n).reduce((sum, value) => sum + Math.sqrt(Math.max(0, value)), 0)
}
