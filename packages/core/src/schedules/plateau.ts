import type { Optimizer } from '../optim/optimizer.ts'
import { ValueError } from '../errors.ts'
import { checkOption, numberOf, Schedule, type ScheduleFactory, type ScheduleState } from './schedule.ts'

/** What {@link reduceLrOnPlateau} takes. */
export interface PlateauOptions {
  /** Whether the metric should fall or rise. Default `min`. */
  readonly mode?: 'min' | 'max'
  /** Factor for the rate, below 1. Default 0.1. */
  readonly factor?: number
  /** Steps without improvement that are borne. Default 10. */
  readonly patience?: number
  /** How much counts as improvement. Default 1e-4. */
  readonly threshold?: number
  /** Whether `threshold` is a share of the best value or a difference. Default `rel`. */
  readonly thresholdMode?: 'rel' | 'abs'
  /** Steps after a change in which nothing counts. Default 0. */
  readonly cooldown?: number
  /** The smallest rate, for all groups or for each. Default 0. */
  readonly minLr?: number | readonly number[]
  /** Smaller changes of the rate are left out. Default 1e-8. */
  readonly eps?: number
}

class Plateau extends Schedule {
  private readonly options: Required<PlateauOptions>
  private best: number
  private bad = 0
  private resting = 0

  constructor(optimizer: Optimizer, options: Required<PlateauOptions>) {
    super(optimizer)
    this.options = options
    this.best = options.mode === 'min' ? Infinity : -Infinity
  }

  step(metric?: number): void {
    if (metric === undefined) {
      throw new ValueError({
        op: 'reduceLrOnPlateau',
        problem: 'step was called without the metric that it watches',
        expected: 'a number',
        advice: 'Pass the validation loss',
      })
    }
    const { patience, cooldown } = this.options
    this.at++
    if (this.improves(metric)) {
      this.best = metric
      this.bad = 0
    } else {
      this.bad++
    }
    if (this.resting > 0) {
      this.resting--
      this.bad = 0
    }
    if (this.bad <= patience) return
    this.reduce()
    this.resting = cooldown
    this.bad = 0
  }

  override stateDict(): ScheduleState {
    return { last_epoch: this.at, best: this.best, num_bad_epochs: this.bad, cooldown_counter: this.resting }
  }

  override loadStateDict(state: ScheduleState): void {
    super.loadStateDict(state)
    this.best = numberOf(state, 'best')
    this.bad = numberOf(state, 'num_bad_epochs')
    this.resting = numberOf(state, 'cooldown_counter')
  }

  private improves(metric: number): boolean {
    const { mode, threshold, thresholdMode } = this.options
    const sign = mode === 'min' ? -1 : 1
    const bar = thresholdMode === 'rel' ? this.best * (1 + sign * threshold) : this.best + sign * threshold
    return mode === 'min' ? metric < bar : metric > bar
  }

  private reduce(): void {
    const { factor, minLr, eps } = this.options
    this.optimizer.paramGroups.forEach((group, i) => {
      const lr = Math.max(group.lr * factor, typeof minLr === 'number' ? minLr : minLr[i])
      if (group.lr - lr > eps) group.lr = lr
    })
  }
}

/**
 * The rate falls when a metric stops improving, as torch's ReduceLROnPlateau: `step(metric)`.
 * @throws ValueError when `factor` is not below 1, or `step` gets no metric.
 * @source Checked against torch.optim.lr_scheduler.ReduceLROnPlateau 1.13 in schedules.test.ts
 * @example
 * const optimizer = new Sgd([parameter(tensor([1]))], { lr: 1 })
 * const schedule = reduceLrOnPlateau({ patience: 0 })(optimizer)
 * for (const loss of [1, 2]) schedule.step(loss)
 * schedule.lastLr // => [0.1]
 */
export const reduceLrOnPlateau = (options: PlateauOptions = {}): ScheduleFactory => {
  const full: Required<PlateauOptions> = {
    mode: 'min',
    factor: 0.1,
    patience: 10,
    threshold: 1e-4,
    thresholdMode: 'rel',
    cooldown: 0,
    minLr: 0,
    eps: 1e-8,
    ...options,
  }
  checkOption('reduceLrOnPlateau', 'factor', full.factor, full.factor >= 0 && full.factor < 1, 'a number in [0, 1)')
  return (optimizer) => new Plateau(optimizer, full)
}
