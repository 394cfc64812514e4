import { AbortError, Generator, ValueError } from '@lanewise/core'
import type { CharacterTokenizer } from '../tokenizer/character-tokenizer.ts'
import { checkSampling, sampleToken, type SamplingOptions } from './sampling.ts'

/**
 * Reads tokens, remembers them, and says what may come next: a recurrent model with its state, a transformer with its
 * window or cache. One reader serves one stream.
 */
export interface TokenReader {
  /**
   * Reads further tokens, at least one.
   * @returns the logits [V] of the token after the last; the next call may overwrite them
   */
  read(tokens: ArrayLike<number>): ArrayLike<number> | Promise<ArrayLike<number>>
}

/** Options of {@link generate}. */
export interface GenerateOptions extends SamplingOptions {
  /** How many tokens to give, 0 or more. */
  readonly maxTokens: number
  /** Tokens that end the stream; they are not given. Default none. */
  readonly stop?: readonly number[]
  /** Seed of the draws. Default: the system's entropy. */
  readonly seed?: number | bigint
  /** Where the draws come from, instead of a seed. */
  readonly generator?: Generator
  /** Ends the stream with an AbortError. */
  readonly signal?: AbortSignal
}

/** 53 bits that differ from run to run. */
const entropy = (): number => {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2))
  return (high & 0x1fffff) * 4294967296 + low
}

/** Milliseconds of work after which other work gets its turn. */
const turnMs = 8

const stopped = (signal: AbortSignal): AbortError =>
  new AbortError({ op: 'generate', problem: 'stopped by its signal', cause: signal.reason })

const checkSignal = (signal: AbortSignal | undefined): void => {
  if (signal?.aborted === true) throw stopped(signal)
}

/** What a promise gives, unless the signal is aborted first. */
const orAbort = async <T>(work: T | Promise<T>, signal: AbortSignal | undefined): Promise<T> => {
  if (signal === undefined || !(work instanceof Promise)) return work
  let stop = (): void => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(stopped(signal))
    signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

const check = (prompt: ArrayLike<number>, options: GenerateOptions): void => {
  checkSampling(options)
  const { maxTokens } = options
  if (!(maxTokens >= 0 && (Number.isInteger(maxTokens) || maxTokens === Infinity))) {
    throw new ValueError({
      op: 'generate',
      problem: 'maxTokens is out of range',
      got: String(maxTokens),
      expected: 'an integer >= 0, or Infinity',
    })
  }
  if (prompt.length === 0) {
    throw new ValueError({
      op: 'generate',
      problem: 'the prompt is empty',
      expected: 'at least one token',
      advice: 'Start from a line break or another token that texts begin with',
    })
  }
}

/**
 * Continues a prompt, as a stream of token ids: the reader reads the prompt, then every token that was chosen. The
 * same seed gives the same stream. Other work gets its turn every few milliseconds, so that the signal can be aborted.
 * @param reader - what reads, and knows what it has read before the prompt
 * @param prompt - at least one token id
 * @returns token ids; leaving the loop early ends the stream
 * @throws ValueError when an option is out of range or a logit is NaN; AbortError when the signal is aborted.
 * @example
 * const counter = { read: (tokens: ArrayLike<number>) => [0, 1, 2].map((i) => (i === (tokens[tokens.length - 1] + 1) % 3 ? 9 : 0)) }
 * const found: number[] = []
 * for await (const token of generate(counter, [0], { maxTokens: 4, temperature: 0 })) found.push(token)
 * found // => [1, 2, 0, 1]
 */
export async function* generate(
  reader: TokenReader,
  prompt: ArrayLike<number>,
  options: GenerateOptions,
): AsyncGenerator<number, void> {
  check(prompt, options)
  const { maxTokens, stop = [], signal } = options
  const generator = options.generator ?? new Generator(options.seed ?? entropy())
  let tokens = prompt
  let turn = performance.now()
  for (let given = 0; given < maxTokens; given++) {
    checkSignal(signal)
    const token = sampleToken(await orAbort(reader.read(tokens), signal), generator, options)
    if (stop.includes(token)) return
    yield token
    tokens = [token]
    if (performance.now() - turn > turnMs) {
      await new Promise((resume) => setTimeout(resume, 0))
      turn = performance.now()
    }
  }
}

/** What turns text into token ids and back; {@link CharacterTokenizer} does. */
export type TextTokenizer = Pick<CharacterTokenizer, 'encode' | 'decode'>

/**
 * Continues a text, as a stream of pieces of text; see {@link generate}.
 * @param tokenizer - the vocabulary that the model was trained with
 * @param options - as for {@link generate}, with the prompt's text
 * @example
 * const tokenizer = new CharacterTokenizer('abc')
 * const next = { read: (tokens: ArrayLike<number>) => [0, 1, 2].map((i) => (i === (tokens[tokens.length - 1] + 1) % 3 ? 9 : 0)) }
 * let text = ''
 * for await (const piece of generateText(next, tokenizer, { prompt: 'ab', maxTokens: 4, temperature: 0 })) text += piece
 * text // => 'cabc'
 */
export async function* generateText(
  reader: TokenReader,
  tokenizer: TextTokenizer,
  options: GenerateOptions & { readonly prompt: string },
): AsyncGenerator<string, void> {
  for await (const token of generate(reader, tokenizer.encode(options.prompt), options)) {
    yield tokenizer.decode([token])
  }
}
