// TensorFlow.js on its WebAssembly backend, one thread. Networks are what its converter leaves: batch norm folded into
// fused convolutions.
import * as tf from '@tensorflow/tfjs-core'
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { createRequire } from 'node:module'
import { dirname, sep } from 'node:path'
import { foldedOf, inputShapeOf, netNodes } from '../nets.mjs'
import { parameter, values } from '../values.mjs'

const folder = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))

export const start = async () => {
  setWasmPaths(folder + sep)
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false)
  setThreadsCount(1)
  await tf.setBackend('wasm')
  await tf.ready()
}

const make = (shape, seed) => tf.tensor(values(shape, seed), shape)

/** tfjs computes in NHWC and HWIO: inputs are brought there once, before the clock starts. */
const nhwc = (x) => tf.transpose(x, [0, 2, 3, 1])
const nchw = (x) => tf.transpose(x, [0, 3, 1, 2])
const hwio = (w) => tf.transpose(w, [2, 3, 1, 0])
const depthwiseFilter = (w) => tf.transpose(w, [2, 3, 0, 1])

const on = (spec, f, layout = (x) => x) => {
  const x = layout(make(spec.input, 1))
  return () => f(x)
}

/** A function of the network's input. A dense layer after an image takes its features in NHWC's order. */
const net = (spec) => {
  const nodes = netNodes(spec.net)
  const steps = [...foldedOf(nodes)].map(([node, { weight, bias }]) => [node, stepOf(node, nodes, weight, bias)])
  const compute = new Map(steps)
  const x = nhwc(make(inputShapeOf(nodes), 1))
  return () =>
    tf.tidy(() => {
      const outputs = [x]
      for (const node of nodes.slice(1)) {
        const [a, b] = node.from.map((index) => outputs[index])
        outputs.push(compute.has(node) ? compute.get(node)(a) : plainStep(node, a, b))
      }
      return outputs.at(-1)
    })
}

const plainStep = ({ op, kernel, stride, padding, activation }, a, b) => {
  if (op === 'maxPool') return tf.maxPool(a, kernel, stride, padding)
  if (op === 'mean') return tf.mean(a, [1, 2])
  const y = tf.add(a, b)
  return activation ? tf.relu(y) : y
}

const stepOf = (node, nodes, weight, bias) => {
  const b = tf.tensor1d(bias)
  const activation = node.activation ?? undefined
  if (node.op === 'dense') {
    const { channels, height, width } = nodes[node.from[0]]
    const w = tf.tidy(() => {
      const image = tf.tensor(weight, [node.channels, channels, height, width])
      return tf.reshape(tf.transpose(image, [2, 3, 1, 0]), [-1, node.channels])
    })
    return (x) => tf.fused.matMul({ a: tf.reshape(x, [1, w.shape[0]]), b: w, bias: b, activation })
  }
  const w = tf.tidy(() => (node.groups === 1 ? hwio : depthwiseFilter)(tf.tensor(weight, node.weight)))
  const options = { filter: w, strides: node.stride, pad: node.padding, bias: b, activation }
  if (node.groups === 1) return (x) => tf.fused.conv2d({ x, ...options })
  return (x) => tf.fused.depthwiseConv2d({ x, ...options })
}

/** Step by step on inputs cut up beforehand: its slice copies whole tensors. */
const lstm = ({ steps, batch, inputs, hidden }) => {
  const draw = (name, shape) => tf.tensor(parameter(name, shape, 1 / Math.sqrt(hidden)), shape)
  const [wx, wh] = [draw('weight_ih_l0', [4 * hidden, inputs]), draw('weight_hh_l0', [4 * hidden, hidden])].map((w) =>
    tf.transpose(w),
  )
  const bias = tf.tidy(() => tf.add(draw('bias_ih_l0', [4 * hidden]), draw('bias_hh_l0', [4 * hidden])))
  const xs = tf.unstack(make([steps, batch, inputs], 1))
  const step = batch > 8 ? cellByGates(tf.concat([wx, wh]), bias) : cellAtOnce(wx, wh, bias)
  return () =>
    tf.tidy(() => {
      let [h, c] = [tf.zeros([batch, hidden]), tf.zeros([batch, hidden])]
      const ys = xs.map((x) => {
        ;[h, c] = step(x, h, c)
        return h
      })
      return tf.stack(ys)
    })
}

