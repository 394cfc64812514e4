// Table of contents: everything that @lanewise/rnn exports.

// Tokens
export { CharacterTokenizer, type CharacterTokenizerOptions, type SavedTokenizer } from './tokenizer/index.ts'

// Decoding
export {
  generate,
  generateText,
  sampleToken,
  tokenProbabilities,
  type GenerateOptions,
  type SamplingOptions,
  type TextTokenizer,
  type TokenReader,
} from './decode/index.ts'

// Models of sequences
export {
  loadState,
  SequenceModel,
  SequenceReader,
  stateToBytes,
  statesFromBytes,
  type RecurrentClass,
  type RecurrentLayer,
  type SequenceModelOptions,
  type States,
} from './sequence-model/index.ts'
export { EncoderDecoder, type EncoderDecoderOptions, type SideOptions } from './seq2seq/index.ts'

// Character language models
export {
  charRnn,
  charRnnFromTensorFlow,
  tokenStreams,
  windowCount,
  type CharRnnOptions,
  type TokenStreamOptions,
  type TokenWindow,
} from './char-rnn/index.ts'

// Time series and trajectories
export { forecast, seriesWindows, type SeriesWindowsOptions } from './series/index.ts'
export {
  constantVelocity,
  displacementErrors,
  simulateTraffic,
  TrajectoryPredictor,
  type DisplacementErrors,
  type Manoeuvre,
  type Traffic,
  type TrafficOptions,
  type TrajectoryOptions,
} from './trajectory/index.ts'

// Weights of other frameworks
export {
  kerasWeights,
  loadRecurrentWeights,
  onnxWeights,
  tensorFlowWeights,
  torchWeights,
  type Dialect,
  type Matrix,
  type NamedWeights,
  type OnnxOptions,
  type TensorFlowOptions,
  type WeightArray,
} from './weights/index.ts'

// Transformers
export { Gpt, gpt, gpt2Weights, gptReader, type GptOptions, type GptReader, type LayerCache } from './gpt/index.ts'
export {
  Bert,
  bert,
  BertForClassification,
  bertForClassification,
  BertForMaskedLm,
  bertForMaskedLm,
  maskedLmLoss,
  maskTokens,
  type BertInputs,
  type BertOptions,
  type MaskedTokens,
  type MaskOptions,
} from './bert/index.ts'
