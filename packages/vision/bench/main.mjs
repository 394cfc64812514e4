// node packages/vision/bench/main.mjs [--only WORDS] [--rounds N] [--json]: times this package, and torchvision on one
// thread where it has the same, run by run in turns. Milliseconds of processor time, so that other programs on the
// machine count as little as can be; a missed bar makes the exit code 1.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { rows as byteTrack } from './byte-track.mjs'
import { rows as coco } from './coco.mjs'
import { rows as nms } from './nms.mjs'
import { rows as roiAlign } from './roi-align.mjs'

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '15' },
    json: { type: 'boolean', default: false },
  },
})
const rounds = Number(options.rounds)
const rows = [...nms, ...roiAlign, ...coco, ...byteTrack].filter(({ name }) =>
  options.only.split(',').some((word) => name.toLowerCase().includes(word.toLowerCase())),
)

const python = spawn(process.env.PYTHON ?? '/usr/bin/python3', [fileURLToPath(new URL('./peer.py', import.meta.url))], {
  stdio: ['pipe', 'pipe', 'inherit'],
})
const answers = createInterface({ input: python.stdout })[Symbol.asyncIterator]()

/** One run of torchvision. */
const theirs = async (name) => {
  python.stdin.write(`${name}\n`)
  const { value, done } = await answers.next()
  if (done) throw new Error('the Python side ended: it needs torch and torchvision')
  const [ms, result] = value.split(' ').map(Number)
  return { ms, result }
}

/** One run of ours. */
const ours = (run) => {
  const start = process.cpuUsage()
  const result = run()
  const { user, system } = process.cpuUsage(start)
  return { ms: (user + system) / 1000, result }
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1]

const measure = async ({ name, peer, bar, count = 1, run }) => {
  for (let k = 0; k < 3; k++) ours(run)
  if (peer) for (let k = 0; k < 2; k++) await theirs(peer)
  let [own, other] = [Infinity, Infinity]
  const ratios = []
  // Short runs go through more rounds, for the engine to settle and the clock to tell.
  const total = Math.max(rounds, Math.min(200, Math.round((rounds * 20) / ours(run).ms)))
  for (let k = 0; k < total; k++) {
    const them = peer ? await theirs(peer) : null
    const us = ours(run)
    if (them && us.result !== undefined && us.result !== them.result)
      throw new Error(`${name}: ${us.result} here, ${them.result} in torchvision`)
    own = Math.min(own, us.ms)
    if (!them) continue
    other = Math.min(other, them.ms)
    ratios.push(us.ms / them.ms)
  }
  if (peer)
    return {
      name,
      ms: own,
      peerMs: other,
      ratio: own / other,
      medianRatio: median(ratios),
      held: own / other <= bar.ratio,
      bar,
    }
  const perSecond = (1000 * count) / own
  const held = bar.seconds ? own <= 1000 * bar.seconds : perSecond >= (bar.perSecond ?? 0)
  return { name, ms: own, ...(count > 1 && { perSecond }), held, bar }
}

const text = ({ name, ms, peerMs, ratio, medianRatio, perSecond, held, bar }) => {
  const figures = peerMs
    ? `${ms.toFixed(2)} ms, torchvision ${peerMs.toFixed(2)} ms, ratio of the smallest ${ratio.toFixed(2)}, of pairs ${medianRatio.toFixed(2)}; asked ${bar.ratio}`
    : perSecond
      ? `${perSecond.toFixed(0)} frames/s${bar.perSecond ? `; asked ${bar.perSecond}` : ''}`
      : `${(ms / 1000).toFixed(2)} s; asked ${bar.seconds}`
  return `${held ? 'held' : 'MISS'} ${name}: ${figures}`
}

const results = []
for (const row of rows) {
  const result = await measure(row)
  results.push(result)
  if (!options.json) console.log(text(result))
}
python.stdin.end()
if (options.json) console.log(JSON.stringify(results))
process.exitCode = results.every(({ held }) => held) ? 0 : 1
