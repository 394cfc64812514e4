// What is measured. Names are those of the results; shapes are NCHW / OIHW, f32, one image unless `batch` says otherwise.
const conv = (id, size, inChannels, outChannels, kernel, more = {}) => ({
  id,
  kind: 'conv2d',
  input: [1, inChannels, size, size],
  weight: [outChannels, inChannels / (more.groups ?? 1), kernel, kernel],
  stride: 1,
  padding: (kernel - 1) / 2,
  groups: 1,
  ...more,
})

const matmul = (id, m, k, n) => ({ id, kind: 'matmul', a: [m, k], b: [k, n] })

const million = [1024, 1024]

export const workloads = [
  matmul('matmul_256', 256, 256, 256),
  matmul('matmul_512', 512, 512, 512),
  matmul('matmul_1024', 1024, 1024, 1024),
  matmul('matmul_64x1024x1024', 64, 1024, 1024),
  matmul('matvec_1024', 1, 1024, 1024),
  conv('conv3x3_56x56_64_64', 56, 64, 64, 3),
  conv('conv3x3_28x28_128_128', 28, 128, 128, 3),
  conv('conv1x1_28x28_256_256', 28, 256, 256, 1),
  conv('conv7x7s2_224_3_64', 224, 3, 64, 7, { stride: 2 }),
  conv('depthwise3x3_56x56_128', 56, 128, 128, 3, { groups: 128 }),
  { id: 'add_1M', kind: 'add', input: million },
  { id: 'relu_1M', kind: 'relu', input: million },
  { id: 'exp_1M', kind: 'exp', input: million },
  { id: 'tanh_1M', kind: 'tanh', input: million },
  { id: 'sigmoid_1M', kind: 'sigmoid', input: million },
  { id: 'softmax_1024x1024', kind: 'softmax', input: million },
  { id: 'sum_last_1M', kind: 'sum', input: million, axis: 1 },
  { id: 'sum_axis0_1M', kind: 'sum', input: million, axis: 0 },
  { id: 'transpose_1024', kind: 'transpose', input: million },
  { id: 'maxpool2_112x112_64', kind: 'maxPool2d', input: [1, 64, 112, 112] },
  { id: 'batchnorm_56x56_128', kind: 'batchNorm', input: [1, 128, 56, 56] },
  {
    id: 'train_mnist_cnn_b64',
    kind: 'train',
    batch: 64,
    image: [1, 28, 28],
    layers: [['conv', 32, 5], ['pool'], ['conv', 64, 5], ['pool'], ['dense', 1024], ['dense', 10]],
  },
  {
    id: 'train_cifar_cnn_b32',
    kind: 'train',
    batch: 32,
    image: [3, 32, 32],
    layers: [
      ['conv', 32, 3],
      ['pool'],
      ['conv', 64, 3],
      ['pool'],
      ['conv', 128, 3],
      ['pool'],
      ['dense', 64],
      ['dense', 10],
    ],
  },
]

const product = (shape) => shape.reduce((a, b) => a * b, 1)

/** Weight shapes of a training net, layer by layer; pools have none. */
export const netOf = ({ image, layers }) => {
  let [channels, height, width] = image
  let features = 0
  return layers.map(([type, out, kernel]) => {
    if (type === 'conv') {
      const layer = {
        type,
        weight: [out, channels, kernel, kernel],
        padding: (kernel - 1) / 2,
        macs: out * channels * kernel * kernel * height * width,
      }
      channels = out
      return layer
    }
    if (type === 'pool') {
      height = Math.floor(height / 2)
      width = Math.floor(width / 2)
      return { type, macs: 0 }
    }
    const inputs = features || channels * height * width
    features = out
    return { type, weight: [out, inputs], macs: out * inputs }
  })
}

/** Multiply-adds count twice; a training step costs three forward passes, less the first layer's input gradient. */
export const flopsOf = (spec) => {
  if (spec.kind === 'matmul') return 2 * product(spec.a) * spec.b[1]
  if (spec.kind === 'conv2d')
    return (2 * product(spec.weight) * spec.input[2] * spec.input[3]) / (spec.stride * spec.stride)
  if (spec.kind !== 'train') return undefined
  const macs = netOf(spec).map((layer) => layer.macs)
  return 2 * spec.batch * (3 * macs.reduce((a, b) => a + b, 0) - macs[0])
}

/** Repeatable values in [-0.5, 0.5). */
export const values = (shape, seed) => {
  const data = new Float32Array(product(shape))
  let state = seed
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    data[i] = state / 4294967296 - 0.5
  }
  return data
}
