// LSTM layers as kernels: the input product, the sequence, and for training the way back: node bench/recurrent.mjs
import { gemm } from '@lanewise/kernels-wasm/gemm'
import { columnPackBytes, gatePackBytes, rnn } from '@lanewise/kernels-wasm/rnn'
import { createHost, race, repeat } from './lib.mjs'

const { host, f32, alloc, view, reset } = await createHost(192)
const k = { ...host.use(gemm), ...host.use(rnn) }

/** One layer of H units over T steps of a batch of N, inputs of I: its forward pass, and forward and backward. */
const layer = (T, N, I, H) => {
  const rows = T * N
  const [x, wIn, wRec, bias] = [alloc(rows * I), alloc(4 * H * I), alloc(4 * H * H), alloc(4 * H)]
  for (const [p, n] of [
    [wIn, 4 * H * I],
    [wRec, 4 * H * H],
  ])
    view(p, n).forEach((v, i, w) => (w[i] = v / Math.sqrt(H)))
  const gates = alloc(rows * 4 * H)
  const [hs, cs] = [alloc((T + 1) * N * H), alloc((T + 1) * N * H)]
  const packed = alloc(gatePackBytes(H, 4) / 4)
  const packedBack = alloc(columnPackBytes(H, 4 * H) / 4)
  const [dy, dx, dwIn, dwRec] = [alloc(rows * H), alloc(rows * I), alloc(4 * H * I), alloc(4 * H * H)]
  const [dh, dc] = [alloc(N * H), alloc(N * H)]
  const scratch = alloc(4 << 20)
  const forward = () => {
    k.f32_gemm(x, I, 1, wIn, 1, I, gates, 4 * H, rows, 4 * H, I, 2, bias, scratch)
    k.f32_lstm_pack(wRec, packed, H)
    k.f32_lstm(gates, gates, packed, bias, hs, cs, 0, 0, T, N, H, 0, 1)
  }
  const backward = () => {
    k.f32_lstm_grad_pack(wRec, packedBack, H)
    f32.fill(0, dh / 4, dh / 4 + N * H)
    f32.fill(0, dc / 4, dc / 4 + N * H)
    k.f32_lstm_grad(gates, gates, packedBack, cs, dy, dh, dc, 0, T, N, H, 0)
    k.f32_gemm(gates, 4 * H, 1, wIn, I, 1, dx, I, rows, I, 4 * H, 0, 0, scratch)
    k.f32_gemm(gates, 1, 4 * H, x, I, 1, dwIn, I, 4 * H, I, rows, 0, 0, scratch)
    k.f32_gemm(gates, 1, 4 * H, hs, H, 1, dwRec, H, 4 * H, H, rows, 0, 0, scratch)
  }
  return { forward, train: () => (forward(), backward()), flops: 2 * rows * 4 * H * (I + H) }
}

const peak = () => {
  reset()
  const [a, b, c, s] = [alloc(65536), alloc(65536), alloc(65536), alloc(1 << 20)]
  return () => k.f32_gemm(a, 256, 1, b, 256, 1, c, 256, 256, 256, 256, 0, 0, s)
}

console.log(`${process.version} tier ${host.tier}; milliseconds of processor time, minimum`)
const cases = [
  ['lstm_h256_t128_b1', () => layer(128, 1, 256, 256), 'forward', 1],
  ['lstm_h256_t128_b32', () => layer(128, 32, 256, 256), 'forward', 1],
  ['lstm train h128 t64 b32', () => layer(64, 32, 128, 128), 'train', 3],
]
for (const [name, make, what, passes] of cases) {
  const product = peak()
  const one = make()
  const { ours, gemm256 } = race({ ours: one[what], gemm256: repeat(4, product) }, { budgetMs: 2500 })
  const rate = (one.flops * passes) / ours.min / 1e6
  const gemmRate = (4 * 2 * 256 ** 3) / gemm256.min / 1e6
  console.log(
    `${name.padEnd(26)} ${ours.min.toFixed(2).padStart(8)}  ${rate.toFixed(1)} GFLOP/s, ${((100 * rate) / gemmRate).toFixed(0)} % of gemm 256`,
  )
}
