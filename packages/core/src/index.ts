// Tensors
export { Tensor, type Nested } from './tensor/tensor.ts'
export type { DType, TypedArray } from './tensor/dtype.ts'
export type { Shape } from './tensor/shape.ts'
export {
  arange,
  eye,
  fromData,
  full,
  linspace,
  ones,
  onesLike,
  tensor,
  zeros,
  zerosLike,
  type TensorLike,
  type TensorOptions,
} from './tensor/create.ts'
export { keep, scope, untracked } from './tensor/scope.ts'

// Autograd
export { backward, grad, type BackwardOptions, type GradOptions } from './autograd/backward.ts'
export { enableGrad, isGradEnabled, noGrad } from './autograd/modes.ts'
export { apply, applyAll, defineOp } from './autograd/apply.ts'
export type { NDArray, OpDef, TensorSpec } from './autograd/op.ts'
export type { GradientContext } from './autograd/node.ts'

// Backends
export { defaultBackend, init, setDefaultBackend, withBackend, type InitOptions } from './backends/default.ts'
export type { Backend, MemoryInfo, Storage } from './backends/backend.ts'
export { ReferenceBackend, referenceBackend } from './backends/reference/reference.ts'
export { WasmBackend, wasmBackend, type WasmBackendOptions } from './backends/wasm/wasm.ts'

// Ops: elementwise
export {
  add,
  atan2,
  div,
  eq,
  floorDivide,
  fmod,
  ge,
  gt,
  le,
  lt,
  maximum,
  minimum,
  mul,
  ne,
  pow,
  remainder,
  sub,
  type Operand,
} from './ops/binary.ts'
export {
  abs,
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atanh,
  ceil,
  cos,
  cosh,
  erf,
  exp,
  expm1,
  floor,
  frac,
  isFinite,
  isInf,
  isNan,
  log,
  log10,
  log1p,
  log2,
  neg,
  reciprocal,
  round,
  rsqrt,
  sign,
  sin,
  sinh,
  sqrt,
  square,
  tan,
  tanh,
  trunc,
} from './ops/unary.ts'
export {
  celu,
  elu,
  gelu,
  glu,
  hardshrink,
  hardsigmoid,
  hardswish,
  hardtanh,
  leakyRelu,
  logSigmoid,
  mish,
  prelu,
  relu,
  relu6,
  selu,
  sigmoid,
  silu,
  softplus,
  softshrink,
  softsign,
  tanhshrink,
  threshold,
  type GeluOptions,
  type SoftplusOptions,
} from './ops/activations.ts'
export { clamp, clip, nanToNum, type NanToNumOptions } from './ops/clip.ts'
export { lerp } from './ops/lerp.ts'
export {
  bitwiseAnd,
  bitwiseLeftShift,
  bitwiseNot,
  bitwiseOr,
  bitwiseRightShift,
  bitwiseXor,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
} from './ops/logical.ts'
export { where } from './ops/where.ts'
export { cast, clone, contiguous, toBackend } from './ops/copy.ts'
export { addInPlace, copyInto, fill } from './ops/in-place.ts'

// Ops: reductions and products
export {
  all,
  amax,
  amin,
  any,
  countNonzero,
  logSumExp,
  mean,
  nanmean,
  nansum,
  norm,
  prod,
  std,
  sum,
  variance,
  type Axes,
  type NormOptions,
  type VarianceOptions,
} from './ops/reduce.ts'
export { argmax, argmin, max, min, type Located } from './ops/extremes.ts'
export { cumprod, cumsum } from './ops/scan.ts'
export { logSoftmax, softmax, softmin } from './ops/softmax.ts'
export { linear, matmul } from './ops/matmul.ts'
export { einsum } from './ops/einsum.ts'
export {
  addmm,
  bmm,
  cdist,
  cov,
  dot,
  meshgrid,
  outer,
  tensordot,
  type AddmmOptions,
  type CdistOptions,
  type CovOptions,
  type MeshgridOptions,
} from './ops/products.ts'

