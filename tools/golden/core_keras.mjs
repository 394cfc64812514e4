// TensorFlow.js's own outputs for packages/core/src/keras/keras.test.ts. Weights and inputs are drawn by our generator.
//   npm install --prefix FOLDER @tensorflow/tfjs-layers@4.22.0 @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0
//   node tools/golden/core_keras.mjs FOLDER     (after a build of packages/core)
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { Generator } from '../../packages/core/dist/index.js'

const require = createRequire(join(resolve(process.argv[2] ?? '.'), 'x.js'))
const tf = require('@tensorflow/tfjs-core')
require('@tensorflow/tfjs-backend-cpu')
const layersApi = require('@tensorflow/tfjs-layers')
tf.env().set('IS_TEST', true)
const { layers: L, input, model: functional, sequential } = layersApi

const chain = (inputShape, ...layers) => {
  const net = sequential({ layers: [L.inputLayer({ inputShape }), ...layers] })
  return { net, inputs: [inputShape] }
}
const graph = (shapes, build) => {
  const inputs = shapes.map((shape, i) => input({ shape, name: `in${i}` }))
  return { net: functional({ inputs, outputs: build(...inputs) }), inputs: shapes }
}

const cases = {}
const add = (name, made) => (cases[name] = made)

for (const activation of [
  'linear',
  'relu',
  'relu6',
  'sigmoid',
  'hardSigmoid',
  'tanh',
  'elu',
  'selu',
  'softplus',
  'softsign',
  'softmax',
  'logSoftmax',
  'swish',
  'mish',
  'gelu',
  'gelu_new',
])
  add(`dense ${activation}`, chain([3], L.dense({ units: 4, activation })))
add('dense over steps, no bias', chain([2, 3], L.dense({ units: 4, useBias: false })))

for (const padding of ['valid', 'same'])
  for (const strides of [1, 2, 3])
    for (const kernelSize of [2, 3, [1, 4]]) {
      const o = { kernelSize, strides, padding }
      add(`conv2d ${JSON.stringify(o)}`, chain([5, 6, 2], L.conv2d({ filters: 3, ...o, activation: 'relu' })))
      add(`conv2dTranspose ${JSON.stringify(o)}`, chain([3, 2, 2], L.conv2dTranspose({ filters: 3, ...o })))
      if (!Array.isArray(kernelSize)) {
        add(`depthwiseConv2d ${JSON.stringify(o)}`, chain([5, 6, 2], L.depthwiseConv2d({ depthMultiplier: 2, ...o })))
        add(`conv1d ${JSON.stringify(o)}`, chain([7, 2], L.conv1d({ filters: 3, ...o })))
      }
    }
add('conv2d dilated', chain([6, 7, 2], L.conv2d({ filters: 2, kernelSize: 3, dilationRate: 2, padding: 'same' })))
add(
  'conv2d channels first',
  chain([2, 5, 6], L.conv2d({ filters: 3, kernelSize: 3, strides: 2, padding: 'same', dataFormat: 'channelsFirst' })),
)
add('conv3d', chain([3, 4, 5, 2], L.conv3d({ filters: 2, kernelSize: [1, 2, 3], strides: 2, padding: 'same' })))
add(
  'conv3dTranspose',
  chain([2, 2, 2, 2], L.conv3dTranspose({ filters: 2, kernelSize: 3, strides: 2, padding: 'same' })),
)
add(
  'separableConv2d',
  chain(
    [5, 6, 2],
    L.separableConv2d({
      filters: 3,
      kernelSize: 3,
      strides: 2,
      depthMultiplier: 2,
      padding: 'same',
      activation: 'tanh',
    }),
  ),
)

for (const padding of ['valid', 'same'])
  for (const [poolSize, strides] of [
    [2, 2],
    [3, 2],
    [2, 1],
    [
      [3, 2],
      [1, 3],
    ],
  ])
    for (const kind of ['maxPooling2d', 'averagePooling2d'])
      add(
        `${kind} ${JSON.stringify({ poolSize, strides, padding })}`,
        chain([5, 6, 2], L[kind]({ poolSize, strides, padding })),
      )
for (const kind of ['maxPooling1d', 'averagePooling1d']) {
  add(`${kind} same`, chain([7, 2], L[kind]({ poolSize: 2, strides: 2, padding: 'same' })))
  add(`${kind} valid`, chain([7, 2], L[kind]({ poolSize: 3 })))
}
add('maxPooling3d', chain([3, 4, 5, 2], L.maxPooling3d({ poolSize: 2, strides: 2, padding: 'same' })))
add('averagePooling3d', chain([3, 4, 5, 2], L.averagePooling3d({ poolSize: 2, strides: 2, padding: 'same' })))
for (const kind of ['globalMaxPooling', 'globalAveragePooling']) {
  add(`${kind}1d`, chain([5, 3], L[`${kind}1d`]({})))
  add(`${kind}2d`, chain([4, 5, 3], L[`${kind}2d`]({})))
  add(`${kind}2d channels first`, chain([3, 4, 5], L[`${kind}2d`]({ dataFormat: 'channelsFirst' })))
}

