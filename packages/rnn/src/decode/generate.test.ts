import { AbortError, Generator } from '@lanewise/core'
import { expect, test, vi } from 'vitest'
import { CharacterTokenizer } from '../tokenizer/character-tokenizer.ts'
import { generate, generateText, type GenerateOptions, type TokenReader } from './generate.ts'

/** Four tokens; each makes the next one in the circle likely. */
const circle = (): TokenReader & { seen: number[] } => {
  const seen: number[] = []
  return {
    seen,
    read(tokens) {
      seen.push(...Array.from(tokens))
      return [0, 1, 2, 3].map((i) => (i === (tokens[tokens.length - 1] + 1) % 4 ? 2 : 0))
    },
  }
}

const all = async (options: GenerateOptions, reader: TokenReader = circle(), prompt = [0]): Promise<number[]> => {
  const found: number[] = []
  for await (const token of generate(reader, prompt, options)) found.push(token)
  return found
}

test('the reader reads the prompt, then what was chosen, once each', async () => {
  const reader = circle()
  expect(await all({ maxTokens: 5, temperature: 0 }, reader, [2, 3])).toEqual([0, 1, 2, 3, 0])
  expect(reader.seen).toEqual([2, 3, 0, 1, 2, 3])
  expect(await all({ maxTokens: 0 })).toEqual([])
})

test('a seed fixes the stream; a generator goes on', async () => {
  const first = await all({ maxTokens: 20, seed: 0 })
  expect(first).toEqual(await all({ maxTokens: 20, seed: 0 }))
  expect(first).not.toEqual(await all({ maxTokens: 20, seed: 1 }))
  const generator = new Generator(0)
  expect(await all({ maxTokens: 20, generator })).toEqual(first)
  expect(await all({ maxTokens: 20, generator })).not.toEqual(first)
})

test('readers may be asynchronous, and stop tokens end the stream', async () => {
  const { read } = circle()
  const slow: TokenReader = { read: async (tokens) => read(tokens) }
  expect(await all({ maxTokens: Infinity, temperature: 0, stop: [3] }, slow)).toEqual([1, 2])
})

test('text to text', async () => {
  let text = ''
  const options = { prompt: 'ab', maxTokens: 6, temperature: 0 }
  for await (const piece of generateText(circle(), new CharacterTokenizer('abcd'), options)) text += piece
  expect(text).toBe('cdabcd')
})

test('an aborted signal ends an endless stream, also from a timer', async () => {
  const controller = new AbortController()
  setTimeout(() => controller.abort('enough'), 20)
  const endless = all({ maxTokens: Infinity, signal: controller.signal })
  await expect(endless).rejects.toThrow('generate: stopped by its signal.')
  await expect(all({ maxTokens: 1, signal: AbortSignal.abort() })).rejects.toSatisfy((e) => AbortError.is(e))
})

test('an aborted signal does not wait for a reader that hangs, and leaves no listener', async () => {
  const controller = new AbortController()
  const hanging: TokenReader = { read: () => new Promise(() => {}) }
  setTimeout(() => controller.abort('enough'), 5)
  await expect(all({ maxTokens: 3, signal: controller.signal }, hanging)).rejects.toSatisfy(
    (e) => AbortError.is(e) && e.cause === 'enough',
  )
  const { read } = circle()
  const { signal } = new AbortController()
  const added = vi.spyOn(signal, 'addEventListener')
  const removed = vi.spyOn(signal, 'removeEventListener')
  await all({ maxTokens: 3, signal }, { read: async (tokens) => read(tokens) })
  expect(removed.mock.calls.map(([, f]) => f)).toEqual(added.mock.calls.map(([, f]) => f))
})

test("a reader's own error ends the stream with it", async () => {
  const failing: TokenReader = { read: () => Promise.reject(new RangeError('no more')) }
  const { signal } = new AbortController()
  await expect(all({ maxTokens: 3, signal }, failing)).rejects.toThrow('no more')
})

test('what is refused, before the reader reads', async () => {
  const reader = circle()
  await expect(all({ maxTokens: 1 }, reader, [])).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ValueError: generate: the prompt is empty; expected at least one token. Start from a line break or another token that texts begin with.]`,
  )
  await expect(all({ maxTokens: 1.5 }, reader)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ValueError: generate: maxTokens is out of range; got 1.5, expected an integer >= 0, or Infinity.]`,
  )
  await expect(all({ maxTokens: 1, topP: 2 }, reader)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ValueError: sampling: topP is out of range; got 2, expected a number in (0, 1].]`,
  )
  expect(reader.seen).toEqual([])
})
