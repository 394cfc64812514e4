// npm run smoke [-- --json]: packs the packages, publishes them to a throw-away registry, installs each case's package
// alone by name into an empty folder (with its optional peers, where the case is about them), and runs the case in every
// runtime, or in those it names. All must give the same result, bit for bit.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { blocksOf } from '../tools/doc-tests/blocks.mjs'
import { compileBlock } from '../tools/doc-tests/compile.mjs'
import { publicPackages } from '../tools/packages.mjs'
import { root } from '../tools/setup.mjs'
import { startRegistry } from './registry.mjs'
import { runtimes } from './runtimes.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const packages = publicPackages()

/** The cases that are files, and for each package the first example of its README. */
const cases = [
  { name: 'kernels', package: '@lanewise/kernels-wasm' },
  { name: 'train', package: '@lanewise/core' },
  { name: 'tfjs-webgl', package: '@lanewise/core', only: ['chromium'] },
  { name: 'sqlite-store', package: '@lanewise/edu-recsys', peers: ['sql.js'], only: ['node', 'bun'] },
  ...packages.map(({ folder, path, json }) => ({
    name: `readme-${folder}`,
    package: json.name,
    only: ['node', 'deno'],
    readme: join(path, 'README.md'),
  })),
]

const npm = (args, cwd, env) =>
  execFileSync('npm', [...args, '--loglevel=error'], { cwd, env, stdio: ['ignore', 'pipe', 2], encoding: 'utf8' })

/** The packages of this project, and the peers as the lockfile has them. */
const publish = (folder, env) => {
  const peers = cases.flatMap((test) => test.peers ?? []).map((name) => ({ path: join(root, 'node_modules', name) }))
  for (const { path } of [...packages, ...peers]) {
    const pack = ['pack', '--json', '--pack-destination', folder]
    const [{ filename }] = JSON.parse(npm(pack, path, env))
    npm(['publish', join(folder, filename), '--access', 'public', '--tag', 'latest'], folder, env)
  }
}

/** The first example of a README as a case: its `// =>` comments are checked. */
const readmeCase = (file) => {
  const [block] = blocksOf(readFileSync(file, 'utf8'), file)
  if (!block) throw new Error(`${file} has no \`\`\`ts example`)
  return `import { check as __check, throws as __throws } from '../tools/doc-tests/check.mjs'
export const run = async () => {
${compileBlock(block.code)}
return 'as its comments say'
}`
}

/** An empty project with one package installed by name, and the case beside it as JavaScript, its own helpers bundled in. */
const prepare = async (test, parent, env) => {
  const folder = join(parent, test.name)
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  npm(['install', test.package, ...(test.peers ?? [])], folder, env)
  const file = `${test.name}.case.mjs`
  await build({
    ...(test.readme
      ? { stdin: { contents: readmeCase(test.readme), resolveDir: here, loader: 'ts' } }
      : { entryPoints: [join(here, 'cases', `${test.name}.case.ts`)] }),
    outfile: join(folder, file),
    bundle: true,
    packages: 'external',
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
  })
  return { folder, file, name: test.name }
}

const runCell = async (test, task, runtime, expected) => {
  const cell = { package: test.package, runtime: runtime.name }
  if (runtime.skip) return { cell: { ...cell, status: 'skip', reason: runtime.skip } }
  try {
    cell.runtime = `${runtime.name} ${await runtime.version()}`
    const result = await runtime.run(task)
    const isSame = expected === undefined || result === expected
    const reason = isSame
      ? undefined
      : `its result differs: ${result.slice(0, 300)} instead of ${expected.slice(0, 300)}`
    const failure = JSON.parse(result).error
    return {
      result,
      cell: {
        ...cell,
        status: isSame && !failure ? 'pass' : 'fail',
        ...((failure ?? reason) && { reason: failure ?? reason }),
      },
    }
  } catch (error) {
    return { cell: { ...cell, status: 'fail', reason: String(error.stderr || error.message).slice(-1500) } }
  }
}

const report = (test, { runtime, status, reason }) =>
  console.error(`${status.padEnd(4)} ${test.padEnd(24)} ${runtime}${reason ? `: ${reason}` : ''}`)

const main = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-smoke-'))
  const { env, stop } = await startRegistry(folder)
  const cells = []
  try {
    publish(folder, env)
    for (const test of cases) {
      const task = await prepare(test, folder, env)
      let expected
      for (const runtime of runtimes.filter(({ name }) => test.only?.includes(name) ?? true)) {
        const { cell, result } = await runCell(test, task, runtime, expected)
        expected ??= result
        cells.push(cell)
        report(test.name, cell)
      }
    }
  } finally {
    stop()
    rmSync(folder, { recursive: true, force: true })
  }
  return cells
}

const cells = await main()
const count = (status) => cells.filter((cell) => cell.status === status).length
console.log(
  process.argv.includes('--json')
    ? JSON.stringify({ cells })
    : `${count('pass')} passed, ${count('fail')} failed, ${count('skip')} skipped`,
)
process.exitCode = count('fail') > 0 ? 1 : 0
