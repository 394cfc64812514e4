import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { convFlags } from './groups/conv.ts'
import { engineFlags, gemm, gemmFlags } from './groups/gemm.ts'
import type { GemmKernels } from './groups/gemm.ts'
import { KernelHost, loadKernels, supportsRelaxedSimd } from './host.ts'
import { createArena } from './testing/arena.ts'
import type { Arena } from './testing/arena.ts'
import { checkedKernels } from './testing/checked.ts'

interface Case {
  readonly M: number
  readonly N: number
  readonly K: number
  readonly rsA: number
  readonly csA: number
  readonly rsB: number
  readonly csB: number
  readonly ldc: number
  readonly flags: number
}

/** The sums in f64, and for each the sum of absolute terms that rounding errors are measured against. */
const reference = (c: Case, a: Float32Array, b: Float32Array, old: Float32Array, bias: Float32Array) => {
  const { accumulate, biasColumn, biasRow, relu } = gemmFlags
  const value: number[] = []
  const scale: number[] = []
  for (let i = 0; i < c.M; i++) {
    for (let j = 0; j < c.N; j++) {
      let sum = 0
      let absolute = 0
      for (let k = 0; k < c.K; k++) {
        const term =
          a[originOf(c.M, c.rsA, c.K, c.csA) + i * c.rsA + k * c.csA]! *
          b[originOf(c.K, c.rsB, c.N, c.csB) + k * c.rsB + j * c.csB]!
        sum += term
        absolute += Math.abs(term)
      }
      if (c.flags & accumulate) absolute += Math.abs(old[i * c.ldc + j]!)
      if (c.flags & biasColumn) absolute += Math.abs(bias[j]!)
      if (c.flags & biasRow) absolute += Math.abs(bias[i]!)
      if (c.flags & accumulate) sum += old[i * c.ldc + j]!
      if (c.flags & biasColumn) sum += bias[j]!
      if (c.flags & biasRow) sum += bias[i]!
      value.push(c.flags & relu ? Math.max(0, sum) : sum)
      scale.push(absolute)
    }
  }
  return { value, scale }
}

const extentOf = (n: number, s: number, m: number, t: number): number =>
  n === 0 || m === 0 ? 0 : (n - 1) * Math.abs(s) + (m - 1) * Math.abs(t) + 1
const originOf = (n: number, s: number, m: number, t: number): number =>
  (s < 0 ? (1 - n) * s : 0) + (t < 0 ? (1 - m) * t : 0)

let turn = 0
const check = (kernels: GemmKernels, arena: Arena, c: Case, offset = 0): void => {
  arena.reset(offset, turn++ % 4)
  const a = arena.input(extentOf(c.M, c.rsA, c.K, c.csA))
  const b = arena.input(extentOf(c.K, c.rsB, c.N, c.csB))
  const bias = arena.input(Math.max(c.M, c.N))
  const out = arena.output(c.M === 0 ? 0 : (c.M - 1) * c.ldc + c.N)
  const old = out.values.slice()
  const scratch = arena.scratch(kernels.gemm_scratch_bytes(c.M, c.N, c.K))
  kernels.f32_gemm(
    a.p + 4 * originOf(c.M, c.rsA, c.K, c.csA),
    c.rsA,
    c.csA,
    b.p + 4 * originOf(c.K, c.rsB, c.N, c.csB),
    c.rsB,
    c.csB,
    out.p,
    c.ldc,
    c.M,
    c.N,
    c.K,
    c.flags,
    bias.p,
    scratch,
  )
  expect(arena.faults(), JSON.stringify(c)).toEqual([])
  const expected = reference(c, a.values, b.values, old, bias.values)
  const got = arena.read(out)
  // A term rounds once and passes through at most K + 4 additions: |error| <= (K + 5) u sum |terms|, u = 2^-24.
  const unit = (c.K + 5) * 2 ** -24
  for (let i = 0, at = 0; i < c.M; i++) {
    for (let j = 0; j < c.ldc && i * c.ldc + j < got.length; j++) {
      const value = got[i * c.ldc + j]!
      if (j >= c.N) {
        if (!Object.is(value, old[i * c.ldc + j]))
          expect.fail(`${JSON.stringify(c)}: wrote between rows, at [${i},${j}]`)
      } else {
        if (!(Math.abs(value - expected.value[at]!) <= unit * expected.scale[at]! + 1e-30))
          expect.fail(`${JSON.stringify(c)} at [${i},${j}]: got ${value}, expected ${expected.value[at]}`)
        at++
      }
    }
  }
}

