import { ShapeError, ValueError, type Generator } from '@lanewise/core'
import { checkIndex, scoreArray, type Recommender } from './recommend.ts'

/** Two tables of factors: a user's row times an item's row is the score. */
export interface Factors {
  readonly users: number
  readonly items: number
  /** Width of a row. */
  readonly factors: number
  /** [users, factors] */
  readonly userFactors: Float32Array
  /** [items, factors] */
  readonly itemFactors: Float32Array
}

/** Sum of a[i] b[j] over n places, with i from `at` and j from `bt`. Four sums, so that additions need not wait. */
export const dotAt = (a: Float32Array, at: number, b: Float32Array, bt: number, n: number): number => {
  let s0 = 0
  let s1 = 0
  let s2 = 0
  let s3 = 0
  let f = 0
  for (; f + 4 <= n; f += 4) {
    s0 += a[at + f] * b[bt + f]
    s1 += a[at + f + 1] * b[bt + f + 1]
    s2 += a[at + f + 2] * b[bt + f + 2]
    s3 += a[at + f + 3] * b[bt + f + 3]
  }
  for (; f < n; f++) s0 += a[at + f] * b[bt + f]
  return s0 + s1 + (s2 + s3)
}

/** Checks that the tables have their sizes. */
export const checkFactors = (op: string, { users, items, factors, userFactors, itemFactors }: Factors): void => {
  if (userFactors.length === users * factors && itemFactors.length === items * factors) return
  throw new ShapeError({
    op,
    problem: 'the tables do not fit',
    got: `${userFactors.length} and ${itemFactors.length} values`,
    expected: `${users} x ${factors} and ${items} x ${factors}`,
  })
}

/** Checks that a vector has one value a factor, all finite. */
const checkVector = (op: string, vector: ArrayLike<number>, factors: number): void => {
  if (vector.length === factors && Array.from(vector).every(Number.isFinite)) return
  throw new ValueError({
    op,
    problem: 'not a row of factors',
    got: `${vector.length} values`,
    expected: `${factors} finite values`,
  })
}

/** A table drawn from U(low, high). */
export const uniformTable = (generator: Generator, size: number, low: number, high: number): Float32Array =>
  generator.uniform(new Float32Array(size), low, high)

/**
 * A trained pair of tables at work: it is made from stored arrays, and needs no training data.
 *   score_ui = p_u . q_i
 * @throws ShapeError when the tables do not have users x factors and items x factors values.
 * @example
 * const model = new FactorModel({
 *   users: 1, items: 2, factors: 2,
 *   userFactors: Float32Array.of(1, 2),
 *   itemFactors: Float32Array.of(3, 0, 0, 4),
 * })
 * model.scores(0) // => [3, 8]
 */
export class FactorModel implements Recommender, Factors {
  readonly users: number
  readonly items: number
  readonly factors: number
  readonly userFactors: Float32Array
  readonly itemFactors: Float32Array

  constructor(tables: Factors) {
    checkFactors('FactorModel', tables)
    this.users = tables.users
    this.items = tables.items
    this.factors = tables.factors
    this.userFactors = tables.userFactors
    this.itemFactors = tables.itemFactors
  }

  /** See {@link Recommender.scores}: the product of the user's factors with each item's. */
  scores(user: number, out?: Float64Array): Float64Array {
    checkIndex('scores', 'user', user, this.users)
    const at = user * this.factors
    return this.scoresOf(this.userFactors.subarray(at, at + this.factors), out)
  }

  /**
   * Scores for a row of user factors, such as a folded-in one.
   * @throws ValueError when it is not one finite value a factor.
   */
  scoresOf(vector: ArrayLike<number>, out?: Float64Array): Float64Array {
    checkVector('scoresOf', vector, this.factors)
    const filled = scoreArray(this.items, out)
    const row = Float32Array.from(vector)
    for (let item = 0; item < this.items; item++)
      filled[item] = dotAt(row, 0, this.itemFactors, item * this.factors, this.factors)
    return filled
  }
}
