import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const targetOf = (entry) => (typeof entry === 'string' ? entry : entry.default)

/** `*` of a pattern stands for every file name that fits its target. */
const expand = (key, target, folder) => {
  if (!target.includes('*')) return [[key, target]]
  const [before, after] = target.split('*')
  return readdirSync(join(folder, before))
    .filter((file) => file.endsWith(after))
    .map((file) => file.slice(0, file.length - after.length))
    .map((name) => [key.replace('*', name), target.replace('*', name)])
}

const entriesOf = (name, folder) => {
  const { exports, imports = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const outside = Object.entries(exports).map(([path, entry]) => [name + path.slice(1), targetOf(entry)])
  const inside = Object.entries(imports).map(([key, entry]) => [key, targetOf(entry)])
  return [...outside, ...inside.sort((a, b) => a[0].includes('*') - b[0].includes('*'))]
    .flatMap(([key, target]) => expand(key, target, folder))
    .map(([key, target]) => [key, `/node_modules/${name}/${target.slice(2)}`])
}

/** The import map of a folder's installed packages, for a browser without a bundler. */
export const importMap = (folder) => {
  const imports = {}
  for (const scoped of readdirSync(join(folder, 'node_modules/@lanewise')))
    for (const [key, url] of entriesOf(`@lanewise/${scoped}`, join(folder, 'node_modules/@lanewise', scoped)))
      imports[key] ??= url
  return { imports }
}
