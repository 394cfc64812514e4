// RoIAlign against torchvision on one thread, interleaved: node packages/vision/bench/roi-align.mjs [rounds]
// 512 regions of a [1, 256, 50, 50] map, 7x7 bins, 2x2 samples each.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { fromData, grad, sum } from '@lanewise/core'
import { roiAlign, roiAlignArray } from '@lanewise/vision'
import { draws, fastest } from './inputs.mjs'

const python = fileURLToPath(new URL('./peer.py', import.meta.url))
const rounds = Number(process.argv[2] ?? 3)
const data = draws(1, 256 * 50 * 50)
const d = draws(2, 4 * 512)
const rois = new Float32Array(5 * 512)
for (let k = 0; k < 512; k++) {
  const [a, b, c, e] = d.subarray(4 * k)
  rois.set([0, a * 500, b * 500, a * 500 + 40 + c * 250, b * 500 + 40 + e * 250], 5 * k)
}
const options = { outputSize: 7, spatialScale: 1 / 16, samplingRatio: 2, aligned: true }
const x = fromData(data, [1, 256, 50, 50], 'f32')
const leaf = fromData(data, [1, 256, 50, 50], 'f32').requiresGrad_()
const best = { array: Infinity, forward: Infinity, backward: Infinity, peerForward: Infinity, peerBackward: Infinity }
const least = (name, value) => (best[name] = Math.min(best[name], value))
for (let k = 0; k < rounds; k++) {
  const peer = JSON.parse(execFileSync(process.env.PYTHON ?? '/usr/bin/python3', [python, 'roi'], { encoding: 'utf8' }))
  least('peerForward', peer.forward)
  least('peerBackward', peer.backward)
  least(
    'array',
    fastest(5, () => roiAlignArray({ data, shape: [1, 256, 50, 50] }, rois, options)),
  )
  least(
    'forward',
    fastest(5, () => roiAlign(x, rois, options).dispose()),
  )
  const y = sum(roiAlign(leaf, rois, options))
  least(
    'backward',
    fastest(5, () => grad([y], [leaf], { retainGraph: true })[0].dispose()),
  )
}
const line = (name, own, peer) =>
  console.log(
    `${name.padEnd(18)} ${own.toFixed(1).padStart(8)} ms, torchvision ${peer.toFixed(1).padStart(8)} ms, ratio ${(own / peer).toFixed(2)}`,
  )
line('forward, arrays', best.array, best.peerForward)
line('forward, tensors', best.forward, best.peerForward)
line('backward, tensors', best.backward, best.peerBackward)
