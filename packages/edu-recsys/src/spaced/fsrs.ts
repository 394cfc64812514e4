import { FormatError, ValueError } from '@lanewise/core'
import { isRecord, needBetween, needFormat, needWhole, shown } from '../check.ts'
import { firstMemory, intervalFactor, nextMemory, recallAfter, type Grade, type Memory } from './memory.ts'
import { fsrsOptions, type FsrsOptions } from './parameters.ts'

/** Where a card stands: never reviewed, in its first steps, remembered from day to day, or forgotten and in steps again. */
export type CardPhase = 'new' | 'learning' | 'review' | 'relearning'

/** A card of one learner; plain data, replaced by each review. */
export interface Card {
  readonly phase: CardPhase
  /** When it is to be reviewed, in milliseconds since 1970 (UTC). */
  readonly dueMs: number
  /** 0 for a new card; see {@link Memory}. */
  readonly stability: number
  /** 0 for a new card; see {@link Memory}. */
  readonly difficulty: number
  /** The interval that the last review gave; 0 within a day. */
  readonly intervalDays: number
  /** The step among the learning or relearning steps. */
  readonly step: number
  readonly reviews: number
  /** How often it was forgotten. */
  readonly lapses: number
  /** Absent for a new card. */
  readonly lastReviewMs?: number
}

const format = 'lanewise.card.1'
const dayMs = 86_400_000
const minuteMs = 60_000
const phases: readonly CardPhase[] = ['new', 'learning', 'review', 'relearning']

/** A step of minutes: when to come back and where among the steps; none leads on to days. */
interface Step {
  readonly minutes: number
  readonly step: number
}

/** Where a grade leads among the steps. */
const stepOf = (steps: readonly number[], at: number, grade: Grade, fromReview: boolean): Step | null => {
  if (at >= steps.length || grade === 4 || (fromReview && grade !== 1)) return null
  if (grade === 1) return { minutes: steps[fromReview ? at : 0], step: 0 }
  if (grade === 2) {
    const minutes = steps.length === 1 ? 1.5 * steps[0] : (steps[0] + steps[1]) / 2
    return { minutes: Math.round(minutes), step: at }
  }
  return at + 1 < steps.length ? { minutes: Math.round(steps[at + 1]), step: at + 1 } : null
}

/**
 * Spaced repetition by FSRS-6: each review moves a card's stability and difficulty, and the card comes back when the
 * chance of recall has fallen to `retention`. Days are those of the UTC calendar; intervals are not blurred at random.
 * @throws ValueError when an option is out of range.
 * @source FSRS-6 (Ye); checked against the npm package ts-fsrs 5.4.2 on random histories in fsrs.test.ts
 * @example
 * const fsrs = new Fsrs({ shortTerm: false })
 * let card = fsrs.newCard(0)
 * const intervals = [3, 3, 3, 1, 3].map((grade) => {
 *   card = fsrs.review(card, grade, card.dueMs)
 *   return card.intervalDays
 * })
 * intervals // => [3, 14, 57, 3, 8]
 */
export class Fsrs {
  /** The options with their defaults. */
  readonly options: Required<FsrsOptions>
  /** Interval for a stability of one day. */
  private readonly factor: number

  constructor(options: FsrsOptions = {}) {
    this.options = fsrsOptions(options)
    this.factor = intervalFactor(this.options.retention, this.options.weights)
  }

  /** A card that was never reviewed. */
  newCard(nowMs: number): Card {
    needBetween({ op: 'Fsrs.newCard', name: 'nowMs', value: nowMs }, -8.64e15, 8.64e15)
    return {
      phase: 'new',
      dueMs: nowMs,
      stability: 0,
      difficulty: 0,
      intervalDays: 0,
      step: 0,
      reviews: 0,
      lapses: 0,
    }
  }

  /** The chance of recall now; 0 for a new card. */
  recall(card: Card, nowMs: number): number {
    if (card.phase === 'new') return 0
    return recallAfter(Math.max(0, daysBetween(card, nowMs)), card.stability, this.options.weights)
  }

  /**
   * The card after a review.
   * @throws ValueError when the grade is not 1 to 4, or the review lies on a day before the last.
   */
  review(card: Card, grade: Grade, nowMs: number): Card {
    const op = 'Fsrs.review'
    needWhole({ op, name: 'grade', value: grade }, 1, 4)
    needBetween({ op, name: 'nowMs', value: nowMs }, -8.64e15, 8.64e15)
    const days = daysBetween(card, nowMs)
    if (days < 0) {
      throw new ValueError({
        op,
        problem: 'the review lies before the last',
        got: new Date(nowMs).toISOString(),
        expected: `a day from ${new Date(card.lastReviewMs!).toISOString()} on`,
      })
    }
    const lapses = card.lapses + (grade === 1 && this.lapsing(card) ? 1 : 0)
    const next = { ...card, ...this.memory(card, grade, days), reviews: card.reviews + 1, lapses, lastReviewMs: nowMs }
    return this.options.shortTerm ? this.inSteps(card, next, grade, days) : this.inDays(card, next, grade, days)
  }

