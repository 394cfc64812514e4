// Runs in the runtime under test: measures the workloads of a request (JSON, first argument) and prints rows as JSON.
//   { tier, impls, workloads, seconds }, or { tier, impls: [one], workloads: [one], memory: true } for peak memory
import process from 'node:process'
import { race } from './measure.mjs'
import { flopsOf, workloads } from './workloads.mjs'

const request = JSON.parse(process.argv[2])

const differs = (a, b) => {
  if (a.length !== b.length) return true
  const scale = a.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-3)
  return a.some((value, i) => !(Math.abs(value - b[i]) <= 1e-3 * scale))
}

/** Candidates ready to run; those whose result is not the first one's are told apart and left out. */
const prepareAll = async (impls, spec) => {
  const ready = []
  for (const [impl, { prepare }] of impls) {
    const candidate = await prepare(spec)
    if (!candidate) continue
    if (spec.kind !== 'train') candidate.result = await candidate.read()
    ready.push({ impl, ...candidate })
  }
  const [first] = ready
  for (const { impl, result } of ready)
    if (result && differs(first.result, result))
      throw new Error(`bench: ${spec.id}: ${impl} and ${first.impl} give different results`)
  return ready
}

const impls = []
for (const name of request.impls) {
  const impl = await import(`./impls/${name}.mjs`)
  await impl.start({ tier: request.tier })
  impls.push([name, impl])
}

const rows = []
for (const spec of workloads.filter(({ id }) => request.workloads.includes(id))) {
  const candidates = await prepareAll(impls, spec)
  if (request.memory) {
    for (let i = 0; i < 5; i++) await candidates[0].run()
    rows.push({ peakMemoryMb: process.resourceUsage().maxRSS / 1024 })
    continue
  }
  for (const row of await race(candidates, request.seconds))
    rows.push({ workload: spec.id, ...row, gflops: flopsOf(spec) && flopsOf(spec) / row.msMin / 1e6 })
  for (const candidate of candidates) candidate.dispose?.()
}
console.log(JSON.stringify(rows))
