import { ShapeError, ValueError } from '@lanewise/core'
import { channelsOf, isBytes, type Picture } from '../transforms/picture.ts'
import { leastSquares } from './homography.ts'

/** Options of {@link laneMask}. Levels are 0 to 1. */
export interface LaneMaskOptions {
  /** A bright pixel lies this far from the picture's median lightness to its brightest part. Default 0.5. */
  readonly white?: number
  /** A yellow pixel has at least this share of saturation, red and green well above blue. Default 0.4. */
  readonly yellow?: number
  /** An edge across the road is at least this steep, of the steepest in the picture. Default 0.35. */
  readonly gradient?: number
  /** A picture whose brightest part is less than this above its median has no bright markings. Default 0.15. */
  readonly contrast?: number
}

/** Lightness from which on a pixel is bright: between the median and the lightest five in a thousand. */
const brightFrom = (light: Float32Array, white: number, contrast: number): number => {
  const histogram = new Int32Array(256)
  for (const v of light) histogram[Math.min(255, Math.max(0, Math.trunc(v * 256)))]++
  const quantile = (share: number): number => {
    let level = 0
    for (let seen = histogram[0]; seen < share * light.length && level < 255; seen += histogram[level]) level++
    return level / 256
  }
  const [median, top] = [quantile(0.5), quantile(0.995)]
  return top - median < contrast ? Infinity : median + white * (top - median)
}

/**
 * Pixels that may be lane markings: bright or yellow ones beside a steep change to the left or right.
 * @param picture - grey or colour; best a view from above, see {@link birdsEye}
 * @returns 0 or 1, [height, width]
 * @example
 * const row = [0, 0, 0, 0, 255, 0, 0, 0, 0]
 * laneMask({ data: Uint8Array.from([...row, ...row, ...row]), width: 9, height: 3 }).subarray(9, 18) // => [0, 0, 0, 0, 1, 0, 0, 0, 0]
 */
export const laneMask = (
  picture: Picture,
  { white = 0.5, yellow = 0.4, gradient = 0.35, contrast = 0.15 }: LaneMaskOptions = {},
): Uint8Array => {
  const channels = channelsOf(picture)
  const scale = isBytes(picture) ? 255 : 1
  const { data, width, height } = picture
  const light = new Float32Array(width * height)
  // Edges are sought in the largest channel, where yellow is as bright as white.
  const brightest = new Float32Array(width * height)
  const coloured = new Uint8Array(width * height)
  for (let i = 0; i < light.length; i++) {
    const at = (c: number): number => data[i * channels + (channels >= 3 ? c : 0)] / scale
    const [r, g, b] = [at(0), at(1), at(2)]
    brightest[i] = Math.max(r, g, b)
    light[i] = (brightest[i] + Math.min(r, g, b)) / 2
    const spread = brightest[i] - Math.min(r, g, b)
    coloured[i] = spread >= yellow * Math.max(brightest[i], 0.2) && Math.min(r, g) > b && g > 0.5 * r && r > 0.3 ? 1 : 0
  }
  const steep = sobelX(brightest, width, height)
  const limit = gradient * steep.reduce((a, b) => Math.max(a, b), 0)
  const bright = brightFrom(light, white, contrast)
  const mask = new Uint8Array(width * height)
  for (let i = 0; i < mask.length; i++) {
    const marked = light[i] >= bright || coloured[i] === 1
    const x = i % width
    // A marking is a few pixels wide: its edge lies within three.
    let edge = false
    for (let d = Math.max(-3, -x); marked && d <= 3 && x + d < width; d++)
      edge ||= steep[i + d] >= limit && steep[i + d] > 0
    mask[i] = edge ? 1 : 0
  }
  return mask
}

/** |Sobel gradient| along x; the outermost pixels are 0. */
const sobelX = (values: Float32Array, width: number, height: number): Float32Array => {
  const out = new Float32Array(values.length)
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const i = y * width + x
      const row = (k: number): number => values[k + 1] - values[k - 1]
      out[i] = Math.abs(row(i - width) + 2 * row(i) + row(i + width))
    }
  }
  return out
}

/** x = c0 + c1 y + c2 y², in pixels of the view, y from its upper edge. */
export type LaneCurve = readonly [c0: number, c1: number, c2: number]

/**
 * Where a curve is at a row.
 * @example
 * laneX([5, 1, 0.5], 2) // => 9
 */
export const laneX = ([c0, c1, c2]: LaneCurve, y: number): number => c0 + (c1 + c2 * y) * y

