import { ShapeError, ValueError } from '@lanewise/core'
import { hypot, solveLinear } from '../math.ts'
import { composeMaps, invertMap, type Matrix3 } from '../transforms/warp.ts'

/** The shift and scale that bring points to mean 0 and mean distance sqrt 2. */
const normaliser = (p: ArrayLike<number>): Matrix3 => {
  const n = p.length / 2
  let [mx, my] = [0, 0]
  for (let i = 0; i < n; i++) {
    mx += p[2 * i] / n
    my += p[2 * i + 1] / n
  }
  let distance = 0
  for (let i = 0; i < n; i++) distance += hypot(p[2 * i] - mx, p[2 * i + 1] - my) / n
  const s = distance > 0 ? Math.SQRT2 / distance : 1
  return [s, 0, -s * mx, 0, s, -s * my, 0, 0, 1]
}

/**
 * Solves the least-squares problem of rows [a_1 .. a_n, b] by the normal equations; null where the columns
 * depend on each other.
 */
export const leastSquares = (rows: readonly (readonly number[])[]): number[] | null => {
  const n = rows[0].length - 1
  const normal = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n + 1 }, (_, j) => rows.reduce((sum, row) => sum + row[i] * row[j], 0)),
  )
  return solveLinear(normal)
}

/**
 * The map that sends points to others with the smallest error: exact for four, least squares for more.
 * @param from - x and y of each, [N, 2]
 * @param to - [N, 2]
 * @throws ShapeError when there are fewer than four or not as many of both; ValueError when they do not fix a map.
 * @source Hartley and Zisserman, normalised direct linear transform
 * @example
 * findHomography([0, 0, 1, 0, 1, 1, 0, 1], [5, 5, 7, 5, 7, 7, 5, 7]) // => [2, 0, 5, 0, 2, 5, 0, 0, 1]
 */
export const findHomography = (from: ArrayLike<number>, to: ArrayLike<number>): Matrix3 => {
  if (from.length !== to.length || from.length < 8 || from.length % 2 === 1) {
    throw new ShapeError({
      op: 'findHomography',
      problem: 'the points do not match',
      got: `${from.length} and ${to.length} numbers`,
      expected: 'x and y of four points or more',
    })
  }
  const [a, b] = [normaliser(from), normaliser(to)]
  const rows: number[][] = []
  for (let i = 0; i < from.length; i += 2) {
    const [x, y] = [a[0] * from[i] + a[2], a[4] * from[i + 1] + a[5]]
    const [u, v] = [b[0] * to[i] + b[2], b[4] * to[i + 1] + b[5]]
    rows.push([x, y, 1, 0, 0, 0, -u * x, -u * y, u], [0, 0, 0, x, y, 1, -v * x, -v * y, v])
  }
  const h = leastSquares(rows)
  if (h === null || !h.every(Number.isFinite)) {
    throw new ValueError({
      op: 'findHomography',
      problem: 'the points do not fix a map',
      advice: 'Take points that do not lie on a line',
    })
  }
  const m = composeMaps(invertMap(b), composeMaps([h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7], 1], a))
  return [m[0] / m[8], m[1] / m[8], m[2] / m[8], m[3] / m[8], m[4] / m[8], m[5] / m[8], m[6] / m[8], m[7] / m[8], 1]
}
