import { ShapeError, ValueError, type Generator } from '@lanewise/core'
import { dotAt } from './factors.ts'
import { checkAtLeastZero, checkCount, checkIndex, scoreArray, type Recommender } from './recommend.ts'
import { checkRatings, type Ratings } from './ratings.ts'

/** What {@link BiasedMf} takes. */
export interface BiasedMfOptions {
  /** Rows. Default the largest user + 1. */
  readonly users?: number
  /** Columns. Default the largest item + 1. */
  readonly items?: number
  /** Default 64. */
  readonly factors?: number
  /** Default 0.01. */
  readonly lr?: number
  /** The rate of each pass is this times that of the pass before. Default 0.95. */
  readonly decay?: number
  /** Penalty of the factors. Default 0.1. */
  readonly regularization?: number
  /** Penalty of the biases. Default 0.02. */
  readonly biasRegularization?: number
  /** Spread of the first factors. Default 0.1. */
  readonly std?: number
  /** Draws the first factors and the order of each pass. */
  readonly generator: Generator
}

const countOf = (indices: Int32Array): number => indices.reduce((most, i) => Math.max(most, i), -1) + 1

/**
 * Predicts ratings: what is usual for the user and for the item, and how the two fit together.
 *   r_ui = mean + b_u + b_i + p_u . q_i
 * `step()` goes over the ratings once in a random order, down the gradient of
 *   (r - r_ui)^2 + regularization (|p_u|^2 + |q_i|^2) + biasRegularization (b_u^2 + b_i^2).
 * Predictions are cut to the range of the ratings seen. Of a user or item without ratings, the prediction is what the
 * rest of the formula gives.
 * @throws ValueError when an option or a rating is out of range; ShapeError when the columns differ or are empty.
 * @source Koren, Bell and Volinsky 2009; one pass checked against the formula in NumPy in recommend.test.ts
 * @example
 * import { Generator } from '@lanewise/core'
 * const { ratings } = parseRatings('ann\tgears\t5\nann\tlevers\t4\nbob\tgears\t2\nbob\tlevers\t1')
 * const model = new BiasedMf(ratings, { factors: 2, decay: 1, generator: new Generator(0) })
 * for (let i = 0; i < 200; i++) model.step()
 * Math.round(model.predict(0, 0)) // => 5
 * Math.round(model.predict(1, 1)) // => 1
 */
export class BiasedMf implements Recommender {
  readonly users: number
  readonly items: number
  readonly factors: number
  readonly mean: number
  readonly userBias: Float64Array
  readonly itemBias: Float64Array
  /** [users, factors] */
  readonly userFactors: Float32Array
  /** [items, factors] */
  readonly itemFactors: Float32Array
  /** Passes so far. */
  passes = 0
  readonly #ratings: Ratings
  readonly #options: Required<Omit<BiasedMfOptions, 'users' | 'items' | 'factors'>>
  readonly #range: readonly [low: number, high: number]

