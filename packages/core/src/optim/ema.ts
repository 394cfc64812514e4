import { noGrad } from '../autograd/modes.ts'
import { ShapeError, ValueError } from '../errors.ts'
import type { AnyModule, StateDict } from '../nn/module.ts'
import { add, mul } from '../ops/binary.ts'
import { contiguousCopy } from '../ops/copy.ts'
import { copyInto } from '../ops/in-place.ts'
import { isFloat } from '../tensor/dtype.ts'
import { keep, scope, untracked } from '../tensor/scope.ts'
import { sameShape, show } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** What {@link Ema} takes. */
export interface EmaOptions {
  /** Share of the average that stays at each update, in [0, 1]. Default 0.999. */
  readonly decay?: number
}

/**
 * Running averages of a model's parameters, which often predict better than the last ones.
 *   a = decay a + (1 - decay) p
 * They start from the parameters; buffers such as running statistics are copied as they are.
 * @throws ValueError when `decay` is outside [0, 1].
 * @source Checked against torch.optim.swa_utils.AveragedModel 1.13 in ema.test.ts
 * @example
 * const model = new Linear(1, 1)
 * const ema = new Ema(model, { decay: 0.5 })
 * noGrad(() => fill(model.weight, 4))
 * ema.update()
 * ema.apply(() => model.weight.item()) !== 4 // => true
 */
export class Ema {
  readonly decay: number
  private readonly model: AnyModule
  private readonly averages: Map<string, Tensor>

  constructor(model: { stateDict(): StateDict }, { decay = 0.999 }: EmaOptions = {}) {
    if (!(decay >= 0 && decay <= 1))
      throw new ValueError({
        op: 'Ema',
        problem: 'decay is out of range',
        got: String(decay),
        expected: 'a number in [0, 1]',
      })
    this.decay = decay
    this.model = model as AnyModule
    this.averages = copyOf(model.stateDict())
  }

  /** Moves the averages towards the parameters; call it after each optimizer step. */
  update(): void {
    const trained = new Set(this.model.namedParameters().keys())
    noGrad(() =>
      scope(() => {
        for (const [name, p] of this.model.stateDict()) {
          const a = this.averages.get(name)!
          copyInto(a, trained.has(name) && isFloat(p.dtype) ? add(mul(a, this.decay), mul(p, 1 - this.decay)) : p)
        }
      }),
    )
  }

  /** The averages by name, as a state dict: this object's own tensors. */
  stateDict(): StateDict {
    return new Map(this.averages)
  }

  /** Continues from averages saved earlier. @throws ValueError or ShapeError when they do not fit. */
  loadStateDict(state: ReadonlyMap<string, Tensor>): void {
    for (const [name, a] of this.averages) {
      const from = state.get(name)
      if (from === undefined) throw new ValueError({ op: 'Ema.loadStateDict', problem: 'a name is missing', got: name })
      if (!sameShape(a.shape, from.shape)) {
        throw new ShapeError({
          op: 'Ema.loadStateDict',
          problem: `${name} has another shape`,
          got: show(from.shape),
          expected: show(a.shape),
        })
      }
    }
    noGrad(() => this.averages.forEach((a, name) => copyInto(a, state.get(name)!)))
  }

  /** Runs `fn` with the averages in the model, then puts its own parameters back. */
  apply<T>(fn: () => T): T {
    const own = copyOf(this.model.stateDict())
    this.model.loadStateDict(this.averages)
    try {
      return fn()
    } finally {
      this.model.loadStateDict(own)
      for (const x of own.values()) x.dispose()
    }
  }
}

/** Copies of tensors that outlive every scope. */
const copyOf = (state: StateDict): Map<string, Tensor> =>
  untracked(() => noGrad(() => new Map([...state].map(([name, x]) => [name, keep(contiguousCopy(x))]))))
