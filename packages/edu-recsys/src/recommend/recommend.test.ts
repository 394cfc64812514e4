import { Generator } from '@lanewise/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import golden from './__golden__/recommend.json' with { type: 'json' }
import { foldIn, ImplicitAls, type AlsDialect } from './als.ts'
import { BiasedMf } from './biased-mf.ts'
import { Bpr } from './bpr.ts'
import { epochs } from './epochs.ts'
import { FactorModel } from './factors.ts'
import { interactions, itemsOf, type Interactions } from './interactions.ts'
import { ItemKnn } from './item-knn.ts'
import { popularity } from './popularity.ts'
import type { Ratings } from './ratings.ts'
import { recommend, topItems } from './recommend.ts'

const { users, items } = golden.ratings
const size = { users, items }
const ratings = (value: readonly number[] = golden.ratings.value): Ratings => ({
  user: Int32Array.from(golden.ratings.user),
  item: Int32Array.from(golden.ratings.item),
  value: Float32Array.from(value),
})
const train = (): Interactions => interactions(ratings(), size)

const expectClose = (
  got: ArrayLike<number>,
  expected: ArrayLike<number>,
  { rtol, atol }: { readonly rtol: number; readonly atol: number },
): void => {
  expect(got.length).toBe(expected.length)
  for (let i = 0; i < got.length; i++)
    expect(Math.abs(got[i] - expected[i]), `at ${i}`).toBeLessThanOrEqual(atol + rtol * Math.abs(expected[i]))
}

/** The tables are kept in f32: one rounding a value, and what it does to the next solve. */
const close = { rtol: 1e-5, atol: 1e-6 }

test('a list is the best scores in order, equal ones by item', () => {
  const scores = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 30 })
  fc.assert(
    fc.property(scores, fc.integer({ min: 1, max: 40 }), fc.uniqueArray(fc.nat(29)), (values, k, exclude) => {
      const expected = values
        .map((score, item) => ({ item, score }))
        .filter(({ item }) => !exclude.includes(item))
        .sort((a, b) => b.score - a.score || a.item - b.item)
        .slice(0, k)
      expect(topItems(values, { k, exclude })).toEqual(expected)
    }),
  )
})

test('a list of minus infinity, of nothing, of NaN', () => {
  expect(topItems([-Infinity, -Infinity], { k: 3 }).map(({ item }) => item)).toEqual([0, 1])
  expect(topItems([])).toEqual([])
  expect(topItems([1, 2], { exclude: [0, 1] })).toEqual([])
  expect(() => topItems([1, NaN])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: topItems: a score is NaN; got NaN at 1, expected numbers.]`,
  )
  expect(() => topItems([1], { k: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: topItems: not a number of recommendations; got 0, expected an integer >= 1.]`,
  )
})

test('popularity counts, or takes damped means', () => {
  const counts = new Float64Array(items)
  for (const item of golden.ratings.item) counts[item]++
  expect(popularity(train()).scores(3)).toEqual(counts)
  const means = popularity(train(), { by: 'mean', damping: 0 }).scores(0)
  const own = golden.ratings.value.filter((_, i) => golden.ratings.item[i] === 2)
  expect(means[2]).toBeCloseTo(own.reduce((a, b) => a + b, 0) / own.length, 12)
  expect(popularity(interactions(ratings(), { users, items: items + 1 }), { by: 'mean' }).scores(0)[items]).toBeCloseTo(
    golden.ratings.value.reduce((a, b) => a + b, 0) / golden.ratings.value.length,
    6,
  )
})

test('neighbours have the cosines of scikit-learn', () => {
  const model = new ItemKnn(train(), { neighbours: items })
  for (let item = 0; item < items; item++) {
    const similar = new Float64Array(items)
    for (const { item: other, score } of model.similar(item)) similar[other] = score
    expectClose(similar, golden.knn.cosine.slice(item * items, (item + 1) * items), { rtol: 1e-6, atol: 1e-7 })
  }
})

test('neighbours are shrunk, cut and summed as in NumPy', () => {
  const model = new ItemKnn(train(), { neighbours: 3, shrinkage: 10 })
  for (let user = 0; user < users; user++) {
    expectClose(model.scores(user), golden.knn.scores.slice(user * items, (user + 1) * items), {
      rtol: 1e-5,
      atol: 1e-6,
    })
    const { starts, values } = train()
    const again = model.scoresOf(itemsOf(train(), user), values.subarray(starts[user], starts[user + 1]))
    expect(again).toEqual(model.scores(user))
  }
})

