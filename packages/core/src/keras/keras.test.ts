import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { noGrad } from '../autograd/modes.ts'
import { withBackend } from '../backends/default.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { FormatError, ShapeError, ValueError } from '../errors.ts'
import type { ArrayData } from '../io/array-data.ts'
import { writeTfjsWeights } from '../io/tfjs.ts'
import { Module, parameter } from '../nn/module.ts'
import { GRU } from '../nn/recurrent.ts'
import { summary } from '../nn/summary.ts'
import { mul } from '../ops/binary.ts'
import { chunk, concat } from '../ops/concat.ts'
import { fill } from '../ops/in-place.ts'
import { mean } from '../ops/reduce.ts'
import { square } from '../ops/unary.ts'
import { permute, select, transpose } from '../ops/views.ts'
import { sgd } from '../optim/sgd.ts'
import { Generator } from '../random/generator.ts'
import { manualSeed } from '../random/default.ts'
import { randn } from '../random/tensors.ts'
import { fromData, ones, tensor } from '../tensor/create.ts'
import { sizeOf } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { allClose } from '../testing/close.ts'
import { loadTfjsModel, type KerasModel, type LoadTfjsOptions } from './model.ts'

interface Recorded {
  readonly name: string
  readonly topology: { readonly [name: string]: unknown }
  readonly weights: readonly (readonly [string, readonly number[]])[]
  readonly inputs: readonly (readonly number[])[]
  readonly integers?: number
  readonly outputs: readonly { readonly shape: readonly number[]; readonly data: readonly number[] }[]
}

const golden: Recorded[] = JSON.parse(readFileSync(new URL('__golden__/keras.json', import.meta.url), 'utf8'))

type Weights = readonly (readonly [string, ArrayData])[]

const f32 = (shape: readonly number[], data: Float32Array): ArrayData => ({ dtype: 'f32', shape, data })

const load = (topology: Recorded['topology'], weights: Weights = [], options: LoadTfjsOptions = {}): KerasModel =>
  loadTfjsModel(writeTfjsWeights(new Map(weights), { topology }), options).eval()

/** The weights and inputs that the script of the golden file drew. */
const drawn = (c: Recorded, seed: number): { weights: Weights; inputs: Tensor[] } => {
  const generator = new Generator(seed)
  const draw = (shape: readonly number[], low: number, high: number): Float32Array<ArrayBuffer> =>
    generator.uniform(new Float32Array(sizeOf(shape)), low, high)
  const weights = c.weights.map(([name, shape]): [string, ArrayData] => {
    const variance = name.endsWith('variance')
    return [name, f32(shape, draw(shape, variance ? 0.5 : -1, variance ? 1.5 : 1))]
  })
  const inputs = c.inputs.map((shape) => {
    const x = draw(shape, -1, 1)
    const { integers } = c
    return fromData(
      integers === undefined ? x : x.map((v) => Math.floor(Math.fround(v + 1) * (integers / 2))),
      shape,
      'f32',
    )
  })
  return { weights, inputs }
}

describe.each([
  ['reference', referenceBackend],
  ['wasm', wasmBackend],
])('outputs of tfjs-layers on %s', (_, backend) => {
  test.each(golden.map((c, seed) => [c.name, c, seed] as const))('%s', (_, c, seed) => {
    withBackend(backend(), () => {
      const { weights, inputs } = drawn(c, seed)
      const ys = load(c.topology, weights).outputs(...inputs)
      expect(ys.map((y) => y.shape)).toEqual(c.outputs.map((y) => y.shape))
      // f32 sums of at most a hundred products of numbers below 1, in another order; exponentials within 2 ULP.
      ys.forEach((y, i) =>
        expect(allClose(y, Float32Array.from(c.outputs[i].data), { atol: 1e-5, rtol: 1e-5 })).toBe(true),
      )
    })
  })
})

type Config = Readonly<Record<string, unknown>>

/** A sequential topology of one layer or several. */
const chainOf = (...layers: readonly (readonly [className: string, config?: Config])[]): Recorded['topology'] => ({
  class_name: 'Sequential',
  config: {
    layers: layers.map(([class_name, config], i) => ({ class_name, config: { name: `layer${i}`, ...config } })),
  },
})

