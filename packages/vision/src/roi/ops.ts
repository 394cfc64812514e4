import {
  add,
  apply,
  concat,
  DTypeError,
  embeddingBag,
  fromData,
  indexSelect,
  permute,
  reshape,
  zeros,
  type NDArray,
  type OpDef,
  type Shape,
  type Tensor,
} from '@lanewise/core'
import { countRows, float32, type Values } from '../arrays.ts'
import { log2 } from '../math.ts'
import { assignLevels, checkRegions, imageOf, inferScale, roisFromBoxes, type OutputSize } from './regions.ts'
import { alignAttrs, alignedShape, alignTables, type AlignAttrs, type RoiAlignOptions } from './roi-align.ts'
import { meanBackward, poolAttrs, poolForward, pooledShape, type PoolAttrs, type RoiPoolOptions } from './roi-pool.ts'

/** Regions, [K, 5]: image index and xyxy corners. No gradient flows into them. */
export type Rois = Values | Tensor

const isTensor = (x: Rois): x is Tensor => 'dataSync' in x && 'storage' in x

/** The regions as a tensor beside the features. */
const regionsBeside = (op: string, features: Tensor, rois: Rois): Tensor => {
  if (isTensor(rois)) return rois.detach()
  const data = Float32Array.from(float32(rois))
  const shape = [countRows(op, 'regions', data, 5), 5]
  const { dtype, backend } = features
  return dtype === 'f64'
    ? fromData(Float64Array.from(data), shape, dtype, backend)
    : fromData(data, shape, 'f32', backend)
}

/** Reference loops see floats alone: {@link infer} lets nothing else through. */
const floats = ({ data, shape }: NDArray): { data: Float32Array | Float64Array; shape: Shape } => ({
  data: data instanceof Float64Array ? data : data instanceof Float32Array ? data : Float32Array.from(data),
  shape,
})

/** The cells of a map [N, C, H, W] as rows of channels; position-sensitive, a row for each bin of each cell. */
const cellRows = (x: Tensor, bins: number): Tensor => {
  const [N, C, H, W] = x.shape
  const last = permute(x, [0, 2, 3, 1])
  if (bins === 1) return reshape(last, [N * H * W, C])
  const apart = permute(reshape(last, [N * H * W, Math.floor(C / bins), bins]), [0, 2, 1])
  return reshape(apart, [N * H * W * bins, Math.floor(C / bins)])
}

/** The bins of some regions of one level, [regions, bins * C]. A level without regions gets a gradient of zeros. */
const alignLevel = (
  cells: Tensor,
  shape: Shape,
  rois: ArrayLike<number>,
  list: readonly number[],
  attrs: AlignAttrs,
  level: number,
): Tensor[] => {
  const { backend } = cells
  const dtype = cells.dtype === 'f64' ? 'f64' : 'f32'
  const tables = alignTables(shape, rois, list, attrs, { level, double: dtype === 'f64' })
  if (tables === null) {
    const half = list.length >> 1
    return [list.slice(0, half), list.slice(half)].flatMap((part) => alignLevel(cells, shape, rois, part, attrs, level))
  }
  const { count, rows, weights, empty } = tables
  const bins = attrs.bins[0] * attrs.bins[1]
  const size = [list.length * bins, count]
  const sums = embeddingBag(fromData(rows, size, 'i32', backend), cells, {
    mode: 'sum',
    perSampleWeights: fromData(dtype === 'f64' ? weights : Float32Array.from(weights), size, dtype, backend),
  })
  const flat = reshape(sums, [list.length, bins * cells.shape[1]])
  return [empty.length === 0 ? flat : add(flat, nanRows(list.length, empty, dtype, backend))]
}

/** A column of 0, and of NaN at some places. */
const nanRows = (n: number, places: readonly number[], dtype: 'f32' | 'f64', backend: Tensor['backend']): Tensor => {
  const column = dtype === 'f64' ? new Float64Array(n) : new Float32Array(n)
  for (const at of places) column[at] = NaN
  return fromData(column, [n, 1], dtype, backend)
}