const alsOf = (record: (typeof golden.als)[number], cgSteps: number): ImplicitAls =>
  new ImplicitAls(interactions(ratings(record.value), size), {
    factors: record.factors,
    dialect: record.dialect as AlsDialect,
    alpha: record.alpha,
    regularization: record.regularization,
    cgSteps,
    generator: new Generator(record.seed),
  })

test.each(golden.als)('ALS solves the equations of NumPy: $dialect, dislikes $dislike', (record) => {
  const model = alsOf(record, 0)
  model.step()
  const { loss } = model.step()
  expectClose(model.userFactors, record.userFactors, close)
  expectClose(model.itemFactors, record.itemFactors, close)
  expect(loss).toBeCloseTo(record.loss, 5)
  const { dialect, alpha, regularization } = record
  const weights = { dialect: dialect as AlsDialect, alpha, regularization }
  expectClose(foldIn(model, [1, 4, 6], [3, 1, -2], weights), record.fold, close)
})

test('enough steps of conjugate gradients are an exact solution, and few still descend', () => {
  const [record] = golden.als
  const many = alsOf(record, 12)
  many.step()
  many.step()
  expectClose(many.userFactors, record.userFactors, { rtol: 1e-4, atol: 1e-5 })
  const few = alsOf(record, 1)
  const losses = Array.from({ length: 12 }, () => few.step().loss)
  losses.slice(1).forEach((loss, i) => expect(loss).toBeLessThanOrEqual(losses[i] * (1 + 1e-6)))
})

test('a fold-in is the row that training gives', () => {
  const model = alsOf(golden.als[0], 0)
  for (let i = 0; i < 3; i++) model.step()
  const { columns, starts, values } = train()
  const range = [starts[2], starts[3]] as const
  const weights = { alpha: 2, regularization: 0.1 }
  const folded = foldIn(model, columns.subarray(...range), values.subarray(...range), weights)
  // The next pass begins with the users, on these items.
  model.step()
  expectClose(folded, model.userFactors.subarray(2 * 4, 3 * 4), close)
  expect(foldIn(model, [])).toEqual(new Float64Array(4))
})

test('ALS goes on from stored tables, and a stored model needs no data', () => {
  const { dialect, ...weights } = { dialect: 'implicit' as const, alpha: 2, regularization: 0.1 }
  const whole = alsOf(golden.als[0], 0)
  whole.step()
  const rest = new ImplicitAls(train(), { ...weights, dialect, factors: 4, cgSteps: 0, initial: whole })
  whole.step()
  rest.step()
  expect(rest.userFactors).toEqual(whole.userFactors)
  const { users: rows, items: columns, factors, userFactors, itemFactors } = whole
  const stored = new FactorModel({ users: rows, items: columns, factors, userFactors, itemFactors })
  expect(stored.scores(1)).toEqual(whole.scores(1))
})

test('BPR learns triples as in NumPy', () => {
  const { seed, factors, lr, regularization, triples } = golden.bpr
  const model = new Bpr(train(), { factors, lr, regularization, generator: new Generator(seed) })
  model.learn(triples.map(([user, liked, other]) => ({ user, liked, other })))
  expectClose(model.userFactors, golden.bpr.userFactors, close)
  expectClose(model.itemFactors, golden.bpr.itemFactors, close)
})

test.each(['uniform', 'popularity'] as const)('BPR puts what users have first: %s', (negatives) => {
  const model = new Bpr(train(), { factors: 8, lr: 0.1, regularization: 0, negatives, generator: new Generator(0) })
  const first = model.step()
  for (let i = 0; i < 300; i++) model.step()
  const last = model.step()
  expect(last.ordered).toBeGreaterThan(0.95)
  expect(last.ordered).toBeGreaterThan(first.ordered)
  expect(last.skipped).toBeGreaterThan(0.3)
})

test('biased MF follows NumPy pass by pass, in the order of torch.randperm', () => {
  const { seed, rmse, passes, ...record } = golden.biasedMf
  const { factors, lr, decay, regularization, biasRegularization, std } = record
  const model = new BiasedMf(ratings(), {
    ...{ factors, lr, decay, regularization, biasRegularization, std },
    generator: new Generator(seed),
  })
  for (const expected of passes) expect(model.step().rmse).toBeCloseTo(expected, 6)
  for (const name of ['userFactors', 'itemFactors', 'userBias', 'itemBias'] as const)
    expectClose(model[name], record[name], close)
  expect(model.rmse(ratings())).toBeCloseTo(rmse, 6)
})

