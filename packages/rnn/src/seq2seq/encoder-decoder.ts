import {
  concat,
  Embedding,
  Linear,
  LSTM,
  Module,
  noGrad,
  RecurrentStepper,
  scope,
  transpose,
  unsqueeze,
  ValueError,
  type SequenceOptions,
  type Tensor,
} from '@lanewise/core'
import {
  runRecurrent,
  SequenceReader,
  type RecurrentClass,
  type RecurrentLayer,
  type States,
} from '../sequence-model/sequence-model.ts'

/** What one side of an {@link EncoderDecoder} reads: token ids, or vectors. */
export type SideOptions = { readonly numTokens: number; readonly embeddingDim?: number } | { readonly size: number }

/** Options of {@link EncoderDecoder}. */
export interface EncoderDecoderOptions {
  readonly source: SideOptions
  /** What the decoder reads and gives. */
  readonly target: SideOptions
  readonly hiddenSize: number
  /** Layers on top of each other, on either side. Default 1. */
  readonly numLayers?: number
  /** LSTM, GRU or RNN of core. Default LSTM. */
  readonly cell?: RecurrentClass
  /** The share of each layer's outputs, but the last one's, that is dropped in training. Default 0. */
  readonly dropout?: number
}

const embeddingOf = (side: SideOptions, hiddenSize: number): Embedding | null =>
  'numTokens' in side ? new Embedding(side.numTokens, side.embeddingDim ?? hiddenSize) : null

/**
 * A sequence to another sequence: an encoder reads the source, its last states start a decoder, which gives the target
 * step by step.
 * Shape: source tokens i32 [N, S] or vectors [N, S, size], inputs (the target one step late) [N, T] or [N, T, size] ->
 * logits [N, T, numTokens] or values [N, T, size].
 * State: source_embedding.weight, target_embedding.weight (tokens only), encoder.*, decoder.*, head.weight, head.bias.
 * @source Sutskever, Vinyals and Le 2014; checked against torch 1.13 in encoder-decoder.test.ts
 * @example
 * import { tensor } from '@lanewise/core'
 * const model = new EncoderDecoder({ source: { numTokens: 9 }, target: { numTokens: 7 }, hiddenSize: 16 })
 * const source = tensor(Int32Array.of(3, 1, 4, 1), { shape: [1, 4] })
 * model.forward(source, tensor(Int32Array.of(0, 5, 2), { shape: [1, 3] })).shape // => [1, 3, 7]
 */
export class EncoderDecoder extends Module<[source: Tensor, inputs: Tensor, options?: SequenceOptions], Tensor> {
  readonly source_embedding: Embedding | null
  readonly target_embedding: Embedding | null
  readonly encoder: RecurrentLayer
  readonly decoder: RecurrentLayer
  readonly head: Linear

  constructor({ source, target, hiddenSize, numLayers = 1, cell: Cell = LSTM, dropout = 0 }: EncoderDecoderOptions) {
    super()
    this.source_embedding = embeddingOf(source, hiddenSize)
    this.target_embedding = embeddingOf(target, hiddenSize)
    const inputSize = (side: SideOptions, embedding: Embedding | null): number =>
      'size' in side ? side.size : embedding!.embeddingDim
    this.encoder = new Cell(inputSize(source, this.source_embedding), hiddenSize, { numLayers, dropout })
    this.decoder = new Cell(inputSize(target, this.target_embedding), hiddenSize, { numLayers, dropout })
    this.head = new Linear(hiddenSize, 'size' in target ? target.size : target.numTokens)
  }

  /** The states after reading the source. */
  encode(source: Tensor, options: SequenceOptions = {}): Tensor[] {
    const timeFirst = transpose(source, 0, 1)
    const x = this.source_embedding === null ? timeFirst : this.source_embedding.forward(timeFirst)
    return runRecurrent(this.encoder, x, null, options)[1]
  }

  /** The outputs for given inputs, from given states, and the states after them. */
  decode(inputs: Tensor, states: States): [outputs: Tensor, states: Tensor[]] {
    const timeFirst = transpose(inputs, 0, 1)
    const x = this.target_embedding === null ? timeFirst : this.target_embedding.forward(timeFirst)
    const [h, last] = runRecurrent(this.decoder, x, states)
    return [transpose(this.head.forward(h), 0, 1), last]
  }

  /** The outputs when the decoder reads the given inputs, the true target one step late. `lengths` are the source's. */
  forward(source: Tensor, inputs: Tensor, options: SequenceOptions = {}): Tensor {
    return this.decode(inputs, this.encode(source, options))[0]
  }

  /**
   * The outputs when the decoder reads its own outputs, for vectors: differentiable, so that it can be trained so too.
   * @param first - the first input [N, size]
   * @param steps - how many outputs, at least 1
   * @returns [N, steps, size]
   */
  rollout(source: Tensor, first: Tensor, steps: number): Tensor {
    if (this.target_embedding !== null) {
      throw new ValueError({
        op: 'EncoderDecoder.rollout',
        problem: 'the target is tokens',
        expected: 'vectors',
        advice: 'Use reader() with generate()',
      })
    }
    if (!(Number.isInteger(steps) && steps >= 1)) {
      throw new ValueError({
        op: 'EncoderDecoder.rollout',
        problem: 'not a number of steps',
        got: String(steps),
        expected: 'an integer >= 1',
      })
    }
    let states: States = this.encode(source)
    let x = unsqueeze(first, 1)
    const outputs: Tensor[] = []
    for (let t = 0; t < steps; t++) {
      ;[x, states] = this.decode(x, states)
      outputs.push(x)
    }
    return concat(outputs, 1)
  }

  /**
   * A reader for {@link generate} that has read one source and now reads target tokens, beginning with the one that
   * starts every target. Nothing is dropped, in training neither.
   * @param source - tokens [1, S] or vectors [1, S, size]
   */
  reader(source: Tensor): SequenceReader {
    const stepper = new RecurrentStepper(this.decoder, { embedding: this.target_embedding, head: this.head })
    const { training } = this.encoder
    this.encoder.eval()
    try {
      stepper.setState(scope(() => noGrad(() => this.encode(source).flatMap((s) => [...s.dataSync()]))))
    } finally {
      this.encoder.train(training)
    }
    return new SequenceReader(stepper)
  }
}
