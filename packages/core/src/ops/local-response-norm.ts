import { ShapeError, ValueError } from '../errors.ts'
import { show, sizeOf } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { add, div, mul, pow } from './binary.ts'
import { averageOf } from './pool.ts'
import { needFloat } from './rules.ts'
import { square } from './unary.ts'
import { reshape } from './views.ts'

/** Options of {@link localResponseNorm}. */
export interface LocalResponseNormOptions {
  /** Default 1e-4. */
  readonly alpha?: number
  /** Default 0.75. */
  readonly beta?: number
  /** Default 1. */
  readonly k?: number
}

/**
 * Divides by the energy of the neighbouring channels, as torch.nn.functional.local_response_norm.
 * y_c = x_c / (k + alpha / size sum x_j^2)^beta over the `size` channels j from c - floor(size / 2).
 * Shape: x [N, C, ...] -> same.
 * @throws ValueError when the size is not a positive integer, ShapeError when x has fewer than three axes.
 * @source Krizhevsky et al. 2012; checked against torch.nn.functional.local_response_norm 1.13 in norm.test.ts
 * @example localResponseNorm(tensor([[[2], [0]]]), 1, { alpha: 1, beta: 1, k: 0 }).toArray()[0][0] // => [0.5]
 */
export const localResponseNorm = (
  x: Tensor,
  size: number,
  { alpha = 1e-4, beta = 0.75, k = 1 }: LocalResponseNormOptions = {},
): Tensor => {
  const op = 'localResponseNorm'
  x.live(op)
  needFloat(op, x)
  if (!Number.isInteger(size) || size < 1)
    throw new ValueError({ op, problem: 'the size does not fit', got: String(size), expected: 'an integer >= 1' })
  if (x.rank < 3)
    throw new ShapeError({
      op,
      problem: 'the rank does not fit',
      got: show(x.shape),
      expected: '[N, C, ...space] of three axes or more',
    })
  if (x.size === 0) return x
  const [N, C, ...space] = x.shape
  const input = [C, sizeOf(space)]
  const windows = {
    input,
    output: input,
    kernel: [size, 1],
    stride: [1, 1],
    padding: [Math.floor(size / 2), 0],
    dilation: [1, 1],
  }
  const energy = averageOf(reshape(square(x), [N, 1, ...input]), windows, size)
  return div(x, pow(add(mul(reshape(energy, x.shape), alpha), k), beta))
}
