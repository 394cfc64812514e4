import { FormatError, ShapeError, ValueError, type Generator } from '@lanewise/core'

/** Who did what with which item, as columns: entry i says that `user[i]` gave `item[i]` the value `value[i]`. */
export interface Ratings {
  /** Users from 0. */
  readonly user: Int32Array
  /** Items from 0. */
  readonly item: Int32Array
  /** A rating, a grade, or how often or how long; 1 where there is only the fact. */
  readonly value: Float32Array
}

/** Ratings with the names behind the indices. */
export interface NamedRatings {
  readonly ratings: Ratings
  /** The user's name for each index, in order of first appearance. */
  readonly users: string[]
  /** The item's name for each index, in order of first appearance. */
  readonly items: string[]
}

/** What {@link parseRatings} takes. */
export interface ParseRatingsOptions {
  /** Named in errors. Default `ratings`. */
  readonly file?: string
  /** What stands between the fields of a line. Default a tab. */
  readonly separator?: string
}

/** Indices for names, in order of first appearance. */
class Names {
  readonly list: string[] = []
  readonly #indices: Map<string, number> = new Map()

  index(name: string): number {
    const known = this.#indices.get(name)
    if (known !== undefined) return known
    this.#indices.set(name, this.list.length)
    return this.list.push(name) - 1
  }
}

/**
 * Reads lines `user, item, rating[, time]`, such as MovieLens's `u.data`. Times are read past; empty lines too.
 * @throws FormatError when a line has too few fields, an empty name, or a rating that is not a finite number; it names
 *   file and line.
 * @source The format of https://files.grouplens.org/datasets/movielens/ml-100k-README.txt
 * @example
 * const { ratings, items } = parseRatings('ann\tgears\t4\nbob\tgears\t5\nann\tlevers\t3\n')
 * items // => ['gears', 'levers']
 * ratings.item // => [0, 0, 1]
 * parseRatings('ann\tgears\tgood') // => throws FormatError: ratings:1
 */
export const parseRatings = (
  text: string,
  { file = 'ratings', separator = '\t' }: ParseRatingsOptions = {},
): NamedRatings => {
  const [users, items] = [new Names(), new Names()]
  const user: number[] = []
  const item: number[] = []
  const value: number[] = []
  text.split('\n').forEach((line, at) => {
    if (line.trim() === '') return
    const [who = '', what = '', rating = ''] = line.trimEnd().split(separator)
    if (who === '' || what === '' || rating.trim() === '' || !Number.isFinite(Number(rating))) {
      throw new FormatError({
        op: `${file}:${at + 1}`,
        problem: 'not a rating',
        got: JSON.stringify(line.slice(0, 60)),
        expected: `user, item and a finite number, with ${JSON.stringify(separator)} between`,
      })
    }
    user.push(users.index(who))
    item.push(items.index(what))
    value.push(Number(rating))
  })
  return {
    ratings: { user: Int32Array.from(user), item: Int32Array.from(item), value: Float32Array.from(value) },
    users: users.list,
    items: items.list,
  }
}

/** Checks that the columns are of one length. */
export const checkRatings = (op: string, { user, item, value }: Ratings): void => {
  if (user.length === item.length && item.length === value.length) return
  throw new ShapeError({
    op,
    problem: 'the columns differ in length',
    got: `${user.length} users, ${item.length} items, ${value.length} values`,
    expected: 'one of each for every rating',
  })
}

/** The ratings at these places. */
const pick = ({ user, item, value }: Ratings, places: Int32Array): Ratings => ({
  user: places.map((i) => user[i]),
  item: places.map((i) => item[i]),
  value: Float32Array.from(places, (i) => value[i]),
})

/** What {@link splitRatings} takes. */
export interface SplitOptions {
  /** Share of the ratings held out, in (0, 1). Default 0.1. */
  readonly test?: number
  /** Draws the split: the same seed, the same split. */
  readonly generator: Generator
}

/**
 * Holds out a random share of the ratings: `randperm(n)`, of which the first round(n test) are the test.
 * @throws ValueError when `test` is not between 0 and 1; ShapeError when the columns differ in length.
 * @example
 * import { Generator } from '@lanewise/core'
 * const all = parseRatings('a\tx\t1\na\ty\t2\nb\tx\t3\nb\ty\t4').ratings
 * const { train, test } = splitRatings(all, { test: 0.25, generator: new Generator(0) })
 * train.user.length // => 3
 * test.user.length // => 1
 */
export const splitRatings = (
  ratings: Ratings,
  { test = 0.1, generator }: SplitOptions,
): { train: Ratings; test: Ratings } => {
  checkRatings('splitRatings', ratings)
  if (!(test > 0 && test < 1)) {
    throw new ValueError({ op: 'splitRatings', problem: 'not a share', got: String(test), expected: 'between 0 and 1' })
  }
  const order = generator.randperm(ratings.user.length)
  const held = Math.round(order.length * test)
  return { train: pick(ratings, order.subarray(held)), test: pick(ratings, order.subarray(0, held)) }
}
