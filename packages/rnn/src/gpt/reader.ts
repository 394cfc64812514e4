import { fromData, keep, noGrad, scope, ValueError } from '@lanewise/core'
import type { TokenReader } from '../decode/index.ts'
import type { Gpt, LayerCache } from './gpt.ts'

/** A {@link TokenReader} of a GPT, with its window and its cache. */
export interface GptReader extends TokenReader {
  read(tokens: ArrayLike<number>): Float32Array
  /** Forgets what was read and releases the cache. */
  reset(): void
}

/** Runs `fn` with the model in inference mode, then puts it back. */
const inEvalMode = <T>(model: Gpt, fn: () => T): T => {
  const { training } = model
  if (training) model.eval()
  try {
    return fn()
  } finally {
    if (training) model.train()
  }
}

/**
 * What lets {@link generate} continue a text with a GPT. Keys and values of what was read are kept, so that a token
 * costs one place, not the whole text. Beyond blockSize the last blockSize tokens count; as each token then moves all
 * places, the window is read anew each time.
 * @throws ValueError from `read` when there are no tokens or one is out of range; what was read before still counts.
 * @example
 * const model = gpt({ vocabSize: 5, blockSize: 4, numLayers: 1, numHeads: 1, embedDim: 4 })
 * const found = []
 * for await (const token of generate(gptReader(model), [1, 2], { maxTokens: 6, seed: 0 })) found.push(token)
 * found.length // => 6
 */
export const gptReader = (model: Gpt): GptReader => {
  const { blockSize } = model.options
  let history: number[] = []
  let caches: LayerCache[] | null = null

  const forget = (): void => {
    for (const { k, v } of caches ?? []) {
      k.dispose()
      v.dispose()
    }
    caches = null
  }
  /** Reads tokens after those of `past`; its outcome takes the place of the cache. */
  const extend = (tokens: readonly number[], past: readonly LayerCache[] | null): Float32Array =>
    scope(() =>
      noGrad(() => {
        const x = fromData(Int32Array.from(tokens), [1, tokens.length], 'i32')
        const [logits, next] = inEvalMode(model, () => model.extend(x, past))
        forget()
        caches = next.map(({ k, v }) => ({ k: keep(k), v: keep(v) }))
        return Float32Array.from(logits.dataSync())
      }),
    )
  return {
    read: (tokens) => {
      const fresh = Array.from(tokens)
      if (fresh.length === 0)
        throw new ValueError({ op: 'gptReader', problem: 'there are no tokens', expected: 'at least one' })
      const fits = history.length + fresh.length <= blockSize
      const window = [...history, ...fresh].slice(-blockSize)
      const logits = fits ? extend(fresh, caches) : extend(window, null)
      history = window
      return logits
    },
    reset: () => {
      forget()
      history = []
    },
  }
}
