// node bench/training-steps.mjs     TIER=base|relaxed|best
// Best processor time of the products of one training step (forward, input and weight gradients of all conv and linear
// layers; no pooling, activations, loss or optimizer) of the MNIST and CIFAR networks, and GFLOP/s of an L1 tile.
import { conv, writeConvParams } from '@lanewise/kernels-wasm/conv'
import { gemm } from '@lanewise/kernels-wasm/gemm'
import { createHost, race } from './lib.mjs'

// conv: N, C, OC, size, kernel, padding; linear: batch, in, out. The first layer needs no input gradient.
const networks = {
  mnist_b64: [
    ['conv', 64, 1, 32, 28, 5, 2],
    ['conv', 64, 32, 64, 14, 5, 2],
    ['linear', 64, 3136, 1024],
    ['linear', 64, 1024, 10],
  ],
  cifar_b32: [
    ['conv', 32, 3, 32, 32, 3, 1],
    ['conv', 32, 32, 64, 16, 3, 1],
    ['conv', 32, 64, 128, 8, 3, 1],
    ['linear', 32, 2048, 64],
    ['linear', 32, 64, 10],
  ],
}
const { host, alloc, reset } = await createHost(400)
const kernels = host.use(conv)
const matrix = host.use(gemm)
console.log(`tier ${host.tier}, ${process.version}`)

const convCalls = ([, N, C, OC, size, k, padding], isFirst) => {
  const pParams = alloc(32, false)
  writeConvParams(host.memory, pParams, {
    N,
    C,
    OC,
    groups: 1,
    input: [1, size, size],
    output: [1, size, size],
    kernel: [1, k, k],
    stride: [1, 1, 1],
    padding: [0, padding, padding],
    dilation: [1, 1, 1],
  })
  const nX = N * C * size * size,
    nY = N * OC * size * size,
    nW = OC * C * k * k
  const [pX, pY, pDy, pDx, pW, pDw, pB, pDb] = [nX, nY, nY, nX, nW, nW, OC, OC].map((n) => alloc(n))
  const pScratch = alloc(Math.max(...[0, 1, 2].map((pass) => kernels.conv_scratch_bytes(pParams, pass))) / 4 + 1, false)
  const flops = 2 * N * OC * C * k * k * size * size
  return [
    ['fwd', flops, () => kernels.f32_conv(pX, pW, pB, pY, pParams, 16, pScratch)],
    ...(isFirst ? [] : [['dgrad', flops, () => kernels.f32_conv_input_grad(pDy, pW, 0, pDx, pParams, 0, pScratch)]]),
    ['wgrad', flops, () => kernels.f32_conv_weight_grad(pX, pDy, pDw, pDb, pParams, 0, pScratch)],
  ]
}
const linearCalls = ([, B, I, O]) => {
  const [pX, pY, pDy, pDx, pW, pDw, pB] = [B * I, B * O, B * O, B * I, I * O, I * O, O].map((n) => alloc(n))
  const bytes = Math.max(
    matrix.gemm_scratch_bytes(B, O, I),
    matrix.gemm_scratch_bytes(B, I, O),
    matrix.gemm_scratch_bytes(O, I, B),
  )
  const pScratch = alloc(bytes / 4 + 1, false)
  const flops = 2 * B * I * O
  return [
    ['fwd', flops, () => matrix.f32_gemm(pX, I, 1, pW, 1, I, pY, O, B, O, I, 2, pB, pScratch)],
    ['dgrad', flops, () => matrix.f32_gemm(pDy, O, 1, pW, I, 1, pDx, I, B, I, O, 0, 0, pScratch)],
    ['wgrad', flops, () => matrix.f32_gemm(pDy, 1, O, pX, I, 1, pDw, I, O, I, B, 0, 0, pScratch)],
  ]
}

for (const [name, layers] of Object.entries(networks)) {
  reset()
  const calls = layers.flatMap((layer, i) =>
    (layer[0] === 'conv' ? convCalls(layer, i === 0) : linearCalls(layer)).map(([pass, flops, run]) => [
      `${layer.join(' ')} ${pass}`,
      flops,
      run,
    ]),
  )
  const p = alloc(65536)
  const tile = () => {
    for (let i = 0; i < 10; i++)
      matrix.f32_gemm(p, 256, 1, p + 65536, 64, 1, p + 131072, 64, 64, 64, 256, 0, 0, p + 163840)
  }
  const t = race(
    { ...Object.fromEntries(calls.map(([label, , run]) => [label, run])), tile },
    { budgetMs: Number(process.env.MS ?? 4000) },
  )
  const peak = (2 * 64 * 64 * 256 * 10) / t.tile.min / 1e6
  let total = 0,
    work = 0
  for (const [label, flops] of calls) {
    total += t[label].min
    work += flops
    console.log(
      `  ${label.padEnd(32)} ${t[label].min.toFixed(2).padStart(7)} ms ${(flops / t[label].min / 1e6).toFixed(1).padStart(6)} GFLOP/s ${(flops / t[label].min / 1e4 / peak).toFixed(0)} %`,
    )
  }
  console.log(
    `${name}: ${total.toFixed(1)} ms for ${(work / 1e9).toFixed(2)} GFLOP, ${(work / total / 1e6).toFixed(1)} GFLOP/s, tile ${peak.toFixed(1)}: ${(work / total / 1e4 / peak).toFixed(0)} %`,
  )
}
