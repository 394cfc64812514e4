import { FormatError, tensor, transpose, type StateDict, type Tensor } from '@lanewise/core'
import type { SequenceModel } from '../sequence-model/sequence-model.ts'
import { tensorFlowWeights } from '../weights/dialects.ts'
import { loadRecurrentWeights, matrixOf, type Matrix, type NamedWeights } from '../weights/load.ts'
import { charRnn } from './char-rnn.ts'

const find = (weights: NamedWeights, name: string, rank: number): Matrix => {
  const found = weights.get(name)
  if (found?.shape.length === rank) return matrixOf(name, found)
  throw new FormatError({
    op: 'charRnnFromTensorFlow',
    problem: `${name} ${found === undefined ? 'is missing' : 'has another shape'}`,
    got: found === undefined ? `${weights.size} weights` : `[${found.shape.join(', ')}]`,
    expected: `a weight of rank ${rank}`,
  })
}

/**
 * A {@link charRnn} from a checkpoint of char-rnn-tensorflow, as ml5's charRNN models are: `embedding`,
 * `rnnlm/multi_rnn_cell/cell_N/basic_lstm_cell/weights|kernel` and `biases|bias`, `rnnlm/softmax_w`, `rnnlm/softmax_b`.
 * Sizes come from the shapes; the forget gates' constant 1 is added to their bias.
 * @throws FormatError when a weight is missing, or the shapes do not fit each other.
 * @source Checked against a forward pass of ml5's models in NumPy in char-rnn.test.ts
 * @example
 * import { zeros } from '@lanewise/core'
 * const cell = 'rnnlm/multi_rnn_cell/cell_0/basic_lstm_cell'
 * const model = charRnnFromTensorFlow(new Map([
 *   ['embedding', zeros([5, 4])],
 *   [`${cell}/kernel`, zeros([4 + 3, 4 * 3])], [`${cell}/bias`, zeros([4 * 3])],
 *   ['rnnlm/softmax_w', zeros([3, 5])], ['rnnlm/softmax_b', zeros([5])],
 * ]))
 * model.rnn.hiddenSize // => 3
 */
export const charRnnFromTensorFlow = (weights: NamedWeights): SequenceModel => {
  const embedding = find(weights, 'embedding', 2)
  const head = find(weights, 'rnnlm/softmax_w', 2)
  const bias = find(weights, 'rnnlm/softmax_b', 1)
  const cells = [...weights].filter(([name]) => name.startsWith('rnnlm/multi_rnn_cell/'))
  // Sizes come from the head; a file whose cells do not have them must not make a model of any size.
  const hidden = head.shape[0]
  for (const [name, { shape }] of cells) {
    if (shape[shape.length - 1] === 4 * hidden) continue
    throw new FormatError({
      op: 'charRnnFromTensorFlow',
      problem: `${name} does not fit the head`,
      got: `[${shape.join(', ')}]`,
      expected: `${4 * hidden} columns, four gates of rnnlm/softmax_w's ${hidden} rows`,
    })
  }
  const model = charRnn({
    vocabularySize: embedding.shape[0],
    embeddingDim: embedding.shape[1],
    hiddenSize: hidden,
    numLayers: Math.max(1, cells.length / 2),
  })
  loadRecurrentWeights(model.rnn, new Map(cells), tensorFlowWeights())
  const values = ({ data, shape }: Matrix): Tensor => tensor(data, { shape })
  const rest: StateDict = new Map([
    ['embedding.weight', values(embedding)],
    ['decoder.weight', transpose(values(head), 0, 1)],
    ['decoder.bias', values(bias)],
  ])
  model.loadStateDict(new Map([...model.stateDict(), ...rest]))
  return model
}
