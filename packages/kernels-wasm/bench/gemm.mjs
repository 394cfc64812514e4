// node bench/gemm.mjs [M,N,K[,layout] ...]     layout: nn (default), nt, tn, tt; TIER=base|relaxed|best
// GFLOP/s (best of interleaved rounds) of f32_gemm, of tfjs-backend-wasm and of an L1-resident tile (64 x 64 x 256).
import { gemm } from '@lanewise/kernels-wasm/gemm'
import { createHost, loadTfjs, race, repeat } from './lib.mjs'

const shapes = process.argv.slice(2).length
  ? process.argv.slice(2)
  : '64,64,64 128,128,128 256,256,256 512,512,512 1024,1024,1024 512,512,512,nt 512,512,512,tn 64,1024,1024 1,1024,1024 1024,1,1024 64,1024,3136,nt 1024,3136,64,tn 64,3136,1024 64,10,1024,nt'.split(
      ' ',
    )

const { host, alloc, reset, view } = await createHost(128)
const kernels = host.use(gemm)
const tf = process.env.TFJS === '0' ? undefined : await loadTfjs()
console.log(`tier ${host.tier}, ${process.version}`)

for (const text of shapes) {
  const [m, n, k, layout = 'nn'] = text.split(',').map((part) => (/\d/.test(part) ? Number(part) : part))
  reset()
  const pA = alloc(m * k),
    pB = alloc(k * n),
    pC = alloc(m * n, false)
  const pScratch = alloc(kernels.gemm_scratch_bytes(m, n, k) / 4 + 16, false)
  const [rsA, csA] = layout[0] === 'n' ? [k, 1] : [1, m]
  const [rsB, csB] = layout[1] === 'n' ? [n, 1] : [1, k]
  const times = Math.max(1, Math.round(5e6 / (m * n * k)))
  const work = {
    ours: repeat(times, () => kernels.f32_gemm(pA, rsA, csA, pB, rsB, csB, pC, n, m, n, k, 0, 0, pScratch)),
    tile: repeat(20, () =>
      kernels.f32_gemm(1024, 256, 1, 1024 + 65536, 64, 1, 1024 + 131072, 64, 64, 64, 256, 0, 0, 1024 + 196608),
    ),
  }
  if (tf) {
    const a = tf.tensor2d(view(pA, m * k).slice(), layout[0] === 'n' ? [m, k] : [k, m])
    const b = tf.tensor2d(view(pB, k * n).slice(), layout[1] === 'n' ? [k, n] : [n, k])
    work.tfjs = repeat(times, () => tf.matMul(a, b, layout[0] === 't', layout[1] === 't').dispose())
  }
  const t = race(work, { budgetMs: 1200 })
  const gf = (ms, count) => ((2 * m * n * k * count) / ms / 1e6).toFixed(1)
  const tile = (2 * 64 * 64 * 256 * 20) / t.tile.min / 1e6
  const ours = (2 * m * n * k * times) / t.ours.min / 1e6
  const ratio = tf ? (t.tfjs.min / t.ours.min).toFixed(2) : '-'
  console.log(
    `${text.padEnd(18)} ours ${ours.toFixed(1).padStart(6)}  tfjs ${(tf ? gf(t.tfjs.min, times) : '-').padStart(6)}  ratio ${ratio}  of tile ${((ours / tile) * 100).toFixed(0)} %  ms ${(t.ours.min / times).toFixed(3)}`,
  )
}