/** Every level's regions, brought back into their order, [K, C, bins, bins]. */
const align = (features: readonly Tensor[], rois: Rois, attrs: AlignAttrs): Tensor => {
  const regions = isTensor(rois) ? rois.dataSync() : float32(rois)
  const columns = isTensor(rois) ? rois.shape : [countRows(attrs.op, 'regions', regions, 5), 5]
  checkRegions(
    attrs.op,
    features.map((f) => f.shape),
    columns,
    attrs.bins,
  )
  for (const f of features) {
    if (f.dtype !== 'f32' && f.dtype !== 'f64')
      throw new DTypeError({ op: attrs.op, problem: 'the features are not floats', got: f.toString() })
  }
  const [K, C, binsY, binsX] = alignedShape(features[0].shape, columns[0], attrs)
  const images = features[0].shape[0]
  const lists = features.map((): number[] => [])
  const nowhere: number[] = []
  for (let k = 0; k < K; k++) {
    imageOf(attrs.op, regions, k, images)
    ;(lists[attrs.levels?.[k] ?? 0] ?? nowhere).push(k)
  }
  const { dtype, backend } = features[0]
  const bins = attrs.positionSensitive ? binsY * binsX : 1
  const parts = features.flatMap((f, level) =>
    alignLevel(cellRows(f, bins), f.shape, regions, lists[level], attrs, level),
  )
  if (nowhere.length > 0) parts.push(zeros([nowhere.length, binsY * binsX * C], { dtype, backend }))
  const all = parts.length === 1 ? parts[0] : concat(parts)
  const order = [...lists, nowhere].flat()
  const inOrder = order.every((k, i) => k === i)
  const place = new Int32Array(K)
  order.forEach((k, i) => (place[k] = i))
  const sorted = inOrder ? all : indexSelect(all, 0, fromData(place, [K], 'i32', backend))
  return permute(reshape(sorted, [K, binsY, binsX, C]), [0, 3, 1, 2])
}

/**
 * RoIAlign: the mean of bilinear samples in each bin of each region.
 * Shape: features [N, C, H, W], rois [K, 5] -> [K, C, bins, bins]. A sample outside of the map counts as 0. With
 * `aligned` an inverted region gives 0, without it a side is at least 1.
 * @param rois - rows of image index and xyxy corners; {@link roisFromBoxes} makes them from boxes per image
 * @throws ShapeError or ValueError when features, regions or sizes do not fit, or a region is not finite.
 * @source He et al. 2017; forward and gradient checked against torchvision.ops.roi_align 0.14 in roi.test.ts
 * @example
 * import { tensor } from '@lanewise/core'
 * roiAlign(tensor([[[[1, 2], [3, 4]]]]), [0, 0, 0, 1, 1], { outputSize: 1 }).toArray() // => [[[[2.5]]]]
 */
export const roiAlign = (features: Tensor, rois: Rois, options: RoiAlignOptions): Tensor =>
  align([features], rois, alignAttrs('roiAlign', options))

/**
 * Position-sensitive RoIAlign (R-FCN): bin (i, j) of channel c reads feature channel (c * bins + i) * bins + j alone.
 * Boxes are always shifted by half a pixel.
 * Shape: features [N, C * bins * bins, H, W], rois [K, 5] -> [K, C, bins, bins].
 * @throws ShapeError or ValueError when features, regions or sizes do not fit.
 * @source Forward and gradient checked against torchvision.ops.ps_roi_align 0.14 in roi.test.ts
 * @example
 * import { tensor } from '@lanewise/core'
 * psRoiAlign(tensor([[[[1, 2], [3, 4]]]]), [0, 0.5, 0.5, 1.5, 1.5], { outputSize: 1 }).toArray() // => [[[[2.5]]]]
 */
