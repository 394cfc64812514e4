import { existsSync, readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DTypeError, FormatError, ShapeError, ValueError } from '../errors.ts'
import type { ArrayData } from './array-data.ts'
import { readIdx } from './idx.ts'
import { gunzip } from './inflate.ts'
import { readRawManifest, readRawWeights } from './raw-weights.ts'
import { readTfjsTopology } from './tfjs-topology.ts'
import { readTfjsModel, readTfjsWeights, writeTfjsWeights } from './tfjs.ts'

const data = process.env.LANEWISE_DATA ?? new URL('../../../../../shared/data', import.meta.url).pathname

const encode = (value: unknown): Uint8Array =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value))

const folder = (path: string): Map<string, Uint8Array> =>
  new Map(readdirSync(path).map((name) => [name, readFileSync(`${path}/${name}`)]))

const f32Of = (array: ArrayData | undefined): Float32Array =>
  array?.dtype === 'f32' ? array.data : expect.fail('not f32')

describe('real models', () => {
  test('Tiny Darknet: 33 groups of one file', (context) => {
    const path = `${data}/tfjs-weights/darknetclassifier/darknettiny`
    if (!existsSync(path)) return context.skip(`no ${path}`)
    const files = folder(path)
    const model = readTfjsModel(files.get('model.json') ?? encode(''))
    const weights = readTfjsWeights(model, files)
    const { topology } = model
    expect([topology?.kind, topology?.inputs.length, topology?.outputs.length]).toEqual(['functional', 1, 1])
    expect(topology?.layers.filter(({ className }) => className === 'Conv2D')).toHaveLength(16)
    expect(topology?.layers[1].config.kernel_size).toEqual([3, 3])
    expect(topology?.layers[1].inbound).toEqual([[{ layer: 'input_1', node: 0, tensor: 0 }]])
    expect(weights.get('conv2d_1/kernel')?.shape).toEqual([3, 3, 3, 16])
    let bytes = 0
    for (const array of weights.values()) bytes += f32Of(array).byteLength
    expect(bytes).toBe([...files].reduce((sum, [name, file]) => sum + (name === 'model.json' ? 0 : file.length), 0))
  })

  test('a conditional VAE with two inputs', (context) => {
    const path = `${data}/tfjs-weights/CVAE/quick_draw/models`
    if (!existsSync(path)) return context.skip(`no ${path}`)
    const files = folder(path)
    const model = readTfjsModel(files.get('model.json') ?? encode(''))
    expect(model.topology?.inputs.map(({ layer }) => layer)).toEqual(['latent_input', 'label'])
    expect(readTfjsWeights(model, files).get('dense_5/kernel')?.shape).toEqual([67, 784])
  })

  test('an MNIST MLP of raw weights gives its recorded logits', async (context) => {
    const path = `${data}/tfjs-weights/mnist`
    if (!existsSync(path) || !existsSync(`${data}/mnist`)) return context.skip(`no ${path}`)
    const files = folder(path)
    const weights = readRawWeights(readRawManifest(files.get('manifest.json') ?? encode('')), files)
    const images = readIdx(await gunzip(readFileSync(`${data}/mnist/t10k-images-idx3-ubyte.gz`))).data
    const want = new Float32Array(
      new Uint8Array(readFileSync(`${data}/tfjs-weights/expected/mnist.t10k_first200.logits_200x10.f32le`)).buffer,
    )
    const layer = (x: Float64Array, name: string, relu: boolean): Float64Array => {
      const w = f32Of(weights.get(`${name}/weights`))
      const b = f32Of(weights.get(`${name}/biases`))
      const out = Float64Array.from(b, (bias, j) => x.reduce((sum, v, i) => sum + v * w[i * b.length + j], bias))
      return relu ? out.map((v) => Math.max(0, v)) : out
    }
    for (let n = 0; n < 20; n++) {
      const x = Float64Array.from({ length: 784 }, (_, i) => Number(images[n * 784 + i]) / 255)
      const logits = layer(layer(layer(x, 'hidden1', true), 'hidden2', true), 'softmax_linear', false)
      for (let j = 0; j < 10; j++) expect(Math.abs(logits[j] - want[n * 10 + j])).toBeLessThan(1e-4) // f32 sums of 784 terms around 10
    }
  })

  test.each(['text/charRNN-weights/darwin', 'tfjs-weights/style-transfer/wave'])('raw weights of %s', (name) => {
    const path = `${data}/${name}`
    if (!existsSync(path)) return
    const files = folder(path)
    const manifest = readRawManifest(files.get('manifest.json') ?? encode(''))
    expect(readRawWeights(manifest, files).size).toBe(manifest.size)
  })
})

