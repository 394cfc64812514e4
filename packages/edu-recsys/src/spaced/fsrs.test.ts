import { Generator } from '@lanewise/core'
import { createEmptyCard, fsrs as reference, State, type Card as ReferenceCard } from 'ts-fsrs'
import { describe, expect, test } from 'vitest'
import { Fsrs, loadCard, saveCard, type Card } from './fsrs.ts'
import type { Grade } from './memory.ts'
import { fsrsWeights, type FsrsOptions } from './parameters.ts'

const phases = {
  [State.New]: 'new',
  [State.Learning]: 'learning',
  [State.Review]: 'review',
  [State.Relearning]: 'relearning',
}

const grade = (x: number): Grade => (x < 0.15 ? 1 : x < 0.3 ? 2 : x < 0.85 ? 3 : 4)

/** Minutes until the next review: at once, within the day, when due, late, or early. */
const wait = (generator: Generator, card: Card, nowMs: number): number => {
  const x = generator.double()
  const due = Math.max(1, (card.dueMs - nowMs) / 60_000)
  if (x < 0.1) return generator.randint(30)
  if (x < 0.5) return due
  return Math.floor(due * (0.3 + 1.5 * generator.double())) + generator.randint(2000)
}

const expectSame = (ours: Card, theirs: ReferenceCard): void => {
  const plain = {
    phase: phases[theirs.state],
    dueMs: theirs.due.getTime(),
    intervalDays: theirs.scheduled_days,
    step: theirs.learning_steps,
    reviews: theirs.reps,
    lapses: theirs.lapses,
  }
  expect(ours).toMatchObject(plain)
  // Both round to 8 decimals; Math.exp of an engine may differ from ours in the last bit before that.
  expect(Math.abs(ours.stability - theirs.stability)).toBeLessThanOrEqual(2e-8 + 1e-9 * theirs.stability)
  expect(Math.abs(ours.difficulty - theirs.difficulty)).toBeLessThanOrEqual(3e-8)
}

const settings: { name: string; ours: FsrsOptions; theirs: Parameters<typeof reference>[0] }[] = [
  { name: 'as they come', ours: {}, theirs: {} },
  { name: 'days only', ours: { shortTerm: false }, theirs: { enable_short_term: false } },
  {
    name: 'retention .8, at most 200 days, other steps',
    ours: { retention: 0.8, maxIntervalDays: 200, learningStepsMin: [5], relearningStepsMin: [] },
    theirs: { request_retention: 0.8, maximum_interval: 200, learning_steps: ['5m'], relearning_steps: [] },
  },
  {
    name: 'steps of hours and days',
    ours: { learningStepsMin: [10, 240, 2880], relearningStepsMin: [60] },
    theirs: { learning_steps: ['10m', '4h', '2d'], relearning_steps: ['1h'] },
  },
]

describe('equal to ts-fsrs', () => {
  test.each(settings)('500 random histories, $name', ({ ours, theirs }) => {
    const [mine, other] = [new Fsrs(ours), reference(theirs)]
    const generator = new Generator(11)
    for (let h = 0; h < 500; h++) {
      let nowMs = 1_600_000_000_000 + generator.randint(1e9) * 1000
      let card = mine.newCard(nowMs)
      let peer: ReferenceCard = createEmptyCard(new Date(nowMs))
      for (let i = 0; i < 12; i++) {
        const g = grade(generator.double())
        card = mine.review(card, g, nowMs)
        peer = other.next(peer, new Date(nowMs), g).card
        expectSame(card, peer)
        nowMs += Math.round(wait(generator, card, nowMs)) * 60_000
      }
    }
  })
})

