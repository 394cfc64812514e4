import { Generator, math } from '@lanewise/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkAnswer } from '../events/answer.ts'
import golden from './__golden__/pendulum.json' with { type: 'json' }
import { fitGravity, PendulumLab, pendulumParameters } from './pendulum-lab.ts'
import { pendulumPeriod, pendulumSwing, timeSwings } from './pendulum.ts'

test.each(golden.periods)('the period at $angleRad rad is that of the elliptic integral', ({ period, ...pendulum }) => {
  expect(Math.abs(pendulumPeriod(pendulum) / period - 1)).toBeLessThan(1e-14)
})

test.each(golden.periods)('swings from $angleRad rad, integrated, take the exact period', ({ period, ...pendulum }) => {
  // The phase of a step h = 2 pi / 1000 errs by h^4 / 120 = 1.3e-11 of itself. An error of the energy, in units of
  // k^2, changes the period by 1 / (2 (1 - k^2) K) of itself: much where the bob comes near the top.
  const K = (period * Math.sqrt(pendulum.gravity / pendulum.lengthM)) / 4
  const bound = 2e-11 * Math.max(1, 1 / (2 * Math.cos(pendulum.angleRad / 2) ** 2 * K))
  expect(Math.abs(timeSwings(pendulum, 1) / period - 1)).toBeLessThan(bound)
  expect(Math.abs(timeSwings(pendulum, 7) / (7 * period) - 1)).toBeLessThan(bound)
})

test.each(golden.motions)('motion with damping $damping is that of DOP853', ({ angle, velocity, ...pendulum }) => {
  const swing = pendulumSwing(pendulum, { durationS: 10, frames: 21 })
  // 1.3e-11 of the phase of a few turns, times the speed.
  angle.forEach((expected, i) => expect(Math.abs(swing.angleRad[i] - expected)).toBeLessThan(1e-8))
  velocity.forEach((expected, i) => expect(Math.abs(swing.velocity[i] - expected)).toBeLessThan(1e-8))
})

test('energy is kept without damping and only lost with it', () => {
  const energy = (gravity: number, angle: number, velocity: number): number =>
    (velocity * velocity) / 2 + gravity * (1 - math.cos(angle))
  const angles = fc.double({ min: 0.1, max: 2.9, noNaN: true })
  fc.assert(
    fc.property(angles, fc.double({ min: 0, max: 1, noNaN: true }), (angleRad, damping) => {
      const pendulum = { lengthM: 1, gravity: 9.81, angleRad, damping }
      const { angleRad: angle, velocity } = pendulumSwing(pendulum, { durationS: 5, frames: 40 })
      const energies = Array.from(angle, (x, i) => energy(9.81, x, velocity[i]))
      energies.slice(1).forEach((e, i) => {
        if (damping === 0) expect(Math.abs(e / energies[0] - 1)).toBeLessThan(1e-9)
        else expect(e).toBeLessThanOrEqual(energies[i] * (1 + 1e-9))
      })
    }),
    { numRuns: 20 },
  )
})

test('a pendulum that cannot be is refused', () => {
  const pendulum = { lengthM: 1, gravity: 9.81, angleRad: 1 }
  expect(() => pendulumPeriod({ ...pendulum, lengthM: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: pendulumPeriod: lengthM is out of range; got 0, expected a finite number above 0.]`,
  )
  expect(() => timeSwings({ ...pendulum, angleRad: 0 }, 1)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: timeSwings: nothing to time; got 1 swings from 0 rad, expected an integer >= 1 and an angle other than 0.]`,
  )
  expect(() => timeSwings({ ...pendulum, damping: 50 }, 1)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: timeSwings: the pendulum comes to rest before; got damping 50, 1 swings. Lower the damping or count fewer swings.]`,
  )
  expect(() => pendulumSwing(pendulum, { durationS: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: pendulumSwing: an option is out of range; got durationS 0, frames 200, expected a finite time above 0 and an integer >= 2.]`,
  )
})

let now = 0
const clock = (): number => (now += 1000)
const open = (seed: number = 3): PendulumLab => new PendulumLab({ learner: 'ann', seed, clock })

test('a careful learner passes, a hasty one does not', () => {
  let [careful, hasty] = [0, 0]
  for (let seed = 0; seed < 12; seed++) {
    const lab = open(seed)
    hasty += lab.check(fitGravity([lab.measure()])).correct ? 1 : 0
    lab.set('angleDeg', 5)
    lab.set('swings', 40)
    const seen = [0.5, 1, 1.5, 2].map((length) => {
      lab.set('lengthM', length)
      return lab.measure()
    })
    careful += lab.check(fitGravity(seen)).correct ? 1 : 0
  }
  expect(careful).toBe(12)
  expect(hasty).toBeLessThan(4)
})

