// Training steps in jax-js: gradients and Adam in one compiled function.
import { Generator, randn } from '@lanewise/core'
import { layersOf } from '../workloads.mjs'
import { parameter, seedOf, values } from '../values.mjs'
import { arrayOf, cell, conv, jit, lax, maxPool, nn, np, valueAndGrad } from './jax-js.mjs'

const draw = (rule) => (name, shape) => arrayOf(parameter(name, shape, rule), shape)

const oneHot = (labels, count) => {
  const data = new Float32Array(labels.length * count)
  labels.forEach((label, i) => (data[i * count + label] = 1))
  return arrayOf(data, [labels.length, count])
}

/** Mean cross-entropy of logits [N, C] against rows of one-hot targets. */
const crossEntropy = (logits, target) => {
  const [N] = logits.shape
  return np.sum(nn.logSoftmax(logits, -1).mul(target)).mul(-1 / N)
}

const refs = (list) => list.map((x) => x.ref)

/** Adam's new values, first and second averages; `rates` is [the step's size, the correction under the root]. */
const adam = (p, g, m, v, rates, [beta1, beta2]) => {
  const first = m.mul(beta1).add(g.ref.mul(1 - beta1))
  const second = v.mul(beta2).add(g.ref.mul(g).mul(1 - beta2))
  const [rate, correction] = np.unstack(rates)
  const root = np.sqrt(second.ref.mul(correction)).add(1e-8)
  return [p.sub(first.ref.mul(rate).div(root)), first, second]
}

/**
 * A compiled step: lossOf(parameters, ...inputs) goes down its gradient by the first argument.
 * @returns a function of the inputs that gives the loss, and the parameters as they stand
 */
const learner = (parameters, lossOf, lr, betas = [0.9, 0.999]) => {
  const state = {
    p: parameters,
    m: parameters.map((x) => np.zeros(x.shape)),
    v: parameters.map((x) => np.zeros(x.shape)),
  }
  const compiled = jit((p, m, v, rates, inputs) => {
    const [loss, gradients] = valueAndGrad(lossOf)(refs(p), ...inputs)
    const next = p.map((x, i) => adam(x, gradients[i], m[i], v[i], rates.ref, betas))
    rates.dispose()
    return [loss, ...[0, 1, 2].map((part) => next.map((entry) => entry[part]))]
  })
  let t = 0
  const step = async (...inputs) => {
    t++
    const rates = np.array([lr / (1 - betas[0] ** t), 1 / (1 - betas[1] ** t)])
    const [loss, p, m, v] = compiled(state.p, state.m, state.v, rates, refs(inputs))
    Object.assign(state, { p, m, v })
    return (await loss.data())[0]
  }
  return { step, state }
}

const trainCnn = (spec) => {
  const layers = layersOf(spec)
  const parameters = layers.flatMap(({ name, weight }) =>
    weight ? [draw('he')(`${name}.weight`, weight), draw('he')(`${name}.bias`, [weight[0]])] : [],
  )
  const shape = [spec.batch, ...spec.image]
  const x = arrayOf(values(shape, 1), shape)
  const target = oneHot(
    Array.from({ length: spec.batch }, (_, i) => i % 10),
    10,
  )
  const lossOf = (p, x, target) => {
    const rest = [...p]
    for (const { type, padding, isFirst, isLast } of layers) {
      if (type === 'pool') x = maxPool(x, 2)
      else if (type === 'conv') x = nn.relu(conv(x, rest.shift(), rest.shift(), { padding }))
      else {
        if (isFirst) x = x.reshape([spec.batch, -1])
        x = np.matmul(x, rest.shift().transpose()).add(rest.shift())
        if (!isLast) x = nn.relu(x)
      }
    }
    return crossEntropy(x, target)
  }
  const { step } = learner(parameters, lossOf, 1e-3)
  return { step: () => step(x, target) }
}

const trainCharLstm = ({ steps, batch, vocabulary, hidden, numLayers }) => {
  const create = draw(1 / Math.sqrt(hidden))
  const parameters = Array.from({ length: numLayers }, (_, layer) => [
    create(`lstm.weight_ih_l${layer}`, [4 * hidden, layer === 0 ? vocabulary : hidden]),
    create(`lstm.weight_hh_l${layer}`, [4 * hidden, hidden]),
    create(`lstm.bias_ih_l${layer}`, [4 * hidden]),
    create(`lstm.bias_hh_l${layer}`, [4 * hidden]),
  ]).flat()
  parameters.push(create('head.weight', [vocabulary, hidden]), create('head.bias', [vocabulary]))
  const tokens = Array.from({ length: steps * batch }, (_, i) => (i * 7) % vocabulary)
  const x = oneHot(tokens, vocabulary).reshape([steps, batch, vocabulary])
  const target = oneHot(
    tokens.map((token) => (token + 1) % vocabulary),
    vocabulary,
  )
  const lossOf = (p, x, target) => {
    const rest = [...p]
    let sequence = np.unstack(x, 0)
    for (let layer = 0; layer < numLayers; layer++) {
      const [wx, wh] = [rest.shift().transpose(), rest.shift().transpose()]
      const b = rest.shift().add(rest.shift())
      let [h, c] = [np.zeros([batch, hidden]), np.zeros([batch, hidden])]
      sequence = sequence.map((x) => {
        ;[h, c] = cell(x, h, c, wx.ref, wh.ref, b.ref)
        return h.ref
      })
    }
    const logits = np.matmul(np.concatenate(sequence, 0), rest.shift().transpose()).add(rest.shift())
    return crossEntropy(logits, target)
  }
  const { step } = learner(parameters, lossOf, 1e-3)
  return { step: () => step(x, target) }
}