const layouts = ['nn', 'nt', 'tn', 'tt'] as const
const caseOf = (M: number, N: number, K: number, layout: string, flags: number, pad = 0): Case => ({
  M,
  N,
  K,
  flags,
  rsA: layout[0] === 'n' ? K + pad : 1,
  csA: layout[0] === 'n' ? 1 : M + pad,
  rsB: layout[1] === 'n' ? N + pad : 1,
  csB: layout[1] === 'n' ? 1 : K + pad,
  ldc: N + pad,
})

vi.setConfig({ testTimeout: 60_000 })

/** The tiers, and the base binary with bounds assertions. */
const builds = ['base', ...(supportsRelaxedSimd() ? (['relaxed'] as const) : []), 'checked'] as const

describe.each(builds)('f32_gemm, %s build', (build) => {
  let kernels: GemmKernels
  let arena: Arena
  beforeAll(async () => {
    const host = new KernelHost({ initialPages: 400 })
    await loadKernels(host, { tier: build === 'relaxed' ? build : 'base' })
    kernels = build === 'checked' ? checkedKernels(gemm, host.memory, () => arena.allowed()) : host.use(gemm)
    arena = createArena(host.memory)
  })

  test('every layout at tile edges, primes and small sizes', () => {
    const sizes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 16, 17, 20, 24, 31]
    for (const M of sizes) {
      for (const N of sizes) {
        for (const K of [1, 2, 3, 4, 5, 8, 11, 37]) {
          const flags = ((M * 31 + N * 7 + K) * 5) & 55
          for (const layout of layouts) check(kernels, arena, caseOf(M, N, K, layout, flags, (M + N) % 3), (K % 4) * 4)
        }
      }
    }
  })

  test('rows of A packed for many columns', () => {
    for (const M of [2, 3, 4, 5, 6, 7, 11, 13])
      for (const K of [1, 2, 3, 4, 5, 7, 8, 37])
        for (const layout of layouts)
          check(kernels, arena, caseOf(M, 95 + (M % 3), K, layout, (M & 23) + 32 * (K & 1), K % 2), (K % 4) * 4)
  })

  test('several blocks along M, N and K, with every combination of flags', () => {
    for (const layout of layouts)
      for (const flags of [0, 1, 2, 4, 16, 1 + 2 + 16, 1 + 4, 2 + 4 + 16, 32, 32 + 1 + 2 + 16])
        check(kernels, arena, caseOf(53, 37, 523, layout, flags, 1))
    check(kernels, arena, caseOf(9, 1031, 300, 'nn', 3))
    check(kernels, arena, caseOf(9, 1031, 300, 'nt', 3))
    check(kernels, arena, caseOf(1031, 9, 300, 'tn', 5))
  })

  test('matrix times vector and vector times matrix', () => {
    for (const n of [1, 3, 4, 7, 33, 129])
      for (const K of [1, 5, 8, 31, 333])
        for (const layout of layouts)
          for (const flags of [0, 1 + 2 + 16, 4]) {
            check(kernels, arena, caseOf(1, n, K, layout, flags), 4)
            check(kernels, arena, caseOf(n, 1, K, layout, flags, 3), 8)
          }
  })

  test('strides that are neither rows nor columns, negative and zero', () => {
    check(kernels, arena, { M: 7, N: 11, K: 9, rsA: 40, csA: 3, rsB: 5, csB: 50, ldc: 11, flags: 0 })
    check(kernels, arena, { M: 7, N: 11, K: 9, rsA: -9, csA: 1, rsB: 11, csB: -1, ldc: 12, flags: 1 })
    check(kernels, arena, { M: 7, N: 11, K: 9, rsA: 0, csA: 1, rsB: 0, csB: 1, ldc: 11, flags: 0 })
    check(kernels, arena, { M: 7, N: 11, K: 9, rsA: 1, csA: 0, rsB: 1, csB: 0, ldc: 11, flags: 2 })
    check(kernels, arena, { M: 5, N: 1, K: 9, rsA: 0, csA: -1, rsB: -2, csB: 7, ldc: 3, flags: 0 })
    check(kernels, arena, { M: 1, N: 5, K: 9, rsA: 0, csA: 2, rsB: -2, csB: 0, ldc: 5, flags: 0 })
  })

  test('packed A with every value four times gives the same bits', () => {
    for (const layout of layouts)
      for (const [M, N, K] of [
        [6, 8, 3],
        [6, 48, 3],
        [29, 60, 37],
        [50, 101, 523],
      ] as const) {
        arena.reset()
        const { rsA, csA, rsB, csB, ldc } = caseOf(M, N, K, layout, 0)
        const [a, b, scratch] = [
          arena.input(M * K),
          arena.input(K * N),
          arena.scratch(kernels.gemm_scratch_bytes(M, N, K)),
        ]
        const [plain, spread] = [0, gemmFlags.spread].map((flags) => {
          const out = arena.output(M * N)
          kernels.f32_gemm(a.p, rsA, csA, b.p, rsB, csB, out.p, ldc, M, N, K, flags, 0, scratch)
          return arena.read(out)
        })
        expect(spread, `${M} ${N} ${K} ${layout}`).toEqual(plain)
      }
  })

  test('empty extents write nothing, and K = 0 is the empty sum', () => {
    check(kernels, arena, caseOf(0, 5, 3, 'nn', 0))
    check(kernels, arena, caseOf(5, 0, 3, 'nn', 0))
    check(kernels, arena, caseOf(5, 9, 0, 'nn', 2 + 16))
    check(kernels, arena, caseOf(1, 9, 0, 'nn', 3))
    check(kernels, arena, caseOf(9, 1, 0, 'nt', 1))
  })

  test('NaN and infinity come through, relu keeps NaN', () => {
    arena.reset()
    const a = arena.put([NaN, 1, Infinity, 0, -1, -2])
    const b = arena.put([1, 2, 3, 4])
    const out = arena.output(6)
    kernels.f32_gemm(
      a.p,
      2,
      1,
      b.p,
      2,
      1,
      out.p,
      2,
      3,
      2,
      2,
      gemmFlags.relu,
      0,
      arena.scratch(kernels.gemm_scratch_bytes(3, 2, 2)),
    )
    expect([...arena.read(out)]).toEqual([NaN, NaN, Infinity, Infinity, 0, 0])
  })
})

describe('engineFlags', () => {
  afterEach(() => void vi.unstubAllGlobals())

  const fresh = async (): Promise<number> => {
    vi.resetModules()
    return (await import('./groups/gemm.ts')).engineFlags()
  }

  test('none in V8, but in Deno plain loads', async () => {
    expect(engineFlags()).toBe(0)
    vi.stubGlobal('Deno', {})
    expect(await fresh()).toBe(convFlags.plainLoads)
  })

  test('both hints where errors are those of JavaScriptCore', async () => {
    vi.stubGlobal(
      'Error',
      class extends Error {
        readonly sourceURL = ''
      },
    )
    expect(await fresh()).toBe(gemmFlags.spread + convFlags.plainLoads)
  })
})
