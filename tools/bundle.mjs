// `prepack` and, with --undo, `postpack` of a package: its tarball holds one file for each entry and what they share in
// chunks, not a file for each module. A process that imports @lanewise/core reads 20 files of it in place of 200.
// docs/decisions/024-bundled-tarballs.md has figures.
import { build } from 'esbuild'
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

const dist = join(process.cwd(), 'dist')
const aside = join(process.cwd(), '.dist-modules')

const undo = () => {
  if (!existsSync(aside)) return
  rmSync(dist, { recursive: true, force: true })
  renameSync(aside, dist)
}

/** What package.json exports as JavaScript. */
const entriesOf = ({ exports }) =>
  Object.values(exports)
    .map((target) => target.default)
    .filter((file) => file?.endsWith('.js'))
    .map((file) => join(aside, relative('dist', file)))

/** The modules that `file` exports whole, under a name: they stay files, for bundlers to look into. */
const namespacesOf = (file) =>
  [...readFileSync(file, 'utf8').matchAll(/^export \* as \w+ from ["'](\.[^"']+)["']/gm)].map(([, path]) =>
    join(dirname(file), path),
  )

const bundle = async () => {
  renameSync(dist, aside)
  const entries = entriesOf(JSON.parse(readFileSync('package.json', 'utf8')))
  const namespaces = entries.flatMap(namespacesOf)
  await build({
    entryPoints: [...new Set([...entries, ...namespaces])],
    outbase: aside,
    outdir: dist,
    bundle: true,
    splitting: true,
    chunkNames: 'chunks/[hash]',
    format: 'esm',
    target: 'es2022',
    platform: 'neutral',
    packages: 'external',
    external: ['node:*'],
    logLevel: 'error',
    plugins: [
      {
        name: 'namespaces',
        setup: ({ onResolve }) =>
          onResolve({ filter: /^\./ }, ({ path, importer }) =>
            entries.includes(importer) && namespaces.includes(join(dirname(importer), path))
              ? { path, external: true, sideEffects: false }
              : undefined,
          ),
      },
    ],
  })
  for (const file of readdirSync(aside, { recursive: true }))
    if (file.endsWith('.d.ts')) cpSync(join(aside, file), join(dist, file))
}

undo()
if (!process.argv.includes('--undo')) {
  try {
    await bundle()
  } catch (error) {
    undo()
    throw error
  }
}
