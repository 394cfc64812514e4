import { countRows, float32, type Values } from '../arrays.ts'
import { checkRegions, imageOf, pair, type FeatureMaps, type OutputSize } from './regions.ts'

/** Options of {@link roiPool} and {@link psRoiPool}. */
export interface RoiPoolOptions {
  /** Bins of the result. */
  readonly outputSize: OutputSize
  /** From the boxes' coordinates to those of the features, such as 1/16. Default 1. */
  readonly spatialScale?: number
}

/** What the loops need to know beside the data. */
export interface PoolAttrs {
  readonly op: string
  readonly bins: readonly [height: number, width: number]
  readonly scale: number
  /** The mean over channels of each bin's own (R-FCN) instead of the maximum. */
  readonly positionSensitive: boolean
  /** Whether position-sensitive bins may hold the last row and column: in torchvision's gradient alone. Default false. */
  readonly wholeMap?: boolean
}

/** C's round: halves away from zero. */
const roundAway = (x: number): number => (x < 0 ? -Math.floor(0.5 - x) : Math.floor(x + 0.5))

/** First and end cell of each bin along one axis, clipped to the map. */
const binEdges = (
  from: number,
  to: number,
  bins: number,
  size: number,
  attrs: PoolAttrs,
  round: (x: number) => number,
): Int32Array => {
  const start = roundAway(round(from * round(attrs.scale)))
  const end = roundAway(round(to * round(attrs.scale)))
  const step = round(Math.max(end - start + (attrs.positionSensitive ? 0 : 1), 1) / bins)
  // torchvision's position-sensitive form leaves the last row and column out, but not in its gradient.
  const last = attrs.positionSensitive && attrs.wholeMap !== true ? size - 1 : size
  const clip = (x: number): number => Math.min(Math.max(x, 0), last)
  const edges = new Int32Array(2 * bins)
  for (let p = 0; p < bins; p++) {
    edges[2 * p] = clip(Math.floor(round(p * step)) + start)
    edges[2 * p + 1] = clip(Math.ceil(round((p + 1) * step)) + start)
  }
  return edges
}

/** Shape of the pooled regions. */
export const pooledShape = (features: readonly number[], regions: number, attrs: PoolAttrs): number[] => {
  const [binsY, binsX] = attrs.bins
  return [regions, attrs.positionSensitive ? Math.floor(features[1] / (binsY * binsX)) : features[1], binsY, binsX]
}

/** Calls `visit` for every bin of every channel: its index in the output, its plane, and its rows and columns. */
const eachBin = (
  shape: readonly number[],
  rois: ArrayLike<number>,
  attrs: PoolAttrs,
  double: boolean,
  visit: (at: number, plane: number, y1: number, y2: number, x1: number, x2: number) => void,
): void => {
  const round = double ? (x: number): number => x : Math.fround
  const [images, channels, height, width] = shape
  const [, outChannels, binsY, binsX] = pooledShape(shape, 0, attrs)
  for (let k = 0, at = 0; k < rois.length / 5; k++) {
    const image = imageOf(attrs.op, rois, k, images)
    const xs = binEdges(rois[5 * k + 1], rois[5 * k + 3], binsX, width, attrs, round)
    const ys = binEdges(rois[5 * k + 2], rois[5 * k + 4], binsY, height, attrs, round)
    for (let c = 0; c < outChannels; c++) {
      for (let py = 0; py < binsY; py++) {
        for (let px = 0; px < binsX; px++, at++) {
          const channel = attrs.positionSensitive ? (c * binsY + py) * binsX + px : c
          visit(
            at,
            (image * channels + channel) * height * width,
            ys[2 * py],
            ys[2 * py + 1],
            xs[2 * px],
            xs[2 * px + 1],
          )
        }
      }
    }
  }
}