const weights = (): Map<string, ArrayData> =>
  new Map<string, ArrayData>([
    ['a/kernel', { dtype: 'f32', shape: [2, 3], data: Float32Array.of(-1, 0, 0.25, 0.5, 1, 3) }],
    ['step', { dtype: 'i32', shape: [], data: Int32Array.of(-7) }],
    ['mask', { dtype: 'bool', shape: [3], data: Uint8Array.of(1, 0, 1) }],
    ['empty', { dtype: 'f32', shape: [0, 4], data: new Float32Array(0) }],
    ['b', { dtype: 'f32', shape: [1], data: Float32Array.of(0.1) }],
  ])

const roundTrip = (
  arrays: Map<string, ArrayData>,
  options: Parameters<typeof writeTfjsWeights>[1],
): Map<string, ArrayData> => {
  const files = writeTfjsWeights(arrays, options)
  return readTfjsWeights(readTfjsModel(files.get('model.json') ?? encode('')), files)
}

describe('weights', () => {
  test('read back as written, across files of any size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), (shardBytes) => {
        expect(roundTrip(weights(), { shardBytes })).toEqual(weights())
      }),
    )
  })

  test('file names are those of TensorFlow.js', () => {
    const names = ['model.json', 'group1-shard1of3', 'group1-shard2of3', 'group1-shard3of3']
    expect([...writeTfjsWeights(weights(), { shardBytes: 13 }).keys()]).toEqual(names)
    expect([...writeTfjsWeights([]).keys()]).toEqual(['model.json', 'group1-shard1of1'])
  })

  test.each([
    ['uint8', 4 / 255 / 2],
    ['uint16', 4 / 65535 / 2],
    ['float16', 2 ** -11],
  ] as const)('%s keeps f32 weights to half a step', (quantize, step) => {
    const back = roundTrip(weights(), { quantize })
    const got = f32Of(back.get('a/kernel'))
    f32Of(weights().get('a/kernel')).forEach((x, i) => expect(Math.abs(got[i] - x)).toBeLessThanOrEqual(step * 1.0001))
    expect([back.get('step'), back.get('mask'), back.get('empty')]).toEqual([
      weights().get('step'),
      weights().get('mask'),
      weights().get('empty'),
    ])
    expect(Math.abs(f32Of(back.get('b'))[0] - 0.1)).toBeLessThan(1e-4)
  })

  test('dequantizes by value scale + min, ints rounded', () => {
    const quantization = { dtype: 'uint8', scale: 0.5, min: -3 }
    const groups = [
      {
        paths: ['x', 'y'],
        weights: [
          { name: 'f', shape: [2], dtype: 'float32', quantization },
          { name: 'i', shape: [2], dtype: 'int32', quantization },
          { name: 'h', shape: [1], dtype: 'float32', quantization: { dtype: 'float16', original_dtype: 'float32' } },
        ],
      },
    ]
    const model = readTfjsModel(encode(groups))
    const arrays = readTfjsWeights(
      model,
      new Map([
        ['x', Uint8Array.of(0, 255, 3)],
        ['y', Uint8Array.of(4, 0x00, 0x3e)],
      ]),
    )
    expect(model.topology).toBeUndefined()
    expect(arrays.get('f')?.data).toEqual(Float32Array.of(-3, 124.5))
    expect(arrays.get('i')?.data).toEqual(Int32Array.of(-1, -1))
    expect(arrays.get('h')?.data).toEqual(Float32Array.of(1.5))
  })

  test('what cannot be written', () => {
    const write =
      (array: ArrayData, options = {}) =>
      (): unknown =>
        writeTfjsWeights([['w', array]], options)
    expect(write({ dtype: 'f64', shape: [1], data: new Float64Array(1) })).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: writeTfjsWeights: TensorFlow.js cannot hold "w"; got f64, expected f32, i32 or bool.]`,
    )
    expect(write({ dtype: 'f32', shape: [2], data: new Float32Array(1) })).toThrow(ShapeError)
    expect(
      write({ dtype: 'f32', shape: [1], data: Float32Array.of(NaN) }, { quantize: 'uint8' }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: writeTfjsWeights: a weight cannot be quantized; got NaN, expected finite values. Use float16.]`,
    )
    expect(write({ dtype: 'f32', shape: [1], data: new Float32Array(1) }, { shardBytes: 0 })).toThrow(ValueError)
    expect(write({ dtype: 'i64', shape: [1], data: new BigInt64Array(1) })).toThrow(DTypeError)
  })
})