// Ops: shapes
export { expand, flatten, permute, reshape, select, slice, squeeze, transpose, unsqueeze } from './ops/views.ts'

// Ops: joining, cutting and indexing
export { chunk, concat, split, stack, unbind } from './ops/concat.ts'
export { gather, scatter, scatterAdd, type ScatterSource } from './ops/gather.ts'
export { embedding, type EmbeddingOptions } from './ops/embedding.ts'
export { indexAdd, indexSelect, take } from './ops/index-select.ts'
export { embeddingBag, type EmbeddingBagOptions } from './ops/embedding-bag.ts'
export { at, type Subscript, type SliceRange } from './ops/at.ts'
export { maskedFill, maskedSelect, nonzero } from './ops/masks.ts'
export { oneHot, type OneHotOptions } from './ops/one-hot.ts'
export { pad, type PadMode, type PadOptions } from './ops/pad.ts'
export { flip, repeat, repeatInterleave, roll, tile } from './ops/repeat.ts'
export { diag, diagonal, tril, triu, type DiagonalOptions } from './ops/diagonal.ts'
export {
  argsort,
  bucketize,
  searchsorted,
  sort,
  topk,
  unique,
  type SearchsortedOptions,
  type SortOptions,
  type TopkOptions,
  type UniqueResult,
} from './ops/sort.ts'

// Ops: dropout
export { alphaDropout, dropout, dropout1d, dropout2d, dropout3d, type DropoutOptions } from './ops/dropout.ts'

// Ops: convolution and pooling
export { conv1d, conv2d, conv3d, type ConvOptions } from './ops/conv.ts'
export { convTranspose1d, convTranspose2d, convTranspose3d, type ConvTransposeOptions } from './ops/conv-transpose.ts'
export {
  avgPool1d,
  avgPool2d,
  avgPool3d,
  lpPool1d,
  lpPool2d,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  maxPoolWithIndices,
  maxUnpool,
  type AvgPoolOptions,
  type LpPoolOptions,
  type MaxPoolOptions,
  type MaxUnpoolOptions,
} from './ops/pool.ts'
export {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
  adaptiveMaxPoolWithIndices,
  type AdaptiveSize,
} from './ops/adaptive-pool.ts'
export type { PerAxis } from './ops/windows.ts'

// Ops: normalisation
export { batchNorm, type BatchNormOptions } from './ops/batch-norm.ts'
export { groupNorm, instanceNorm, type GroupNormOptions, type InstanceNormOptions } from './ops/group-norm.ts'
export { layerNorm, rmsNorm, type LayerNormOptions, type RmsNormOptions } from './ops/layer-norm.ts'
export { localResponseNorm, type LocalResponseNormOptions } from './ops/local-response-norm.ts'

// Ops: images
export { interpolate, type InterpolateMode, type InterpolateOptions } from './ops/interpolate.ts'
export {
  affineGrid,
  gridSample,
  type GridSampleMode,
  type GridSampleOptions,
  type GridSamplePadding,
} from './ops/grid-sample.ts'
export { channelShuffle, pixelShuffle, pixelUnshuffle } from './ops/pixel-shuffle.ts'
export { fold, unfold, type UnfoldOptions } from './ops/unfold.ts'

// Ops: attention
export { scaledDotProductAttention, type AttentionOptions } from './ops/attention.ts'

// Modules
export { inEvalMode } from './nn/eval-mode.ts'
export { fuseModules, type FusedModules } from './nn/fuse.ts'
export {
  buffer,
  Module,
  parameter,
  zeroGrad,
  type AnyModule,
  type ForwardHook,
  type ForwardPreHook,
  type LoadOptions,
  type LoadReport,
  type StateDict,
} from './nn/module.ts'

