import { writeFileAtomic } from '@lanewise/core/node'
import {
  fitGravity,
  PendulumLab,
  pendulumPeriod,
  pendulumSwing,
  timeSwings,
  updateState,
  type LabHint,
  type StateStore,
} from '@lanewise/edu-recsys'
import { openSqliteStore } from '@lanewise/edu-recsys/sqlite'
import type { Context, Metrics } from './lib/context.ts'
import { plot } from './lib/plot.ts'

export const summary = 'A virtual pendulum lab: a learner measures, fails, asks for hints, follows them and passes'

/** What a learner does on each hint. */
const follow: Readonly<Record<string, (lab: PendulumLab) => void>> = {
  measure: (lab) => void lab.measure(),
  swings: (lab) => {
    lab.set('swings', 30)
    lab.measure()
  },
  angle: (lab) => {
    lab.set('angleDeg', 8)
    lab.measure()
  },
  lengths: (lab) => {
    for (const length of [0.5, 1, 1.5, 2]) {
      lab.set('lengthM', length)
      lab.measure()
    }
  },
  slope: () => {},
}

/** The learner's idea at each stage: the last measurement alone, or the line through all that were made well. */
const gravityBy = (lab: PendulumLab, hint: LabHint): number => {
  const good = lab.measurements.filter(({ swings, angleDeg }) => swings >= 20 && angleDeg <= 10)
  return fitGravity(hint.id === 'slope' ? good : lab.measurements.slice(-1))
}

/** The log of one learner, kept in a store as lines of JSON. */
const keepEvents = (store: StateStore, lab: PendulumLab): Promise<number> =>
  updateState(store, 'lab/pendulum/ann', () =>
    new TextEncoder().encode(lab.events.map((event) => JSON.stringify(event)).join('\n')),
  )

/** The largest relative difference between integrated and exact periods, over many angles. */
const periodError = (angles: number): number => {
  const errors = Array.from({ length: angles }, (_, i) => {
    const pendulum = { lengthM: 1, gravity: 9.81, angleRad: (3 * (i + 1)) / angles }
    return Math.abs(timeSwings(pendulum, 1) / pendulumPeriod(pendulum) - 1)
  })
  return Math.max(...errors)
}

export const run = async ({ seed, quick, signal, log, write }: Context): Promise<Metrics> => {
  let time = Date.UTC(2026, 0, 5, 9)
  const clock = (): number => (time += 30_000)
  const lab = new PendulumLab({ learner: 'ann', seed, clock })
  log(lab.task)
  lab.measure()
  let attempts = 0
  let check = lab.check(fitGravity(lab.measurements))
  while (!check.correct && attempts++ < 10) {
    signal.throwIfAborted()
    const hint = lab.hint()
    log(`Hint: ${hint.text}`)
    follow[hint.id]?.(lab)
    const guess = gravityBy(lab, hint)
    check = lab.check(guess)
    log(`g = ${guess.toFixed(2)} m/s²? ${check.text}`)
  }

  const store = await openSqliteStore()
  await keepEvents(store, lab)
  const file = write('virtual-lab.db', store.bytes())
  await writeFileAtomic(file, store.bytes())
  const kept = await (await openSqliteStore({ bytes: store.bytes() })).get('lab/pendulum/ann')
  const events = new TextDecoder().decode(kept?.bytes).split('\n')
  write('virtual-lab.jsonl', `${events.join('\n')}\n`)
  log(`${events.length} events, the last: ${events.at(-1)}`)

  const swings = [5, 60, 150].map((degrees) => {
    const angleRad = (degrees * Math.PI) / 180
    const { timeS, angleRad: angle } = pendulumSwing(
      { lengthM: 1, gravity: 9.81, angleRad },
      { durationS: 6, frames: 300 },
    )
    return { name: `from ${degrees}°`, points: Array.from(timeS, (t, i) => [t, (angle[i] ?? 0) / angleRad] as const) }
  })
  write('virtual-lab.svg', plot('Larger swings take longer', swings, 'seconds', 'angle / first angle'))
  const line = lab.measurements.map(({ lengthM, swings: n, seconds }) => [lengthM, (seconds / n) ** 2] as const)
  const points = [...line].sort(([a], [b]) => a - b)
  write('virtual-lab-line.svg', plot('What was measured', [{ name: 'T²', points }], 'length in m', 'T² in s²'))
  return {
    taskPassed: lab.passed,
    events: events.length,
    checks: lab.events.filter(({ verb }) => verb === 'checked').length,
    hints: lab.events.filter(({ verb }) => verb === 'asked').length,
    maxPeriodError: periodError(quick ? 5 : 60),
  }
}
