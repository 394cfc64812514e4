import { rowOfEntries, transposed, type Interactions } from './interactions.ts'
import { checkAtLeastZero, checkIndex, scoreArray, type Recommender } from './recommend.ts'

/** What {@link popularity} takes. */
export interface PopularityOptions {
  /**
   * What makes an item popular: 'count', how many have it, or 'mean', its mean value pulled towards the mean of all
   * values as if `damping` more users had given that. Default 'count'.
   */
  readonly by?: 'count' | 'mean'
  /** Default 5. */
  readonly damping?: number
}

/**
 * The same list for everybody: what a recommender has to beat.
 *   count: score_i = n_i        mean: score_i = (sum_i + damping mean) / (n_i + damping)
 * @throws ValueError when `damping` is negative.
 * @example
 * const train = interactions(parseRatings('a\tx\t1\nb\tx\t2\nb\ty\t9').ratings)
 * popularity(train).scores(0) // => [2, 1]
 * popularity(train, { by: 'mean', damping: 1 }).scores(0) // => [2.3333333, 6.5]
 */
export const popularity = (train: Interactions, { by = 'count', damping = 5 }: PopularityOptions = {}): Recommender => {
  checkAtLeastZero('popularity', 'damping', damping)
  const { users, items, starts, values } = transposed(train)
  const counts = Float64Array.from({ length: users }, (_, item) => starts[item + 1] - starts[item])
  const sums = new Float64Array(users)
  const itemOf = rowOfEntries({ users, items, starts, columns: train.columns, values })
  values.forEach((value, i) => (sums[itemOf[i]] += value))
  const mean = values.length === 0 ? 0 : sums.reduce((a, b) => a + b, 0) / values.length
  const scores =
    by === 'count'
      ? counts
      : sums.map((sum, i) => (counts[i] + damping > 0 ? (sum + damping * mean) / (counts[i] + damping) : mean))
  return {
    users: train.users,
    items: train.items,
    scores: (user, out) => {
      checkIndex('popularity', 'user', user, train.users)
      const filled = scoreArray(train.items, out)
      filled.set(scores)
      return filled
    },
  }
}
