// npm run conformance [-- --json] [--failures] [--op NAME]: runs the conformance cases on the wasm backend.
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as L from '@lanewise/core'
import { conformanceDir, loadSuite } from './cases.mjs'
import { onnx } from './onnx.mjs'
import { runSuite } from './run.mjs'
import { webnn } from './webnn.mjs'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
const flags = process.argv.slice(2)
const only = flags.includes('--op') ? flags[flags.indexOf('--op') + 1] : undefined
const dir = conformanceDir(root)
const adapters = { onnx, webnn }

/** Reasons with how many cases each explains, the most frequent first. */
const tally = (others, status) => {
  const counts = new Map()
  for (const o of others)
    if (o.status === status) counts.set(`${o.op}: ${o.reason}`, (counts.get(`${o.op}: ${o.reason}`) ?? 0) + 1)
  return [...counts].toSorted((a, b) => b[1] - a[1])
}

const summary = {}
let total = { passed: 0, failed: 0, skipped: 0 }
for (const [suite, adapter] of Object.entries(adapters)) {
  const files = loadSuite(dir, suite)
  if (files === null) {
    console.error(`${suite}: left out, no cases at ${dir}/${suite} (set LANEWISE_CONFORMANCE)`)
    continue
  }
  const { counts, others } = runSuite(L, adapter, only === undefined ? files : files.filter((f) => f.op === only))
  const { passed, failed, unsupported, disputed } = counts
  summary[suite] = { passed, failed, unsupported }
  total = {
    passed: total.passed + passed,
    failed: total.failed + failed,
    skipped: total.skipped + unsupported + disputed,
  }
  if (flags.includes('--json')) continue
  console.log(`${suite}: ${passed} passed, ${failed} failed, ${unsupported} unsupported, ${disputed} disputed`)
  for (const [reason, count] of tally(others, 'unsupported'))
    console.log(`  unsupported ${String(count).padStart(3)}  ${reason}`)
  for (const o of others) if (o.status === 'failed') console.log(`  FAILED ${o.op} ${o.name}: ${o.reason}`)
}

console.log(
  flags.includes('--json')
    ? JSON.stringify(summary)
    : `${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`,
)
process.exitCode = total.failed === 0 ? 0 : 1
