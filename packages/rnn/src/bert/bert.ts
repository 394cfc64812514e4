import {
  add,
  arange,
  Dropout,
  Embedding,
  eq,
  gelu,
  initializers,
  LayerNorm,
  Linear,
  matmul,
  Module,
  MultiheadAttention,
  parameter,
  select,
  ShapeError,
  tanh,
  TransformerEncoder,
  TransformerEncoderLayer,
  transpose,
  zeros,
  type AnyModule,
  type Tensor,
} from '@lanewise/core'

// Devlin et al. 2019, https://arxiv.org/abs/1810.04805: the encoder of Vaswani et al. 2017 with learned positions.
//
//   tokens -> word + position + kind -> LayerNorm -> encoder layers -> states [N, T, E] -> heads

/** Options of {@link bert}. */
export interface BertOptions {
  readonly vocabSize: number
  /** The longest text. */
  readonly maxLength: number
  readonly numLayers: number
  readonly numHeads: number
  /** Size of a token's vector; the heads divide it. */
  readonly embedDim: number
  /** Size of a layer's hidden layer. Default 4 embedDim. */
  readonly dimFeedforward?: number
  /** Kinds of token, such as first and second sentence. Default 2. */
  readonly numKinds?: number
  /** Token that fills short texts; nobody looks at it. Default 0. */
  readonly paddingToken?: number
  /** The share that is dropped in training. Default 0.1. */
  readonly dropout?: number
}

/** What {@link Bert} may be told of its tokens. */
export interface BertInputs {
  /** Kind of each token, i32 [N, T]. Default 0. */
  readonly kinds?: Tensor
}

/** Words, positions and kinds as vectors. */
class Embeddings extends Module<[tokens: Tensor, kinds?: Tensor]> {
  readonly word_embeddings: Embedding
  readonly position_embeddings: Embedding
  readonly token_type_embeddings: Embedding
  readonly LayerNorm: LayerNorm
  readonly dropout: Dropout

  constructor({ vocabSize, maxLength, embedDim, numKinds = 2, dropout = 0.1 }: BertOptions) {
    super()
    this.word_embeddings = new Embedding(vocabSize, embedDim)
    this.position_embeddings = new Embedding(maxLength, embedDim)
    this.token_type_embeddings = new Embedding(numKinds, embedDim)
    this.LayerNorm = new LayerNorm(embedDim, { eps: 1e-12 })
    this.dropout = new Dropout(dropout)
  }

  forward(tokens: Tensor, kinds: Tensor = zeros(tokens.shape, { dtype: 'i32' })): Tensor {
    const positions = this.position_embeddings.forward(arange(0, tokens.shape[1], 1, { dtype: 'i32' }))
    const words = add(this.word_embeddings.forward(tokens), this.token_type_embeddings.forward(kinds))
    return this.dropout.forward(this.LayerNorm.forward(add(words, positions)))
  }
}

/** N(0, .02), biases 0. */
const initialise = (model: AnyModule): void => {
  for (const module of model.namedModules().values()) {
    if (module instanceof Linear || module instanceof Embedding) initializers.normal_(module.weight, { std: 0.02 })
    if (module instanceof Linear && module.bias !== null) initializers.zeros_(module.bias)
    if (module instanceof MultiheadAttention && module.in_proj_weight !== null)
      initializers.normal_(module.in_proj_weight, { std: 0.02 })
  }
}

const checkTokens = (tokens: Tensor, maxLength: number): void => {
  if (tokens.rank === 2 && tokens.shape[1] >= 1 && tokens.shape[1] <= maxLength) return
  throw new ShapeError({
    op: 'bert',
    problem: 'the tokens do not fit',
    got: tokens.toString(),
    expected: `[N, T] with T from 1 to maxLength ${maxLength}`,
    advice: 'Cut longer texts into pieces',
  })
}

/** The encoder that {@link bert} builds. */
export class Bert extends Module<[tokens: Tensor, inputs?: BertInputs]> {
  readonly options: BertOptions
  readonly embeddings: Embeddings
  readonly encoder: TransformerEncoder

  /** See {@link bert}. */
  constructor(options: BertOptions) {
    super()
    const { numLayers, numHeads, embedDim, dimFeedforward = 4 * embedDim, dropout = 0.1 } = options
    this.options = options
    this.embeddings = new Embeddings(options)
    const layer = new TransformerEncoderLayer(embedDim, numHeads, {
      dimFeedforward,
      dropout,
      activation: 'gelu',
      layerNormEps: 1e-12,
      batchFirst: true,
    })
    this.encoder = new TransformerEncoder(layer, numLayers)
    initialise(this)
  }

