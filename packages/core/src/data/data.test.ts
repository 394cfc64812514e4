import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Generator } from '../random/generator.ts'
import { defaultGenerator, manualSeed } from '../random/default.ts'
import { arange, ones, zeros } from '../tensor/create.ts'
import type { Tensor } from '../tensor/tensor.ts'
import golden from './__golden__/data.json' with { type: 'json' }
import { collate } from './collate.ts'
import { concatDatasets, randomSplit, subset, tensorDataset } from './dataset.ts'
import { imageDataset } from './images.ts'
import { DataLoader } from './loader.ts'

const numbers = (n: number) => tensorDataset(arange(0, n, 1, { dtype: 'i32' }))
const rows = (loader: Iterable<Tensor[]>): unknown[] => Array.from(loader, ([x]) => x.toArray())

interface LoaderCase {
  options: { batchSize: number; shuffle?: boolean; dropLast?: boolean; own?: number }
  epochs: number[][][]
  after: number
}

test.each((golden.loaders as LoaderCase[]).map((c) => ({ ...c, title: JSON.stringify(c.options) })))(
  'a loader with $title gives the batches of PyTorch',
  ({ options: { own, ...options }, epochs, after }) => {
    const generator = own === undefined ? {} : { generator: new Generator(own) }
    manualSeed(7)
    const loader = new DataLoader(numbers(11), { ...options, ...generator })
    for (const epoch of epochs) {
      expect(loader.length).toBe(epoch.length)
      expect(rows(loader)).toEqual(epoch)
    }
    expect(defaultGenerator().uniform(new Float32Array(1))[0]).toBe(Math.fround(after))
  },
)

test('a pass goes on from any position', async () => {
  manualSeed(1)
  const loader = new DataLoader(numbers(10), { batchSize: 3, shuffle: true })
  const all = rows(loader.pass())
  manualSeed(1)
  const pass = loader.pass()
  const first = pass.read() as Tensor[]
  const state = defaultGenerator().state()
  const rest = rows(loader.pass(pass.position()))
  expect([first[0].toArray(), ...rest]).toEqual(all)
  expect(defaultGenerator().state()).toEqual(state)
  const later: unknown[] = []
  for await (const [x] of loader.pass(pass.position())) later.push(x.toArray())
  expect(later).toEqual(rest)
})

test.each(golden.splits)('the split $lengths is PyTorch’s', ({ lengths, parts }) => {
  manualSeed(3)
  const got = randomSplit(numbers(11), lengths).map((part) =>
    Array.from({ length: part.size }, (_, i) => part.get(i)[0].item()),
  )
  expect(got).toEqual(parts)
})

test('every sample comes once in a shuffled pass', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 20 }), (n, batchSize) => {
      const seen = rows(new DataLoader(numbers(n), { batchSize, shuffle: true })).flat() as number[]
      expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i))
    }),
    { numRuns: 30 },
  )
})

test('subsets and joined datasets give their samples', () => {
  const joined = concatDatasets(numbers(3), subset(numbers(9), [8, 7]))
  expect(Array.from({ length: joined.size }, (_, i) => (joined.get(i) as Tensor[])[0].item())).toEqual([0, 1, 2, 8, 7])
  expect(rows(new DataLoader(subset(numbers(9), [5, 1, 8]), { batchSize: 2 }))).toEqual([[5, 1], [8]])
})

test('samples of every kind are collated', () => {
  expect(collate([1, 2]).dtype).toBe('i32')
  expect(collate([1, 2.5]).dtype).toBe('f32')
  expect(collate([true, false]).dtype).toBe('bool')
  expect(collate([Float32Array.of(1), Float32Array.of(2)]).toArray()).toEqual([[1], [2]])
  expect(collate(['a', 'b'])).toEqual(['a', 'b'])
  const { x, y } = collate([
    { x: ones([2]), y: [1, 'p'] },
    { x: zeros([2]), y: [2, 'q'] },
  ])
  expect(x.toArray()).toEqual([
    [1, 1],
    [0, 0],
  ])
  expect((y[0] as Tensor).toArray()).toEqual([1, 2])
  expect(y[1]).toEqual(['p', 'q'])
})

test('pixels are scaled as ToTensor and Normalize scale them', () => {
  const arrays = {
    images: Uint8Array.from({ length: 24 }, (_, i) => 10 * i),
    shape: [2, 2, 3],
    labels: Uint8Array.of(4, 2),
  }
  const data = imageDataset(arrays, { mean: [0.5, 0.25], std: [0.5, 2] })
  const [x, y] = data.batch(Int32Array.of(1))
  const scaled = (value: number, mean: number, std: number): number =>
    Math.fround(Math.fround(Math.fround(value / 255) - mean) / std)
  expect(x.shape).toEqual([1, 2, 2, 3])
  expect(x.dataSync()[0]).toBe(scaled(120, 0.5, 0.5))
  expect(x.dataSync()[11]).toBe(scaled(230, 0.25, 2))
  expect(y.toArray()).toEqual([2])
  expect(data.get(1)[0].toArray()).toEqual((x.toArray() as number[][][][])[0])
  expect(data.get(1)[1]).toBe(2)
})

test('a collate function of one’s own is taken', () => {
  const loader = new DataLoader({ size: 3, get: (i: number) => i }, { batchSize: 2, collate: (xs) => xs.join('-') })
  expect([...loader]).toEqual(['0-1', '2'])
})

test('errors name the rule', async () => {
  const data = numbers(3)
  const fails = (f: () => unknown) => expect(f)
  fails(() => new DataLoader(data, { batchSize: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: DataLoader: batchSize is out of range; got 0, expected an integer >= 1.]`,
  )
  fails(() => tensorDataset()).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: tensorDataset: the tensors do not have as many rows; got no tensors, expected equal first axes.]`,
  )
  fails(() => tensorDataset(ones([2]), ones([3]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: tensorDataset: the tensors do not have as many rows; got [2] and [3], expected equal first axes.]`,
  )
  fails(() => data.get(3)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: tensorDataset: the index is out of range; got 3, expected an integer in [0, 3).]`,
  )
  fails(() => subset(data, [-1])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: subset: the index is out of range; got -1, expected an integer in [0, 3).]`,
  )
  fails(() => randomSplit(data, [1, 1])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: randomSplit: the lengths do not fit; got 1, 1, expected sizes that sum to 3, or shares that sum to 1.]`,
  )
  fails(() => collate([])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: collate: there are no samples; expected at least one.]`,
  )
  fails(() => collate([ones([2]), ones([3])])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: collate: samples differ in shape; got f32[2] and f32[3], expected equal shapes and dtypes. Pad or crop them, or pass a collate function of your own.]`,
  )
  fails(() =>
    imageDataset({ images: new Uint8Array(3), shape: [1, 2, 2], labels: Uint8Array.of(0) }),
  ).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: imageDataset: the bytes do not fit; got 3 bytes for 1 images [1,2,2], expected [C, H, W], and C H W bytes for every label.]`,
  )
  fails(() => [...new DataLoader({ size: 1, get: async () => 1 })]).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: DataLoader: the dataset gives Promises; expected samples at hand for a plain loop. Use \`for await\`.]`,
  )
})
