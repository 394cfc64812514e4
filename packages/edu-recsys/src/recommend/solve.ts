import { ValueError } from '@lanewise/core'

/**
 * Solves A x = b for a symmetric positive definite A [n, n], by Cholesky's factorisation. Reads the lower triangle.
 * Both arrays are overwritten; returns b's, now x.
 */
export const solveSymmetric = (op: string, A: Float64Array, b: Float64Array): Float64Array => {
  const n = b.length
  factorize(op, A, n)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) b[i] -= A[i * n + j] * b[j]
    b[i] /= A[i * n + i]
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let j = i + 1; j < n; j++) b[i] -= A[j * n + i] * b[j]
    b[i] /= A[i * n + i]
  }
  return b
}

/** A = L L', with L in A's lower triangle. */
const factorize = (op: string, A: Float64Array, n: number): void => {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = A[i * n + j]
      for (let k = 0; k < j; k++) sum -= A[i * n + k] * A[j * n + k]
      if (j < i) {
        A[i * n + j] = sum / A[j * n + j]
        continue
      }
      if (!(sum > 0)) {
        throw new ValueError({
          op,
          problem: 'the equations have no single solution',
          got: `a pivot of ${sum} at ${i}`,
          expected: 'a positive one',
          advice: 'Raise the regularisation',
        })
      }
      A[i * n + i] = Math.sqrt(sum)
    }
  }
}