  forward(tokens: Tensor, { kinds }: BertInputs = {}): Tensor {
    const { maxLength, paddingToken = 0 } = this.options
    checkTokens(tokens, maxLength)
    const keyPaddingMask = eq(tokens, paddingToken)
    return this.encoder.forward(this.embeddings.forward(tokens, kinds), { keyPaddingMask })
  }
}

/** A {@link Bert} that says which token stands at each place; see {@link bertForMaskedLm}. */
export class BertForMaskedLm extends Module<[tokens: Tensor, inputs?: BertInputs]> {
  readonly bert: Bert
  readonly dense: Linear
  readonly LayerNorm: LayerNorm
  /** A bias per token; the weight is that of the word embeddings. */
  readonly bias: Tensor

  /** See {@link bertForMaskedLm}. */
  constructor(encoder: Bert) {
    super()
    const { embedDim, vocabSize } = encoder.options
    this.bert = encoder
    this.dense = new Linear(embedDim, embedDim)
    this.LayerNorm = new LayerNorm(embedDim, { eps: 1e-12 })
    this.bias = parameter(zeros([vocabSize]))
    initialise(this.dense)
  }

  forward(tokens: Tensor, inputs: BertInputs = {}): Tensor {
    const hidden = this.LayerNorm.forward(gelu(this.dense.forward(this.bert.forward(tokens, inputs))))
    return add(matmul(hidden, transpose(this.bert.embeddings.word_embeddings.weight)), this.bias)
  }
}

/** A {@link Bert} that tells the class of a text; see {@link bertForClassification}. */
export class BertForClassification extends Module<[tokens: Tensor, inputs?: BertInputs]> {
  readonly bert: Bert
  readonly pooler: Linear
  readonly dropout: Dropout
  readonly classifier: Linear

  /** See {@link bertForClassification}. */
  constructor(encoder: Bert, { numClasses }: { readonly numClasses: number }) {
    super()
    const { embedDim, dropout = 0.1 } = encoder.options
    this.bert = encoder
    this.pooler = new Linear(embedDim, embedDim)
    this.dropout = new Dropout(dropout)
    this.classifier = new Linear(embedDim, numClasses)
    initialise(this.pooler)
    initialise(this.classifier)
  }

  forward(tokens: Tensor, inputs: BertInputs = {}): Tensor {
    const first = select(this.bert.forward(tokens, inputs), 1, 0)
    return this.classifier.forward(this.dropout.forward(tanh(this.pooler.forward(first))))
  }
}

/**
 * Builds a BERT encoder: a vector for each token that knows of all others.
 * Shape: tokens i32 [N, T], T <= maxLength -> [N, T, embedDim]. What stands at padding tokens means nothing.
 * State: `embeddings.word_embeddings.weight`, ..., `embeddings.LayerNorm.weight`, and under `encoder.layers.N` the
 * names of torch.nn.TransformerEncoderLayer.
 * @throws ValueError when an option does not fit; ShapeError at forward when a text is too long.
 * @source Devlin et al. 2019, https://arxiv.org/abs/1810.04805; checked against the same network in PyTorch 1.13 in
 * bert.test.ts
 * @example
 * import { ones } from '@lanewise/core'
 * const encoder = bert({ vocabSize: 50, maxLength: 16, numLayers: 2, numHeads: 2, embedDim: 8 })
 * encoder.forward(ones([3, 10], { dtype: 'i32' })).shape // => [3, 10, 8]
 */
export const bert = (options: BertOptions): Bert => new Bert(options)

/**
 * Puts a head on an encoder that gives the logits of the token at each place, for training on masked texts; see
 * {@link maskTokens} and {@link maskedLmLoss}. The encoder itself is taken: train it here, then give it to
 * {@link bertForClassification}.
 * Shape: tokens i32 [N, T] -> [N, T, vocabSize].
 * @example
 * import { ones } from '@lanewise/core'
 * const encoder = bert({ vocabSize: 50, maxLength: 16, numLayers: 1, numHeads: 2, embedDim: 8 })
 * bertForMaskedLm(encoder).forward(ones([3, 10], { dtype: 'i32' })).shape // => [3, 10, 50]
 */
export const bertForMaskedLm = (encoder: Bert): BertForMaskedLm => new BertForMaskedLm(encoder)

/**
 * Puts a head on an encoder that gives the logits of a text's class, from its first token.
 * Shape: tokens i32 [N, T] -> [N, numClasses].
 * @example
 * import { ones } from '@lanewise/core'
 * const encoder = bert({ vocabSize: 50, maxLength: 16, numLayers: 1, numHeads: 2, embedDim: 8 })
 * bertForClassification(encoder, { numClasses: 3 }).forward(ones([2, 10], { dtype: 'i32' })).shape // => [2, 3]
 */
export const bertForClassification = (encoder: Bert, options: { readonly numClasses: number }): BertForClassification =>
  new BertForClassification(encoder, options)
