import {
  crossEntropy,
  GRU,
  LSTM,
  manualSeed,
  ones,
  optim,
  reshape,
  scope,
  tensor,
  zeros,
  type Tensor,
} from '@lanewise/core'
import { allClose } from '@lanewise/core/testing'
import { expect, test } from 'vitest'
import { generate } from '../decode/generate.ts'
import { checkRecorded, read, tokens, type Recorded } from '../testing/golden.ts'
import { transpose } from '@lanewise/core'
import { EncoderDecoder } from './encoder-decoder.ts'

test('output, gradients and a training step as PyTorch', () => {
  manualSeed(0)
  const model = new EncoderDecoder({ source: { numTokens: 9 }, target: { numTokens: 7 }, hiddenSize: 6, cell: GRU })
  const [x, inputs] = [tokens(9, 4, 2, 5), tokens(7, 3, 2, 4)]
  // The script's tensors are time first.
  const forward = (): Tensor => transpose(model.forward(transpose(x, 0, 1), transpose(inputs, 0, 1)), 0, 1)
  const lossOf = (y: Tensor): Tensor => crossEntropy(reshape(y, [-1, 7]), reshape(inputs, [-1]))
  const golden = read<Recorded>(new URL('__golden__/encoder-decoder.json', import.meta.url))
  checkRecorded(golden, model, { forward, lossOf, tolerance: { atol: 3e-6, rtol: 2e-5 } })
})

test('a rollout feeds outputs back, and lets gradients through', () => {
  manualSeed(1)
  const model = new EncoderDecoder({
    source: { size: 3 },
    target: { size: 2 },
    hiddenSize: 5,
    numLayers: 2,
    cell: LSTM,
  })
  const [source, first] = [ones([2, 4, 3]), zeros([2, 2])]
  const y = model.rollout(source, first, 3)
  expect(y.shape).toEqual([2, 3, 2])
  const rows = y.toArray() as number[][][]
  const inputs = tensor(rows.map(([a, b]) => [[0, 0], a, b]))
  allClose(model.forward(source, inputs), y, { atol: 1e-6 })
  y.backward(ones([2, 3, 2]))
  expect(model.parameters().every((p) => p.grad !== null)).toBe(true)
})

/** Digits 0 to 3, start 4, stop 5. */
const reversed = (sources: readonly (readonly number[])[]): { source: Tensor; inputs: Tensor; targets: Tensor } => ({
  source: tensor(Int32Array.from(sources.flat()), { shape: [sources.length, 4] }),
  inputs: tensor(Int32Array.from(sources.flatMap((s) => [4, ...s.toReversed()])), { shape: [sources.length, 5] }),
  targets: tensor(Int32Array.from(sources.flatMap((s) => [...s.toReversed(), 5])), { shape: [sources.length * 5] }),
})

test('it learns to reverse, and generates token by token', async () => {
  manualSeed(0)
  const model = new EncoderDecoder({ source: { numTokens: 4 }, target: { numTokens: 6 }, hiddenSize: 32 })
  const all = Array.from({ length: 256 }, (_, i) => [i & 3, (i >> 2) & 3, (i >> 4) & 3, i >> 6])
  const { source, inputs, targets } = reversed(all)
  const optimizer = optim.adam({ lr: 0.02 })(model.parameters())
  for (let step = 0; step < 80; step++) {
    scope(() => {
      const loss = crossEntropy(reshape(model.forward(source, inputs), [-1, 6]), targets)
      optimizer.zeroGrad()
      loss.backward()
      optimizer.step()
    })
  }
  const found: number[] = []
  const reader = model.reader(tensor(Int32Array.of(3, 0, 2, 1), { shape: [1, 4] }))
  for await (const token of generate(reader, [4], { maxTokens: 8, temperature: 0, stop: [5] })) found.push(token)
  expect(found).toEqual([1, 2, 0, 3])
})

test('a reader drops nothing, records no graph, and leaves the model in training', () => {
  manualSeed(2)
  const options = { source: { numTokens: 5 }, target: { numTokens: 4 }, hiddenSize: 8, numLayers: 2 }
  const model = new EncoderDecoder({ ...options, dropout: 0.5 })
  const source = tokens(5, 1, 6, 2)
  const [first, second] = [0, 1].map(() => [...model.reader(source).read([1, 2])])
  expect(second).toEqual(first)
  expect(model.encoder.training).toBe(true)
  const y = model.eval().forward(source, tensor(Int32Array.of(1, 2), { shape: [1, 2] }))
  allClose(tensor(first), y.dataSync().slice(4), { atol: 2e-6 })
})

test('what is refused', () => {
  const model = new EncoderDecoder({ source: { size: 2 }, target: { numTokens: 3 }, hiddenSize: 4 })
  expect(() => model.rollout(ones([1, 2, 2]), ones([1, 3]), 2)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: EncoderDecoder.rollout: the target is tokens; expected vectors. Use reader() with generate().]`,
  )
  expect(() => model.encode(ones([1, 2, 5]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: LSTM: the input does not fit; got [2,1,5], expected [T, N, 2] or [T, 2] of at least one step.]`,
  )
  const vectors = new EncoderDecoder({ source: { size: 2 }, target: { size: 2 }, hiddenSize: 4 })
  expect(() => vectors.rollout(ones([1, 2, 2]), ones([1, 2]), 0)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: EncoderDecoder.rollout: not a number of steps; got 0, expected an integer >= 1.]`,
  )
})
