import {
  bceWithLogits,
  div,
  Embedding,
  embeddingBag,
  FormatError,
  gather,
  loadCheckpoint,
  Module,
  mul,
  reshape,
  saveCheckpoint,
  sum,
  tensor,
  ValueError,
  type Tensor,
} from '@lanewise/core'
import { SequenceModel } from '@lanewise/rnn'
import { needWhole, shown } from '../check.ts'
import type { DktBatch } from './batches.ts'

/** Options of {@link Dkt}. */
export interface DktOptions {
  /** The skills, each once; their order is that of the outputs. */
  readonly skills: readonly string[]
  /** Units of the LSTM. Default 64. */
  readonly hiddenSize?: number
  /** Size of an embedded answer. Default `hiddenSize`. */
  readonly embeddingDim?: number
}

const format = 'lanewise.dkt.1'

/**
 * Deep knowledge tracing: an LSTM reads a learner's answers and says after each how likely the next is right, for every
 * skill.
 *   x_t = mean over the answer's skills of E[skill + K right]    h_t = LSTM(x_t)    y_t = W h_t + b
 * Shape: index i32 [N T, M] and share [N T, M] of the answers' skills, see {@link DktBatch} -> logits [N, T, K].
 * State: embedding.weight [2 K, E]; sequence.rnn.weight_ih_l0 ...; sequence.decoder.weight [K, H], bias; drawn in this order.
 * @throws ValueError when a skill is named twice, or a size is out of range.
 * @source Piech et al. 2015; checked against tools/golden/edu_dkt_steps.py in dkt.test.ts
 * @example
 * const model = new Dkt({ skills: ['add', 'subtract'], hiddenSize: 8 })
 * const answers = [true, false, true].map((correct) => ({ learner: 'ann', skills: ['add'], correct }))
 * const [batch] = dktBatches(answers, model.skills)
 * model.loss(batch).item() > 0 // => true
 */
export class Dkt extends Module<[index: Tensor, share: Tensor, steps: number]> {
  readonly skills: readonly string[]
  readonly hiddenSize: number
  readonly embeddingDim: number
  readonly embedding: Embedding
  readonly sequence: SequenceModel

  constructor({ skills, hiddenSize = 64, embeddingDim = hiddenSize }: DktOptions) {
    super()
    const op = 'Dkt'
    if (skills.length === 0 || new Set(skills).size !== skills.length)
      throw new ValueError({
        op,
        problem: 'the skills do not fit',
        got: shown(skills),
        expected: 'at least one, each once',
      })
    needWhole({ op, name: 'hiddenSize', value: hiddenSize }, 1)
    needWhole({ op, name: 'embeddingDim', value: embeddingDim }, 1)
    this.skills = [...skills]
    this.hiddenSize = hiddenSize
    this.embeddingDim = embeddingDim
    this.embedding = new Embedding(2 * skills.length, embeddingDim)
    this.sequence = new SequenceModel({ inputSize: embeddingDim, numOutputs: skills.length, hiddenSize })
  }

  forward(index: Tensor, share: Tensor, steps: number): Tensor {
    const x = embeddingBag(index, this.embedding.weight, { mode: 'sum', perSampleWeights: share })
    const [y] = this.sequence.forward(reshape(x, [index.shape[0] / steps, steps, this.embeddingDim]))
    return y
  }

  /** Logits of the batch's next answers, [N T]: the mean of their skills' logits. */
  logits({ index, share, nextIndex, nextShare, rows, steps, width }: DktBatch): Tensor {
    const shape = [rows * steps, width]
    const y = this.forward(tensor(index, { shape }), tensor(share, { shape }), steps)
    const own = gather(reshape(y, [rows * steps, this.skills.length]), 1, tensor(nextIndex, { shape }))
    return sum(mul(own, tensor(nextShare, { shape })), 1)
  }

  /** Mean binary cross-entropy of the batch's next answers. */
  loss(batch: DktBatch): Tensor {
    const { right, mask, answers } = batch
    const losses = bceWithLogits(this.logits(batch), tensor(right), { weight: tensor(mask), reduction: 'sum' })
    return div(losses, answers)
  }
}

/**
 * The bytes of a model: its skills, sizes and weights.
 * @example
 * const model = new Dkt({ skills: ['add'], hiddenSize: 4 })
 * loadDkt(await saveDkt(model)).skills // => ['add']
 */
export const saveDkt = (model: Dkt): Promise<Uint8Array<ArrayBuffer>> => {
  const { skills, hiddenSize, embeddingDim } = model
  return saveCheckpoint({ model }, { format, skills, hiddenSize, embeddingDim })
}

/**
 * The model that {@link saveDkt} saved.
 * @throws FormatError, ValueError or ShapeError when the bytes are something else or do not fit together.
 * @example
 * const model = new Dkt({ skills: ['add', 'subtract'], hiddenSize: 4 })
 * loadDkt(await saveDkt(model)).hiddenSize // => 4
 */
export const loadDkt = (bytes: Uint8Array): Dkt => {
  const op = 'loadDkt'
  const { format: found, skills, hiddenSize, embeddingDim } = loadCheckpoint(bytes)
  const isList = Array.isArray(skills) && skills.every((skill) => typeof skill === 'string')
  if (found !== format || !isList)
    throw new FormatError({
      op,
      problem: 'not such a model',
      got: shown(found),
      expected: `a checkpoint of format ${format}`,
    })
  const size = (name: string, value: unknown): number => needWhole({ op, name, value }, 1, 65_536)
  const [K, H, E] = [skills.length, size('hiddenSize', hiddenSize), size('embeddingDim', embeddingDim)]
  // Before a model of these sizes is made: its weights must be in the bytes.
  const weights = 2 * K * E + 4 * H * (E + H + 2) + K * (H + 1)
  if (4 * weights > bytes.length)
    throw new FormatError({
      op,
      problem: 'the sizes do not fit the bytes',
      got: `${K} skills, hiddenSize ${H}, embeddingDim ${E} in ${bytes.length} bytes`,
      expected: `at least ${4 * weights} bytes of weights`,
    })
  const model = new Dkt({ skills: skills.map(String), hiddenSize: H, embeddingDim: E })
  loadCheckpoint(bytes, { model })
  return model
}
