import { ValueError } from '@lanewise/core'
import { imageOf, pair, type OutputSize } from './regions.ts'

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
 * The cells of some regions on one level, as rows to be added up. null where the table would be
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
