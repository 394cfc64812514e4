// Suppression against torchvision on one thread, interleaved: node packages/vision/bench/nms.mjs [rounds]
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { nms } from '@lanewise/vision'
import { fastest, nmsInput } from './inputs.mjs'

const python = fileURLToPath(new URL('./peer.py', import.meta.url))
const rounds = Number(process.argv[2] ?? 3)
const results = new Map()
for (let k = 0; k < rounds; k++) {
  const peer = JSON.parse(execFileSync(process.env.PYTHON ?? '/usr/bin/python3', [python, 'nms'], { encoding: 'utf8' }))
  for (const [name, [ms, kept]] of Object.entries(peer)) {
    const [, kind, n] = name.match(/(.*) (\d+)/)
    const { boxes, scores } = nmsInput(kind, Number(n))
    const own = nms(boxes, scores, { iouThreshold: 0.5 }).length
    if (own !== kept) throw new Error(`${name}: ${own} kept, torchvision ${kept}`)
    const time = fastest(Number(n) > 5000 ? 10 : 100, () => nms(boxes, scores, { iouThreshold: 0.5 }))
    const before = results.get(name) ?? { own: Infinity, peer: Infinity, kept }
    results.set(name, { own: Math.min(before.own, time), peer: Math.min(before.peer, ms), kept })
  }
}
for (const [name, { own, peer, kept }] of results) {
  console.log(
    `${name.padEnd(18)} ${own.toFixed(2).padStart(8)} ms, torchvision ${peer.toFixed(2).padStart(8)} ms, ratio ${(own / peer).toFixed(2)}, ${kept} kept`,
  )
}