add('batchNormalization', chain([4, 5, 3], L.batchNormalization({})))
// Of another axis than the last, tfjs 4.22's cpu kernel takes the wrong statistics; the test permutes instead.
add('batchNormalization of vectors, plain', chain([3], L.batchNormalization({ center: false, scale: false })))
add('layerNormalization', chain([4, 5], L.layerNormalization({})))
add('layerNormalization of two axes', chain([4, 5], L.layerNormalization({ axis: [-2, -1], scale: false })))

add('flatten and dense', chain([3, 4, 2], L.conv2d({ filters: 3, kernelSize: 2 }), L.flatten(), L.dense({ units: 2 })))
add('flatten channels first', chain([2, 3, 4], L.flatten({ dataFormat: 'channelsFirst' })))
add('reshape', chain([3, 4, 2], L.reshape({ targetShape: [4, -1] })))
add('permute', chain([3, 4, 2], L.permute({ dims: [3, 1, 2] })))
add('repeatVector', chain([3], L.repeatVector({ n: 2 })))
add(
  'zeroPadding2d',
  chain(
    [2, 3, 2],
    L.zeroPadding2d({
      padding: [
        [1, 2],
        [0, 3],
      ],
    }),
  ),
)
add('zeroPadding2d default, channels first', chain([2, 2, 3], L.zeroPadding2d({ dataFormat: 'channelsFirst' })))
add(
  'cropping2D',
  chain(
    [5, 6, 2],
    L.cropping2D({
      cropping: [
        [1, 2],
        [0, 3],
      ],
    }),
  ),
)
add('upSampling2d bilinear', chain([2, 3, 2], L.upSampling2d({ size: [2, 3], interpolation: 'bilinear' })))
add('upSampling2d', chain([2, 3, 2], L.upSampling2d({ size: [2, 3] })))
add('rescaling', chain([3], L.rescaling({ scale: 0.5, offset: -1 })))
add(
  'dropout, noise and friends do nothing',
  chain(
    [3],
    L.dropout({ rate: 0.5 }),
    L.gaussianNoise({ stddev: 1 }),
    L.gaussianDropout({ rate: 0.5 }),
    L.alphaDropout({ rate: 0.5 }),
  ),
)
add('spatialDropout1d', chain([3, 2], L.spatialDropout1d({ rate: 0.5 })))

add('leakyReLU', chain([4], L.leakyReLU({ alpha: 0.2 })))
add('leakyReLU default', chain([4], L.leakyReLU({})))
add('elu', chain([4], L.elu({})))
add('reLU with a limit', chain([4], L.reLU({ maxValue: 0.4 })))
add('thresholdedReLU', chain([4], L.thresholdedReLU({ theta: 0.3 })))
add('prelu', chain([3, 4, 2], L.prelu({})))
add('prelu with shared axes', chain([3, 4, 2], L.prelu({ sharedAxes: [1, 2] })))
add('softmax', chain([3, 4], L.softmax({ axis: -1 })))
add('activation', chain([4], L.activation({ activation: 'hardSigmoid' })))

for (const kind of ['add', 'multiply', 'average', 'maximum', 'minimum'])
  add(
    kind,
    graph([[3], [3], [3]], (...xs) => L[kind]().apply(xs)),
  )
add(
  'concatenate',
  graph(
    [
      [2, 3],
      [2, 4],
    ],
    (...xs) => L.concatenate().apply(xs),
  ),
)
add(
  'concatenate axis 1',
  graph(
    [
      [2, 3],
      [4, 3],
    ],
    (...xs) => L.concatenate({ axis: 1 }).apply(xs),
  ),
)
add(
  'dot of vectors',
  graph([[3], [3]], (...xs) => L.dot({ axes: -1, normalize: true }).apply(xs)),
)
add(
  'dot of matrices',
  graph(
    [
      [2, 3],
      [4, 3],
    ],
    (...xs) => L.dot({ axes: [2, 2] }).apply(xs),
  ),
)
add(
  'dot of matrices, other axes',
  graph(
    [
      [3, 2],
      [3, 4],
    ],
    (...xs) => L.dot({ axes: 1 }).apply(xs),
  ),
)
add(
  'dot of a matrix and a vector',
  graph([[2, 3], [3]], (...xs) => L.dot({ axes: [2, 1] }).apply(xs)),
)

