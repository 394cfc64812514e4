// node bench/start.mjs [--runs N] [--json FILE]: time from the start of a process to the end of its first classification,
// beyond that of an empty script: of one minified bundle, and of the packages as npm installs them. Cold processes, the
// kinds in turns; minimum and median.
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { lenet } from '@lanewise/cnn'
import { saveSafetensors } from '@lanewise/core'
import { findRuntimes, runtimeKeys } from './runtimes.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const root = join(here, '..')
const { values } = parseArgs({ options: { runs: { type: 'string', default: '20' }, json: { type: 'string' } } })
const runs = Number(values.runs)
const folder = mkdtempSync(join(tmpdir(), 'lanewise-start-'))
const source = join(folder, 'classify.mjs')
const weights = join(folder, 'weights.safetensors')

/** As an application would: one file, minified. */
const bundle = async () => {
  const { build } = createRequire(join(root, 'package.json'))('esbuild')
  const outfile = join(folder, 'bundled.mjs')
  const options = { bundle: true, minify: true, format: 'esm', platform: 'neutral', conditions: ['import'] }
  const external = ['node:*']
  await build({ entryPoints: [join(here, 'start/classify.mjs')], outfile, external, target: 'es2022', ...options })
  return outfile
}

/** Puts a package where `source` finds it, out of its tarball. */
const install = (name) => {
  const to = join(folder, 'node_modules/@lanewise', name)
  mkdirSync(to, { recursive: true })
  execFileSync('npm', ['pack', '--loglevel=silent', '--pack-destination', folder], {
    cwd: join(root, 'packages', name),
  })
  const tarball = `lanewise-${name}-0.0.0.tgz`
  execFileSync('tar', ['xzf', join(folder, tarball), '-C', to, '--strip-components=1'])
}

const time = ({ command, args }, script) => {
  const start = process.hrtime.bigint()
  const { status, stderr } = spawnSync(command, [...args, script, weights], { encoding: 'utf8', cwd: folder })
  const ms = Number(process.hrtime.bigint() - start) / 1e6
  if (status !== 0) throw new Error(`${command} ${script}: ${stderr.slice(-600)}`)
  return ms
}

const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1]

/** The names of LeNet's layers in the order of the script's. */
const places = { conv1: 0, conv2: 3, fc1: 7, fc2: 9, fc3: 11 }

try {
  cpSync(join(here, 'start/classify.mjs'), source)
  install('kernels-wasm')
  install('core')
  const state = [...lenet().stateDict()].map(([key, x]) => [key.replace(/^\w+/, (layer) => places[layer]), x])
  writeFileSync(weights, await saveSafetensors(new Map(state)))
  const empty = join(folder, 'empty.mjs')
  writeFileSync(empty, '0\n')
  const scripts = { empty, bundled: await bundle(), installed: source }
  const rows = []
  console.log(`${cpus()[0].model}; ms from start to end, of ${runs} cold processes: minimum (median)`)
  console.log(`${'runtime'.padEnd(18)}${'empty'.padEnd(18)}${'bundled'.padEnd(30)}installed`)
  for (const runtime of findRuntimes(runtimeKeys)) {
    const taken = Object.fromEntries(Object.keys(scripts).map((kind) => [kind, []]))
    // The first round fills the engines' caches of compiled code, where they have any.
    for (let i = 0; i <= runs; i++)
      for (const [kind, script] of Object.entries(scripts)) {
        const ms = time(runtime, script)
        if (i > 0) taken[kind].push(ms)
      }
    const least = (kind) => Math.min(...taken[kind])
    const cell = (kind) => {
      const [a, b] = [least, (k) => median(taken[k])].map((f) => (f(kind) - f('empty')).toFixed(0))
      return `${least(kind).toFixed(0)} (${median(taken[kind]).toFixed(0)})${kind === 'empty' ? '' : `: +${a} (+${b})`}`
    }
    console.log(runtime.label.padEnd(18) + cell('empty').padEnd(18) + cell('bundled').padEnd(30) + cell('installed'))
    for (const kind of Object.keys(scripts))
      rows.push({ runtime: runtime.label, kind, msMin: least(kind), msMedian: median(taken[kind]) })
  }
  if (values.json !== undefined) writeFileSync(resolve(values.json), JSON.stringify({ rows }, null, 2))
} finally {
  rmSync(folder, { recursive: true })
}
