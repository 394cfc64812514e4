// A Vite plugin that turns a Markdown or TypeScript file into a test file of its own code blocks.
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from '../setup.mjs'
import { blocksOf } from './blocks.mjs'
import { compileBlock, toJavaScript } from './compile.mjs'

const here = new URL('.', import.meta.url).pathname

/** Names that a TSDoc example of this file may use without importing them: its package's exports. */
const implicitNames = async (file) => {
  const [, folder] = file.match(/^(packages\/[^/]+)\/src\//) ?? []
  if (!folder) return {}
  const { name, exports } = JSON.parse(readFileSync(`${root}${folder}/package.json`, 'utf8'))
  const entries = Object.entries(exports).filter(([, target]) => typeof target === 'object' && target.default)
  const names = {}
  for (const [path, target] of entries.reverse()) {
    const specifier = name + path.slice(1)
    const module = await import(pathToFileURL(`${root}${folder}/${target.default}`)).catch(() => ({}))
    for (const key of Object.keys(module)) names[key] = specifier
  }
  return names
}

const testOf = ({ code, line, skip }, file, implicit) => {
  const name = JSON.stringify(`${file}:${line}`)
  if (skip !== undefined) return `test(${name}, (context) => context.skip(${JSON.stringify(skip)}))`
  try {
    return `test(${name}, async () => {\n${compileBlock(code, implicit)}\n})`
  } catch (error) {
    return `test(${name}, () => { throw new Error(${JSON.stringify(error.message)}) })`
  }
}

/** @param {ReadonlySet<string>} files - absolute paths of the files to turn into tests. */
export const docTests = (files) => ({
  name: 'doc-tests',
  enforce: 'pre',
  async load(id) {
    const path = id.split('?')[0]
    if (!files.has(path)) return undefined
    const file = relative(root, path)
    const implicit = await implicitNames(file)
    const tests = blocksOf(readFileSync(path, 'utf8'), path).map((block) => testOf(block, file, implicit))
    const head = `import { test } from 'vitest'\nimport { check as __check, throws as __throws } from ${JSON.stringify(`${here}check.mjs`)}`
    return { code: toJavaScript([head, ...tests].join('\n')), map: null }
  },
})