// Layers
export { Bilinear, Identity, Linear, type LinearOptions } from './nn/linear.ts'
export {
  Conv1d,
  Conv2d,
  Conv3d,
  ConvTranspose1d,
  ConvTranspose2d,
  ConvTranspose3d,
  type ConvLayerOptions,
  type ConvTransposeLayerOptions,
  type PaddingMode,
} from './nn/conv.ts'
export {
  AdaptiveAvgPool1d,
  AdaptiveAvgPool2d,
  AdaptiveAvgPool3d,
  AdaptiveMaxPool1d,
  AdaptiveMaxPool2d,
  AdaptiveMaxPool3d,
  AvgPool1d,
  AvgPool2d,
  AvgPool3d,
  LPPool1d,
  LPPool2d,
  MaxPool1d,
  MaxPool2d,
  MaxPool3d,
  MaxUnpool1d,
  MaxUnpool2d,
  MaxUnpool3d,
} from './nn/pooling.ts'
export {
  CELU,
  ELU,
  GELU,
  GLU,
  Hardshrink,
  Hardsigmoid,
  Hardswish,
  Hardtanh,
  LeakyReLU,
  LogSigmoid,
  Mish,
  PReLU,
  ReLU,
  ReLU6,
  SELU,
  Sigmoid,
  SiLU,
  Softplus,
  Softshrink,
  Softsign,
  Tanh,
  Tanhshrink,
  Threshold,
  type PReLUOptions,
} from './nn/activations.ts'
export {
  BatchNorm1d,
  BatchNorm2d,
  BatchNorm3d,
  GroupNorm,
  InstanceNorm1d,
  InstanceNorm2d,
  InstanceNorm3d,
  LayerNorm,
  LocalResponseNorm,
  RMSNorm,
  type LayerNormLayerOptions,
  type RMSNormOptions,
  type RunningNormOptions,
} from './nn/norm.ts'
export {
  GRU,
  GRUCell,
  LSTM,
  LSTMCell,
  RNN,
  RNNCell,
  type CellOptions,
  type GRUCellOptions,
  type GRUOptions,
  type LSTMOptions,
  type RecurrentLayerOptions,
  type RNNOptions,
  type SequenceOptions,
} from './nn/recurrent.ts'
export { RecurrentStepper, type RecurrentStepperOptions } from './nn/recurrent-stepper.ts'
export { AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d } from './nn/dropout.ts'
export { Embedding, type EmbeddingLayerOptions, type PretrainedOptions } from './nn/embedding.ts'
export { LogSoftmax, Softmax, Softmax2d, Softmin } from './nn/softmax.ts'
export {
  CircularPad1d,
  CircularPad2d,
  CircularPad3d,
  ConstantPad1d,
  ConstantPad2d,
  ConstantPad3d,
  ReflectionPad1d,
  ReflectionPad2d,
  ReflectionPad3d,
  ReplicationPad1d,
  ReplicationPad2d,
  ReplicationPad3d,
  ZeroPad1d,
  ZeroPad2d,
  ZeroPad3d,
  type LayerPadding,
} from './nn/padding.ts'
export {
  ChannelShuffle,
  Fold,
  PixelShuffle,
  PixelUnshuffle,
  Unfold,
  Upsample,
  UpsamplingBilinear2d,
  UpsamplingNearest2d,
  type UpsamplingOptions,
} from './nn/upsample.ts'
export {
  MultiheadAttention,
  TransformerEncoder,
  TransformerEncoderLayer,
  type AttentionMasks,
  type EncoderMasks,
  type MultiheadAttentionCall,
  type MultiheadAttentionOptions,
  type TransformerEncoderLayerOptions,
  type TransformerEncoderOptions,
} from './nn/attention.ts'
export { Flatten, Unflatten } from './nn/reshaping.ts'
export { ModuleDict, ModuleList, Sequential, type Layer } from './nn/containers.ts'
export { spectralNorm, weightNorm, type SpectralNormOptions, type WeightNormOptions } from './nn/reparametrize.ts'
export * as initializers from './nn/init.ts'
export { summary, type Counted, type Summary, type SummaryOptions, type SummaryRow } from './nn/summary.ts'

