// node bench/ladder.mjs     TIER=base|relaxed|best
// The rungs of docs/kernels/gemm.md and conv.md, from the plain loops to the library's kernels, raced in one process.
import { fileURLToPath } from 'node:url'
import { conv, writeConvParams } from '@lanewise/kernels-wasm/conv'
import { gemm } from '@lanewise/kernels-wasm/gemm'
import asc from 'assemblyscript/asc'
import { createHost, loadTfjs, race } from './lib.mjs'

const compileRungs = async (memory) => {
  let binary
  const flags = '--runtime stub -O3 --noAssert --importMemory --noExportMemory --enable simd --disableWarning'.split(
    ' ',
  )
  const { error, stderr } = await asc.main(
    [
      'assembly/ladder.ts',
      ...flags,
      '--outFile',
      'ladder.wasm',
      '--baseDir',
      fileURLToPath(new URL('.', import.meta.url)),
    ],
    {
      writeFile: (name, data) => name.endsWith('.wasm') && (binary = data),
    },
  )
  if (error) throw new Error(String(stderr))
  return new WebAssembly.Instance(new WebAssembly.Module(binary), { env: { memory } }).exports
}

const { host, alloc, reset, view } = await createHost(64)
const rungs = await compileRungs(host.memory)
const matrix = host.use(gemm)
const kernels = host.use(conv)
const tf = await loadTfjs()
console.log(`tier ${host.tier}, ${process.version}`)

const report = (title, flops, work, results) => {
  const t = race(work, { budgetMs: 15_000, rounds: 6 })
  console.log(title)
  for (const name of Object.keys(work)) {
    const worst = results?.[name] ? `, largest difference ${results[name]().toExponential(1)}` : ''
    console.log(
      `  ${name.padEnd(34)} ${t[name].min.toFixed(2).padStart(8)} ms ${(flops / t[name].min / 1e6).toFixed(1).padStart(6)} GFLOP/s${worst}`,
    )
  }
}
const difference = (a, b) => a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i])), 0)

const n = 512
const [pA, pB, pC, pD] = [alloc(n * n), alloc(n * n), alloc(n * n), alloc(n * n)]
const pScratch = alloc(Math.max(n * 256, matrix.gemm_scratch_bytes(n, n, n) / 4), false)
const library = () => matrix.f32_gemm(pA, n, 1, pB, n, 1, pD, n, n, n, n, 0, 0, pScratch)
const work = {
  'three loops': () => rungs.naive(pA, pB, pC, n),
  'loops turned': () => rungs.rows(pA, pB, pC, n),
  'vectors of four': () => rungs.vectors(pA, pB, pC, n),
  'tile 4x8 in registers': () => rungs.tiles(pA, pB, pC, n),
  'packed, blocked, unrolled': () => rungs.packed(pA, pB, pC, n, pScratch),
  [`library, ${host.tier} tier`]: library,
}
const checks = Object.fromEntries(
  Object.entries(work).map(([name, run]) => [
    name,
    () => (library(), run(), difference(view(name.startsWith('library') ? pD : pC, n * n), view(pD, n * n))),
  ]),
)
if (tf) {
  const [a, b] = [pA, pB].map((p) => tf.tensor2d(view(p, n * n).slice(), [n, n]))
  work['tfjs-backend-wasm'] = () => tf.matMul(a, b).dispose()
}
report('gemm 512 x 512 x 512', 2 * n ** 3, work, checks)

reset()
const [size, C, OC] = [28, 128, 128]
const [pX, pW, pY, pZ, pRows] = [
  alloc(size * size * C),
  alloc(OC * C * 9),
  alloc(size * size * OC),
  alloc(size * size * OC),
  alloc(size * size * C * 9, false),
]
const pT = alloc(OC * C * 9, false)
for (let o = 0; o < OC; o++)
  for (let c = 0; c < C; c++)
    for (let tap = 0; tap < 9; tap++)
      view(pT, OC * C * 9)[(tap * C + c) * OC + o] = view(pW, OC * C * 9)[(o * C + c) * 9 + tap]
const pParams = alloc(32, false)
writeConvParams(host.memory, pParams, {
  N: 1,
  C,
  OC,
  groups: 1,
  input: [1, size, size],
  output: [1, size, size],
  kernel: [1, 3, 3],
  stride: [1, 1, 1],
  padding: [0, 1, 1],
  dilation: [1, 1, 1],
})
const pSpace = alloc(
  Math.max(kernels.conv_scratch_bytes(pParams, 0), matrix.gemm_scratch_bytes(size * size, OC, 9 * C)) / 4 + 1,
  false,
)
const implicit = () => kernels.f32_conv(pX, pW, 0, pZ, pParams, 0, pSpace)
const convWork = {
  'plain loops': () => rungs.conv(pX, pW, pY, size, C, OC),
  'im2col and gemm (weights turned)': () => {
    rungs.im2col(pX, pRows, size, C)
    matrix.f32_gemm(pRows, 9 * C, 1, pT, OC, 1, pY, OC, size * size, OC, 9 * C, 0, 0, pSpace)
  },
  [`library, ${host.tier} tier`]: implicit,
}
const convChecks = Object.fromEntries(
  Object.entries(convWork).map(([name, run]) => [
    name,
    () => (
      implicit(),
      run(),
      difference(view(name.startsWith('library') ? pZ : pY, size * size * OC), view(pZ, size * size * OC))
    ),
  ]),
)
if (tf) {
  const x = tf.tensor4d(view(pX, size * size * C).slice(), [1, size, size, C])
  const w = tf.tensor4d(view(pT, OC * C * 9).slice(), [3, 3, C, OC])
  convWork['tfjs-backend-wasm'] = () => tf.conv2d(x, w, 1, 'same').dispose()
}
report('conv 3x3, 28 x 28, 128 to 128 channels', 2 * size * size * OC * C * 9, convWork, convChecks)
