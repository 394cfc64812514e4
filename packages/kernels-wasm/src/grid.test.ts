import { beforeAll, describe, expect, test } from 'vitest'
import { elementwise } from './groups/elementwise.ts'
import { image } from './groups/image.ts'
import { index } from './groups/index.ts'
import { norm } from './groups/norm.ts'
import { optim } from './groups/optim.ts'
import { pool } from './groups/pool.ts'
import { random } from './groups/random.ts'
import { reduce } from './groups/reduce.ts'
import { rnn } from './groups/rnn.ts'
import { softmax } from './groups/softmax.ts'
import { KernelHost, supportsRelaxedSimd } from './host.ts'
import type { KernelGroup, Tier } from './host.ts'
import { manifest } from './manifest.ts'
import { GridDriver } from './testing/grid/driver.ts'
import { references } from './testing/grid/index.ts'

/** The groups tested here; gemm and conv have tests of their own. */
const groups: readonly KernelGroup<object>[] = [
  elementwise,
  reduce,
  softmax,
  norm,
  pool,
  index,
  optim,
  random,
  rnn,
  image,
]

const exportsOf = (
  host: KernelHost,
  group: KernelGroup<object>,
): Record<string, (...args: number[]) => number | undefined> =>
  ({ ...host.use(group) }) as Record<string, (...args: number[]) => number | undefined>

const tiers: readonly Tier[] = supportsRelaxedSimd() ? ['base', 'relaxed'] : ['base']

describe.each(groups.map((group) => [group.name, group] as const))('%s', (name, group) => {
  const rows = manifest.filter((row) => row.group === name)

  test('the manifest lists every export', () => {
    expect(Object.keys(exportsOf(new KernelHost(), group)).sort()).toEqual(rows.map((row) => row.name).sort())
  })

  describe.each(tiers)('tier %s', (tier) => {
    const host = new KernelHost({ initialPages: 128 })
    beforeAll(async () => void (await host.load({ tier })))

    test.each(rows.map((row) => [row.name, row] as const))('%s', (_, row) => {
      const driver = new GridDriver(host.memory, 1024)
      const kernel = exportsOf(host, group)[row.name]!
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