const uniform = (shape: readonly number[], seed = 0): ArrayData & { readonly dtype: 'f32' } => ({
  dtype: 'f32',
  shape,
  data: new Generator(seed).uniform(new Float32Array(sizeOf(shape)), -1, 1),
})

const drawnTensor = (shape: readonly number[], seed = 0): Tensor =>
  fromData(Float32Array.from(uniform(shape, seed).data), shape, 'f32')

const maxDifference = (x: Tensor, wanted: ArrayLike<number>): number =>
  Math.max(...Array.from(x.dataSync(), (v, i) => Math.abs(v - wanted[i])))

describe('real models', () => {
  const data = process.env.LANEWISE_DATA ?? new URL('../../../../../shared/data', import.meta.url).pathname
  const root = `${data}/tfjs-weights`
  const filesOf = (path: string): Map<string, Uint8Array> =>
    new Map(readdirSync(path).map((name) => [name, readFileSync(`${path}/${name}`)]))
  const floats = (path: string): Float32Array<ArrayBuffer> =>
    new Float32Array(new Uint8Array(readFileSync(path)).buffer)

  test('Tiny Darknet gives the recorded logits', (context) => {
    if (!existsSync(`${root}/darknetclassifier`)) return context.skip(`no ${root}`)
    const model = loadTfjsModel(filesOf(`${root}/darknetclassifier/darknettiny`)).eval()
    const pixels = readFileSync(`${root}/expected/darknettiny.in_4x224x224x3.u8`)
    const y = model.forward(
      fromData(
        Float32Array.from(pixels, (v) => v / 255),
        [4, 224, 224, 3],
        'f32',
      ),
    )
    const wanted = floats(`${root}/expected/darknettiny.out_4x1000.f32le`)
    expect(y.shape).toEqual([4, 1000])
    // f32 through 16 convolutions; logits are around 10.
    expect(allClose(y, wanted, { atol: 2e-4, rtol: 1e-4 })).toBe(true)
    const rows = y.toArray() as number[][]
    expect(rows.map((row) => row.indexOf(Math.max(...row)))).toEqual([229, 245, 795, 229])
  })

  test('the decoder of a conditional VAE draws the recorded pictures', (context) => {
    if (!existsSync(`${root}/CVAE`)) return context.skip(`no ${root}`)
    const model = loadTfjsModel(filesOf(`${root}/CVAE/quick_draw/models`)).eval()
    const z = fromData(floats(`${root}/expected/cvae.z_8x16.f32le`), [8, 16], 'f32')
    const labels = new Float32Array(8 * 51)
    ;[1, 3, 8, 12, 24, 32, 38, 42].forEach((label, i) => (labels[i * 51 + label] = 1))
    const y = model.forward(z, fromData(labels, [8, 51], 'f32'))
    expect(y.shape).toEqual([8, 28, 28, 1])
    expect(allClose(y, floats(`${root}/expected/cvae.out_8x28x28.f32le`), { atol: 1e-5, rtol: 1e-4 })).toBe(true)
  })
})

