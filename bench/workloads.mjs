// What is measured. Names are those of the results; shapes are NCHW / OIHW, f32, one image unless `batch` says otherwise.
import { netNodes } from './nets.mjs'
import { product } from './values.mjs'

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

const lstm = (id, batch) => ({ id, kind: 'lstm', steps: 128, batch, inputs: 256, hidden: 256 })

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
  {
    id: 'convT4x4s2_8x8_256_128',
    kind: 'convTranspose2d',
    input: [1, 256, 8, 8],
    weight: [256, 128, 4, 4],
    stride: 2,
    padding: 1,
  },
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
  { id: 'smallcnn_28', kind: 'net', net: 'smallcnn' },
  { id: 'resnet18_224', kind: 'net', net: 'resnet18' },
  { id: 'mobilenetv2_224', kind: 'net', net: 'mobilenetV2' },
  { id: 'vgg11_224', kind: 'net', net: 'vgg11' },
  lstm('lstm_h256_t128_b1', 1),
  lstm('lstm_h256_t128_b32', 32),
  {
    id: 'train_cifar_cnn_b32',
    kind: 'trainCnn',
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
  {
    id: 'train_mnist_cnn_b64',
    kind: 'trainCnn',
    batch: 64,
    image: [1, 28, 28],
    layers: [['conv', 32, 5], ['pool'], ['conv', 64, 5], ['pool'], ['dense', 1024], ['dense', 10]],
  },
  {
    id: 'train_charlstm_h128_l2_t64_b32',
    kind: 'trainCharLstm',
    batch: 32,
    steps: 64,
    hidden: 128,
    numLayers: 2,
    vocabulary: 65,
  },
  { id: 'train_dcgan32_b32', kind: 'trainDcgan', batch: 32, channels: 3, size: 32, width: 64, latent: 100 },
]

export const isTraining = ({ kind }) => kind.startsWith('train')

/** Whether arithmetic is reported as a share of the machine's peak. */
export const countsFlops = (spec) => flopsOf(spec) !== undefined

/** The layers of a training CNN with sizes and PyTorch's names in a Sequential of them. */
export const layersOf = ({ image, layers }) => {
  let [channels, height, width] = image
  let features = 0
  let index = 0
  return layers.map(([type, out, kernel], i) => {
    const isLast = i === layers.length - 1
    if (type === 'pool') {
      height = Math.floor(height / 2)
      width = Math.floor(width / 2)
      index++
      return { type, macs: 0 }
    }
    if (type === 'conv') {
      const weight = [out, channels, kernel, kernel]
      const layer = {
        type,
        name: `${index}`,
        weight,
        padding: (kernel - 1) / 2,
        macs: product(weight) * height * width,
      }
      channels = out
      index += 2
      return layer
    }
    if (features === 0) index++ // Flatten
    const weight = [out, features || channels * height * width]
    const layer = { type, name: `${index}`, weight, isFirst: features === 0, isLast, macs: product(weight) }
    features = out
    index += 2
    return layer
  })
}

const sum = (list) => list.reduce((a, b) => a + b, 0)

/** Multiply-adds of each layer of a DCGAN's generator and discriminator for one image. */
const dcganMacs = ({ channels, width, latent }) => {
  const [w4, w2] = [4 * width, 2 * width]
  const inner = [16 * 16 * w4 * w2, 16 * 64 * w2 * width, 16 * 256 * width * channels]
  return { generator: [16 * latent * w4, ...inner], discriminator: [...inner.toReversed(), 16 * w4] }
}

/**
 * Floating point operations that a call needs: multiply-adds count twice. A training step costs three forward passes,
 * less the gradient of the network's input. A GAN's generator runs once, its discriminator three times, the last time
 * without gradients of its weights.
 */
export const flopsOf = (spec) => {
  switch (spec.kind) {
    case 'matmul':
      return 2 * product(spec.a) * spec.b[1]
    case 'conv2d':
      return (2 * product(spec.weight) * spec.input[2] * spec.input[3]) / (spec.stride * spec.stride)
    case 'convTranspose2d':
      return 2 * product(spec.weight) * spec.input[2] * spec.input[3]
    case 'net':
      return 2 * sum(netNodes(spec.net).map(({ macs = 0 }) => macs))
    case 'lstm':
      return 2 * spec.steps * spec.batch * 4 * spec.hidden * (spec.inputs + spec.hidden)
    case 'trainCnn': {
      const macs = layersOf(spec).map((layer) => layer.macs)
      return 2 * spec.batch * (3 * sum(macs) - macs[0])
    }
    case 'trainCharLstm': {
      const { hidden, numLayers, vocabulary, steps, batch } = spec
      const first = 4 * hidden * vocabulary
      const macs = first + 4 * hidden * hidden * (2 * numLayers - 1) + hidden * vocabulary
      return 2 * steps * batch * (3 * macs - first)
    }
    case 'trainDcgan': {
      const { generator, discriminator } = dcganMacs(spec)
      return 2 * spec.batch * (3 * sum(generator) - generator[0] + 8 * sum(discriminator) - 2 * discriminator[0])
    }
    default:
      return undefined
  }
}
