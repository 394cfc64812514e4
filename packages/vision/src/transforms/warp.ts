import { ValueError } from '@lanewise/core'
import { cos, roundHalfEven, sin, solveLinear } from '../math.ts'
import { blankLike, channelsOf, storeRounded, type Picture } from './picture.ts'

/**
 * A projective map of the plane, row by row: (x, y) goes to ((a x + b y + c) / w, (d x + e y + f) / w) with
 * w = g x + h y + i. Coordinates are in pixels with the first pixel from 0 to 1.
 */
export type Matrix3 = readonly [number, number, number, number, number, number, number, number, number]

/**
 * Where a map sends a point.
 * @example
 * mapPoint([1, 0, 5, 0, 1, 0, 0, 0, 1], 2, 3) // => [7, 3]
 */
export const mapPoint = (m: Matrix3, x: number, y: number): [x: number, y: number] => {
  const w = m[6] * x + m[7] * y + m[8]
  return [(m[0] * x + m[1] * y + m[2]) / w, (m[3] * x + m[4] * y + m[5]) / w]
}

/**
 * The map that first does b, then a.
 * @example
 * composeMaps([1, 0, 5, 0, 1, 0, 0, 0, 1], [2, 0, 0, 0, 2, 0, 0, 0, 1])[2] // => 5
 */
export const composeMaps = (a: Matrix3, b: Matrix3): Matrix3 => {
  const at = (r: number, c: number): number => a[3 * r] * b[c] + a[3 * r + 1] * b[3 + c] + a[3 * r + 2] * b[6 + c]
  return [at(0, 0), at(0, 1), at(0, 2), at(1, 0), at(1, 1), at(1, 2), at(2, 0), at(2, 1), at(2, 2)]
}

/**
 * The map that undoes another.
 * @throws ValueError when there is none.
 * @example
 * invertMap([2, 0, 4, 0, 1, 0, 0, 0, 1])[2] // => -2
 */
export const invertMap = (m: Matrix3): Matrix3 => {
  const [a, b, c, d, e, f, g, h, i] = m
  const det = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
  if (!(Math.abs(det) > 0 && Number.isFinite(det))) {
    throw new ValueError({
      op: 'invertMap',
      problem: 'the map cannot be undone',
      got: `determinant ${det} of [${m.join(', ')}]`,
    })
  }
  return [
    (e * i - f * h) / det,
    (c * h - b * i) / det,
    (b * f - c * e) / det,
    (f * g - d * i) / det,
    (a * i - c * g) / det,
    (c * d - a * f) / det,
    (d * h - e * g) / det,
    (b * g - a * h) / det,
    (a * e - b * d) / det,
  ]
}

/** Turn, shift, scale and shear, in torchvision's terms. */
export interface AffineParameters {
  /** Degrees, clockwise on the screen. Default 0. */
  readonly angle?: number
  /** Pixels to the right and down. Default 0, 0. */
  readonly translate?: readonly [x: number, y: number]
  /** Default 1. */
  readonly scale?: number
  /** Degrees along x and y. Default 0, 0. */
  readonly shear?: readonly [x: number, y: number]
  /** What stays in place, in pixels. Default the middle of the picture. */
  readonly center?: readonly [x: number, y: number]
}

/**
 * The map of an affine change of a picture: from a place in the picture to its place in the result.
 * @throws ValueError when the scale is not positive.
 * @source torchvision.transforms.functional.affine 0.14
 * @example
 * affineMap({ translate: [3, 4] }, { width: 10, height: 10 }) // => [1, 0, 3, 0, 1, 4, 0, 0, 1]
 */
export const affineMap = (
  { angle = 0, translate = [0, 0], scale = 1, shear = [0, 0], center }: AffineParameters,
  { width, height }: { readonly width: number; readonly height: number },
): Matrix3 => {
  if (!(scale > 0)) throw new ValueError({ op: 'affineMap', problem: 'the scale is not positive', got: String(scale) })
  const radians = Math.PI / 180
  const [turn, sx, sy] = [angle * radians, shear[0] * radians, shear[1] * radians]
  const tanX = sin(sx) / cos(sx)
  const [c, s] = [cos(turn - sy) / cos(sy), sin(turn - sy) / cos(sy)]
  const [a, b] = [scale * c, scale * (-c * tanX - sin(turn))]
  const [d, e] = [scale * s, scale * (-s * tanX + cos(turn))]
  const [cx, cy] = center ?? [width / 2, height / 2]
  return [a, b, cx + translate[0] - a * cx - b * cy, d, e, cy + translate[1] - d * cx - e * cy, 0, 0, 1]
}