// Random tensors
export { defaultGenerator, manualSeed, setDefaultGenerator } from './random/default.ts'
export { choice, type ChoiceOptions, type MultinomialOptions } from './random/distributions.ts'
export { Generator } from './random/generator.ts'
export { NumpyRandomState } from './random/numpy.ts'
export {
  bernoulli,
  multinomial,
  normal,
  rand,
  randint,
  randn,
  randperm,
  uniform,
  type RandomTensorOptions,
} from './random/tensors.ts'

// Numbers: elementary functions in double precision with the same bits in every engine
export * as math from './math/index.ts'

// Losses
export {
  bceLoss,
  bceWithLogits,
  diceLoss,
  focalLoss,
  type BceLossOptions,
  type BceWithLogitsOptions,
  type DiceLossOptions,
  type FocalLossOptions,
} from './losses/binary-cross-entropy.ts'
export { crossEntropy, nllLoss, type CrossEntropyOptions, type NllLossOptions } from './losses/cross-entropy.ts'
export { ctcLoss, type CtcLossOptions } from './losses/ctc.ts'
export {
  huberLoss,
  l1Loss,
  mseLoss,
  smoothL1Loss,
  type HuberLossOptions,
  type SmoothL1LossOptions,
} from './losses/distance.ts'
export {
  gaussianNllLoss,
  klDiv,
  poissonNllLoss,
  type GaussianNllOptions,
  type KlDivOptions,
  type PoissonNllOptions,
} from './losses/likelihood.ts'
export {
  cosineEmbeddingLoss,
  hingeEmbeddingLoss,
  hingeLoss,
  marginRankingLoss,
  multiMarginLoss,
  pairwiseDistance,
  softMarginLoss,
  tripletMarginLoss,
  type HingeLossOptions,
  type MarginOptions,
  type MultiMarginOptions,
  type PairwiseDistanceOptions,
  type TripletMarginOptions,
} from './losses/margin.ts'
export type { LossOptions, Reduction } from './losses/reduction.ts'

// Optimizers
export * as optim from './optim/index.ts'
export {
  Adadelta,
  Adagrad,
  Adam,
  AdamW,
  clipGradNorm,
  clipGradValue,
  Ema,
  Lion,
  Optimizer,
  RmsProp,
  Sgd,
  type OptimizerFactory,
} from './optim/index.ts'

// Data
export { collate, type Collated } from './data/collate.ts'
export {
  concatDatasets,
  randomSplit,
  subset,
  tensorDataset,
  type Dataset,
  type Subset,
  type TensorDataset,
} from './data/dataset.ts'
export { strokeDigits, type DigitSet } from './data/digits.ts'
export { imageDataset, type ImageArrays, type ImageDataset, type ImageDatasetOptions } from './data/images.ts'
export { DataLoader, LoaderPass, type DataLoaderOptions, type LoaderPosition } from './data/loader.ts'
export { characterCodes, type CharacterCodes } from './data/text.ts'

// Images
export * as transforms from './images/index.ts'
export type { ImageLike, Transform } from './images/image.ts'

// Learning rate schedules
export {
  constantLr,
  cosineAnnealingLr,
  cosineWarmRestarts,
  exponentialLr,
  lambdaLr,
  linearWarmup,
  multiStepLr,
  polynomialLr,
  sequential,
  stepLr,
  type ConstantLrOptions,
  type CosineAnnealingOptions,
  type LinearWarmupOptions,
  type MultiStepLrOptions,
  type PolynomialLrOptions,
  type StepLrOptions,
  type WarmRestartsOptions,
} from './schedules/decay.ts'
export { oneCycleLr, type OneCycleOptions } from './schedules/one-cycle.ts'
export { reduceLrOnPlateau, type PlateauOptions } from './schedules/plateau.ts'
export {
  Schedule,
  type ScheduleFactory,
  type ScheduleRule,
  type ScheduleState,
  type TimedScheduleFactory,
} from './schedules/schedule.ts'

