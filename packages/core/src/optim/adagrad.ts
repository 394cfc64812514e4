import { add, div, mul } from '../ops/binary.ts'
import { addInPlace } from '../ops/in-place.ts'
import { sqrt, square } from '../ops/unary.ts'
import type { Tensor } from '../tensor/tensor.ts'
import {
  Optimizer,
  type LiveGroup,
  type OptimizerFactory,
  type OptimizerOptions,
  type Parameters,
} from './optimizer.ts'
import { runRule, type UpdateRule } from './rule.ts'

/** What {@link Adagrad} takes. */
export interface AdagradOptions extends Partial<OptimizerOptions> {
  /** The rate falls as lr / (1 + lrDecay (step - 1)). Default 0. */
  readonly lrDecay?: number
  /** L2 penalty, added to the gradient. Default 0. */
  readonly weightDecay?: number
  /** What the sums of squares start from. Default 0. */
  readonly initialAccumulatorValue?: number
  /** Added to the divisor. Default 1e-10. */
  readonly eps?: number
}

type Options = AdagradOptions & OptimizerOptions

interface Attrs {
  readonly rate: number
  readonly weightDecay: number
  readonly eps: number
}

const rule: UpdateRule<Attrs> = {
  name: 'adagradStep',
  loops: (p, g, [total], { rate, weightDecay, eps }) => {
    for (let i = 0; i < p.length; i++) {
      const d = g[i] + weightDecay * p[i]
      total[i] += d * d
      p[i] -= (rate * d) / (Math.sqrt(total[i]) + eps)
    }
  },
  kernel: (k, n, p, g, [total], { rate, weightDecay, eps }) => k.f32_adagrad(p, g, total, n, rate, eps, weightDecay),
  compose: (p, g, [total], { rate, weightDecay, eps }) => {
    const d = weightDecay === 0 ? g : add(g, mul(p, weightDecay))
    addInPlace(total, square(d))
    addInPlace(p, div(d, add(sqrt(total), eps)), -rate)
  },
}

/**
 * Adagrad: steps shrink with all squares of the gradient so far, as torch.optim.Adagrad.
 *   s = s + g^2;   p = p - lr g / (sqrt(s) + eps)
 * Default lr 0.01.
 * @throws ValueError when an option is out of range.
 * @source Duchi, Hazan and Singer 2011; checked against torch.optim.Adagrad 1.13 in optim.test.ts
 * @example
 * const w = parameter(tensor([1]))
 * const optimizer = new Adagrad([w], { lr: 0.1 })
 * sum(square(w)).backward()
 * optimizer.step()
 * w.toArray() // => [0.9]
 */
export class Adagrad extends Optimizer<Options> {
  protected override get name(): string {
    return 'adagrad'
  }

  constructor(parameters: Parameters<AdagradOptions>, options: AdagradOptions = {}) {
    const defaults = { lr: 0.01, lrDecay: 0, weightDecay: 0, initialAccumulatorValue: 0, eps: 1e-10, maximize: false }
    super(parameters as Parameters<Options>, { ...defaults, ...options })
  }

  protected override check(group: LiveGroup<Options>): void {
    super.check(group)
    const { lrDecay = 0, weightDecay = 0, initialAccumulatorValue = 0, eps = 1e-10 } = group
    this.checkOption('lrDecay', lrDecay, lrDecay >= 0, 'a number >= 0')
    this.checkOption('weightDecay', weightDecay, weightDecay >= 0, 'a number >= 0')
    this.checkOption('initialAccumulatorValue', initialAccumulatorValue, initialAccumulatorValue >= 0, 'a number >= 0')
    this.checkOption('eps', eps, eps >= 0, 'a number >= 0')
  }

  protected override update(p: Tensor, g: Tensor, group: LiveGroup<Options>): void {
    const { lr, lrDecay = 0, weightDecay = 0, initialAccumulatorValue = 0, eps = 1e-10 } = group
    const step = this.count(p)
    const states = [this.buffer(p, 'sum', initialAccumulatorValue)]
    runRule(rule, p, g, states, { rate: lr / (1 + (step - 1) * lrDecay), weightDecay, eps })
  }
}

/**
 * {@link Adagrad} for `fit`, which supplies the parameters.
 * @example optim.adagrad({ lr: 0.01 })([parameter(tensor([1]))]) instanceof Adagrad // => true
 */
export const adagrad =
  (options?: AdagradOptions): OptimizerFactory =>
  (parameters) =>
    new Adagrad(parameters, options)
