import { ValueError } from '../errors.ts'
import { embedding } from '../ops/index-select.ts'
import { normal } from '../random/init.ts'
import { show } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { checkSizes } from './check.ts'
import { filled } from './layer-init.ts'
import { Module, parameter } from './module.ts'

/** Options of {@link Embedding}. */
export interface EmbeddingLayerOptions {
  /** The row of a padding token: 0 at first and without a gradient. Negative counts from the end. Default none. */
  readonly paddingIdx?: number | null
}

/**
 * A table of vectors, as torch.nn.Embedding. State: weight [numEmbeddings, embeddingDim], drawn from N(0, 1).
 * Shape: index [...] i32 -> [..., embeddingDim].
 * @throws ValueError when an index or paddingIdx is out of range.
 * @source Checked against torch.nn.Embedding 1.13 in various.test.ts
 * @example new Embedding(10, 4, { paddingIdx: 0 }).forward(tensor(Int32Array.of(0))).toArray() // => [[0, 0, 0, 0]]
 */
export class Embedding extends Module {
  readonly numEmbeddings: number
  readonly embeddingDim: number
  readonly paddingIdx: number | null
  readonly weight: Tensor

  constructor(numEmbeddings: number, embeddingDim: number, { paddingIdx = null }: EmbeddingLayerOptions = {}) {
    super()
    checkSizes('Embedding', { numEmbeddings, embeddingDim })
    if (
      paddingIdx !== null &&
      !(Number.isInteger(paddingIdx) && paddingIdx >= -numEmbeddings && paddingIdx < numEmbeddings)
    ) {
      throw new ValueError({
        op: 'Embedding',
        problem: 'paddingIdx is out of range',
        got: String(paddingIdx),
        expected: `an integer in ${show([-numEmbeddings, numEmbeddings])}`,
      })
    }
    this.numEmbeddings = numEmbeddings
    this.embeddingDim = embeddingDim
    this.paddingIdx = paddingIdx === null || paddingIdx >= 0 ? paddingIdx : paddingIdx + numEmbeddings
    const padding = this.paddingIdx
    const shape = [numEmbeddings, embeddingDim]
    this.weight = parameter(
      filled(shape, (data) => {
        normal(data)
        if (padding !== null) data.fill(0, padding * embeddingDim, (padding + 1) * embeddingDim)
      }),
    )
  }

  forward(index: Tensor): Tensor {
    return embedding(index, this.weight, { paddingIdx: this.paddingIdx })
  }
}
