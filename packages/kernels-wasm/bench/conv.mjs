// node bench/conv.mjs [row ...]     TIER=base|relaxed|best, TFJS=0 leaves the peer out
// Best milliseconds of interleaved rounds: forward, input gradient, weight gradient, tfjs-backend-wasm's forward, and
// GFLOP/s of an L1-resident GEMM tile in the same run. Weights are packed in each call.
import { conv, writeConvParams } from '@lanewise/kernels-wasm/conv'
import { gemm } from '@lanewise/kernels-wasm/gemm'
import { createHost, loadTfjs, race } from './lib.mjs'

/** N, C, OC, size, kernel, stride, padding, and what it is. */
const rows = {
  conv3x3_56x56_64_64: [1, 64, 64, 56, 3, 1, 1],
  conv3x3_28x28_128_128: [1, 128, 128, 28, 3, 1, 1],
  conv3x3_14x14_256_256: [1, 256, 256, 14, 3, 1, 1],
  conv3x3_7x7_512_512: [1, 512, 512, 7, 3, 1, 1],
  conv1x1_28x28_256_256: [1, 256, 256, 28, 1, 1, 0],
  conv1x1_56x56_64_256: [1, 64, 256, 56, 1, 1, 0],
  conv7x7s2_224_3_64: [1, 3, 64, 224, 7, 2, 3],
  conv3x3s2_224_3_32: [1, 3, 32, 224, 3, 2, 1],
  depthwise3x3_56x56_128: [1, 128, 128, 56, 3, 1, 1, 'depthwise'],
  depthwise3x3s2_56x56_128: [1, 128, 128, 56, 3, 2, 1, 'depthwise'],
  depthwise3x3_28x28_64: [1, 64, 64, 28, 3, 1, 1, 'depthwise'],
  depthwise3x3_14x14_512: [1, 512, 512, 14, 3, 1, 1, 'depthwise'],
  convT4x4s2_8x8_256_128: [1, 128, 256, 16, 4, 2, 1, 'transposed'],
  mnist_conv1_b64: [64, 1, 32, 28, 5, 1, 2],
  mnist_conv2_b64: [64, 32, 64, 14, 5, 1, 2],
  cifar_conv1_b32: [32, 3, 32, 32, 3, 1, 1],
  cifar_conv2_b32: [32, 32, 64, 16, 3, 1, 1],
  cifar_conv3_b32: [32, 64, 128, 8, 3, 1, 1],
  conv3x3_56x56_16_16: [1, 16, 16, 56, 3, 1, 1],
  conv3x3_56x56_32_32: [1, 32, 32, 56, 3, 1, 1],
}
const { host, alloc, reset, view } = await createHost(200)
const kernels = host.use(conv)
const gemmKernels = host.use(gemm)
const tf = process.env.TFJS === '0' ? undefined : await loadTfjs()
console.log(`tier ${host.tier}, ${process.version}`)

const workOf = ([N, C, OC, size, k, stride, padding, kind]) => {
  reset()
  const groups = kind === 'depthwise' ? C : 1
  const out = Math.floor((size + 2 * padding - k) / stride) + 1
  const pParams = alloc(32, false)
  writeConvParams(host.memory, pParams, {
    N,
    C,
    OC,
    groups,
    input: [1, size, size],
    output: [1, out, out],
    kernel: [1, k, k],
    stride: [1, stride, stride],
    padding: [0, padding, padding],
    dilation: [1, 1, 1],
  })
  const pX = alloc(N * C * size * size),
    pY = alloc(N * OC * out * out),
    pW = alloc((OC * C * k * k) / groups),
    pBias = alloc(Math.max(C, OC))
  const pOutX = alloc(N * C * size * size, false),
    pOutY = alloc(N * OC * out * out, false),
    pOutW = alloc((OC * C * k * k) / groups, false),
    pDb = alloc(OC)
  const scratch = Math.max(...[0, 1, 2].map((pass) => kernels.conv_scratch_bytes(pParams, pass)))
  const pScratch = alloc(scratch / 4 + 1, false)
  const p = alloc(65536)
  const work = {
    forward: () => kernels.f32_conv(pX, pW, pBias, pOutY, pParams, 16, pScratch),
    dgrad: () => kernels.f32_conv_input_grad(pY, pW, 0, pOutX, pParams, 0, pScratch),
    wgrad: () => kernels.f32_conv_weight_grad?.(pX, pY, pOutW, pDb, pParams, 0, pScratch),
    tile: () => {
      for (let i = 0; i < 10; i++)
        gemmKernels.f32_gemm(p, 256, 1, p + 65536, 64, 1, p + 131072, 64, 64, 64, 256, 0, 0, p + 163840)
    },
  }
  if (tf) {
    const x = tf.tensor4d(view(pX, N * C * size * size).slice(), [N, size, size, C])
    const y = tf.tensor4d(view(pY, N * OC * out * out).slice(), [N, out, out, OC])
    const w = tf.tensor4d(view(pW, (OC * C * k * k) / groups).slice(), [k, k, groups > 1 ? OC : C, groups > 1 ? 1 : OC])
    const same = padding === 1 && k === 3 && stride === 1 ? 'same' : padding
    if (kind === 'depthwise') work.tfjs = () => tf.depthwiseConv2d(x, w, stride, same).dispose()
    else if (kind === 'transposed')
      work.tfjs = () => tf.conv2dTranspose(y, w, [N, size, size, C], stride, 'same').dispose()
    else work.tfjs = () => tf.conv2d(x, w, stride, same).dispose()
  }
  return {
    work,
    flops: (2 * N * OC * C * k * k * out * out) / groups,
    main: kind === 'transposed' ? 'dgrad' : 'forward',
    bytes: scratch,
  }
}

const selected = process.argv.slice(2).length ? process.argv.slice(2) : Object.keys(rows)
for (const name of selected) {
  const { work, flops, main, bytes } = workOf(rows[name])
  const t = race(work, { budgetMs: Number(process.env.MS ?? 1500), rounds: 8 })
  const peak = (2 * 64 * 64 * 256 * 10) / t.tile.min / 1e6
  const cell = (label) => {
    const { min } = t[label]
    return `${label} ${min.toFixed(2)} ms ${(flops / min / 1e6).toFixed(1)} (${(flops / min / 1e4 / peak).toFixed(0)} %)`
  }
  console.log(
    `${name.padEnd(26)} ${cell('forward')}  ${cell('dgrad')}  ${cell('wgrad')}  tfjs ${tf ? `${t.tfjs.min.toFixed(2)} ms, ratio ${(t.tfjs.min / t[main].min).toFixed(2)}` : '-'}  scratch ${(bytes / 1024).toFixed(0)} KiB`,
  )
}