/**
 * The polynomial nearest to some points: c[0] + c[1] y + c[2] y² + ...
 * @param xs - values
 * @param ys - places
 * @returns degree + 1 coefficients, or null where the places do not fix them
 * @throws ShapeError when there are not as many of both.
 * @example
 * polyFit([1, 3, 5], [0, 1, 2], 1) // => [1, 2]
 */
export const polyFit = (xs: ArrayLike<number>, ys: ArrayLike<number>, degree: number): number[] | null => {
  if (xs.length !== ys.length)
    throw new ShapeError({
      op: 'polyFit',
      problem: 'not as many values as places',
      got: `${xs.length} and ${ys.length}`,
    })
  if (xs.length <= degree) return null
  // Places are brought to about -1 to 1 for the sake of the equations, and the result back.
  let [low, high] = [Infinity, -Infinity]
  for (let i = 0; i < ys.length; i++) {
    low = Math.min(low, ys[i])
    high = Math.max(high, ys[i])
  }
  const [middle, half] = [(low + high) / 2, (high - low) / 2 || 1]
  const rows = Array.from({ length: xs.length }, (_, i) => {
    const t = (ys[i] - middle) / half
    const row = [1]
    for (let k = 1; k <= degree; k++) row.push(row[k - 1] * t)
    return [...row, xs[i]]
  })
  const scaled = leastSquares(rows)
  if (scaled === null) return null
  // Horner's scheme on polynomials: p = p * (y - middle) / half + c.
  let out = [0]
  for (let k = degree; k >= 0; k--) {
    const next = new Array<number>(out.length + 1).fill(0)
    out.forEach((c, i) => {
      next[i + 1] += c / half
      next[i] -= (c * middle) / half
    })
    next[0] += scaled[k]
    out = next
  }
  return out.slice(0, degree + 1)
}

/** Options of {@link findLanes}. */
export interface FindLanesOptions {
  readonly width: number
  readonly height: number
  /** Metres of a pixel across and along the road, where the view is scaled. Default 1: results are in pixels. */
  readonly meterPerPixelX?: number
  readonly meterPerPixelY?: number
  /** Windows from the lower to the upper edge. Default 9. */
  readonly windows?: number
  /** Half the width of a window in pixels. Default an eighth of the width. */
  readonly margin?: number
  /** Marked pixels that move the next window. Default 10. */
  readonly minPixels?: number
  /** The curves of the frame before: pixels near them are taken instead of windows. */
  readonly previous?: Pick<Lanes, 'left' | 'right'>
}

/** The two markings of a lane. */
export interface Lanes {
  /** null where too few pixels were found. */
  readonly left: LaneCurve | null
  readonly right: LaneCurve | null
  /** Radius of the lane's bend at the lower edge, positive to the left; Infinity when straight, null without a marking. */
  readonly radiusM: number | null
  /** How far the lane's middle is to the right of the view's at the lower edge; null unless both were found. */
  readonly offsetM: number | null
  /** Width of the lane at the lower edge; null unless both were found. */
  readonly widthM: number | null
}

/** Marked pixels of one marking. */
interface Pixels {
  readonly xs: number[]
  readonly ys: number[]
}

/** Columns of the highest sums in the left and right half of the lower half of the view. */
const baseColumns = (mask: ArrayLike<number>, width: number, height: number): [left: number, right: number] => {
  const sums = new Float64Array(width)
  for (let y = height >> 1; y < height; y++) for (let x = 0; x < width; x++) if (mask[y * width + x] !== 0) sums[x]++
  const smooth = sums.map((_, x) => {
    let sum = 0
    for (let d = -2; d <= 2; d++) sum += sums[x + d] ?? 0
    return sum
  })
  const peak = (from: number, to: number): number => {
    let best = from
    for (let x = from; x < to; x++) if (smooth[x] > smooth[best]) best = x
    // A marking is a plateau: its middle.
    let end = best
    while (end + 1 < to && smooth[end + 1] === smooth[best]) end++
    return (best + end) / 2
  }
  return [peak(0, width >> 1), peak(width >> 1, width)]
}

