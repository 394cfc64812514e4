import * as L from '@lanewise/core'
import { values } from '../workloads.mjs'
import { trainingStep } from './lanewise-train.mjs'

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
  add: (spec) => {
    const b = make(spec.input, 2)
    return on(spec, (x) => L.add(x, b))
  },
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
  relu: (spec) => on(spec, (x) => L.relu(x)),
  exp: (spec) => on(spec, (x) => L.exp(x)),
  tanh: (spec) => on(spec, (x) => L.tanh(x)),
  sigmoid: (spec) => on(spec, (x) => L.sigmoid(x)),
}

export const prepare = (spec) => {
  if (spec.kind === 'train') return trainingStep(spec)
  if (!kinds[spec.kind]) return undefined
  const compute = kinds[spec.kind](spec)
  const inScope = (use) => L.noGrad(() => L.scope(() => use(compute())))
  return { run: () => inScope(() => undefined), read: () => inScope((y) => y.dataSync()) }
}
