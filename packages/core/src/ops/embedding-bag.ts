import { image } from '@lanewise/kernels-wasm/image'
import { apply } from '../autograd/apply.ts'
import type { GradientContext } from '../autograd/node.ts'
import type { NDArray, OpDef } from '../autograd/op.ts'
import { ShapeError, ValueError } from '../errors.ts'
import { full } from '../tensor/create.ts'
import { sameShape, show } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { mul } from './binary.ts'
import { checkIndex } from './index-rules.ts'
import { embedding } from './embedding.ts'
import { sum } from './reduce.ts'
import { needFloat, needSameDType } from './rules.ts'
import { unsqueeze } from './views.ts'

// Inputs: rows [V, E] (or the sums' gradient [B, E]), index [B, K], share [B, K].

const bagOp: OpDef<undefined> = {
  name: 'embeddingBag',
  savesInputs: [0, 1, 2],
  infer: ([x, index]) => [{ shape: [index.shape[0], x.shape[1]], dtype: x.dtype }],
  reference: ([x, index, share], _, [y]: readonly NDArray[]) => {
    const [K, E] = [index.shape[1], x.shape[1]]
    index.data.forEach((row, t) => {
      const to = Math.floor(t / K) * E
      for (let e = 0; e < E; e++) y.data[to + e] += share.data[t] * x.data[row * E + e]
    })
  },
  wasm: (k, [x, index, share], _, [{ shape, dtype }]) => {
    const [B, E] = shape
    const K = index.shape[1]
    if (dtype !== 'f32' || B * E * K === 0) return null
    const y = k.empty(shape, dtype)
    const pX = k.contiguousPtr(x)
    k.use(image).f32_resample(pX, k.ptr(y), k.contiguousPtr(index), k.contiguousPtr(share), 1, x.shape[0], E, B, K)
    return [y]
  },
  gradient: (c, [dy]) => {
    const [index, share] = [c.input(1), c.input(2)]
    const dx = c.needs[0] ? apply(bagGradOp, [dy!, index, share], { rows: c.inputSpecs[0].shape[0] }) : null
    return [dx, null, shareGradient(c, c.input(0), dy!)]
  },
}

/** dshare[b, k] = rows[index[b, k]] . dy[b], where it is wanted. */
const shareGradient = <A>(c: GradientContext<A>, rows: Tensor, dy: Tensor): Tensor | null =>
  c.needs[2] ? sum(mul(embedding(c.input(1), rows), unsqueeze(dy, 1)), -1) : null

const bagGradOp: OpDef<{ readonly rows: number }> = {
  name: 'embeddingBagGrad',
  savesInputs: [0, 1, 2],
  infer: ([dy], { rows }) => [{ shape: [rows, dy.shape[1]], dtype: dy.dtype }],
  reference: ([dy, index, share], _, [dx]: readonly NDArray[]) => {
    const [K, E] = [index.shape[1], dy.shape[1]]
    index.data.forEach((row, t) => {
      const from = Math.floor(t / K) * E
      for (let e = 0; e < E; e++) dx.data[row * E + e] += share.data[t] * dy.data[from + e]
    })
  },
  wasm: (k, [dy, index, share], { rows }, [{ shape, dtype }]) => {
    const [B, E] = dy.shape
    const K = index.shape[1]
    if (dtype !== 'f32' || rows * B * E * K === 0) return null
    const dx = k.empty(shape, dtype)
    const pDy = k.contiguousPtr(dy)
    k.use(image).f32_resample_grad(pDy, k.ptr(dx), k.contiguousPtr(index), k.contiguousPtr(share), 1, rows, E, B, K)
    return [dx]
  },
  gradient: (c, [ddx]) => {
    const ddy = c.needs[0] ? apply(bagOp, [ddx!, c.input(1), c.input(2)], undefined) : null
    return [ddy, null, shareGradient(c, ddx!, c.input(0))]
  },
}

/** Options of {@link embeddingBag}. */
export interface EmbeddingBagOptions {
  /** Default mean. */
  readonly mode?: 'mean' | 'sum'
  /** What each row is multiplied by, [B, K]; with mode `sum` alone. Default 1. */
  readonly perSampleWeights?: Tensor
}

/**
 * Sums or means of rows of a weight, bag by bag, as torch.nn.functional.embedding_bag on bags of one size; no tensor of
 * the single rows is made.   y_b = sum_k share_bk weight[index_bk]
 * Shape: index [B, K] i32, weight [V, E] -> [B, E].
 * @throws ShapeError when the shapes do not fit, ValueError when an index is outside [0, V) or weights come with `mean`.
 * @source Checked against torch.nn.functional.embedding_bag 1.13 in embedding-bag.test.ts
 * @example
 * const weight = tensor([[1], [2], [4]])
 * embeddingBag(reshape(tensor(Int32Array.of(0, 2)), [1, 2]), weight).toArray() // => [[2.5]]
 */
export const embeddingBag = (
  index: Tensor,
  weight: Tensor,
  { mode = 'mean', perSampleWeights }: EmbeddingBagOptions = {},
): Tensor => {
  const op = 'embeddingBag'
  const fits = perSampleWeights === undefined || sameShape(perSampleWeights.shape, index.shape)
  if (index.rank !== 2 || weight.rank !== 2 || !fits) {
    throw new ShapeError({
      op,
      problem: 'the shapes do not fit',
      got: `index ${show(index.shape)}, weight ${show(weight.shape)}, perSampleWeights ${perSampleWeights ? show(perSampleWeights.shape) : 'none'}`,
      expected: 'index [B, K], weight [V, E], perSampleWeights like the index',
    })
  }
  if (perSampleWeights !== undefined && mode !== 'sum') {
    throw new ValueError({
      op,
      problem: 'weights come with the sum alone',
      got: `mode ${mode}`,
      expected: "mode 'sum'",
    })
  }
  needFloat(op, weight)
  checkIndex(op, index, weight.shape[0])
  if (perSampleWeights !== undefined) needSameDType(op, [weight, perSampleWeights])
  const { dtype, backend } = weight
  const even = mode === 'mean' ? 1 / index.shape[1] : 1
  const share = perSampleWeights ?? full(index.shape, even, { dtype, backend })
  return apply(bagOp, [weight, index, share], undefined)
}
