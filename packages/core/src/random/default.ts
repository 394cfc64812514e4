import { currentStream, defaultStream, setDefaultStream } from './default-stream.ts'
import { Generator } from './generator.ts'

/**
 * The generator that draws when none is given. Until {@link manualSeed} it starts from the system's entropy, as
 * PyTorch's does; its `seed` tells which run that was.
 */
export const defaultGenerator = (): Generator => {
  const stream = defaultStream()
  if (stream instanceof Generator) return stream
  const generator = new Generator(stream)
  setDefaultStream(generator)
  return generator
}

/** Makes `generator` the default one. */
export const setDefaultGenerator = (generator: Generator): void => setDefaultStream(generator)

/**
 * Restarts the default generator: what follows equals PyTorch after `torch.manual_seed(seed)`.
 * @param seed - an integer up to 2^53 - 1, or a bigint in [-2^63, 2^64)
 * @throws ValueError when `seed` is not such an integer.
 * @example
 * manualSeed(0)
 * defaultGenerator().randperm(4) // => [0, 1, 3, 2]
 */
export const manualSeed = (seed: number | bigint): Generator => {
  if (currentStream() === undefined) setDefaultStream(new Generator(seed))
  return defaultGenerator().manualSeed(seed)
}