describe('equal to ts-fsrs, whatever the weights', () => {
  /** The range of each weight, w[0] to w[20]. */
  const high = [100, 100, 100, 100, 10, 4, 4, 0.75, 4.5, 0.8, 3.5, 5, 0.25, 0.9, 4, 1, 6, 2, 2, 0.8, 0.8]
  const low = high.map((_, i) => (i === 4 || i === 16 ? 1 : i === 20 ? 0.1 : i < 14 && i !== 8 && i !== 9 ? 0.001 : 0))
  test.each([[[]], [[10]], [[10, 60]], [[1, 10, 60]]])('100 random histories, relearning after %j minutes', (steps) => {
    const generator = new Generator(12)
    for (let h = 0; h < 100; h++) {
      const drawn = high.map((most, i) => low[i] + (most - low[i]) * generator.double())
      const weights = h === 0 ? fsrsWeights : drawn
      const shortTerm = h % 3 !== 1
      const mine = new Fsrs({ weights, shortTerm, relearningStepsMin: steps })
      const relearning_steps = steps.map((minutes) => `${minutes}m` as const)
      const other = reference({ w: [...weights], enable_short_term: shortTerm, relearning_steps })
      let nowMs = 1_600_000_000_000
      let card = mine.newCard(nowMs)
      let peer: ReferenceCard = createEmptyCard(new Date(nowMs))
      for (let i = 0; i < 12; i++) {
        const g = grade(generator.double())
        card = mine.review(card, g, nowMs)
        peer = other.next(peer, new Date(nowMs), g).card
        expectSame(card, peer)
        nowMs += Math.round(wait(generator, card, nowMs)) * 60_000
      }
    }
  })
})

describe('Fsrs', () => {
  test('the published run: reviews when due, without short steps', () => {
    const fsrs = new Fsrs({ shortTerm: false })
    let card = fsrs.newCard(0)
    const seen = ([3, 3, 3, 1, 3, 2, 4, 3] as const).map((g) => {
      card = fsrs.review(card, g, card.dueMs)
      return [card.stability, card.intervalDays]
    })
    const stability = [2.3065, 13.82690327, 56.95670978, 3.18812541, 8.08077681, 14.7286435, 41.23288757, 81.20152132]
    expect(seen.map(([s]) => s)).toEqual(stability.map((s) => expect.closeTo(s, 7)))
    expect(seen.map(([, days]) => days)).toEqual([3, 14, 57, 3, 8, 15, 41, 81])
  })

  test('recall is 1 at once, .9 after the stability, and falls', () => {
    const fsrs = new Fsrs()
    const card = fsrs.review(fsrs.newCard(0), 4, 0)
    expect(fsrs.recall(card, 0)).toBe(1)
    expect(fsrs.recall({ ...card, stability: 10 }, 10 * 86_400_000)).toBeCloseTo(0.9, 7)
    expect(fsrs.recall(fsrs.newCard(0), 0)).toBe(0)
  })

  test('a better grade never comes back sooner', () => {
    const fsrs = new Fsrs()
    const card = fsrs.review(fsrs.newCard(0), 4, 0)
    const next = fsrs.preview(card, card.dueMs)
    expect(next[1].dueMs).toBeLessThan(next[2].dueMs)
    expect(next[2].dueMs).toBeLessThan(next[3].dueMs)
    expect(next[3].dueMs).toBeLessThan(next[4].dueMs)
  })

  test('saved and loaded', () => {
    const fsrs = new Fsrs()
    const card = fsrs.review(fsrs.newCard(5), 3, 5)
    expect(loadCard(JSON.parse(JSON.stringify(saveCard(card))))).toEqual(card)
    expect(loadCard(saveCard(fsrs.newCard(5)))).toEqual(fsrs.newCard(5))
  })

  test('what it refuses', () => {
    const fsrs = new Fsrs()
    const card = fsrs.review(fsrs.newCard(0), 3, 0)
    expect(() => new Fsrs({ retention: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: Fsrs: retention is out of range; got 0, expected a finite number above 0.]`,
    )
    expect(() => new Fsrs({ weights: [1] })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: Fsrs: another number of weights; got 1, expected 21.]`,
    )
    expect(() => new Fsrs({ weights: fsrsWeights.map(() => 99) })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: Fsrs: weights[4] is out of range; got 99, expected a number from 1 to 10.]`,
    )
    expect(() => fsrs.review(card, 5 as Grade, 0)).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: Fsrs.review: grade is out of range; got 5, expected a whole number from 1 to 4.]`,
    )
    expect(() => fsrs.review(card, 3, -86_400_001)).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: Fsrs.review: the review lies before the last; got 1969-12-30T23:59:59.999Z, expected a day from 1970-01-01T00:00:00.000Z on.]`,
    )
    expect(() => loadCard({ ...saveCard(card), phase: 'x' })).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: loadCard: phase does not fit; got "x", expected new, learning, review, relearning.]`,
    )
    expect(() => loadCard({ ...saveCard(card), stability: -1 })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: loadCard: stability is out of range; got -1, expected a number from 0.001 to 36500.]`,
    )
  })
})
