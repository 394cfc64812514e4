// RoIAlign against torchvision on one thread, run by run in turns: node packages/vision/bench/roi-align.mjs [rounds]
// 512 regions of a [1, 256, 50, 50] map, 7x7 bins, 2x2 samples each.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { fromData, grad, sum } from '@lanewise/core'
import { roiAlign, roiAlignArray } from '@lanewise/vision'
import { draws, fastest } from './inputs.mjs'

const rounds = Number(process.argv[2] ?? 15)
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
const runs = {
  'forward, arrays': () => roiAlignArray({ data, shape }, rois, options),
  'forward, tensors': () => roiAlign(x, rois, options).dispose(),
  'backward, tensors': () => grad([y], [leaf], { retainGraph: true })[0].dispose(),
}

const python = spawn(
  process.env.PYTHON ?? '/usr/bin/python3',
  [fileURLToPath(new URL('./peer.py', import.meta.url)), 'roi'],
  {
    stdio: ['pipe', 'pipe', 'inherit'],
  },
)
const answers = createInterface({ input: python.stdout })[Symbol.asyncIterator]()
const peer = async (pass) => {
  python.stdin.write(`${pass}\n`)
  return Number((await answers.next()).value)
}
const middle = (values) => values.sort((a, b) => a - b)[values.length >> 1]

for (const [name, run] of Object.entries(runs)) {
  const pass = name.split(',')[0]
  await peer(pass)
  fastest(1, run)
  const ratios = []
  let [own, other] = [Infinity, Infinity]
  for (let k = 0; k < rounds; k++) {
    const theirs = await peer(pass)
    const ours = fastest(1, run, 0)
    ratios.push(ours / theirs)
    own = Math.min(own, ours)
    other = Math.min(other, theirs)
  }
  console.log(
    `${name.padEnd(18)} ${own.toFixed(1).padStart(8)} ms, torchvision ${other.toFixed(1).padStart(8)} ms, ratio of pairs ${middle(ratios).toFixed(2)}`,
  )
}
python.stdin.end()