  /** What each grade would make of the card. */
  preview(card: Card, nowMs: number): { readonly [grade in Grade]: Card } {
    const at = (grade: Grade): Card => this.review(card, grade, nowMs)
    return { 1: at(1), 2: at(2), 3: at(3), 4: at(4) }
  }

  private lapsing({ phase }: Card): boolean {
    return this.options.shortTerm ? phase === 'review' : phase !== 'new'
  }

  private memory(card: Card, grade: Grade, days: number): Memory {
    const { weights, shortTerm } = this.options
    return card.phase === 'new' ? firstMemory(grade, weights) : nextMemory(card, { days, grade, shortTerm }, weights)
  }

  private daysFor({ stability }: Memory): number {
    return Math.min(Math.max(1, Math.round(stability * this.factor)), this.options.maxIntervalDays)
  }

  /** Back after days. */
  private after(next: Card & { readonly lastReviewMs: number }, intervalDays: number): Card {
    return { ...next, phase: 'review', step: 0, intervalDays, dueMs: next.lastReviewMs + intervalDays * dayMs }
  }

  /** With short steps: minutes first, then days, where hard <= good < easy. */
  private inSteps(card: Card, next: Card & { readonly lastReviewMs: number }, grade: Grade, days: number): Card {
    const { learningStepsMin, relearningStepsMin } = this.options
    const fromReview = card.phase === 'review'
    if (fromReview && grade !== 1) return this.after(next, this.ordered(card, days, [2, 3, 4])[grade])
    const steps = fromReview || card.phase === 'relearning' ? relearningStepsMin : learningStepsMin
    const to = stepOf(steps, card.step, grade, fromReview)
    if (to === null || to.minutes <= 0) return this.after(next, this.daysFor(next))
    const dueMs = next.lastReviewMs + Math.round(to.minutes) * minuteMs
    const intervalDays = Math.floor(to.minutes / 1440)
    const inDay = to.minutes < 1440
    const phase = !inDay ? 'review' : fromReview ? 'relearning' : card.phase === 'new' ? 'learning' : card.phase
    return { ...next, phase, step: to.step, intervalDays, dueMs }
  }

  /** Without short steps: days at once, where again <= hard < good < easy. */
  private inDays(card: Card, next: Card & { readonly lastReviewMs: number }, grade: Grade, days: number): Card {
    return this.after(next, this.ordered(card, days, [1, 2, 3, 4])[grade])
  }

  /** The intervals of several grades, each put a day at least above the one before; the first two may be the same at first. */
  private ordered(card: Card, days: number, grades: readonly Grade[]): Record<number, number> {
    const own = grades.map((grade) => this.daysFor(this.memory(card, grade, days)))
    own[0] = Math.min(own[0], own[1])
    for (let i = 1; i < own.length; i++) own[i] = Math.max(own[i], own[i - 1] + 1)
    return Object.fromEntries(grades.map((grade, i) => [grade, own[i]]))
  }
}

/** Days of the UTC calendar since the last review. */
const daysBetween = (card: Card, nowMs: number): number =>
  card.lastReviewMs === undefined ? 0 : Math.floor(nowMs / dayMs) - Math.floor(card.lastReviewMs / dayMs)

/**
 * Plain data of a card for JSON; {@link loadCard} reads it.
 * @example loadCard(JSON.parse(JSON.stringify(saveCard(new Fsrs().newCard(0))))).phase // => 'new'
 */
export const saveCard = (card: Card): Card & { readonly format: string } => ({ format, ...card })

/**
 * The card that {@link saveCard} saved.
 * @throws FormatError or ValueError naming the field that does not fit.
 */
export const loadCard = (saved: unknown): Card => {
  const op = 'loadCard'
  const fields = needFormat(op, saved, format)
  const phase = phases.find((name) => name === fields['phase'])
  if (phase === undefined || !isRecord(saved))
    throw new FormatError({
      op,
      problem: 'phase does not fit',
      got: shown(fields['phase']),
      expected: phases.join(', '),
    })
  const isNew = phase === 'new'
  const number = (name: string, low: number, high: number): number =>
    needBetween({ op, name, value: fields[name] }, low, high)
  const count = (name: string): number => needWhole({ op, name, value: fields[name] }, 0)
  return {
    phase,
    dueMs: number('dueMs', -8.64e15, 8.64e15),
    stability: number('stability', isNew ? 0 : 0.001, isNew ? 0 : 36500),
    difficulty: number('difficulty', isNew ? 0 : 1, isNew ? 0 : 10),
    intervalDays: count('intervalDays'),
    step: count('step'),
    reviews: count('reviews'),
    lapses: count('lapses'),
    ...(!isNew && { lastReviewMs: number('lastReviewMs', -8.64e15, 8.64e15) }),
  }
}