const finish = ([i, f, g, o], c) => {
  const next = tf.add(tf.mul(tf.sigmoid(f), c), tf.mul(tf.sigmoid(i), tf.tanh(g)))
  return [tf.mul(tf.sigmoid(o), tf.tanh(next)), next]
}

/** One step of an LSTM, gates in the order i, f, g, o, from two products: the quicker way for small batches. */
const cellAtOnce = (wx, wh, bias) => (x, h, c) =>
  finish(tf.split(tf.add(tf.fused.matMul({ a: x, b: wx, bias }), tf.matMul(h, wh)), 4, 1), c)

/** The same by a product for each gate, which cuts nothing up; `kernel` is [inputs + hidden, 4 hidden]. */
export const cellByGates = (kernel, bias) => {
  const [kernels, biases] = [tf.split(kernel, 4, 1), tf.split(bias, 4)]
  return (x, h, c) => {
    const a = tf.concat([x, h], 1)
    return finish(
      kernels.map((b, i) => tf.fused.matMul({ a, b, bias: biases[i] })),
      c,
    )
  }
}

const kinds = {
  matmul: (spec) => {
    const [a, b] = [make(spec.a, 1), make(spec.b, 2)]
    return () => tf.matMul(a, b)
  },
  conv2d: (spec) => {
    const x = nhwc(make(spec.input, 1))
    const w = make(spec.weight, 2)
    if (spec.groups === 1) {
      const filter = hwio(w)
      return () => tf.conv2d(x, filter, spec.stride, spec.padding)
    }
    const filter = depthwiseFilter(w)
    return () => tf.depthwiseConv2d(x, filter, spec.stride, spec.padding)
  },
  convTranspose2d: (spec) => {
    const w = tf.transpose(make(spec.weight, 2), [2, 3, 1, 0])
    const [, , height, width] = spec.input
    const shape = [1, height * spec.stride, width * spec.stride, spec.weight[1]]
    return on(spec, (x) => tf.conv2dTranspose(x, w, shape, spec.stride, spec.padding), nhwc)
  },
  add: (spec) => {
    const [a, b] = [make(spec.input, 1), make(spec.input, 2)]
    return () => tf.add(a, b)
  },
  relu: (spec) => on(spec, (x) => tf.relu(x)),
  exp: (spec) => on(spec, (x) => tf.exp(x)),
  tanh: (spec) => on(spec, (x) => tf.tanh(x)),
  sigmoid: (spec) => on(spec, (x) => tf.sigmoid(x)),
  softmax: (spec) => on(spec, (x) => tf.softmax(x)),
  sum: (spec) => on(spec, (x) => tf.sum(x, spec.axis)),
  transpose: (spec) => on(spec, (x) => tf.transpose(x)),
  maxPool2d: (spec) => on(spec, (x) => tf.maxPool(x, 2, 2, 'valid'), nhwc),
  batchNorm: (spec) => {
    const [mean, variance, offset, scale] = [3, 4, 5, 6].map((seed) => tf.abs(make([spec.input[1]], seed)))
    return on(spec, (x) => tf.batchNorm(x, mean, variance, offset, scale, 1e-5), nhwc)
  },
  net,
  lstm,
}

const isImage = ({ kind }) => ['conv2d', 'convTranspose2d', 'maxPool2d', 'batchNorm'].includes(kind)

const lacksGradient = {
  cannot: "its WebAssembly backend has no gradient of a convolution's weights (Conv2DBackpropFilter)",
}

export const prepare = async (spec) => {
  if (spec.kind === 'trainCharLstm') return (await import('./tfjs-train.mjs')).trainCharLstm(spec)
  if (!kinds[spec.kind]) return lacksGradient
  const compute = kinds[spec.kind](spec)
  return {
    run: () => compute().dispose(),
    read: () => {
      const y = tf.tidy(() => (isImage(spec) ? nchw(compute()) : compute()))
      const data = y.dataSync()
      y.dispose()
      return data
    },
  }
}
