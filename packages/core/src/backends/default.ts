import { loadKernels } from '@lanewise/kernels-wasm'
import { refusePromise } from '../autograd/modes.ts'
import { BackendError } from '../errors.ts'
import type { Backend } from './backend.ts'
import { WasmBackend } from './wasm/wasm.ts'

let current: Backend | null = null

/** The backend that new tensors are made on: the innermost {@link withBackend}'s, else a shared wasm backend. */
export const defaultBackend = (): Backend => (current ??= new WasmBackend())

/** Makes `backend` the default for new tensors until it is set again. */
export const setDefaultBackend = (backend: Backend): void => {
  current = backend
}

/**
 * Runs `fn` with new tensors made on `backend`.
 * @param fn - a synchronous function
 * @throws ValueError when `fn` returns a Promise.
 * @example
 * withBackend(referenceBackend(), () => tensor([1, 2]).backend.name) // => 'reference'
 */
export const withBackend = <T>(backend: Backend, fn: () => T): T => {
  const before = current
  current = backend
  try {
    return refusePromise('withBackend', fn())
  } finally {
    current = before
  }
}

/** Options of {@link init}. */
export interface InitOptions {
  /**
   * `best` takes relaxed SIMD where the engine has it (faster; last bits may differ between processors),
   * `base` the same bits everywhere. Default `best`.
   */
  readonly tier?: 'best' | 'base' | 'relaxed'
  /** Overrides `tier` with `base`. Default false. */
  readonly deterministic?: boolean
  /** Compiled modules by kernel group, for hosts that stream the binaries. */
  readonly module?: Readonly<Record<string, WebAssembly.Module>>
}

/**
 * Loads the faster binaries for the default wasm backend. Optional: without it the base tier starts
 * at the first op. Call it before the first tensor.
 * @returns the tier in use
 * @throws KernelError when tensors exist already, or a tier is asked for that the engine lacks;
 * BackendError when the default backend is not wasm.
 */
export const init = async (options: InitOptions = {}): Promise<'base' | 'relaxed'> => {
  const backend = defaultBackend()
  if (!(backend instanceof WasmBackend)) {
    throw new BackendError({
      op: 'init',
      problem: 'the default backend has no kernels to load',
      got: backend.name,
      expected: 'wasm',
    })
  }
  return loadKernels(backend.host, options)
}
