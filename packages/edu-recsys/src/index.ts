// Events
export { byLearner, checkAnswer, type Answer } from './events/answer.ts'
export { readAssistments, type AssistmentsOptions } from './events/assistments.ts'
export type { SourceOptions } from './events/fault.ts'
export { readHmmScalable } from './events/hmm-scalable.ts'
export { readThreeLine, type ThreeLineOptions } from './events/three-line.ts'
export { readXapi, toXapi, type XapiOptions } from './events/xapi.ts'

// Models of learners
export { evaluateLearnerModel, type LearnerModel, type LearnerModelReport } from './events/learner-model.ts'
export { bktPredict, bktPredictions, bktUpdate, type BktParameters, type BktSequence } from './bkt/bkt.ts'
export { bktDegeneracies, type BktDegeneracy } from './bkt/degeneracy.ts'
export { bktLogLikelihood, fitBkt, type BktFit, type BktFitOptions } from './bkt/fit.ts'
export { BktModel, type BktState, type SavedBkt } from './bkt/model.ts'
export { PfaModel, type PfaFitOptions, type PfaParameters, type PfaState, type SavedPfa } from './pfa/pfa.ts'
export { Dkt, loadDkt, saveDkt, type DktOptions } from './dkt/dkt.ts'
export { dktBatches, shuffledBatches, type DktBatch, type DktBatchOptions } from './dkt/batches.ts'
export { DktTracer, type DktState } from './dkt/tracer.ts'

// Item response theory and adaptive tests
export { itemInformation, itemProbability, type Item, type Responses } from './irt/irt.ts'
export { eapAbility, mleAbility, type Ability, type EapOptions } from './irt/ability.ts'
export { fitIrt, type IrtFit, type IrtFitOptions } from './irt/fit.ts'
export { lsat6, type PatternTable } from './irt/lsat6.ts'
export { AdaptiveTest, type AdaptiveTestOptions, type SavedTest, type TestEnd } from './cat/adaptive-test.ts'
export {
  mostInformative,
  randomesque,
  sympsonHetter,
  sympsonHetterControls,
  type Choose,
  type ControlOptions,
} from './cat/exposure.ts'

// Spaced repetition
export { Fsrs, loadCard, saveCard, type Card, type CardPhase } from './spaced/fsrs.ts'
export type { Grade, Memory } from './spaced/memory.ts'
export { fsrsWeights, type FsrsOptions, type FsrsWeights } from './spaced/parameters.ts'

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
