import { noGrad } from '../autograd/modes.ts'
import { ValueError } from '../errors.ts'
import { add, div, maximum, minimum, mul, pow } from '../ops/binary.ts'
import { clip } from '../ops/clip.ts'
import { amax, sum } from '../ops/reduce.ts'
import { copyInto } from '../ops/in-place.ts'
import { abs, sqrt, square } from '../ops/unary.ts'
import { scope } from '../tensor/scope.ts'
import { fromData } from '../tensor/create.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** What {@link clipGradNorm} takes. */
export interface ClipGradNormOptions {
  /** The norm, > 0; Infinity for the largest element. Default 2. */
  readonly normType?: number
}

/** The norm of all gradients together. */
const normOf = (gradients: readonly Tensor[], p: number): Tensor => {
  if (p === Infinity) return gradients.map((g) => amax(abs(g))).reduce(maximum)
  if (p === 2) return sqrt(gradients.map((g) => sum(square(g))).reduce(add))
  return pow(gradients.map((g) => sum(pow(abs(g), p))).reduce(add), 1 / p)
}

/**
 * Scales the gradients of `parameters` so that their common norm is at most `maxNorm`, as
 * torch.nn.utils.clip_grad_norm_.
 * @param maxNorm - > 0
 * @returns the norm before, a scalar tensor
 * @throws ValueError when `maxNorm` or the norm's type is not positive.
 * @source Checked against torch.nn.utils.clip_grad_norm_ 1.13 in clip-grad.test.ts
 * @example
 * const w = parameter(tensor([3, 4]))
 * sum(mul(w, w.detach())).backward()
 * clipGradNorm([w], 1).item() // => 5
 * w.grad.toArray() // => [0.6, 0.8]
 */
export const clipGradNorm = (
  parameters: readonly Tensor[],
  maxNorm: number,
  { normType = 2 }: ClipGradNormOptions = {},
): Tensor => {
  if (!(maxNorm > 0 && normType > 0)) {
    throw new ValueError({
      op: 'clipGradNorm',
      problem: 'not a norm',
      got: `maxNorm ${maxNorm}, normType ${normType}`,
      expected: 'numbers > 0',
    })
  }
  const gradients = parameters.map((p) => p.grad).filter((g) => g !== null)
  if (gradients.length === 0) return fromData(new Float32Array(1), [], 'f32')
  return noGrad(() =>
    scope(() => {
      const total = normOf(gradients, normType)
      const factor = minimum(div(maxNorm, add(total, 1e-6)), 1)
      for (const g of gradients) copyInto(g, mul(g, factor))
      return total
    }),
  )
}

/**
 * Cuts every element of the gradients of `parameters` to [-limit, limit], as torch.nn.utils.clip_grad_value_.
 * @throws ValueError when `limit` is negative.
 * @source Checked against torch.nn.utils.clip_grad_value_ 1.13 in clip-grad.test.ts
 * @example
 * const w = parameter(tensor([3, -4]))
 * sum(square(w)).backward()
 * clipGradValue([w], 7)
 * w.grad.toArray() // => [6, -7]
 */
export const clipGradValue = (parameters: readonly Tensor[], limit: number): void => {
  if (!(limit >= 0))
    throw new ValueError({
      op: 'clipGradValue',
      problem: 'the limit is negative',
      got: String(limit),
      expected: 'a number >= 0',
    })
  noGrad(() =>
    scope(() => parameters.forEach(({ grad }) => grad !== null && copyInto(grad, clip(grad, -limit, limit)))),
  )
}
