import { ShapeError, ValueError } from '../errors.ts'
import { attentionWeights } from '../ops/attention.ts'
import { add, ne } from '../ops/binary.ts'
import { gelu, relu } from '../ops/activations.ts'
import { linear, matmul } from '../ops/matmul.ts'
import { mean } from '../ops/reduce.ts'
import { reshape, slice, squeeze, transpose, unsqueeze } from '../ops/views.ts'
import { where } from '../ops/where.ts'
import { defaultGenerator, setDefaultGenerator } from '../random/default.ts'
import { Generator } from '../random/generator.ts'
import { xavierUniform } from '../random/init.ts'
import { show, type Shape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { checkProbability, checkSizes } from './check.ts'
import { ModuleList } from './containers.ts'
import { Dropout } from './dropout.ts'
import { constantParameter, filled } from './layer-init.ts'
import { Linear } from './linear.ts'
import { Module, parameter } from './module.ts'
import { zeros_ } from './init.ts'
import { LayerNorm } from './norm.ts'

/** Options of {@link MultiheadAttention}. */
export interface MultiheadAttentionOptions {
  /** The share of attention weights that is dropped in training. Default 0. */
  readonly dropout?: number
  /** Whether the projections have biases. Default true. */
  readonly bias?: boolean
  /** Size of the keys. Default embedDim. */
  readonly kdim?: number
  /** Size of the values. Default embedDim. */
  readonly vdim?: number
  /** Whether inputs and outputs are [N, L, E] rather than [L, N, E]. Default false. */
  readonly batchFirst?: boolean
}

/** Options of an attention's forward. As in torch, true in a bool mask means: do not look. */
export interface AttentionMasks {
  /** [N, S] (or [S]): bool, true at keys to leave out; or float, added to the scores. */
  readonly keyPaddingMask?: Tensor | null
  /** [L, S] or [N heads, L, S]: bool, true where a query may not look; or float, added to the scores. */
  readonly attnMask?: Tensor | null
}

/** Options of {@link MultiheadAttention}'s forward. */
export interface MultiheadAttentionCall extends AttentionMasks {
  /** Whether to give the weights too. Default true. */
  readonly needWeights?: boolean
  /** Whether to average the weights over the heads. Default true. */
  readonly averageWeights?: boolean
}

/** A mask as numbers to add: -Infinity where a bool one is true. */
const additive = (mask: Tensor): Tensor =>
  mask.dtype === 'bool' || mask.dtype === 'u8' ? where(ne(mask, 0), -Infinity, 0) : mask

const xavier = (shape: Shape): Tensor => parameter(filled(shape, (data) => xavierUniform(data, shape)))

/**
 * Attention with several heads, as torch.nn.MultiheadAttention.
 * Shape: query [L, N, E], key [S, N, kdim], value [S, N, vdim] ([N, L, E] ... with batchFirst; or without N) -> output
 * like the query and weights [N, L, S] ([N, heads, L, S] unless averaged), or null.
 * State: in_proj_weight [3 E, E], or q_proj_weight, k_proj_weight, v_proj_weight with other sizes of keys or values;
 * in_proj_bias [3 E], out_proj.weight [E, E], out_proj.bias [E].
 * @throws ValueError when the heads do not divide embedDim, ShapeError when inputs or masks do not fit.
 * @source Vaswani et al. 2017; checked against torch.nn.MultiheadAttention 1.13 in attention.test.ts
 * @example
 * const [y, weights] = new MultiheadAttention(8, 2).forward(ones([3, 1, 8]), ones([5, 1, 8]), ones([5, 1, 8]))
 * y.shape // => [3, 1, 8]
 * weights.shape // => [1, 3, 5]
 */
export class MultiheadAttention extends Module<
  [query: Tensor, key: Tensor, value: Tensor, options?: MultiheadAttentionCall],
  [y: Tensor, weights: Tensor | null]
> {
  readonly embedDim: number
  readonly numHeads: number
  readonly dropout: number
  readonly batchFirst: boolean
  readonly kdim: number
  readonly vdim: number
  readonly in_proj_weight: Tensor | null
  readonly q_proj_weight: Tensor | null
  readonly k_proj_weight: Tensor | null
  readonly v_proj_weight: Tensor | null
  readonly in_proj_bias: Tensor | null
  readonly out_proj: Linear

  constructor(embedDim: number, numHeads: number, options: MultiheadAttentionOptions = {}) {
    super()
    const { dropout = 0, bias = true, kdim = embedDim, vdim = embedDim, batchFirst = false } = options
    checkSizes('MultiheadAttention', { embedDim, numHeads, kdim, vdim })
    checkProbability('MultiheadAttention', dropout)
    if (embedDim % numHeads !== 0) {
      throw new ValueError({
        op: 'MultiheadAttention',
        problem: 'the heads do not divide embedDim',
        got: `${numHeads} heads and embedDim ${embedDim}`,
        expected: 'a divisor',
      })
    }
    this.embedDim = embedDim
    this.numHeads = numHeads
    this.dropout = dropout
    this.batchFirst = batchFirst
    this.kdim = kdim
    this.vdim = vdim
    // PyTorch makes the output projection first and draws the input projections after it.
    const out = new Linear(embedDim, embedDim, { bias })
    const same = kdim === embedDim && vdim === embedDim
    this.in_proj_weight = same ? xavier([3 * embedDim, embedDim]) : null
    this.q_proj_weight = same ? null : xavier([embedDim, embedDim])
    this.k_proj_weight = same ? null : xavier([embedDim, kdim])
    this.v_proj_weight = same ? null : xavier([embedDim, vdim])
    this.in_proj_bias = bias ? constantParameter([3 * embedDim], 0) : null
    this.out_proj = out
    if (out.bias !== null) zeros_(out.bias)
  }

  forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    options: MultiheadAttentionCall = {},
  ): [y: Tensor, weights: Tensor | null] {
    this.checkInputs(query, key, value)
    if (query.rank === 2) {
      const axis = this.batchFirst ? 0 : 1
      const [y, weights] = this.attend(unsqueeze(query, axis), unsqueeze(key, axis), unsqueeze(value, axis), options)
      return [squeeze(y, axis), weights && squeeze(weights, 0)]
    }
    return this.attend(query, key, value, options)
  }

  /** Multiply-adds of a call, the output projection left out; see {@link Counted}. */
  macs([query, key]: readonly [query: Tensor, key: Tensor, ...unknown[]]): number {
    const { embedDim: E, kdim, vdim } = this
    const [queries, keys] = [query.size / E, key.size / kdim]
    const batch = query.rank === 2 ? 1 : query.shape[this.batchFirst ? 0 : 1]
    return queries * E * E + keys * E * (kdim + vdim) + (2 * queries * keys * E) / batch
  }

  private attend(query: Tensor, key: Tensor, value: Tensor, options: MultiheadAttentionCall): [Tensor, Tensor | null] {
    const { needWeights = true, averageWeights = true } = options
    const [q, k, v] = this.project(query, key, value).map((x) => this.toHeads(x))
    const mask = this.mask(options, q, k)
    const p = this.training ? this.dropout : 0
    const weights = attentionWeights(q, k, { mask, dropout: p })
    const [N, , L] = q.shape
    // [N, heads, L, E / heads] -> [N, L, E]
    const joined = reshape(transpose(matmul(weights, v), 1, 2), [N, L, this.embedDim])
    const y = this.out_proj.forward(this.batchFirst ? joined : transpose(joined, 0, 1))
    return [y, needWeights ? (averageWeights ? mean(weights, 1) : weights) : null]
  }

  /** The three projections. */
  private project(query: Tensor, key: Tensor, value: Tensor): Tensor[] {
    const { embedDim: E, in_proj_weight: joint, in_proj_bias: bias } = this
    if (joint !== null && query === key && key === value) {
      const all = linear(query, joint, bias)
      return [0, 1, 2].map((i) => slice(all, -1, i * E, (i + 1) * E))
    }
    const weights = [this.q_proj_weight, this.k_proj_weight, this.v_proj_weight]
    return [query, key, value].map((x, i) => {
      const weight = joint === null ? weights[i]! : slice(joint, 0, i * E, (i + 1) * E)
      return linear(x, weight, bias === null ? null : slice(bias, 0, i * E, (i + 1) * E))
    })
  }

  /** [L, N, E] or [N, L, E] -> [N, heads, L, E / heads]. */
  private toHeads(x: Tensor): Tensor {
    const first = this.batchFirst ? x : transpose(x, 0, 1)
    const [N, L, E] = first.shape
    return transpose(reshape(first, [N, L, this.numHeads, E / this.numHeads]), 1, 2)
  }

  /** Both masks as one to add to the scores [N, heads, L, S]. */
  private mask({ keyPaddingMask = null, attnMask = null }: AttentionMasks, q: Tensor, k: Tensor): Tensor | null {
    const [N, heads, L] = q.shape
    const S = k.shape[2]
    const parts: Tensor[] = []
    if (attnMask !== null) {
      this.checkMask('attnMask', attnMask, [
        [L, S],
        [N * heads, L, S],
      ])
      const mask = additive(attnMask)
      parts.push(mask.rank === 2 ? mask : reshape(mask, [N, heads, L, S]))
    }
    if (keyPaddingMask !== null) {
      this.checkMask('keyPaddingMask', keyPaddingMask, N === 1 ? [[N, S], [S]] : [[N, S]])
      parts.push(reshape(additive(keyPaddingMask), [N, 1, 1, S]))
    }
    return parts.length === 0 ? null : parts.reduce(add)
  }

  private checkMask(name: string, mask: Tensor, shapes: readonly Shape[]): void {
    if (shapes.some((shape) => show(shape) === show(mask.shape))) return
    throw new ShapeError({
      op: 'MultiheadAttention',
      problem: `${name} does not fit`,
      got: show(mask.shape),
      expected: shapes.map(show).join(' or '),
    })
  }

  private checkInputs(query: Tensor, key: Tensor, value: Tensor): void {
    const inputs = [query, key, value]
    for (const x of inputs) x.live('MultiheadAttention')
    const sizes = [this.embedDim, this.kdim, this.vdim]
    const [batch, time] = this.batchFirst ? [0, 1] : [1, 0]
    const fits =
      (query.rank === 2 || query.rank === 3) &&
      inputs.every((x, i) => x.rank === query.rank && x.shape[x.rank - 1] === sizes[i]) &&
      (query.rank === 2
        ? key.shape[0] === value.shape[0]
        : key.shape[time] === value.shape[time] && inputs.every((x) => x.shape[batch] === query.shape[batch]))
    if (fits) return
    throw new ShapeError({
      op: 'MultiheadAttention',
      problem: 'the inputs do not fit',
      got: inputs.map((x) => show(x.shape)).join(', '),
      expected: sizes.map((n, i) => (this.batchFirst ? `[N, ${'LSS'[i]}, ${n}]` : `[${'LSS'[i]}, N, ${n}]`)).join(', '),
    })
  }
}