describe('what tfjs does not do itself', () => {
  test('a GRU that resets after its product is torch’s', () => {
    const [kernel, recurrent, bias] = [uniform([2, 9], 1), uniform([3, 9], 2), uniform([2, 9], 3)]
    const config = { units: 3, reset_after: true, activation: 'tanh', return_sequences: true }
    const weights: Weights = [
      ['layer0/gru_cell/kernel', kernel],
      ['layer0/gru_cell/recurrent_kernel', recurrent],
      ['layer0/gru_cell/bias', bias],
    ]
    const model = load(chainOf(['GRU', { ...config, recurrent_activation: 'sigmoid' }]), weights)
    const torch = (x: Tensor): Tensor => {
      const [z, r, n] = chunk(x, 3, 0)
      return concat([r, z, n], 0)
    }
    const gru = new GRU(2, 3, { batchFirst: true })
    gru.loadStateDict(
      new Map([
        ['weight_ih_l0', torch(transpose(drawnTensor([2, 9], 1)))],
        ['weight_hh_l0', torch(transpose(drawnTensor([3, 9], 2)))],
        ['bias_ih_l0', torch(select(drawnTensor([2, 9], 3), 0, 0))],
        ['bias_hh_l0', torch(select(drawnTensor([2, 9], 3), 0, 1))],
      ]),
    )
    const x = drawnTensor([2, 5, 2])
    const [wanted] = Object.values(gru.forward(x)) as [Tensor]
    expect(allClose(model.forward(x), wanted.dataSync(), { atol: 1e-6 })).toBe(true)
    // Step by step, which gates that are none of torch's take: this one is near a sigmoid.
    const stepped = load(chainOf(['GRU', { ...config, recurrent_activation: 'hard_sigmoid' }]), weights)
    expect(maxDifference(stepped.forward(x), wanted.dataSync())).toBeLessThan(0.2)
  })

  test('a causal convolution looks back only', () => {
    const config = { filters: 1, kernel_size: 2, dilation_rate: 2, padding: 'causal', use_bias: false }
    const model = load(chainOf(['Conv1D', config]), [['layer0/kernel', f32([2, 1, 1], Float32Array.of(10, 1))]])
    expect(model.forward(tensor([[[1], [2], [3], [4]]])).toArray()).toEqual([[[1], [2], [13], [24]]])
  })

  test('batch norm of any axis is that of the last after a turn', () => {
    const weights = (n: number): Weights => [
      ...(['gamma', 'beta', 'moving_mean'] as const).map((name, i) => [`layer0/${name}`, uniform([n], i)] as const),
      ['layer0/moving_variance', f32([n], new Float32Array(n).fill(0.5))],
    ]
    const x = drawnTensor([2, 3, 4, 5])
    for (const [axis, turn] of [
      [1, [0, 3, 2, 1]],
      [2, [0, 1, 3, 2]],
      [-2, [0, 1, 3, 2]],
    ] as const) {
      const state = weights(x.shape.at(axis)!)
      const got = load(chainOf(['BatchNormalization', { axis: [axis] }]), state).forward(x)
      const last = load(chainOf(['BatchNormalization', { axis: -1 }]), state).forward(permute(x, turn))
      expect(allClose(got, permute(last, turn).dataSync(), { atol: 1e-6 })).toBe(true)
    }
  })

  test('channels first is channels last after a turn', () => {
    const conv = { filters: 4, kernel_size: [3, 2], groups: 2, padding: 'same', strides: 2, use_bias: false }
    const layers = (data_format: string): Recorded['topology'] =>
      chainOf(
        ['Conv2D', { ...conv, data_format }],
        ['AveragePooling2D', { pool_size: 2, padding: 'same', strides: 1, data_format }],
        ['ZeroPadding2D', { padding: [1, 2], data_format }],
        ['UpSampling2D', { interpolation: 'bilinear', data_format }],
      )
    const weights: Weights = [['layer0/kernel', uniform([3, 2, 1, 4])]]
    const x = drawnTensor([2, 7, 5, 2])
    const last = load(layers('channels_last'), weights).forward(x)
    const first = load(layers('channels_first'), weights).forward(permute(x, [0, 3, 1, 2]))
    expect(allClose(permute(first, [0, 2, 3, 1]), last.dataSync(), { atol: 1e-6 })).toBe(true)
  })

  test.each<[string, Config, Tensor, unknown]>([
    ['Cropping1D', { cropping: [1, 2] }, tensor([[[1], [2], [3], [4]]]), [[[2]]]],
    ['ZeroPadding1D', { padding: 1 }, tensor([[[5]]]), [[[0], [5], [0]]]],
    ['UpSampling1D', { size: 2 }, tensor([[[1], [2]]]), [[[1], [1], [2], [2]]]],
    ['UpSampling2D', { size: [1, 2], interpolation: 'bilinear' }, tensor([[[[0], [4]]]]), [[[[0], [1], [3], [4]]]]],
    ['UpSampling3D', { size: [1, 1, 2] }, tensor([[[[[1], [2]]]]]), [[[[[1], [1], [2], [2]]]]]],
    ['ZeroPadding3D', { padding: [0, 0, 1] }, tensor([[[[[1]]]]]), [[[[[0], [1], [0]]]]]],
    ['Cropping3D', { cropping: [0, 0, 1] }, tensor([[[[[1], [2], [3]]]]]), [[[[[2]]]]]],
    ['GlobalAveragePooling1D', { keepdims: true }, tensor([[[1], [2]]]), [[[1.5]]]],
    ['GlobalMaxPooling3D', {}, tensor([[[[[1], [2]]]]]), [[2]]],
    ['ReLU', { max_value: 6, negative_slope: 0.5, threshold: 1 }, tensor([[-2, 0.5, 2, 7]]), [[-1.5, -0.25, 2, 6]]],
    ['LeakyReLU', { negative_slope: 0.5 }, tensor([[-2, 3]]), [[-1, 3]]],
    ['Softmax', { axis: 1 }, tensor([[[0], [0]]]), [[[0.5], [0.5]]]],
    ['Softmax', { axis: [-1] }, tensor([[0, 0]]), [[0.5, 0.5]]],
    ['Subtract', {}, tensor([[1]]), null],
  ])('%s %j', (className, config, x, wanted) => {
    const model = load(chainOf([className, config]))
    if (wanted === null) expect(() => model.forward(x)).toThrow(ShapeError)
    else expect(model.forward(x).toArray()).toEqual(wanted)
  })
})