  constructor(ratings: Ratings, options: BiasedMfOptions) {
    const { users = countOf(ratings.user), items = countOf(ratings.item), factors = 64, generator } = options
    const { lr = 0.01, decay = 0.95, regularization = 0.1, biasRegularization = 0.02, std = 0.1 } = options
    this.#options = { lr, decay, regularization, biasRegularization, std, generator }
    checkCount('BiasedMf', 'factors', factors)
    for (const [name, value] of Object.entries({ lr, decay, regularization, biasRegularization, std }))
      checkAtLeastZero('BiasedMf', name, value)
    checkKnownRatings(ratings, users, items)
    this.users = users
    this.items = items
    this.factors = factors
    this.#ratings = ratings
    this.mean = ratings.value.reduce((sum, value) => sum + value, 0) / ratings.value.length
    this.#range = ratings.value.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [
      Infinity,
      -Infinity,
    ] as const)
    this.userBias = new Float64Array(users)
    this.itemBias = new Float64Array(items)
    this.userFactors = generator.normal(new Float32Array(users * factors), 0, std)
    this.itemFactors = generator.normal(new Float32Array(items * factors), 0, std)
  }

  /** One pass. `rmse` is that of the predictions made on the way, before each was learned from. */
  step(): { pass: number; rmse: number } {
    const { user, item, value } = this.#ratings
    const { lr, decay, generator } = this.#options
    let rate = lr
    for (let pass = 0; pass < this.passes; pass++) rate *= decay
    let squares = 0
    for (const i of generator.randperm(value.length)) {
      const error = this.#learn(user[i], item[i], value[i], rate)
      squares += error * error
    }
    return { pass: ++this.passes, rmse: Math.sqrt(squares / value.length) }
  }

  /**
   * What the user would give the item.
   * @throws ValueError when there is no such user or item.
   */
  predict(user: number, item: number): number {
    checkIndex('BiasedMf.predict', 'user', user, this.users)
    checkIndex('BiasedMf.predict', 'item', item, this.items)
    return this.#cut(this.#raw(user, item))
  }

  /**
   * The root of the mean squared error over ratings that were held out.
   * @throws ValueError when there is no such user or item, or no ratings; ShapeError when the columns differ.
   */
  rmse({ user, item, value }: Ratings): number {
    checkRatings('BiasedMf.rmse', { user, item, value })
    checkCount('BiasedMf.rmse', 'ratings', value.length)
    let squares = 0
    value.forEach((rating, i) => {
      const error = rating - this.predict(user[i], item[i])
      squares += error * error
    })
    return Math.sqrt(squares / value.length)
  }

  /** Predicted ratings before they are cut to the range, so that they tell items apart. */
  scores(user: number, out?: Float64Array): Float64Array {
    checkIndex('BiasedMf.scores', 'user', user, this.users)
    const filled = scoreArray(this.items, out)
    for (let item = 0; item < this.items; item++) filled[item] = this.#raw(user, item)
    return filled
  }

  #cut(value: number): number {
    return Math.min(this.#range[1], Math.max(this.#range[0], value))
  }

  #raw(user: number, item: number): number {
    const F = this.factors
    const fit = dotAt(this.userFactors, user * F, this.itemFactors, item * F, F)
    return this.mean + this.userBias[user] + this.itemBias[item] + fit
  }

  #learn(user: number, item: number, rating: number, rate: number): number {
    const { regularization, biasRegularization } = this.#options
    const { factors: F, userFactors: P, itemFactors: Q, userBias, itemBias } = this
    const error = rating - this.#raw(user, item)
    userBias[user] += rate * (error - biasRegularization * userBias[user])
    itemBias[item] += rate * (error - biasRegularization * itemBias[item])
    const u = user * F
    const i = item * F
    for (let f = 0; f < F; f++) {
      const p = P[u + f]
      const q = Q[i + f]
      P[u + f] = p + rate * (error * q - regularization * p)
      Q[i + f] = q + rate * (error * p - regularization * q)
    }
    return error
  }
}

const checkKnownRatings = (ratings: Ratings, users: number, items: number): void => {
  checkRatings('BiasedMf', ratings)
  const { user, item, value } = ratings
  if (value.length === 0)
    throw new ShapeError({
      op: 'BiasedMf',
      problem: 'nothing to learn from',
      got: 'no ratings',
      expected: 'at least one',
    })
  const bad = value.findIndex(
    (rating, i) => !(Number.isFinite(rating) && user[i] >= 0 && user[i] < users && item[i] >= 0 && item[i] < items),
  )
  if (bad < 0) return
  throw new ValueError({
    op: 'BiasedMf',
    problem: 'not a rating',
    got: `user ${user[bad]}, item ${item[bad]}, value ${value[bad]} at ${bad}`,
    expected: `a user below ${users}, an item below ${items} and a finite value`,
  })
}
