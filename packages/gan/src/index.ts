// Table of contents: everything that @lanewise/gan exports.

// Models
export { Gan, type AdversarialOptions, type GanOptions } from './model/gan.ts'
export { GenerativeModel, type GenerativeOptions, type SampleOptions } from './model/generative-model.ts'
export { dcganWeights, kerasWeights } from './model/initialize.ts'
export { mlpGan, type MlpGanOptions } from './mlp-gan/mlp-gan.ts'
export { dcgan, type DcganOptions } from './dcgan/dcgan.ts'
export type { ImageNetOptions } from './dcgan/stacks.ts'
export { kerasMnistGan, type KerasMnistGanOptions } from './keras-mnist-gan/keras-mnist-gan.ts'
export { cgan, ConditionalGan, type CganOptions, type ConditionalGanOptions } from './cgan/cgan.ts'
export {
  FeatureDiscriminator,
  vaeGan,
  VaeGan,
  type ImageVaeGanOptions,
  type Posterior,
  type VaeGanOptions,
} from './vae-gan/vae-gan.ts'
export {
  pointsWganGp,
  wganGp,
  WganGp,
  type ImageWganGpOptions,
  type PointsWganGpOptions,
  type WganGpOptions,
  type WganGpTraining,
} from './wgan-gp/wgan-gp.ts'

// Losses
export { minimax, nonSaturating, wasserstein, type AdversarialLoss } from './losses/adversarial.ts'
export { gradientPenalty, type GradientPenaltyOptions } from './losses/gradient-penalty.ts'

// Training
export type { GanEvent, GanFitOptions, Losses, Turns } from './train/fit.ts'
export type { SampleBatch } from './train/batch.ts'
export type { PlayerOptimizers } from './train/optimizers.ts'
export type { PlayerSchedules } from './train/schedules.ts'

// Pictures
export { sampleGrid, type GridPicture, type SampleGridOptions } from './images/grid.ts'

// Metrics
export { extractFeatures, FeatureStats, type ExtractOptions, type Features } from './metrics/features.ts'
export { fid } from './metrics/fid.ts'
export { kid, type KidOptions, type Score } from './metrics/kid.ts'
export { inceptionScore, type InceptionScoreOptions } from './metrics/inception-score.ts'
