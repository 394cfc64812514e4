import { ShapeError } from '@lanewise/core'
import { exp } from '../math.ts'

/** Standard deviations of COCO's 17 key-points, from the nose to the right ankle. */
export const cocoSigmas: readonly number[] = [
  0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072, 0.062, 0.062, 0.107, 0.107, 0.087, 0.087, 0.089, 0.089,
]

/** What the similarity is measured against. */
export interface KeypointScale {
  /** Area of the object in pixels. */
  readonly area: number
  /** x, y, width, height; used where no key-point is labelled. */
  readonly bbox?: readonly number[] | undefined
  /** Standard deviation of each key-point. Default COCO's 17. */
  readonly sigmas?: readonly number[] | undefined
}

/**
 * Object key-point similarity, the overlap of poses: the mean over labelled points of
 * exp(-d² / (8 sigma² area)). Where none is labelled, the distance to the box grown to three times its size counts.
 * @param truth - x, y, visibility of each point; visibility 0 means not labelled
 * @param found - x, y, anything of each point
 * @returns in [0, 1]
 * @throws ShapeError when the points do not match.
 * @source COCO's key-point evaluation; checked against pycocotools 2.0.11 in coco.test.ts
 * @example
 * objectKeypointSimilarity([3, 4, 2], [3, 4, 1], { area: 100, sigmas: [0.1] }) // => 1
 */
export const objectKeypointSimilarity = (
  truth: readonly number[],
  found: readonly number[],
  { area, bbox = [0, 0, 0, 0], sigmas = cocoSigmas }: KeypointScale,
): number => {
  if (truth.length !== 3 * sigmas.length || found.length !== truth.length) {
    throw new ShapeError({
      op: 'objectKeypointSimilarity',
      problem: 'the key-points do not match',
      got: `${truth.length} and ${found.length} numbers for ${sigmas.length} sigmas`,
      expected: '3 numbers for each sigma',
    })
  }
  const labelled = truth.some((v, i) => i % 3 === 2 && v > 0)
  let sum = 0
  let count = 0
  sigmas.forEach((sigma, k) => {
    if (labelled && !(truth[3 * k + 2] > 0)) return
    const [dx, dy] = labelled
      ? [found[3 * k] - truth[3 * k], found[3 * k + 1] - truth[3 * k + 1]]
      : [outside(found[3 * k], bbox[0], bbox[2]), outside(found[3 * k + 1], bbox[1], bbox[3])]
    sum += exp(-(dx * dx + dy * dy) / (8 * sigma * sigma) / (area + Number.EPSILON))
    count++
  })
  return sum / count
}

/** How far a coordinate lies outside of a side grown by its own length at both ends. */
const outside = (v: number, start: number, length: number): number =>
  Math.max(0, start - length - v) + Math.max(0, v - start - 2 * length)
