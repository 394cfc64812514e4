import { SequenceModel, type RecurrentClass } from '../sequence-model/sequence-model.ts'

/** Options of {@link charRnn}. */
export interface CharRnnOptions {
  /** How many characters there are. */
  readonly vocabularySize: number
  /** Default 128. */
  readonly embeddingDim?: number
  /** Default 128. */
  readonly hiddenSize?: number
  /** Default 2. */
  readonly numLayers?: number
  /** LSTM, GRU or RNN of core. Default LSTM. */
  readonly cell?: RecurrentClass
  /** The share of each layer's outputs, but the last one's, that is dropped in training. Default 0. */
  readonly dropout?: number
}

/**
 * A character language model: embedding, recurrent layers, logits of the next character. It reads time first, so that
 * long training streams need no copies: tokens [T, N] -> logits [T, N, V].
 * @source Karpathy, The Unreasonable Effectiveness of Recurrent Neural Networks, 2015
 * @example
 * const model = charRnn({ vocabularySize: 65 })
 * model.parameters().reduce((n, p) => n + p.size, 0) // => 280897
 */
export const charRnn = ({
  vocabularySize,
  hiddenSize = 128,
  embeddingDim = 128,
  numLayers = 2,
  ...rest
}: CharRnnOptions): SequenceModel =>
  new SequenceModel({ numTokens: vocabularySize, hiddenSize, embeddingDim, numLayers, batchFirst: false, ...rest })
