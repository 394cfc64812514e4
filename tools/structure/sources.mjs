import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { root } from '../setup.mjs'

/** The files below a folder as { file, text }, paths relative to the root. */
export const sourcesBelow = (folder, extensions = ['.ts']) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return sourcesBelow(path, extensions)
    return extensions.some((end) => entry.name.endsWith(end))
      ? [{ file: relative(root, path), text: readFileSync(path, 'utf8') }]
      : []
  })

export const isTest = ({ file }) => file.endsWith('.test.ts')
