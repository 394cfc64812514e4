import { Stream } from './stream.ts'

let current: Stream | undefined

/** 53 bits that differ from run to run. */
const entropy = (): number => {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2))
  return (high & 0x1fffff) * 4294967296 + low
}

/** The default generator, if anything drew from it or set it yet. */
export const currentStream = (): Stream | undefined => current

/** The default generator, as far as uniform draws go; `defaultGenerator` gives all of it. */
export const defaultStream = (): Stream => (current ??= new Stream(entropy()))

/** Makes `stream` the default one. */
export const setDefaultStream = (stream: Stream): void => {
  current = stream
}
