import * as L from '@lanewise/core'
import { netOf, values } from '../workloads.mjs'

const scaled = (shape, seed) => {
  const inputs = shape.slice(1).reduce((a, b) => a * b, 1)
  return L.mul(L.tensor(values(shape, seed), { shape }), 2 / Math.sqrt(inputs))
}

const makeLayers = (spec) =>
  netOf(spec).map(({ type, weight, padding }, i) => {
    if (type === 'pool') return { type, parameters: [] }
    const [w, b] = [L.parameter(scaled(weight, 10 + i)), L.parameter(L.zeros([weight[0]]))]
    return { type, padding, w, b, parameters: [w, b] }
  })

const forward = (layers, x) => {
  layers.forEach(({ type, w, b, padding }, i) => {
    const isLast = i === layers.length - 1
    if (type === 'conv') x = L.relu(L.conv2d(x, w, b, { padding }))
    else if (type === 'pool') x = L.maxPool2d(x, 2)
    else {
      if (x.rank > 2) x = L.flatten(x, 1)
      x = L.linear(x, w, b)
      if (!isLast) x = L.relu(x)
    }
  })
  return x
}

/** One step of Adam on one batch, as a user writes it. `read` gives the loss after five steps from the start. */
export const trainingStep = (spec) => {
  const layers = makeLayers(spec)
  const optimizer = L.optim.adam({ lr: 1e-3 })(layers.flatMap(({ parameters }) => parameters))
  const shape = [spec.batch, ...spec.image]
  const x = L.keep(L.tensor(values(shape, 1), { shape }))
  const target = L.keep(L.tensor(Int32Array.from({ length: spec.batch }, (_, i) => i % 10)))
  const run = () =>
    L.scope(() => {
      const loss = L.crossEntropy(forward(layers, x), target)
      optimizer.zeroGrad()
      loss.backward()
      optimizer.step()
      return loss.item()
    })
  return { run, read: () => Float32Array.of(Array.from({ length: 5 }, run).at(-1)) }
}
