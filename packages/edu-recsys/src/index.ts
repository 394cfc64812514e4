// Events
export { byLearner, checkAnswer, type Answer } from './events/answer.ts'

// Recommendation: data
export {
  parseRatings,
  splitRatings,
  type NamedRatings,
  type ParseRatingsOptions,
  type Ratings,
  type SplitOptions,
} from './recommend/ratings.ts'
export { interactions, transposed, type Interactions, type InteractionsOptions } from './recommend/interactions.ts'

// Recommendation: models
export {
  recommend,
  topItems,
  type Recommendation,
  type Recommender,
  type RecommendOptions,
  type TopItemsOptions,
} from './recommend/recommend.ts'
export { popularity, type PopularityOptions } from './recommend/popularity.ts'
export { ItemKnn, type ItemKnnOptions } from './recommend/item-knn.ts'
export { FactorModel, type Factors } from './recommend/factors.ts'
export { foldIn, ImplicitAls, type AlsDialect, type AlsOptions, type AlsWeights } from './recommend/als.ts'
export { Bpr, type BprOptions, type BprTriple } from './recommend/bpr.ts'
export { BiasedMf, type BiasedMfOptions } from './recommend/biased-mf.ts'
export { epochs, type EpochModel, type EpochsOptions } from './recommend/epochs.ts'

// Recommendation: metrics
export {
  evaluateRanking,
  expectedNdcg,
  rankingFigures,
  type EvaluateRankingOptions,
  type RankingEvaluation,
  type RankingFigures,
} from './recommend/metrics.ts'
