import {
  Dropout,
  Embedding,
  Linear,
  LSTM,
  Module,
  RecurrentStepper,
  transpose,
  ValueError,
  type GRU,
  type RNN,
  type SequenceOptions,
  type Tensor,
} from '@lanewise/core'

/** A recurrent layer of core. */
export type RecurrentLayer = LSTM | GRU | RNN

/** The class of a recurrent layer. */
export type RecurrentClass = typeof LSTM | typeof GRU | typeof RNN

/** The last states of all layers, each [layers, N, H]: h, and c for an LSTM. */
export type States = readonly Tensor[]

/** Runs a recurrent layer with its states as a list, whatever its kind. */
export const runRecurrent = (
  layer: RecurrentLayer,
  x: Tensor,
  states: States | null = null,
  options: SequenceOptions = {},
): [y: Tensor, states: Tensor[]] => {
  const wanted = layer instanceof LSTM ? 2 : 1
  if (states !== null && states.length !== wanted) {
    throw new ValueError({
      op: layer.constructor.name,
      problem: 'the states do not fit',
      got: `${states.length} tensors`,
      expected: wanted === 2 ? 'h and c' : 'h alone',
    })
  }
  if (layer instanceof LSTM) {
    const [y, last] = layer.forward(x, states && [states[0], states[1]], options)
    return [y, last]
  }
  const [y, last] = layer.forward(x, states && states[0], options)
  return [y, [last]]
}

/** Options of {@link SequenceModel}: either `numTokens` or `inputSize`. */
export interface SequenceModelOptions {
  /** How many tokens there are; the input is then token ids, and the model has an embedding. */
  readonly numTokens?: number
  /** Size of an input vector; the input is then vectors. */
  readonly inputSize?: number
  /** Size of an embedded token. Default hiddenSize. */
  readonly embeddingDim?: number
  readonly hiddenSize: number
  /** Size of an output vector. Default numTokens. */
  readonly numOutputs?: number
  /** Layers on top of each other. Default 1. */
  readonly numLayers?: number
  /** LSTM, GRU or RNN of core. Default LSTM. */
  readonly cell?: RecurrentClass
  /** The share of each layer's outputs, but the last one's, that is dropped in training. Default 0. */
  readonly dropout?: number
  /** The share of the last layer's outputs that is dropped in training. Default 0. */
  readonly outputDropout?: number
  /** Whether x and y are [N, T, ...] rather than [T, N, ...]. Default true. */
  readonly batchFirst?: boolean
}

const sizes = ({ numTokens, inputSize, numOutputs = numTokens }: SequenceModelOptions): { outputs: number } => {
  if ((numTokens === undefined) === (inputSize === undefined)) {
    throw new ValueError({
      op: 'SequenceModel',
      problem: 'the kind of input is not clear',
      got: `numTokens ${numTokens}, inputSize ${inputSize}`,
      expected: 'one of the two',
    })
  }
  if (numOutputs !== undefined) return { outputs: numOutputs }
  throw new ValueError({ op: 'SequenceModel', problem: 'numOutputs is missing', expected: 'the size of an output' })
}

/**
 * Sequences to sequences, step by step: an embedding or vectors, recurrent layers, a linear head on every step. Language
 * models, knowledge tracing and time series have this form.
 * Shape: tokens i32 [N, T] or vectors [N, T, inputSize] ([T, N, ...] without batchFirst), states each [layers, N, H] ->
 * y [N, T, numOutputs] and the last states.
 * State: embedding.weight (tokens only), rnn.weight_ih_l0, ..., decoder.weight, decoder.bias; drawn in this order.
 * @throws ValueError when neither or both of numTokens and inputSize are given, or lengths do not fit.
 * @source Checked against torch 1.13 in sequence-model.test.ts
 * @example
 * import { ones, tensor } from '@lanewise/core'
 * const model = new SequenceModel({ numTokens: 10, hiddenSize: 16 })
 * const [y, states] = model.forward(tensor(Int32Array.of(1, 2, 3), { shape: [1, 3] }))
 * y.shape // => [1, 3, 10]
 * states.map((s) => s.shape) // => [[1, 1, 16], [1, 1, 16]]
 * new SequenceModel({ inputSize: 2, numOutputs: 1, hiddenSize: 4 }).forward(ones([5, 7, 2]))[0].shape // => [5, 7, 1]
 */
export class SequenceModel extends Module<
  [x: Tensor, states?: States | null, options?: SequenceOptions],
  [y: Tensor, states: Tensor[]]
> {
  readonly embedding: Embedding | null
  readonly rnn: RecurrentLayer
  readonly outputDropout: Dropout
  readonly decoder: Linear
  readonly batchFirst: boolean

  constructor(options: SequenceModelOptions) {
    super()
    const { numTokens, inputSize, hiddenSize, embeddingDim = hiddenSize, numLayers = 1, dropout = 0 } = options
    const { cell: Cell = LSTM, outputDropout = 0, batchFirst = true } = options
    const { outputs } = sizes(options)
    this.embedding = numTokens === undefined ? null : new Embedding(numTokens, embeddingDim)
    this.rnn = new Cell(inputSize ?? embeddingDim, hiddenSize, { numLayers, dropout })
    this.outputDropout = new Dropout(outputDropout)
    this.decoder = new Linear(hiddenSize, outputs)
    this.batchFirst = batchFirst
  }

  forward(x: Tensor, states: States | null = null, options: SequenceOptions = {}): [y: Tensor, states: Tensor[]] {
    const timeFirst = this.batchFirst ? transpose(x, 0, 1) : x
    const input = this.embedding === null ? timeFirst : this.embedding.forward(timeFirst)
    const [h, last] = runRecurrent(this.rnn, input, states, options)
    const y = this.decoder.forward(this.outputDropout.forward(h))
    return [this.batchFirst ? transpose(y, 0, 1) : y, last]
  }

  /** A stepper over this model as it is now, for one sequence: one token (or vector) in, one output out. */
  stepper(): RecurrentStepper {
    return new RecurrentStepper(this.rnn, { embedding: this.embedding, head: this.decoder })
  }

  /** A reader for {@link generate}, over this model as it is now. */
  reader(): SequenceReader {
    return new SequenceReader(this.stepper())
  }
}

/**
 * Reads tokens through a stepper, as {@link generate} wants it; its `stepper` holds the state.
 * @example
 * const reader = new SequenceModel({ numTokens: 5, hiddenSize: 8 }).reader()
 * reader.read([1, 2, 3]).length // => 5
 */
export class SequenceReader {
  readonly stepper: RecurrentStepper

  constructor(stepper: RecurrentStepper) {
    this.stepper = stepper
  }

  /**
   * Reads further tokens, at least one.
   * @returns the output after the last, in an array that the next step overwrites
   * @throws ValueError when there are none, or one is out of range; the state is then as before.
   */
  read(tokens: ArrayLike<number>): Float32Array {
    if (tokens.length === 1) return this.stepper.step(tokens[0])
    const before = this.stepper.state()
    let output: Float32Array | undefined
    try {
      for (let i = 0; i < tokens.length; i++) output = this.stepper.step(tokens[i])
    } catch (e) {
      this.stepper.setState(before)
      throw e
    }
    if (output !== undefined) return output
    throw new ValueError({ op: 'SequenceReader', problem: 'there is nothing to read', expected: 'at least one token' })
  }
}
