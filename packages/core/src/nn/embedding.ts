import { ShapeError, ValueError } from '../errors.ts'
import { noGrad } from '../autograd/modes.ts'
import { contiguousCopy } from '../ops/copy.ts'
import { embedding, type EmbeddingOptions } from '../ops/embedding.ts'
import { normal } from '../random/init.ts'
import { show } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { checkSizes } from './check.ts'
import { filled } from './layer-init.ts'
import { Module, parameter } from './module.ts'

/** Options of {@link Embedding}. */
export interface EmbeddingLayerOptions extends EmbeddingOptions {
  /** The row of a padding token: 0 at first and without a gradient. Negative counts from the end. Default none. */
  readonly paddingIdx?: number | null
  /** The table to start from, [numEmbeddings, embeddingDim], which is taken and not copied. Default: draws. */
  readonly weight?: Tensor
}

/** Options of {@link Embedding.fromPretrained}. */
export interface PretrainedOptions extends EmbeddingOptions {
  /** Whether the table stays as it is in training. Default true. */
  readonly freeze?: boolean
}

/**
 * A table of vectors, as torch.nn.Embedding. State: weight [numEmbeddings, embeddingDim], drawn from N(0, 1).
 * Shape: index [...] i32 -> [..., embeddingDim].
 * @throws ValueError when an index or option is out of range, ShapeError when a given weight does not fit.
 * @source Checked against torch.nn.Embedding 1.13 in various.test.ts
 * @example
 * new Embedding(10, 4, { paddingIdx: 0 }).forward(tensor(Int32Array.of(0))).toArray() // => [[0, 0, 0, 0]]
 * Embedding.fromPretrained(tensor([[1, 2], [3, 4]])).forward(tensor(Int32Array.of(1))).toArray() // => [[3, 4]]
 */
export class Embedding extends Module {
  readonly numEmbeddings: number
  readonly embeddingDim: number
  readonly paddingIdx: number | null
  readonly maxNorm: number | null
  readonly normType: number
  readonly scaleGradByFreq: boolean
  readonly weight: Tensor

  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingLayerOptions = {}) {
    super()
    const { paddingIdx = null, maxNorm = null, normType = 2, scaleGradByFreq = false, weight } = options
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
    this.maxNorm = maxNorm
    this.normType = normType
    this.scaleGradByFreq = scaleGradByFreq
    const padding = this.paddingIdx
    const shape = [numEmbeddings, embeddingDim]
    if (weight !== undefined && show(weight.shape) !== show(shape)) {
      throw new ShapeError({
        op: 'Embedding',
        problem: 'the weight does not fit',
        got: show(weight.shape),
        expected: show(shape),
      })
    }
    this.weight = parameter(
      weight ??
        filled(shape, (data) => {
          normal(data)
          if (padding !== null) data.fill(0, padding * embeddingDim, (padding + 1) * embeddingDim)
        }),
    )
  }

  /**
   * A layer with a copy of a given table [numEmbeddings, embeddingDim], as torch.nn.Embedding.from_pretrained.
   * @throws ShapeError when the table is not a matrix.
   */
  static fromPretrained(table: Tensor, { freeze = true, ...options }: PretrainedOptions = {}): Embedding {
    if (table.rank !== 2)
      throw new ShapeError({
        op: 'Embedding',
        problem: 'the table is not a matrix',
        got: show(table.shape),
        expected: '[numEmbeddings, embeddingDim]',
      })
    const [numEmbeddings, embeddingDim] = table.shape
    const weight = noGrad(() => contiguousCopy(table))
    const layer = new Embedding(numEmbeddings, embeddingDim, { ...options, weight })
    layer.weight.requiresGrad = !freeze
    return layer
  }

  forward(index: Tensor): Tensor {
    return embedding(index, this.weight, this)
  }
}
