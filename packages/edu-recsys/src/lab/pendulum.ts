import { math, ValueError } from '@lanewise/core'

/** A bob on a rod in a uniform field. */
export interface Pendulum {
  /** Metres from pivot to bob, above 0. */
  readonly lengthM: number
  /** Metres per second squared, above 0. */
  readonly gravity: number
  /** Angle from the vertical at time 0, where the bob is at rest; in radians, inside (-pi, pi). */
  readonly angleRad: number
  /** Rate at which the air takes speed away, per second. Default 0. */
  readonly damping?: number
}

/** Positions at equal steps of time. */
export interface Swing {
  /** Seconds from the release. */
  readonly timeS: Float64Array
  /** Radians from the vertical. */
  readonly angleRad: Float64Array
  /** Radians per second. */
  readonly velocity: Float64Array
}

const TWO_PI = 6.283185307179586

/** Angle and velocity. */
type State = Float64Array

/** Checks a pendulum before anything is computed. */
const checkPendulum = (op: string, { lengthM, gravity, angleRad, damping = 0 }: Pendulum): void => {
  const fail = (what: string, value: number, expected: string): never => {
    throw new ValueError({ op, problem: `${what} is out of range`, got: String(value), expected })
  }
  if (!(lengthM > 0 && lengthM < Infinity)) fail('lengthM', lengthM, 'a finite number above 0')
  if (!(gravity > 0 && gravity < Infinity)) fail('gravity', gravity, 'a finite number above 0')
  if (!(Math.abs(angleRad) < TWO_PI / 2)) fail('angleRad', angleRad, 'a number inside (-pi, pi)')
  if (!(damping >= 0 && damping < Infinity)) fail('damping', damping, 'a finite number >= 0')
}

/**
 * The exact period without damping.   T = 4 sqrt(L / g) K(sin(angle / 2)) = 2 pi sqrt(L / g) / agm(1, cos(angle / 2))
 * @returns seconds
 * @throws ValueError when the pendulum is not one.
 * @source Checked against scipy.special.ellipkm1 1.10 in lab.test.ts
 * @example pendulumPeriod({ lengthM: 1, gravity: 9.81, angleRad: 1 }) // => 2.139138
 */
export const pendulumPeriod = (pendulum: Pendulum): number => {
  checkPendulum('pendulumPeriod', pendulum)
  let [a, b] = [1, math.cos(pendulum.angleRad / 2)]
  while (a - b > 1e-16 * a) {
    const mean = (a + b) / 2
    b = Math.sqrt(a * b)
    if (mean >= a) break
    a = mean
  }
  return (TWO_PI * Math.sqrt(pendulum.lengthM / pendulum.gravity)) / a
}

/** One step of the classical Runge-Kutta method of order four for angle'' = -g/L sin(angle) - damping angle', in place. */
const advance = (state: State, h: number, { lengthM, gravity, damping = 0 }: Pendulum): void => {
  const pull = gravity / lengthM
  const angle = state[0]
  const v1 = state[1]
  const a1 = -pull * math.sin(angle) - damping * v1
  const v2 = v1 + (h / 2) * a1
  const a2 = -pull * math.sin(angle + (h / 2) * v1) - damping * v2
  const v3 = v1 + (h / 2) * a2
  const a3 = -pull * math.sin(angle + (h / 2) * v2) - damping * v3
  const v4 = v1 + h * a3
  const a4 = -pull * math.sin(angle + h * v3) - damping * v4
  state[0] = angle + (h / 6) * (v1 + 2 * v2 + 2 * v3 + v4)
  state[1] = v1 + (h / 6) * (a1 + 2 * a2 + 2 * a3 + a4)
}

/** A thousandth of a small swing: the phase errs by (2 pi / 1000)^4 / 120 = 1.3e-11 of itself. */
const stepOf = ({ lengthM, gravity }: Pendulum): number => (TWO_PI * Math.sqrt(lengthM / gravity)) / 1000

