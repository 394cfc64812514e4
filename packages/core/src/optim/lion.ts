import { add, mul } from '../ops/binary.ts'
import { addInPlace, copyInto } from '../ops/in-place.ts'
import { sign } from '../ops/unary.ts'
import type { Tensor } from '../tensor/tensor.ts'
import {
  Optimizer,
  type LiveGroup,
  type OptimizerFactory,
  type OptimizerOptions,
  type Parameters,
} from './optimizer.ts'
import { runRule, type UpdateRule } from './rule.ts'

/** What {@link Lion} takes. */
export interface LionOptions extends Partial<OptimizerOptions> {
  /** Decay for the direction and for the memory, each in [0, 1). Default [0.9, 0.99]. */
  readonly betas?: readonly [number, number]
  /** Share of the parameter taken off at each step, times lr. Default 0. */
  readonly weightDecay?: number
}

type Options = LionOptions & OptimizerOptions

interface Attrs {
  readonly lr: number
  readonly beta1: number
  readonly beta2: number
  /** Factor for the parameter before the update. */
  readonly shrink: number
}

const rule: UpdateRule<Attrs> = {
  name: 'lionStep',
  loops: (p, g, [m], { lr, beta1, beta2, shrink }) => {
    for (let i = 0; i < p.length; i++) {
      p[i] = p[i] * shrink - lr * Math.sign(beta1 * m[i] + (1 - beta1) * g[i])
      m[i] = beta2 * m[i] + (1 - beta2) * g[i]
    }
  },
  kernel: (k, n, p, g, [m], { lr, beta1, beta2, shrink }) =>
    k.f32_lion(p, g, m, n, lr, beta1, beta2, shrink, 1 - beta1, 1 - beta2),
  compose: (p, g, [m], { lr, beta1, beta2, shrink }) => {
    if (shrink !== 1) copyInto(p, mul(p, shrink))
    addInPlace(p, sign(add(mul(m, beta1), mul(g, 1 - beta1))), -lr)
    copyInto(m, add(mul(m, beta2), mul(g, 1 - beta2)))
  },
}

/**
 * Lion: steps of exactly `lr` by the sign of the averaged gradient. Wants a rate 3 to 10 times below Adam's.
 *   p = p (1 - lr weightDecay) - lr sign(b1 m + (1 - b1) g);   m = b2 m + (1 - b2) g
 * Default lr 1e-4.
 * @throws ValueError when an option is out of range.
 * @source Chen et al. 2023, algorithm 2; checked against NumPy in optim.test.ts
 * @example
 * const w = parameter(tensor([1]))
 * const optimizer = new Lion([w], { lr: 0.1 })
 * sum(square(w)).backward()
 * optimizer.step()
 * w.toArray() // => [0.9]
 */
export class Lion extends Optimizer<Options> {
  protected override get name(): string {
    return 'lion'
  }

  constructor(parameters: Parameters<LionOptions>, options: LionOptions = {}) {
    super(parameters as Parameters<Options>, {
      lr: 1e-4,
      betas: [0.9, 0.99],
      weightDecay: 0,
      maximize: false,
      ...options,
    })
  }

  protected override check(group: LiveGroup<Options>): void {
    super.check(group)
    const { betas = [0.9, 0.99], weightDecay = 0 } = group
    this.checkOption('betas', betas, betas.length === 2 && betas.every((b) => b >= 0 && b < 1), 'two numbers in [0, 1)')
    this.checkOption('weightDecay', weightDecay, weightDecay >= 0, 'a number >= 0')
  }

  protected override update(p: Tensor, g: Tensor, group: LiveGroup<Options>): void {
    const { lr, betas = [0.9, 0.99], weightDecay = 0 } = group
    runRule(rule, p, g, [this.buffer(p, 'exp_avg')], {
      lr,
      beta1: betas[0],
      beta2: betas[1],
      shrink: 1 - lr * weightDecay,
    })
  }
}

/**
 * {@link Lion} for `fit`, which supplies the parameters.
 * @example optim.lion({ lr: 1e-4 })([parameter(tensor([1]))]) instanceof Lion // => true
 */
export const lion =
  (options?: LionOptions): OptimizerFactory =>
  (parameters) =>
    new Lion(parameters, options)