export const psRoiAlign = (features: Tensor, rois: Rois, options: Omit<RoiAlignOptions, 'aligned'>): Tensor =>
  align([features], rois, alignAttrs('psRoiAlign', options))

/** Options of {@link multiScaleRoiAlign}. */
export interface MultiScaleOptions {
  /** Bins of the result. */
  readonly outputSize: OutputSize
  /** Sizes of the images that gave the features. */
  readonly imageSizes: readonly { readonly width: number; readonly height: number }[]
  /** Samples of a bin along each axis. Default 2. */
  readonly samplingRatio?: number
  /** Side of the box that belongs to the canonical level. Default 224. */
  readonly canonicalScale?: number
  /** Default 4. */
  readonly canonicalLevel?: number
}

/**
 * RoIAlign over a feature pyramid: each box is pooled from the level that fits its size, at the scale that the
 * features' and images' heights tell.
 * Shape: features [N, C, H_l, W_l] from fine to coarse, boxes [K_i, 4] of each image -> [sum K_i, C, bins, bins].
 * @param boxes - xyxy boxes of each image, in pixels of the images
 * @throws ShapeError or ValueError when features, boxes or sizes do not fit.
 * @source Lin et al. 2017; checked against torchvision.ops.MultiScaleRoIAlign 0.14 in roi.test.ts
 * @example
 * import { ones } from '@lanewise/core'
 * const levels = [ones([1, 2, 16, 16]), ones([1, 2, 8, 8])]
 * multiScaleRoiAlign(levels, [[4, 4, 40, 30]], { outputSize: 3, imageSizes: [{ width: 64, height: 64 }] }).shape // => [1, 2, 3, 3]
 */
export const multiScaleRoiAlign = (
  features: readonly Tensor[],
  boxes: readonly Values[],
  options: MultiScaleOptions,
): Tensor => {
  const { samplingRatio = 2, canonicalScale = 224, canonicalLevel = 4 } = options
  const tallest = Math.max(...options.imageSizes.map((s) => s.height))
  const scales = features.map((f) => inferScale(f.shape[2], tallest))
  const rois = roisFromBoxes(boxes.map((b) => float32(b)))
  const levelOf = (scale: number): number => Math.round(-log2(scale))
  const levels = assignLevels(rois, {
    minLevel: levelOf(scales[0]),
    maxLevel: levelOf(scales[scales.length - 1]),
    canonicalScale,
    canonicalLevel,
  })
  const attrs = {
    ...alignAttrs('multiScaleRoiAlign', { outputSize: options.outputSize, samplingRatio }),
    scales,
    levels,
  }
  return align(features, rois, attrs)
}

const poolInfer = ([rois, x]: readonly Tensor[], attrs: PoolAttrs): { shape: number[]; dtype: Tensor['dtype'] }[] => {
  checkRegions(attrs.op, [x.shape], rois.shape, attrs.bins)
  return [{ shape: pooledShape(x.shape, rois.shape[0], attrs), dtype: x.dtype }]
}

const maxOp: OpDef<PoolAttrs> = {
  name: 'roiPool',
  hidden: 1,
  savesOutputs: [1],
  infer: (inputs, attrs) => {
    const [y] = poolInfer(inputs, attrs)
    return [y, { shape: y.shape, dtype: 'i32' }]
  },
  reference: ([rois, x], attrs, [y, argmax]) => poolForward(floats(x), rois.data, attrs, floats(y).data, argmax.data),
  gradient: (c, [dy]) => [null, apply(placeOp, [c.output(1), dy!], c.inputSpecs[1].shape)],
}

