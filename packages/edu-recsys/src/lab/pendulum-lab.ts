import { Generator, ValueError } from '@lanewise/core'
import type { Answer } from '../events/answer.ts'
import type { LabCheck, LabEvent, LabEventBase, LabHint, LabParameter } from './lab.ts'
import { timeSwings } from './pendulum.ts'

/** What {@link PendulumLab} takes. */
export interface PendulumLabOptions {
  readonly learner: string
  /** Draws the planet and the errors of measurement: the same seed, the same lab. */
  readonly seed: number
  /** Metres per second squared, from 1 to 30. Default drawn from 3 to 15. */
  readonly gravity?: number
  /** How far the answer may be off, as a share. Default 0.02. */
  readonly tolerance?: number
  /** Spread of the moments at which the stop-watch is pressed, in seconds. Default 0.1. */
  readonly reactionS?: number
  /** Milliseconds since 1970. Default the system's clock. */
  readonly clock?: () => number
}

/** One use of the stop-watch. */
export interface PendulumMeasurement {
  readonly lengthM: number
  readonly angleDeg: number
  readonly massKg: number
  readonly swings: number
  /** What the watch shows for all swings together. */
  readonly seconds: number
}

/** What can be set. */
export const pendulumParameters: readonly LabParameter[] = [
  { id: 'lengthM', label: 'Length of the string', unit: 'm', low: 0.1, high: 2, initial: 0.5 },
  { id: 'massKg', label: 'Mass of the bob', unit: 'kg', low: 0.05, high: 2, initial: 0.2 },
  { id: 'angleDeg', label: 'Angle at release', unit: '°', low: 1, high: 80, initial: 60 },
  { id: 'swings', label: 'Swings to time', unit: '', low: 1, high: 50, whole: true, initial: 1 },
]

const DEGREE = 0.017453292519943295
const AIR = 0.002
const FOUR_PI_SQUARED = 39.47841760435743

const hints: Readonly<Record<string, string>> = {
  measure: 'Time some swings first: the watch starts and stops when the bob passes its lowest point.',
  swings: 'Your finger is late or early by about a tenth of a second, however long you time. Time 20 swings or more.',
  angle: 'The formula for the period holds for small angles. Let the bob go at 10 degrees or less.',
  lengths: 'Measure at three lengths or more, and draw the square of the period against the length: a straight line.',
  slope: 'The line is T² = 4π² L / g, with T the time of one swing. What does its slope tell you about g?',
}

/** Measurements that the formula for small angles fits, timed well. */
const isGood = ({ swings, angleDeg }: PendulumMeasurement): boolean => swings >= 20 && angleDeg <= 10

/** Checks a setting against its range. */
const checkSetting = (id: string, value: number): void => {
  const parameter = pendulumParameters.find((candidate) => candidate.id === id)
  if (parameter === undefined) {
    const expected = `one of ${pendulumParameters.map((known) => known.id).join(', ')}`
    throw new ValueError({ op: 'PendulumLab.set', problem: 'no such parameter', got: id, expected })
  }
  const { low, high, unit, whole = false } = parameter
  if (value >= low && value <= high && (!whole || Number.isInteger(value))) return
  throw new ValueError({
    op: 'PendulumLab.set',
    problem: `${id} is out of range`,
    got: String(value),
    expected: `${whole ? 'a whole number' : 'a number'} from ${low} to ${high} ${unit}`.trimEnd(),
  })
}

/**
 * The gravity that fits measurements best: the line through the origin of T² against L has the slope 4 pi² / g.
 * @throws ValueError when there are no measurements.
 * @example fitGravity([{ lengthM: 1, swings: 10, seconds: 20 }]) // => 9.869604
 */
export const fitGravity = (
  measurements: readonly Pick<PendulumMeasurement, 'lengthM' | 'swings' | 'seconds'>[],
): number => {
  if (measurements.length === 0)
    throw new ValueError({ op: 'fitGravity', problem: 'nothing to fit', got: 'no measurements' })
  let [products, squares] = [0, 0]
  for (const { lengthM, swings, seconds } of measurements) {
    const period = seconds / swings
    products += lengthM * period * period
    squares += lengthM * lengthM
  }
  return (FOUR_PI_SQUARED * squares) / products
}

/**
 * A virtual lab: on an unknown planet, find its gravity with a pendulum and a stop-watch. The watch is pressed by
 * hand, so it errs; the period is that of the full equation, not of the formula for small angles. Everything the
 * learner does is kept as an event, and {@link PendulumLab.answer} sums the task up as an {@link Answer}.
 * @throws ValueError when an option is out of range.
 * @example
 * const lab = new PendulumLab({ learner: 'ann', seed: 1, clock: () => 0 })
 * lab.set('angleDeg', 5)
 * lab.set('swings', 40)
 * const seen = [0.5, 1, 2].map((length) => { lab.set('lengthM', length); return lab.measure() })
 * lab.check(fitGravity(seen)).correct // => true
 * lab.events.length // => 9
 */
export class PendulumLab {
  readonly name = 'pendulum'
  readonly task: string
  readonly #learner: string
  readonly #gravity: number
  readonly #tolerance: number
  readonly #reactionS: number
  readonly #clock: () => number
  readonly #generator: Generator
  readonly #settings: Record<string, number>
  readonly #events: LabEvent[] = []
  readonly #measurements: PendulumMeasurement[] = []

