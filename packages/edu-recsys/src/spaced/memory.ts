import { math } from '@lanewise/core'
import type { FsrsWeights } from './parameters.ts'

/** How well a review went: 1 again, 2 hard, 3 good, 4 easy. */
export type Grade = 1 | 2 | 3 | 4

/** What FSRS keeps of a card. */
export interface Memory {
  /** Days until the chance of recall falls to 0.9. */
  readonly stability: number
  /** From 1 to 10. */
  readonly difficulty: number
}

const clamp = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high)

/** All of FSRS's figures are kept to 8 decimals. */
const round8 = (x: number): number => Math.round(x * 1e8) / 1e8

const least = 0.001
const most = 36500

/** The factor that makes the chance of recall 0.9 after `stability` days. */
const factorOf = (w: FsrsWeights): number => round8(math.exp(math.log(0.9) / -w[20]) - 1)

/**
 * The chance of recall.   R = (1 + factor t / S)^-w20
 * @param days - since the last review
 */
export const recallAfter = (days: number, stability: number, w: FsrsWeights): number =>
  round8(math.pow(1 + (factorOf(w) * days) / stability, -w[20]))

/** Days until the chance of recall falls to `retention`, for a stability of one day. */
export const intervalFactor = (retention: number, w: FsrsWeights): number =>
  round8((math.pow(retention, 1 / -w[20]) - 1) / factorOf(w))

const firstDifficulty = (grade: Grade, w: FsrsWeights): number => round8(w[4] - math.exp((grade - 1) * w[5]) + 1)

/** The memory after a card's first review. */
export const firstMemory = (grade: Grade, w: FsrsWeights): Memory => ({
  difficulty: clamp(firstDifficulty(grade, w), 1, 10),
  stability: Math.max(w[grade - 1], 0.1),
})

/** Moves with the grade, less near 10, and leans towards that of an easy card. */
const nextDifficulty = (d: number, grade: Grade, w: FsrsWeights): number => {
  const moved = d + round8((-w[6] * (grade - 3) * (10 - d)) / 9)
  return clamp(round8(w[7] * firstDifficulty(4, w) + (1 - w[7]) * moved), 1, 10)
}

const recalled = ({ difficulty: d, stability: s }: Memory, r: number, grade: Grade, w: FsrsWeights): number => {
  const gain = math.exp(w[8]) * (11 - d) * math.pow(s, -w[9]) * (math.exp((1 - r) * w[10]) - 1)
  return round8(clamp(s * (1 + gain * (grade === 2 ? w[15] : 1) * (grade === 4 ? w[16] : 1)), least, most))
}

const forgotten = ({ difficulty: d, stability: s }: Memory, r: number, w: FsrsWeights, shortTerm: boolean): number => {
  const left = w[11] * math.pow(d, -w[12]) * (math.pow(s + 1, w[13]) - 1) * math.exp((1 - r) * w[14])
  const bound = shortTerm ? s / math.exp(w[17] * w[18]) : s
  return Math.min(Math.max(round8(bound), least), round8(clamp(left, least, most)))
}

const sameDay = (s: number, grade: Grade, w: FsrsWeights): number => {
  const growth = math.pow(s, -w[19]) * math.exp(w[17] * (grade - 3 + w[18]))
  return round8(clamp(s * (grade >= 2 ? Math.max(growth, 1) : growth), least, most))
}

/** The memory after a review `days` after the last. */
export const nextMemory = (
  memory: Memory,
  { days, grade, shortTerm }: { readonly days: number; readonly grade: Grade; readonly shortTerm: boolean },
  w: FsrsWeights,
): Memory => {
  const { difficulty, stability } = memory
  const r = recallAfter(days, stability, w)
  const next =
    days === 0 && shortTerm
      ? sameDay(stability, grade, w)
      : grade === 1
        ? forgotten(memory, r, w, shortTerm)
        : recalled(memory, r, grade, w)
  return { stability: next, difficulty: nextDifficulty(difficulty, grade, w) }
}
