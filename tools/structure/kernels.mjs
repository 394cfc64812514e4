import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from '../setup.mjs'

const dist = join(root, 'packages/kernels-wasm/dist')

/** The exports that compute; `..._bytes` only tell how much scratch memory another needs. */
const kernelsOf = (file) =>
  WebAssembly.Module.exports(new WebAssembly.Module(readFileSync(join(dist, 'wasm', file))))
    .filter(({ kind, name }) => kind === 'function' && !name.endsWith('_bytes'))
    .map(({ name }) => `${file.split('.')[0]}: ${name}`)

/** Every row of the manifest names a kernel of its group's binary, and every kernel has a row. */
export const kernelFaults = async () => {
  const { manifest } = await import(pathToFileURL(join(dist, 'manifest.js')))
  const rows = new Set(manifest.map(({ group, name }) => `${group}: ${name}`))
  const built = new Set(
    readdirSync(join(dist, 'wasm'))
      .filter((file) => file.endsWith('.base.wasm'))
      .flatMap(kernelsOf),
  )
  const missing = [
    ...[...rows].filter((row) => !built.has(row)).map((row) => `manifest row without a kernel: ${row}`),
    ...[...built].filter((kernel) => !rows.has(kernel)).map((kernel) => `kernel without a manifest row: ${kernel}`),
  ]
  return missing.length > 12 ? [...missing.slice(0, 12), `... and ${missing.length - 12} more`] : missing
}