const layer = (name: string, inbound: unknown[] = [], more: object = {}): object => ({
  name,
  class_name: 'Dense',
  config: { name, units: 1 },
  inbound_nodes: inbound,
  ...more,
})
const node = (...names: string[]): unknown[] => names.map((name) => [name, 0, 0, {}])
const functional = (layers: object[], config: object = {}): object => ({
  class_name: 'Model',
  config: { name: 'm', layers, input_layers: [['a', 0, 0]], output_layers: [['a', 0, 0]], ...config },
})

describe('topology', () => {
  test('a sequential model, with layers in config or as config', () => {
    const layers = [
      { class_name: 'Dense', config: { name: 'd', units: 3 } },
      { class_name: 'ReLU', config: {} },
    ]
    for (const config of [{ name: 's', layers }, layers]) {
      const topology = readTfjsTopology(encode({ class_name: 'Sequential', config }))
      expect(topology.kind).toBe('sequential')
      expect(topology.layers.map(({ name, className }) => [name, className])).toEqual([
        ['d', 'Dense'],
        ['ReLU_1', 'ReLU'],
      ])
      expect(topology.layers[0].config.units).toBe(3)
      expect(topology.layers[0].inbound).toEqual([])
    }
  })

  test('a shared layer and a diamond', () => {
    const layers = [
      layer('a'),
      layer('b', [node('a'), node('c')]),
      layer('c', [node('a')]),
      layer('d', [
        [
          ['b', 0, 0],
          ['b', 1, 0],
        ],
      ]),
    ]
    const topology = readTfjsTopology(encode({ model_config: functional(layers, { output_layers: ['d', 0, 0] }) }))
    expect(topology.outputs).toEqual([{ layer: 'd', node: 0, tensor: 0 }])
    expect(topology.layers[1].inbound).toHaveLength(2)
  })

  test('options named after the prototype are plain data', () => {
    const { layers } = readTfjsTopology(
      encode('{"class_name":"Sequential","config":[{"class_name":"X","config":{"__proto__":{"polluted":1}}}]}'),
    )
    expect(Object.keys(layers[0].config)).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(layers[0].config)).toBeNull()
    expect('polluted' in {}).toBe(false)
  })

  test.each<[string, unknown]>([
    ['a number', 1],
    ['no class', { config: {} }],
    ['another class', { class_name: 'Evil', config: { layers: [] } }],
    ['no layers', { class_name: 'Model', config: {} }],
    ['layers are no list', { class_name: 'Model', config: { layers: {} } }],
    ['a graph model', { node: [] }],
    ['a layer is null', functional([null as never])],
    ['a layer without config', functional([{ class_name: 'Dense' }])],
    ['a layer with a number as name', functional([{ class_name: 'Dense', name: 1, config: {} }])],
    ['two layers of one name', functional([layer('a'), layer('a')])],
    ['an input that is not there', functional([layer('a', [node('z')])])],
    ['a call that is not there', functional([layer('a'), layer('b', [[['a', 1, 0]]])])],
    ['a negative call', functional([layer('a'), layer('b', [[['a', -1, 0]]])])],
    ['an output that is not there', functional([layer('a')], { output_layers: [['z', 0, 0]] })],
    ['a layer that feeds itself', functional([layer('a', [node('a')])])],
    [
      'a cycle of three',
      functional([layer('a'), layer('b', [node('d')]), layer('c', [node('b')]), layer('d', [node('c')])]),
    ],
    ['call arguments', functional([layer('a'), layer('b', [[['a', 0, 0, { mask: 1 }]]])])],
    ['Keras 3 nodes', functional([layer('a'), layer('b', [{ args: [], kwargs: {} }])])],
  ])('refuses %s', (_, value) => expect(() => readTfjsTopology(encode(value))).toThrow(FormatError))

  // Ten times the layers take ten times as long, or a hundred times if a step is quadratic.
  test('many layers on one input take no quadratic time', () => {
    const secondsFor = (count: number): number => {
      const layers = [layer('a'), ...Array.from({ length: count }, (_, i) => layer(`l${i}`, [node('a')]))]
      const bytes = encode(functional(layers))
      const start = performance.now()
      expect(readTfjsTopology(bytes).layers).toHaveLength(count + 1)
      return performance.now() - start
    }
    const [few, many] = [1000, 10000].map((count) => Math.min(...[1, 2].map(() => secondsFor(count))))
    expect(many / few).toBeLessThan(40)
  }, 60000)
})

