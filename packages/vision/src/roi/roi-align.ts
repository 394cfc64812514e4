import { ValueError } from '@lanewise/core'
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

/** The cells that the bins of one axis read, with their weights: bin p has entries starts[p] to starts[p + 1]. */
interface AxisTaps {
  readonly starts: Int32Array
  readonly cells: Int32Array
  readonly weights: Float64Array
}

/** A region's bins are the products of those of its axes: bilinear samples on a grid fall apart into rows and columns. */
interface RegionTaps {
  readonly x: AxisTaps
  readonly y: AxisTaps
  /** What a bin starts from. */
  readonly empty: number
}

const identity = (x: number): number => x

// Beyond this a region is no part of any picture, and torchvision runs out of memory.
const mostSamples = 100000

/** Where the samples of one axis lie, neighbours of one cell added up. A sample outside of the map counts as 0. */
const axisTaps = (
  start: number,
  step: number,
  bins: number,
  grid: number,
  size: number,
  round: (x: number) => number,
): AxisTaps => {
  const starts = new Int32Array(bins + 1)
  const most = bins * Math.min(2 * grid, size)
  const cells = new Int32Array(most)
  const weights = new Float64Array(most)
  let n = 0
  for (let p = 0; p < bins; p++) {
    for (let i = 0; i < grid; i++) {
      const at = round(round(start + round(p * step)) + round(round((i + 0.5) * step) / grid))
      if (!(at >= -1 && at <= size)) continue
      const inside = at > 0 ? at : 0
      const low = Math.min(Math.trunc(inside), size - 1)
      const share = low >= size - 1 ? 0 : round(inside - low)
      // Cells of a bin ascend: a repeated one is the last or the one before.
      for (let cell = low; cell <= Math.min(low + 1, size - 1); cell++) {
        const weight = (cell === low ? 1 - share : share) / grid
        let k = n
        while (k > starts[p] && cells[k - 1] >= cell) k--
        if (k < n && cells[k] === cell) weights[k] += weight
        else {
          cells[n] = cell
          weights[n++] = weight
        }
      }
    }
    starts[p + 1] = n
  }
  return { starts, cells, weights }
}

const tapsOf = (
  rois: ArrayLike<number>,
  k: number,
  height: number,
  width: number,
  level: number,
  attrs: AlignAttrs,
  round: (x: number) => number,
): RegionTaps => {
  const [binsY, binsX] = attrs.bins
  const shift = attrs.aligned ? 0.5 : 0
  const corner = (i: number): number => round(round(rois[5 * k + i] * round(attrs.scales[level])) - shift)
  const extent = (from: number, to: number): number => {
    const side = round(corner(to) - corner(from))
    return attrs.aligned || side > 1 ? side : 1
  }
  const stepX = round(extent(1, 3) / binsX)
  const stepY = round(extent(2, 4) / binsY)
  const gridX = attrs.samplingRatio > 0 ? attrs.samplingRatio : Math.ceil(stepX)
  const gridY = attrs.samplingRatio > 0 ? attrs.samplingRatio : Math.ceil(stepY)
  if (gridX > mostSamples || gridY > mostSamples) {
    throw new ValueError({
      op: attrs.op,
      problem: 'a region is too large to sample',
      got: `${gridX}x${gridY} samples of a bin in region ${k}`,
      expected: `at most ${mostSamples} along an axis`,
      advice: 'Clip the boxes, or pass a samplingRatio',
    })
  }
  return {
    x: axisTaps(corner(1), stepX, binsX, Math.max(gridX, 0), width, round),
    y: axisTaps(corner(2), stepY, binsY, Math.max(gridY, 0), height, round),
    // A region without samples gives 0; a position-sensitive one of zero area 0 / 0, as in torchvision.
    empty: attrs.positionSensitive && gridX * gridY === 0 ? NaN : 0,
  }
}

/** Shape of the pooled regions. */
export const alignedShape = (features: readonly number[], regions: number, attrs: AlignAttrs): number[] => {
  const [binsY, binsX] = attrs.bins
  return [regions, attrs.positionSensitive ? Math.floor(features[1] / (binsY * binsX)) : features[1], binsY, binsX]
}