/** Options of {@link TransformerEncoderLayer}. */
export interface TransformerEncoderLayerOptions {
  /** Size of the hidden layer. Default 2048. */
  readonly dimFeedforward?: number
  /** Default 0.1. */
  readonly dropout?: number
  /** Default relu. */
  readonly activation?: 'relu' | 'gelu' | ((x: Tensor) => Tensor)
  /** Default 1e-5. */
  readonly layerNormEps?: number
  /** Whether x is [N, T, E] rather than [T, N, E]. Default false. */
  readonly batchFirst?: boolean
  /** Whether to normalise before attention and hidden layer, rather than after adding them. Default false. */
  readonly normFirst?: boolean
}

/** Options of a transformer encoder's forward. */
export interface EncoderMasks {
  /** [T, T] or [N heads, T, T]; see {@link AttentionMasks}. */
  readonly mask?: Tensor | null
  /** [N, T]; see {@link AttentionMasks}. */
  readonly keyPaddingMask?: Tensor | null
}

/**
 * Self-attention and a hidden layer, each with dropout, a residual and a layer norm, as torch.nn.TransformerEncoderLayer.
 * Shape: x [T, N, dModel] ([N, T, dModel] with batchFirst; or [T, dModel]) -> same.
 * State: self_attn.*, linear1.*, linear2.*, norm1.*, norm2.*.
 * @source Vaswani et al. 2017; checked against torch.nn.TransformerEncoderLayer 1.13 in attention.test.ts
 * @example new TransformerEncoderLayer(8, 2, { dimFeedforward: 16 }).eval().forward(ones([5, 1, 8])).shape // => [5, 1, 8]
 */
