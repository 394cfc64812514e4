import { ShapeError } from '@lanewise/core'
import { itemsOf, transposed, valuesOf, type Interactions } from './interactions.ts'
import {
  checkAtLeastZero,
  checkCount,
  checkIndex,
  scoreArray,
  topItems,
  type Recommendation,
  type Recommender,
} from './recommend.ts'

/** What {@link ItemKnn} takes. */
export interface ItemKnnOptions {
  /** Neighbours kept for each item. Default 50. */
  readonly neighbours?: number
  /** Added to the divisor of the cosine, so that items of few users count less. Default 0. */
  readonly shrinkage?: number
}

const norms = ({ users, starts, values }: Interactions): Float64Array =>
  Float64Array.from({ length: users }, (_, row) => {
    let sum = 0
    for (let i = starts[row]; i < starts[row + 1]; i++) sum += values[i] * values[i]
    return Math.sqrt(sum)
  })

/** Products of one item's column with all others, into `out`. */
const products = (item: number, byItem: Interactions, byUser: Interactions, out: Float64Array): void => {
  out.fill(0)
  for (let i = byItem.starts[item]; i < byItem.starts[item + 1]; i++) {
    const user = byItem.columns[i]
    const value = byItem.values[i]
    for (let j = byUser.starts[user]; j < byUser.starts[user + 1]; j++)
      out[byUser.columns[j]] += value * byUser.values[j]
  }
}

/** Lists one behind the other. */
const flat = (lists: readonly (readonly Recommendation[])[]): Pick<Interactions, 'starts' | 'columns' | 'values'> => {
  const starts = new Int32Array(lists.length + 1)
  lists.forEach((list, i) => (starts[i + 1] = starts[i] + list.length))
  const all = lists.flat()
  return {
    starts,
    columns: Int32Array.from(all, ({ item }) => item),
    values: Float32Array.from(all, ({ score }) => score),
  }
}

/**
 * Recommends what resembles the user's items: items are alike when the same users have them.
 *   s_ij = x_i . x_j / (|x_i| |x_j| + shrinkage), kept for the `neighbours` nearest j of each i
 *   score_i = sum over the user's items j of value_j s_ji
 * A new user needs no training: {@link ItemKnn.scoresOf} takes the items themselves.
 * @throws ValueError when an option is out of range.
 * @source Deshpande and Karypis 2004; cosines checked against scikit-learn in recommend.test.ts
 * @example
 * const train = interactions(parseRatings('a\tx\t1\na\ty\t1\nb\tx\t1\nb\ty\t1\nc\tz\t1').ratings)
 * const model = new ItemKnn(train)
 * model.similar(0) // => [{ item: 1, score: 1 }]
 * model.scoresOf([0]) // => [0, 1, 0]
 */
export class ItemKnn implements Recommender {
  readonly users: number
  readonly items: number
  readonly #train: Interactions
  /** Row i holds the neighbours of item i, most alike first. */
  readonly #neighbours: Pick<Interactions, 'starts' | 'columns' | 'values'>

  constructor(train: Interactions, { neighbours = 50, shrinkage = 0 }: ItemKnnOptions = {}) {
    checkCount('ItemKnn', 'neighbours', neighbours)
    checkAtLeastZero('ItemKnn', 'shrinkage', shrinkage)
    this.users = train.users
    this.items = train.items
    this.#train = train
    const byItem = transposed(train)
    const lengths = norms(byItem)
    const row = new Float64Array(train.items)
    const found = Array.from(lengths, (own, item) => {
      products(item, byItem, train, row)
      for (let j = 0; j < row.length; j++) if (row[j] !== 0) row[j] /= own * lengths[j] + shrinkage
      return topItems(row, { k: neighbours, exclude: [item] }).filter(({ score }) => score > 0)
    })
    this.#neighbours = flat(found)
  }

  /**
   * The nearest items, most alike first.
   * @throws ValueError when there is no such item.
   */
  similar(item: number): Recommendation[] {
    checkIndex('ItemKnn.similar', 'item', item, this.items)
    const { starts, columns, values } = this.#neighbours
    const scores = values.subarray(starts[item], starts[item + 1])
    return Array.from(scores, (score, i) => ({ item: columns[starts[item] + i], score }))
  }

  /** See {@link Recommender.scores}: how alike each item is to those that the user has taken. */
  scores(user: number, out?: Float64Array): Float64Array {
    checkIndex('ItemKnn.scores', 'user', user, this.users)
    return this.#sum(itemsOf(this.#train, user), valuesOf(this.#train, user), scoreArray(this.items, out))
  }

  /**
   * Scores for somebody who was not in the training data.
   * @param items - what they have
   * @param values - how much they like each. Default 1 each.
   * @throws ValueError when there is no such item; ShapeError when there is not one value an item.
   */
  scoresOf(items: ArrayLike<number>, values?: ArrayLike<number>): Float64Array {
    const weights = values ?? new Float64Array(items.length).fill(1)
    if (weights.length !== items.length) {
      throw new ShapeError({
        op: 'ItemKnn.scoresOf',
        problem: 'not one value for each item',
        got: `${items.length} items, ${weights.length} values`,
      })
    }
    for (let i = 0; i < items.length; i++) checkIndex('ItemKnn.scoresOf', 'item', items[i], this.items)
    return this.#sum(items, weights, new Float64Array(this.items))
  }

  #sum(items: ArrayLike<number>, values: ArrayLike<number>, out: Float64Array): Float64Array {
    const { starts, columns, values: scores } = this.#neighbours
    out.fill(0)
    for (let i = 0; i < items.length; i++) {
      const end = starts[items[i] + 1]
      for (let n = starts[items[i]]; n < end; n++) out[columns[n]] += values[i] * scores[n]
    }
    return out
  }
}