describe('as a module', () => {
  const mlp = (): KerasModel =>
    load(
      chainOf(
        ['Dense', { name: 'a/b', units: 3, activation: 'tanh', batch_input_shape: [null, 2] }],
        ['BatchNormalization', { name: 'train', momentum: 0.9 }],
        ['Dropout', { rate: 0.5 }],
        ['Dense', { name: 'out', units: 1, trainable: false }],
      ),
      [
        ['model/a/b/kernel:0', uniform([2, 3])],
        ['model/a/b/bias:0', uniform([3])],
        ['train/gamma', f32([3], Float32Array.of(1, 2, 3))],
        ['train/beta', uniform([3])],
        ['train/moving_mean', f32([3], new Float32Array(3))],
        ['train/moving_variance', f32([3], new Float32Array(3).fill(1))],
        ['out/kernel', uniform([3, 1])],
        ['out/bias', uniform([1])],
      ],
    )

  test('state, freezing and a summary', () => {
    const model = mlp()
    expect([...model.stateDict().keys()]).toEqual([
      'a_b.weight',
      'a_b.bias',
      'train_.weight',
      'train_.bias',
      'train_.running_mean',
      'train_.running_var',
      'out.weight',
      'out.bias',
    ])
    const frozen = [...model.namedParameters()].filter(([, p]) => !p.requiresGrad)
    expect(frozen.map(([name]) => name)).toEqual(['out.weight', 'out.bias'])
    const { rows, parameters, macs } = summary(model, [4, 2])
    expect(rows.map(({ type }) => type)).toEqual(['KerasModel', 'Dense', 'BatchNormalization', 'Dropout', 'Dense'])
    expect([parameters, macs]).toEqual([19, 4 * (6 + 3)])
    const other = mlp()
    noGrad(() => fill(other.stateDict().get('out.bias')!, 9))
    other.loadStateDict(model.stateDict())
    expect(other.forward(ones([1, 2])).item()).toBe(model.forward(ones([1, 2])).item())
  })

  test('it trains: dropout drops, statistics move, frozen layers stay', () => {
    manualSeed(0)
    const model = mlp().train()
    const x = randn([32, 2])
    expect(maxDifference(model.forward(x), model.forward(x).dataSync())).toBeGreaterThan(0.1)
    expect([...model.stateDict().get('train_.running_mean')!.dataSync()].every((v) => v !== 0)).toBe(true)
    const frozen = model.stateDict().get('out.weight')!.dataSync()
    const optimizer = sgd({ lr: 0.1 })(model.parameters().filter((p) => p.requiresGrad))
    const losses: number[] = []
    model.eval()
    for (let step = 0; step < 60; step++) {
      const loss = mean(square(model.forward(x)))
      optimizer.zeroGrad()
      loss.backward()
      optimizer.step()
      losses.push(loss.item())
    }
    expect(losses.at(-1)).toBeLessThan(losses[0] / 10)
    expect(model.stateDict().get('out.weight')!.dataSync()).toEqual(frozen)
  })

  test.each([
    ['GaussianNoise', { stddev: 1 }],
    ['GaussianDropout', { rate: 0.5 }],
    ['AlphaDropout', { rate: 0.5 }],
    ['Dropout', { rate: 0.5 }],
    ['SpatialDropout1D', { rate: 0.5 }],
  ])('%s acts in training only', (className, config) => {
    manualSeed(0)
    const model = load(chainOf([className, config]))
    const x = ones([2, 20, 30])
    expect(maxDifference(model.forward(x), x.dataSync())).toBe(0)
    const y = model.train().forward(x)
    expect(maxDifference(y, x.dataSync())).toBeGreaterThan(0.1)
    // 1,200 draws of variance 1 about 1; alpha dropout keeps the mean of selu's outputs, not of ones.
    if (className !== 'AlphaDropout') expect(Math.abs(mean(y).item() - 1)).toBeLessThan(0.2)
  })

  test('gradients reach the input and all weights', () => {
    for (const name of [
      'conv2dTranspose {"kernelSize":3,"strides":2,"padding":"same"}',
      'separableConv2d',
      'models in models',
      'gru default',
    ]) {
      const seed = golden.findIndex((c) => c.name === name)
      const { weights, inputs } = drawn(golden[seed], seed)
      const model = load(golden[seed].topology, weights)
      const [x] = inputs
      mean(square(model.forward(x.requiresGrad_()))).backward()
      for (const p of [x, ...model.parameters()]) expect(p.grad!.dataSync().some((v) => v !== 0)).toBe(true)
    }
  })

  test('a layer of one’s own', () => {
    class Scale extends Module<Tensor[], Tensor> {
      readonly by: Tensor
      readonly factor: number
      constructor(by: Tensor, factor: number) {
        super()
        this.by = parameter(by)
        this.factor = factor
      }
      forward(...[x]: Tensor[]): Tensor {
        return mul(mul(x, this.by), this.factor)
      }
    }
    const model = load(chainOf(['Scale', { factor: 2 }]), [['layer0/by', f32([1], Float32Array.of(5))]], {
      customLayers: { Scale: ({ layer, weight }) => new Scale(weight('by'), Number(layer.config.factor)) },
    })
    expect(model.forward(tensor([3])).toArray()).toEqual([30])
    expect([...model.stateDict().keys()]).toEqual(['layer0.by'])
  })
})

