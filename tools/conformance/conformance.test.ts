import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as L from '@lanewise/core'
import { describe, expect, test } from 'vitest'
import { conformanceDir, loadSuite } from './cases.mjs'
import { onnx } from './onnx.mjs'
import { runSuite } from './run.mjs'
import { webnn } from './webnn.mjs'

const dir = conformanceDir(resolve(dirname(fileURLToPath(import.meta.url)), '../..'))

/** The cases that must pass at least, so that an adapter cannot drop out unseen. */
const floors = { onnx: 900, webnn: 1850 }

describe.each([
  ['onnx', onnx],
  ['webnn', webnn],
] as const)('%s', (suite, adapter) => {
  const files = loadSuite(dir, suite)
  let passed = 0

  for (const file of files ?? []) {
    test(`${file.op}, ${file.cases.length} cases from ${file.source}`, () => {
      const { counts, others } = runSuite(L, adapter, [file])
      passed += counts.passed
      expect(others.filter((o) => o.status === 'failed')).toEqual([])
    })
  }

  if (files === null) console.log(`${suite}: left out, no cases at ${dir} (set LANEWISE_CONFORMANCE)`)
  test.skipIf(files === null)('enough cases pass', () => expect(passed).toBeGreaterThanOrEqual(floors[suite]))
})

test('a wrong result fails', () => {
  const file = {
    op: 'abs',
    cases: [
      {
        name: 'wrong',
        args: [{ $t: 0 }],
        argStyle: 'positional',
        inputs: [{ name: 'x', dtype: 'f32', shape: [1], data: 'AACAvw==' }],
        outputs: [{ name: 'y', dtype: 'f32', shape: [1], data: 'AACAvw==' }],
        rtol: 0,
        atol: 0,
      },
    ],
  }
  expect(runSuite(L, webnn, [file]).counts).toEqual({ passed: 0, failed: 1, unsupported: 0, disputed: 0 })
})
