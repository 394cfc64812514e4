import { ShapeError, ValueError } from '../errors.ts'
import { isFloat } from '../tensor/dtype.ts'
import { normalizeAxes, normalizeAxis, show, sizeOf } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { add, div, mul, sub } from './binary.ts'
import { matmul } from './matmul.ts'
import { mean, norm, sum } from './reduce.ts'
import { expand, permute, reshape, transpose, unsqueeze } from './views.ts'

const needRanks = (op: string, xs: readonly Tensor[], rank: number): void => {
  if (xs.every((x) => x.rank === rank)) return
  throw new ShapeError({
    op,
    problem: 'the ranks do not fit',
    got: xs.map((x) => show(x.shape)).join(' and '),
    expected: `rank ${rank}`,
  })
}

/**
 * The sum of a_i b_i of two vectors.
 * @throws ShapeError unless both are vectors of one length.
 * @example dot(tensor([1, 2]), tensor([3, 4])).item() // => 11
 */
export const dot = (a: Tensor, b: Tensor): Tensor => {
  needRanks('dot', [a, b], 1)
  if (a.size !== b.size) {
    throw new ShapeError({
      op: 'dot',
      problem: 'the lengths differ',
      got: `${a.size} and ${b.size}`,
      expected: 'one length',
    })
  }
  return isFloat(a.dtype) && a.dtype === b.dtype ? matmul(a, b) : sum(mul(a, b))
}

/**
 * All products a_i b_j of two vectors.
 * Shape: a [n], b [m] -> [n, m].
 * @throws ShapeError unless both are vectors.
 * @example outer(tensor([1, 2]), tensor([3, 4])).toArray() // => [[3, 4], [6, 8]]
 */
export const outer = (a: Tensor, b: Tensor): Tensor => {
  needRanks('outer', [a, b], 1)
  return mul(unsqueeze(a, 1), b)
}

/**
 * Products of a batch of matrices.
 * Shape: a [N, n, k], b [N, k, m] -> [N, n, m].
 * @throws ShapeError unless both have rank 3, equal N and equal k.
 * @example bmm(tensor([[[1, 2]]]), tensor([[[3], [4]]])).toArray() // => [[[11]]]
 */
export const bmm = (a: Tensor, b: Tensor): Tensor => {
  needRanks('bmm', [a, b], 3)
  if (a.shape[0] !== b.shape[0]) {
    throw new ShapeError({
      op: 'bmm',
      problem: 'the batches differ',
      got: `${show(a.shape)} and ${show(b.shape)}`,
      expected: 'one size of axis 0',
    })
  }
  return matmul(a, b)
}

/** Options of {@link addmm}. */
export interface AddmmOptions {
  /** Factor of x. Default 1. */
  readonly beta?: number
  /** Factor of the product. Default 1. */
  readonly alpha?: number
}

/**
 * beta x + alpha a b, with x broadcast.
 * Shape: x broadcast to [n, m], a [n, k], b [k, m] -> [n, m].
 * @throws ShapeError when the shapes do not fit.
 * @example addmm(tensor([1]), [tensor([[1, 2]]), tensor([[3], [4]])]).toArray() // => [[12]]
 */
export const addmm = (
  x: Tensor,
  [a, b]: readonly [Tensor, Tensor],
  { beta = 1, alpha = 1 }: AddmmOptions = {},
): Tensor => {
  needRanks('addmm', [a, b], 2)
  const product = matmul(a, b)
  const scaled = alpha === 1 ? product : mul(product, alpha)
  return beta === 0 ? scaled : add(beta === 1 ? x : mul(x, beta), scaled)
}

/**
 * Sums of products over pairs of axes, as torch.tensordot.
 * @param axes - a number n pairs the last n axes of a with the first n of b; lists pair axes one by one. Default 2.
 * @throws ShapeError when paired axes differ.
 * @example tensordot(tensor([[1, 2]]), tensor([3, 4]), 1).toArray() // => [11]
 */
export const tensordot = (
  a: Tensor,
  b: Tensor,
  axes: number | readonly [readonly number[], readonly number[]] = 2,
): Tensor => {
  const [ofA, ofB] = pairedAxes(a, b, axes)
  const keptA = a.shape.map((_, i) => i).filter((i) => !ofA.includes(i))
  const keptB = b.shape.map((_, i) => i).filter((i) => !ofB.includes(i))
  const k = sizeOf(ofA.map((i) => a.shape[i]))
  const rows = reshape(permute(a, [...keptA, ...ofA]), [sizeOf(keptA.map((i) => a.shape[i])), k])
  const columns = reshape(permute(b, [...ofB, ...keptB]), [k, sizeOf(keptB.map((i) => b.shape[i]))])
  return reshape(matmul(rows, columns), [...keptA.map((i) => a.shape[i]), ...keptB.map((i) => b.shape[i])])
}