/** Batch norm by the batch's own mean and variance. */
const batchNorm = (x, weight, bias) => {
  const centred = x.sub(np.mean(x.ref, [0, 2, 3], { keepdims: true }))
  const variance = np.mean(centred.ref.mul(centred.ref), [0, 2, 3], { keepdims: true })
  const unit = centred.div(np.sqrt(variance.add(1e-5)))
  return unit.mul(weight.reshape([1, -1, 1, 1])).add(bias.reshape([1, -1, 1, 1]))
}

const up = (x, w, stride, padding) =>
  lax.convTranspose(
    x,
    w,
    [stride, stride],
    [0, 1].map(() => [padding, padding]),
    { transposeKernel: true },
  )

const generate = (p, z) => {
  const rest = [...p]
  const stage = (x, stride, padding) =>
    nn.relu(batchNorm(up(x, rest.shift(), stride, padding), rest.shift(), rest.shift()))
  const x = stage(stage(stage(z, 1, 0), 2, 1), 2, 1)
  return np.tanh(up(x, rest.shift(), 2, 1))
}

const leaky = (x) => nn.leakyRelu(x, 0.2)

/** Probabilities [N] of being real. */
const score = (p, x) => {
  const rest = [...p]
  const down = (x) => conv(x, rest.shift(), rest.shift(), { stride: 2, padding: 1 })
  x = leaky(down(x))
  for (let i = 0; i < 2; i++) x = leaky(batchNorm(down(x), rest.shift(), rest.shift()))
  return nn.sigmoid(conv(x, rest.shift(), rest.shift(), {}).reshape([-1]))
}

const meanLog = (p) => np.mean(np.log(p)).mul(-1)

const trainDcgan = async ({ batch, channels, size, width, latent }) => {
  const create = draw('gan')
  const norm = (name, channels) => [create(`${name}.weight`, [channels]), create(`${name}.bias`, [channels])]
  const [w4, w2] = [4 * width, 2 * width]
  const g = [
    create('generator.0.weight', [latent, w4, 4, 4]),
    ...norm('generator.1', w4),
    create('generator.3.weight', [w4, w2, 4, 4]),
    ...norm('generator.4', w2),
    create('generator.6.weight', [w2, width, 4, 4]),
    ...norm('generator.7', width),
    create('generator.9.weight', [width, channels, 4, 4]),
  ]
  const layer = (name, inputs, outputs) => [
    create(`discriminator.${name}.weight`, [outputs, inputs, 4, 4]),
    create(`discriminator.${name}.bias`, [outputs]),
  ]
  const d = [
    ...layer('0', channels, width),
    ...layer('2', width, w2),
    ...norm('discriminator.3', w2),
    ...layer('5', w2, w4),
    ...norm('discriminator.6', w4),
    ...layer('8', w4, 1),
  ]
  const shape = [batch, channels, size, size]
  const real = arrayOf(values(shape, seedOf('real'), 2), shape)
  const generator = new Generator(7)
  const betas = [0.5, 0.999]
  const fakeOf = jit((p, z) => generate(p, z))
  const discriminatorLoss = (p, real, fake) => meanLog(score(refs(p), real)).add(meanLog(score(p, fake).mul(-1).add(1)))
  const judge = learner(d, discriminatorLoss, 2e-4, betas)
  const painter = learner(g, (p, z, judged) => meanLog(score(judged, generate(p, z))), 2e-4, betas)
  const step = async () => {
    const z = arrayOf(randn([batch, latent, 1, 1], { generator }).dataSync(), [batch, latent, 1, 1])
    const fake = fakeOf(refs(painter.state.p), z.ref)
    const judged = await judge.step(real, fake)
    fake.dispose()
    const painted = await painter.step(z, judge.state.p)
    z.dispose()
    return judged + painted
  }
  return { step }
}

const kinds = { trainCnn, trainCharLstm, trainDcgan }

export const prepare = (spec) => kinds[spec.kind](spec)