const inWindows = (mask: ArrayLike<number>, base: number, options: FindLanesOptions): Pixels => {
  const { width, height, windows = 9, margin = Math.max(4, Math.round(width / 8)), minPixels = 10 } = options
  const found: Pixels = { xs: [], ys: [] }
  let centre = base
  let last = base
  let step = 0
  for (let w = 0; w < windows; w++) {
    const bottom = height - Math.floor((w * height) / windows)
    const top = height - Math.floor(((w + 1) * height) / windows)
    let [count, sum] = [0, 0]
    for (let y = top; y < bottom; y++) {
      for (let x = Math.max(0, Math.ceil(centre - margin)); x <= Math.min(width - 1, centre + margin); x++) {
        if (mask[y * width + x] === 0) continue
        found.xs.push(x + 0.5)
        found.ys.push(y + 0.5)
        count++
        sum += x
      }
    }
    // The next window stands where the marking goes; a gap is crossed in the direction it had.
    const middle = sum / count
    if (count >= minPixels) {
      step = w === 0 ? 0 : Math.max(-margin, Math.min(margin, middle - last))
      last = middle
    } else last += step
    centre = last + step
  }
  return found
}

const nearCurve = (mask: ArrayLike<number>, curve: LaneCurve, options: FindLanesOptions): Pixels => {
  const { width, height, margin = Math.max(4, Math.round(width / 8)) } = options
  const found: Pixels = { xs: [], ys: [] }
  for (let y = 0; y < height; y++) {
    const x0 = laneX(curve, y + 0.5)
    for (let x = Math.max(0, Math.ceil(x0 - margin)); x <= Math.min(width - 1, x0 + margin); x++) {
      if (mask[y * width + x] === 0) continue
      found.xs.push(x + 0.5)
      found.ys.push(y + 0.5)
    }
  }
  return found
}

/** The curve through the pixels, or null where they are too few or cover too few rows. */
const fitCurve = ({ xs, ys }: Pixels, { minPixels = 10 }: FindLanesOptions): LaneCurve | null => {
  if (xs.length < Math.max(3, minPixels)) return null
  const fit = polyFit(xs, ys, 2)
  return fit === null ? null : [fit[0], fit[1], fit[2]]
}

/**
 * The markings to the left and right of the lane, in a view from above: histogram, sliding windows upwards (or the
 * neighbourhood of the curves before), a parabola through each.
 * @param mask - 0 or other, [height, width], such as {@link laneMask} gives
 * @throws ShapeError when the mask does not fit its size; ValueError when a scale is not positive.
 * @example
 * const mask = Uint8Array.from({ length: 40 * 30 }, (_, i) => (i % 40 === 10 || i % 40 === 30 ? 1 : 0))
 * findLanes(mask, { width: 40, height: 30, minPixels: 2 }).widthM // => 20
 */
export const findLanes = (mask: ArrayLike<number>, options: FindLanesOptions): Lanes => {
  const { width, height, meterPerPixelX = 1, meterPerPixelY = 1, previous } = options
  if (mask.length !== width * height) {
    throw new ShapeError({
      op: 'findLanes',
      problem: 'the mask does not fit its size',
      got: `${mask.length} pixels for ${width}x${height}`,
    })
  }
  if (!(meterPerPixelX > 0 && meterPerPixelY > 0)) {
    throw new ValueError({
      op: 'findLanes',
      problem: 'a scale is not positive',
      got: `${meterPerPixelX} and ${meterPerPixelY}`,
    })
  }
  const bases = baseColumns(mask, width, height)
  const curves = [previous?.left, previous?.right].map((before, side) => {
    const near = before ? fitCurve(nearCurve(mask, before, options), options) : null
    return near ?? fitCurve(inWindows(mask, bases[side], options), options)
  })
  const [left, right] = curves
  const both = left !== null && right !== null
  const [xl, xr] = both ? [laneX(left, height), laneX(right, height)] : [0, 0]
  return {
    left,
    right,
    radiusM: laneRadius(
      curves.filter((c) => c !== null),
      height,
      meterPerPixelX,
      meterPerPixelY,
    ),
    offsetM: both ? ((xl + xr) / 2 - width / 2) * meterPerPixelX : null,
    widthM: both ? (xr - xl) * meterPerPixelX : null,
  }
}

/** Mean radius of curves at row `y`: (1 + x'²)^1.5 / x'', positive where the road bends to the left going up. */
const laneRadius = (curves: readonly LaneCurve[], y: number, mx: number, my: number): number | null => {
  if (curves.length === 0) return null
  let bend = 0
  for (const [, c1, c2] of curves) {
    const slope = ((c1 + 2 * c2 * y) * mx) / my
    const length = Math.sqrt(1 + slope * slope)
    bend -= (2 * c2 * mx) / (my * my) / (length * length * length) / curves.length
  }
  return bend === 0 ? Infinity : 1 / bend
}