  constructor(options: PendulumLabOptions) {
    const { learner, seed, tolerance = 0.02, reactionS = 0.1, clock = Date.now } = options
    this.#generator = new Generator(seed)
    const drawn = 3 + 12 * this.#generator.double()
    const { gravity = drawn } = options
    checkOptions({ gravity, tolerance, reactionS })
    if (typeof learner !== 'string' || learner === '')
      throw new ValueError({
        op: 'PendulumLab',
        problem: 'there is no learner',
        got: String(learner),
        expected: 'text',
      })
    this.#learner = learner
    this.#gravity = gravity
    this.#tolerance = tolerance
    this.#reactionS = reactionS
    this.#clock = clock
    this.#settings = Object.fromEntries(pendulumParameters.map(({ id, initial }) => [id, initial]))
    this.task = `Find the gravity of this planet in m/s², to within ${+(100 * tolerance).toPrecision(3)} %.`
  }

  /** What everything is set to. */
  get settings(): Readonly<Record<string, number>> {
    return { ...this.#settings }
  }

  /** What the learner did, in order. */
  get events(): readonly LabEvent[] {
    return [...this.#events]
  }

  /** What the watch showed, in order. */
  get measurements(): readonly PendulumMeasurement[] {
    return [...this.#measurements]
  }

  /**
   * Sets a parameter of {@link pendulumParameters}.
   * @throws ValueError when there is no such parameter or the value is outside its range; nothing changes then.
   */
  set(parameter: string, value: number): void {
    checkSetting(parameter, value)
    this.#settings[parameter] = value
    this.#log({ verb: 'set', parameter, value })
  }

  /** Lets the bob go and times the swings, as well as a hand can. */
  measure(): PendulumMeasurement {
    const { lengthM = 0, massKg = 0, angleDeg = 0, swings = 0 } = this.#settings
    const pendulum = { lengthM, gravity: this.#gravity, angleRad: angleDeg * DEGREE, damping: AIR / massKg }
    const [late, early] = this.#generator.normal(new Float64Array(2))
    const exact = timeSwings(pendulum, swings)
    // A watch shows hundredths, and never less than one.
    const seconds = Math.max(1, Math.round(100 * (exact + this.#reactionS * (late - early)))) / 100
    const measurement = { lengthM, massKg, angleDeg, swings, seconds }
    this.#measurements.push(measurement)
    this.#log({ verb: 'measured', settings: this.settings, value: seconds })
    return measurement
  }

  /** The next thing that would help, judged by what was measured so far. */
  hint(): LabHint {
    const last = this.#measurements.at(-1)
    const good = this.#measurements.filter(isGood)
    const lengths = new Set(good.map(({ lengthM }) => lengthM)).size
    const id =
      last === undefined
        ? 'measure'
        : good.length === 0 && last.swings < 20
          ? 'swings'
          : good.length === 0
            ? 'angle'
            : lengths < 3
              ? 'lengths'
              : 'slope'
    this.#log({ verb: 'asked', hint: id })
    return { id, text: hints[id] ?? '' }
  }

  /**
   * Checks the learner's gravity.
   * @throws ValueError when it is not a number; nothing is logged then.
   */
  check(gravity: number): LabCheck {
    if (!Number.isFinite(gravity))
      throw new ValueError({
        op: 'PendulumLab.check',
        problem: 'not an answer',
        got: String(gravity),
        expected: 'a finite number',
      })
    const off = Math.abs(gravity - this.#gravity) / this.#gravity
    const correct = off <= this.#tolerance
    this.#log({ verb: 'checked', value: gravity, correct })
    const text = correct ? 'That is right.' : off < 0.1 ? 'Close, but not close enough.' : 'That is not it.'
    return { correct, text }
  }

  /** Whether a check has succeeded. */
  get passed(): boolean {
    return this.#events.some((event) => event.verb === 'checked' && event.correct)
  }

  /**
   * The task as one answer, for the learner models; null before the first check.
   * `correct` is about the first check, `score` is 1 once one has succeeded.
   */
  answer(): Answer | null {
    const checks = this.#events.filter((event) => event.verb === 'checked')
    const [first] = checks
    if (first === undefined) return null
    return {
      learner: this.#learner,
      question: 'pendulum/gravity',
      skills: ['measurement', 'period-of-a-pendulum'],
      correct: first.correct,
      score: this.passed ? 1 : 0,
      timeMs: first.timeMs,
      durationMs: Math.max(0, first.timeMs - (this.#events[0]?.timeMs ?? first.timeMs)),
      hints: this.#events.filter(({ verb }) => verb === 'asked').length,
      attempts: checks.length,
    }
  }

  #log(what: EventDetails): void {
    const base: LabEventBase = {
      lab: this.name,
      learner: this.#learner,
      index: this.#events.length,
      timeMs: this.#clock(),
    }
    this.#events.push(Object.freeze({ ...base, ...what }))
  }
}

/** What differs between events. */
type EventDetails = LabEvent extends infer E ? (E extends LabEventBase ? Omit<E, keyof LabEventBase> : never) : never

const checkOptions = ({
  gravity,
  tolerance,
  reactionS,
}: Record<'gravity' | 'tolerance' | 'reactionS', number>): void => {
  const fail = (what: string, value: number, expected: string): never => {
    throw new ValueError({ op: 'PendulumLab', problem: `${what} is out of range`, got: String(value), expected })
  }
  if (!(gravity >= 1 && gravity <= 30)) fail('gravity', gravity, 'a number from 1 to 30')
  if (!(tolerance > 0 && tolerance < 1)) fail('tolerance', tolerance, 'a number between 0 and 1')
  if (!(reactionS >= 0 && reactionS <= 2)) fail('reactionS', reactionS, 'a number from 0 to 2')
}
