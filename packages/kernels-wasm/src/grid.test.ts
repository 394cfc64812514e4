import { statSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { activation } from './groups/activation.ts'
import { arithmetic } from './groups/arithmetic.ts'
import { compare } from './groups/compare.ts'
import { exponential } from './groups/exponential.ts'
import { half } from './groups/half.ts'
import { image } from './groups/image.ts'
import { index } from './groups/index.ts'
import { integer } from './groups/integer.ts'
import { logSoftmax } from './groups/log-softmax.ts'
import { move } from './groups/move.ts'
import { norm } from './groups/norm.ts'
import { optim } from './groups/optim.ts'
import { pool } from './groups/pool.ts'
import { random } from './groups/random.ts'
import { reduce } from './groups/reduce.ts'
import { rnn } from './groups/rnn.ts'
import { simple } from './groups/simple.ts'
import { softmax } from './groups/softmax.ts'
import { special } from './groups/special.ts'
import { sum } from './groups/sum.ts'
import { uniform } from './groups/uniform.ts'
import { KernelHost, loadKernels, supportsRelaxedSimd } from './host.ts'
import type { KernelGroup, Tier } from './host.ts'
import { manifest } from './manifest.ts'
import { checkedKernels } from './testing/checked.ts'
import { GridDriver } from './testing/grid/driver.ts'
import { references } from './testing/grid/index.ts'

/** The groups tested here; gemm and conv have tests of their own. */
const groups: readonly KernelGroup<object>[] = [
  arithmetic,
  simple,
  exponential,
  activation,
  special,
  compare,
  integer,
  move,
  half,
  sum,
  reduce,
  softmax,
  logSoftmax,
  norm,
  pool,
  index,
  optim,
  random,
  uniform,
  rnn,
  image,
]

/** Bytes of each base binary, with a few percent of room; raise one knowingly. */
const ceilings: Readonly<Record<string, number>> = {
  arithmetic: 10_900,
  simple: 5_700,
  exponential: 9_500,
  activation: 26_700,
  special: 19_700,
  compare: 12_000,
  integer: 5_400,
  move: 4_800,
  half: 1_500,
  sum: 5_000,
  reduce: 17_000,
  softmax: 5_200,
  'log-softmax': 8_600,
  norm: 16_900,
  pool: 7_700,
  index: 4_400,
  optim: 4_200,
  random: 2_700,
  uniform: 1_300,
  rnn: 18_600,
  image: 4_200,
}

const exportsOf = (
  host: KernelHost,
  group: KernelGroup<object>,
): Record<string, (...args: number[]) => number | undefined> =>
  ({ ...host.use(group) }) as Record<string, (...args: number[]) => number | undefined>

/** The first operands of each call lie across 2 GiB, the others above: addresses are unsigned. Untouched pages cost nothing. */
const from = 2 ** 31 - 192

/** The tiers, and the base binaries with bounds assertions. */
const builds: readonly (Tier | 'checked')[] = [
  ...(supportsRelaxedSimd() ? (['base', 'relaxed'] as const) : (['base'] as const)),
  'checked',
]

describe.each(groups.map((group) => [group.name, group] as const))('%s', (name, group) => {
  const rows = manifest.filter((row) => row.group === name)

  test('the manifest lists every export', () => {
    expect(Object.keys(exportsOf(new KernelHost(), group)).sort()).toEqual(rows.map((row) => row.name).sort())
  })

  test('the binary stays under its ceiling', () => {
    const bytes = statSync(new URL(`../dist/wasm/${name}.base.wasm`, import.meta.url)).size
    expect(bytes, `${name}.base.wasm has ${bytes} bytes`).toBeLessThanOrEqual(ceilings[name]!)
  })

  describe.each(builds)('%s build', (build) => {
    const host = new KernelHost({ initialPages: 2 ** 15 + 128 })
    beforeAll(async () => void (await loadKernels(host, { tier: build === 'relaxed' ? build : 'base' })))

    test.each(rows.map((row) => [row.name, row] as const))('%s', (_, row) => {
      const driver = new GridDriver(host.memory, from)
      const kernels =
        build === 'checked'
          ? (checkedKernels(group, host.memory, () => driver.allowed) as ReturnType<typeof exportsOf>)
          : exportsOf(host, group)
      const kernel = kernels[row.name]!
      const reference = references[name]?.[row.reference]
      if (!reference) throw new Error(`no plain loops called ${row.reference} for ${name}`)
      const faults: string[] = []
      for (const one of reference(row)) {
        faults.push(...driver.check(row, kernel, one))
        if (faults.length > 5) break
      }
      expect(faults).toEqual([])
    })
  })
})