/**
 * The map that sends four points to four others.
 * @throws ValueError when three of the points lie on a line.
 * @example
 * fourPointMap([0, 0, 1, 0, 1, 1, 0, 1], [0, 0, 2, 0, 2, 2, 0, 2])[0] // => 2
 */
export const fourPointMap = (from: ArrayLike<number>, to: ArrayLike<number>): Matrix3 => {
  const rows: number[][] = []
  for (let i = 0; i < 8; i += 2) {
    const [x, y, u, v] = [from[i], from[i + 1], to[i], to[i + 1]]
    rows.push([x, y, 1, 0, 0, 0, -u * x, -u * y, u], [0, 0, 0, x, y, 1, -v * x, -v * y, v])
  }
  const solution = solveLinear(rows)
  if (solution === null) {
    throw new ValueError({
      op: 'fourPointMap',
      problem: 'the points do not fix a map',
      advice: 'Take four points, no three on a line',
    })
  }
  const [a, b, c, d, e, f, g, h] = solution
  return [a, b, c, d, e, f, g, h, 1]
}

/** Options of {@link warpPicture}. */
export interface WarpOptions {
  /** Size of the result. Default that of the picture. */
  readonly width?: number
  readonly height?: number
  /** Default nearest, as torchvision's affine transforms. */
  readonly interpolation?: 'nearest' | 'bilinear'
  /**
   * What stands outside of the picture: one value, or one per channel. Default nothing, that is 0. With bilinear
   * interpolation and a fill torchvision weighs the pixels at the edge twice by their share; so does this.
   */
  readonly fill?: number | readonly number[] | undefined
}

/**
 * A picture under a map.
 * @param map - from a place in the picture to its place in the result
 * @throws ValueError when the map cannot be undone.
 * @source Checked against torchvision's affine, rotate and perspective 0.14 in transforms.test.ts
 * @example
 * warpPicture({ data: Uint8Array.of(1, 2, 3), width: 3, height: 1 }, [1, 0, 1, 0, 1, 0, 0, 0, 1]).data // => [0, 1, 2]
 */
export const warpPicture = (picture: Picture, map: Matrix3, options: WarpOptions = {}): Picture => {
  const { width = picture.width, height = picture.height, interpolation = 'nearest', fill } = options
  const out = blankLike(picture, width, height)
  const channels = channelsOf(picture)
  const fills =
    fill === undefined
      ? null
      : Array.from({ length: channels }, (_, c) => (typeof fill === 'number' ? fill : (fill[c] ?? 0)))
  const back = invertMap(map)
  const values = new Float32Array(out.data.length)
  const sample = interpolation === 'nearest' ? nearestAt : bilinearAt
  for (let y = 0, o = 0; y < height; y++) {
    for (let x = 0; x < width; x++, o += channels) {
      const [sx, sy] = mapPoint(back, x + 0.5, y + 0.5)
      sample(picture, channels, sx - 0.5, sy - 0.5, fills, values, o)
    }
  }
  return storeRounded(out, values)
}

const nearestAt = (
  { data, width, height }: Picture,
  channels: number,
  x: number,
  y: number,
  fills: readonly number[] | null,
  out: Float32Array,
  o: number,
): void => {
  const column = roundHalfEven(x)
  const row = roundHalfEven(y)
  const inside = column >= 0 && row >= 0 && column < width && row < height
  const from = (row * width + column) * channels
  for (let c = 0; c < channels; c++) out[o + c] = inside ? data[from + c] : (fills?.[c] ?? 0)
}

/** Adds the picture at a place between pixels to `out`; places outside are the fills. */
export const bilinearAt = (
  { data, width, height }: Picture,
  channels: number,
  x: number,
  y: number,
  fills: readonly number[] | null,
  out: Float32Array,
  o: number,
): void => {
  const left = Math.floor(x)
  const top = Math.floor(y)
  let inside = 0
  for (let k = 0; k < 4; k++) {
    const column = left + (k & 1)
    const row = top + (k >> 1)
    const weight = (k & 1 ? x - left : left + 1 - x) * (k >> 1 ? y - top : top + 1 - y)
    if (!(column >= 0 && row >= 0 && column < width && row < height)) continue
    inside += weight
    const from = (row * width + column) * channels
    for (let c = 0; c < channels; c++) out[o + c] += weight * data[from + c]
  }
  for (let c = 0; fills !== null && c < channels; c++) out[o + c] = out[o + c] * inside + (1 - inside) * fills[c]
}
