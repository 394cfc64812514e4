import { math, ShapeError, ValueError } from '@lanewise/core'
import { hasItem, itemsOf, type Interactions } from './interactions.ts'
import { checkCount, topItems, type Recommender } from './recommend.ts'

/** Figures of one list against what was held out, or their means over users. */
export interface RankingFigures {
  /** Hits / k. */
  readonly precision: number
  /** Hits / held-out items. */
  readonly recall: number
  /** 1 if anything was hit. */
  readonly hitRate: number
  /** Binary gains, 1 / log2(rank + 1), over the best that min(k, held-out items) hits can give. */
  readonly ndcg: number
  /** Mean of the precisions at the hits, over min(k, held-out items). */
  readonly averagePrecision: number
  /** 1 / rank of the first hit, 0 without one. */
  readonly reciprocalRank: number
}

/** Figures of a model over all users with held-out items. */
export interface RankingEvaluation extends RankingFigures {
  /** Users with at least one held-out item; only these count. */
  readonly users: number
  /** Share of the items that anybody was recommended. */
  readonly coverage: number
  /** 0 when all items are recommended equally often, near 1 when it is always the same few. */
  readonly gini: number
  /** Shannon entropy in nats of what is recommended. */
  readonly entropy: number
}

/** What {@link evaluateRanking} takes. */
export interface EvaluateRankingOptions {
  /** Length of the lists. Default 10. */
  readonly k?: number
  /** What users have already, which is not recommended. It may not hold held-out items. */
  readonly seen?: Interactions
}

/** 1 / log2(rank + 1), with ranks from 1. */
const discount = (rank: number): number => 0.6931471805599453 / math.log(rank + 1)

/**
 * Figures of one list.
 * @param ranked - items, best first; at most the first k count
 * @param relevant - the held-out items
 * @throws ValueError when nothing was held out or `k` is not a positive integer.
 * @source The nDCG checked against scikit-learn, the others against their formulas, in metrics.test.ts
 * @example
 * const figures = rankingFigures([4, 7, 1], new Set([7, 9]), 3)
 * figures.recall // => 0.5
 * figures.reciprocalRank // => 0.5
 */
export const rankingFigures = (ranked: ArrayLike<number>, relevant: ReadonlySet<number>, k: number): RankingFigures => {
  checkCount('rankingFigures', 'recommendations', k)
  checkCount('rankingFigures', 'held-out items', relevant.size)
  const ideal = Math.min(k, relevant.size)
  let [hits, gain, precisions, first, best] = [0, 0, 0, 0, 0]
  for (let rank = 1; rank <= ideal; rank++) best += discount(rank)
  for (let rank = 1; rank <= Math.min(k, ranked.length); rank++) {
    if (!relevant.has(ranked[rank - 1])) continue
    hits++
    gain += discount(rank)
    precisions += hits / rank
    if (first === 0) first = rank
  }
  return {
    precision: hits / k,
    recall: hits / relevant.size,
    hitRate: hits > 0 ? 1 : 0,
    ndcg: gain / best,
    averagePrecision: precisions / ideal,
    reciprocalRank: first === 0 ? 0 : 1 / first,
  }
}

/** Descending scores with what the items are worth. */
const sorted = (scores: ArrayLike<number>, gains: ArrayLike<number>): { score: number; gain: number }[] =>
  Array.from({ length: scores.length }, (_, i) => ({ score: scores[i], gain: gains[i] })).sort(
    (a, b) => b.score - a.score,
  )

/**
 * Normalised discounted cumulative gain with graded gains, where equal scores may come in any order: each of a group
 * of ties counts with the group's mean gain, so the value is the mean over all orders.
 *   DCG = sum gain_rank / log2(rank + 1);   0 when every gain is 0
 * @param scores - one an item
 * @param gains - what each item is worth, at least 0
 * @param k - ranks that count. Default all.
 * @throws ShapeError when the lengths differ; ValueError when a score is NaN or a gain is negative.
 * @source Checked against sklearn.metrics.ndcg_score 1.2 in metrics.test.ts
 * @example
 * expectedNdcg([3, 2, 1], [0, 1, 0]) // => 0.6309298
 * expectedNdcg([2, 2, 1], [0, 1, 0]) // => 0.8154649
 */
export const expectedNdcg = (scores: ArrayLike<number>, gains: ArrayLike<number>, k: number = Infinity): number => {
  checkGains(scores, gains)
  if (k !== Infinity) checkCount('expectedNdcg', 'ranks', k)
  const dcg = (rows: readonly { score: number; gain: number }[]): number => {
    let total = 0
    for (let start = 0; start < Math.min(k, rows.length);) {
      let [end, sum] = [start, 0]
      for (; end < rows.length && rows[end].score === rows[start].score; end++) sum += rows[end].gain
      for (let i = start; i < Math.min(k, end); i++) total += (sum / (end - start)) * discount(i + 1)
      start = end
    }
    return total
  }
  const best = dcg(sorted(gains, gains))
  return best === 0 ? 0 : dcg(sorted(scores, gains)) / best
}

