export { Gpt, gpt, type GptOptions, type LayerCache } from './gpt.ts'
export { gptReader, type GptReader } from './reader.ts'
export { gpt2Weights } from './weights.ts'
