import { ShapeError, ValueError } from '../errors.ts'
import { fromData } from '../tensor/create.ts'
import { show } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { add, eq, mul } from './binary.ts'
import { dropout } from './dropout.ts'
import { matmul } from './matmul.ts'
import { needFloat, needSameDType } from './rules.ts'
import { softmax } from './softmax.ts'
import { transpose } from './views.ts'
import { where } from './where.ts'

/** Options of {@link scaledDotProductAttention}. */
export interface AttentionOptions {
  /** Broadcast over [..., L, S]: bool, true where a query may look at a key; or float, added to the scores. */
  readonly mask?: Tensor | null
  /** The share of weights that is dropped. Default 0; pass 0 in evaluation. */
  readonly dropout?: number
  /** Whether query i looks at keys 0 to i only. Default false. */
  readonly isCausal?: boolean
  /** Factor on the scores. Default 1 / sqrt(E). */
  readonly scale?: number
}

/** Scores with -Infinity where a bool mask is false, or a float mask added. */
const masked = (scores: Tensor, mask: Tensor): Tensor =>
  mask.dtype === 'bool' || mask.dtype === 'u8' ? where(eq(mask, 0), -Infinity, scores) : add(scores, mask)

/** The lower triangle: query i may look at key j <= i. */
const causalMask = (L: number, S: number, like: Tensor): Tensor => {
  const data = new Uint8Array(L * S)
  for (let i = 0; i < L; i++) data.fill(1, i * S, i * S + Math.min(i + 1, S))
  return fromData(data, [L, S], 'bool', like.backend)
}

/**
 * The weights of scaled dot-product attention, softmax(scale q k^T + mask), after dropout.
 * Shape: q [..., L, E], k [..., S, E] -> [..., L, S].
 */
export const attentionWeights = (
  q: Tensor,
  k: Tensor,
  { mask = null, dropout: p = 0, isCausal = false, scale }: AttentionOptions = {},
): Tensor => {
  const E = q.shape[q.rank - 1]
  let scores = matmul(mul(q, scale ?? 1 / Math.sqrt(E)), transpose(k))
  if (mask !== null) scores = masked(scores, mask)
  if (isCausal) scores = masked(scores, causalMask(q.shape[q.rank - 2], k.shape[k.rank - 2], q))
  const weights = softmax(scores, -1)
  return p > 0 ? dropout(weights, p) : weights
}

/**
 * Attention, softmax(q k^T / sqrt(E) + mask) v, as torch.nn.functional.scaled_dot_product_attention.
 * Shape: q [..., L, E], k [..., S, E], v [..., S, F] -> [..., L, F]. A query whose keys are all masked gives NaN.
 * @throws ShapeError when the sizes do not fit, ValueError when `mask` and `isCausal` are both given.
 * @source Vaswani et al. 2017; checked against the formula in PyTorch 1.13 in attention.test.ts
 * @example
 * const [q, k, v] = [tensor([[1, 0]]), tensor([[0, 1], [0, 2]]), tensor([[1, 2], [3, 4]])]
 * scaledDotProductAttention(q, k, v).toArray() // => [[2, 3]]
 */
export const scaledDotProductAttention = (q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions = {}): Tensor => {
  const op = 'scaledDotProductAttention'
  for (const t of [q, k, v]) t.live(op)
  needFloat(op, q)
  needSameDType(op, [q, k, v])
  const least = Math.min(q.rank, k.rank, v.rank)
  if (least < 2 || q.shape[q.rank - 1] !== k.shape[k.rank - 1] || k.shape[k.rank - 2] !== v.shape[v.rank - 2]) {
    throw new ShapeError({
      op,
      problem: 'the sizes do not match',
      got: [q, k, v].map((t) => show(t.shape)).join(', '),
      expected: '[..., L, E], [..., S, E] and [..., S, F]',
    })
  }
  if (options.isCausal === true && options.mask)
    throw new ValueError({ op, problem: 'there are two masks', got: 'mask and isCausal', expected: 'one of them' })
  return matmul(attentionWeights(q, k, options), v)
}
