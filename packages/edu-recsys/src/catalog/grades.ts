import type { Catalog } from './catalog.ts'

/** A grade that was given. */
export interface Grade {
  readonly learner: string
  /** Place in the catalogue. */
  readonly item: number
  /** From 0 to 1. */
  readonly grade: number
}

const DAMPING = 2
/** What a grade in one item says about any other, beside one that teaches the same. */
const GENERAL = 0.2

/** Share of the skills of two items that they have in common. */
const overlap = (a: readonly string[], b: readonly string[]): number => {
  const common = a.filter((skill) => b.includes(skill)).length
  return common === 0 ? 0 : common / (a.length + b.length - common)
}

/** Predicts grades from how hard an item is and from how the learner did in others, those with like skills most. */
export class GradeModel {
  readonly mean: number
  readonly #catalog: Catalog
  readonly #itemBias: Float64Array
  readonly #byLearner: ReadonlyMap<string, readonly Grade[]>

  constructor(catalog: Catalog, grades: readonly Grade[]) {
    this.#catalog = catalog
    this.mean = grades.length === 0 ? 0.5 : grades.reduce((sum, { grade }) => sum + grade, 0) / grades.length
    const sums = new Float64Array(catalog.items.length)
    const counts = new Float64Array(catalog.items.length)
    const byLearner = new Map<string, Grade[]>()
    for (const grade of grades) {
      sums[grade.item] += grade.grade - this.mean
      counts[grade.item]++
      const own = byLearner.get(grade.learner)
      if (own) own.push(grade)
      else byLearner.set(grade.learner, [grade])
    }
    this.#itemBias = sums.map((sum, i) => sum / (counts[i] + DAMPING))
    this.#byLearner = byLearner
  }

  /** The grade to expect:   mean + b_i + sum w_ij (g_j - mean - b_j) / (sum w_ij + damping),   in [0, 1] */
  predict(learner: string, item: number): number {
    const { skills } = this.#catalog.items[item]
    let [sum, weights] = [0, DAMPING]
    for (const { item: other, grade } of this.#byLearner.get(learner) ?? []) {
      const weight = GENERAL + overlap(skills, this.#catalog.items[other].skills)
      sum += weight * (grade - this.mean - this.#itemBias[other])
      weights += weight
    }
    return Math.min(1, Math.max(0, this.mean + this.#itemBias[item] + sum / weights))
  }

  /** How well a learner has done in what teaches a skill: the best grade, 0 without one. */
  mastery(learner: string): Map<string, number> {
    const best = new Map<string, number>()
    for (const { item, grade } of this.#byLearner.get(learner) ?? [])
      for (const skill of this.#catalog.items[item].skills) best.set(skill, Math.max(grade, best.get(skill) ?? 0))
    return best
  }
}
