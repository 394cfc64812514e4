import { crossEntropy, reshape, ValueError, type Generator, type Tensor } from '@lanewise/core'

/** Options of {@link maskTokens}. */
export interface MaskOptions {
  readonly vocabSize: number
  /** Stands where a token was taken away. */
  readonly maskToken: number
  /** Tokens that are never masked, such as padding and those at the ends. Default none. */
  readonly special?: readonly number[]
  /** The share of places that is to be guessed. Default 0.15. */
  readonly share?: number
  readonly generator: Generator
}

/** What {@link maskTokens} gives. */
export interface MaskedTokens {
  /** What the model reads. */
  readonly tokens: Int32Array<ArrayBuffer>
  /** The tokens to be guessed, and -100 everywhere else. */
  readonly targets: Int32Array<ArrayBuffer>
}

/** The label of places that do not count. */
const ignored = -100

/**
 * Hides some tokens for training: of the share drawn, 80 % become the mask, 10 % a random token, 10 % stay.
 * @param tokens - token ids, in any shape
 * @returns two arrays of the same length
 * @throws ValueError when the share is no share, or the mask is no token.
 * @source Devlin et al. 2019, section 3.1
 * @example
 * import { Generator } from '@lanewise/core'
 * const options = { vocabSize: 10, maskToken: 9, generator: new Generator(0) }
 * const { tokens, targets } = maskTokens([1, 2, 3, 4], { ...options, share: 1 })
 * targets // => [1, 2, 3, 4]
 */
export const maskTokens = (tokens: ArrayLike<number>, options: MaskOptions): MaskedTokens => {
  const { vocabSize, maskToken, special = [], share = 0.15, generator } = options
  if (!(share >= 0 && share <= 1) || !(Number.isInteger(maskToken) && maskToken >= 0 && maskToken < vocabSize)) {
    throw new ValueError({
      op: 'maskTokens',
      problem: 'the options do not fit',
      got: `share ${share}, maskToken ${maskToken}`,
      expected: `a share in [0, 1] and a token in [0, ${vocabSize})`,
    })
  }
  const out = Int32Array.from(tokens)
  const targets = new Int32Array(out.length).fill(ignored)
  out.forEach((token, i) => {
    if (special.includes(token) || generator.double() >= share) return
    targets[i] = token
    const kind = generator.double()
    if (kind < 0.8) out[i] = maskToken
    else if (kind < 0.9) out[i] = generator.randint(vocabSize)
  })
  return { tokens: out, targets }
}

/**
 * The mean cross-entropy of the tokens that were hidden.
 * Shape: logits [N, T, V], targets i32 [N, T] -> scalar; NaN where nothing was hidden.
 * @example
 * import { tensor, zeros } from '@lanewise/core'
 * maskedLmLoss(zeros([1, 2, 4]), tensor([[3, -100]], { dtype: 'i32' })).item() // => 1.386294
 */
export const maskedLmLoss = (logits: Tensor, targets: Tensor): Tensor => {
  const [N, T, V] = logits.shape
  return crossEntropy(reshape(logits, [N * T, V]), reshape(targets, [N * T]), { ignoreIndex: ignored })
}
