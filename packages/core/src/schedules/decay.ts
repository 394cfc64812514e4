import { pow } from '../math/f64.ts'
import { cos } from '../math/trig.ts'
import { checkCount, checkOption, timed, type TimedScheduleFactory } from './schedule.ts'

/** What {@link stepLr} takes. */
export interface StepLrOptions {
  /** Steps between two changes. */
  readonly stepSize: number
  /** Factor at each change. Default 0.1. */
  readonly gamma?: number
}

/**
 * The rate falls by `gamma` every `stepSize` steps, as torch's StepLR.
 * @throws ValueError when `stepSize` is not a whole number above 0.
 * @source Checked against torch.optim.lr_scheduler.StepLR 1.13 in schedules.test.ts
 * @example
 * const optimizer = new Sgd([parameter(tensor([1]))], { lr: 0.5 })
 * const schedule = stepLr({ stepSize: 1, gamma: 0.1 })(optimizer)
 * schedule.step()
 * schedule.lastLr // => [0.05]
 */
export const stepLr = ({ stepSize, gamma = 0.1 }: StepLrOptions): TimedScheduleFactory => {
  checkCount('stepLr', 'stepSize', stepSize)
  return timed({ rate: (t, base) => base * pow(gamma, Math.floor(t / stepSize)) })
}

/** What {@link multiStepLr} takes. */
export interface MultiStepLrOptions {
  /** The steps at which the rate changes; one named twice counts twice. */
  readonly milestones: readonly number[]
  /** Factor at each change. Default 0.1. */
  readonly gamma?: number
}

/**
 * The rate falls by `gamma` at each milestone, as torch's MultiStepLR.
 * @source Checked against torch.optim.lr_scheduler.MultiStepLR 1.13 in schedules.test.ts
 * @example
 * const optimizer = new Sgd([parameter(tensor([1]))], { lr: 0.5 })
 * const schedule = multiStepLr({ milestones: [1] })(optimizer)
 * schedule.step()
 * schedule.lastLr // => [0.05]
 */
export const multiStepLr = ({ milestones, gamma = 0.1 }: MultiStepLrOptions): TimedScheduleFactory =>
  timed({ rate: (t, base) => base * pow(gamma, milestones.filter((m) => m <= t).length) })

/**
 * The rate falls by `gamma` at each step, as torch's ExponentialLR.
 * @source Checked against torch.optim.lr_scheduler.ExponentialLR 1.13 in schedules.test.ts
 * @example
 * const optimizer = new Sgd([parameter(tensor([1]))], { lr: 0.5 })
 * const schedule = exponentialLr({ gamma: 0.5 })(optimizer)
 * schedule.step()
 * schedule.lastLr // => [0.25]
 */
export const exponentialLr = ({ gamma }: { readonly gamma: number }): TimedScheduleFactory =>
  timed({ rate: (t, base) => base * pow(gamma, t) })

/** What {@link constantLr} takes. */
export interface ConstantLrOptions {
  /** Factor at first, in [0, 1]. Default 1/3. */
  readonly factor?: number
  /** Steps until the full rate. Default 5. */
  readonly totalIters?: number
}

/**
 * A smaller rate for the first steps, as torch's ConstantLR.
 * @throws ValueError when `factor` is outside [0, 1].
 * @source Checked against torch.optim.lr_scheduler.ConstantLR 1.13 in schedules.test.ts
 * @example constantLr({ factor: 0.5 })(new Sgd([parameter(tensor([1]))], { lr: 1 })).lastLr // => [0.5]
 */
export const constantLr = ({ factor = 1 / 3, totalIters = 5 }: ConstantLrOptions = {}): TimedScheduleFactory => {
  checkOption('constantLr', 'factor', factor, factor >= 0 && factor <= 1, 'a number in [0, 1]')
  return timed({ rate: (t, base) => (t < totalIters ? base * factor : base) })
}

