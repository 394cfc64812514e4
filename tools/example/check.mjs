// Runs every example with --quick --json, as a user would, and holds the printed object to its promise.
//   node tools/example/check.mjs [NAME ...]
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { root } from '../setup.mjs'
import { exampleNames } from './load.mjs'

const faultOf = (name) => {
  const args = [join(root, 'tools/example/main.mjs'), name, '--quick', '--json', '--seed', '7']
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 120_000 })
  if (status !== 0) return { fault: `exit code ${status}\n${stderr.slice(-2000)}` }
  const result = JSON.parse(stdout.trimEnd().split('\n').at(-1))
  const { metrics, seconds, peakMemoryMb, backend, threads, seed } = result
  const shape = result.name === name && backend === 'wasm' && threads === 1 && seed === 7 && peakMemoryMb > 0
  if (!shape || Object.keys(metrics).length === 0) return { fault: `a malformed result: ${JSON.stringify(result)}` }
  return { seconds, fault: seconds > 20 ? `--quick took ${seconds.toFixed(1)} s, at most 20 are allowed` : undefined }
}

const names = process.argv.length > 2 ? process.argv.slice(2) : exampleNames()
let failed = 0
for (const name of names) {
  const { seconds, fault } = faultOf(name)
  if (fault) failed++
  console.log(fault ? `FAIL ${name}: ${fault}` : `ok   ${name} ${seconds.toFixed(1)} s`)
}
console.log(`${names.length - failed} passed, ${failed} failed, 0 skipped`)
process.exitCode = failed ? 1 : 0
