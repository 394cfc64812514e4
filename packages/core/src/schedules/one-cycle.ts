import { halfWave } from './decay.ts'
import { checkCount, checkOption, timed, type ScheduleRule, type TimedScheduleFactory } from './schedule.ts'

/** What {@link oneCycleLr} takes. A list holds one value per group. */
export interface OneCycleOptions {
  /** The largest rate. */
  readonly maxLr: number | readonly number[]
  /** Steps of the whole cycle. Or give `epochs` and `stepsPerEpoch`. */
  readonly totalSteps?: number
  readonly epochs?: number
  readonly stepsPerEpoch?: number
  /** Share of the steps that rise, in [0, 1]. Default 0.3. */
  readonly pctStart?: number
  /** The shape of rise and fall. Default `cos`. */
  readonly annealStrategy?: 'cos' | 'linear'
  /** Whether the momentum goes the other way. Default true. */
  readonly cycleMomentum?: boolean
  /** The smallest momentum. Default 0.85. */
  readonly baseMomentum?: number | readonly number[]
  /** The largest momentum. Default 0.95. */
  readonly maxMomentum?: number | readonly number[]
  /** The rate starts at maxLr / divFactor. Default 25. */
  readonly divFactor?: number
  /** And ends that much below its start. Default 10,000. */
  readonly finalDivFactor?: number
  /** Fall back to the start as one rose, then to the end. Default false. */
  readonly threePhase?: boolean
}

type Level = 'start' | 'top' | 'end'

/** Part of the cycle: until when, and from where to where. */
interface Phase {
  readonly until: number
  readonly from: Level
  readonly to: Level
}

const phasesOf = (total: number, pctStart: number, threePhase: boolean): Phase[] => {
  const rise: Phase = { until: pctStart * total - 1, from: 'start', to: 'top' }
  if (!threePhase) return [rise, { until: total - 1, from: 'top', to: 'end' }]
  const fall: Phase = { until: 2 * pctStart * total - 2, from: 'top', to: 'start' }
  return [rise, fall, { until: total - 1, from: 'start', to: 'end' }]
}

const pick = (value: number | readonly number[], group: number): number =>
  typeof value === 'number' ? value : value[group]

/**
 * One rise to a large rate and a long fall to a tiny one, the momentum going the other way, as torch's OneCycleLR.
 * Call `step` after each optimizer step.
 * @throws ValueError when the number of steps is not given, or an option is out of range.
 * @source Smith and Topin 2018; checked against torch.optim.lr_scheduler.OneCycleLR 1.13 in schedules.test.ts
 * @example
 * const optimizer = new Adam([parameter(tensor([1]))])
 * const schedule = oneCycleLr({ maxLr: 0.5, totalSteps: 10 })(optimizer)
 * schedule.lastLr // => [0.02]
 */
export const oneCycleLr = (options: OneCycleOptions): TimedScheduleFactory => {
  const { maxLr, pctStart = 0.3, annealStrategy = 'cos', cycleMomentum = true, threePhase = false } = options
  const { baseMomentum = 0.85, maxMomentum = 0.95, divFactor = 25, finalDivFactor = 1e4 } = options
  const total = options.totalSteps ?? (options.epochs ?? 0) * (options.stepsPerEpoch ?? 0)
  checkCount('oneCycleLr', 'totalSteps', total)
  checkOption('oneCycleLr', 'pctStart', pctStart, pctStart >= 0 && pctStart <= 1, 'a number in [0, 1]')
  checkOption(
    'oneCycleLr',
    'annealStrategy',
    annealStrategy,
    annealStrategy === 'cos' || annealStrategy === 'linear',
    "'cos' or 'linear'",
  )
  const phases = phasesOf(total, pctStart, threePhase)
  const between =
    annealStrategy === 'cos'
      ? halfWave
      : (from: number, to: number, share: number): number => (to - from) * share + from
  const level = (t: number, levels: Readonly<Record<Level, number>>): number => {
    checkOption('oneCycleLr', 'the step', t, t <= total, `at most ${total} steps`)
    let start = 0
    for (const { until, from, to } of phases) {
      if (t <= until || until === total - 1) return between(levels[from], levels[to], (t - start) / (until - start))
      start = until
    }
    return levels.end
  }
  const rule: ScheduleRule = {
    rate: (t, _, group) => {
      const top = pick(maxLr, group)
      return level(t, { start: top / divFactor, top, end: top / divFactor / finalDivFactor })
    },
  }
  if (!cycleMomentum) return timed(rule)
  const momentum = (t: number, group: number): number => {
    const high = pick(maxMomentum, group)
    return level(t, { start: high, top: pick(baseMomentum, group), end: high })
  }
  return timed({ ...rule, momentum })
}
