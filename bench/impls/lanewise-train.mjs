// Our training steps: Adam on one batch, in the loop that the guides show, or through a model's own `fit`.
import * as L from '@lanewise/core'
import { layersOf } from '../workloads.mjs'
import { parameter, seedOf, values } from '../values.mjs'
import { load } from './lanewise.mjs'

const make = (shape, seed, scale) => L.keep(L.tensor(values(shape, seed, scale), { shape }))

const integers = (data) => L.keep(L.tensor(Int32Array.from(data)))

/** Gives each parameter its starting value by its name. */
const fill = (model, rule) =>
  load(
    model,
    new Map(
      [...model.namedParameters()].map(([name, { shape }]) => [name, { shape, data: parameter(name, shape, rule) }]),
    ),
  )

/** One step of a hand-written loop; gives the loss. */
const learn = (model, optimizer, lossOf) => ({
  step: () =>
    L.scope(() => {
      const loss = lossOf()
      optimizer.zeroGrad()
      loss.backward()
      optimizer.step()
      return loss.item()
    }),
})

const trainCnn = (spec) => {
  const modules = layersOf(spec).flatMap(({ type, weight, padding, isFirst, isLast }) => {
    if (type === 'pool') return [new L.MaxPool2d(2)]
    if (type === 'conv') return [new L.Conv2d(weight[1], weight[0], weight[2], { padding }), new L.ReLU()]
    return [
      ...(isFirst ? [new L.Flatten()] : []),
      new L.Linear(weight[1], weight[0]),
      ...(isLast ? [] : [new L.ReLU()]),
    ]
  })
  const model = new L.Sequential(...modules)
  fill(model, 'he')
  const x = make([spec.batch, ...spec.image], 1)
  const target = integers(Array.from({ length: spec.batch }, (_, i) => i % 10))
  return learn(model, new L.Adam(model.parameters(), { lr: 1e-3 }), () => L.crossEntropy(model.forward(x), target))
}

class CharLstm extends L.Module {
  constructor({ vocabulary, hidden, numLayers }) {
    super()
    this.lstm = new L.LSTM(vocabulary, hidden, { numLayers })
    this.head = new L.Linear(hidden, vocabulary)
  }

  forward(x) {
    return this.head.forward(this.lstm.forward(x)[0])
  }
}

const trainCharLstm = (spec) => {
  const { steps, batch, vocabulary, hidden } = spec
  const model = new CharLstm(spec)
  fill(model, 1 / Math.sqrt(hidden))
  const tokens = Int32Array.from({ length: steps * batch }, (_, i) => (i * 7) % vocabulary)
  const x = L.keep(L.oneHot(L.tensor(tokens, { shape: [steps, batch] }), { numClasses: vocabulary, dtype: 'f32' }))
  const target = integers(tokens.map((token) => (token + 1) % vocabulary))
  const logits = () => L.reshape(model.forward(x), [steps * batch, vocabulary])
  return learn(model, new L.Adam(model.parameters(), { lr: 1e-3 }), () => L.crossEntropy(logits(), target))
}

const trainDcgan = async ({ batch, channels, size, width, latent }) => {
  const { dcgan } = await import('@lanewise/gan')
  const model = dcgan({ channels, imageSize: size, baseWidth: width, latentDim: latent })
  fill(model, 'gan')
  const real = make([batch, channels, size, size], seedOf('real'), 2)
  const forever = {
    async *[Symbol.asyncIterator]() {
      for (;;) yield real
    },
  }
  const events = model.fit(forever, { epochs: 1, generator: new L.Generator(7) })
  const step = async () => {
    const { losses } = (await events.next()).value
    return losses.discriminator + losses.generator
  }
  return { step, dispose: () => events.return() }
}

const kinds = { trainCnn, trainCharLstm, trainDcgan }

/** A training step by the kind of its workload: { step, dispose? }. */
export const prepare = (spec) => kinds[spec.kind](spec)
