import {
  add,
  grad,
  mean,
  mul,
  noGrad,
  norm,
  rand,
  ShapeError,
  square,
  sub,
  sum,
  type Generator,
  type Tensor,
} from '@lanewise/core'

/** What {@link gradientPenalty} takes. */
export interface GradientPenaltyOptions {
  /** Draws the points between. Default: the default generator. */
  readonly generator?: Generator
}

/**
 * How far a critic's slope is from 1 at points between real and generated samples.
 *   mean_i (|| d D(x_i) / d x_i || - 1)^2,  x_i = e_i real_i + (1 - e_i) fake_i,  e_i from U(0, 1), one for each sample
 * Its gradient with respect to the critic's parameters is a second derivative.
 * Shape: real and fake [N, ...] -> [].
 * @param critic - gives a score for each sample; it must not mix samples, as batch norm does
 * @throws ShapeError when real and fake differ in shape.
 * @source Gulrajani et al. 2017, Improved Training of Wasserstein GANs; checked against torch 1.13 in losses.test.ts
 * @example
 * import { mul, sum, tensor } from '@lanewise/core'
 * const critic = (x) => mul(sum(x, 1), 2)
 * gradientPenalty(critic, tensor([[0]]), tensor([[5]])).item() // => 1
 */
export const gradientPenalty = (
  critic: (x: Tensor) => Tensor,
  real: Tensor,
  fake: Tensor,
  { generator }: GradientPenaltyOptions = {},
): Tensor => {
  if (real.shape.join() !== fake.shape.join()) {
    throw new ShapeError({
      op: 'gradientPenalty',
      problem: 'real and generated samples differ',
      got: `[${real.shape.join(',')}] and [${fake.shape.join(',')}]`,
      expected: 'one shape',
    })
  }
  const share = rand([real.shape[0], ...real.shape.slice(1).map(() => 1)], {
    backend: real.backend,
    dtype: real.dtype === 'f64' ? 'f64' : 'f32',
    ...(generator !== undefined && { generator }),
  })
  const between = noGrad(() => add(mul(share, real), mul(sub(1, share), fake))).requiresGrad_()
  const scores = critic(between)
  const [slope] = grad([sum(scores)], [between], { createGraph: true })
  const axes = real.shape.map((_, i) => i).slice(1)
  return mean(square(sub(norm(slope, axes), 1)))
}
