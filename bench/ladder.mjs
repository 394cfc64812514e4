// node bench/ladder.mjs [--runtimes WORDS] [--seconds S] [--clock wall] [--json FILE]: how the kernels got fast, rung by rung: a matrix
// product from three loops to the library's, a convolution, and each kind of kernel beside the loops that specify it.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { compile } from './asm/compile.mjs'
import { compileTiles } from './asm/tile.mjs'
import { circumstances, targetOf, writeResult } from './files.mjs'
import { rankTiles, runWorker, stopAll } from './processes.mjs'
import { findRuntimes, runtimeKeys } from './runtimes.mjs'

const { values: options } = parseArgs({
  options: {
    runtimes: { type: 'string', default: runtimeKeys.join(',') },
    seconds: { type: 'string', default: '1' },
    clock: { type: 'string', default: 'cpu' },
    json: { type: 'string' },
  },
})
const target = targetOf(options.json)
const seconds = Number(options.seconds)
const { clock } = options

/** Workloads whose plain loops end within seconds. */
const kernels = [
  'conv3x3_28x28_128_128',
  'conv1x1_28x28_256_256',
  'depthwise3x3_56x56_128',
  'convT4x4s2_8x8_256_128',
  'exp_1M',
  'tanh_1M',
  'softmax_1024x1024',
  'sum_last_1M',
  'sum_axis0_1M',
  'transpose_1024',
  'maxpool2_112x112_64',
  'batchnorm_56x56_128',
  'lstm_h256_t128_b1',
]

for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => {
    stopAll()
    process.exit(signal === 'SIGINT' ? 130 : 143)
  })

const source = readFileSync(new URL('ladder/assembly/rungs.ts', import.meta.url), 'utf8')
const rungs = { base: await compile(source, 'base'), relaxed: await compile(source, 'relaxed') }
const paths = await compileTiles()

const work = async (runtime, request) => {
  const { answer, failed, errors } = await runWorker(runtime, request, 1_800_000, 'ladder/worker.mjs')
  if (!answer) throw new Error(`bench: ${runtime.label}, ladder ${request.ladder}: ${failed}\n${errors}`)
  return answer.rows.map((row) => ({ ladder: request.ladder, ...row, runtime: runtime.label }))
}

const show = (title, rows) => {
  console.log(`\n${title}`)
  for (const { rung, tier, msMin, gflops, percentOfPeak } of rows) {
    const speed = gflops
      ? `${gflops.toFixed(1).padStart(7)} GFLOP/s ${percentOfPeak.toFixed(0).padStart(4)} % of the peak`
      : ''
    console.log(`  ${`${rung}, ${tier}`.padEnd(30)} ${msMin.toFixed(3).padStart(10)} ms ${speed}`)
  }
}

const rows = []
for (const runtime of findRuntimes(options.runtimes.split(','))) {
  const peak = { paths, tiles: await rankTiles(runtime, paths) }
  for (const ladder of ['gemm', 'conv']) {
    const own = await work(runtime, { ladder, seconds, clock, rungs, peak })
    show(`${runtime.label}: ${ladder}`, own)
    rows.push(...own)
  }
  if (runtime.key !== 'node') continue
  for (const workload of kernels) {
    const own = (await work(runtime, { ladder: 'kernels', workload, seconds, clock })).map((row) => ({
      ...row,
      workload,
    }))
    show(`${runtime.label}: ${workload}`, own)
    rows.push(...own)
  }
}
const wrong = rows.filter(({ error }) => error > 1e-5)
for (const { ladder, rung, tier, runtime } of wrong)
  console.error(`bench: ${runtime}, ladder ${ladder}: ${rung} (${tier}) gives other results than the first rung`)
writeResult(target, { ...circumstances('node bench/ladder.mjs'), rows })
process.exit(wrong.length > 0 ? 1 : 0)