const pairedAxes = (
  a: Tensor,
  b: Tensor,
  axes: number | readonly [readonly number[], readonly number[]],
): [number[], number[]] => {
  const counted = typeof axes === 'number'
  if (counted && !(Number.isInteger(axes) && axes >= 0 && axes <= Math.min(a.rank, b.rank))) {
    throw new ValueError({
      op: 'tensordot',
      problem: 'not a number of axes',
      got: String(axes),
      expected: `an integer in [0, ${Math.min(a.rank, b.rank)}]`,
    })
  }
  const list = counted
    ? [Array.from({ length: axes }, (_, i) => a.rank - axes + i), Array.from({ length: axes }, (_, i) => i)]
    : axes
  const ofA = list[0].map((i) => normalizeAxis('tensordot', i, a.rank))
  const ofB = list[1].map((i) => normalizeAxis('tensordot', i, b.rank))
  normalizeAxes('tensordot', ofA, a.rank)
  normalizeAxes('tensordot', ofB, b.rank)
  if (ofA.length !== ofB.length || ofA.some((i, at) => a.shape[i] !== b.shape[ofB[at]])) {
    throw new ShapeError({
      op: 'tensordot',
      problem: 'the paired axes differ',
      got: `axes ${show(ofA)} of ${show(a.shape)} and ${show(ofB)} of ${show(b.shape)}`,
      expected: 'equal sizes',
    })
  }
  return [ofA, ofB]
}

/** Options of {@link meshgrid}. */
export interface MeshgridOptions {
  /** `ij` has the first vector along axis 0, `xy` along axis 1. Default ij, as torch 1.13. */
  readonly indexing?: 'ij' | 'xy'
}

/**
 * The coordinates of a grid whose axes are the given vectors, as views.
 * Shape: n vectors [s_i] -> n tensors [s_1, ..., s_n].
 * @throws ShapeError unless all are vectors.
 * @example meshgrid([tensor([1, 2]), tensor([3, 4])]).map((x) => x.toArray()) // => [[[1, 1], [2, 2]], [[3, 4], [3, 4]]]
 */
export const meshgrid = (xs: readonly Tensor[], { indexing = 'ij' }: MeshgridOptions = {}): Tensor[] => {
  needRanks('meshgrid', xs, 1)
  const shape = xs.map((x) => x.size)
  const grids = xs.map((x, i) =>
    expand(
      reshape(
        x,
        shape.map((n, j) => (i === j ? n : 1)),
      ),
      shape,
    ),
  )
  return indexing === 'xy' && xs.length > 1 ? grids.map((grid) => transpose(grid, 0, 1)) : grids
}

/** Options of {@link cdist}. */
export interface CdistOptions {
  /** The order of the norm. Default 2. */
  readonly p?: number
}

/**
 * The distances between all rows of a and all rows of b; the gradient of a distance of 0 is 0. Computed from
 * differences, exact also where rows nearly agree.
 * Shape: a [..., n, E], b [..., m, E] -> [..., n, m].
 * @throws ShapeError when the rows differ in length or the leading axes do not broadcast.
 * @example cdist(tensor([[0, 0]]), tensor([[3, 4], [0, 1]])).toArray() // => [[5, 1]]
 */
export const cdist = (a: Tensor, b: Tensor, { p = 2 }: CdistOptions = {}): Tensor => {
  if (a.rank < 2 || b.rank < 2 || a.shape[a.rank - 1] !== b.shape[b.rank - 1]) {
    throw new ShapeError({
      op: 'cdist',
      problem: 'the rows do not fit',
      got: `${show(a.shape)} and ${show(b.shape)}`,
      expected: '[..., n, E] and [..., m, E]',
    })
  }
  return norm(sub(unsqueeze(a, -2), unsqueeze(b, -3)), -1, { p })
}

/** Options of {@link cov}. */
export interface CovOptions {
  /** What is taken off the number of observations. Default 1. */
  readonly correction?: number
}

/**
 * The covariances of variables, one a row, with one observation a column, as torch.cov.
 * Shape: x [V, N] -> [V, V].
 * @throws ShapeError unless x is a matrix.
 * @example cov(tensor([[1, 2, 3], [3, 2, 1]])).toArray() // => [[1, -1], [-1, 1]]
 */
export const cov = (x: Tensor, { correction = 1 }: CovOptions = {}): Tensor => {
  needRanks('cov', [x], 2)
  const centred = sub(x, mean(x, 1, true))
  return div(matmul(centred, transpose(centred)), Math.max(0, x.shape[1] - correction))
}
