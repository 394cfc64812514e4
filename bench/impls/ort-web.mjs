// onnxruntime-web, WebAssembly, one thread. Weights are constants of its models, as exporters write them: batch norm is
// folded into the convolution before it, and what packing there is happens once.
import * as ort from 'onnxruntime-web'
import { foldedOf, inputShapeOf, netNodes } from '../nets.mjs'
import { onnxModel } from '../onnx.mjs'
import { parameter, values } from '../values.mjs'

export const start = () => {
  ort.env.wasm.numThreads = 1
  ort.env.logLevel = 'error'
}

/** A model of one node that reads x, with constants by name. */
const single =
  (op, attributesOf = () => ({}), constantsOf = () => ({})) =>
  (spec) => {
    const constants = constantsOf(spec)
    const inputs = ['x', ...Object.keys(constants)]
    return {
      nodes: [{ op, inputs, outputs: ['y'], attributes: attributesOf(spec) }],
      inputs: { x: spec.input },
      constants,
      output: 'y',
    }
  }

/** A model of one node with two inputs. */
const pair = (op, a, b) => ({
  nodes: [{ op, inputs: ['a', 'b'], outputs: ['y'] }],
  inputs: { a, b },
  output: 'y',
})

const strided = ({ stride, padding }) => ({ strides: [stride, stride], pads: Array(4).fill(padding) })
const weight = ({ weight: shape }) => ({ w: { shape, data: values(shape, 2) } })

const batchNormConstants = ({ input }) =>
  Object.fromEntries(
    [
      ['weight', 6],
      ['bias', 5],
      ['mean', 3],
      ['variance', 4],
    ].map(([name, seed]) => [name, { shape: [input[1]], data: values([input[1]], seed).map(Math.abs) }]),
  )

const reduceSum = (spec) => ({
  nodes: [{ op: 'ReduceSum', inputs: ['x', 'axes'], outputs: ['y'], attributes: { keepdims: 0 } }],
  inputs: { x: spec.input },
  constants: { axes: { shape: [1], data: [spec.axis] } },
  output: 'y',
})

/** The order of an ONNX LSTM's gates (i, o, f, c) in PyTorch's (i, f, g, o). */
const gateOrder = [0, 3, 1, 2]
const reorder = (data, hidden) => {
  const block = (data.length / 4 / hidden) * hidden
  const out = new Float32Array(data.length)
  gateOrder.forEach((from, to) => out.set(data.subarray(from * block, (from + 1) * block), to * block))
  return out
}

const lstm = ({ steps, batch, inputs, hidden }) => {
  const draw = (name, shape) => reorder(parameter(name, shape, 1 / Math.sqrt(hidden)), hidden)
  const bias = new Float32Array(8 * hidden)
  bias.set(draw('bias_ih_l0', [4 * hidden]))
  bias.set(draw('bias_hh_l0', [4 * hidden]), 4 * hidden)
  return {
    nodes: [
      { op: 'LSTM', inputs: ['x', 'w', 'r', 'b'], outputs: ['y'], attributes: { hidden_size: hidden } },
      { op: 'Squeeze', inputs: ['y', 'axes'], outputs: ['z'] },
    ],
    inputs: { x: [steps, batch, inputs] },
    constants: {
      w: { shape: [1, 4 * hidden, inputs], data: draw('weight_ih_l0', [4 * hidden, inputs]) },
      r: { shape: [1, 4 * hidden, hidden], data: draw('weight_hh_l0', [4 * hidden, hidden]) },
      b: { shape: [1, 8 * hidden], data: bias },
      axes: { shape: [1], data: [1] },
    },
    output: 'z',
  }
}

/** A network with batch norm folded, as PyTorch's exporter leaves it. */
const net = ({ net: name }) => {
  const list = netNodes(name)
  const folded = foldedOf(list)
  const [nodes, constants] = [
    [],
    list.some(({ activation }) => activation === 'relu6') ? { low: scalar(0), high: scalar(6) } : {},
  ]
  const add = (op, inputs, output, attributes) => void nodes.push({ op, inputs, outputs: [output], attributes })
  const activate = (node, from) => {
    if (node.activation === 'relu6') add('Clip', [from, 'low', 'high'], `n${node.index}`)
    else if (node.activation === 'relu') add('Relu', [from], `n${node.index}`)
  }
  const layer = (op, node, inputs, attributes) => {
    const { weight, bias } = folded.get(node)
    const [w, b, y] = ['w', 'b', node.activation ? 'a' : 'n'].map((letter) => `${letter}${node.index}`)
    constants[w] = { shape: node.weight, data: weight }
    constants[b] = { shape: [node.channels], data: bias }
    add(op, [...inputs, w, b], y, attributes)
    activate(node, y)
  }
  for (const node of list.slice(1)) {
    const [x, z] = node.from.map((index) => `n${index}`)
    const y = `n${node.index}`
    if (node.op === 'conv') layer('Conv', node, [x], { ...strided(node), group: node.groups })
    else if (node.op === 'maxPool')
      add('MaxPool', [x], y, { ...strided(node), kernel_shape: [node.kernel, node.kernel] })
    else if (node.op === 'mean') add('GlobalAveragePool', [x], y)
    else if (node.op === 'add') {
      add('Add', [x, z], node.activation ? `a${node.index}` : y)
      activate(node, `a${node.index}`)
    } else {
      add('Flatten', [x], `f${node.index}`)
      layer('Gemm', node, [`f${node.index}`], { transB: 1 })
    }
  }
  return { nodes, constants, inputs: { n0: inputShapeOf(list) }, output: `n${list.length - 1}` }
}

const scalar = (value) => ({ shape: [], data: Float32Array.of(value) })

const kinds = {
  matmul: (spec) => pair('MatMul', spec.a, spec.b),
  conv2d: single('Conv', (spec) => ({ ...strided(spec), group: spec.groups }), weight),
  convTranspose2d: single('ConvTranspose', strided, weight),
  add: (spec) => pair('Add', spec.input, spec.input),
  relu: single('Relu'),
  exp: single('Exp'),
  tanh: single('Tanh'),
  sigmoid: single('Sigmoid'),
  softmax: single('Softmax'),
  sum: reduceSum,
  transpose: single('Transpose', () => ({ perm: [1, 0] })),
  maxPool2d: single('MaxPool', () => ({ kernel_shape: [2, 2], strides: [2, 2] })),
  batchNorm: single('BatchNormalization', () => ({ epsilon: 1e-5 }), batchNormConstants),
  net,
  lstm,
}

export const prepare = async (spec) => {
  if (!kinds[spec.kind]) return { cannot: 'onnxruntime-web has no training' }
  const { inputs, ...graph } = kinds[spec.kind](spec)
  const session = await ort.InferenceSession.create(onnxModel({ inputs, ...graph }), { executionProviders: ['wasm'] })
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, shape], i) => [name, new ort.Tensor('float32', values(shape, i + 1), shape)]),
  )
  const run = async () => (await session.run(feeds))[graph.output].data
  return { run, read: run, dispose: () => session.release() }
}
