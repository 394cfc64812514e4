// Runs in the runtime under test: the rungs of one ladder, raced. Request (JSON, first argument):
//   { ladder: 'gemm' | 'conv', seconds, clock, rungs: { base, relaxed }, peak }
//   { ladder: 'kernels', workload, seconds, clock }                                                 plain loops and kernels
import process from 'node:process'
import { init, referenceBackend, setDefaultBackend, defaultBackend } from '@lanewise/core'
import { KernelHost, loadKernels } from '@lanewise/kernels-wasm'
import { conv, writeConvParams } from '@lanewise/kernels-wasm/conv'
import { gemm } from '@lanewise/kernels-wasm/gemm'
import { instantiate } from '../asm/compile.mjs'
import { peakCandidates } from '../asm/tile.mjs'
import { prepare } from '../impls/lanewise.mjs'
import { race, summary } from '../measure.mjs'
import { values } from '../values.mjs'
import { workloads } from '../workloads.mjs'

const request = JSON.parse(process.argv[2])

/** Memory with a bump allocator of f32 arrays, and the library's kernels of a tier over it. */
const createHost = async (tier) => {
  const host = new KernelHost({ initialPages: 64 * 16 })
  await loadKernels(host, { tier })
  const floats = new Float32Array(host.memory.buffer)
  let top = 1024
  let seed = 1
  return {
    host,
    view: (pointer, count) => floats.subarray(pointer / 4, pointer / 4 + count),
    alloc(count, fill = true) {
      const pointer = top
      top = (top + count * 4 + 63) & ~63
      if (fill) floats.set(values([count], seed++), pointer / 4)
      return pointer
    },
  }
}

const plainRungs = ['naive', 'turned', 'blocked', 'packed']
const vectorRungs = ['vectors', 'tiles', 'panels_4x8', 'panels_4x8_unrolled']
const shapes = ['4x8', '3x12', '5x8', '6x8'].flatMap((shape) => [`panels_${shape}_exits`, `panels_${shape}_ready`])

const size = 480

const gemmLadder = async (tier) => {
  const { host, alloc, view } = await createHost(tier)
  const rungs = instantiate(request.rungs[tier], host.memory)
  const kernels = host.use(gemm)
  const n = size
  const [pA, pB, pC] = [alloc(n * n), alloc(n * n), alloc(n * n)]
  const pSpace = alloc(Math.max(2 * n * n, kernels.gemm_scratch_bytes(n, n, n) / 4), false)
  const names = [...(tier === 'base' ? plainRungs : []), ...vectorRungs, ...shapes]
  const runs = Object.fromEntries(names.map((name) => [name, () => rungs[name](pA, pB, pC, n, pSpace)]))
  runs.library = () => kernels.f32_gemm(pA, n, 1, pB, n, 1, pC, n, n, n, n, 0, 0, pSpace)
  return { runs, flops: 2 * n ** 3, result: () => view(pC, n * n) }
}

const convLadder = async (tier) => {
  const { host, alloc, view } = await createHost(tier)
  const rungs = instantiate(request.rungs[tier], host.memory)
  const [matrix, kernels] = [host.use(gemm), host.use(conv)]
  const [side, C, OC] = [28, 128, 128]
  const points = side * side
  const [pX, pW, pT, pY] = [alloc(points * C), alloc(OC * C * 9), alloc(OC * C * 9), alloc(points * OC)]
  const [weight, turned] = [view(pW, OC * C * 9), view(pT, OC * C * 9)]
  for (let o = 0; o < OC; o++)
    for (let c = 0; c < C; c++)
      for (let tap = 0; tap < 9; tap++) turned[(tap * C + c) * OC + o] = weight[(o * C + c) * 9 + tap]
  const pRows = alloc(points * C * 9, false)
  const pParams = alloc(32, false)
  writeConvParams(host.memory, pParams, {
    N: 1,
    C,
    OC,
    groups: 1,
    input: [1, side, side],
    output: [1, side, side],
    kernel: [1, 3, 3],
    stride: [1, 1, 1],
    padding: [0, 1, 1],
    dilation: [1, 1, 1],
  })
  const bytes = Math.max(kernels.conv_scratch_bytes(pParams, 0), matrix.gemm_scratch_bytes(points, OC, 9 * C))
  const pSpace = alloc(bytes / 4 + 1, false)
  const runs = {
    ...(tier === 'base' && { plain: () => rungs.conv(pX, pW, pY, side, C, OC) }),
    im2col: () => {
      rungs.im2col(pX, pRows, side, C)
      matrix.f32_gemm(pRows, 9 * C, 1, pT, OC, 1, pY, OC, points, OC, 9 * C, 0, 0, pSpace)
    },
    library: () => kernels.f32_conv(pX, pW, 0, pY, pParams, 0, pSpace),
  }
  return { runs, flops: 2 * points * OC * C * 9, result: () => view(pY, points * OC) }
}

/** The largest difference of a rung's result from the first one's, over the largest value. */
const errorsOf = ({ runs, result }) => {
  let first
  return Object.entries(runs).map(([name, run]) => {
    run()
    first ??= result().slice()
    const scale = first.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    return [name, result().reduce((most, value, i) => Math.max(most, Math.abs(value - first[i])), 0) / scale]
  })
}

const climb = async (tier) => {
  const ladder = await { gemm: gemmLadder, conv: convLadder }[request.ladder](tier)
  const errors = new Map(errorsOf(ladder))
  const { paths, tiles } = request.peak
  const peaks = peakCandidates({ paths, tiles: tiles[tier] })
  const candidates = Object.entries(ladder.runs).map(([impl, run]) => ({ impl, run }))
  const raced = await race([...candidates, ...peaks], request.seconds, request)
  const peak = Math.max(...peaks.map(({ flops }, i) => flops / Math.min(...raced[candidates.length + i].times) / 1e6))
  return raced.slice(0, candidates.length).map(({ impl, times }) => {
    const { msMin, msMedian } = summary(times)
    const gflops = ladder.flops / msMin / 1e6
    return { rung: impl, tier, msMin, msMedian, gflops, percentOfPeak: (100 * gflops) / peak, error: errors.get(impl) }
  })
}

/** The specification's loops on the reference backend, then the kernels, through the same code. */
const fromLoops = async () => {
  const spec = workloads.find(({ id }) => id === request.workload)
  const tier = await init({ tier: 'best' })
  const wasm = defaultBackend()
  setDefaultBackend(referenceBackend())
  const loops = await prepare(spec)
  setDefaultBackend(wasm)
  const kernel = await prepare(spec)
  const raced = await race(
    [
      { impl: 'loops', ...loops },
      { impl: 'kernel', ...kernel },
    ],
    request.seconds,
  )
  return raced.map(({ impl, times }) => ({ rung: impl, tier, ...summary(times) }))
}

let rows
if (request.ladder === 'kernels') rows = await fromLoops()
else {
  rows = await climb('base')
  if (request.peak.tiles.relaxed) rows.push(...(await climb('relaxed')))
}
console.log(JSON.stringify({ rows }))
process.exit(0)