test('predictions stay in the range of the ratings, scores do not', () => {
  const one = { user: Int32Array.of(0, 0, 1), item: Int32Array.of(0, 1, 0), value: Float32Array.of(5, 5, 1) }
  const model = new BiasedMf(one, { factors: 2, generator: new Generator(0) })
  for (let i = 0; i < 200; i++) model.step()
  expect(model.predict(0, 0)).toBeLessThanOrEqual(5)
  model.userBias[0] = 10
  expect(model.predict(0, 0)).toBe(5)
  expect(model.scores(0)[0]).toBeGreaterThan(5)
})

test('the same seed gives the same model to the bit', () => {
  const run = (): Float32Array => {
    const model = new Bpr(train(), { factors: 5, generator: new Generator(3) })
    model.step()
    return model.itemFactors
  }
  expect(run()).toEqual(run())
})

test('training stops on an abort and can go on', async () => {
  const controller = new AbortController()
  const model = new ImplicitAls(train(), { factors: 2, generator: new Generator(0) })
  const run = async (): Promise<void> => {
    for await (const { pass } of epochs(model, { epochs: 5, signal: controller.signal }))
      if (pass === 2) controller.abort()
  }
  await expect(run()).rejects.toThrowErrorMatchingInlineSnapshot(`[AbortError: epochs: stopped before pass 3 of 5.]`)
  expect(model.passes).toBe(2)
  for await (const { pass } of epochs(model, { epochs: 1 })) expect(pass).toBe(3)
})

test('recommendations leave out what the user has', () => {
  const seen = train()
  const list = recommend(popularity(seen), 0, { seen, k: items })
  expect(list.map(({ item }) => item).sort()).toEqual(
    Array.from({ length: items }, (_, i) => i).filter((i) => !itemsOf(seen, 0).includes(i)),
  )
})

test('bad input is refused by name', () => {
  const model = new ItemKnn(train())
  expect(() => model.scores(users)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: ItemKnn.scores: no such user; got 7, expected an integer in [0, 7).]`,
  )
  expect(() => model.scores(0, new Float64Array(2))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: scores: the array does not hold one score an item; got 2 places, expected 9.]`,
  )
  expect(() => model.scoresOf([0, 99])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: ItemKnn.scoresOf: no such item; got 99, expected an integer in [0, 9).]`,
  )
  expect(() => model.scoresOf([0, 1], [1])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: ItemKnn.scoresOf: not one value for each item; got 2 items, 1 values.]`,
  )
  expect(() => new ItemKnn(train(), { neighbours: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: ItemKnn: not a number of neighbours; got 0, expected an integer >= 1.]`,
  )
  expect(() => new ImplicitAls(train(), {})).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: ImplicitAls: nothing to start from; got neither a generator nor initial tables. Pass generator: new Generator(seed).]`,
  )
  expect(() => new ImplicitAls(train(), { alpha: -1, generator: new Generator(0) })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: ImplicitAls: alpha is out of range; got -1, expected a finite number >= 0.]`,
  )
  expect(
    () =>
      new ImplicitAls(train(), {
        factors: 2,
        initial: { userFactors: new Float32Array(1), itemFactors: new Float32Array(1) },
      }),
  ).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: ImplicitAls: the tables do not fit; got 1 and 1 values, expected 7 x 2 and 9 x 2.]`,
  )
  expect(() => foldIn(alsOf(golden.als[0], 0), [1], [NaN])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: foldIn: not one finite value for each item; got 1 items, 1 values.]`,
  )
  const bpr = new Bpr(train(), { generator: new Generator(0) })
  expect(() => bpr.learn([{ user: 0, liked: 0, other: 99 }])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: Bpr.learn: not a triple of this data; got user 0, liked 0, other 99, expected a user below 7 and items below 9.]`,
  )
  const none = { user: new Int32Array(0), item: new Int32Array(0), value: new Float32Array(0) }
  expect(() => new Bpr(interactions(none), { generator: new Generator(0) })).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: Bpr: nothing to learn from; got no entries, expected at least one.]`,
  )
  expect(() => new BiasedMf(none, { generator: new Generator(0) })).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: BiasedMf: nothing to learn from; got no ratings, expected at least one.]`,
  )
  expect(() => new BiasedMf(ratings(), { items: 3, generator: new Generator(0) })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: BiasedMf: not a rating; got user 2, item 8, value 2 at 1, expected a user below 7, an item below 3 and a finite value.]`,
  )
})

test('equations without a single solution say so', () => {
  const empty = { items: 2, factors: 2, itemFactors: new Float32Array(4) }
  expect(() => foldIn(empty, [0], [1], { regularization: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: als: the equations have no single solution; got a pivot of 0 at 0, expected a positive one. Raise the regularisation.]`,
  )
})
