import {
  add,
  arange,
  concat,
  Dropout,
  Embedding,
  fromData,
  gelu,
  initializers,
  layerNorm,
  Linear,
  matmul,
  Module,
  ModuleList,
  parameter,
  ones,
  reshape,
  scaledDotProductAttention,
  select,
  ShapeError,
  slice,
  transpose,
  ValueError,
  zeros,
  type Tensor,
} from '@lanewise/core'

// Radford et al. 2019, "Language Models are Unsupervised Multitask Learners" (GPT-2); the decoder of Vaswani et al. 2017
// with the norms before attention and hidden layer.
//
//   tokens -> wte + wpe -> h.0 ... h.(n-1) -> ln_f -> lm_head (the transposed wte) -> logits
//   h: x + attn(ln_1(x)), then + mlp(ln_2(x))

/** Options of {@link gpt}. */
export interface GptOptions {
  readonly vocabSize: number
  /** The longest text that is read at once. */
  readonly blockSize: number
  readonly numLayers: number
  readonly numHeads: number
  /** Size of a token's vector; the heads divide it. */
  readonly embedDim: number
  /** The share that is dropped after embeddings, attention weights and each part of a layer. Default 0. */
  readonly dropout?: number
  /** Whether linear layers and norms have biases. Default true, as in GPT-2. */
  readonly bias?: boolean
}

/** Keys and values of the tokens that a layer has read, [1, heads, T, E / heads]. */
export interface LayerCache {
  readonly k: Tensor
  readonly v: Tensor
}

/** A layer norm that may lack its bias. */
class Norm extends Module {
  readonly weight: Tensor
  readonly bias: Tensor | null

  constructor(size: number, bias: boolean) {
    super()
    this.weight = parameter(ones([size]))
    this.bias = bias ? parameter(zeros([size])) : null
  }

  forward(x: Tensor): Tensor {
    return layerNorm(x, this.weight.shape, this)
  }
}

/** Which keys each of L further queries may look at, after `past` others: true in [L, past + L]. */
const lookBack = (past: number, L: number): Tensor => {
  const S = past + L
  const data = new Uint8Array(L * S)
  for (let i = 0; i < L; i++) data.fill(1, i * S, i * S + past + i + 1)
  return fromData(data, [L, S], 'bool')
}

/** Self-attention that looks back only. */
class CausalSelfAttention extends Module<[x: Tensor, cache: LayerCache | null], [y: Tensor, cache: LayerCache]> {
  readonly numHeads: number
  readonly dropout: number
  readonly c_attn: Linear
  readonly c_proj: Linear
  readonly resid_dropout: Dropout

  constructor({ embedDim, numHeads, dropout = 0, bias = true }: GptOptions) {
    super()
    this.numHeads = numHeads
    this.dropout = dropout
    this.c_attn = new Linear(embedDim, 3 * embedDim, { bias })
    this.c_proj = new Linear(embedDim, embedDim, { bias })
    this.resid_dropout = new Dropout(dropout)
  }

  forward(x: Tensor, cache: LayerCache | null): [y: Tensor, cache: LayerCache] {
    const [N, T, E] = x.shape
    const all = this.c_attn.forward(x)
    const [q, newK, newV] = [0, 1, 2].map((i) =>
      transpose(reshape(slice(all, 2, i * E, (i + 1) * E), [N, T, this.numHeads, E / this.numHeads]), 1, 2),
    )
    const k = cache === null ? newK : concat([cache.k, newK], 2)
    const v = cache === null ? newV : concat([cache.v, newV], 2)
    const p = this.training ? this.dropout : 0
    const look = cache === null ? { isCausal: true } : T === 1 ? {} : { mask: lookBack(cache.k.shape[2], T) }
    const y = scaledDotProductAttention(q, k, v, { ...look, dropout: p })
    const joined = reshape(transpose(y, 1, 2), [N, T, E])
    return [this.resid_dropout.forward(this.c_proj.forward(joined)), { k, v }]
  }
}

