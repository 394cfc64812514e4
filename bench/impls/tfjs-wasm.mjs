import * as tf from '@tensorflow/tfjs-core'
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { createRequire } from 'node:module'
import { dirname, sep } from 'node:path'
import { values } from '../workloads.mjs'

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

const kinds = {
  matmul: (spec) => {
    const [a, b] = [make(spec.a, 1), make(spec.b, 2)]
    return () => tf.matMul(a, b)
  },
  conv2d: (spec) => {
    const x = nhwc(make(spec.input, 1))
    const w = tf.transpose(make(spec.weight, 2), [2, 3, 1, 0])
    const pad = spec.stride === 1 ? 'same' : spec.padding
    if (spec.groups === 1) return () => tf.conv2d(x, w, spec.stride, pad)
    const depthwise = tf.transpose(w, [0, 1, 3, 2])
    return () => tf.depthwiseConv2d(x, depthwise, spec.stride, pad)
  },
  add: (spec) => {
    const [a, b] = [make(spec.input, 1), make(spec.input, 2)]
    return () => tf.add(a, b)
  },
  softmax: (spec) => on(spec, (x) => tf.softmax(x)),
  sum: (spec) => on(spec, (x) => tf.sum(x, spec.axis)),
  transpose: (spec) => on(spec, (x) => tf.transpose(x)),
  maxPool2d: (spec) => on(spec, (x) => tf.maxPool(x, 2, 2, 'valid'), nhwc),
  batchNorm: (spec) => {
    const [mean, variance, offset, scale] = [3, 4, 5, 6].map((seed) => tf.abs(make([spec.input[1]], seed)))
    return on(spec, (x) => tf.batchNorm(x, mean, variance, offset, scale, 1e-5), nhwc)
  },
  relu: (spec) => on(spec, (x) => tf.relu(x)),
  exp: (spec) => on(spec, (x) => tf.exp(x)),
  tanh: (spec) => on(spec, (x) => tf.tanh(x)),
  sigmoid: (spec) => on(spec, (x) => tf.sigmoid(x)),
}

const on = (spec, f, layout = (x) => x) => {
  const x = layout(make(spec.input, 1))
  return () => f(x)
}

const isImage = ({ kind }) => kind === 'conv2d' || kind === 'maxPool2d' || kind === 'batchNorm'

export const prepare = (spec) => {
  if (!kinds[spec.kind]) return undefined
  const compute = kinds[spec.kind](spec)
  return {
    run: () => compute().dispose(),
    read: () => (isImage(spec) ? nchw(compute()) : compute()).dataSync(),
  }
}
