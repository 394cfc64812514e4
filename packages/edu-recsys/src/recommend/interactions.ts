import { ValueError } from '@lanewise/core'
import { checkRatings, type Ratings } from './ratings.ts'

/** A sparse matrix of users by items: row u's entries are those from `starts[u]` to `starts[u + 1]`. */
export interface Interactions {
  readonly users: number
  readonly items: number
  /** [users + 1] */
  readonly starts: Int32Array
  /** The items of each row, ascending. */
  readonly columns: Int32Array
  /** The value beside each column. */
  readonly values: Float32Array
}

/** What {@link interactions} takes. */
export interface InteractionsOptions {
  /** Rows. Default the largest user + 1. */
  readonly users?: number
  /** Columns. Default the largest item + 1. */
  readonly items?: number
  /** What several entries of one user and item become: the last of them, or their sum. Default 'last'. */
  readonly duplicates?: 'last' | 'sum'
}

const largest = (indices: Int32Array): number => indices.reduce((most, i) => Math.max(most, i), -1)

const checkIndices = (what: string, indices: Int32Array, count: number): void => {
  const bad = indices.findIndex((i) => i < 0 || i >= count)
  if (bad < 0) return
  throw new ValueError({
    op: 'interactions',
    problem: `not ${what}`,
    got: `${indices[bad]} at ${bad}`,
    expected: `an integer in [0, ${count})`,
  })
}

/** Where each row starts, when `rows[i]` is the row of entry i. */
const startsOf = (rows: Int32Array, count: number): Int32Array => {
  const starts = new Int32Array(count + 1)
  for (const row of rows) starts[row + 1]++
  for (let row = 0; row < count; row++) starts[row + 1] += starts[row]
  return starts
}

/** Sorts entries by row, keeping their order within a row. */
const byRow = (
  rows: Int32Array,
  columns: Int32Array,
  values: Float32Array,
  count: number,
): Omit<Interactions, 'users' | 'items'> => {
  const starts = startsOf(rows, count)
  const next = starts.slice(0, count)
  const sorted = { starts, columns: new Int32Array(rows.length), values: new Float32Array(rows.length) }
  for (let i = 0; i < rows.length; i++) {
    const place = next[rows[i]]++
    sorted.columns[place] = columns[i]
    sorted.values[place] = values[i]
  }
  return sorted
}

/** The row of every entry. */
export const rowOfEntries = ({ starts, columns }: Interactions): Int32Array => {
  const rows = new Int32Array(columns.length)
  for (let row = 0; row + 1 < starts.length; row++) rows.fill(row, starts[row], starts[row + 1])
  return rows
}

/**
 * Items by users.
 * @example
 * const byUser = interactions({ user: Int32Array.of(0, 1), item: Int32Array.of(2, 2), value: Float32Array.of(5, 4) })
 * transposed(byUser).starts // => [0, 0, 0, 2]
 */
export const transposed = (matrix: Interactions): Interactions => ({
  users: matrix.items,
  items: matrix.users,
  ...byRow(matrix.columns, rowOfEntries(matrix), matrix.values, matrix.items),
})

/** Joins neighbouring entries of one row and column. */
const merged = (matrix: Interactions, sum: boolean): Interactions => {
  const { starts, columns, values } = matrix
  const kept = new Int32Array(starts.length)
  let n = 0
  for (let row = 0; row < matrix.users; row++) {
    for (let i = starts[row]; i < starts[row + 1]; i++) {
      const repeats = n > kept[row] && columns[n - 1] === columns[i]
      if (!repeats) columns[n++] = columns[i]
      values[n - 1] = repeats && sum ? values[n - 1] + values[i] : values[i]
    }
    kept[row + 1] = n
  }
  return { ...matrix, starts: kept, columns: columns.slice(0, n), values: values.slice(0, n) }
}

/**
 * Ratings as a sparse matrix, which the recommenders read.
 * @throws ValueError when an index lies outside or a value is not finite; ShapeError when the columns differ in length.
 * @example
 * const { ratings } = parseRatings('ann\tgears\t4\nann\tlevers\t3\nbob\tgears\t5')
 * const matrix = interactions(ratings)
 * matrix.starts // => [0, 2, 3]
 * matrix.columns // => [0, 1, 0]
 */
export const interactions = (ratings: Ratings, options: InteractionsOptions = {}): Interactions => {
  checkRatings('interactions', ratings)
  const { users = largest(ratings.user) + 1, items = largest(ratings.item) + 1, duplicates = 'last' } = options
  checkIndices('a user', ratings.user, users)
  checkIndices('an item', ratings.item, items)
  const bad = ratings.value.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0) {
    throw new ValueError({
      op: 'interactions',
      problem: 'a value is not finite',
      got: `${ratings.value[bad]} at ${bad}`,
      expected: 'finite values',
    })
  }
  const byItem = { users: items, items: users, ...byRow(ratings.item, ratings.user, ratings.value, items) }
  // Two stable passes: sorted by item, then by user.
  return merged(transposed(byItem), duplicates === 'sum')
}

/** Whether the user has the item, by halving. */
export const hasItem = ({ starts, columns }: Interactions, user: number, item: number): boolean => {
  let low = starts[user]
  let high = starts[user + 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if (columns[middle] < item) low = middle + 1
    else high = middle
  }
  return low < starts[user + 1] && columns[low] === item
}

/** The items of one user, ascending. */
export const itemsOf = ({ starts, columns }: Interactions, user: number): Int32Array =>
  columns.subarray(starts[user], starts[user + 1])

/** The values of one user, beside {@link itemsOf}. */
export const valuesOf = ({ starts, values }: Interactions, user: number): Float32Array =>
  values.subarray(starts[user], starts[user + 1])
