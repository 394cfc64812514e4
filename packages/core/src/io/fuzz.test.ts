// Damaged files of every format: each is read or refused with a FormatError, within bounded time and memory.
import { expect, test, vi } from 'vitest'
import { FormatError } from '../errors.ts'
import { Generator } from '../random/generator.ts'
import type { ArrayData } from './array-data.ts'
import { readCifar10, readCifar100 } from './cifar.ts'
import { readIdx, writeIdx } from './idx.ts'
import { gunzip } from './inflate.ts'
import { readNpy, writeNpy } from './npy.ts'
import { readNpz, writeNpz } from './npz.ts'
import { readRawManifest, readRawWeights } from './raw-weights.ts'
import { readSafetensors, writeSafetensors } from './safetensors.ts'
import { readTfjsTopology } from './tfjs-topology.ts'
import { readTfjsModel, readTfjsWeights, writeTfjsWeights } from './tfjs.ts'

vi.setConfig({ testTimeout: 60000 })

const rounds = Number(process.env.FUZZ_ROUNDS ?? 600)

const generator = new Generator(20)

const pick = (n: number): number => generator.randint(n)

const edges = [0, 1, 0x7f, 0x80, 0xff, 0x22, 0x5b, 0x7b, 0x2d, 0x39]

type Mutation = (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>

const splice = (bytes: Uint8Array, at: number, removed: number, added: Uint8Array): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + removed)]))

const mutations: Mutation[] = [
  (bytes) => bytes.fill(bytes[pick(bytes.length)] ^ (1 << pick(8)), pick(bytes.length)).slice(),
  (bytes) => {
    const at = pick(bytes.length)
    bytes[at] ^= 1 << pick(8)
    return bytes
  },
  (bytes) => {
    bytes[pick(bytes.length)] = edges[pick(edges.length)]
    return bytes
  },
  (bytes) => {
    const at = pick(bytes.length)
    return bytes.fill(edges[pick(edges.length)], at, at + 1 + pick(8))
  },
  (bytes) => bytes.subarray(0, pick(bytes.length)),
  (bytes) => bytes.subarray(pick(bytes.length)),
  (bytes) => splice(bytes, pick(bytes.length), 1 + pick(8), new Uint8Array(0)),
  (bytes) => splice(bytes, pick(bytes.length), 0, generator.integers(new Uint8Array(1 + pick(8)), 0, 256)),
  (bytes) => {
    const from = pick(bytes.length)
    return splice(bytes, pick(bytes.length), 0, bytes.slice(from, from + pick(32)))
  },
  (bytes) => splice(bytes, pick(bytes.length), 1, new TextEncoder().encode(String(2 ** pick(60)))),
]

const mutate = (file: Uint8Array): Uint8Array<ArrayBuffer> => {
  let bytes = Uint8Array.from(file)
  for (let n = 1 + pick(3); n > 0 && bytes.length > 0; n--) bytes = mutations[pick(mutations.length)](bytes)
  return bytes
}

const sizeOf = (value: unknown): number => {
  if (ArrayBuffer.isView(value)) return value.byteLength
  const parts =
    value instanceof Map ? [...value.values()] : typeof value === 'object' && value !== null ? Object.values(value) : []
  return parts.reduce((sum: number, part) => sum + sizeOf(part), 0)
}

/** Reads damaged copies of the files. `growth` bounds the bytes of the result by those of the file. */
const fuzz = async (
  files: Uint8Array[],
  read: (bytes: Uint8Array) => unknown,
  growth: number,
): Promise<{ read: number; refused: number }> => {
  const count = { read: 0, refused: 0 }
  for (let i = 0; i < rounds; i++) {
    const bytes = mutate(files[i % files.length])
    const copy = bytes.slice()
    const start = performance.now()
    const before = process.memoryUsage().arrayBuffers
    try {
      const result = await read(bytes)
      count.read++
      if (sizeOf(result) > growth * bytes.length)
        expect.fail(`${sizeOf(result)} bytes from ${bytes.length}, round ${i}`)
    } catch (error) {
      if (!FormatError.is(error))
        throw new Error(`round ${i}: ${Buffer.from(copy).toString('base64')}`, { cause: error })
      if (error.message.length > 2000) expect.fail(`a message of ${error.message.length}, round ${i}`)
      count.refused++
    }
    const grown = process.memoryUsage().arrayBuffers - before
    if (grown > 4 * growth * bytes.length + 4e6) expect.fail(`${grown} bytes allocated for ${bytes.length}, round ${i}`)
    if (performance.now() - start > 10000) expect.fail(`${performance.now() - start} ms, round ${i}`)
    if (Buffer.compare(bytes, copy) !== 0) expect.fail(`the input changed, round ${i}`)
  }
  expect(count.refused).toBeGreaterThan(0)
  return count
}

