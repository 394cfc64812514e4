// RoIAlign of 512 regions of a [1, 256, 50, 50] map, 7x7 bins, 2x2 samples each: twice torchvision's time is asked for.
import { fromData, grad, sum } from '@lanewise/core'
import { roiAlign, roiAlignArray } from '@lanewise/vision'
import { draws } from './inputs.mjs'

const data = draws(1, 256 * 50 * 50)
const d = draws(2, 4 * 512)
const rois = new Float32Array(5 * 512)
for (let k = 0; k < 512; k++) {
  const [a, b, c, e] = d.subarray(4 * k)
  rois.set([0, a * 500, b * 500, a * 500 + 40 + c * 250, b * 500 + 40 + e * 250], 5 * k)
}
const options = { outputSize: 7, spatialScale: 1 / 16, samplingRatio: 2, aligned: true }
const shape = [1, 256, 50, 50]
const x = fromData(data, shape, 'f32')
const leaf = fromData(data, shape, 'f32').requiresGrad_()
const y = sum(roiAlign(leaf, rois, options))

const row = (name, peer, run) => ({ name: `RoIAlign, ${name}`, peer: `roi ${peer}`, bar: { ratio: 2 }, run })

export const rows = [
  row('forward, tensors', 'forward', () => roiAlign(x, rois, options).dispose()),
  row('forward, arrays', 'forward', () => void roiAlignArray({ data, shape }, rois, options)),
  row('backward', 'backward', () => grad([y], [leaf], { retainGraph: true })[0].dispose()),
]
