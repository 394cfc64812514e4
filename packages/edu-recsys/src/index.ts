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

// Prerequisites
export {
  PrerequisiteGraph,
  type Mastery,
  type PrerequisiteGraphOptions,
  type SkillNode,
  type SkillStatus,
} from './graph/graph.ts'

// Courses and resources
export { Catalog, type CatalogEvent, type CatalogItem } from './catalog/catalog.ts'
export {
  CatalogRecommender,
  type BlockedItem,
  type CatalogParts,
  type CatalogQuery,
  type CatalogRecommendation,
  type CatalogRecommenderOptions,
} from './catalog/recommender.ts'

// Simulated learners and what to give them next
export { LearnerSimulator, SimulatedLearner, type LearnerSimulatorOptions } from './simulate/simulate.ts'
export {
  linearPolicy,
  masteryPolicy,
  randomPolicy,
  teach,
  type Learner,
  type Policy,
  type TeachOptions,
  type TutorView,
} from './policy/policy.ts'
export {
  bootstrapMean,
  comparePolicies,
  type BootstrapOptions,
  type ComparePoliciesOptions,
  type MeanInterval,
  type PolicyGain,
} from './policy/compare.ts'

// Virtual labs
export type { LabCheck, LabEvent, LabEventBase, LabHint, LabParameter } from './lab/lab.ts'
export { pendulumPeriod, pendulumSwing, timeSwings, type Pendulum, type Swing } from './lab/pendulum.ts'
export {
  fitGravity,
  PendulumLab,
  pendulumParameters,
  type PendulumLabOptions,
  type PendulumMeasurement,
} from './lab/pendulum-lab.ts'

// Keeping states
export {
  checkChanges,
  checkKey,
  checkList,
  closedError,
  updateState,
  type CommitResult,
  type ListOptions,
  type StateChange,
  type StateStore,
  type StoredState,
} from './store/store.ts'
export { MemoryStore } from './store/memory.ts'
