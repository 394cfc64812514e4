export { charRnn, type CharRnnOptions } from './char-rnn.ts'
export { tokenStreams, windowCount, type TokenStreamOptions, type TokenWindow } from './streams.ts'
export { charRnnFromTensorFlow } from './weights.ts'
