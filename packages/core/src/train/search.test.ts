import { expect, test } from 'vitest'
import { AbortError, ValueError } from '../errors.ts'
import { tensorDataset } from '../data/dataset.ts'
import { Generator } from '../random/generator.ts'
import { tensor } from '../tensor/create.ts'
import { crossValidate, foldsOf } from './cross-validate.ts'
import { between, gridSearch, randomSearch, search, successiveHalving } from './search.ts'

test('every sample validates exactly once, in folds of about equal size', () => {
  for (const generator of [undefined, new Generator(1)]) {
    const folds = foldsOf(23, { folds: 5, ...(generator !== undefined && { generator }) })
    expect(folds.map((f) => f.length)).toEqual([5, 5, 5, 4, 4])
    expect(folds.flatMap((f) => [...f]).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 23 }, (_, i) => i))
  }
})

test('stratified folds share out every class', () => {
  const classes = Array.from({ length: 60 }, (_, i) => (i < 45 ? 0 : i < 55 ? 1 : 2))
  const folds = foldsOf(60, { folds: 5, stratify: classes, generator: new Generator(3) })
  for (const fold of folds) {
    const counts = [0, 1, 2].map((c) => [...fold].filter((i) => classes[i] === c).length)
    expect(counts).toEqual([9, 2, 1])
  }
})

test('figures are averaged over the folds', async () => {
  const data = tensorDataset(tensor([1, 2, 3, 4, 5, 6]))
  const seen: number[][] = []
  const result = await crossValidate(
    data,
    async (train, validation, fold) => {
      seen.push(Array.from({ length: validation.size }, (_, i) => validation.get(i)[0].item()))
      return { score: fold * 3, size: train.size }
    },
    { folds: 3 },
  )
  expect(seen).toEqual([
    [1, 2],
    [3, 4],
    [5, 6],
  ])
  expect(result.mean).toEqual({ score: 3, size: 4 })
  expect(result.std).toEqual({ score: 3, size: 0 })
})

test('wrong folds are refused before anything runs', async () => {
  const data = tensorDataset(tensor([1, 2, 3]))
  const run = (): Promise<never> => Promise.reject(new Error('ran'))
  await expect(crossValidate(data, run, { folds: 4 })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ValueError: crossValidate: folds is out of range; got 4, expected an integer in [2, 3].]`,
  )
  await expect(crossValidate(data, run, { folds: 2, stratify: [0, 1] })).rejects.toThrow(ValueError)
  await expect(crossValidate(data, run, { folds: 2, signal: AbortSignal.abort() })).rejects.toThrow(AbortError)
})

test('a grid holds every combination once, the last name fastest', async () => {
  const { trials, best } = await search(
    { a: [1, 2], b: ['x', 'y', 'z'] },
    async ({ a, b }) => a * 10 + b.charCodeAt(0),
    {
      strategy: gridSearch({ budget: 7 }),
      mode: 'max',
    },
  )
  expect(trials.map((t) => `${t.params.a}${t.params.b}${t.budget}`)).toEqual(['1x7', '1y7', '1z7', '2x7', '2y7', '2z7'])
  expect(best.params).toEqual({ a: 2, b: 'z' })
})

test('random draws keep to their ranges and follow the seed', async () => {
  const space = {
    lr: between(1e-4, 1e-1, { log: true }),
    width: between(3, 5, { integer: true }),
    p: between(-1, 1),
    kind: ['a', 'b'],
  }
  const run = (): Promise<{ trials: readonly { params: { lr: number; width: number; p: number; kind: string } }[] }> =>
    search<{ lr: number; width: number; p: number; kind: string }>(space, async ({ p }) => p, {
      strategy: randomSearch({ trials: 400 }),
      generator: new Generator(5),
    })
  const params = (await run()).trials.map((t) => t.params)
  expect(params).toEqual((await run()).trials.map((t) => t.params))
  for (const { lr, p } of params) expect(lr >= 1e-4 && lr <= 1e-1 && p >= -1 && p <= 1).toBe(true)
  expect(new Set(params.map((x) => x.width))).toEqual(new Set([3, 4, 5]))
  // Half of the draws lie below the geometric middle; four standard deviations of 400 fair coins are 40.
  expect(Math.abs(params.filter((x) => x.lr < Math.sqrt(1e-5)).length - 200)).toBeLessThan(40)
})

test('halving keeps the best third with three times the budget', async () => {
  const { trials, best } = await search({ a: between(0, 1) }, async ({ a }, { budget }) => a + 1 / budget, {
    strategy: successiveHalving({ trials: 27, maxBudget: 9 }),
  })
  expect(trials.map((t) => t.budget)).toEqual([
    ...new Array(27).fill(1),
    ...new Array(9).fill(3),
    ...new Array(3).fill(9),
  ])
  const lowest = Math.min(...trials.map((t) => t.params.a))
  expect([best.params.a, best.budget]).toEqual([lowest, 9])
})

test('a trial without a score loses, whichever way is better', async () => {
  for (const mode of ['min', 'max'] as const) {
    const { best } = await search({ a: [1, 2, 3] }, async ({ a }) => (a === 2 ? 5 : NaN), {
      strategy: gridSearch(),
      mode,
    })
    expect(best.params.a).toBe(2)
  }
})

test('bad spaces and strategies are refused with what to do', async () => {
  const run = async (): Promise<number> => 0
  await expect(
    search({ a: between(0, 1) }, run, { strategy: gridSearch() }),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ValueError: gridSearch: a is a range; got 0 to 1, expected a list of values.]`,
  )
  await expect(search({ a: [] as number[] }, run, { strategy: gridSearch() })).rejects.toThrow(/a has no values/)
  expect(() => between(0, 1, { log: true })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: between: the bounds do not fit; got 0 to 1, expected 0 < from < to.]`,
  )
  expect(() => randomSearch({ trials: 0 })).toThrow(ValueError)
  expect(() => successiveHalving({ trials: 3, maxBudget: 0.5 })).toThrow(ValueError)
  await expect(search({ a: [1] }, run, { strategy: gridSearch(), signal: AbortSignal.abort() })).rejects.toThrow(
    AbortError,
  )
})
