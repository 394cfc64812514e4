import { add, div, mul } from '../ops/binary.ts'
import { addInPlace, copyInto } from '../ops/in-place.ts'
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

/** What {@link Adadelta} takes. */
export interface AdadeltaOptions extends Partial<OptimizerOptions> {
  /** Decay of the averages, in [0, 1]. Default 0.9. */
  readonly rho?: number
  /** Added under the roots. Default 1e-6. */
  readonly eps?: number
  /** L2 penalty, added to the gradient. Default 0. */
  readonly weightDecay?: number
}

type Options = AdadeltaOptions & OptimizerOptions
type Attrs = Required<Omit<Options, 'maximize'>>

const rule: UpdateRule<Attrs> = {
  name: 'adadeltaStep',
  loops: (p, g, [s, moved], { lr, rho, eps, weightDecay }) => {
    for (let i = 0; i < p.length; i++) {
      const d = g[i] + weightDecay * p[i]
      s[i] = rho * s[i] + (1 - rho) * d * d
      const move = (Math.sqrt(moved[i] + eps) / Math.sqrt(s[i] + eps)) * d
      moved[i] = rho * moved[i] + (1 - rho) * move * move
      p[i] -= lr * move
    }
  },
  kernel: (k, n, p, g, [s, moved], { lr, rho, eps, weightDecay }) =>
    k.f32_adadelta(p, g, s, moved, n, lr, rho, eps, weightDecay, 1 - rho),
  compose: (p, g, [s, moved], { lr, rho, eps, weightDecay }) => {
    const d = weightDecay === 0 ? g : add(g, mul(p, weightDecay))
    copyInto(s, add(mul(s, rho), mul(square(d), 1 - rho)))
    const move = mul(div(sqrt(add(moved, eps)), sqrt(add(s, eps))), d)
    copyInto(moved, add(mul(moved, rho), mul(square(move), 1 - rho)))
    addInPlace(p, move, -lr)
  },
}

/**
 * Adadelta: steps in the units of the parameter, from running averages of squares, as torch.optim.Adadelta.
 *   s = rho s + (1 - rho) g^2;  d = sqrt(m + eps) / sqrt(s + eps) g;  m = rho m + (1 - rho) d^2;  p = p - lr d
 * Default lr 1.
 * @throws ValueError when an option is out of range.
 * @source Zeiler 2012; checked against torch.optim.Adadelta 1.13 in optim.test.ts
 * @example
 * const w = parameter(tensor([1]))
 * const optimizer = new Adadelta([w])
 * sum(square(w)).backward()
 * optimizer.step()
 * w.toArray() // => [0.9968]
 */
export class Adadelta extends Optimizer<Options> {
  protected override get name(): string {
    return 'adadelta'
  }

  constructor(parameters: Parameters<AdadeltaOptions>, options: AdadeltaOptions = {}) {
    super(parameters as Parameters<Options>, {
      lr: 1,
      rho: 0.9,
      eps: 1e-6,
      weightDecay: 0,
      maximize: false,
      ...options,
    })
  }

  protected override check(group: LiveGroup<Options>): void {
    super.check(group)
    const { rho = 0.9, eps = 1e-6, weightDecay = 0 } = group
    this.checkOption('rho', rho, rho >= 0 && rho <= 1, 'a number in [0, 1]')
    this.checkOption('eps', eps, eps >= 0, 'a number >= 0')
    this.checkOption('weightDecay', weightDecay, weightDecay >= 0, 'a number >= 0')
  }

  protected override update(p: Tensor, g: Tensor, group: LiveGroup<Options>): void {
    const { lr, rho = 0.9, eps = 1e-6, weightDecay = 0 } = group
    this.count(p)
    runRule(rule, p, g, [this.buffer(p, 'square_avg'), this.buffer(p, 'acc_delta')], { lr, rho, eps, weightDecay })
  }
}

/**
 * {@link Adadelta} for `fit`, which supplies the parameters.
 * @example optim.adadelta()([parameter(tensor([1]))]) instanceof Adadelta // => true
 */
export const adadelta =
  (options?: AdadeltaOptions): OptimizerFactory =>
  (parameters) =>
    new Adadelta(parameters, options)
