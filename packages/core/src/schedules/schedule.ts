import { ValueError } from '../errors.ts'
import type { Optimizer } from '../optim/optimizer.ts'

/** How a rate depends on time alone. Steps count from 0, before the first. */
export interface ScheduleRule {
  /** The rate at a step, from the group's initial rate. */
  rate(step: number, base: number, group: number): number
  /** The momentum at a step, or Adam's first beta; left out where the schedule does not touch it. */
  momentum?(step: number, group: number): number
}

/** What a schedule remembers, for checkpoints: plain data. */
export type ScheduleState = Readonly<Record<string, number | readonly number[]>>

/** Makes a schedule for an optimizer, as `stepLr({ stepSize: 10 })` does. */
export type ScheduleFactory = (optimizer: Optimizer) => Schedule

/** A {@link ScheduleFactory} that {@link sequential} takes: its rates depend on time alone. */
export type TimedScheduleFactory = ScheduleFactory & { readonly rule: ScheduleRule }

/** Changes an optimizer's learning rates over time; call `step` after each epoch, or after each optimizer step. */
export abstract class Schedule {
  /** The optimizer whose groups it changes. */
  readonly optimizer: Optimizer
  /** Steps so far. */
  protected at = 0

  constructor(optimizer: Optimizer) {
    this.optimizer = optimizer
  }

  /** The present rate of each group. */
  get lastLr(): number[] {
    return this.optimizer.paramGroups.map((group) => group.lr)
  }

  /** Goes on by one step. {@link reduceLrOnPlateau} wants the metric that it watches. */
  abstract step(metric?: number): void

  /** What it remembers; the rates themselves are in the optimizer's state. */
  stateDict(): ScheduleState {
    return { last_epoch: this.at }
  }

  /** Continues from a state. */
  loadStateDict(state: ScheduleState): void {
    this.at = numberOf(state, 'last_epoch')
  }
}

/** A number of a schedule's state. @throws ValueError when it is not there. */
export const numberOf = (state: ScheduleState, name: string): number => {
  const value = state[name]
  if (typeof value === 'number') return value
  throw new ValueError({
    op: 'schedule.loadStateDict',
    problem: `${name} is not in the state`,
    got: Object.keys(state).join(', ') || 'an empty state',
  })
}

class TimedSchedule extends Schedule {
  private readonly rule: ScheduleRule

  constructor(optimizer: Optimizer, rule: ScheduleRule) {
    super(optimizer)
    this.rule = rule
    for (const group of optimizer.paramGroups) group.initialLr ??= group.lr
    this.apply()
  }

  step(): void {
    this.at++
    this.apply()
  }

  private apply(): void {
    this.optimizer.paramGroups.forEach((group, i) => {
      group.lr = this.rule.rate(this.at, group.initialLr ?? group.lr, i)
      if (this.rule.momentum !== undefined) setMomentum(group, this.rule.momentum(this.at, i))
    })
  }
}

const setMomentum = (group: object, value: number): void => {
  if ('betas' in group) group.betas = [value, (group.betas as readonly number[])[1]]
  else if ('momentum' in group) group.momentum = value
  else
    throw new ValueError({
      op: 'schedule',
      problem: 'the optimizer has no momentum',
      got: 'cycleMomentum',
      advice: 'Pass { cycleMomentum: false }',
    })
}

/** A factory of schedules that follow `rule`. */
export const timed = (rule: ScheduleRule): TimedScheduleFactory =>
  Object.assign((optimizer: Optimizer): Schedule => new TimedSchedule(optimizer, rule), { rule })

/** Throws unless `fits`. */
export const checkOption = (op: string, name: string, got: unknown, fits: boolean, expected: string): void => {
  if (!fits) throw new ValueError({ op, problem: `${name} is out of range`, got: String(got), expected })
}

/** Throws unless a count is a whole number above 0. */
export const checkCount = (op: string, name: string, got: number): void =>
  checkOption(op, name, got, Number.isInteger(got) && got >= 1, 'an integer >= 1')
