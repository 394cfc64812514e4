// jax-js on its WebAssembly device. Every use of an array consumes it unless it is taken by `.ref`.
import { foldedOf, inputShapeOf, netNodes } from '../nets.mjs'
import { parameter, values } from '../values.mjs'

// jax-js 0.1.25 looks for WebGPU on a global that Node 20 lacks.
globalThis.navigator ??= {}
export const { defaultDevice, init, jit, lax, nn, numpy: np, tree, valueAndGrad } = await import('@jax-js/jax')

export const start = async ({ hasRelaxed }) => {
  await init('wasm')
  defaultDevice('wasm')
  // It multiplies and adds in one instruction where the engine can.
  return hasRelaxed ? 'relaxed' : 'base'
}

/** Whole networks and unrolled sequences take it seconds to minutes. */
export const isSlow = ({ kind, net }) =>
  kind.startsWith('train') || kind === 'lstm' || (kind === 'net' && net !== 'smallcnn')

/** An array of the given numbers. */
export const arrayOf = (data, shape) => np.array(data).reshape(shape)

const make = (shape, seed) => arrayOf(values(shape, seed), shape)

const one = (f) => (spec) => [f, [make(spec.input, 1)]]

const all = (padding) => [
  [padding, padding],
  [padding, padding],
]

/** A convolution with a bias [C]. */
export const conv = (x, w, b, { stride = 1, padding = 0, groups = 1 }) =>
  lax
    .convGeneralDilated(x, w, [stride, stride], all(padding), { featureGroupCount: groups })
    .add(b.reshape([1, -1, 1, 1]))

/** Largest values of windows; padding is by 0, after a relu. */
export const maxPool = (x, kernel, stride = kernel, padding = 0) => {
  const padded = padding === 0 ? x : np.pad(x, [[0, 0], [0, 0], ...all(padding)])
  return lax.reduceWindow(padded, (window) => np.max(window), [kernel, kernel], [stride, stride])
}

const activate = { relu: (x) => nn.relu(x), relu6: (x) => nn.relu6(x) }

/** Arguments are the input, then weight and bias of each layer that has them. */
const net = (spec) => {
  const nodes = netNodes(spec.net)
  const weights = [...foldedOf(nodes)].flatMap(([node, { weight, bias }]) => [
    arrayOf(weight, node.weight),
    arrayOf(bias, [node.channels]),
  ])
  const uses = nodes.map((_, i) => nodes.filter(({ from }) => from?.includes(i)).length)
  const f = (x, ...parameters) => {
    const outputs = [x]
    const left = [...uses]
    const take = (i) => (--left[i] > 0 ? outputs[i].ref : outputs[i])
    for (const node of nodes.slice(1)) {
      const [a, b] = node.from.map(take)
      let y
      if (node.op === 'conv') y = conv(a, parameters.shift(), parameters.shift(), node)
      else if (node.op === 'maxPool') y = maxPool(a, node.kernel, node.stride, node.padding)
      else if (node.op === 'mean') y = np.mean(a, [2, 3])
      else if (node.op === 'add') y = a.add(b)
      else y = np.matmul(a.reshape([1, -1]), parameters.shift().transpose()).add(parameters.shift())
      outputs.push(node.activation ? activate[node.activation](y) : y)
    }
    return outputs.at(-1)
  }
  return [f, [make(inputShapeOf(nodes), 1), ...weights]]
}

/** One step of an LSTM, gates in the order i, f, g, o; `wx` is [in, 4 H], `wh` [H, 4 H]. */
export const cell = (x, h, c, wx, wh, b) => {
  const gates = np.split(np.matmul(x, wx).add(np.matmul(h, wh)).add(b), 4, 1)
  const [i, f, o] = [0, 1, 3].map((gate) => nn.sigmoid(gates[gate]))
  const next = f.mul(c).add(i.mul(np.tanh(gates[2])))
  return [o.mul(np.tanh(next.ref)), next]
}

const lstm = ({ steps, batch, inputs, hidden }) => {
  const draw = (name, shape) => arrayOf(parameter(name, shape, 1 / Math.sqrt(hidden)), shape)
  const f = (x, wx, wh, bx, bh) => {
    const [wxT, whT, b] = [wx.transpose(), wh.transpose(), bx.add(bh)]
    let [h, c] = [np.zeros([batch, hidden]), np.zeros([batch, hidden])]
    const ys = []
    for (const step of np.unstack(x, 0)) {
      ;[h, c] = cell(step, h, c, wxT.ref, whT.ref, b.ref)
      ys.push(h.ref)
    }
    return np.stack(ys)
  }
  return [
    f,
    [
      make([steps, batch, inputs], 1),
      draw('weight_ih_l0', [4 * hidden, inputs]),
      draw('weight_hh_l0', [4 * hidden, hidden]),
      draw('bias_ih_l0', [4 * hidden]),
      draw('bias_hh_l0', [4 * hidden]),
    ],
  ]
}

const batchNorm = (spec) => {
  const f = (x, mean, variance, bias, weight) => {
    const scale = weight.div(np.sqrt(variance.add(1e-5)))
    const shift = bias.sub(mean.mul(scale.ref))
    return x.mul(scale.reshape([1, -1, 1, 1])).add(shift.reshape([1, -1, 1, 1]))
  }
  const parts = [3, 4, 5, 6].map((seed) => arrayOf(values([spec.input[1]], seed).map(Math.abs), [spec.input[1]]))
  return [f, [make(spec.input, 1), ...parts]]
}

const kinds = {
  matmul: (spec) => [(a, b) => np.matmul(a, b), [make(spec.a, 1), make(spec.b, 2)]],
  conv2d: ({ input, weight, stride, padding, groups }) => [
    (x, w) => lax.convGeneralDilated(x, w, [stride, stride], all(padding), { featureGroupCount: groups }),
    [make(input, 1), make(weight, 2)],
  ],
  convTranspose2d: ({ input, weight, stride, padding }) => [
    (x, w) => lax.convTranspose(x, w, [stride, stride], all(padding), { transposeKernel: true }),
    [make(input, 1), make(weight, 2)],
  ],
  add: (spec) => [(a, b) => a.add(b), [make(spec.input, 1), make(spec.input, 2)]],
  relu: one((x) => nn.relu(x)),
  exp: one((x) => np.exp(x)),
  tanh: one((x) => np.tanh(x)),
  sigmoid: one((x) => nn.sigmoid(x)),
  softmax: one((x) => nn.softmax(x, -1)),
  sum: (spec) => one((x) => np.sum(x, spec.axis))(spec),
  transpose: one((x) => np.transpose(x)),
  maxPool2d: one((x) => maxPool(x, 2)),
  batchNorm,
  net,
  lstm,
}

export const prepare = async (spec) => {
  if (!kinds[spec.kind]) return (await import('./jax-train.mjs')).prepare(spec)
  const [f, inputs] = kinds[spec.kind](spec)
  const compiled = jit(f)
  const call = () => compiled(...inputs.map((x) => x.ref))
  const run = async () => {
    const y = call()
    await y.blockUntilReady()
    y.dispose()
  }
  return { run, read: () => call().data() }
}
