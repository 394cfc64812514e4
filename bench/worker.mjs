// Runs in the runtime under test: measures one workload of a request (JSON, first argument) and prints what it found.
//   { workload, impls, tier, seconds, onceMs, clock, peak }      times, a digest of the results, what was left out and why
//   { workload, impls: [one], tier, memory: true }         peak memory after five calls
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { clocks, differs, race } from './measure.mjs'
import { peakCandidates } from './asm/tile.mjs'
import { countsFlops, isTraining, workloads } from './workloads.mjs'

const request = JSON.parse(process.argv[2])
const spec = workloads.find(({ id }) => id === request.workload)

/** Steps whose losses are compared. */
const lossSteps = 3

const now = clocks[request.clock ?? 'wall']

const timed = async (call) => {
  const start = now()
  const value = await call()
  return { value, ms: now() - start }
}

/** Adds the first results and the times of the first calls: as many as losses are compared, and a second where the first was slow. */
const begin = async (candidate) => {
  const call = candidate.step ?? candidate.read
  const [results, firstMs] = [[], []]
  const isSlow = () => Math.max(...firstMs) > request.onceMs
  do {
    const { value, ms } = await timed(call)
    results.push(value)
    firstMs.push(ms)
  } while (results.length < (isSlow() ? 2 : isTraining(spec) ? lossSteps : 1))
  const result = isTraining(spec) ? results.slice(0, candidate.comparableLosses) : results[0]
  return { ...candidate, run: candidate.step ?? candidate.run, result, firstMs }
}

const digestLength = 64

/** Values spread over a result, for comparison with PyTorch's in another process. */
const digestOf = (result) => {
  if (result.length <= digestLength) return Array.from(result)
  return Array.from({ length: digestLength }, (_, i) => result[Math.floor((i * result.length) / digestLength)])
}

const peakMegabytes = () => {
  try {
    return Number(readFileSync('/proc/self/status', 'utf8').match(/VmHWM:\s+(\d+)/)[1]) / 1024
  } catch {
    return process.resourceUsage().maxRSS / 1024
  }
}

const say = (message) => console.log(JSON.stringify(message))

const hasRelaxed = request.peak?.tiles.relaxed !== undefined

const left = []
const candidates = []
const tiers = {}
for (const impl of request.impls) {
  say({ doing: impl })
  try {
    const { start, prepare, isSlow = () => false } = await import(`./impls/${impl}.mjs`)
    tiers[impl] = (await start({ tier: request.tier, hasRelaxed })) ?? 'base'
    const prepared = request.quick && isSlow(spec) ? { cannot: 'takes too long for a quick run' } : await prepare(spec)
    if (prepared.cannot) left.push({ impl, reason: prepared.cannot })
    else if (request.memory) candidates.push({ impl, run: prepared.step ?? prepared.run })
    else candidates.push({ impl, ...(await begin(prepared)) })
  } catch (error) {
    if (impl === 'lanewise') throw error
    left.push({ impl, reason: `fails: ${String(error?.message ?? error).split('\n')[0]}` })
  }
}

const measure = async () => {
  const [first] = candidates
  const disagree = candidates
    .filter(({ result }) => differs(first.result, result, isTraining(spec)))
    .map(({ impl }) => impl)
  const { paths, tiles } = request.peak
  const peaks = countsFlops(spec) ? peakCandidates({ paths, tiles: tiles[tiers.lanewise] }) : []
  const raced = await race([...candidates, ...peaks], request.seconds, request)
  const rows = raced.filter(({ impl }) => impl !== 'peak')
  const peak = peaks.map(({ flops, tile }, i) => ({
    tile,
    gflops: flops / Math.min(...raced[candidates.length + i].times) / 1e6,
  }))
  return { tier: tiers.lanewise, tiers, rows, left, disagree, digest: digestOf(first.result), peak }
}

if (request.memory) {
  for (let i = 0; i < 5; i++) await candidates[0]?.run()
  say({ peakMemoryMb: peakMegabytes() })
} else say(await measure())
// Peers leave timers and workers behind that would keep some runtimes alive.
process.exit(0)