/** The hidden layer, four times as wide. */
class Mlp extends Module {
  readonly c_fc: Linear
  readonly c_proj: Linear
  readonly dropout: Dropout

  constructor({ embedDim, dropout = 0, bias = true }: GptOptions) {
    super()
    this.c_fc = new Linear(embedDim, 4 * embedDim, { bias })
    this.c_proj = new Linear(4 * embedDim, embedDim, { bias })
    this.dropout = new Dropout(dropout)
  }

  forward(x: Tensor): Tensor {
    // GPT-2 takes the tanh form of gelu.
    return this.dropout.forward(this.c_proj.forward(gelu(this.c_fc.forward(x), { approximate: 'tanh' })))
  }
}

/** One layer. */
class Block extends Module<[x: Tensor, cache: LayerCache | null], [y: Tensor, cache: LayerCache]> {
  readonly ln_1: Norm
  readonly attn: CausalSelfAttention
  readonly ln_2: Norm
  readonly mlp: Mlp

  constructor(options: GptOptions) {
    super()
    const { embedDim, bias = true } = options
    this.ln_1 = new Norm(embedDim, bias)
    this.attn = new CausalSelfAttention(options)
    this.ln_2 = new Norm(embedDim, bias)
    this.mlp = new Mlp(options)
  }

  forward(x: Tensor, cache: LayerCache | null): [y: Tensor, cache: LayerCache] {
    const [attended, next] = this.attn.forward(this.ln_1.forward(x), cache)
    const y = add(x, attended)
    return [add(y, this.mlp.forward(this.ln_2.forward(y))), next]
  }
}

/** The layers without the head, under the names of GPT-2. */
class Transformer extends Module<
  [tokens: Tensor, caches: readonly LayerCache[] | null],
  [y: Tensor, caches: LayerCache[]]
> {
  readonly wte: Embedding
  readonly wpe: Embedding
  readonly drop: Dropout
  readonly h: ModuleList<Block>
  readonly ln_f: Norm

  constructor(options: GptOptions) {
    super()
    const { vocabSize, blockSize, numLayers, embedDim, dropout = 0, bias = true } = options
    this.wte = new Embedding(vocabSize, embedDim)
    this.wpe = new Embedding(blockSize, embedDim)
    this.drop = new Dropout(dropout)
    this.h = new ModuleList(Array.from({ length: numLayers }, () => new Block(options)))
    this.ln_f = new Norm(embedDim, bias)
  }

  forward(tokens: Tensor, caches: readonly LayerCache[] | null): [y: Tensor, caches: LayerCache[]] {
    const past = caches === null ? 0 : caches[0].k.shape[2]
    const positions = arange(past, past + tokens.shape[1], 1, { dtype: 'i32' })
    let y = this.drop.forward(add(this.wte.forward(tokens), this.wpe.forward(positions)))
    const next: LayerCache[] = []
    for (const block of this.h) {
      const [z, cache] = block.forward(y, caches === null ? null : caches[next.length])
      next.push(cache)
      y = z
    }
    return [this.ln_f.forward(y), next]
  }
}

/** The model that {@link gpt} builds; its fields carry the checkpoint's names. */
export class Gpt extends Module {
  readonly options: GptOptions
  readonly transformer: Transformer
  readonly lm_head: { readonly weight: Tensor } & Module

  /** See {@link gpt}. */
  constructor(options: GptOptions) {
    super()
    checkOptions(options)
    this.options = options
    this.transformer = new Transformer(options)
    this.lm_head = new TiedHead(this.transformer.wte.weight)
    initialise(this)
  }

  forward(tokens: Tensor): Tensor {
    checkTokens(tokens, this.options, 0)
    return this.lm_head.forward(this.transformer.forward(tokens, null)[0])
  }

