import fc from 'fast-check'
import { expect, test } from 'vitest'
import golden from './__golden__/recommend.json' with { type: 'json' }
import { interactions } from './interactions.ts'
import { evaluateRanking, expectedNdcg, rankingFigures } from './metrics.ts'
import type { Recommender } from './recommend.ts'

test.each(golden.ndcg)('graded nDCG with ties at $k is that of scikit-learn', ({ k, scores, gains, ndcg }) => {
  expect(expectedNdcg(scores, gains, k ?? undefined)).toBeCloseTo(ndcg, 12)
})

test.each(golden.lists)(
  'figures of a list of $k',
  ({ k, ranked, relevant, sklearnAveragePrecision, sklearnNdcg, ...rest }) => {
    const figures = rankingFigures(ranked, new Set(relevant), k)
    for (const [name, value] of Object.entries(figures))
      expect(value, name).toBeCloseTo(rest[name as keyof typeof figures], 12)
    expect(figures.ndcg).toBeCloseTo(sklearnNdcg, 12)
    // Over the whole list, average precision is scikit-learn's.
    expect(rankingFigures(ranked, new Set(relevant), 10).averagePrecision).toBeCloseTo(sklearnAveragePrecision, 12)
  },
)

test('figures lie in [0, 1], and a perfect list has 1 throughout', () => {
  const list = fc.uniqueArray(fc.nat(20), { minLength: 1 })
  fc.assert(
    fc.property(list, list, fc.integer({ min: 1, max: 25 }), (ranked, relevant, k) => {
      for (const value of Object.values(rankingFigures(ranked, new Set(relevant), k))) {
        expect(value).toBeGreaterThanOrEqual(0)
        expect(value).toBeLessThanOrEqual(1 + 1e-12)
      }
      const { ndcg, averagePrecision, reciprocalRank } = rankingFigures(relevant, new Set(relevant), k)
      expect([ndcg, averagePrecision, reciprocalRank].every((value) => Math.abs(value - 1) < 1e-12)).toBe(true)
    }),
  )
})

const fixed = (rows: readonly (readonly number[])[]): Recommender => ({
  users: rows.length,
  items: rows[0].length,
  scores: (user, out = new Float64Array(rows[0].length)) => {
    out.set(rows[user])
    return out
  },
})
const cells = (...pairs: readonly (readonly [user: number, item: number])[]) =>
  interactions(
    {
      user: Int32Array.from(pairs, ([user]) => user),
      item: Int32Array.from(pairs, ([, item]) => item),
      value: new Float32Array(pairs.length).fill(1),
    },
    { users: 3, items: 4 },
  )

test('a model is scored on unseen items, over users with something held out', () => {
  const model = fixed([
    [4, 3, 2, 1],
    [4, 3, 2, 1],
    [0, 0, 0, 0],
  ])
  const figures = evaluateRanking(model, cells([0, 1], [1, 3]), { k: 2, seen: cells([0, 0]) })
  // User 0 gets 1 and 2, user 1 gets 0 and 1.
  expect(figures).toMatchObject({
    users: 2,
    precision: 0.25,
    recall: 0.5,
    hitRate: 0.5,
    reciprocalRank: 0.5,
    ndcg: 0.5,
  })
  expect(figures.coverage).toBe(0.75)
  expect(figures.entropy).toBeCloseTo(1.5 * Math.LN2, 12)
  // Counts 0, 1, 1, 2 in ascending order: (-3*0 - 1*1 + 1*1 + 3*2) / (4*4)
  expect(figures.gini).toBe(0.375)
})

test('ties go by the lower item', () => {
  const flat = fixed([
    [1, 1, 1, 1],
    [1, 1, 1, 1],
    [1, 1, 1, 1],
  ])
  expect(evaluateRanking(flat, cells([0, 0]), { k: 1 }).recall).toBe(1)
  expect(evaluateRanking(flat, cells([0, 1]), { k: 1 }).recall).toBe(0)
})

test('bad input is refused', () => {
  const model = fixed([
    [1, 2],
    [1, 2],
  ])
  expect(() => evaluateRanking(model, cells([0, 0]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: evaluateRanking: the model and the data differ in size; got 3 users by 4 items, expected 2 by 2. Pass users and items to interactions.]`,
  )
  const wide = fixed([
    [1, 2, 3, 4],
    [1, 2, 3, 4],
    [1, 2, 3, 4],
  ])
  expect(() => evaluateRanking(wide, cells())).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: evaluateRanking: not a number of users with held-out items; got 0, expected an integer >= 1.]`,
  )
  expect(() => evaluateRanking(wide, cells([0, 2]), { seen: cells([0, 2]) })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: evaluateRanking: a held-out item is among the seen ones; got item 2 of user 0. Split the data so that each pair of user and item is on one side.]`,
  )
  expect(() => rankingFigures([1], new Set(), 3)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: rankingFigures: not a number of held-out items; got 0, expected an integer >= 1.]`,
  )
  expect(() => expectedNdcg([1], [1, 2])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: expectedNdcg: not one gain for each score; got 1 scores, 2 gains.]`,
  )
  expect(() => expectedNdcg([NaN], [1])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: expectedNdcg: not a score and its gain; got NaN and 1 at 0, expected a number and a finite gain >= 0.]`,
  )
  expect(() => expectedNdcg([1], [-1])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: expectedNdcg: not a score and its gain; got 1 and -1 at 0, expected a number and a finite gain >= 0.]`,
  )
})
