// Kernels other than products against tfjs-backend-wasm, in turns, by processor time: node bench/vectors.mjs [filter]
import { arithmetic } from '@lanewise/kernels-wasm/arithmetic'
import { exponential } from '@lanewise/kernels-wasm/exponential'
import { move } from '@lanewise/kernels-wasm/move'
import { norm } from '@lanewise/kernels-wasm/norm'
import { pool, poolParams } from '@lanewise/kernels-wasm/pool'
import { reduce } from '@lanewise/kernels-wasm/reduce'
import { softmax } from '@lanewise/kernels-wasm/softmax'
import { sum } from '@lanewise/kernels-wasm/sum'
import { createHost, loadTfjs, race, repeat } from './lib.mjs'

const { host, f32, alloc } = await createHost(96)
const i32 = new Int32Array(host.memory.buffer)
const tf = await loadTfjs()
const million = 1 << 20
const a = alloc(million)
const b = alloc(million)
const y = alloc(million)
const positive = alloc(million)
const meta = alloc(64)
const setMeta = (...fields) => (i32.set(fields, meta / 4), meta)
const groups = [arithmetic, exponential, move, reduce, softmax, sum, norm, pool]
const k = Object.assign({}, ...groups.map((group) => host.use(group)))

k.f32_abs(b, positive, million)
const flat = f32.slice(a / 4, a / 4 + million)
const tensor = tf?.tensor(flat)
const other = tf?.tensor(f32.slice(b / 4, b / 4 + million))
const size = other && tf.abs(other)
const square = tf?.tensor(flat, [1024, 1024])
const image = tf?.tensor(flat.subarray(0, 112 * 112 * 64), [1, 112, 112, 64])
const activation = tf?.tensor(flat.subarray(0, 56 * 56 * 128), [1, 56, 56, 128])
const channel = tf?.ones([128])
const free = (tensors) => [tensors].flat().forEach((t) => t.dispose())

const poolMeta = poolParams({
  N: 1,
  C: 64,
  input: [1, 112, 112],
  output: [1, 56, 56],
  kernel: [1, 2, 2],
  stride: [1, 2, 2],
  padding: [0, 0, 0],
  paddingEnd: [0, 0, 0],
  dilation: [1, 1, 1],
  countIncludePad: false,
  divisorOverride: 0,
})

const rows = {
  add_1M: [() => k.f32_add(a, b, y, million), () => free(tf.add(tensor, other))],
  relu_1M: [() => k.f32_relu(a, y, million), () => free(tf.relu(tensor))],
  exp_1M: [() => k.f32_exp(a, y, million), () => free(tf.exp(tensor))],
  tanh_1M: [() => k.f32_tanh(a, y, million), () => free(tf.tanh(tensor))],
  sigmoid_1M: [() => k.f32_sigmoid(a, y, million), () => free(tf.sigmoid(tensor))],
  softmax_1024x1024: [() => k.f32_softmax(a, y, 1024, 1024, 1), () => free(tf.softmax(square))],
  sum_last_1M: [() => k.f32_sum(a, y, 1024, 1024, 1), () => free(tf.sum(square, 1))],
  sum_axis0_1M: [() => k.f32_sum(a, y, 1, 1024, 1024), () => free(tf.sum(square, 0))],
  transpose_1024: [() => k.b32_copy_nd(a, y, setMeta(1024, 1024, 1, 1024), 2), () => free(tf.transpose(square))],
  maxpool2_112x112_64: [
    () => k.f32_max_pool(a, y, 0, setMeta(...poolMeta)),
    () => free(tf.maxPool(image, 2, 2, 'valid')),
  ],
  batchnorm_56x56_128: [
    () => k.f32_batch_norm_apply_nhwc(a, y, b, b, b, b, 56 * 56, 128),
    () => free(tf.batchNorm(activation, channel, channel, channel, channel)),
  ],
  bias_nhwc_64: [() => k.f32_add_nd(a, b, y, setMeta(16384, 64, 64, 1, 0, 1), 2)],
  log_1M: [() => k.f32_log(positive, y, million), () => free(tf.log(size))],
  gelu_1M: [() => k.f32_gelu(a, y, million)],
  gelu_tanh_1M: [() => k.f32_gelu_tanh(a, y, million)],
  silu_1M: [() => k.f32_silu(a, y, million)],
  sin_1M: [() => k.f32_sin(a, y, million), () => free(tf.sin(tensor))],
  pow_1M: [() => k.f32_pow(a, b, y, million), () => free(tf.pow(tensor, other))],
  max_last_1M: [() => k.f32_max(a, y, 1024, 1024, 1), () => free(tf.max(square, 1))],
  argmax_last_1M: [() => k.f32_argmax(a, y, 1024, 1024, 1), () => free(tf.argMax(square, 1))],
  layernorm_2048x512: [() => k.f32_layer_norm(a, y, b, b, b + 65536, b + 131072, 2048, 512, 1e-5)],
  batchnorm_train_25088x32: [
    () => k.f32_batch_norm_nhwc(a, y, b, b, b + 65536, b + 131072, b + 196608, 25088, 32, 1e-5),
  ],
}

console.log(`${process.version} tier ${host.tier}; milliseconds of processor time, minimum`)
for (const [name, [ours, theirs]] of Object.entries(rows)) {
  if (process.argv[2] && !name.includes(process.argv[2])) continue
  const times = race(
    { ours: repeat(4, ours), ...(tf && theirs ? { theirs: repeat(4, theirs) } : {}) },
    { budgetMs: 900 },
  )
  const mine = times.ours.min / 4
  const tfjs = times.theirs && times.theirs.min / 4
  const ratio = tfjs ? `tfjs ${tfjs.toFixed(3)}  ${(tfjs / mine).toFixed(2)}x` : ''
  console.log(`${name.padEnd(26)} ${mine.toFixed(3).padStart(7)}  ${ratio}`)
}
