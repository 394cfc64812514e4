// Shared by the bench scripts: a host with a bump allocator, seeded inputs, and interleaved timing.
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { KernelHost, loadKernels } from '@lanewise/kernels-wasm'

/** A host with `bytes` of memory; alloc(n) gives the address of n f32 (uniform in [-1, 1) when `fill`). */
export const createHost = async (megabytes, tier = process.env.TIER ?? 'best') => {
  const host = new KernelHost({ initialPages: megabytes * 16 })
  await loadKernels(host, { tier })
  const f32 = new Float32Array(host.memory.buffer)
  let top = 1024
  let seed = 1
  const alloc = (n, fill = true) => {
    const p = top
    top = (top + n * 4 + 63) & ~63
    if (top > host.memory.buffer.byteLength) throw new Error('bench: memory too small')
    if (fill) for (let i = 0; i < n; i++) f32[p / 4 + i] = (seed = (seed * 1664525 + 1013904223) >>> 0) / 2 ** 31 - 1
    return p
  }
  return { host, f32, alloc, view: (p, n) => f32.subarray(p / 4, p / 4 + n), reset: () => (top = 1024) }
}

// Processor time of this process: on a shared machine the wall clock also counts the others' turns. WALL=1 for the clock.
const now = process.env.WALL
  ? () => performance.now()
  : () => process.cpuUsage().user / 1e3 + process.cpuUsage().system / 1e3

/** Minimum and median milliseconds of each function, run in turns. */
export const race = (functions, { rounds = 8, budgetMs = 1500 } = {}) => {
  const names = Object.keys(functions)
  const times = Object.fromEntries(names.map((name) => [name, []]))
  for (const name of names) for (let i = 0; i < 3; i++) functions[name]()
  const end = performance.now() + budgetMs
  for (let round = 0; round < rounds || (performance.now() < end && round < 3000); round++) {
    for (const name of names) {
      const start = now()
      functions[name]()
      times[name].push(now() - start)
    }
  }
  return Object.fromEntries(
    names.map((name) => {
      const sorted = times[name].sort((a, b) => a - b)
      return [name, { min: sorted[0], median: sorted[sorted.length >> 1] }]
    }),
  )
}

/** tfjs with its WebAssembly backend on one thread, or undefined when it is not installed. */
export const loadTfjs = async () => {
  const require = createRequire(import.meta.url)
  try {
    const tf = await import('@tensorflow/tfjs-core')
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm')
    tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false)
    setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json'))}/wasm-out/`)
    await tf.setBackend('wasm')
    await tf.ready()
    return tf
  } catch (error) {
    console.log(`tfjs left out: ${error.message}`)
  }
}

export const repeat = (times, f) => () => {
  for (let i = 0; i < times; i++) f()
}
