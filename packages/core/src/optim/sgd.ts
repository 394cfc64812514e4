import { add, mul } from '../ops/binary.ts'
import { addInPlace, copyInto } from '../ops/in-place.ts'
import type { Tensor } from '../tensor/tensor.ts'
import {
  Optimizer,
  type LiveGroup,
  type OptimizerFactory,
  type OptimizerOptions,
  type Parameters,
} from './optimizer.ts'
import { runRule, type UpdateRule } from './rule.ts'

/** What {@link Sgd} takes. */
export interface SgdOptions extends OptimizerOptions {
  /** Share of the last direction that is kept. Default 0. */
  readonly momentum?: number
  /** Share of the gradient that the direction leaves out, after the first step. Default 0. */
  readonly dampening?: number
  /** L2 penalty, added to the gradient. Default 0. */
  readonly weightDecay?: number
  /** Look ahead along the direction. Needs momentum and no dampening. Default false. */
  readonly nesterov?: boolean
}

type Attrs = Required<Omit<SgdOptions, 'maximize'>> & {
  /** Whether there is no direction yet: it becomes the gradient. */
  readonly first: boolean
}

const rule: UpdateRule<Attrs> = {
  name: 'sgdStep',
  loops: (p, g, [buffer], { lr, momentum, dampening, weightDecay, nesterov, first }) => {
    for (let i = 0; i < p.length; i++) {
      const d = g[i] + weightDecay * p[i]
      if (buffer === undefined) {
        p[i] -= lr * d
        continue
      }
      buffer[i] = first ? d : momentum * buffer[i] + (1 - dampening) * d
      p[i] -= lr * (nesterov ? d + momentum * buffer[i] : buffer[i])
    }
  },
  kernel: (k, n, p, g, [buffer = 0], { lr, momentum, dampening, weightDecay, nesterov, first }) =>
    k.f32_sgd(p, g, buffer, n, lr, momentum, dampening, weightDecay, Number(nesterov), Number(first)),
  compose: (p, g, [buffer], { lr, momentum, dampening, weightDecay, nesterov, first }) => {
    const d = weightDecay === 0 ? g : add(g, mul(p, weightDecay))
    if (buffer === undefined) return addInPlace(p, d, -lr)
    copyInto(buffer, first ? d : add(mul(buffer, momentum), mul(d, 1 - dampening)))
    addInPlace(p, nesterov ? add(d, mul(buffer, momentum)) : buffer, -lr)
  },
}

/**
 * Stochastic gradient descent with momentum, as torch.optim.SGD.
 *   v = momentum v + (1 - dampening) (g + weightDecay p);   p = p - lr v
 * The first v is the gradient itself.
 * @throws ValueError when an option is out of range.
 * @source Checked against torch.optim.SGD 1.13 in optim.test.ts
 * @example
 * const w = parameter(tensor([1]))
 * const optimizer = new Sgd([w], { lr: 0.1 })
 * sum(square(w)).backward()
 * optimizer.step()
 * w.toArray() // => [0.8]
 */
export class Sgd extends Optimizer<SgdOptions> {
  protected override get name(): string {
    return 'sgd'
  }

  constructor(parameters: Parameters<SgdOptions>, options: SgdOptions) {
    super(parameters, { momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, maximize: false, ...options })
  }

  protected override check(group: LiveGroup<SgdOptions>): void {
    super.check(group)
    const { momentum = 0, dampening = 0, weightDecay = 0, nesterov = false } = group
    this.checkOption('momentum', momentum, momentum >= 0, 'a number >= 0')
    this.checkOption('weightDecay', weightDecay, weightDecay >= 0, 'a number >= 0')
    this.checkOption(
      'nesterov',
      nesterov,
      !nesterov || (momentum > 0 && dampening === 0),
      'a momentum, and no dampening, with nesterov',
    )
  }

  protected override update(p: Tensor, g: Tensor, group: LiveGroup<SgdOptions>): void {
    const { lr, momentum = 0, dampening = 0, weightDecay = 0, nesterov = false } = group
    const first = this.stateOf(p)['momentum_buffer'] === undefined
    const states = momentum === 0 ? [] : [this.buffer(p, 'momentum_buffer')]
    runRule(rule, p, g, states, { lr, momentum, dampening, weightDecay, nesterov, first })
  }
}

/**
 * {@link Sgd} for `fit`, which supplies the parameters.
 * @example optim.sgd({ lr: 0.1, momentum: 0.9 })([parameter(tensor([1]))]) instanceof Sgd // => true
 */
export const sgd =
  (options: SgdOptions): OptimizerFactory =>
  (parameters) =>
    new Sgd(parameters, options)