/**
 * The motion after release.
 * @param options.durationS - seconds
 * @param options.frames - positions, the first at time 0 and the last at the end; at least 2. Default 200.
 * @throws ValueError when the pendulum or an option is out of range.
 * @example
 * const swing = pendulumSwing({ lengthM: 1, gravity: 9.81, angleRad: 0.1 }, { durationS: 1, frames: 3 })
 * swing.timeS // => [0, 0.5, 1]
 * swing.angleRad[0] // => 0.1
 */
export const pendulumSwing = (
  pendulum: Pendulum,
  options: { readonly durationS: number; readonly frames?: number },
): Swing => {
  const { durationS, frames = 200 } = options
  checkPendulum('pendulumSwing', pendulum)
  if (!(durationS > 0 && durationS < Infinity && Number.isSafeInteger(frames) && frames >= 2)) {
    throw new ValueError({
      op: 'pendulumSwing',
      problem: 'an option is out of range',
      got: `durationS ${durationS}, frames ${frames}`,
      expected: 'a finite time above 0 and an integer >= 2',
    })
  }
  const between = durationS / (frames - 1)
  const steps = Math.ceil(between / stepOf(pendulum))
  const swing: Swing = {
    timeS: Float64Array.from({ length: frames }, (_, i) => i * between),
    angleRad: new Float64Array(frames),
    velocity: new Float64Array(frames),
  }
  const state: State = Float64Array.of(pendulum.angleRad, 0)
  for (let frame = 0; frame < frames; frame++) {
    swing.angleRad[frame] = state[0]
    swing.velocity[frame] = state[1]
    for (let i = 0; i < steps; i++) advance(state, between / steps, pendulum)
  }
  return swing
}

/** The time after `from` at which the angle is 0, by Newton's method from a straight line to `angle` a step later. */
const timeToZero = (from: State, h: number, pendulum: Pendulum, angle: number): number => {
  let time = (h * from[0]) / (from[0] - angle)
  for (let i = 0; i < 4; i++) {
    const there = from.slice()
    advance(there, time, pendulum)
    time -= there[0] / there[1]
  }
  return time
}

/**
 * The time of whole swings, from one passage through the lowest point to the same passage later.
 * @param swings - whole periods, at least 1
 * @returns seconds
 * @throws ValueError when the pendulum or `swings` is out of range, or the motion dies out before.
 * @source Without damping checked against the exact period in lab.test.ts
 * @example timeSwings({ lengthM: 1, gravity: 9.81, angleRad: 1 }, 10) / 10 // => 2.139138
 */
export const timeSwings = (pendulum: Pendulum, swings: number): number => {
  checkPendulum('timeSwings', pendulum)
  if (!(Number.isSafeInteger(swings) && swings >= 1) || pendulum.angleRad === 0) {
    throw new ValueError({
      op: 'timeSwings',
      problem: 'nothing to time',
      got: `${swings} swings from ${pendulum.angleRad} rad`,
      expected: 'an integer >= 1 and an angle other than 0',
    })
  }
  const h = stepOf(pendulum)
  // With strong damping the bob creeps to the bottom and never passes it.
  const patience = 4000 * (swings + 2)
  const state: State = Float64Array.of(pendulum.angleRad, 0)
  const before = new Float64Array(2)
  let [passages, first] = [0, 0]
  for (let i = 0; i < patience; i++) {
    before.set(state)
    advance(state, h, pendulum)
    if (before[0] === 0 || Math.sign(state[0]) === Math.sign(before[0])) continue
    const time = i * h + timeToZero(before, h, pendulum, state[0])
    if (passages === 0) first = time
    if (passages === 2 * swings) return time - first
    passages++
  }
  throw new ValueError({
    op: 'timeSwings',
    problem: 'the pendulum comes to rest before',
    got: `damping ${pendulum.damping ?? 0}, ${swings} swings`,
    advice: 'Lower the damping or count fewer swings',
  })
}
