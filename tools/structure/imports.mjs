// Importing a package must do nothing: no global appears or changes, and WebAssembly is not touched.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { publicPackages } from '../packages.mjs'

/** Runs in a process of its own. */
const probe = (url) => `
  const touched = []
  globalThis.WebAssembly = new Proxy(WebAssembly, { get: (target, key) => (touched.push('WebAssembly.' + String(key)), target[key]) })
  for (const name of ['log', 'warn', 'error', 'info', 'debug']) console[name] = () => touched.push('console.' + name)
  const before = new Set(Reflect.ownKeys(globalThis))
  await import(${JSON.stringify(url)}).catch((error) => touched.push(error.message.split('\\n')[0]))
  for (const key of Reflect.ownKeys(globalThis)) if (!before.has(key)) touched.push('globalThis.' + String(key))
  process.stdout.write(JSON.stringify(touched))
`

const faultsOf = ({ path, json }) =>
  Object.entries(json.exports)
    .map(([key, target]) => [json.name + key.slice(1), join(path, target.default ?? '')])
    .filter(([, file]) => file.endsWith('.js') && existsSync(file))
    .flatMap(([name, file]) => {
      const args = ['--input-type=module', '-e', probe(pathToFileURL(file).href)]
      return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })).map(
        (what) => `importing ${name}: ${what}`,
      )
    })

export const importFaults = () => publicPackages().flatMap(faultsOf)
