import { FormatError, Generator, GRU, LSTM, ones, RNN, tensor, zeros, type Tensor } from '@lanewise/core'
import { allClose } from '@lanewise/core/testing'
import { expect, test } from 'vitest'
import { runRecurrent, type RecurrentLayer } from '../sequence-model/sequence-model.ts'
import { read } from '../testing/golden.ts'
import { kerasWeights, onnxWeights, tensorFlowWeights, torchWeights } from './dialects.ts'
import { loadRecurrentWeights, type Dialect } from './load.ts'

const golden = read<{ name: string; y: number[] }[]>(new URL('__golden__/dialects.json', import.meta.url))
const [T, IN, H] = [4, 3, 5]

interface Case {
  layer: () => RecurrentLayer
  dialect: Dialect
  /** Names and shapes in the order of the draws. */
  weights: [name: string, shape: number[]][]
}

const keras = (gates: number, bias: number[], names: string[]): Case['weights'] =>
  names.flatMap((name, i): Case['weights'] => [
    [`${name}/kernel:0`, [i === 0 || name.includes('backward') ? IN : H, gates * H]],
    [`${name}/recurrent_kernel:0`, [H, gates * H]],
    [`${name}/bias:0`, bias],
  ])

const onnx = (gates: number): Case['weights'] => [
  ['W', [2, gates * H, IN]],
  ['R', [2, gates * H, H]],
  ['B', [2, 2 * gates * H]],
]

const cases: Record<string, Case> = {
  'keras LSTM': {
    layer: () => new LSTM(IN, H, { numLayers: 2 }),
    dialect: kerasWeights(),
    weights: keras(4, [4 * H], ['lstm/lstm_cell', 'lstm_1/lstm_cell']),
  },
  'keras GRU': {
    layer: () => new GRU(IN, H, { numLayers: 2 }),
    dialect: kerasWeights(),
    weights: keras(3, [2, 3 * H], ['gru', 'gru_1']),
  },
  'keras RNN': {
    layer: () => new RNN(IN, H, { numLayers: 2 }),
    dialect: kerasWeights(),
    weights: keras(1, [H], ['simple_rnn', 'simple_rnn_1']),
  },
  'keras bidirectional LSTM': {
    layer: () => new LSTM(IN, H, { bidirectional: true }),
    dialect: kerasWeights(),
    weights: keras(4, [4 * H], ['bidirectional/forward_lstm', 'bidirectional/backward_lstm']),
  },
  'onnx LSTM': { layer: () => new LSTM(IN, H, { bidirectional: true }), dialect: onnxWeights(), weights: onnx(4) },
  'onnx GRU': {
    layer: () => new GRU(IN, H, { bidirectional: true }),
    dialect: onnxWeights({ linearBeforeReset: 1 }),
    weights: onnx(3),
  },
  'keras GRU, reset_after false': {
    layer: () => new GRU(IN, H, { numLayers: 2, resetAfter: false }),
    dialect: kerasWeights(),
    weights: keras(3, [3 * H], ['gru', 'gru_1']),
  },
  'onnx GRU, linear_before_reset 0': {
    layer: () => new GRU(IN, H, { bidirectional: true, resetAfter: false }),
    dialect: onnxWeights(),
    weights: onnx(3),
  },
  'tensorFlow LSTM': {
    layer: () => new LSTM(IN, H, { numLayers: 2 }),
    dialect: tensorFlowWeights(),
    weights: [
      ['cell_0/basic_lstm_cell/weights', [IN + H, 4 * H]],
      ['cell_0/basic_lstm_cell/biases', [4 * H]],
      ['cell_1/basic_lstm_cell/kernel', [2 * H, 4 * H]],
      ['cell_1/basic_lstm_cell/bias', [4 * H]],
    ],
  },
}

const drawn = (generator: Generator, shape: readonly number[]): Tensor =>
  tensor(generator.uniform(new Float32Array(shape.reduce((a, b) => a * b)), -0.8, 0.8), { shape: [...shape] })

test.each(golden.map((c, seed) => [c.name, seed] as const))("%s: the framework's equations", (name, seed) => {
  const { layer: build, dialect, weights } = cases[name]
  const generator = new Generator(seed)
  const x = drawn(generator, [T, IN])
  const layer = build()
  loadRecurrentWeights(layer, new Map(weights.map(([key, shape]) => [key, drawn(generator, shape)])), dialect)
  const y = runRecurrent(layer, tensor(x.dataSync(), { shape: [T, 1, IN] }))[0]
  // Five to eight products a sum, functions within 3 ULP, four steps.
  allClose(y, golden[seed].y, { atol: 2e-6, rtol: 1e-5 })
})

test('torch: its own names, below a prefix', () => {
  const from = new LSTM(2, 3, { numLayers: 2 })
  const to = new LSTM(2, 3, { numLayers: 2 })
  const weights = new Map([...from.stateDict()].map(([name, x]): [string, Tensor] => [`rnn.${name}`, x]))
  weights.set('decoder.weight', ones([1]))
  loadRecurrentWeights(to, weights, torchWeights({ prefix: 'rnn.' }))
  for (const [name, x] of to.stateDict()) expect(x.dataSync()).toEqual(from.stateDict().get(name)!.dataSync())
})

