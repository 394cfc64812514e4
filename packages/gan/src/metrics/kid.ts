import { NumpyRandomState, ValueError } from '@lanewise/core'
import { checkWidths, rowsOf, type Features, type Rows } from './features.ts'

/** How {@link kid} draws its subsets. */
export interface KidOptions {
  /** Subsets that are averaged. Default 100. */
  readonly subsets?: number
  /** Rows of each set in a subset. Default 1000. */
  readonly subsetSize?: number
  /** Of NumPy's RandomState. Default 2020, as torch-fidelity. */
  readonly seed?: number
}

/** Mean and standard deviation of a score over subsets or splits. */
export interface Score {
  readonly mean: number
  /** Of the population, not of a sample. */
  readonly std: number
}

/** Mean and population standard deviation. */
export const scoreOf = (values: readonly number[]): Score => {
  const mean = values.reduce((a, b) => a + b, 0) / values.length
  const variance = values.reduce((sum, v) => sum + (v - mean) * (v - mean), 0) / values.length
  return { mean, std: Math.sqrt(variance) }
}

/** The sum of (x.y / d + 1)^3 over rows of a and b; over different rows only, where `apart`. */
const kernelSum = (a: Rows, rowsA: Int32Array, b: Rows, rowsB: Int32Array, apart: boolean): number => {
  const d = a.width
  let sum = 0
  for (let i = 0; i < rowsA.length; i++) {
    for (let j = 0; j < rowsB.length; j++) {
      if (apart && i === j) continue
      const [atA, atB] = [rowsA[i] * d, rowsB[j] * d]
      let dot = 0
      for (let k = 0; k < d; k++) dot += a.data[atA + k] * b.data[atB + k]
      const base = dot / d + 1
      sum += base * base * base
    }
  }
  return sum
}

/**
 * Kernel Inception Distance: the squared maximum mean discrepancy between two sets of features under the kernel
 * (x.y / d + 1)^3, by its unbiased estimate, averaged over random subsets. Near 0, and also below, for equal
 * distributions.
 * @param a - features [N, d]
 * @throws ShapeError when the widths differ; ValueError when a set has fewer rows than `subsetSize`.
 * @source Binkowski et al. 2018; subsets as torch-fidelity's; checked against NumPy in metrics.test.ts
 * @example
 * import { tensor } from '@lanewise/core'
 * kid(tensor([[0], [1]]), tensor([[2], [3]]), { subsets: 1, subsetSize: 2 }).mean // => 297.5
 */
export const kid = (a: Features, b: Features, options: KidOptions = {}): Score => {
  const { subsets = 100, subsetSize = 1000, seed = 2020 } = options
  const [x, y] = [rowsOf('kid', a), rowsOf('kid', b)]
  checkWidths('kid', x.width, y.width)
  const few = Math.min(x.count, y.count)
  if (
    !Number.isInteger(subsets) ||
    subsets < 1 ||
    !Number.isInteger(subsetSize) ||
    subsetSize < 2 ||
    subsetSize > few
  ) {
    throw new ValueError({
      op: 'kid',
      problem: 'the subsets do not fit',
      got: `${subsets} of ${subsetSize} rows, sets of ${x.count} and ${y.count}`,
      expected: `at least 1 subset of 2 to ${few} rows`,
      advice: 'Pass a smaller subsetSize, or more samples',
    })
  }
  const random = new NumpyRandomState(seed)
  const m = subsetSize
  const values = Array.from({ length: subsets }, () => {
    const rowsX = random.choice(x.count, m, { replace: false })
    const rowsY = random.choice(y.count, m, { replace: false })
    const within = kernelSum(x, rowsX, x, rowsX, true) + kernelSum(y, rowsY, y, rowsY, true)
    return within / (m * (m - 1)) - (2 * kernelSum(x, rowsX, y, rowsY, false)) / (m * m)
  })
  return scoreOf(values)
}
