import { ShapeError, ValueError } from '@lanewise/core'
import { log2 } from '../math.ts'

/** Feature maps as plain data, [N, C, H, W] row-major. */
export interface FeatureMaps {
  readonly data: Float32Array | Float64Array
  readonly shape: readonly number[]
}

/** One number for both sides, or [height, width]. */
export type OutputSize = number | readonly [height: number, width: number]

/** [height, width] of an output size. */
export const pair = (size: OutputSize): readonly [number, number] => (typeof size === 'number' ? [size, size] : size)

/** Throws unless features, regions and output size fit each other. */
export const checkRegions = (
  op: string,
  features: readonly (readonly number[])[],
  rois: readonly number[],
  outputSize: OutputSize,
): void => {
  const first = features[0]
  for (const shape of features) {
    if (shape.length === 4 && shape[0] === first[0] && shape[1] === first[1]) continue
    throw new ShapeError({
      op,
      problem: 'the feature maps do not fit',
      got: features.map((s) => `[${s.join(',')}]`).join(' and '),
      expected: '[N,C,H,W], the same N and C at every level',
    })
  }
  if (rois.length !== 2 || rois[1] !== 5) {
    throw new ShapeError({
      op,
      problem: 'the regions are not rows of image index and corners',
      got: `[${rois.join(',')}]`,
      expected: '[K,5]: image, x1, y1, x2, y2',
      advice: 'Join boxes of several images with roisFromBoxes',
    })
  }
  if (pair(outputSize).some((n) => !(Number.isInteger(n) && n > 0))) {
    throw new ValueError({
      op,
      problem: 'the output size is not positive and whole',
      got: `[${pair(outputSize).join(',')}]`,
    })
  }
}

/** The image of region k. Throws when there is no such image or a corner is not finite. */
export const imageOf = (op: string, rois: ArrayLike<number>, k: number, images: number): number => {
  const n = Math.trunc(rois[5 * k])
  if (!(n >= 0 && n < images)) {
    throw new ValueError({
      op,
      problem: 'a region names an image that is not there',
      got: `image ${rois[5 * k]} in region ${k}`,
      expected: `0 to ${images - 1}`,
    })
  }
  const corners = [1, 2, 3, 4].map((i) => rois[5 * k + i])
  if (corners.every(Number.isFinite)) return n
  throw new ValueError({
    op,
    problem: 'a region is not finite',
    got: `[${corners.join(', ')}] in region ${k}`,
    expected: 'finite corners',
  })
}

/**
 * Regions of several images as the rows that the RoI ops take.
 * @param boxes - xyxy of each image, [K_i, 4]
 * @returns image index and corners, [sum K_i, 5]
 * @example
 * roisFromBoxes([[1, 2, 3, 4], [5, 6, 7, 8]]) // => [0, 1, 2, 3, 4, 1, 5, 6, 7, 8]
 */
export const roisFromBoxes = (boxes: readonly ArrayLike<number>[]): Float32Array => {
  const count = boxes.reduce((n, own) => n + Math.floor(own.length / 4), 0)
  const rois = new Float32Array(5 * count)
  let at = 0
  boxes.forEach((own, image) => {
    for (let i = 0; i + 4 <= own.length; i += 4) {
      rois[at++] = image
      for (let k = 0; k < 4; k++) rois[at++] = own[i + k]
    }
  })
  return rois
}

/** Options of {@link assignLevels}. */
export interface LevelOptions {
  /** First and last level of the pyramid: level k has 1 / 2^k of the image's resolution. */
  readonly minLevel: number
  readonly maxLevel: number
  /** Side of the box that belongs to the canonical level. Default 224. */
  readonly canonicalScale?: number
  /** Default 4. */
  readonly canonicalLevel?: number
}

/**
 * Pyramid level of each region by its size: floor(canonicalLevel + log2(sqrt(area) / canonicalScale) + 1e-6), clamped,
 * counted from `minLevel`. Float32 as torchvision. A box of negative or NaN area gets -1: it belongs to no level and
 * pools to zeros.
 * @param rois - rows of image index and corners, [K, 5]
 * @source Lin et al. 2017, equation 1; checked against torchvision's LevelMapper 0.14 in roi.test.ts
 * @example
 * assignLevels([0, 0, 0, 224, 224, 0, 0, 0, 30, 30], { minLevel: 2, maxLevel: 5 }) // => [2, 0]
 */
export const assignLevels = (rois: ArrayLike<number>, options: LevelOptions): Int32Array => {
  const { minLevel, maxLevel, canonicalScale = 224, canonicalLevel = 4 } = options
  const f = Math.fround
  return Int32Array.from({ length: rois.length / 5 }, (_, k) => {
    const area = f(f(rois[5 * k + 3] - rois[5 * k + 1]) * f(rois[5 * k + 4] - rois[5 * k + 2]))
    const ratio = f(f(Math.sqrt(area)) / f(canonicalScale))
    const level = Math.floor(f(f(canonicalLevel + f(log2(ratio))) + f(1e-6)))
    if (level !== level) return -1
    return (level > maxLevel ? maxLevel : level < minLevel ? minLevel : level) - minLevel
  })
}

/**
 * Scale of a feature map of an image: the power of two nearest to the ratio of their heights.
 * @example
 * inferScale(50, 800) // => 0.0625
 */
export const inferScale = (featureSize: number, imageSize: number): number => {
  const exponent = Math.round(log2(featureSize / imageSize))
  let scale = 1
  for (let k = 0; k < Math.abs(exponent); k++) scale *= exponent < 0 ? 0.5 : 2
  return scale
}
