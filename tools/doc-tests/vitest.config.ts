import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineProject } from 'vitest/config'
import { root } from '../setup.mjs'
import { docTests } from './plugin.mjs'

const skipped = /(^|\/)(node_modules|dist|\.vitepress|api|assembly|__golden__)(\/|$)/
const marker = { '.md': /^ *```ts\b/m, '.ts': /\*.*@example\b/ }

/** The files below `folder` that hold a block to run. */
const filesWithBlocks = (folder: string, extensions: readonly ('.md' | '.ts')[]): string[] =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (skipped.test(path)) return []
    if (entry.isDirectory()) return filesWithBlocks(path, extensions)
    const extension = extensions.find((end) => path.endsWith(end) && !path.endsWith('.test.ts'))
    return extension && marker[extension].test(readFileSync(join(root, path), 'utf8')) ? [join(root, path)] : []
  })

const guides = readdirSync(root).filter(
  (name) => name.endsWith('.md') && marker['.md'].test(readFileSync(join(root, name), 'utf8')),
)
const files = [
  ...guides.map((name) => join(root, name)),
  ...filesWithBlocks('docs', ['.md']),
  ...['core', 'kernels-wasm', 'vision', 'cnn', 'rnn', 'gan', 'edu-recsys'].flatMap((name) =>
    filesWithBlocks(`packages/${name}`, ['.md', '.ts']),
  ),
]

export default defineProject({
  root,
  plugins: [docTests(new Set(files))],
  test: { name: 'docs', include: files, isolate: false, testTimeout: 60_000 },
})
