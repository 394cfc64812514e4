// Compiles AssemblyScript for the bench, once per source: binaries lie in .cache/ under the hash of what made them.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const cache = fileURLToPath(new URL('../.cache/', import.meta.url))
const flags = '--runtime stub -O3 --noAssert --importMemory --noExportMemory --disableWarning'.split(' ')
const features = { base: 'simd', relaxed: 'simd,relaxed-simd' }
const version = createRequire(import.meta.url)('assemblyscript/package.json').version

const build = async (source, tier) => {
  const { default: asc } = await import('assemblyscript/asc')
  let binary
  const { error, stderr } = await asc.main(
    ['bench.ts', ...flags, '--enable', features[tier], '--outFile', 'bench.wasm'],
    {
      readFile: (name) => (name.endsWith('bench.ts') ? source : null),
      writeFile: (name, data) => void (name.endsWith('.wasm') && (binary = data)),
      listFiles: () => [],
    },
  )
  if (error || !binary) throw new Error(`bench: AssemblyScript refuses a module: ${error?.message}\n${stderr}`)
  return binary
}

/** The path of the binary of `source` (text of one module) for a tier. */
export const compile = async (source, tier) => {
  const hash = createHash('sha256')
    .update(JSON.stringify([version, flags, tier, source]))
    .digest('hex')
  const path = join(cache, `${hash.slice(0, 16)}.wasm`)
  if (existsSync(path)) return path
  mkdirSync(cache, { recursive: true })
  const half = `${path}.${process.pid}.part`
  writeFileSync(half, await build(source, tier))
  renameSync(half, path)
  return path
}

/** An instance of a compiled binary over `memory`. */
export const instantiate = (path, memory) =>
  new WebAssembly.Instance(new WebAssembly.Module(readFileSync(path)), { env: { memory } }).exports