export class TransformerEncoderLayer extends Module<[x: Tensor, masks?: EncoderMasks]> {
  readonly dModel: number
  readonly nhead: number
  readonly options: TransformerEncoderLayerOptions
  readonly normFirst: boolean
  /** Between the two linear layers. */
  readonly activation: (x: Tensor) => Tensor
  readonly self_attn: MultiheadAttention
  readonly linear1: Linear
  readonly dropout: Dropout
  readonly linear2: Linear
  readonly norm1: LayerNorm
  readonly norm2: LayerNorm
  readonly dropout1: Dropout
  readonly dropout2: Dropout

  constructor(dModel: number, nhead: number, options: TransformerEncoderLayerOptions = {}) {
    super()
    const {
      dimFeedforward = 2048,
      dropout = 0.1,
      activation = 'relu',
      layerNormEps: eps = 1e-5,
      batchFirst = false,
      normFirst = false,
    } = options
    checkSizes('TransformerEncoderLayer', { dModel, nhead, dimFeedforward })
    this.dModel = dModel
    this.nhead = nhead
    this.options = options
    this.normFirst = normFirst
    this.activation = activation === 'relu' ? relu : activation === 'gelu' ? gelu : activation
    if (typeof this.activation !== 'function') {
      throw new ValueError({
        op: 'TransformerEncoderLayer',
        problem: 'there is no such activation',
        got: String(activation),
        expected: 'relu, gelu or a function',
      })
    }
    this.self_attn = new MultiheadAttention(dModel, nhead, { dropout, batchFirst })
    this.linear1 = new Linear(dModel, dimFeedforward)
    this.dropout = new Dropout(dropout)
    this.linear2 = new Linear(dimFeedforward, dModel)
    this.norm1 = new LayerNorm(dModel, { eps })
    this.norm2 = new LayerNorm(dModel, { eps })
    this.dropout1 = new Dropout(dropout)
    this.dropout2 = new Dropout(dropout)
  }

