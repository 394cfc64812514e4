import { Generator } from './generator.ts'

let current: Generator | undefined

/** 53 bits that differ from run to run. */
const entropy = (): number => {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2))
  return (high & 0x1fffff) * 4294967296 + low
}

/**
 * The generator that draws when none is given. Until {@link manualSeed} it starts from the system's entropy, as
 * PyTorch's does; its `seed` tells which run that was.
 */
export const defaultGenerator = (): Generator => (current ??= new Generator(entropy()))

/** Makes `generator` the default one. */
export const setDefaultGenerator = (generator: Generator): void => {
  current = generator
}

/**
 * Restarts the default generator: what follows equals PyTorch after `torch.manual_seed(seed)`.
 * @param seed - an integer up to 2^53 - 1, or a bigint in [-2^63, 2^64)
 * @throws ValueError when `seed` is not such an integer.
 * @example
 * manualSeed(0)
 * defaultGenerator().randperm(4) // => [0, 1, 3, 2]
 */
export const manualSeed = (seed: number | bigint): Generator => {
  if (current === undefined) return (current = new Generator(seed))
  return current.manualSeed(seed)
}
