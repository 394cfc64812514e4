import type { NDArray } from '../autograd/op.ts'
import type { Shape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { add, mul, sub } from './binary.ts'
import { mean, sumTo } from './reduce.ts'
import { rsqrt, square } from './unary.ts'
import { reshape } from './views.ts'

/** What a normalisation's gradient needs: x and dy in a shape whose `axes` were normalised, gamma to broadcast over it. */
export interface Normalised {
  readonly x: Tensor
  readonly dy: Tensor
  readonly gamma: Tensor | null
  readonly axes: readonly number[]
  readonly eps: number
}

/** Gradients of x and, as summands of dgamma, of xhat; written so that they can be differentiated again. */
export const normGradient = ({ x, dy, gamma, axes, eps }: Normalised): { dx: Tensor; dGamma: Tensor } => {
  const centred = sub(x, mean(x, axes, true))
  const invstd = rsqrt(add(mean(square(centred), axes, true), eps))
  const xhat = mul(centred, invstd)
  const g = gamma === null ? dy : mul(dy, gamma)
  const spread = sub(sub(g, mean(g, axes, true)), mul(xhat, mean(mul(g, xhat), axes, true)))
  return { dx: mul(invstd, spread), dGamma: mul(dy, xhat) }
}

/** The sum of `d` over whatever gamma is broadcast over, in gamma's own shape. */
export const toGamma = (d: Tensor, broadcast: Shape, shape: Shape): Tensor => reshape(sumTo(d, broadcast), shape)

/** Mean, biased variance and 1 / sqrt(variance + eps) of `count` elements given by position. */
export const moments = (
  x: NDArray,
  count: number,
  at: (i: number) => number,
  eps: number,
): { mean: number; variance: number; invstd: number } => {
  let total = 0
  for (let i = 0; i < count; i++) total += x.data[at(i)]
  const mean = total / count
  let squares = 0
  for (let i = 0; i < count; i++) squares += (x.data[at(i)] - mean) * (x.data[at(i)] - mean)
  const variance = squares / count
  return { mean, variance, invstd: 1 / Math.sqrt(variance + eps) }
}
