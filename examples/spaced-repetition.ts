import { Generator } from '@lanewise/core'
import { Fsrs, type Card, type Grade } from '@lanewise/edu-recsys'
import { createEmptyCard, fsrs, State } from 'ts-fsrs'
import type { Context, Metrics } from './lib/context.ts'
import { plot } from './lib/plot.ts'

export const summary = 'FSRS-6 against the ts-fsrs package on random review histories, and a deck learnt with it'

const minuteMs = 60_000
const dayMs = 1440 * minuteMs
const startMs = Date.UTC(2025, 0, 1, 8)
const phases = new Map([
  ['new', State.New],
  ['learning', State.Learning],
  ['review', State.Review],
  ['relearning', State.Relearning],
])

const gradeOf = (x: number): Grade => (x < 0.15 ? 1 : x < 0.3 ? 2 : x < 0.85 ? 3 : 4)

interface Comparison {
  readonly equal: boolean
  readonly reviews: number
  /** The largest relative difference of the stabilities. */
  readonly stabilityDiff: number
}

/** Both schedulers take one random history: at once, on time, early and late reviews. */
const compare = (generator: Generator, shortTerm: boolean): Comparison => {
  const [ours, theirs] = [new Fsrs({ shortTerm }), fsrs({ enable_short_term: shortTerm })]
  let nowMs = startMs + generator.randint(365 * 1440) * minuteMs
  let card = ours.newCard(nowMs)
  let peer = createEmptyCard(new Date(nowMs))
  let [equal, stabilityDiff] = [true, 0]
  const reviews = 1 + generator.randint(15)
  for (let i = 0; i < reviews; i++) {
    const grade = gradeOf(generator.double())
    card = ours.review(card, grade, nowMs)
    peer = theirs.next(peer, new Date(nowMs), grade).card
    equal &&=
      card.dueMs === peer.due.getTime() &&
      card.intervalDays === peer.scheduled_days &&
      phases.get(card.phase) === peer.state &&
      card.step === peer.learning_steps &&
      card.reviews === peer.reps &&
      card.lapses === peer.lapses
    stabilityDiff = Math.max(stabilityDiff, Math.abs(card.stability - peer.stability) / peer.stability)
    const dueMin = Math.max(1, (card.dueMs - nowMs) / minuteMs)
    const x = generator.double()
    const waitMin =
      x < 0.1 ? generator.randint(30) : x < 0.5 ? dueMin : Math.floor(dueMin * (0.3 + 1.5 * generator.double()))
    nowMs += Math.round(waitMin) * minuteMs
  }
  return { equal, reviews, stabilityDiff }
}

/** A learner whose memory is as FSRS says: what a deck of cards costs a day, and what is remembered. */
const learnDeck = (generator: Generator, cards: number, days: number): { load: [number, number][]; recall: number } => {
  const scheduler = new Fsrs()
  let deck: Card[] = Array.from({ length: cards }, (_, i) => scheduler.newCard(startMs + Math.floor(i / 10) * dayMs))
  const load: [number, number][] = []
  for (let day = 0; day < days; day++) {
    const nowMs = startMs + day * dayMs
    let reviews = 0
    deck = deck.map((card) => {
      if (card.dueMs > nowMs) return card
      reviews++
      const known = card.phase === 'new' ? generator.double() < 0.5 : generator.double() < scheduler.recall(card, nowMs)
      return scheduler.review(card, known ? 3 : 1, nowMs)
    })
    load.push([day + 1, reviews])
  }
  const endMs = startMs + days * dayMs
  return { load, recall: deck.reduce((sum, card) => sum + scheduler.recall(card, endMs), 0) / cards }
}

export const run = async ({ quick, seed, signal, log, progress, write }: Context): Promise<Metrics> => {
  const histories = quick ? 500 : 10_000
  const generator = new Generator(seed)
  const bar = progress('histories', histories)
  let [equal, reviews, stabilityDiff] = [0, 0, 0]
  for (let i = 0; i < histories; i++) {
    const found = compare(generator, i % 2 === 0)
    if (found.equal) equal++
    reviews += found.reviews
    stabilityDiff = Math.max(stabilityDiff, found.stabilityDiff)
    if (i % 100 === 0) {
      signal.throwIfAborted()
      bar.update(i)
      await new Promise((resume) => setImmediate(resume))
    }
  }
  bar.stop()
  log(
    `${equal} of ${histories} histories have the same schedule (${reviews} reviews), stabilities within ${stabilityDiff.toExponential(1)}`,
  )
  const { load, recall } = learnDeck(generator, 200, 180)
  log(`a deck of 200 cards after 180 days: ${(100 * recall).toFixed(1)} % remembered`)
  write(
    'spaced-repetition.svg',
    plot('Reviews a day of a deck of 200 cards', [{ name: 'reviews', points: load }], 'day', 'reviews'),
  )
  return { schedulesEqual: equal === histories, histories, reviews, stabilityDiff, deckRecall: recall }
}
