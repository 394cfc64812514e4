import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { activation } from './groups/activation.ts'
import { exponential } from './groups/exponential.ts'
import type { UnaryKernel } from './groups/kinds.ts'
import { special } from './groups/special.ts'
import { KernelHost, loadKernels, supportsRelaxedSimd } from './host.ts'
import { unitOf } from './testing/grid/case.ts'
import { erf, erfc, sigmoid } from './testing/grid/math.ts'

interface Bound {
  readonly kernel: (host: KernelHost) => UnaryKernel
  /** The function in f64, for numbers that the golden values do not have. */
  readonly f: (x: number) => number
  /** Largest error, in units of the last place of the exact value. */
  readonly ulp: number
  /** Or this much of |x|, whichever is larger. */
  readonly relative?: number
}

// The bounds of DESIGN 4; the comments beside the kernels claim less where they reach it.
const functions: Readonly<Record<string, Bound>> = {
  exp: { kernel: (host) => host.use(exponential).f32_exp, f: Math.exp, ulp: 2 },
  log: { kernel: (host) => host.use(exponential).f32_log, f: Math.log, ulp: 2 },
  sigmoid: { kernel: (host) => host.use(exponential).f32_sigmoid, f: sigmoid, ulp: 2 },
  tanh: { kernel: (host) => host.use(exponential).f32_tanh, f: Math.tanh, ulp: 3 },
  erf: { kernel: (host) => host.use(special).f32_erf, f: erf, ulp: 2 },
  gelu: {
    kernel: (host) => host.use(activation).f32_gelu,
    f: (x) => (x === -Infinity ? 0 : (x * erfc(-x / Math.SQRT2)) / 2),
    ulp: 2,
    relative: 1e-7,
  },
}

/** Bit patterns by sign and exponent, `perExponent` of each: the ends, the middle, and others all over. */
const everyExponent = (perExponent: number): Float32Array => {
  const words = new Uint32Array(512 * perExponent)
  for (let i = 0; i < words.length; i++) {
    const mantissa = [0, 1, 0x400000, 0x7fffff][i % perExponent] ?? Math.imul(i, 2654435761) & 0x7fffff
    words[i] = (Math.floor(i / perExponent) << 23) | mantissa
  }
  return new Float32Array(words.buffer)
}

const at = 1 << 16

const run = (host: KernelHost, kernel: UnaryKernel, x: Float32Array): Float32Array => {
  const memory = new Float32Array(host.memory.buffer)
  memory.set(x, at / 4)
  kernel(at, at, x.length)
  return memory.slice(at / 4, at / 4 + x.length)
}

/** The worst excess over the bound, and where it is. NaN must be met by NaN, and an infinity by itself. */
const worst = (x: Float32Array, y: Float32Array, exact: ArrayLike<number>, { ulp, relative = 0 }: Bound): string => {
  let excess = 0
  let place = 'none'
  x.forEach((value, i) => {
    const r = exact[i]!
    const whole = Math.fround(r)
    const off =
      Number.isNaN(r) || !Number.isFinite(whole)
        ? Object.is(y[i], whole)
          ? 0
          : Infinity
        : Math.abs(y[i]! - r) / Math.max(ulp * unitOf(r), relative * Math.abs(value), value === -Infinity ? 1e-14 : 0)
    if (off <= excess) return
    excess = off
    place = `${off.toFixed(3)} of the bound at ${value}: ${y[i]} for ${r}`
  })
  return excess > 1 ? place : 'none'
}

const tiers = supportsRelaxedSimd() ? (['base', 'relaxed'] as const) : (['base'] as const)

describe.each(tiers)('%s tier', (tier) => {
  const host = new KernelHost({ initialPages: 64 })
  beforeAll(async () => void (await loadKernels(host, { tier })))

  test.each(Object.keys(functions))('%s at every exponent, against mpmath', (name) => {
    const bound = functions[name]!
    const { buffer } = new Uint8Array(readFileSync(new URL(`__golden__/${name}.f64`, import.meta.url)))
    const exact = new Float64Array(buffer)
    const x = everyExponent(exact.length / 512)
    expect(worst(x, run(host, bound.kernel(host), x), exact, bound)).toBe('none')
    // What the sweep below is held against is itself right: to 1e-12 of the value, to 1e-320 where f64 ends.
    const off = x.findIndex((value, i) => {
      const [f, r] = [bound.f(value), exact[i]!]
      return !Object.is(f, r) && !(Math.abs(f - r) <= 1e-12 * Math.abs(r) + 1e-300)
    })
    expect(off === -1 ? 'none' : `${x[off]}: ${bound.f(x[off]!)} for ${exact[off]}`).toBe('none')
  })

  test.each(Object.keys(functions))('%s swept', (name) => {
    const bound = functions[name]!
    const x = everyExponent(400)
    expect(worst(x, run(host, bound.kernel(host), x), Float64Array.from(x, bound.f), bound)).toBe('none')
  })
})