/** Adds each value to the element that its index names; -1 names none. */
const placeOp: OpDef<Shape> = {
  name: 'roiPoolGrad',
  savesInputs: [0],
  infer: ([, dy], shape) => [{ shape, dtype: dy.dtype }],
  reference: ([index, dy], _, [dx]) => {
    for (let i = 0; i < dy.data.length; i++) if (index.data[i] >= 0) dx.data[index.data[i]] += dy.data[i]
  },
  gradient: (c, [ddx]) => [null, apply(pickOp, [c.input(0), ddx!], undefined)],
}

/** The elements that the indices name; 0 for -1. */
const pickOp: OpDef<undefined> = {
  name: 'roiPoolPick',
  savesInputs: [0],
  infer: ([index, x]) => [{ shape: index.shape, dtype: x.dtype }],
  reference: ([index, x], _, [y]) => {
    for (let i = 0; i < y.data.length; i++) y.data[i] = index.data[i] < 0 ? 0 : x.data[index.data[i]]
  },
  gradient: (c, [dy]) => [null, apply(placeOp, [c.input(0), dy!], c.inputSpecs[1].shape)],
}

/**
 * RoIPool: the maximum of each bin of each region, whole cells. An empty bin gives 0.
 * Shape: features [N, C, H, W], rois [K, 5] -> [K, C, bins, bins].
 * @throws ShapeError or ValueError when features, regions or sizes do not fit.
 * @source Girshick 2015; forward and gradient checked against torchvision.ops.roi_pool 0.14 in roi.test.ts
 * @example
 * import { tensor } from '@lanewise/core'
 * roiPool(tensor([[[[1, 2], [3, 4]]]]), [0, 0, 0, 1, 1], { outputSize: 1 }).toArray() // => [[[[4]]]]
 */
export const roiPool = (features: Tensor, rois: Rois, options: RoiPoolOptions): Tensor =>
  apply(maxOp, [regionsBeside('roiPool', features, rois), features], poolAttrs('roiPool', options))

const meanOp: OpDef<PoolAttrs> = {
  name: 'psRoiPool',
  savesInputs: [0],
  infer: poolInfer,
  reference: ([rois, x], attrs, [y]) => poolForward(floats(x), rois.data, attrs, floats(y).data),
  gradient: (c, [dy]) => {
    const attrs = { ...c.attrs, wholeMap: true, shape: c.inputSpecs[1].shape }
    return [null, apply(meanGradOp, [c.input(0), dy!], attrs)]
  },
}

const meanGradOp: OpDef<PoolAttrs & { readonly shape: Shape }> = {
  name: 'psRoiPoolGrad',
  savesInputs: [0],
  infer: ([, dy], { shape }) => [{ shape, dtype: dy.dtype }],
  reference: ([rois, dy], attrs, [dx]) => meanBackward(floats(dy).data, rois.data, attrs, floats(dx)),
  gradient: (c, [ddx]) => [null, apply(meanOp, [c.input(0), ddx!], c.attrs)],
}

/**
 * Position-sensitive RoIPool (R-FCN): the mean of each bin over channels of its own.
 * Shape: features [N, C * bins * bins, H, W], rois [K, 5] -> [K, C, bins, bins].
 * @throws ShapeError or ValueError when features, regions or sizes do not fit.
 * As in torchvision the last row and column of the map count for no bin, yet the gradient of a bin that reaches them
 * spreads over them too: there it is torchvision's, not the derivative.
 * @source Dai et al. 2016; forward and gradient checked against torchvision.ops.ps_roi_pool 0.14 in roi.test.ts
 * @example
 * import { tensor } from '@lanewise/core'
 * psRoiPool(tensor([[[[1, 2, 0], [3, 4, 0], [0, 0, 0]]]]), [0, 0, 0, 2, 2], { outputSize: 1 }).toArray() // => [[[[2.5]]]]
 */
export const psRoiPool = (features: Tensor, rois: Rois, options: RoiPoolOptions): Tensor =>
  apply(meanOp, [regionsBeside('psRoiPool', features, rois), features], poolAttrs('psRoiPool', options))
