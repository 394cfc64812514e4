import { ShapeError, ValueError } from '@lanewise/core'
import { polyFit } from './lanes.ts'

/**
 * Seconds until contact at a steady closing speed; Infinity when the distance does not shrink.
 * @throws ValueError when the distance is negative or a value is not finite.
 * @example
 * timeToCollision(30, 10) // => 3
 */
export const timeToCollision = (distanceM: number, closingSpeedMps: number): number => {
  if (!(distanceM >= 0 && distanceM < Infinity && Number.isFinite(closingSpeedMps))) {
    throw new ValueError({
      op: 'timeToCollision',
      problem: 'not a distance and a speed',
      got: `${distanceM} and ${closingSpeedMps}`,
    })
  }
  return closingSpeedMps > 0 ? distanceM / closingSpeedMps : Infinity
}

/**
 * Seconds until contact with an object that grows in the picture, without its distance: one over its size falls
 * steadily to zero. A line through all measurements; Infinity when it does not grow.
 * @param timesS - when it was measured, ascending
 * @param sizesPx - height or width of its box
 * @returns seconds from the last measurement, 0 or more
 * @throws ShapeError when there are fewer than two or not as many of both; ValueError at a size that is not positive or
 * times that do not ascend.
 * @source Lee 1976
 * @example
 * timeToCollisionFromSizes([0, 1], [50, 100]) // => 1
 */
export const timeToCollisionFromSizes = (timesS: ArrayLike<number>, sizesPx: ArrayLike<number>): number => {
  const n = timesS.length
  if (n < 2 || sizesPx.length !== n) {
    throw new ShapeError({
      op: 'timeToCollisionFromSizes',
      problem: 'too few measurements',
      got: `${n} times and ${sizesPx.length} sizes`,
      expected: 'two or more of each',
    })
  }
  const now = timesS[n - 1]
  const inverse = Float64Array.from({ length: n }, (_, i) => 1 / sizesPx[i])
  const since = Float64Array.from({ length: n }, (_, i) => timesS[i] - now)
  for (let i = 0; i < n; i++) {
    if (sizesPx[i] > 0 && sizesPx[i] < Infinity && (i === 0 || timesS[i] > timesS[i - 1])) continue
    throw new ValueError({
      op: 'timeToCollisionFromSizes',
      problem: 'not a size at a later time',
      got: `${sizesPx[i]} at ${timesS[i]}`,
      expected: 'positive sizes and ascending times',
    })
  }
  const [level, slope] = polyFit(inverse, since, 1) ?? [0, 0]
  return slope < 0 ? Math.max(0, level / -slope) : Infinity
}
