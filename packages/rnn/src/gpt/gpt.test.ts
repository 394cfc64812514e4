import { readFileSync } from 'node:fs'
import {
  fromData,
  loadSafetensors,
  manualSeed,
  noGrad,
  randint,
  saveSafetensors,
  slice,
  tensor,
  transpose,
  zeros,
  type Tensor,
} from '@lanewise/core'
import { allClose } from '@lanewise/core/testing'
import { describe, expect, test } from 'vitest'
import { generate } from '../decode/index.ts'
import { checkCurve, checkGradients, checkLogits, trainSteps, type TransformerCase } from '../testing/transformers.ts'
import { gpt, type Gpt, type GptOptions } from './gpt.ts'
import { gptReader } from './reader.ts'
import { gpt2Weights } from './weights.ts'

const golden: Record<'bias' | 'plain', TransformerCase> = JSON.parse(
  readFileSync(new URL('__golden__/gpt.json', import.meta.url), 'utf8'),
)

const sizes = { vocabSize: 11, blockSize: 8, numLayers: 2, numHeads: 2, embedDim: 8 }

describe.each(['bias', 'plain'] as const)('%s, as in PyTorch', (name) => {
  const draw = (): { model: Gpt; run: () => Tensor; target: Tensor } => {
    manualSeed(0)
    const model = gpt({ ...sizes, bias: name === 'bias' })
    const text = randint(0, 11, [3, 9])
    return { model, run: () => model.forward(slice(text, 1, 0, 8)), target: slice(text, 1, 1, 9) }
  }
  test('logits', () => expect(checkLogits(draw(), golden[name])).toBe(true))
  test('gradients', () => expect(checkGradients(draw(), golden[name])).toBe(true))
  test('training steps', () => expect(checkCurve(draw(), golden[name])).toBe(true))
})

test('parameters and names: the head is the table of tokens', () => {
  // nanoGPT's count for its CPU setting: 0.80 million, positions left out.
  const model = gpt({ vocabSize: 65, blockSize: 64, numLayers: 4, numHeads: 4, embedDim: 128, bias: false })
  const count = model.parameters().reduce((n, p) => n + p.size, 0)
  expect(count).toBe(4 * (12 * 128 * 128 + 2 * 128) + 128 * (65 + 64 + 1))
  const state = model.stateDict()
  expect(state.get('lm_head.weight')).toBe(state.get('transformer.wte.weight'))
  for (const name of ['transformer.wpe.weight', 'transformer.h.3.ln_1.weight', 'transformer.h.0.attn.c_proj.weight'])
    expect(state.has(name), name).toBe(true)
})

test('the state survives a file', async () => {
  manualSeed(1)
  const [from, to] = [gpt(sizes), gpt(sizes)]
  to.loadStateDict(await loadSafetensors(await saveSafetensors(from.stateDict())))
  const x = randint(0, 11, [2, 5])
  expect(allClose(to.forward(x), from.forward(x), { atol: 0, rtol: 0 })).toBe(true)
})

test("GPT-2's own files load: shorter names, matrices the other way round, masks", () => {
  manualSeed(4)
  const [from, to] = [gpt(sizes), gpt(sizes)]
  const file = new Map<string, Tensor>([['h.0.attn.bias', zeros([1, 1, 8, 8])]])
  for (const [name, x] of from.stateDict()) {
    const matrix = x.rank === 2 && !name.includes('wte') && !name.includes('wpe') && !name.startsWith('lm_head')
    if (!name.startsWith('lm_head')) file.set(name.replace('transformer.', ''), matrix ? transpose(x.detach()) : x)
  }
  to.loadStateDict(gpt2Weights(file))
  const x = randint(0, 11, [2, 5])
  expect(allClose(to.forward(x), from.forward(x), { atol: 0, rtol: 0 })).toBe(true)
})

test("a file in GPT-2's form gives the logits of the equations, in inference and read piece by piece", () => {
  const at = (name: string): URL => new URL(`__golden__/${name}`, import.meta.url)
  const { tokens, logits } = JSON.parse(readFileSync(at('gpt2.json'), 'utf8')) as {
    tokens: number[][]
    logits: number[]
  }
  const file = loadSafetensors(readFileSync(at('gpt2.safetensors')))
  expect(file.get('h.0.attn.c_attn.weight')!.shape).toEqual([16, 48])
  const model = gpt({ vocabSize: 40, blockSize: 12, numLayers: 2, numHeads: 4, embedDim: 16 }).eval()
  model.loadStateDict(gpt2Weights(file))
  // Sums of up to 64 products in two layers; logits reach 3.7.
  const tolerance = { atol: 2e-5, rtol: 1e-5 }
  expect(allClose(model.forward(tensor(tokens, { dtype: 'i32' })), logits, tolerance)).toBe(true)
  const reader = gptReader(model)
  tokens[1].forEach((token, t) =>
    expect(allClose(tensor(reader.read([token])), logits.slice((9 + t) * 40, (10 + t) * 40), tolerance)).toBe(true),
  )
  // Nothing of a file for another model is taken.
  const other = gpt({ vocabSize: 40, blockSize: 12, numLayers: 3, numHeads: 4, embedDim: 16 })
  const before = [...other.stateDict().values()].map((x) => x.dataSync())
  expect(() => other.loadStateDict(gpt2Weights(file))).toThrow('transformer.h.2.ln_1.weight')
  expect([...other.stateDict().values()].map((x) => x.dataSync())).toEqual(before)
})

