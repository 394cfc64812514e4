export { generate, generateText, type GenerateOptions, type TextTokenizer, type TokenReader } from './generate.ts'
export { sampleToken, tokenProbabilities, type SamplingOptions } from './sampling.ts'
