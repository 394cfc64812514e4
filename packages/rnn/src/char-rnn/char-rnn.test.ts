import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  Adam,
  clipGradNorm,
  crossEntropy,
  FormatError,
  manualSeed,
  readRawManifest,
  readRawWeights,
  reshape,
  scope,
  tensor,
  zeros,
  type ArrayData,
  type Tensor,
} from '@lanewise/core'
import { expect, test } from 'vitest'
import { generateText } from '../decode/generate.ts'
import { read } from '../testing/golden.ts'
import { CharacterTokenizer } from '../tokenizer/character-tokenizer.ts'
import { charRnn } from './char-rnn.ts'
import { tokenStreams, windowCount } from './streams.ts'
import { charRnnFromTensorFlow } from './weights.ts'

test('sizes and names', () => {
  const model = charRnn({ vocabularySize: 65 })
  expect(model.parameters().reduce((n, p) => n + p.size, 0)).toBe(280897)
  expect([...model.stateDict().keys()].filter((name) => !name.startsWith('rnn.'))).toEqual([
    'embedding.weight',
    'decoder.weight',
    'decoder.bias',
  ])
})

test('streams cover the text once, each window after the one before', () => {
  const text = Array.from({ length: 103 }, (_, i) => i)
  const windows = [...tokenStreams(text, { batchSize: 4, steps: 5 })]
  expect(windows.length).toBe(windowCount(103, { batchSize: 4, steps: 5 }))
  expect(windows.length).toBe(4)
  for (let n = 0; n < 4; n++) {
    const stream = windows.flatMap(({ x }) => [0, 1, 2, 3, 4].map((t) => x[t * 4 + n]))
    expect(stream).toEqual(Array.from({ length: 20 }, (_, i) => n * 25 + i))
  }
  for (const { x, y } of windows) x.forEach((token, i) => expect(y[i]).toBe(token + 1))
  expect(() => windowCount(10, { batchSize: 2, steps: 5 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: tokenStreams: there is not one window; got 10 tokens for 2 streams of 5 steps, expected at least 12 tokens.]`,
  )
  expect(() => windowCount(10, { batchSize: 0, steps: 5 })).toThrow('there is not one window')
})

test("training with carried states follows PyTorch's losses", () => {
  manualSeed(0)
  const model = charRnn({ vocabularySize: 20, hiddenSize: 32, embeddingDim: 32 })
  const optimizer = new Adam(model.parameters(), { lr: 1e-2 })
  const codes = Int32Array.from({ length: 2000 }, (_, i) => (i * i * 7 + Math.floor(i / 3)) % 20)
  const losses: number[] = []
  let states: readonly Tensor[] | null = null
  for (const { x, y, steps, batchSize } of tokenStreams(codes, { batchSize: 8, steps: 20 })) {
    states = scope(() => {
      const [logits, last] = model.forward(tensor(x, { shape: [steps, batchSize] }), states)
      const loss = crossEntropy(reshape(logits, [steps * batchSize, -1]), tensor(y))
      optimizer.zeroGrad()
      loss.backward()
      clipGradNorm(model.parameters(), 5)
      optimizer.step()
      losses.push(loss.item())
      return last.map((s) => s.detach())
    })
  }
  const golden = read<number[]>(new URL('__golden__/curve.json', import.meta.url))
  expect(losses.length).toBe(golden.length)
  // Twelve Adam steps amplify roundings; the losses fall from 3.0 to 2.5.
  golden.forEach((loss, i) => expect(Math.abs(losses[i] - loss)).toBeLessThan(1e-4))
})

test('a checkpoint that lacks a weight', () => {
  const weights = new Map<string, Tensor>([['embedding', zeros([5, 4])]])
  let error: unknown
  try {
    charRnnFromTensorFlow(weights)
  } catch (e) {
    error = e
  }
  expect(FormatError.is(error)).toBe(true)
  expect(String(error)).toContain('rnnlm/softmax_w is missing')
})

test('a head of another size than the cells is refused before a model is made', () => {
  const cell = 'rnnlm/multi_rnn_cell/cell_0/basic_lstm_cell'
  const weights = new Map<string, Tensor>([
    ['embedding', zeros([5, 4])],
    [`${cell}/kernel`, zeros([7, 12])],
    [`${cell}/bias`, zeros([12])],
    ['rnnlm/softmax_w', zeros([1_000_000, 1])],
    ['rnnlm/softmax_b', zeros([1])],
  ])
  expect(() => charRnnFromTensorFlow(weights)).toThrowErrorMatchingInlineSnapshot(
    `[FormatError: charRnnFromTensorFlow: rnnlm/multi_rnn_cell/cell_0/basic_lstm_cell/kernel does not fit the head; got [7, 12], expected 4000000 columns, four gates of rnnlm/softmax_w's 1000000 rows.]`,
  )
})

const folder = join(process.env['LANEWISE_DATA'] ?? '../shared/data', 'text')

interface Expected {
  prompt: string
  logits_after_prompt: number[]
}

test.skipIf(!existsSync(folder))('stored TensorFlow weights give the stored logits (needs the text data)', async () => {
  const expected: Record<string, Expected> = JSON.parse(readFileSync(join(folder, 'charRNN_expected.json'), 'utf8'))
  for (const [author, { prompt, logits_after_prompt }] of Object.entries(expected)) {
    const at = join(folder, 'charRNN-weights', author)
    const manifest = readRawManifest(readFileSync(join(at, 'manifest.json')))
    const files = new Map([...manifest.values()].map(({ filename }) => [filename, readFileSync(join(at, filename))]))
    const weights: Map<string, ArrayData> = readRawWeights(manifest, files)
    const model = charRnnFromTensorFlow(weights)
    const tokenizer = CharacterTokenizer.fromJSON(JSON.parse(readFileSync(join(at, 'vocab.json'), 'utf8')))
    const logits = model.reader().read(tokenizer.encode(prompt))
    logits_after_prompt.forEach((v, i) => expect(Math.abs(v - logits[i])).toBeLessThan(1e-3))
    for await (const piece of generateText(model.reader(), tokenizer, { prompt, maxTokens: 1, temperature: 0 })) {
      expect(piece.length).toBe(1)
    }
  }
})