const checkGains = (scores: ArrayLike<number>, gains: ArrayLike<number>): void => {
  if (scores.length !== gains.length) {
    throw new ShapeError({
      op: 'expectedNdcg',
      problem: 'not one gain for each score',
      got: `${scores.length} scores, ${gains.length} gains`,
    })
  }
  for (let i = 0; i < scores.length; i++) {
    if (scores[i] === scores[i] && gains[i] >= 0 && gains[i] < Infinity) continue
    throw new ValueError({
      op: 'expectedNdcg',
      problem: 'not a score and its gain',
      got: `${scores[i]} and ${gains[i]} at ${i}`,
      expected: 'a number and a finite gain >= 0',
    })
  }
}

/** Gini's coefficient of counts, zeros included. */
const giniOf = (counts: Float64Array): number => {
  const ascending = counts.slice().sort()
  const n = ascending.length
  let [weighted, total] = [0, 0]
  ascending.forEach((count, i) => {
    weighted += (2 * (i + 1) - n - 1) * count
    total += count
  })
  return total === 0 ? 0 : weighted / (n * total)
}

const entropyOf = (counts: Float64Array): number => {
  const total = counts.reduce((sum, count) => sum + count, 0)
  return counts.reduce((sum, count) => (count === 0 ? sum : sum - (count / total) * math.log(count / total)), 0)
}

const zeroFigures: RankingFigures = {
  precision: 0,
  recall: 0,
  hitRate: 0,
  ndcg: 0,
  averagePrecision: 0,
  reciprocalRank: 0,
}

/**
 * Ranks all items that a user does not have, for every user with held-out items, and takes the means.
 * Ties go by the lower item, see {@link topItems}.
 * @throws ShapeError when model and data differ in size; ValueError when nothing was held out, or a held-out item is
 *   among the seen ones of its user.
 * @example
 * const train = interactions(parseRatings('a\tx\t1\na\ty\t1\nb\tx\t1\nb\tz\t1').ratings)
 * const test = interactions({ user: Int32Array.of(1), item: Int32Array.of(1), value: Float32Array.of(1) }, train)
 * evaluateRanking(popularity(train), test, { k: 1, seen: train }).recall // => 1
 */
export const evaluateRanking = (
  model: Recommender,
  test: Interactions,
  { k = 10, seen }: EvaluateRankingOptions = {},
): RankingEvaluation => {
  checkCount('evaluateRanking', 'recommendations', k)
  checkSizes(model, test, seen)
  const scores = new Float64Array(model.items)
  const counts = new Float64Array(model.items)
  const sums: Record<keyof RankingFigures, number> = { ...zeroFigures }
  let users = 0
  for (let user = 0; user < test.users; user++) {
    const relevant = new Set(itemsOf(test, user))
    if (relevant.size === 0) continue
    users++
    const exclude = seen === undefined ? [] : itemsOf(seen, user)
    const ranked = topItems(model.scores(user, scores), { k, exclude }).map(({ item }) => item)
    for (const item of ranked) counts[item]++
    const own = rankingFigures(ranked, relevant, k)
    for (const name of namesOf(sums)) sums[name] += own[name]
  }
  checkCount('evaluateRanking', 'users with held-out items', users)
  for (const name of namesOf(sums)) sums[name] /= users
  const recommended = counts.filter((count) => count > 0).length
  return { ...sums, users, coverage: recommended / model.items, gini: giniOf(counts), entropy: entropyOf(counts) }
}

const namesOf = <T extends object>(record: T): (keyof T)[] => Object.keys(record) as (keyof T)[]

const checkSizes = (model: Recommender, test: Interactions, seen: Interactions | undefined): void => {
  for (const matrix of seen === undefined ? [test] : [test, seen]) {
    if (matrix.users === model.users && matrix.items === model.items) continue
    throw new ShapeError({
      op: 'evaluateRanking',
      problem: 'the model and the data differ in size',
      got: `${matrix.users} users by ${matrix.items} items`,
      expected: `${model.users} by ${model.items}`,
      advice: 'Pass users and items to interactions',
    })
  }
  for (let user = 0; seen !== undefined && user < test.users; user++) {
    const both = itemsOf(test, user).find((item) => hasItem(seen, user, item))
    if (both === undefined) continue
    throw new ValueError({
      op: 'evaluateRanking',
      problem: 'a held-out item is among the seen ones',
      got: `item ${both} of user ${user}`,
      advice: 'Split the data so that each pair of user and item is on one side',
    })
  }
}
