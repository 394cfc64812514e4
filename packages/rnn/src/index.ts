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
