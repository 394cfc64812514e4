import { ShapeError, ValueError } from '@lanewise/core'
import { itemsOf, type Interactions } from './interactions.ts'

/** Gives every item a score for a user; the higher, the better. */
export interface Recommender {
  readonly users: number
  readonly items: number
  /**
   * A score of every item for one user; the highest is the first choice.
   * @param user - in [0, users)
   * @param out - filled and returned; absent, a new array
   */
  scores(user: number, out?: Float64Array): Float64Array
}

/** One row of a list of recommendations. */
export interface Recommendation {
  readonly item: number
  readonly score: number
}

/** What {@link topItems} takes. */
export interface TopItemsOptions {
  /** Length of the list; it is shorter where there are fewer items. Default 10. */
  readonly k?: number
  /** Items that are left out, such as those the user has. */
  readonly exclude?: Iterable<number>
}

/** Checks an index that a caller gave. */
export const checkIndex = (op: string, what: string, index: number, count: number): void => {
  if (Number.isInteger(index) && index >= 0 && index < count) return
  throw new ValueError({ op, problem: `no such ${what}`, got: String(index), expected: `an integer in [0, ${count})` })
}

/** Checks a number of things of which there must be at least one. */
export const checkCount = (op: string, what: string, count: number): void => {
  if (Number.isSafeInteger(count) && count >= 1) return
  throw new ValueError({ op, problem: `not a number of ${what}`, got: String(count), expected: 'an integer >= 1' })
}

/** Checks a number that may not be negative. */
export const checkAtLeastZero = (op: string, what: string, value: number): void => {
  if (value >= 0 && value < Infinity) return
  throw new ValueError({ op, problem: `${what} is out of range`, got: String(value), expected: 'a finite number >= 0' })
}

/** The array to fill: the caller's, if it fits. */
export const scoreArray = (items: number, out: Float64Array | undefined): Float64Array => {
  if (out === undefined) return new Float64Array(items)
  if (out.length === items) return out
  throw new ShapeError({
    op: 'scores',
    problem: 'the array does not hold one score an item',
    got: `${out.length} places`,
    expected: String(items),
  })
}

/**
 * The items with the highest scores. Equal scores go by the lower item first, so that a list is the same everywhere.
 * @throws ValueError when a score is NaN or `k` is not a positive integer.
 * @example topItems([0.2, 0.9, 0.9, 0.5], { k: 2 }) // => [{ item: 1, score: 0.9 }, { item: 2, score: 0.9 }]
 */
export const topItems = (
  scores: ArrayLike<number>,
  { k = 10, exclude = [] }: TopItemsOptions = {},
): Recommendation[] => {
  checkCount('topItems', 'recommendations', k)
  const excluded = new Set(exclude)
  const length = Math.min(k, scores.length)
  const items = new Int32Array(length)
  const best = new Float64Array(length)
  let n = 0
  for (let item = 0; item < scores.length; item++) {
    const score = scores[item]
    if (n === length && score <= best[n - 1]) continue
    if (score !== score) {
      throw new ValueError({ op: 'topItems', problem: 'a score is NaN', got: `NaN at ${item}`, expected: 'numbers' })
    }
    if (excluded.has(item)) continue
    let at = n < length ? n++ : n - 1
    for (; at > 0 && best[at - 1] < score; at--) {
      items[at] = items[at - 1]
      best[at] = best[at - 1]
    }
    items[at] = item
    best[at] = score
  }
  return Array.from(items.subarray(0, n), (item, i) => ({ item, score: best[i] }))
}

/** What {@link recommend} takes. */
export interface RecommendOptions extends TopItemsOptions {
  /** What users have already: a user's own items are left out. */
  readonly seen?: Interactions
}

/**
 * What a model recommends to a user.
 * @throws ValueError when there is no such user, or as {@link topItems}.
 * @example
 * const { ratings, items } = parseRatings('ann\tgears\t1\nann\tlevers\t1\nbob\tgears\t1\ncyd\tgears\t1')
 * const seen = interactions(ratings)
 * recommend(popularity(seen), 1, { seen }).map(({ item }) => items[item]) // => ['levers']
 */
export const recommend = (
  model: Recommender,
  user: number,
  { k = 10, exclude = [], seen }: RecommendOptions = {},
): Recommendation[] => {
  checkIndex('recommend', 'user', user, model.users)
  return topItems(model.scores(user), {
    k,
    exclude: seen === undefined ? exclude : [...exclude, ...itemsOf(seen, user)],
  })
}
