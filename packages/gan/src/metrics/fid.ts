import { checkWidths, FeatureStats, rowsOf, type Features } from './features.ts'
import { traceOfRoot } from './matrix.ts'

const statsOf = (x: Features | FeatureStats): FeatureStats =>
  x instanceof FeatureStats ? x : new FeatureStats(rowsOf('fid', x).width).update(x)

/**
 * Frechet distance between Gaussians fitted to two sets of features; with the features of an Inception network the
 * Frechet Inception Distance. 0 for equal sets; it falls with the number of samples, so compare equal numbers.
 *   |m_a - m_b|^2 + tr(S_a + S_b - 2 (S_a S_b)^1/2)
 * Means, covariances (over N - 1) and the matrix root are in double precision.
 * @param a - features [N, d], or statistics gathered before
 * @throws ShapeError when the widths differ; ValueError with fewer than two rows or numbers that are not finite.
 * @source Heusel et al. 2017; checked against scipy.linalg.sqrtm 1.10 in metrics.test.ts
 * @example
 * import { tensor } from '@lanewise/core'
 * fid(tensor([[0], [2]]), tensor([[3], [5]])) // => 9
 */
export const fid = (a: Features | FeatureStats, b: Features | FeatureStats): number => {
  const [x, y] = [statsOf(a), statsOf(b)]
  checkWidths('fid', x.width, y.width)
  const n = x.width
  const [sx, sy] = [x.covariance(), y.covariance()]
  let distance = 0
  for (let i = 0; i < n; i++) {
    const shift = x.mean[i] - y.mean[i]
    distance += shift * shift + sx[i * n + i] + sy[i * n + i]
  }
  return Math.max(0, distance - 2 * traceOfRoot(sx, sy, n))
}
