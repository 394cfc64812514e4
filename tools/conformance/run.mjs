// Runs the cases of a suite and counts what happened to them.
import { difference, toTensor, Unsupported } from './cases.mjs'

/** Cases whose recorded value breaks the operator's own definition, beside those that the files mark as disputed. */
const disputes = {
  'quantize_linear: quantizeLinear 2D to uint8':
    '3 / 5 = 0.6 is recorded as 0; rounded to the nearest whole number it is 1',
}

/** Runs one case; gives { status, reason? }. Disputed cases that differ are their own status. */
const runCase = (L, adapter, op, test) => {
  const name = test.op ?? op
  const disputed = test.disputed ?? disputes[test.name]
  // What f32 cannot hold runs in f64, on the reference backend.
  const backend = test.needs_f64 ? L.referenceBackend() : L.defaultBackend()
  try {
    return L.withBackend(backend, () =>
      L.scope(() => {
        const inputs = test.inputs.map((t) => (t === null || t === undefined ? null : toTensor(L, t)))
        const outputs = adapter(L, name, inputs, test)
        for (const [i, expected] of test.outputs.entries()) {
          if (expected === null || expected === undefined) continue
          const wrong = difference(outputs[i], expected, test)
          if (wrong !== null) return { status: disputed ? 'disputed' : 'failed', reason: disputed ?? wrong }
        }
        return { status: 'passed' }
      }),
    )
  } catch (e) {
    if (e instanceof Unsupported) return { status: 'unsupported', reason: e.message }
    return {
      status: disputed ? 'disputed' : 'failed',
      reason: disputed ?? (e instanceof Error ? e.message : String(e)),
    }
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
