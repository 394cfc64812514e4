import { UsageError } from './usage-error.mjs'

/** What `--backend` takes: the fastest kernels of this engine, those with the same bits everywhere, or the plain loops. */
const backends = {
  wasm: ({ init }) => init({ tier: 'best' }),
  'wasm-base': ({ init }) => init({ tier: 'base' }),
  reference: ({ referenceBackend, setDefaultBackend }) => setDefaultBackend(referenceBackend()),
}

export const backendNames = Object.keys(backends)

/** Makes core's default backend the one asked for, before the first tensor. */
export const useBackend = async (name, threads) => {
  if (threads !== 1)
    throw new UsageError(`example: more than one thread is not available; got --threads ${threads}, expected 1.`)
  await backends[name](await import('@lanewise/core'))
}