/** Calls `visit` for every region that lies on a level. */
const eachRegion = (
  features: readonly { readonly shape: readonly number[] }[],
  rois: ArrayLike<number>,
  attrs: AlignAttrs,
  double: boolean,
  visit: (k: number, level: number, image: number, taps: RegionTaps) => void,
): void => {
  const round = double ? identity : Math.fround
  for (let k = 0; k < rois.length / 5; k++) {
    const level = attrs.levels?.[k] ?? 0
    if (level < 0) continue
    const [images, , height, width] = features[level].shape
    visit(k, level, imageOf(attrs.op, rois, k, images), tapsOf(rois, k, height, width, level, attrs, round))
  }
}

type Floats = Float32Array | Float64Array

const sameKind = (like: Floats, length: number): Floats =>
  like instanceof Float64Array ? new Float64Array(length) : new Float32Array(length)

/** [N, C, H, W] as [N, H, W, C]: the loops below run over the channels of a cell. */
const channelsLast = ({ data, shape: [N, C, H, W] }: FeatureMaps): Floats => {
  const out = sameKind(data, data.length)
  const plane = H * W
  for (let n = 0; n < N; n++) {
    for (let c = 0; c < C; c++) {
      for (let p = 0, i = (n * C + c) * plane, o = n * C * plane + c; p < plane; p++, o += C) out[o] = data[i + p]
    }
  }
  return out
}

/** Channels that a bin reads: from the first of them in steps of the stride. */
const channelsOfBin = (bin: number, bins: number, attrs: AlignAttrs): { first: number; stride: number } =>
  attrs.positionSensitive ? { first: bin, stride: bins } : { first: 0, stride: 1 }

/** The cells of one bin as offsets into a channels-last map, and their weights. */
class BinTaps {
  count = 0
  offsets: Int32Array = new Int32Array(64)
  weights: Float64Array = new Float64Array(64)

  /** Reads bin (py, px) of a region. */
  read({ x, y }: RegionTaps, py: number, px: number, origin: number, width: number, channels: number): void {
    const most = (y.starts[py + 1] - y.starts[py]) * (x.starts[px + 1] - x.starts[px])
    if (most + 3 > this.offsets.length) {
      this.offsets = new Int32Array(2 * most + 3)
      this.weights = new Float64Array(2 * most + 3)
    }
    this.count = 0
    for (let i = y.starts[py]; i < y.starts[py + 1]; i++) {
      for (let j = x.starts[px]; j < x.starts[px + 1]; j++) {
        this.offsets[this.count] = origin + (y.cells[i] * width + x.cells[j]) * channels
        this.weights[this.count++] = y.weights[i] * x.weights[j]
      }
    }
  }

  /** Makes the count a multiple of four: the last cell is read several times, for a part of its weight each. */
  fillFours(): void {
    const last = this.count - 1
    const times = 1 + ((4 - (this.count % 4)) % 4)
    if (last < 0 || times === 1) return
    this.weights[last] /= times
    for (let k = 1; k < times; k++) {
      this.offsets[this.count] = this.offsets[last]
      this.weights[this.count++] = this.weights[last]
    }
  }
}

/** sum = start + weights * cells for every channel, four cells at a time. */
const sumCells = (sum: Float64Array, data: Floats, taps: BinTaps, stride: number, start: number): void => {
  sum.fill(start)
  const { count, offsets, weights } = taps
  for (let t = 0; t < count && stride !== 1; t++) {
    for (let c = 0; c < sum.length; c++) sum[c] += weights[t] * data[offsets[t] + c * stride]
  }
  for (let t = 0; t < count && stride === 1; t += 4) {
    const w0 = weights[t]
    const w1 = weights[t + 1]
    const w2 = weights[t + 2]
    const w3 = weights[t + 3]
    const a0 = offsets[t]
    const a1 = offsets[t + 1]
    const a2 = offsets[t + 2]
    const a3 = offsets[t + 3]
    for (let c = 0; c < sum.length; c++)
      sum[c] += w0 * data[a0 + c] + w1 * data[a1 + c] + w2 * data[a2 + c] + w3 * data[a3 + c]
  }
}

