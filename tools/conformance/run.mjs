// Runs the cases of a suite and counts what happened to them.
import { difference, toTensor, Unsupported } from './cases.mjs'

/** Runs one case; gives { status, reason? }. Disputed cases that differ are their own status. */
export const runCase = (L, adapter, op, test) => {
  const name = test.op ?? op
  try {
    return L.scope(() => {
      const inputs = test.inputs.map((t) => (t === null || t === undefined ? null : toTensor(L, t)))
      const outputs = adapter(L, name, inputs, test)
      for (const [i, expected] of test.outputs.entries()) {
        if (expected === null || expected === undefined) continue
        const wrong = difference(outputs[i], expected, test)
        if (wrong !== null) return { status: test.disputed ? 'disputed' : 'failed', reason: wrong }
      }
      return { status: 'passed' }
    })
  } catch (e) {
    if (e instanceof Unsupported) return { status: 'unsupported', reason: e.message }
    return { status: test.disputed ? 'disputed' : 'failed', reason: e instanceof Error ? e.message : String(e) }
  }
}

/** Runs a suite; gives the counts and every case that did not pass. */
export const runSuite = (L, adapter, files) => {
  const counts = { passed: 0, failed: 0, unsupported: 0, disputed: 0 }
  const others = []
  for (const file of files) {
    for (const test of file.cases) {
      const result = runCase(L, adapter, file.op, test)
      counts[result.status]++
      if (result.status !== 'passed') others.push({ op: test.op ?? file.op, name: test.name, ...result })
    }
  }
  return { counts, others }
}