/** The pooled regions into `out`, and for the maximum where each came from into `argmax` (-1 for an empty bin). */
export const poolForward = (
  features: FeatureMaps,
  rois: ArrayLike<number>,
  attrs: PoolAttrs,
  out: Float32Array | Float64Array,
  argmax?: { [i: number]: number },
): void => {
  const { data, shape } = features
  const width = shape[3]
  eachBin(shape, rois, attrs, data instanceof Float64Array, (at, plane, y1, y2, x1, x2) => {
    let best = -1
    let most = -Infinity
    let sum = 0
    for (let y = y1; y < y2; y++) {
      for (let i = plane + y * width + x1; i < plane + y * width + x2; i++) {
        const v = data[i]
        sum += v
        if (v > most) [most, best] = [v, i]
      }
    }
    const cells = (y2 - y1) * (x2 - x1)
    const empty = y2 <= y1 || x2 <= x1
    if (attrs.positionSensitive) out[at] = empty ? 0 : sum / cells
    else out[at] = empty ? 0 : best < 0 ? -3.4028234663852886e38 : most
    if (argmax !== undefined) argmax[at] = best
  })
}

/** Spreads the gradients of position-sensitive means over their cells. */
export const meanBackward = (
  dy: Float32Array | Float64Array,
  rois: ArrayLike<number>,
  attrs: PoolAttrs,
  dx: FeatureMaps,
): void => {
  const { data, shape } = dx
  const width = shape[3]
  eachBin(shape, rois, attrs, dy instanceof Float64Array, (at, plane, y1, y2, x1, x2) => {
    const share = dy[at] / ((y2 - y1) * (x2 - x1))
    for (let y = y1; y < y2; y++) {
      for (let i = plane + y * width + x1; i < plane + y * width + x2; i++) data[i] += share
    }
  })
}

/** The attributes of a call. */
export const poolAttrs = (op: string, options: RoiPoolOptions): PoolAttrs => ({
  op,
  bins: pair(options.outputSize),
  scale: options.spatialScale ?? 1,
  positionSensitive: op === 'psRoiPool',
})

/**
 * RoIPool on plain arrays, without gradients; see {@link roiPool} for the op on tensors.
 * @param features - [N, C, H, W]
 * @param rois - rows of image index and xyxy corners, [K, 5]
 * @returns [K, C, bins, bins]
 * @throws ShapeError or ValueError when features, regions or sizes do not fit.
 * @source Girshick 2015; checked against torchvision.ops.roi_pool 0.14 in roi.test.ts
 * @example
 * const features = { data: Float32Array.of(1, 2, 3, 4), shape: [1, 1, 2, 2] }
 * roiPoolArray(features, [0, 0, 0, 1, 1], { outputSize: 1 }).data // => [4]
 */
export const roiPoolArray = (features: FeatureMaps, rois: Values, options: RoiPoolOptions): FeatureMaps =>
  poolArray('roiPool', features, rois, options)

/**
 * Position-sensitive RoIPool on plain arrays; see {@link psRoiPool}.
 * @param features - [N, C * bins * bins, H, W]
 * @param rois - rows of image index and xyxy corners, [K, 5]
 * @returns [K, C, bins, bins]
 * @source Dai et al. 2016; checked against torchvision.ops.ps_roi_pool 0.14 in roi.test.ts
 * @example
 * const features = { data: Float32Array.of(1, 2, 0, 3, 4, 0, 0, 0, 0), shape: [1, 1, 3, 3] }
 * psRoiPoolArray(features, [0, 0, 0, 2, 2], { outputSize: 1 }).data // => [2.5]
 */
export const psRoiPoolArray = (features: FeatureMaps, rois: Values, options: RoiPoolOptions): FeatureMaps =>
  poolArray('psRoiPool', features, rois, options)

const poolArray = (op: string, features: FeatureMaps, rois: Values, options: RoiPoolOptions): FeatureMaps => {
  const regions = float32(rois)
  checkRegions(op, [features.shape], [countRows(op, 'regions', regions, 5), 5], options.outputSize)
  const attrs = poolAttrs(op, options)
  const shape = pooledShape(features.shape, regions.length / 5, attrs)
  const data = new Float32Array(shape.reduce((a, b) => a * b))
  poolForward(features, regions, attrs, data)
  return { data, shape }
}