describe('what is refused', () => {
  const dense = chainOf(['Dense', { units: 1, use_bias: false }])
  const kernel: Weights = [['layer0/kernel', uniform([2, 1])]]
  const messageOf = (run: () => unknown): string => {
    try {
      run()
    } catch (e) {
      if (FormatError.is(e) || ShapeError.is(e) || ValueError.is(e)) return `${e.name}: ${e.message}`
      throw e
    }
    return expect.fail('nothing was thrown')
  }

  test('files', () => {
    expect(messageOf(() => loadTfjsModel(new Map()))).toMatchInlineSnapshot(
      `"FormatError: tfjs: the file of the model is missing; got "model.json"."`,
    )
    expect(messageOf(() => loadTfjsModel(writeTfjsWeights(new Map())))).toMatchInlineSnapshot(
      `"FormatError: tfjs: the file has no layers; got weights alone. Use readTfjsWeights."`,
    )
    expect(messageOf(() => load(dense))).toMatchInlineSnapshot(
      `"FormatError: tfjs: layer "layer0" (Dense): a weight is missing; expected "layer0/kernel"."`,
    )
    expect(messageOf(() => load(dense, [...kernel, ['extra/kernel', uniform([1])]]))).toMatchInlineSnapshot(
      `"FormatError: tfjs: weights belong to no layer; got ["extra/kernel"], expected a layer for each."`,
    )
    expect(messageOf(() => load(dense, [['layer0/kernel', uniform([2, 2])]]))).toMatchInlineSnapshot(
      `"FormatError: tfjs: layer "layer0" (Dense): the shape of kernel does not fit; got [2,2], expected [any,1]."`,
    )
    const integers: ArrayData = { dtype: 'i32', shape: [2, 1], data: new Int32Array(2) }
    expect(messageOf(() => load(dense, [['layer0/kernel', integers]]))).toMatchInlineSnapshot(
      `"FormatError: tfjs: layer "layer0" (Dense): the dtype of kernel does not fit; got i32, expected f32."`,
    )
  })

  test.each<[string, Config]>([
    ['Dense', { units: 0 }],
    ['Dense', { units: 1, activation: 'sine' }],
    ['Dense', { units: 1, activation: 'toString' }],
    ['constructor', {}],
    ['Conv2D', { filters: 1, kernel_size: [3] }],
    ['Conv2D', { filters: 1, kernel_size: 3, padding: 'full' }],
    ['Conv2D', { filters: 1, kernel_size: 3, padding: 'causal' }],
    ['Conv2D', { filters: 1, kernel_size: 3, strides: 2, dilation_rate: 2 }],
    ['Conv2DTranspose', { filters: 1, kernel_size: 3, output_padding: [1, 1] }],
    ['ZeroPadding2D', { padding: [1, 2, 3] }],
    ['Dropout', { rate: 1 }],
    ['Dropout', { rate: 0.5, noise_shape: [1] }],
    ['Embedding', { input_dim: 2, output_dim: 2, mask_zero: true }],
    ['LSTM', { units: 1 }],
    ['LSTM', { units: 1, activation: 'tanh', recurrent_activation: 'sigmoid', stateful: true }],
    ['Bidirectional', { layer: 3 }],
    ['Bidirectional', { layer: { class_name: 'Dense', config: {} } }],
    ['TimeDistributed', { layer: { class_name: 'Dense' } }],
    ['Reshape', { target_shape: 'x' }],
    ['Concatenate', { axis: 'x' }],
    ['Dot', { axes: [1, 2, 3] }],
    ['UpSampling1D', { interpolation: 'bilinear' }],
    ['BatchNormalization', { axis: [1, 2] }],
    ['ReLU', { max_value: 'x' }],
  ])('%s %j', (className, config) => {
    const message = messageOf(() => load(chainOf([className, config])))
    expect(message).toContain(`FormatError: tfjs: layer "layer0" (${className})`)
  })

  test('a class inside of a model inside of a model, named with its place', () => {
    const inside = { name: 'block', layers: [{ class_name: 'Lambda', config: { name: 'f' } }] }
    expect(messageOf(() => load(chainOf(['Sequential', inside])))).toMatchInlineSnapshot(
      `"FormatError: tfjs: layer "block/f" (Lambda): the class is not supported; got "Lambda". Pass it in customLayers, or leave the layer out of the model before it is converted."`,
    )
    const option = { name: 'block', layers: [{ class_name: 'Dropout', config: { name: 'f' } }] }
    expect(messageOf(() => load(chainOf(['Sequential', option])))).toMatchInlineSnapshot(
      `"FormatError: tfjs: layer "block/f" (Dropout): rate does not fit; got none, expected a number."`,
    )
  })

  test('inputs', () => {
    const model = load(chainOf(['Dense', { units: 1, use_bias: false, batch_input_shape: [null, 2] }]), kernel)
    expect(messageOf(() => model.forward(ones([3, 3])))).toMatchInlineSnapshot(
      `"ShapeError: KerasModel: the inputs do not fit; got [3,3], expected [any,2]. Keras takes images as [N, H, W, C]."`,
    )
    expect(messageOf(() => model.forward(ones([3, 2]), ones([3, 2])))).toMatchInlineSnapshot(
      `"ShapeError: KerasModel: the inputs do not fit; got [3,2] and [3,2], expected [any,2]. Keras takes images as [N, H, W, C]."`,
    )
    const image = load(chainOf(['MaxPooling2D', { name: 'pool' }], ['Flatten']))
    expect(messageOf(() => image.forward(ones([4, 4, 1])))).toMatchInlineSnapshot(
      `"ShapeError: pool: MaxPooling2D: the rank does not fit; got [4,4,1], expected 4 axes, the batch first."`,
    )
    const recorded = (name: string): { model: KerasModel; inputs: Tensor[] } => {
      const seed = golden.findIndex((c) => c.name === name)
      const { weights, inputs } = drawn(golden[seed], seed)
      return { model: load(golden[seed].topology, weights), inputs }
    }
    const two = recorded('a shared layer, two outputs')
    expect(messageOf(() => two.model.forward(...two.inputs))).toMatchInlineSnapshot(
      `"ValueError: KerasModel: the model has several outputs; got "add_Add2", "head", expected one. Use outputs()."`,
    )
    const states = recorded('lstm with states')
    const [x, h] = states.inputs
    expect(messageOf(() => states.model.forward(x, h))).toMatchInlineSnapshot(
      `"ShapeError: KerasModel: the inputs do not fit; got [2,4,2] and [2,3], expected [any,4,2] and [any,3] and [any,3]. Keras takes images as [N, H, W, C]."`,
    )
  })

  test('dropout inside of a recurrent layer, in training', () => {
    const config = { units: 1, activation: 'tanh', use_bias: false, dropout: 0.5 }
    const model = load(chainOf(['SimpleRNN', config]), [
      ['layer0/kernel', uniform([2, 1])],
      ['layer0/recurrent_kernel', uniform([1, 1])],
    ])
    expect(model.forward(ones([1, 3, 2])).shape).toEqual([1, 1])
    expect(messageOf(() => model.train().forward(ones([1, 3, 2])))).toMatchInlineSnapshot(
      `"ValueError: layer0: SimpleRNN: dropout inside of a recurrent layer is not trained; got dropout 0.5, recurrent_dropout undefined, expected 0 for both in training. Call eval(), or set them to 0 in the file."`,
    )
  })

  test('graphs whose layers get no input', () => {
    const layer = (class_name: string, name: string, inbound_nodes: unknown): unknown => ({
      class_name,
      name,
      config: { name },
      inbound_nodes,
    })
    const topology = {
      class_name: 'Model',
      config: {
        layers: [layer('InputLayer', 'x', []), layer('Flatten', 'a', []), layer('Flatten', 'b', [[['a', 0, 0, {}]]])],
        input_layers: [['x', 0, 0]],
        output_layers: [['b', 0, 0]],
      },
    }
    expect(messageOf(() => load(topology))).toMatchInlineSnapshot(
      `"FormatError: tfjs: a layer that is used gets no input; got "b", expected an input of the model, or a layer with inbound nodes."`,
    )
  })

  test('a load that fails leaves nothing in memory', () => {
    const backend = wasmBackend()
    withBackend(backend, () => {
      const topology = chainOf(
        ['Dense', { units: 1 }],
        ['GRU', { units: 1, activation: 'tanh', recurrent_activation: 'sigmoid' }],
      )
      const before = backend.memory().blocks
      const weights: Weights = [
        ['layer0/kernel', uniform([2, 1])],
        ['layer0/bias', uniform([1])],
        ['layer1/kernel', uniform([1, 3])],
        ['layer1/recurrent_kernel', uniform([1, 3])],
      ]
      expect(messageOf(() => load(topology, weights))).toContain('"layer1/bias"')
      expect(backend.memory().blocks).toBe(before)
      expect(load(topology, [...weights, ['layer1/bias', uniform([3])]]).parameters()).toHaveLength(5)
      expect(backend.memory().blocks).toBe(before + 5)
    })
  })

  test('deep and long files end in time', () => {
    let config: Config = { name: 'core', layers: [{ class_name: 'Flatten', config: { name: 'f' } }] }
    for (let depth = 0; depth < 60; depth++)
      config = { name: `m${depth}`, layers: [{ class_name: 'Sequential', config }] }
    expect(messageOf(() => load({ class_name: 'Sequential', config }))).toContain('FormatError')
    const many = Array.from({ length: 5000 }, (_, i) => ['Flatten', { name: `f${i}` }] as const)
    expect(load(chainOf(...many)).children().size).toBe(5000)
  })
})
