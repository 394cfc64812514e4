export { EncoderDecoder, type EncoderDecoderOptions, type SideOptions } from './encoder-decoder.ts'