/** The last logits of a text read whole. */
const whole = (model: Gpt, tokens: readonly number[]): number[] => {
  const window = tokens.slice(-sizes.blockSize)
  const y = noGrad(() => model.forward(fromData(Int32Array.from(window), [1, window.length], 'i32')))
  return [...y.dataSync().slice(-sizes.vocabSize)]
}

test('reading piece by piece gives what reading at once gives, beyond the window too', () => {
  manualSeed(2)
  const model = gpt({ ...sizes, dropout: 0.5 })
  const reader = gptReader(model)
  const text: number[] = []
  for (const piece of [[1, 2], [3], [4, 5, 6], [7], [8], [9], [10, 0, 1, 2, 3, 4, 5, 6, 7, 8], [9]]) {
    text.push(...piece)
    const logits = reader.read(piece)
    expect(model.training).toBe(true)
    const expected = whole(model.eval(), text)
    model.train()
    // The same products, summed in another order.
    logits.forEach((v, i) => expect(v).toBeCloseTo(expected[i], 5))
  }
  reader.reset()
  expect([...reader.read([3])].map((v, i) => Math.abs(v - whole(model.eval(), [3])[i]) < 1e-5)).not.toContain(false)
})

test('a bad token changes nothing of what was read, beyond the window neither', () => {
  manualSeed(5)
  const model = gpt(sizes)
  const [reader, other] = [gptReader(model), gptReader(model)]
  reader.read([1, 2, 3, 4])
  expect(() => reader.read([5, 11])).toThrow('an index is out of range; got 11')
  expect(() => reader.read([5, 6, 7, 8, 9, 11])).toThrow('an index is out of range; got 11')
  other.read([1, 2, 3, 4])
  expect([...reader.read([5])]).toEqual([...other.read([5])])
})

test('a trained model goes on with the text that it learned', async () => {
  manualSeed(3)
  const model = gpt(sizes)
  const text = Int32Array.from({ length: 40 }, (_, i) => (i * 3) % 11)
  const batch = fromData(Int32Array.from(text.slice(0, 9)), [1, 9], 'i32')
  const run = (): Tensor => model.forward(slice(batch, 1, 0, 8))
  const losses = trainSteps({ model, run, target: slice(batch, 1, 1, 9) }, 150, 1e-2)
  expect(losses[149]).toBeLessThan(0.05)
  const found: number[] = []
  for await (const token of generate(gptReader(model), [0, 3], { maxTokens: 5, temperature: 0 })) found.push(token)
  expect(found).toEqual([6, 9, 1, 4, 7])
})

test('what does not fit is refused', () => {
  const bad = (options: Partial<GptOptions>) => () => gpt({ ...sizes, ...options })
  expect(bad({ numHeads: 3 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: gpt: the heads do not divide embedDim; got 3 heads and embedDim 8, expected a divisor.]`,
  )
  expect(bad({ blockSize: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: gpt: blockSize does not fit; got 0, expected an integer >= 1.]`,
  )
  const model = gpt(sizes)
  expect(() => model.forward(zeros([1, 9], { dtype: 'i32' }))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: gpt: the tokens do not fit; got i32[1,9], expected [N, T] with T from 1 to blockSize 8 in all. Keep the last blockSize tokens, or read them with gptReader, which does.]`,
  )
  expect(() => model.forward(zeros([9], { dtype: 'i32' }))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: gpt: the tokens do not fit; got i32[9], expected [N, T] with T from 1 to blockSize 8 in all. Keep the last blockSize tokens, or read them with gptReader, which does.]`,
  )
  expect(() => model.forward(fromData(Int32Array.of(11), [1, 1], 'i32'))).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: transformer.wte: embedding: an index is out of range; got 11, expected integers in [0, 11).]`,
  )
  expect(() => gptReader(model).read([])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: gptReader: there are no tokens; expected at least one.]`,
  )
})
