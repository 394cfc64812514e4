import { Stream } from './stream.ts'

let current: Stream | undefined

/** 53 bits that differ from run to run, by way of what the engine seeded itself with: `crypto` takes 5 to 14 ms to load. */
// oxlint-disable-next-line no-restricted-properties -- a seed, which `seed` tells
const entropy = (): number => Math.floor(Math.random() * 2 ** 53)

/** The default generator, if anything drew from it or set it yet. */
export const currentStream = (): Stream | undefined => current

/** The default generator, as far as uniform draws go; `defaultGenerator` gives all of it. */
export const defaultStream = (): Stream => (current ??= new Stream(entropy()))

/** Makes `stream` the default one. */
export const setDefaultStream = (stream: Stream): void => {
  current = stream
}
