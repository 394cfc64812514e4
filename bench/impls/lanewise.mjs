// Our own rows, through the public API as a user would write them.
import * as L from '@lanewise/core'
import { checkpointOf, inputShapeOf, netNodes } from '../nets.mjs'
import { parameter, values } from '../values.mjs'

/** Gives the tier in use. */
export const start = ({ tier }) => L.init({ tier })

const make = (shape, seed) => L.keep(L.tensor(values(shape, seed), { shape }))

/** The same numbers as `make`, channels last in memory, as the op before would leave them. */
const makeChannelsLast = (shape, seed) => {
  const x = make(shape, seed)
  return L.keep(L.permute(L.clone(L.contiguous(L.permute(x, [0, 2, 3, 1]))), [0, 3, 1, 2]))
}

const on = (spec, f, create = make) => {
  const x = create(spec.input, 1)
  return () => f(x)
}

const models = {
  smallcnn: () =>
    new L.Sequential(
      new L.Conv2d(1, 16, 3, { padding: 1 }),
      new L.ReLU(),
      new L.MaxPool2d(2),
      new L.Conv2d(16, 32, 3, { padding: 1 }),
      new L.ReLU(),
      new L.MaxPool2d(2),
      new L.Flatten(),
      new L.Linear(32 * 7 * 7, 10),
    ),
  resnet18: async () => (await import('@lanewise/cnn')).resnet18(),
  mobilenetV2: async () => (await import('./mobilenet-v2.mjs')).mobilenetV2(),
  vgg11: async () => (await import('@lanewise/cnn')).vgg11({ initWeights: false }),
}

/** Copies numbers into a model by their names in a PyTorch checkpoint, one tensor after the other to spare memory. */
export const load = (model, checkpoint) => {
  const lacking = new Set([...model.stateDict().keys()].filter((name) => !/running_|num_batches/.test(name)))
  for (const [name, { shape, data }] of checkpoint) {
    const { unexpected } = L.scope(() =>
      model.loadStateDict(new Map([[name, L.tensor(data, { shape })]]), { strict: false }),
    )
    if (unexpected.length > 0) throw new Error(`bench: the network has no ${name}`)
    lacking.delete(name)
  }
  if (lacking.size > 0) throw new Error(`bench: the network has no numbers for ${[...lacking].join(', ')}`)
}

/** What becomes one layer: a convolution, its batch norm and the activation that comes next in a Sequential. */
export const fusionsOf = (nodes, model) => {
  const modules = model.namedModules()
  return nodes
    .filter(({ op }) => op === 'conv')
    .map(({ name, norm, activation }) => {
      const paths = norm ? [name, norm] : [name]
      const next = paths.at(-1).replace(/(?<=^|\.)\d+$/, (index) => Number(index) + 1)
      const joins = activation && next !== paths.at(-1) && modules.has(next)
      return joins ? [...paths, next] : paths
    })
    .filter((paths) => paths.length > 1)
}

const net = async (spec) => {
  const nodes = netNodes(spec.net)
  const model = await models[spec.net]()
  load(model, checkpointOf(nodes))
  // As the peers' converters do.
  L.fuseModules(model.eval(), fusionsOf(nodes, model))
  const x = make(inputShapeOf(nodes), 1)
  return () => model.forward(x)
}

const lstm = ({ steps, batch, inputs, hidden }) => {
  const model = new L.LSTM(inputs, hidden)
  const draw = (name, shape) => [name, { shape, data: parameter(name, shape, 1 / Math.sqrt(hidden)) }]
  load(
    model,
    new Map([
      draw('weight_ih_l0', [4 * hidden, inputs]),
      draw('weight_hh_l0', [4 * hidden, hidden]),
      draw('bias_ih_l0', [4 * hidden]),
      draw('bias_hh_l0', [4 * hidden]),
    ]),
  )
  const x = make([steps, batch, inputs], 1)
  return () => model.forward(x)[0]
}

const kinds = {
  matmul: (spec) => {
    const [a, b] = [make(spec.a, 1), make(spec.b, 2)]
    return () => L.matmul(a, b)
  },
  conv2d: (spec) => {
    const { stride, padding, groups } = spec
    const w = make(spec.weight, 2)
    return on(spec, (x) => L.conv2d(x, w, null, { stride, padding, groups }), makeChannelsLast)
  },
  convTranspose2d: (spec) => {
    const { stride, padding } = spec
    const w = make(spec.weight, 2)
    return on(spec, (x) => L.convTranspose2d(x, w, null, { stride, padding }), makeChannelsLast)
  },
  add: (spec) => {
    const b = make(spec.input, 2)
    return on(spec, (x) => L.add(x, b))
  },
  relu: (spec) => on(spec, (x) => L.relu(x)),
  exp: (spec) => on(spec, (x) => L.exp(x)),
  tanh: (spec) => on(spec, (x) => L.tanh(x)),
  sigmoid: (spec) => on(spec, (x) => L.sigmoid(x)),
  softmax: (spec) => on(spec, (x) => L.softmax(x)),
  sum: (spec) => on(spec, (x) => L.sum(x, spec.axis)),
  transpose: (spec) => on(spec, (x) => L.contiguous(L.transpose(x, 0, 1))),
  maxPool2d: (spec) => on(spec, (x) => L.maxPool2d(x, 2), makeChannelsLast),
  batchNorm: (spec) => {
    const [runningMean, runningVar, bias, weight] = [3, 4, 5, 6].map((seed) =>
      L.keep(L.abs(make([spec.input[1]], seed))),
    )
    return on(spec, (x) => L.batchNorm(x, { runningMean, runningVar, weight, bias }), makeChannelsLast)
  },
  net,
  lstm,
}

export const prepare = async (spec) => {
  if (!kinds[spec.kind]) return (await import('./lanewise-train.mjs')).prepare(spec)
  const compute = await kinds[spec.kind](spec)
  const inScope = (use) => L.noGrad(() => L.scope(() => use(compute())))
  return { run: () => inScope(() => undefined), read: () => inScope((y) => y.dataSync()) }
}
