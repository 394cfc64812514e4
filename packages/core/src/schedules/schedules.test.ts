import { expect, test } from 'vitest'
import { parameter } from '../nn/module.ts'
import { Adagrad } from '../optim/adagrad.ts'
import { Adam } from '../optim/adam.ts'
import type { Optimizer } from '../optim/optimizer.ts'
import { Sgd } from '../optim/sgd.ts'
import { zeros } from '../tensor/create.ts'
import golden from './__golden__/schedules.json' with { type: 'json' }
import * as decay from './decay.ts'
import { oneCycleLr } from './one-cycle.ts'
import { reduceLrOnPlateau } from './plateau.ts'
import type { ScheduleFactory, TimedScheduleFactory } from './schedule.ts'

const { constantLr, cosineAnnealingLr, exponentialLr, lambdaLr, linearWarmup, sequential, stepLr } = decay

const inverse = (n: number): number => 1 / (n + 1)
const parts: Record<string, TimedScheduleFactory[]> = {
  5: [linearWarmup({ startFactor: 0.1, totalIters: 5 }), exponentialLr({ gamma: 0.9 })],
  '4,12': [
    constantLr({ factor: 0.5, totalIters: 100 }),
    cosineAnnealingLr({ tMax: 10 }),
    stepLr({ stepSize: 5, gamma: 0.5 }),
  ],
}

type Options = Record<string, never> & { milestones: number[]; name: string }
const factories: Record<string, (options: Options) => ScheduleFactory> = {
  ...(decay as unknown as Record<string, (options: Options) => ScheduleFactory>),
  oneCycleLr,
  reduceLrOnPlateau,
  sequential: ({ milestones }) => sequential(parts[String(milestones)], { milestones }),
  lambdaLr: ({ name }) => lambdaLr(name === 'inverse' ? inverse : [inverse, (n) => 0.5 * n]),
}

const optimizerOf = (kind: string): Optimizer => {
  const groups = [{ params: [parameter(zeros([1]))] }, { params: [parameter(zeros([1]))], lr: 0.2 }]
  return kind === 'adam'
    ? (new Adam(groups, { lr: 0.1 }) as Optimizer)
    : (new Sgd(groups, { lr: 0.1, momentum: 0.9 }) as Optimizer)
}

/** Rates, then momenta. */
const rowOf = (optimizer: Optimizer): number[] => {
  const momentum = (group: object): number =>
    'betas' in group ? (group.betas as number[])[0] : (group as { momentum: number }).momentum
  return [...optimizer.paramGroups.map((g) => g.lr), ...optimizer.paramGroups.map(momentum)]
}

const cases = golden.cases.map((c) => ({ ...c, title: `${c.name} ${JSON.stringify(c.options)}` }))

const close = (got: readonly number[], expected: readonly number[]): void =>
  // PyTorch multiplies step by step: 30 roundings of 1.1e-16 each, and as much from its pow and cos.
  got.forEach((x, i) => expect(Math.abs(x - expected[i])).toBeLessThanOrEqual(1e-14))

test.each(cases)('$title gives the rates of PyTorch', ({ name, kind, options, rows }) => {
  const optimizer = optimizerOf(kind)
  const schedule = factories[name](options as unknown as Options)(optimizer)
  rows.forEach((row, i) => {
    if (i > 0) schedule.step(golden.metrics[i - 1])
    close(rowOf(optimizer), row)
  })
})

test.each(cases)('$title continues from its state', ({ name, kind, options, rows }) => {
  const make = factories[name](options as unknown as Options)
  const first = optimizerOf(kind)
  const schedule = make(first)
  for (let i = 0; i < 12; i++) schedule.step(golden.metrics[i])
  const second = optimizerOf(kind)
  const resumed = make(second)
  second.loadStateDict(first.stateDict())
  resumed.loadStateDict(schedule.stateDict())
  for (let i = 12; i < 30; i++) resumed.step(golden.metrics[i])
  close(rowOf(second), rows[30])
})

test('errors name the rule', () => {
  const fails = (f: () => unknown) => expect(f)
  const adagrad = (): Optimizer => new Adagrad([parameter(zeros([1]))]) as Optimizer
  fails(() => stepLr({ stepSize: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: stepLr: stepSize is out of range; got 0, expected an integer >= 1.]`,
  )
  fails(() => constantLr({ factor: 2 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: constantLr: factor is out of range; got 2, expected a number in [0, 1].]`,
  )
  fails(() => linearWarmup({ startFactor: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: linearWarmup: startFactor is out of range; got 0, expected a number in (0, 1].]`,
  )
  fails(() => linearWarmup({ endFactor: -1 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: linearWarmup: endFactor is out of range; got -1, expected a number in [0, 1].]`,
  )
  fails(() => decay.polynomialLr({ totalIters: 0.5 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: polynomialLr: totalIters is out of range; got 0.5, expected an integer >= 1.]`,
  )
  fails(() => cosineAnnealingLr({ tMax: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: cosineAnnealingLr: tMax is out of range; got 0, expected an integer >= 1.]`,
  )
  fails(() => decay.cosineWarmRestarts({ t0: 1, tMult: 1.5 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: cosineWarmRestarts: tMult is out of range; got 1.5, expected an integer >= 1.]`,
  )
  fails(() => sequential([stepLr({ stepSize: 1 })], { milestones: [1] })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: sequential: milestones is out of range; got 1 for 1 schedules, expected one ascending milestone between each two schedules.]`,
  )
  fails(() => oneCycleLr({ maxLr: 1 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: oneCycleLr: totalSteps is out of range; got 0, expected an integer >= 1.]`,
  )
  fails(() => oneCycleLr({ maxLr: 1, totalSteps: 5, pctStart: 2 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: oneCycleLr: pctStart is out of range; got 2, expected a number in [0, 1].]`,
  )
  fails(() => oneCycleLr({ maxLr: 1, totalSteps: 5 })(adagrad())).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: schedule: the optimizer has no momentum; got cycleMomentum. Pass { cycleMomentum: false }.]`,
  )
  fails(() => reduceLrOnPlateau({ factor: 1 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: reduceLrOnPlateau: factor is out of range; got 1, expected a number in [0, 1).]`,
  )
  fails(() => reduceLrOnPlateau()(adagrad()).step()).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: reduceLrOnPlateau: step was called without the metric that it watches; expected a number. Pass the validation loss.]`,
  )
  fails(() => stepLr({ stepSize: 1 })(adagrad()).loadStateDict({})).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: schedule.loadStateDict: last_epoch is not in the state; got an empty state.]`,
  )
})
