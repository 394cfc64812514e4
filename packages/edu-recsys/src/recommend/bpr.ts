import { math, ShapeError, ValueError, type Generator } from '@lanewise/core'
import { dotAt, FactorModel, uniformTable } from './factors.ts'
import { hasItem, rowOfEntries, type Interactions } from './interactions.ts'
import { checkAtLeastZero, checkCount } from './recommend.ts'

/** What {@link Bpr} takes. */
export interface BprOptions {
  /** Default 64. */
  readonly factors?: number
  /** Default 0.05. */
  readonly lr?: number
  /** Default 0.01. */
  readonly regularization?: number
  /** How j is drawn: any item alike, as the paper has it, or in proportion to its popularity. Default 'uniform'. */
  readonly negatives?: 'uniform' | 'popularity'
  /** Draws the first tables and the triples. */
  readonly generator: Generator
}

/** One triple: the user has `liked` and does not have `other`. */
export interface BprTriple {
  readonly user: number
  readonly liked: number
  readonly other: number
}

/**
 * Bayesian personalised ranking: learns to score what a user has above what they do not have. The tables hold one
 * column more than `factors`: 1 for every user, and the item's bias.
 *   z = sigmoid(x_uj - x_ui)
 *   p_u += lr (z (q_i - q_j) - reg p_u);   q_i += lr (z p_u - reg q_i);   q_j += lr (-z p_u - reg q_j)
 * `step()` draws one triple for each entry of the data: u and i from the entries, then j; a j that the user has is skipped.
 * @throws ValueError when an option is out of range or there are no entries.
 * @source Rendle et al. 2009; the update checked against the formula in NumPy in recommend.test.ts
 * @example
 * import { Generator } from '@lanewise/core'
 * const train = interactions(parseRatings('a\tx\t1\na\ty\t1\nb\tx\t1\nb\ty\t1\nc\tz\t1\nd\tz\t1').ratings)
 * const model = new Bpr(train, { factors: 4, generator: new Generator(0) })
 * for (let i = 0; i < 200; i++) model.step()
 * const scores = model.scores(0)
 * Math.min(scores[0], scores[1]) > scores[2] // => true
 */
export class Bpr extends FactorModel {
  /** Passes so far. */
  passes = 0
  readonly #train: Interactions
  readonly #userOf: Int32Array
  readonly #lr: number
  readonly #reg: number
  readonly #negatives: 'uniform' | 'popularity'
  readonly #generator: Generator

  constructor(train: Interactions, options: BprOptions) {
    const { factors = 64, lr = 0.05, regularization = 0.01, negatives = 'uniform', generator } = options
    checkCount('Bpr', 'factors', factors)
    checkAtLeastZero('Bpr', 'the learning rate', lr)
    checkAtLeastZero('Bpr', 'the regularisation', regularization)
    checkSomeEntries(train)
    const width = factors + 1
    const bound = 0.5 / factors
    const userFactors = uniformTable(generator, train.users * width, -bound, bound)
    const itemFactors = uniformTable(generator, train.items * width, -bound, bound)
    for (let u = 0; u < train.users; u++) userFactors[u * width + factors] = 1
    for (let i = 0; i < train.items; i++) itemFactors[i * width + factors] = 0
    super({ users: train.users, items: train.items, factors: width, userFactors, itemFactors })
    this.#train = train
    this.#userOf = rowOfEntries(train)
    this.#lr = lr
    this.#reg = regularization
    this.#negatives = negatives
    this.#generator = generator
  }

  /** One pass. `ordered` is the share of its triples that were in order already: an estimate of the training AUC. */
  step(): { pass: number; ordered: number; skipped: number } {
    const n = this.#userOf.length
    const { columns } = this.#train
    const uniform = this.#negatives === 'uniform'
    let ordered = 0
    let skipped = 0
    for (let draw = 0; draw < n; draw++) {
      const place = this.#generator.randint(n)
      const other = uniform ? this.#generator.randint(this.items) : columns[this.#generator.randint(n)]
      const user = this.#userOf[place]
      if (hasItem(this.#train, user, other)) skipped++
      else if (this.#learn(user, columns[place], other)) ordered++
    }
    return { pass: ++this.passes, ordered: skipped < n ? ordered / (n - skipped) : 0, skipped: skipped / n }
  }

  /**
   * Learns from triples that were drawn elsewhere.
   * @throws ValueError when a triple's user or item does not exist; nothing is learned then.
   */
  learn(triples: readonly BprTriple[]): void {
    for (const { user, liked, other } of triples) {
      if (
        [user, liked, other].every((i) => Number.isInteger(i) && i >= 0) &&
        user < this.users &&
        Math.max(liked, other) < this.items
      )
        continue
      throw new ValueError({
        op: 'Bpr.learn',
        problem: 'not a triple of this data',
        got: `user ${user}, liked ${liked}, other ${other}`,
        expected: `a user below ${this.users} and items below ${this.items}`,
      })
    }
    for (const { user, liked, other } of triples) this.#learn(user, liked, other)
  }

  /** One step down the gradient; returns whether the two stood in order before. */
  #learn(user: number, liked: number, other: number): boolean {
    const F = this.factors
    const { userFactors: P, itemFactors: Q } = this
    const u = user * F
    const i = liked * F
    const j = other * F
    const difference = dotAt(P, u, Q, i, F) - dotAt(P, u, Q, j, F)
    const z = 1 / (1 + math.exp(difference))
    const lr = this.#lr
    const reg = this.#reg
    // The last column of the users stays 1.
    for (let f = 0; f < F; f++) {
      const p = P[u + f]
      const qi = Q[i + f]
      const qj = Q[j + f]
      if (f < F - 1) P[u + f] = p + lr * (z * (qi - qj) - reg * p)
      Q[i + f] = qi + lr * (z * p - reg * qi)
      Q[j + f] = qj + lr * (-z * p - reg * qj)
    }
    return difference > 0
  }
}

const checkSomeEntries = (train: Interactions): void => {
  if (train.columns.length > 0) return
  throw new ShapeError({ op: 'Bpr', problem: 'nothing to learn from', got: 'no entries', expected: 'at least one' })
}
