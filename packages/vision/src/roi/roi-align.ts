import { countRows, float32, type Values } from '../arrays.ts'
import { checkRegions, imageOf, pair, type FeatureMaps, type OutputSize } from './regions.ts'

/** Options of {@link roiAlign} and {@link psRoiAlign}. */
export interface RoiAlignOptions {
  /** Bins of the result. */
  readonly outputSize: OutputSize
  /** From the boxes' coordinates to those of the features, such as 1/16. Default 1. */
  readonly spatialScale?: number
  /** Samples of a bin along each axis; 0 or less takes ceil(region / bins). Default -1. */
  readonly samplingRatio?: number
  /** Shifts the boxes by half a pixel, which puts them where they belong. Default false, as torchvision. */
  readonly aligned?: boolean
}

/** What the loops need to know beside the data. */
export interface AlignAttrs {
  readonly op: string
  readonly bins: readonly [height: number, width: number]
  readonly samplingRatio: number
  readonly aligned: boolean
  /** Every bin reads channels of its own (R-FCN). */
  readonly positionSensitive: boolean
  /** Scale of each level. */
  readonly scales: readonly number[]
  /** Level of each region, negative for none; left out, all are on the first. */
  readonly levels?: ArrayLike<number>
}

/** Samples of one region: per sample four offsets in a plane and their weights, bins in row-major order. */
interface Taps {
  readonly perBin: number
  /** What a bin starts from. */
  readonly empty: number
  readonly offsets: Int32Array
  readonly weights: Float64Array
}

const identity = (x: number): number => x

/** Where the samples of one axis lie: two neighbours and the weight of the second; -1 outside of the map. */
const axisTaps = (
  start: number,
  step: number,
  bins: number,
  grid: number,
  size: number,
  round: (x: number) => number,
): { low: Int32Array; high: Int32Array; fraction: Float64Array } => {
  const low = new Int32Array(bins * grid)
  const high = new Int32Array(bins * grid)
  const fraction = new Float64Array(bins * grid)
  for (let p = 0; p < bins; p++) {
    for (let i = 0; i < grid; i++) {
      const at = round(round(start + round(p * step)) + round(round((i + 0.5) * step) / grid))
      const k = p * grid + i
      if (!(at >= -1 && at <= size)) {
        low[k] = -1
        continue
      }
      const inside = at > 0 ? at : 0
      low[k] = Math.min(Math.trunc(inside), size - 1)
      high[k] = Math.min(low[k] + 1, size - 1)
      fraction[k] = low[k] >= size - 1 ? 0 : round(inside - low[k])
    }
  }
  return { low, high, fraction }
}

const tapsOf = (
  rois: ArrayLike<number>,
  k: number,
  height: number,
  width: number,
  level: number,
  attrs: AlignAttrs,
  round: (x: number) => number,
): Taps => {
  const [binsY, binsX] = attrs.bins
  const shift = attrs.aligned ? 0.5 : 0
  const corner = (i: number): number => round(round(rois[5 * k + i] * round(attrs.scales[level])) - shift)
  const extent = (from: number, to: number): number => {
    const side = round(corner(to) - corner(from))
    return attrs.aligned || side > 1 ? side : 1
  }
  const w = extent(1, 3)
  const h = extent(2, 4)
  const stepX = round(w / binsX)
  const stepY = round(h / binsY)
  const wantedX = attrs.samplingRatio > 0 ? attrs.samplingRatio : Math.ceil(stepX)
  const wantedY = attrs.samplingRatio > 0 ? attrs.samplingRatio : Math.ceil(stepY)
  const gridX = Math.max(wantedX, 0)
  const gridY = Math.max(wantedY, 0)
  const x = axisTaps(corner(1), stepX, binsX, gridX, width, round)
  const y = axisTaps(corner(2), stepY, binsY, gridY, height, round)
  const perBin = gridX * gridY
  const samples = binsX * binsY * perBin
  const offsets = new Int32Array(4 * samples)
  const weights = new Float64Array(4 * samples)
  const share = 1 / Math.max(perBin, 1)
  let s = 0
  for (let py = 0; py < binsY; py++) {
    for (let px = 0; px < binsX; px++) {
      for (let iy = py * gridY; iy < (py + 1) * gridY; iy++) {
        for (let ix = px * gridX; ix < (px + 1) * gridX; ix++, s += 4) {
          if (y.low[iy] < 0 || x.low[ix] < 0) continue
          const fy = y.fraction[iy]
          const fx = x.fraction[ix]
          offsets[s] = y.low[iy] * width + x.low[ix]
          offsets[s + 1] = y.low[iy] * width + x.high[ix]
          offsets[s + 2] = y.high[iy] * width + x.low[ix]
          offsets[s + 3] = y.high[iy] * width + x.high[ix]
          weights[s] = (1 - fy) * (1 - fx) * share
          weights[s + 1] = (1 - fy) * fx * share
          weights[s + 2] = fy * (1 - fx) * share
          weights[s + 3] = fy * fx * share
        }
      }
    }
  }
  // A region without samples gives 0; a position-sensitive one of zero area 0 / 0, as in torchvision.
  const empty = attrs.positionSensitive && wantedX * wantedY === 0 ? NaN : 0
  return { perBin, empty, offsets, weights }
}

/** Shape of the pooled regions. */
export const alignedShape = (features: readonly number[], regions: number, attrs: AlignAttrs): number[] => {
  const [binsY, binsX] = attrs.bins
  return [regions, attrs.positionSensitive ? Math.floor(features[1] / (binsY * binsX)) : features[1], binsY, binsX]
}

