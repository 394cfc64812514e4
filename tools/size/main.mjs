// npm run size [-- --json] [--packed]: bundles each fixture as an application would (esbuild, minified, gzip) and holds it to
// its ceiling: from the packages as built, or as npm would install them.
import { build } from 'esbuild'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { publicPackages, tallyLine } from '../packages.mjs'
import { root } from '../setup.mjs'
import { ceilings } from './ceilings.mjs'

/** A folder with the fixtures and, beside them, the packages out of their tarballs. */
const install = () => {
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-size-'))
  for (const { path, json } of publicPackages()) {
    const to = join(folder, 'node_modules', json.name)
    mkdirSync(to, { recursive: true })
    execFileSync('npm', ['pack', '--loglevel=silent', '--pack-destination', folder], { cwd: path })
    const tarball = `${json.name.slice(1).replace('/', '-')}-${json.version}.tgz`
    execFileSync('tar', ['xzf', join(folder, tarball), '-C', to, '--strip-components=1'])
  }
  cpSync(join(root, 'tools/size/fixtures'), join(folder, 'fixtures'), { recursive: true })
  return folder
}

const packed = process.argv.includes('--packed') ? install() : undefined
const fixtures = packed === undefined ? join(root, 'tools/size/fixtures') : join(packed, 'fixtures')

const measure = async (name) => {
  const { outputFiles } = await build({
    entryPoints: [join(fixtures, `${name}.ts`)],
    bundle: true,
    splitting: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    platform: 'neutral',
    conditions: ['import'],
    outdir: 'out',
    legalComments: 'none',
    logLevel: 'error',
  })
  // The entry is what loads at once; chunks that only `init` asks for (relaxed SIMD) stay apart.
  const [entry] = outputFiles.filter(({ path }) => path.endsWith(`${name}.js`))
  const reached = reachableFrom(entry, outputFiles)
  return {
    bytes: reached.reduce((sum, file) => sum + gzipSync(file.contents, { level: 9 }).length, 0),
    text: reached.map((file) => file.text).join('\n'),
  }
}

/** The entry and the chunks that it imports statically. */
const reachableFrom = (entry, files) => {
  const found = new Set([entry])
  for (const file of found)
    for (const [, chunk] of file.text.matchAll(/(?:^|[;}])(?:import|export)[^()'"]*["']\.\/([^"']+)["']/g))
      for (const other of files) if (other.path.endsWith(`/${chunk}`)) found.add(other)
  return [...found]
}

const results = []
for (const [name, { about, ceiling, mustNotAppear = [] }] of Object.entries(ceilings)) {
  const { bytes, text } = await measure(name)
  const intruders = mustNotAppear.filter((word) => text.includes(word))
  const faults = [
    ...(bytes > ceiling
      ? [
          `${bytes} bytes, the ceiling is ${ceiling}; if the growth is meant, write ${bytes + 40 - (bytes % 10)} into tools/size/ceilings.mjs`,
        ]
      : []),
    ...intruders.map((word) => `contains "${word}"`),
  ]
  results.push({ name, about, bytes, ceiling, faults })
}

if (packed !== undefined) rmSync(packed, { recursive: true })
const failed = results.filter(({ faults }) => faults.length > 0).length
if (process.argv.includes('--json')) console.log(JSON.stringify(results))
else {
  for (const { name, bytes, ceiling, faults } of results)
    console.log(
      `${faults.length > 0 ? 'FAIL' : 'ok  '} ${name.padEnd(20)} ${String(bytes).padStart(7)} of ${ceiling} bytes gzip ${faults.join('; ')}`,
    )
  console.log(tallyLine(results.length - failed, failed))
}
process.exitCode = failed > 0 ? 1 : 0