for (const kind of ['simpleRNN', 'gru', 'lstm']) {
  // Its default initializer needs chained ops, which tfjs-core alone lacks; all weights are set below.
  const options = { units: 3, recurrentInitializer: 'zeros' }
  add(`${kind} default`, chain([4, 2], L[kind]({ ...options })))
  add(
    `${kind} sigmoid, sequences`,
    chain([4, 2], L[kind]({ ...options, recurrentActivation: 'sigmoid', returnSequences: true })),
  )
  add(
    `${kind} relu, backwards, no bias`,
    chain(
      [4, 2],
      L[kind]({ ...options, activation: 'relu', useBias: false, goBackwards: true, returnSequences: true }),
    ),
  )
  add(
    `${kind} with states`,
    graph([[4, 2], [3], ...(kind === 'lstm' ? [[3]] : [])], (x, ...states) =>
      L[kind]({ ...options, returnState: true, returnSequences: true, recurrentActivation: 'sigmoid' }).apply(x, {
        initialState: states,
      }),
    ),
  )
  for (const mergeMode of ['concat', 'sum', 'mul', 'ave'])
    add(
      `bidirectional ${kind} ${mergeMode}`,
      chain(
        [4, 2],
        L.bidirectional({ layer: L[kind]({ ...options, returnSequences: mergeMode !== 'sum' }), mergeMode }),
      ),
    )
}
add('timeDistributed', chain([3, 4, 5, 2], L.timeDistributed({ layer: L.conv2d({ filters: 2, kernelSize: 2 }) })))
add('embedding', {
  ...chain([4], L.embedding({ inputDim: 7, outputDim: 3 }), L.lstm({ units: 2, recurrentInitializer: 'zeros' })),
  integers: 7,
})

add(
  'a shared layer, two outputs',
  graph([[3], [3]], (a, b) => {
    const shared = L.dense({ units: 2, activation: 'tanh', name: 'shared' })
    const [x, y] = [shared.apply(a), shared.apply(b)]
    return [L.add().apply([x, y]), L.dense({ units: 1, name: 'head' }).apply(L.concatenate().apply([y, x]))]
  }),
)
add(
  'models in models',
  graph([[4, 4, 2]], (x) => {
    const block = (name) =>
      sequential({
        name,
        layers: [
          L.conv2d({ filters: 2, kernelSize: 3, padding: 'same', inputShape: [4, 4, 2], name: `${name}_conv` }),
          L.batchNormalization({ name: `${name}_norm` }),
          L.activation({ activation: 'relu' }),
        ],
      })
    const inner = input({ shape: [4, 4, 2] })
    const branch = functional({
      name: 'branch',
      inputs: inner,
      outputs: L.add().apply([block('first').apply(inner), inner]),
    })
    return L.globalAveragePooling2d({}).apply(block('second').apply(branch.apply(branch.apply(x))))
  }),
)

/** A topology without what training alone needs. */
const lean = (value) => {
  if (Array.isArray(value)) return value.map(lean)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([key]) => !/_(initializer|regularizer|constraint)$/.test(key))
  return Object.fromEntries(kept.map(([key, inner]) => [key, lean(inner)]))
}

const recorded = []
for (const [name, { net, inputs, integers }] of Object.entries(cases)) {
  const seed = recorded.length
  const generator = new Generator(seed)
  const draw = (shape, low, high) =>
    tf.tensor(generator.uniform(new Float32Array(shape.reduce((a, b) => a * b, 1)), low, high), shape)
  const weights = net.weights.map((w) => [w.originalName, w.shape])
  // Some layers share a weight between models; it is drawn once.
  net.setWeights(
    net.weights.map((w) =>
      draw(w.shape, w.originalName.endsWith('variance') ? 0.5 : -1, w.originalName.endsWith('variance') ? 1.5 : 1),
    ),
  )
  const xs = inputs.map((shape) => {
    const x = draw([2, ...shape], -1, 1)
    return integers ? tf.floor(tf.mul(tf.add(x, 1), integers / 2)) : x
  })
  const outputs = [net.predict(xs.length === 1 ? xs[0] : xs)].flat()
  recorded.push({
    name,
    topology: lean(net.toJSON(null, false)),
    weights,
    inputs: xs.map((x) => x.shape),
    ...(integers ? { integers } : {}),
    outputs: outputs.map((y) => ({ shape: y.shape, data: [...y.dataSync()].map((v) => Number(v.toPrecision(8))) })),
  })
}
const file = new URL('../../packages/core/src/keras/__golden__/keras.json', import.meta.url)
mkdirSync(new URL('.', file), { recursive: true })
writeFileSync(file, `[\n${recorded.map((c) => JSON.stringify(c)).join(',\n')}\n]\n`)
console.log(`${recorded.length} cases`)