test('hints follow what was done', () => {
  const lab = open()
  const asked = [lab.hint().id]
  lab.measure()
  asked.push(lab.hint().id)
  lab.set('swings', 30)
  lab.measure()
  asked.push(lab.hint().id)
  lab.set('angleDeg', 8)
  lab.measure()
  asked.push(lab.hint().id)
  for (const length of [1, 2]) {
    lab.set('lengthM', length)
    lab.measure()
  }
  asked.push(lab.hint().id)
  expect(asked).toEqual(['measure', 'swings', 'angle', 'lengths', 'slope'])
  // One careless measurement more does not undo the careful ones.
  lab.set('swings', 1)
  lab.measure()
  expect(lab.hint().id).toBe('slope')
})

test('everything is logged in order, and sums up to one answer', () => {
  now = 0
  const lab = new PendulumLab({ learner: 'ann', seed: 3, gravity: 9.81, clock })
  expect(lab.answer()).toBeNull()
  lab.set('swings', 20)
  lab.hint()
  const { seconds } = lab.measure()
  lab.check(5)
  lab.check(9.8)
  expect(lab.events.map(({ verb, index }) => [verb, index])).toEqual([
    ['set', 0],
    ['asked', 1],
    ['measured', 2],
    ['checked', 3],
    ['checked', 4],
  ])
  expect(lab.events[2]).toMatchObject({ lab: 'pendulum', learner: 'ann', timeMs: 3000, value: seconds })
  expect(lab.passed).toBe(true)
  expect(checkAnswer(lab.answer())).toEqual({
    learner: 'ann',
    question: 'pendulum/gravity',
    skills: ['measurement', 'period-of-a-pendulum'],
    correct: false,
    score: 1,
    timeMs: 4000,
    durationMs: 3000,
    hints: 1,
    attempts: 2,
  })
})

test('the same seed gives the same lab', () => {
  const run = (): number[] => {
    const lab = open(9)
    return [lab.measure().seconds, lab.measure().seconds]
  }
  expect(run()).toEqual(run())
  expect(open(10).measure().seconds).not.toBe(open(9).measure().seconds)
})

test('the watch errs as much as the hand', () => {
  const lab = new PendulumLab({ learner: 'ann', seed: 0, gravity: 9.81, reactionS: 0.1, clock })
  const exact = timeSwings({ lengthM: 0.5, gravity: 9.81, angleRad: Math.PI / 3, damping: 0.01 }, 1)
  const errors = Array.from({ length: 400 }, () => lab.measure().seconds - exact)
  const spread = Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / 400)
  // sqrt(2) 0.1 from two presses; 400 draws give it to 3.5 %, so 15 % is past four deviations.
  expect(Math.abs(spread / (Math.SQRT2 * 0.1) - 1)).toBeLessThan(0.15)
})

test('gravity is the slope of the line', () => {
  const g = new Generator(1)
  const rows = Array.from({ length: 5 }, () => {
    const lengthM = 0.2 + g.double()
    return { lengthM, swings: 10, seconds: 10 * 2 * Math.PI * Math.sqrt(lengthM / 3.71) }
  })
  expect(fitGravity(rows)).toBeCloseTo(3.71, 10)
})

test('a setting outside its range changes nothing', () => {
  const lab = open()
  expect(() => lab.set('lengthM', 3)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: PendulumLab.set: lengthM is out of range; got 3, expected a number from 0.1 to 2 m.]`,
  )
  expect(() => lab.set('swings', 1.5)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: PendulumLab.set: swings is out of range; got 1.5, expected a whole number from 1 to 50.]`,
  )
  expect(() => lab.set('colour', 1)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: PendulumLab.set: no such parameter; got colour, expected one of lengthM, massKg, angleDeg, swings.]`,
  )
  expect(() => lab.set('massKg', NaN)).toThrow('massKg')
  expect(() => lab.check(NaN)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: PendulumLab.check: not an answer; got NaN, expected a finite number.]`,
  )
  expect(() => fitGravity([])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: fitGravity: nothing to fit; got no measurements.]`,
  )
  expect(() => new PendulumLab({ learner: '', seed: 0 })).toThrow('PendulumLab: there is no learner')
  expect(() => new PendulumLab({ learner: 'ann', seed: 0, tolerance: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: PendulumLab: tolerance is out of range; got 0, expected a number between 0 and 1.]`,
  )
  expect(lab.events).toEqual([])
  expect(lab.settings).toEqual(Object.fromEntries(pendulumParameters.map(({ id, initial }) => [id, initial])))
})