test('sources without biases fill a layer that has them with 0', () => {
  const lstm = new LSTM(2, 3)
  loadRecurrentWeights(
    lstm,
    new Map([
      ['kernel', ones([2, 12])],
      ['recurrent_kernel', ones([3, 12])],
    ]),
    kerasWeights(),
  )
  expect(lstm.stateDict().get('bias_hh_l0')!.dataSync()).toEqual(new Float32Array(12))
  const bare = new LSTM(2, 3, { bias: false })
  loadRecurrentWeights(
    bare,
    new Map([
      ['kernel', ones([2, 12])],
      ['recurrent_kernel', ones([3, 12])],
    ]),
    kerasWeights(),
  )
})

const lstm = (): RecurrentLayer => new LSTM(2, 3)
const kernels: [string, Tensor][] = [
  ['kernel', ones([2, 12])],
  ['recurrent_kernel', ones([3, 12])],
]

test.each<[string, RecurrentLayer, [string, Tensor][], Dialect, string]>([
  [
    'two layers for one',
    lstm(),
    [...kernels, ...kernels.map(([n, x]): [string, Tensor] => [`b/${n}`, x])],
    kerasWeights(),
    'kerasWeights: the number of layers differs; got 2 layers and directions, expected 1.',
  ],
  [
    'an unknown weight',
    lstm(),
    [...kernels, ['gamma', ones([3])]],
    kerasWeights(),
    'kerasWeights: a weight is not known; got "gamma", expected kernel, recurrent_kernel, bias.',
  ],
  [
    'a missing weight',
    lstm(),
    [kernels[0]],
    kerasWeights(),
    'kerasWeights: recurrent_kernel is missing; got none, expected 2 axes.',
  ],
  [
    'the gates of another cell',
    new GRU(2, 3),
    kernels,
    kerasWeights(),
    'kerasWeights: kernel does not fit the layer; got 12 sums, expected 9: gates times units.',
  ],
  [
    'a GRU that resets before',
    new GRU(2, 3),
    [
      ['kernel', ones([2, 9])],
      ['recurrent_kernel', ones([3, 9])],
      ['bias', ones([9])],
    ],
    kerasWeights(),
    'kerasWeights: the GRU of these weights resets before its product; got a bias [9], and a layer with resetAfter true, expected the same cell. Build the layer with resetAfter: false.',
  ],
  [
    'a GRU that resets after, for one that resets before',
    new GRU(2, 3, { resetAfter: false }),
    [
      ['kernel', ones([2, 9])],
      ['recurrent_kernel', ones([3, 9])],
      ['bias', ones([2, 9])],
    ],
    kerasWeights(),
    'kerasWeights: the GRU of these weights resets after its product; got a bias [2, 9], and a layer with resetAfter false, expected the same cell. Build the layer with resetAfter: true.',
  ],
  [
    'a bias of another size',
    new GRU(2, 3, { resetAfter: false }),
    [
      ['kernel', ones([2, 9])],
      ['recurrent_kernel', ones([3, 9])],
      ['bias', ones([8])],
    ],
    kerasWeights(),
    'kerasWeights: bias does not fit the layer; got 8 sums, expected 9: gates times units.',
  ],
  [
    'an ONNX GRU of the default',
    new GRU(2, 3),
    [],
    onnxWeights(),
    'onnxWeights: the GRU of these weights resets before its product; got linearBeforeReset 0, and a layer with resetAfter true, expected the same cell. Build the layer with resetAfter: false.',
  ],
  [
    'peepholes',
    lstm(),
    [
      ['W', ones([1, 12, 2])],
      ['R', ones([1, 12, 3])],
      ['P', ones([1, 9])],
    ],
    onnxWeights(),
    'onnxWeights: the cell has peepholes; got P that is not 0, expected P of zeros, or none.',
  ],
  [
    'another cell',
    new GRU(2, 3),
    [],
    tensorFlowWeights(),
    'tensorFlowWeights: the layer is no LSTM; got gru, expected an LSTM.',
  ],
  [
    'integers',
    lstm(),
    [['kernel', tensor(new Int32Array(24), { shape: [2, 12] })]],
    kerasWeights(),
    'recurrent weights: kernel does not hold the values of its shape; got another element type, expected f32 or f64 values.',
  ],
  [
    'another input size',
    lstm(),
    [
      ['kernel', ones([4, 12])],
      ['recurrent_kernel', ones([3, 12])],
    ],
    kerasWeights(),
    'loadStateDict: 1 tensors have another shape; got weight_ih_l0 [12,4], expected [12,2].',
  ],
])('refused: %s', (_, layer, weights, dialect, message) => {
  const before = [...layer.stateDict().values()].map((x) => x.dataSync())
  expect(() => loadRecurrentWeights(layer, new Map(weights), dialect)).toThrow(message)
  expect([...layer.stateDict().values()].map((x) => x.dataSync())).toEqual(before)
})

test('data that does not fill its shape', () => {
  const weights = new Map([['kernel', { shape: [2, 12], data: new Float32Array(5) }]])
  expect(() => loadRecurrentWeights(lstm(), weights, kerasWeights())).toThrow('5 values for [2, 12]')
  const bad = new Map([
    ['W', zeros([12, 2])],
    ['R', zeros([1, 12, 3])],
  ])
  let error: unknown
  try {
    loadRecurrentWeights(lstm(), bad, onnxWeights())
  } catch (e) {
    error = e
  }
  expect(FormatError.is(error)).toBe(true)
})
