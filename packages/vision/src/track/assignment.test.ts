import { describe, expect, it } from 'vitest'
import { draws, golden } from '../testing/golden.ts'
import { assign, assignBelow } from './assignment.ts'

const want = golden(new URL('./__golden__/assignment.json', import.meta.url))

describe('assign', () => {
  it('equals SciPy on 1,000 random, tied, forbidden and maximised matrices, ties included', () => {
    const sizes = draws(1, 2000).map((v) => Math.floor(Math.fround(v * 12)) + 1)
    const columns = Int8Array.from(want.columns.data)
    let infeasible = 0
    for (let k = 0, at = 0; k < 1000; k++) {
      const [n, m] = sizes.subarray(2 * k)
      const cost = Float64Array.from(draws(2 + k, n * m), (v) => {
        const c = v * 10 - 5
        const tied = k >= 700 ? Math.floor(c / 3) : c
        return k % 10 === 5 && tied > 1 ? Infinity : tied
      })
      const expected = columns.subarray(at, (at += n))
      const run = (): Int32Array => assign(cost, { rows: n, columns: m, maximize: k % 10 === 3 })
      if (expected[0] === -2) {
        infeasible++
        expect(run).toThrow('no assignment')
      } else expect([...run()]).toEqual([...expected])
    }
    expect(infeasible).toBeGreaterThan(0)
  })

  it('takes empty matrices and refuses bad ones', () => {
    expect([...assign([], { rows: 0, columns: 3 })]).toEqual([])
    expect([...assign([], { rows: 2, columns: 0 })]).toEqual([-1, -1])
    expect(() => assign([1, 2, 3], { rows: 2, columns: 2 })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: assign: the costs do not fill the matrix; got 3 for 2x2.]`,
    )
    expect(() => assign([NaN], { rows: 1, columns: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: assign: not a cost; got NaN at 0, expected a finite number, or an infinity that forbids the pair.]`,
    )
    expect(() => assign([Infinity], { rows: 1, columns: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: assign: no assignment avoids the forbidden pairs; got row 0 of 1x1, expected a finite cost for some complete assignment. Use a large finite cost and drop such pairs afterwards.]`,
    )
    expect(() => assign([Infinity], { rows: 1, columns: 1, maximize: true })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: assign: not a cost; got Infinity at 0, expected a finite number, or an infinity that forbids the pair.]`,
    )
  })
})

describe('assignBelow', () => {
  /** The best total over all partial matchings, a left-out row costing nothing and a pair its cost less the limit. */
  const best = (cost: Float64Array, n: number, m: number, limit: number, row = 0, used = 0): number => {
    if (row === n) return 0
    let total = best(cost, n, m, limit, row + 1, used)
    for (let j = 0; j < m; j++) {
      if (used & (1 << j)) continue
      total = Math.min(total, cost[row * m + j] - limit + best(cost, n, m, limit, row + 1, used | (1 << j)))
    }
    return total
  }

  it('equals the search over all partial matchings', () => {
    for (let k = 0; k < 60; k++) {
      const [n, m] = [1 + (k % 5), 1 + ((k >> 2) % 5)]
      const cost = Float64Array.from(draws(100 + k, n * m))
      const columnOf = assignBelow(cost, n, m, 0.4)
      const total = columnOf.reduce((sum, j, i) => sum + (j < 0 ? 0 : cost[i * m + j] - 0.4), 0)
      expect(total).toBeCloseTo(best(cost, n, m, 0.4), 12)
      columnOf.forEach((j, i) => j >= 0 && expect(cost[i * m + j]).toBeLessThan(0.4))
    }
  })
})
