// npm run bench [-- --quick] [--only WORDS] [--runtimes WORDS] [--clock wall] [--json FILE]: times us and the peers in one run, one
// thread, in every runtime here, and prints ratios. --quick stays within five minutes: this Node alone, short races, and
// none of the peers' steps that take seconds. Times are processor time, which the turns of other programs leave out; on an idle
// machine that is the time of the clock on the wall (--clock wall).
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { install, root } from '../tools/setup.mjs'
import { compileTiles } from './asm/tile.mjs'
import { circumstances, targetOf, writeResult } from './files.mjs'
import { differs, summary } from './measure.mjs'
import { rankTiles, runWorker, startTorch, stopAll } from './processes.mjs'
import { progress } from './progress.mjs'
import { findRuntimes, runtimeKeys } from './runtimes.mjs'
import { printTable } from './table.mjs'
import { flopsOf, isTraining, workloads } from './workloads.mjs'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    runtimes: { type: 'string' },
    clock: { type: 'string', default: 'cpu' },
    json: { type: 'string' },
  },
})

const { quick, clock } = options
/** How long a quick run takes on a machine that does nothing else. */
const quickSeconds = 270
const onceMs = quick ? 4000 : 20_000
const timeoutMs = quick ? 600_000 : 3_600_000

// onnxruntime-web comes after jax-js: once it has run, jax-js's modules refuse their memory in the same process.
const impls = ['lanewise', 'tfjs-wasm', 'jax-js', 'ort-web', 'convnetjs']

const fail = (message) => {
  console.error(`bench: ${message}`)
  process.exit(1)
}

const chosen = workloads.filter(({ id }) => options.only.split(',').some((word) => id.includes(word)))
if (chosen.length === 0)
  fail(`no workload has ${options.only} in its name; there are ${workloads.map(({ id }) => id).join(', ')}.`)
let target
try {
  target = targetOf(options.json)
} catch (error) {
  fail(`${error.message}.`)
}

if (!quick || options.runtimes) install(join(root, 'runtime-tests'))
const wanted = options.runtimes?.split(',') ?? (quick ? ['node'] : runtimeKeys)
const runtimes = findRuntimes(wanted)
if (runtimes.length === 0) fail(`no runtime is called ${options.runtimes}; there are ${runtimeKeys.join(', ')}.`)
for (const key of wanted.filter((key) => !runtimes.some((runtime) => runtime.key === key)))
  console.error(`bench: the runtime ${key} is not here and is left out`)

const torch = await startTorch()
if (!torch) console.error("bench: PyTorch (Debian's python3-torch) is not installed and is left out")
const paths = await compileTiles()
const bar = progress(runtimes.length * chosen.length)
for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => {
    bar.stop()
    stopAll()
    process.exit(signal === 'SIGINT' ? 130 : 143)
  })

const rows = []
const left = []
const peaks = []
const faults = []
const torchTimes = new Map()

/** Measures with every library; one that takes the process down is left out and the rest measured without it. */
const work = async (runtime, spec, seconds, names) => {
  const request = { workload: spec.id, impls: names, tier: 'best', seconds, onceMs, clock, quick, peak: runtime.peak }
  const { answer, failed, doing, errors } = await runWorker(runtime, request, timeoutMs)
  if (answer) return answer
  if (doing === undefined || doing === 'lanewise') {
    faults.push(`${runtime.label} ${spec.id}: ${failed}\n${errors}`)
    return undefined
  }
  left.push({ workload: spec.id, impl: doing, runtime: runtime.label, reason: failed })
  return work(
    runtime,
    spec,
    seconds,
    names.filter((name) => name !== doing),
  )
}

const askTorch = async (spec, seconds) => {
  if (!torch) return undefined
  const { times, digest } = await torch.ask({ spec, seconds: seconds / 2, clock })
  torchTimes.set(spec, [...(torchTimes.get(spec) ?? []), ...times])
  return digest
}

const gflops = (spec, msMin) => flopsOf(spec) && flopsOf(spec) / msMin / 1e6

/** Peak memory of a training step by itself: ours in a quick run, else everybody's. */
const memoryOf = async (runtime, spec, impl) => {
  if (!isTraining(spec) || (quick && impl !== 'lanewise')) return {}
  const request = { workload: spec.id, impls: [impl], tier: 'best', memory: true }
  return (await runWorker(runtime, request, timeoutMs)).answer ?? {}
}

const begun = performance.now()

/** How long each library is measured: shorter in a quick run that is late. */
const secondsFor = (workloadsLeft) => {
  if (!quick) return 2
  const share = (quickSeconds - (performance.now() - begun) / 1000) / workloadsLeft
  return Math.max(0.1, Math.min(0.3, share / 25))
}

const measure = async (runtime, spec, seconds) => {
  const digest = await askTorch(spec, seconds)
  const answer = await work(runtime, spec, seconds, impls)
  await askTorch(spec, seconds)
  if (!answer) return
  const { tier, left: out, disagree } = answer
  const place = { workload: spec.id, runtime: runtime.label }
  left.push(...out.map(({ impl, reason }) => ({ ...place, impl, reason })))
  for (const impl of disagree) faults.push(`${runtime.label} ${spec.id}: ${impl} gives other results than lanewise`)
  if (digest && differs(answer.digest, digest, isTraining(spec)))
    faults.push(`${runtime.label} ${spec.id}: PyTorch gives other results than lanewise`)
  const best = answer.peak.toSorted((a, b) => b.gflops - a.gflops)[0]
  if (best) peaks.push({ ...place, tier, ...best })
  for (const { impl, times, once } of answer.rows) {
    const { msMin, msMedian } = summary(times)
    const speed = gflops(spec, msMin)
    rows.push({
      workload: spec.id,
      impl,
      runtime: runtime.label,
      tier: answer.tiers[impl],
      threads: 1,
      msMin,
      msMedian,
      ...(speed && { gflops: speed }),
      ...(best && { percentOfPeak: (100 * speed) / best.gflops }),
      ...(once && { once }),
      ...(await memoryOf(runtime, spec, impl)),
    })
  }
}

/** The rows of PyTorch, with the times of all runtimes' turns together. */
const torchRows = async () => {
  const rows = []
  for (const [spec, times] of torchTimes) {
    const { msMin, msMedian } = summary(times)
    const speed = gflops(spec, msMin)
    const memory = {}
    if (isTraining(spec)) {
      const fresh = await startTorch()
      Object.assign(memory, await fresh.ask({ spec, memory: true }))
      fresh.stop()
    }
    rows.push({
      workload: spec.id,
      impl: 'torch',
      runtime: `torch ${torch.version}`,
      tier: 'native',
      threads: 1,
      msMin,
      msMedian,
      ...(speed && { gflops: speed }),
      ...memory,
    })
  }
  return rows
}

for (const runtime of runtimes) {
  runtime.peak = { paths, tiles: await rankTiles(runtime, paths) }
  for (const [i, spec] of chosen.entries()) {
    bar.step(`${runtime.label} ${spec.id}`)
    await measure(runtime, spec, secondsFor(chosen.length - i))
  }
}
bar.stop()
rows.unshift(...(await torchRows()))
torch?.stop()

const result = { ...circumstances('npm run bench'), rows, peaks, left }
printTable(result)
writeResult(target, result)
for (const fault of faults) console.error(`bench: ${fault}`)
process.exit(faults.length > 0 ? 1 : 0)
