import { defaultBackend, fromData, scope, wasmBackend, type Backend, type Tensor } from '@lanewise/core'
import { countRows, float32, type Values } from '../arrays.ts'
import { psRoiAlign, roiAlign } from './ops.ts'
import { checkRegions, type FeatureMaps } from './regions.ts'
import type { RoiAlignOptions } from './roi-align.ts'

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
  onTensors('roiAlign', features, rois, (x, regions) => roiAlign(x, regions, options))

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
  onTensors('psRoiAlign', features, rois, (x, regions) => psRoiAlign(x, regions, options))

/** The default backend where it can be read at once, else kernels of our own. */
const readable = (): Backend => {
  const backend = defaultBackend()
  return backend.synchronous ? backend : wasmBackend()
}

const onTensors = (
  op: string,
  { data, shape }: FeatureMaps,
  rois: Values,
  run: (features: Tensor, regions: Float32Array) => Tensor,
): FeatureMaps => {
  const regions = float32(rois)
  const rows = countRows(op, 'regions', regions, 5)
  checkRegions(op, [shape], [rows, 5], 1)
  return scope(() => {
    const y = run(fromData(Float32Array.from(data), shape, 'f32', readable()), regions)
    return { data: float32(y), shape: y.shape }
  })
}
