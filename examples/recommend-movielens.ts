import { Generator } from '@lanewise/core'
import {
  BiasedMf,
  Bpr,
  epochs,
  evaluateRanking,
  foldIn,
  ImplicitAls,
  interactions,
  ItemKnn,
  popularity,
  splitRatings,
  topItems,
  type EpochModel,
  type Ratings,
  type Recommender,
} from '@lanewise/edu-recsys'
import type { Context, Metrics } from './lib/context.ts'
import { movies, type Movies } from './lib/movielens.ts'
import { plot, type Series } from './lib/plot.ts'

export const summary =
  'Recommending films (MovieLens 100k): five models, the error of predicted ratings and the quality of lists'

const alsWeights = { alpha: 1, regularization: 10 }

/** Root mean squared error of what `predict` says. */
const rmseOf = ({ user, item, value }: Ratings, predict: (user: number, item: number) => number): number => {
  let squares = 0
  value.forEach((rating, i) => (squares += (rating - predict(user[i] ?? 0, item[i] ?? 0)) ** 2))
  return Math.sqrt(squares / value.length)
}

/** Trains with a bar, and hands each pass's report on. */
const train = async <E>(
  name: string,
  model: EpochModel<E>,
  count: number,
  { progress, signal }: Context,
  each: (report: E) => void = () => {},
): Promise<number> => {
  const bar = progress(name, count)
  const start = performance.now()
  let done = 0
  for await (const report of epochs(model, { epochs: count, signal })) {
    each(report)
    bar.update(++done)
  }
  bar.stop()
  return (performance.now() - start) / 1000
}

/** Films for somebody new, from a few that they like, without training. */
const forNewcomer = (model: ImplicitAls, all: Movies, liked: readonly string[]): string => {
  const own = all.items.flatMap((_, item) => (liked.some((name) => all.title(item).startsWith(name)) ? [item] : []))
  const scores = model.scoresOf(
    foldIn(
      model,
      own,
      own.map(() => 5),
      alsWeights,
    ),
  )
  const titles = topItems(scores, { k: 5, exclude: own }).map(({ item }) => all.title(item))
  return `Who likes ${own.map(all.title).join(' and ')} gets ${titles.join('; ')}`
}

/** The ratings of the first users only. */
const ofUsers = (all: Movies, count: number): Movies => {
  const { user, item, value } = all.ratings
  const kept = Int32Array.from(user.keys()).filter((i) => (user[i] ?? 0) < count)
  const ratings = {
    user: kept.map((i) => user[i] ?? 0),
    item: kept.map((i) => item[i] ?? 0),
    value: Float32Array.from(kept, (i) => value[i] ?? 0),
  }
  return { ...all, ratings, users: all.users.slice(0, count) }
}

export const run = async (context: Context): Promise<Metrics> => {
  const { data, quick, seed, log, write } = context
  const found = movies(data, log)
  const all = quick ? ofUsers(found, 150) : found
  const size = { users: all.users.length, items: all.items.length }
  const { train: known, test } = splitRatings(all.ratings, { generator: new Generator(seed) })
  const seen = interactions(known, size)
  const held = interactions(test, size)
  log(
    `${all.source}: ${size.users} users, ${size.items} films, ${known.value.length} ratings, ${test.value.length} held out`,
  )

  const figures = (name: string, model: Recommender, rmse: number | null, seconds: number): Metrics => {
    const { ndcg, recall, averagePrecision, reciprocalRank, coverage } = evaluateRanking(model, held, { k: 10, seen })
    log(
      `${name}: nDCG@10 ${ndcg.toFixed(4)}, recall@10 ${recall.toFixed(4)}${rmse === null ? '' : `, RMSE ${rmse.toFixed(4)}`}`,
    )
    return {
      rmse,
      ndcgAt10: ndcg,
      recallAt10: recall,
      mapAt10: averagePrecision,
      mrrAt10: reciprocalRank,
      coverage,
      seconds,
    }
  }

  const means = popularity(seen, { by: 'mean' }).scores(0)
  const popular = figures(
    'popularity',
    popularity(seen),
    rmseOf(test, (_, item) => means[item] ?? 0),
    0,
  )

  const begin = performance.now()
  const ones = interactions({ ...known, value: new Float32Array(known.value.length).fill(1) }, size)
  const neighbours = new ItemKnn(ones, { neighbours: 100, shrinkage: 20 })
  const knn = figures('item-kNN', neighbours, null, (performance.now() - begin) / 1000)

  const als = new ImplicitAls(seen, { factors: quick ? 16 : 32, ...alsWeights, generator: new Generator(seed) })
  const alsSeconds = await train('ALS', als, quick ? 2 : 10, context)
  const alsFigures = figures('ALS', als, null, alsSeconds)
  log(forNewcomer(als, all, ['Star Wars', 'Empire Strikes Back']))

  const bpr = new Bpr(seen, {
    factors: quick ? 16 : 32,
    lr: 0.05,
    regularization: 0.02,
    generator: new Generator(seed),
  })
  const bprSeconds = await train('BPR', bpr, quick ? 3 : 60, context)
  const bprFigures = figures('BPR', bpr, null, bprSeconds)

  const passes = quick ? 3 : 30
  const rmses: number[] = []
  const curves: Series[] = []
  let mfSeconds = 0
  let first: BiasedMf | null = null
  for (const split of quick ? [0, 1] : [0, 1, 2, 3, 4]) {
    const parts = splitRatings(all.ratings, { generator: new Generator(split) })
    const mf = new BiasedMf(parts.train, {
      ...size,
      factors: 64,
      lr: 0.02,
      decay: 0.93,
      generator: new Generator(split),
    })
    const points: [number, number][] = []
    mfSeconds += await train(`biased MF, split ${split}`, mf, passes, context, ({ pass }) =>
      points.push([pass, mf.rmse(parts.test)]),
    )
    rmses.push(mf.rmse(parts.test))
    curves.push({ name: `split ${split}`, points })
    first ??= mf
  }
  const rmse = rmses.reduce((sum, value) => sum + value, 0) / rmses.length
  write('recommend-movielens.svg', plot('Biased MF: RMSE of held-out ratings', curves, 'pass', 'RMSE'))
  // Its lists are those of the first split; the means above are over all of them.
  const listed = splitRatings(all.ratings, { generator: new Generator(0) })
  const lists = evaluateRanking(first ?? popularity(seen), interactions(listed.test, size), {
    seen: interactions(listed.train, size),
  })
  log(`biased MF: RMSE ${rmse.toFixed(4)}, the mean of ${rmses.map((value) => value.toFixed(4)).join(', ')}`)
  return {
    data: all.source,
    popularity: popular,
    itemKnn: knn,
    als: alsFigures,
    bpr: bprFigures,
    biasedMf: {
      rmse,
      rmses,
      ndcgAt10: lists.ndcg,
      recallAt10: lists.recall,
      mapAt10: lists.averagePrecision,
      mrrAt10: lists.reciprocalRank,
      coverage: lists.coverage,
      seconds: mfSeconds,
    },
  }
}