/** What {@link linearWarmup} takes. */
export interface LinearWarmupOptions {
  /** Factor at first, in (0, 1]. Default 1/3. */
  readonly startFactor?: number
  /** Factor at the end, in [0, 1]. Default 1. */
  readonly endFactor?: number
  /** Steps from one to the other. Default 5. */
  readonly totalIters?: number
}

/**
 * The rate goes in a straight line from one factor to another, then stays, as torch's LinearLR.
 * @throws ValueError when a factor is out of range.
 * @source Checked against torch.optim.lr_scheduler.LinearLR 1.13 in schedules.test.ts
 * @example
 * const optimizer = new Sgd([parameter(tensor([1]))], { lr: 1 })
 * const schedule = linearWarmup({ startFactor: 0.5, totalIters: 2 })(optimizer)
 * schedule.step()
 * schedule.lastLr // => [0.75]
 */
export const linearWarmup = ({
  startFactor = 1 / 3,
  endFactor = 1,
  totalIters = 5,
}: LinearWarmupOptions = {}): TimedScheduleFactory => {
  checkOption('linearWarmup', 'startFactor', startFactor, startFactor > 0 && startFactor <= 1, 'a number in (0, 1]')
  checkOption('linearWarmup', 'endFactor', endFactor, endFactor >= 0 && endFactor <= 1, 'a number in [0, 1]')
  checkCount('linearWarmup', 'totalIters', totalIters)
  return timed({
    rate: (t, base) => base * (startFactor + ((endFactor - startFactor) * Math.min(t, totalIters)) / totalIters),
  })
}

/** What {@link polynomialLr} takes. */
export interface PolynomialLrOptions {
  /** Steps until the rate is 0. Default 5. */
  readonly totalIters?: number
  /** Default 1, a straight line. */
  readonly power?: number
}

/**
 * The rate falls to 0 as a power of the time left, as torch's PolynomialLR.
 * @throws ValueError when `totalIters` is not a whole number above 0.
 * @source Checked against torch.optim.lr_scheduler.PolynomialLR 1.13 in schedules.test.ts
 * @example
 * const optimizer = new Sgd([parameter(tensor([1]))], { lr: 1 })
 * const schedule = polynomialLr({ totalIters: 4 })(optimizer)
 * schedule.step()
 * schedule.lastLr // => [0.75]
 */
export const polynomialLr = ({ totalIters = 5, power = 1 }: PolynomialLrOptions = {}): TimedScheduleFactory => {
  checkCount('polynomialLr', 'totalIters', totalIters)
  return timed({ rate: (t, base) => base * pow(1 - Math.min(t, totalIters) / totalIters, power) })
}

/**
 * The rate times a factor of one's own, as torch's LambdaLR.
 * @param factor - of the step, counted from 0; or one function per group
 * @source Checked against torch.optim.lr_scheduler.LambdaLR 1.13 in schedules.test.ts
 * @example
 * const optimizer = new Sgd([parameter(tensor([1]))], { lr: 1 })
 * const schedule = lambdaLr((step) => 1 / (step + 1))(optimizer)
 * schedule.step()
 * schedule.lastLr // => [0.5]
 */
export const lambdaLr = (
  factor: ((step: number) => number) | readonly ((step: number) => number)[],
): TimedScheduleFactory =>
  timed({ rate: (t, base, group) => base * (typeof factor === 'function' ? factor : factor[group])(t) })

/** From `high` to `low` along half a wave, for a share in [0, 1]. */
export const halfWave = (high: number, low: number, share: number): number =>
  low + ((high - low) * (1 + cos(Math.PI * share))) / 2

/** What {@link cosineAnnealingLr} takes. */
export interface CosineAnnealingOptions {
  /** Steps from the initial rate to the smallest. */
  readonly tMax: number
  /** The smallest rate. Default 0. */
  readonly etaMin?: number
}