  forward(x: Tensor, masks: EncoderMasks = {}): Tensor {
    if (this.normFirst) {
      const y = add(x, this.attend(this.norm1.forward(x), masks))
      return add(y, this.feed(this.norm2.forward(y)))
    }
    const y = this.norm1.forward(add(x, this.attend(x, masks)))
    return this.norm2.forward(add(y, this.feed(y)))
  }

  private attend(x: Tensor, { mask = null, keyPaddingMask = null }: EncoderMasks): Tensor {
    const [y] = this.self_attn.forward(x, x, x, { attnMask: mask, keyPaddingMask, needWeights: false })
    return this.dropout1.forward(y)
  }

  private feed(x: Tensor): Tensor {
    const hidden = this.dropout.forward(this.activation(this.linear1.forward(x)))
    return this.dropout2.forward(this.linear2.forward(hidden))
  }
}

/** A layer of the same options and weights, made without drawing from the default generator. */
const copyOf = (layer: TransformerEncoderLayer): TransformerEncoderLayer => {
  const generator = defaultGenerator()
  setDefaultGenerator(new Generator(0))
  try {
    const copy = new TransformerEncoderLayer(layer.dModel, layer.nhead, layer.options)
    copy.loadStateDict(layer.stateDict())
    return copy.train(layer.training)
  } finally {
    setDefaultGenerator(generator)
  }
}

/** Options of {@link TransformerEncoder}. */
export interface TransformerEncoderOptions {
  /** Applied at the end. Default none. */
  readonly norm?: LayerNorm | null
}

/**
 * Copies of an encoder layer, one after the other, as torch.nn.TransformerEncoder: all start with the layer's weights.
 * Shape: as the layer's. State: layers.0.*, ..., norm.*.
 * @source Checked against torch.nn.TransformerEncoder 1.13 in attention.test.ts
 * @example new TransformerEncoder(new TransformerEncoderLayer(8, 2), 3).layers.length // => 3
 */
export class TransformerEncoder extends Module<[x: Tensor, masks?: EncoderMasks]> {
  readonly layers: ModuleList<TransformerEncoderLayer>
  readonly norm: LayerNorm | null

  constructor(layer: TransformerEncoderLayer, numLayers: number, { norm = null }: TransformerEncoderOptions = {}) {
    super()
    checkSizes('TransformerEncoder', { numLayers })
    this.layers = new ModuleList(Array.from({ length: numLayers }, () => copyOf(layer)))
    this.norm = norm
  }

  forward(x: Tensor, masks: EncoderMasks = {}): Tensor {
    let y = x
    for (const layer of this.layers) y = layer.forward(y, masks)
    return this.norm === null ? y : this.norm.forward(y)
  }
}