const arrays: [string, ArrayData][] = [
  ['layer.weight', { dtype: 'f32', shape: [3, 4], data: generator.uniform(new Float32Array(12)) }],
  ['layer.bias', { dtype: 'f32', shape: [3], data: new Float32Array(3) }],
  ['step', { dtype: 'i64', shape: [], data: BigInt64Array.of(7n) }],
  ['mask', { dtype: 'bool', shape: [2, 2], data: Uint8Array.of(1, 0, 0, 1) }],
  ['half', { dtype: 'f16', shape: [2], data: Uint16Array.of(1, 2) }],
]

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

test('safetensors', async () => {
  await fuzz([writeSafetensors(arrays), writeSafetensors(arrays.slice(0, 2), [['a', 'b']])], readSafetensors, 1)
})

test('npy', async () => {
  const file = writeNpy(arrays[0][1])
  const fortran = new TextDecoder('latin1').decode(file).replace('False', 'True ')
  await fuzz([file, writeNpy(arrays[2][1]), Uint8Array.from(fortran, (c) => c.charCodeAt(0))], readNpy, 1)
})

test('npz', async () => {
  const files = await Promise.all([true, false].map((compress) => writeNpz(arrays.slice(0, 3), { compress })))
  await fuzz(files, (bytes) => readNpz(bytes), 1032)
})

test('gzip', async () => {
  const file = new Uint8Array(Buffer.from('H4sIAAAAAAACA/N0iVDwHMWjeBSP4lE8ikfxkMYAigQbhdAHAAA=', 'base64'))
  await fuzz([file], (bytes) => gunzip(bytes), 1032)
})

test('idx', async () => {
  await fuzz(
    [
      writeIdx({ dtype: 'u8', shape: [2, 3, 3], data: new Uint8Array(18) }),
      writeIdx({ dtype: 'f32', shape: [4], data: new Float32Array(4) }),
    ],
    readIdx,
    1,
  )
})

test('CIFAR', async () => {
  await fuzz([new Uint8Array(3073 * 2)], readCifar10, 1)
  await fuzz([new Uint8Array(3074)], readCifar100, 1)
})

test('tfjs models and weights', async () => {
  const topology = {
    class_name: 'Sequential',
    config: { name: 's', layers: [{ class_name: 'Dense', config: { name: 'd', units: 3, activation: 'relu' } }] },
  }
  const files = writeTfjsWeights(arrays.slice(0, 2), { topology, quantize: 'uint8', shardBytes: 10 })
  const model = files.get('model.json') ?? new Uint8Array()
  const shards = [...files.values()].reduce((sum, file) => sum + file.length, 0)
  await fuzz([model], (bytes) => readTfjsWeights(readTfjsModel(bytes), files), shards)
  const graph = {
    class_name: 'Model',
    config: {
      name: 'm',
      layers: [
        { name: 'a', class_name: 'InputLayer', config: {}, inbound_nodes: [] },
        {
          name: 'b',
          class_name: 'Add',
          config: { x: [1, null, true] },
          inbound_nodes: [
            [
              ['a', 0, 0, {}],
              ['a', 0, 0, {}],
            ],
          ],
        },
      ],
      input_layers: [['a', 0, 0]],
      output_layers: [['b', 0, 0]],
    },
  }
  await fuzz([encode(graph)], readTfjsTopology, 1)
})

test('raw weights', async () => {
  const manifest = encode({ a: { filename: 'a', shape: [2, 3] }, b: { filename: 'b', shape: [] } })
  const files = new Map([
    ['a', new Uint8Array(24)],
    ['b', new Uint8Array(4)],
  ])
  await fuzz([manifest], (bytes) => readRawWeights(readRawManifest(bytes), files), 28)
})

test('bytes of no format', async () => {
  for (const read of [
    readSafetensors,
    readNpy,
    readIdx,
    readTfjsModel,
    readTfjsTopology,
    readRawManifest,
    (bytes: Uint8Array) => readNpz(bytes),
    (bytes: Uint8Array) => gunzip(bytes),
  ]) {
    for (let i = 0; i < 200; i++) {
      const bytes = generator.integers(new Uint8Array(pick(200)), 0, 256)
      await expect((async () => read(bytes))()).rejects.toSatisfy((e) => FormatError.is(e))
    }
  }
})