/**
 * Calls `visit` for every region: its taps, where its image's planes begin in its level, and the elements of a plane.
 */
const eachRegion = (
  features: readonly { readonly shape: readonly number[] }[],
  rois: ArrayLike<number>,
  attrs: AlignAttrs,
  double: boolean,
  visit: (k: number, level: number, taps: Taps, base: number, plane: number) => void,
): void => {
  const round = double ? identity : Math.fround
  for (let k = 0; k < rois.length / 5; k++) {
    const level = attrs.levels?.[k] ?? 0
    if (level < 0) continue
    const [images, channels, height, width] = features[level].shape
    const taps = tapsOf(rois, k, height, width, level, attrs, round)
    const plane = height * width
    visit(k, level, taps, imageOf(attrs.op, rois, k, images) * channels * plane, plane)
  }
}

/** The pooled regions, into `out`. */
export const alignForward = (
  features: readonly FeatureMaps[],
  rois: ArrayLike<number>,
  attrs: AlignAttrs,
  out: Float32Array | Float64Array,
): void => {
  const [, channels] = alignedShape(features[0].shape, 0, attrs)
  const bins = attrs.bins[0] * attrs.bins[1]
  const double = features[0].data instanceof Float64Array
  eachRegion(features, rois, attrs, double, (k, level, { perBin, empty, offsets, weights }, base, plane) => {
    const { data } = features[level]
    const end = 4 * perBin
    for (let c = 0; c < channels; c++) {
      for (let b = 0; b < bins; b++) {
        const from = base + (attrs.positionSensitive ? c * bins + b : c) * plane
        let sum = empty
        for (let s = b * end; s < (b + 1) * end; s += 4) {
          sum +=
            weights[s] * data[from + offsets[s]] +
            weights[s + 1] * data[from + offsets[s + 1]] +
            weights[s + 2] * data[from + offsets[s + 2]] +
            weights[s + 3] * data[from + offsets[s + 3]]
        }
        out[(k * channels + c) * bins + b] = sum
      }
    }
  })
}

/** Adds the gradients of the features to `dx`, level by level, given those of the pooled regions. */
export const alignBackward = (
  dy: Float32Array | Float64Array,
  rois: ArrayLike<number>,
  attrs: AlignAttrs,
  dx: readonly FeatureMaps[],
): void => {
  const [, channels] = alignedShape(dx[0].shape, 0, attrs)
  const bins = attrs.bins[0] * attrs.bins[1]
  eachRegion(dx, rois, attrs, dy instanceof Float64Array, (k, level, { perBin, offsets, weights }, base, plane) => {
    const { data } = dx[level]
    for (let c = 0; c < channels; c++) {
      for (let b = 0; b < bins; b++) {
        const to = base + (attrs.positionSensitive ? c * bins + b : c) * plane
        const g = dy[(k * channels + c) * bins + b]
        for (let s = 4 * b * perBin; s < 4 * (b + 1) * perBin; s++) data[to + offsets[s]] += weights[s] * g
      }
    }
  })
}

/** The attributes of a call on one level. */
export const alignAttrs = (op: string, options: RoiAlignOptions): AlignAttrs => ({
  op,
  bins: pair(options.outputSize),
  samplingRatio: options.samplingRatio ?? -1,
  aligned: op === 'psRoiAlign' || (options.aligned ?? false),
  positionSensitive: op === 'psRoiAlign',
  scales: [options.spatialScale ?? 1],
})

/**
 * RoIAlign on plain arrays, without gradients; see {@link roiAlign} for the op on tensors.
 * @param features - [N, C, H, W]
 * @param rois - rows of image index and xyxy corners, [K, 5]
 * @returns [K, C, bins, bins]
 * @throws ShapeError or ValueError when features, regions or sizes do not fit.
 * @source He et al. 2017; checked against torchvision.ops.roi_align 0.14 in roi.test.ts
 * @example
 * const features = { data: Float32Array.of(1, 2, 3, 4), shape: [1, 1, 2, 2] }
 * roiAlignArray(features, [0, 0, 0, 1, 1], { outputSize: 1 }).data // => [2.5]
 */
export const roiAlignArray = (features: FeatureMaps, rois: Values, options: RoiAlignOptions): FeatureMaps =>
  alignArray('roiAlign', features, rois, options)

/**
 * Position-sensitive RoIAlign on plain arrays; see {@link psRoiAlign}.
 * @param features - [N, C * bins * bins, H, W]
 * @param rois - rows of image index and xyxy corners, [K, 5]
 * @returns [K, C, bins, bins]
 * @source Checked against torchvision.ops.ps_roi_align 0.14 in roi.test.ts
 */
export const psRoiAlignArray = (features: FeatureMaps, rois: Values, options: RoiAlignOptions): FeatureMaps =>
  alignArray('psRoiAlign', features, rois, options)

const alignArray = (op: string, features: FeatureMaps, rois: Values, options: RoiAlignOptions): FeatureMaps => {
  const regions = float32(rois)
  checkRegions(op, [features.shape], [countRows(op, 'regions', regions, 5), 5], options.outputSize)
  const attrs = alignAttrs(op, options)
  const shape = alignedShape(features.shape, regions.length / 5, attrs)
  const data = new Float32Array(shape.reduce((a, b) => a * b))
  alignForward([features], regions, attrs, data)
  return { data, shape }
}
