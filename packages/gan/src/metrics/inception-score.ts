import { math, NumpyRandomState, ValueError } from '@lanewise/core'
import { rowsOf, type Features, type Rows } from './features.ts'
import { scoreOf, type Score } from './kid.ts'

/** How {@link inceptionScore} splits. */
export interface InceptionScoreOptions {
  /** Parts that are scored apart. Default 10. */
  readonly splits?: number
  /** Of NumPy's RandomState, for the order; null keeps it. Default 2020, as torch-fidelity. */
  readonly seed?: number | null
}

/** Logarithms of the softmax of one row. */
const logProbabilities = ({ data, width }: Rows, row: number): Float64Array => {
  let top = -Infinity
  for (let j = 0; j < width; j++) top = Math.max(top, data[row * width + j])
  let total = 0
  for (let j = 0; j < width; j++) total += math.exp(data[row * width + j] - top)
  const shift = top + math.log(total)
  return Float64Array.from({ length: width }, (_, j) => data[row * width + j] - shift)
}

/** exp of the mean divergence of p(y | x) from p(y). */
const scorePart = (logs: readonly Float64Array[]): number => {
  const width = logs[0].length
  const marginal = new Float64Array(width)
  for (const row of logs) for (let j = 0; j < width; j++) marginal[j] += math.exp(row[j]) / logs.length
  let divergence = 0
  for (const row of logs)
    for (let j = 0; j < width; j++) {
      const p = math.exp(row[j])
      if (p > 0) divergence += p * (row[j] - math.log(marginal[j]))
    }
  return math.exp(divergence / logs.length)
}

/**
 * Inception Score of a classifier's logits for generated images: high when each image is surely of one class and all
 * classes occur; from 1 to the number of classes. Of any classifier, not only Inception, in double precision.
 *   exp(mean_x KL(p(y | x) || p(y))), for each part
 * @param logits - [N, classes]
 * @throws ValueError when there are fewer rows than splits, or a logit is not finite.
 * @source Salimans et al. 2016; order and splits as torch-fidelity's; checked against NumPy in metrics.test.ts
 * @example
 * import { tensor } from '@lanewise/core'
 * inceptionScore(tensor([[50, 0], [0, 50]]), { splits: 1 }).mean // => 2
 */
export const inceptionScore = (logits: Features, options: InceptionScoreOptions = {}): Score => {
  const { splits = 10, seed = 2020 } = options
  const rows = rowsOf('inceptionScore', logits)
  const N = rows.count
  if (!Number.isInteger(splits) || splits < 1 || N < splits) {
    throw new ValueError({
      op: 'inceptionScore',
      problem: 'there are too few rows for the splits',
      got: `${N} rows, ${splits} splits`,
      expected: 'at least 1 split, and a row for each',
    })
  }
  const order = seed === null ? Int32Array.from({ length: N }, (_, i) => i) : new NumpyRandomState(seed).permutation(N)
  const logs = Array.from(order, (row) => logProbabilities(rows, row))
  const parts = Array.from({ length: splits }, (_, i) =>
    logs.slice(Math.floor((i * N) / splits), Math.floor(((i + 1) * N) / splits)),
  )
  return scoreOf(parts.map(scorePart))
}
