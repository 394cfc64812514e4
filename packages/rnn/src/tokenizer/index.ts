export { CharacterTokenizer, type CharacterTokenizerOptions, type SavedTokenizer } from './character-tokenizer.ts'