// Training
export {
  breather,
  loadPosition,
  readPosition,
  runNext,
  savePosition,
  startPass,
  type Batches,
  type Pass,
  type PositionCheck,
  type SourcePosition,
} from './train/batches.ts'
export {
  checkpoints,
  earlyStopping,
  progress,
  type Callback,
  type CheckpointsOptions,
  type EarlyStoppingOptions,
  type ProgressDisplay,
  type WatchOptions,
} from './train/callbacks.ts'
export {
  evaluate,
  predict,
  type EvaluateOptions,
  type Evaluation,
  type LossSource,
  type Metric,
  type PredictOptions,
} from './train/evaluate.ts'
export { eventFileScalars, eventFileStart, tensorBoard, type TensorBoardOptions } from './train/tensorboard.ts'
export { fit, type FitEvent, type FitOptions, type FitRun } from './train/fit.ts'

// Files
export { loadCheckpoint, saveCheckpoint, type CheckpointParts, type Extra, type Plain } from './io/checkpoint.ts'
export {
  loadNpy,
  loadNpz,
  loadSafetensors,
  saveNpy,
  saveNpz,
  saveSafetensors,
  type LoadTensorOptions,
  type NamedTensors,
  type SafetensorsOptions,
  type SaveTensorOptions,
} from './io/tensors.ts'

// Training: hyper-parameters
export { crossValidate, type CrossValidateOptions, type CrossValidation, type Figures } from './train/cross-validate.ts'
export {
  between,
  gridSearch,
  randomSearch,
  search,
  successiveHalving,
  type Domain,
  type HalvingOptions,
  type Range,
  type RunTrial,
  type SearchOptions,
  type SearchResult,
  type SearchSpace,
  type Strategy,
  type Trial,
  type TrialContext,
} from './train/search.ts'

// Metrics
export { accuracy, argmaxRows, topKAccuracy } from './metrics/accuracy.ts'
export type { MetricInput, Numbers } from './metrics/check.ts'
export { ConfusionMatrix, meanIou, pixelAccuracy, type SegmentationOptions } from './metrics/confusion-matrix.ts'
export { perplexity, perplexityOfLoss } from './metrics/perplexity.ts'
export {
  classificationReport,
  f1,
  precision,
  recall,
  type AverageOptions,
  type ClassificationOptions,
  type ClassificationReport,
  type ClassScores,
  type Scores,
} from './metrics/precision-recall.ts'
export { averagePrecision, rocAuc, type RankingOptions } from './metrics/ranking.ts'
export { mae, mse, r2 } from './metrics/regression.ts'
export { MovingAverage, RunningMean } from './metrics/running.ts'

// Files: arrays
export type { ArrayData, StorageDType } from './io/array-data.ts'
export { readCifar10, readCifar100, type Cifar100Batch, type CifarBatch } from './io/cifar.ts'
export { readIdx, writeIdx } from './io/idx.ts'
export { gunzip, isGzip } from './io/inflate.ts'
export { readRawManifest, readRawWeights, type RawWeight } from './io/raw-weights.ts'
export {
  readTfjsModel,
  readTfjsWeights,
  writeTfjsWeights,
  type TfjsModel,
  type TfjsQuantization,
  type TfjsWeight,
  type TfjsWeightGroup,
  type TfjsWriteOptions,
} from './io/tfjs.ts'
export { readTfjsTopology, type TfjsLayer, type TfjsRef, type TfjsTopology } from './io/tfjs-topology.ts'

// Files: Keras models
export type { KerasLayer } from './keras/layer.ts'
export { KerasModel, loadTfjsModel, type CustomLayerSource, type LoadTfjsOptions } from './keras/model.ts'

// Errors
export {
  AbortError,
  AxisError,
  BackendError,
  DisposedError,
  DTypeError,
  FormatError,
  GradientError,
  LanewiseError,
  ShapeError,
  ValueError,
  type ErrorDetails,
} from './errors.ts'