/** The pooled regions, into `out`. */
const alignForward = (
  features: readonly FeatureMaps[],
  rois: ArrayLike<number>,
  attrs: AlignAttrs,
  out: Floats,
): void => {
  const [, channels] = alignedShape(features[0].shape, 0, attrs)
  const [binsY, binsX] = attrs.bins
  const bins = binsY * binsX
  const maps = features.map(channelsLast)
  const sum = new Float64Array(channels)
  const taps = new BinTaps()
  eachRegion(features, rois, attrs, out instanceof Float64Array, (k, level, image, region) => {
    const [, C, H, W] = features[level].shape
    for (let b = 0; b < bins; b++) {
      const { first, stride } = channelsOfBin(b, bins, attrs)
      taps.read(region, Math.floor(b / binsX), b % binsX, image * H * W * C + first, W, C)
      taps.fillFours()
      sumCells(sum, maps[level], taps, stride, region.empty)
      for (let c = 0, o = k * channels * bins + b; c < channels; c++, o += bins) out[o] = sum[c]
    }
  })
}

/** Weighted cells of many bins, the same number for each: cells that are missing have weight 0. */
export interface AlignTables {
  /** Cells of a bin. */
  readonly count: number
  /** Rows of the map seen as [N * H * W, C], or [N * H * W * bins, C] where bins have channels of their own. */
  readonly rows: Int32Array<ArrayBuffer>
  readonly weights: Float64Array<ArrayBuffer>
  /** Regions, counted in the list, whose bins are 0 / 0. */
  readonly empty: number[]
}

// Tables of more entries than this are made in parts, so that they stay within some 50 MB.
const tableLimit = 4194304

/**
 * The cells of some regions on one level: {@link alignForward} as rows to be added up. null where the table would be
 * too large and the list can be cut in two.
 */
export const alignTables = (
  shape: readonly number[],
  rois: ArrayLike<number>,
  list: readonly number[],
  attrs: AlignAttrs,
  { level, double }: { readonly level: number; readonly double: boolean },
): AlignTables | null => {
  const [images, , H, W] = shape
  const [binsY, binsX] = attrs.bins
  const bins = binsY * binsX
  const round = double ? identity : Math.fround
  const regions = list.map((k) => tapsOf(rois, k, H, W, level, attrs, round))
  const most = ({ starts }: AxisTaps): number =>
    starts.reduce((m, s, p) => Math.max(m, p === 0 ? 0 : s - starts[p - 1]), 0)
  const count = regions.reduce((m, { x, y }) => Math.max(m, most(x) * most(y)), 0)
  if (list.length > 1 && list.length * bins * count > tableLimit) return null
  const rows = new Int32Array(list.length * bins * count)
  const weights = new Float64Array(rows.length)
  const [stride, step] = attrs.positionSensitive ? [bins, 1] : [1, 0]
  regions.forEach(({ x, y }, r) => {
    const origin = imageOf(attrs.op, rois, list[r], images) * H * W
    for (let b = 0; b < bins; b++) {
      const [py, px] = [Math.floor(b / binsX), b % binsX]
      let at = (r * bins + b) * count
      for (let i = y.starts[py]; i < y.starts[py + 1]; i++) {
        const row = origin + y.cells[i] * W
        for (let j = x.starts[px]; j < x.starts[px + 1]; j++, at++) {
          rows[at] = (row + x.cells[j]) * stride + b * step
          weights[at] = y.weights[i] * x.weights[j]
        }
      }
    }
  })
  return { count, rows, weights, empty: regions.flatMap(({ empty }, r) => (empty === empty ? [] : [r])) }
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
 * @example
 * const features = { data: Float32Array.of(1, 2, 3, 4), shape: [1, 1, 2, 2] }
 * psRoiAlignArray(features, [0, 0.5, 0.5, 1.5, 1.5], { outputSize: 1 }).data // => [2.5]
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