/**
 * The rate falls along half a wave, and rises again beyond, as torch's CosineAnnealingLR.
 * @throws ValueError when `tMax` is not a whole number above 0.
 * @source Loshchilov and Hutter 2017; checked against torch.optim.lr_scheduler.CosineAnnealingLR 1.13 in schedules.test.ts
 * @example
 * const optimizer = new Sgd([parameter(tensor([1]))], { lr: 1 })
 * const schedule = cosineAnnealingLr({ tMax: 2 })(optimizer)
 * schedule.step()
 * schedule.lastLr // => [0.5]
 */
export const cosineAnnealingLr = ({ tMax, etaMin = 0 }: CosineAnnealingOptions): TimedScheduleFactory => {
  checkCount('cosineAnnealingLr', 'tMax', tMax)
  return timed({ rate: (t, base) => halfWave(base, etaMin, t / tMax) })
}

/** What {@link cosineWarmRestarts} takes. */
export interface WarmRestartsOptions {
  /** Steps until the first restart. */
  readonly t0: number
  /** Factor for the length of each next run, a whole number. Default 1. */
  readonly tMult?: number
  /** The smallest rate. Default 0. */
  readonly etaMin?: number
}

/** The share of a run that is over at a step. */
const shareOfRun = (t: number, t0: number, tMult: number): number => {
  let [left, length] = [t, t0]
  if (tMult === 1) return (t % t0) / t0
  while (left >= length) {
    left -= length
    length *= tMult
  }
  return left / length
}

/**
 * The rate falls along half a wave again and again, as torch's CosineAnnealingWarmRestarts.
 * @throws ValueError when `t0` or `tMult` is not a whole number above 0.
 * @source Loshchilov and Hutter 2017; checked against torch.optim.lr_scheduler 1.13 in schedules.test.ts
 * @example
 * const optimizer = new Sgd([parameter(tensor([1]))], { lr: 1 })
 * const schedule = cosineWarmRestarts({ t0: 2 })(optimizer)
 * schedule.step()
 * schedule.step()
 * schedule.lastLr // => [1]
 */
export const cosineWarmRestarts = ({ t0, tMult = 1, etaMin = 0 }: WarmRestartsOptions): TimedScheduleFactory => {
  checkCount('cosineWarmRestarts', 't0', t0)
  checkCount('cosineWarmRestarts', 'tMult', tMult)
  return timed({ rate: (t, base) => halfWave(base, etaMin, shareOfRun(t, t0, tMult)) })
}

/**
 * Schedules one after the other, each counting from 0 at its milestone, as torch's SequentialLR.
 * @param milestones - the steps at which the second and later ones begin
 * @throws ValueError when there is not one milestone between each two schedules.
 * @source Checked against torch.optim.lr_scheduler.SequentialLR 1.13 in schedules.test.ts
 * @example
 * const optimizer = new Sgd([parameter(tensor([1]))], { lr: 1 })
 * const parts = [linearWarmup({ startFactor: 0.5, totalIters: 2 }), exponentialLr({ gamma: 0.9 })]
 * sequential(parts, { milestones: [2] })(optimizer).lastLr // => [0.5]
 */
export const sequential = (
  schedules: readonly TimedScheduleFactory[],
  { milestones }: { readonly milestones: readonly number[] },
): TimedScheduleFactory => {
  const fits =
    schedules.length > 0 &&
    milestones.length === schedules.length - 1 &&
    milestones.every((m, i) => i === 0 || m >= milestones[i - 1])
  checkOption(
    'sequential',
    'milestones',
    `${milestones.length} for ${schedules.length} schedules`,
    fits,
    'one ascending milestone between each two schedules',
  )
  const at = (t: number): { rule: TimedScheduleFactory['rule']; t: number } => {
    const passed = milestones.filter((m) => m <= t).length
    return { rule: schedules[passed].rule, t: passed === 0 ? t : t - milestones[passed - 1] }
  }
  const rate: TimedScheduleFactory['rule']['rate'] = (t, base, group) => {
    const part = at(t)
    return part.rule.rate(part.t, base, group)
  }
  return timed({ rate })
}