  /**
   * Reads further tokens after those of the caches.
   * @param tokens - i32 [1, T]
   * @param caches - what an earlier call gave, or null at the start
   * @returns the logits [V] of the token after the last, and the caches of all tokens so far
   * @throws ShapeError when that is more than blockSize together
   */
  extend(tokens: Tensor, caches: readonly LayerCache[] | null): [logits: Tensor, caches: LayerCache[]] {
    checkTokens(tokens, this.options, caches === null ? 0 : caches[0].k.shape[2])
    const [y, next] = this.transformer.forward(tokens, caches)
    return [this.lm_head.forward(select(select(y, 1, -1), 0, 0)), next]
  }
}

/** Multiplies by the transposed table of tokens. */
class TiedHead extends Module {
  readonly weight: Tensor

  constructor(weight: Tensor) {
    super()
    this.weight = weight
  }

  forward(x: Tensor): Tensor {
    return matmul(x, transpose(this.weight))
  }
}

/** N(0, .02), biases 0; the last layers of each part smaller, for there are 2 n that add up. */
const initialise = (model: Gpt): void => {
  const last = 0.02 / Math.sqrt(2 * model.options.numLayers)
  const modules = [...model.namedModules()]
  for (const [, module] of modules) {
    if (module instanceof Linear || module instanceof Embedding) initializers.normal_(module.weight, { std: 0.02 })
    if (module instanceof Linear && module.bias !== null) initializers.zeros_(module.bias)
  }
  for (const [name, p] of model.namedParameters())
    if (name.endsWith('c_proj.weight')) initializers.normal_(p, { std: last })
}

const checkOptions = (options: GptOptions): void => {
  const { vocabSize, blockSize, numLayers, numHeads, embedDim } = options
  for (const [name, n] of Object.entries({ vocabSize, blockSize, numLayers, numHeads, embedDim })) {
    if (Number.isInteger(n) && n >= 1) continue
    throw new ValueError({ op: 'gpt', problem: `${name} does not fit`, got: String(n), expected: 'an integer >= 1' })
  }
  if (embedDim % numHeads === 0) return
  throw new ValueError({
    op: 'gpt',
    problem: 'the heads do not divide embedDim',
    got: `${numHeads} heads and embedDim ${embedDim}`,
    expected: 'a divisor',
  })
}

const checkTokens = (tokens: Tensor, { blockSize }: GptOptions, past: number): void => {
  if (tokens.rank === 2 && tokens.shape[1] >= 1 && past + tokens.shape[1] <= blockSize) return
  throw new ShapeError({
    op: 'gpt',
    problem: 'the tokens do not fit',
    got: past > 0 ? `${tokens.toString()} after ${past} others` : tokens.toString(),
    expected: `[N, T] with T from 1 to blockSize ${blockSize} in all`,
    advice: 'Keep the last blockSize tokens, or read them with gptReader, which does',
  })
}

/**
 * Builds a GPT: logits of the next token at each place of a text.
 * Shape: tokens i32 [N, T] -> [N, T, vocabSize], T <= blockSize.
 * State: `transformer.wte.weight`, `transformer.wpe.weight`, `transformer.h.0.ln_1.weight`,
 * `transformer.h.0.attn.c_attn.weight`, `transformer.h.0.mlp.c_fc.weight`, ..., `transformer.ln_f.weight`, and
 * `lm_head.weight`, which is `wte` itself.
 * @throws ValueError when an option does not fit; ShapeError at forward when the text is too long.
 * @source Radford et al. 2019; checked against the same network in PyTorch 1.13 in gpt.test.ts
 * @example
 * import { zeros } from '@lanewise/core'
 * const model = gpt({ vocabSize: 65, blockSize: 16, numLayers: 2, numHeads: 2, embedDim: 8 })
 * model.forward(zeros([3, 10], { dtype: 'i32' })).shape // => [3, 10, 65]
 */
export const gpt = (options: GptOptions): Gpt => new Gpt(options)
