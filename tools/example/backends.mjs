import { UsageError } from './usage-error.mjs'

export const backendNames = ['wasm', 'wasm-base']

/** Makes core's default backend the one asked for, before the first tensor. */
export const useBackend = async (name, threads) => {
  if (threads !== 1)
    throw new UsageError(`example: more than one thread is not available; got --threads ${threads}, expected 1.`)
  const { init } = await import('@lanewise/core')
  await init({ tier: name === 'wasm' ? 'best' : 'base' })
}
