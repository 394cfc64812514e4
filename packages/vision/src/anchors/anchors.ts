import { ValueError } from '@lanewise/core'
import type { ImageSize } from '../boxes/boxes.ts'
import { roundHalfEven } from '../math.ts'

const { fround } = Math

/** [height, width] of a feature map. */
export type GridSize = readonly [height: number, width: number]

/** Options of {@link gridAnchors}. */
export interface GridAnchorOptions {
  /** Sides of the anchors in pixels, for each feature map. */
  readonly sizes: readonly (readonly number[])[]
  /** Heights over widths, for each feature map. */
  readonly aspectRatios: readonly (readonly number[])[]
  /** Sizes of the feature maps. */
  readonly grids: readonly GridSize[]
  /** Size of the batch's images; anchors lie one stride apart, a stride being the whole part of image over grid. */
  readonly imageSize: ImageSize
}

/** Zero-centred anchors of one location, all sizes of the first ratio first. */
const cellAnchors = (sizes: readonly number[], ratios: readonly number[]): number[][] =>
  ratios.flatMap((ratio) => {
    const high = fround(Math.sqrt(fround(ratio)))
    const wide = fround(1 / high)
    return sizes.map((size) => {
      const x = roundHalfEven(fround(wide * fround(size)) / 2)
      const y = roundHalfEven(fround(high * fround(size)) / 2)
      return [-x, -y, x, y]
    })
  })

/**
 * Anchors of Faster R-CNN and RetinaNet: at every location of every feature map one box per ratio and size, row by
 * row, ratio by ratio. Corners are rounded to whole pixels, halves to even.
 * @returns xyxy, [sum of grid height * width * ratios * sizes, 4]
 * @throws ValueError when the lists differ in length.
 * @source Checked against torchvision's AnchorGenerator 0.14 in anchors.test.ts
 * @example
 * const imageSize = { width: 32, height: 32 }
 * gridAnchors({ sizes: [[8]], aspectRatios: [[1]], grids: [[1, 2]], imageSize }) // => [-4, -4, 4, 4, 12, -4, 20, 4]
 */
export const gridAnchors = ({ sizes, aspectRatios, grids, imageSize }: GridAnchorOptions): Float32Array => {
  if (sizes.length !== grids.length || aspectRatios.length !== grids.length) {
    throw new ValueError({
      op: 'gridAnchors',
      problem: 'sizes and ratios do not match the feature maps',
      got: `${sizes.length} lists of sizes and ${aspectRatios.length} of ratios for ${grids.length} maps`,
    })
  }
  const out: number[] = []
  grids.forEach(([gridH, gridW], level) => {
    const cell = cellAnchors(sizes[level], aspectRatios[level])
    const strideY = Math.floor(imageSize.height / gridH)
    const strideX = Math.floor(imageSize.width / gridW)
    for (let y = 0; y < gridH; y++) {
      for (let x = 0; x < gridW; x++) {
        for (const [x1, y1, x2, y2] of cell) {
          out.push(x1 + x * strideX, y1 + y * strideY, x2 + x * strideX, y2 + y * strideY)
        }
      }
    }
  })
  return Float32Array.from(out)
}

/** Options of {@link defaultBoxes}. */
export interface DefaultBoxOptions {
  /** Further ratios of each feature map, beside 1; each gives a wide and a high box. */
  readonly aspectRatios: readonly (readonly number[])[]
  /** Sizes of the feature maps. */
  readonly grids: readonly GridSize[]
  readonly imageSize: ImageSize
  /** Scale of each map's boxes as a fraction of the image, and one more. Default: even steps of minRatio to maxRatio, 1. */
  readonly scales?: readonly number[]
  /** Default 0.15. */
  readonly minRatio?: number
  /** Default 0.9. */
  readonly maxRatio?: number
  /** Pixels between locations of each map. Default: the image over the grid. */
  readonly steps?: readonly number[]
  /** Limits widths and heights to the image. Default true. */
  readonly clip?: boolean
}

const evenScales = (maps: number, minRatio: number, maxRatio: number): number[] =>
  maps === 1
    ? [minRatio, maxRatio]
    : [...Array.from({ length: maps }, (_, k) => minRatio + ((maxRatio - minRatio) * k) / (maps - 1)), 1]

/** Widths and heights of one location, as fractions of the image. */
const defaultSides = (scale: number, next: number, ratios: readonly number[], clip: boolean): number[][] => {
  const between = Math.sqrt(scale * next)
  const sides = [
    [scale, scale],
    [between, between],
  ]
  for (const ratio of ratios) {
    const [w, h] = [scale * Math.sqrt(ratio), scale / Math.sqrt(ratio)]
    sides.push([w, h], [h, w])
  }
  return sides.map((side) => side.map((v) => fround(clip ? Math.min(Math.max(v, 0), 1) : v)))
}

/**
 * The default boxes of SSD.
 * @returns xyxy in pixels, [sum of grid height * width * (2 + 2 * ratios), 4]
 * @throws ValueError when the lists differ in length.
 * @source Liu et al. 2016; checked against torchvision's DefaultBoxGenerator 0.14 in anchors.test.ts
 * @example
 * const imageSize = { width: 100, height: 100 }
 * defaultBoxes({ aspectRatios: [[]], grids: [[1, 1]], imageSize, scales: [0.5, 0.5] }) // => [25, 25, 75, 75, 25, 25, 75, 75]
 */
export const defaultBoxes = (options: DefaultBoxOptions): Float32Array => {
  const { aspectRatios, grids, imageSize, steps, clip = true, minRatio = 0.15, maxRatio = 0.9 } = options
  const scales = options.scales ?? evenScales(grids.length, minRatio, maxRatio)
  if (
    aspectRatios.length !== grids.length ||
    scales.length < grids.length + 1 ||
    (steps && steps.length !== grids.length)
  ) {
    throw new ValueError({
      op: 'defaultBoxes',
      problem: 'ratios, scales or steps do not match the feature maps',
      got: `${aspectRatios.length} lists of ratios, ${scales.length} scales, ${steps?.length ?? 'no'} steps for ${grids.length} maps`,
      expected: 'one of each for every map, and one scale more',
    })
  }
  const out: number[] = []
  grids.forEach(([gridH, gridW], k) => {
    const sides = defaultSides(scales[k], scales[k + 1], aspectRatios[k], clip)
    const [perX, perY] = steps ? [imageSize.width / steps[k], imageSize.height / steps[k]] : [gridW, gridH]
    for (let y = 0; y < gridH; y++) {
      for (let x = 0; x < gridW; x++) {
        const cx = fround((x + 0.5) / perX)
        const cy = fround((y + 0.5) / perY)
        for (const [w, h] of sides) {
          out.push(fround(cx - 0.5 * w) * imageSize.width, fround(cy - 0.5 * h) * imageSize.height)
          out.push(fround(cx + 0.5 * w) * imageSize.width, fround(cy + 0.5 * h) * imageSize.height)
        }
      }
    }
  })
  return Float32Array.from(out)
}