describe('model.json attacks', () => {
  const spec = { name: 'w', shape: [1], dtype: 'float32' }
  const group = (more: object = {}, paths: unknown[] = ['x']): object => ({ paths, weights: [{ ...spec, ...more }] })
  test.each<[string, unknown]>([
    ['not JSON', '{'],
    ['a number', 1],
    ['a graph model', { format: 'graph-model', weightsManifest: [] }],
    ['manifest is an object', { weightsManifest: {} }],
    ['group is null', [null]],
    ['no paths', [{ weights: [] }]],
    ['path is a number', [group({}, [1])]],
    ['path climbs', [group({}, ['../../etc/passwd'])]],
    ['path climbs inside', [group({}, ['a/../../b'])]],
    ['absolute path', [group({}, ['/etc/passwd'])]],
    ['address', [group({}, ['https://example.org/x'])]],
    ['Windows path', [group({}, ['C:\\x'])]],
    ['empty path', [group({}, [''])]],
    ['one file twice in a group', [group({}, ['x', 'x'])]],
    ['one file in two groups', [group(), group({ name: 'v' })]],
    ['weight is a list', [{ paths: [], weights: [[]] }]],
    ['weight without shape', [group({ shape: undefined })]],
    ['negative size', [group({ shape: [-1] })]],
    ['sizes overflow', [group({ shape: [2 ** 40, 2 ** 40] })]],
    ['string weights', [group({ dtype: 'string' })]],
    ['complex weights', [group({ dtype: 'complex64' })]],
    ['dtype of the prototype', [group({ dtype: 'constructor' })]],
    ['quantization by name', [group({ quantization: 'uint8' })]],
    ['quantization without scale', [group({ quantization: { dtype: 'uint8', min: 0 } })]],
    ['scale is a string', [group({ quantization: { dtype: 'uint8', min: 0, scale: '1' } })]],
    ['quantized to int4', [group({ quantization: { dtype: 'int4', min: 0, scale: 1 } })]],
    ['quantized bool', [group({ dtype: 'bool', quantization: { dtype: 'uint8', min: 0, scale: 1 } })]],
    ['two weights of one name', [{ paths: ['x'], weights: [spec, spec] }]],
  ])('%s', (_, value) => expect(() => readTfjsModel(encode(value))).toThrow(FormatError))

  test('files that are missing, short or long give no weight', () => {
    const model = readTfjsModel(encode([group()]))
    expect(() => readTfjsWeights(model, new Map())).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: tfjs: a weight file is missing; got "x".]`,
    )
    expect(() => readTfjsWeights(model, new Map([['x', new Uint8Array(3)]]))).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: tfjs: "w" exceeds the weight files; got bytes 0 to 4, expected at most 3.]`,
    )
    expect(() => readTfjsWeights(model, new Map([['x', new Uint8Array(5)]]))).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: tfjs: the weight files hold more than the weights; got 5 bytes in ["x"], expected 4.]`,
    )
    const huge = readTfjsModel(encode([group({ shape: [2 ** 50] })]))
    expect(() => readTfjsWeights(huge, new Map([['x', new Uint8Array(4)]]))).toThrow(FormatError)
  })

  test('raw manifests', () => {
    const read = (value: unknown) => (): unknown => readRawManifest(encode(value))
    for (const value of [
      [],
      { w: 1 },
      { w: { filename: 'x' } },
      { w: { filename: 1, shape: [] } },
      { w: { filename: '../x', shape: [] } },
      { w: { filename: 'x', shape: [0.5] } },
      { w: { filename: 'x', shape: [1] }, v: { filename: 'x', shape: [1] } },
    ]) {
      expect(read(value), JSON.stringify(value)).toThrow(FormatError)
    }
    const manifest = readRawManifest(encode({ w: { filename: 'x', shape: [2] } }))
    expect(() => readRawWeights(manifest, new Map())).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: rawWeights: the file of "w" is missing; got "x".]`,
    )
    expect(() => readRawWeights(manifest, new Map([['x', new Uint8Array(7)]]))).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: rawWeights: the file of "w" does not fit its shape; got 7 bytes, expected 8 for [2].]`,
    )
    const huge = readRawManifest(encode({ w: { filename: 'x', shape: [2 ** 50] } }))
    expect(() => readRawWeights(huge, new Map([['x', new Uint8Array(4)]]))).toThrow(FormatError)
  })
})
