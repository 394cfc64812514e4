import { pow } from '../math/f64.ts'
import { add, div, maximum, mul } from '../ops/binary.ts'
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

/** What {@link Adam} and {@link AdamW} take. */
export interface AdamOptions extends Partial<OptimizerOptions> {
  /** Decay of the averages of the gradient and of its square, each in [0, 1). Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number]
  /** Added to the divisor. Default 1e-8. */
  readonly eps?: number
  /** Adam: L2 penalty added to the gradient, default 0. AdamW: share of the parameter taken off, default 0.01. */
  readonly weightDecay?: number
  /** Divide by the largest average of the square so far (AMSGrad). Default false. */
  readonly amsgrad?: boolean
}

type Options = AdamOptions & OptimizerOptions

interface Attrs {
  readonly beta1: number
  readonly beta2: number
  readonly eps: number
  /** L2 penalty added to the gradient. */
  readonly penalty: number
  /** Factor for the parameter before the update. */
  readonly shrink: number
  /** lr over the first average's bias. */
  readonly stepSize: number
  /** Square root of the second average's bias. */
  readonly root: number
}

const rule: UpdateRule<Attrs> = {
  name: 'adamStep',
  loops: (p, g, [m, v, top], { beta1, beta2, eps, penalty, shrink, stepSize, root }) => {
    for (let i = 0; i < p.length; i++) {
      const d = g[i] + penalty * p[i]
      p[i] *= shrink
      m[i] = beta1 * m[i] + (1 - beta1) * d
      v[i] = beta2 * v[i] + (1 - beta2) * d * d
      if (top !== undefined) top[i] = Math.max(top[i], v[i])
      p[i] -= (stepSize * m[i]) / (Math.sqrt(top === undefined ? v[i] : top[i]) / root + eps)
    }
  },
  kernel: (k, n, p, g, [m, v, top = 0], { beta1, beta2, eps, penalty, shrink, stepSize, root }) =>
    k.f32_adam(p, g, m, v, top, n, stepSize, beta1, beta2, eps, penalty, shrink, root, 1 - beta1, 1 - beta2),
  compose: (p, g, [m, v, top], { beta1, beta2, eps, penalty, shrink, stepSize, root }) => {
    const d = penalty === 0 ? g : add(g, mul(p, penalty))
    if (shrink !== 1) copyInto(p, mul(p, shrink))
    copyInto(m, add(mul(m, beta1), mul(d, 1 - beta1)))
    copyInto(v, add(mul(v, beta2), mul(square(d), 1 - beta2)))
    if (top !== undefined) copyInto(top, maximum(top, v))
    addInPlace(p, div(m, add(div(sqrt(top ?? v), root), eps)), -stepSize)
  },
}

/** Adam and AdamW differ in where the weight decay goes. */
abstract class AdamBase extends Optimizer<Options> {
  protected abstract readonly decoupled: boolean

  protected override check(group: LiveGroup<Options>): void {
    super.check(group)
    const { betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0 } = group
    this.checkOption('betas', betas, betas.length === 2 && betas.every((b) => b >= 0 && b < 1), 'two numbers in [0, 1)')
    this.checkOption('eps', eps, eps >= 0, 'a number >= 0')
    this.checkOption('weightDecay', weightDecay, weightDecay >= 0, 'a number >= 0')
  }

  protected override update(p: Tensor, g: Tensor, group: LiveGroup<Options>): void {
    const { lr, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0, amsgrad = false } = group
    const [beta1, beta2] = betas
    const step = this.count(p)
    const states = [this.buffer(p, 'exp_avg'), this.buffer(p, 'exp_avg_sq')]
    if (amsgrad) states.push(this.buffer(p, 'max_exp_avg_sq'))
    runRule(rule, p, g, states, {
      beta1,
      beta2,
      eps,
      penalty: this.decoupled ? 0 : weightDecay,
      shrink: this.decoupled ? 1 - lr * weightDecay : 1,
      stepSize: lr / (1 - pow(beta1, step)),
      root: Math.sqrt(1 - pow(beta2, step)),
    })
  }
}

const defaults = (weightDecay: number): Required<Options> => ({
  lr: 1e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay,
  amsgrad: false,
  maximize: false,
})

/**
 * Adam: steps of about `lr`, scaled by running averages of the gradient m and of its square v, as torch.optim.Adam.
 *   m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;  p = p - lr m' / (sqrt(v') + eps), m' and v' without bias
 * Default lr 1e-3.
 * @throws ValueError when an option is out of range.
 * @source Kingma and Ba 2015; checked against torch.optim.Adam 1.13 in optim.test.ts
 * @example
 * const w = parameter(tensor([1]))
 * const optimizer = new Adam([w], { lr: 0.1 })
 * sum(square(w)).backward()
 * optimizer.step()
 * w.toArray() // => [0.9]
 */
export class Adam extends AdamBase {
  protected readonly decoupled = false

  protected override get name(): string {
    return 'adam'
  }

  constructor(parameters: Parameters<AdamOptions>, options: AdamOptions = {}) {
    super(parameters as Parameters<Options>, { ...defaults(0), ...options })
  }
}

/**
 * Adam with weight decay apart from the gradient, as torch.optim.AdamW.   p = p (1 - lr weightDecay) first
 * Default lr 1e-3, weight decay 0.01.
 * @throws ValueError when an option is out of range.
 * @source Loshchilov and Hutter 2019; checked against torch.optim.AdamW 1.13 in optim.test.ts
 * @example
 * const w = parameter(tensor([1]))
 * const optimizer = new AdamW([w], { lr: 0.1, weightDecay: 0.5 })
 * sum(square(w)).backward()
 * optimizer.step()
 * w.toArray() // => [0.85]
 */
export class AdamW extends AdamBase {
  protected readonly decoupled = true

  protected override get name(): string {
    return 'adamw'
  }

  constructor(parameters: Parameters<AdamOptions>, options: AdamOptions = {}) {
    super(parameters as Parameters<Options>, { ...defaults(0.01), ...options })
  }
}

/**
 * {@link Adam} for `fit`, which supplies the parameters.
 * @example optim.adam({ lr: 1e-3 })([parameter(tensor([1]))]) instanceof Adam // => true
 */
export const adam =
  (options?: AdamOptions): OptimizerFactory =>
  (parameters) =>
    new Adam(parameters, options)

/**
 * {@link AdamW} for `fit`, which supplies the parameters.
 * @example optim.adamw({ lr: 1e-3 })([parameter(tensor([1]))]) instanceof AdamW // => true
 */
export const adamw =
  (options?: AdamOptions): OptimizerFactory =>
  (parameters) =>
    new AdamW(parameters, options)
