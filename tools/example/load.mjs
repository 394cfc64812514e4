import { build } from 'esbuild'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from '../setup.mjs'
import { nearest } from './options.mjs'
import { UsageError } from './usage-error.mjs'

const folder = join(root, 'examples')

/** The names that `npm run example -- NAME` takes: one per file examples/NAME.ts. */
export const exampleNames = () =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -3))
    .sort()

/** Node 20 strips no types, so the file is bundled with its own helpers; packages stay imports. */
export const loadExample = async (name) => {
  const names = exampleNames()
  if (!names.includes(name)) {
    const near = nearest(name, names)
    const advice =
      near.length > 0 ? `Did you mean ${near.join(' or ')}?` : '`npm run example -- list` tells what each does.'
    throw new UsageError(
      `example: no example of this name; got '${name}', expected one of ${names.join(', ') || '(none yet)'}. ${advice}`,
    )
  }
  const outfile = join(folder, '.cache', `${name}.mjs`)
  await build({
    entryPoints: [join(folder, `${name}.ts`)],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
    logLevel: 'error',
  })
  return import(pathToFileURL(outfile))
}
