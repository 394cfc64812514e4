import { add, div, mul, sub } from '../ops/binary.ts'
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

/** What {@link RmsProp} takes. */
export interface RmsPropOptions extends Partial<OptimizerOptions> {
  /** Decay of the averages, in [0, 1). Default 0.99. */
  readonly alpha?: number
  /** Added to the divisor. Default 1e-8. */
  readonly eps?: number
  /** L2 penalty, added to the gradient. Default 0. */
  readonly weightDecay?: number
  /** Share of the last direction that is kept. Default 0. */
  readonly momentum?: number
  /** Divide by an estimate of the variance instead of the mean square. Default false. */
  readonly centered?: boolean
}

type Options = RmsPropOptions & OptimizerOptions
type Attrs = Required<Omit<Options, 'maximize'>>

/** The states beyond the mean square: the mean when centred, the direction with momentum. */
const split = <T>(
  [square, second, third]: readonly T[],
  { centered }: Attrs,
): { square: T; average: T | undefined; buffer: T | undefined } =>
  centered ? { square, average: second, buffer: third } : { square, average: undefined, buffer: second }

const rule: UpdateRule<Attrs> = {
  name: 'rmspropStep',
  loops: (p, g, states, attrs) => {
    const { lr, alpha, eps, weightDecay, momentum } = attrs
    const { square: s, average, buffer } = split(states, attrs)
    for (let i = 0; i < p.length; i++) {
      const d = g[i] + weightDecay * p[i]
      s[i] = alpha * s[i] + (1 - alpha) * d * d
      if (average !== undefined) average[i] = alpha * average[i] + (1 - alpha) * d
      const spread = average === undefined ? s[i] : s[i] - average[i] * average[i]
      const move = d / (Math.sqrt(spread) + eps)
      if (buffer !== undefined) buffer[i] = momentum * buffer[i] + move
      p[i] -= lr * (buffer === undefined ? move : buffer[i])
    }
  },
  kernel: (k, n, p, g, states, attrs) => {
    const { lr, alpha, eps, weightDecay, momentum } = attrs
    const { square: s, average = 0, buffer = 0 } = split(states, attrs)
    k.f32_rmsprop(p, g, s, average, buffer, n, lr, alpha, eps, weightDecay, momentum, 1 - alpha)
  },
  compose: (p, g, states, attrs) => {
    const { lr, alpha, eps, weightDecay, momentum } = attrs
    const { square: s, average, buffer } = split(states, attrs)
    const d = weightDecay === 0 ? g : add(g, mul(p, weightDecay))
    copyInto(s, add(mul(s, alpha), mul(square(d), 1 - alpha)))
    if (average !== undefined) copyInto(average, add(mul(average, alpha), mul(d, 1 - alpha)))
    const move = div(d, add(sqrt(average === undefined ? s : sub(s, square(average))), eps))
    if (buffer !== undefined) copyInto(buffer, add(mul(buffer, momentum), move))
    addInPlace(p, buffer ?? move, -lr)
  },
}

/**
 * RMSprop: the gradient over the root of its running mean square, as torch.optim.RMSprop.
 *   s = alpha s + (1 - alpha) g^2;   p = p - lr g / (sqrt(s) + eps)
 * Default lr 0.01.
 * @throws ValueError when an option is out of range.
 * @source Hinton's lecture 6e; checked against torch.optim.RMSprop 1.13 in optim.test.ts
 * @example
 * const w = parameter(tensor([1]))
 * const optimizer = new RmsProp([w], { lr: 0.1 })
 * sum(square(w)).backward()
 * optimizer.step()
 * w.toArray() // => [0.0000]
 */
export class RmsProp extends Optimizer<Options> {
  protected override get name(): string {
    return 'rmsprop'
  }

  constructor(parameters: Parameters<RmsPropOptions>, options: RmsPropOptions = {}) {
    const defaults = { lr: 0.01, alpha: 0.99, eps: 1e-8, weightDecay: 0, momentum: 0, centered: false, maximize: false }
    super(parameters as Parameters<Options>, { ...defaults, ...options })
  }

  protected override check(group: LiveGroup<Options>): void {
    super.check(group)
    const { alpha = 0.99, eps = 1e-8, weightDecay = 0, momentum = 0 } = group
    this.checkOption('alpha', alpha, alpha >= 0, 'a number >= 0')
    this.checkOption('eps', eps, eps >= 0, 'a number >= 0')
    this.checkOption('weightDecay', weightDecay, weightDecay >= 0, 'a number >= 0')
    this.checkOption('momentum', momentum, momentum >= 0, 'a number >= 0')
  }

  protected override update(p: Tensor, g: Tensor, group: LiveGroup<Options>): void {
    const { lr, alpha = 0.99, eps = 1e-8, weightDecay = 0, momentum = 0, centered = false } = group
    this.count(p)
    const states = [this.buffer(p, 'square_avg')]
    if (centered) states.push(this.buffer(p, 'grad_avg'))
    if (momentum > 0) states.push(this.buffer(p, 'momentum_buffer'))
    runRule(rule, p, g, states, { lr, alpha, eps, weightDecay, momentum, centered })
  }
}

/**
 * {@link RmsProp} for `fit`, which supplies the parameters.
 * @example optim.rmsprop({ lr: 1e-3 })([parameter(tensor([1]))]) instanceof RmsProp // => true
 */
export const rmsprop =
  (options?: RmsPropOptions): OptimizerFactory =>
  (parameters) =>
    new RmsProp(parameters, options)
