import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { erf, erfc, erfInv, normalCdf } from './erf.ts'
import { exp, expm1, ldexp, log, log1p, pow, tanh } from './f64.ts'
import { fmaF32, fmaF64 } from './fma.ts'
import { cos, sin } from './trig.ts'

type Row = [x: number, value: number, error: number]
type PowRow = [x: number, y: number, value: number, error: number]
const golden: Record<string, Row[]> & { pow: PowRow[] } = JSON.parse(
  readFileSync(new URL('__golden__/f64.json', import.meta.url), 'utf8'),
)

/** Distance from `x` to the next larger magnitude. */
const ulp = (x: number): number => {
  const bits = new BigUint64Array(Float64Array.of(Math.abs(x)).buffer)
  const next = new Float64Array(BigUint64Array.of(bits[0] + 1n).buffer)[0]
  return next - Math.abs(x)
}

const ulps = (got: number, value: number, error: number): number => Math.abs(got - value - error) / ulp(value)

const functions: [name: string, f: (x: number) => number, bound: number][] = [
  ['exp', exp, 1],
  ['expm1', expm1, 2],
  ['log', log, 1],
  ['log1p', log1p, 1],
  ['sin', sin, 1],
  ['cos', cos, 1],
  ['tanh', tanh, 2],
  ['erf', erf, 8],
  ['erfc', erfc, 4],
]

test.each(functions)('%s against 300-bit arithmetic', (name, f, bound) => {
  let worst = [0, 0]
  for (const [x, value, error] of golden[name]) {
    const distance = ulps(f(x), value, error)
    if (!(distance <= worst[0])) worst = [distance, x]
  }
  expect(worst[0], `at ${worst[1]}`).toBeLessThanOrEqual(bound)
})

test('pow against 300-bit arithmetic', () => {
  for (const [x, y, value, error] of golden.pow) {
    const bound = Math.abs(Math.log(value)) < 16 ? 1 : 4
    expect(ulps(pow(x, y), value, error), `pow(${x}, ${y})`).toBeLessThanOrEqual(bound)
  }
})

test('erfInv against 300-bit arithmetic', () => {
  for (const [x, value] of golden.erfInv) {
    expect(Math.abs(erfInv(x) / value - 1), `erfInv(${x})`).toBeLessThan(1e-11)
  }
  expect(erfInv(0)).toBe(0)
})

test('the ends of the domains', () => {
  expect([exp(Infinity), exp(-Infinity), exp(NaN), exp(710), exp(-746), exp(0)]).toEqual([
    Infinity,
    0,
    NaN,
    Infinity,
    0,
    1,
  ])
  expect([expm1(Infinity), expm1(-Infinity), expm1(-0), expm1(NaN)]).toEqual([Infinity, -1, -0, NaN])
  expect([log(0), log(-1), log(Infinity), log(NaN), log(1)]).toEqual([-Infinity, NaN, Infinity, NaN, 0])
  expect([log1p(-1), log1p(-2), log1p(Infinity), log1p(-0), log1p(NaN)]).toEqual([-Infinity, NaN, Infinity, -0, NaN])
  expect([sin(-0), sin(Infinity), cos(-Infinity), cos(0), sin(NaN)]).toEqual([-0, NaN, NaN, 1, NaN])
  expect([tanh(-0), tanh(50), tanh(-50), tanh(NaN)]).toEqual([-0, 1, -1, NaN])
  expect([erf(-7), erf(Infinity), erfc(30), erfc(-30), erf(NaN), erfc(NaN)]).toEqual([-1, 1, 0, 2, NaN, NaN])
  expect([erfInv(1), erfInv(-1), erfInv(1.5), erfInv(NaN)]).toEqual([Infinity, -Infinity, NaN, NaN])
  expect(normalCdf(0)).toBe(0.5)
  expect([ldexp(1, 1024), ldexp(1, -1074), ldexp(0.5, 1024), ldexp(4, -1080)]).toEqual([Infinity, 5e-324, 2 ** 1023, 0])
})

test('pow keeps the special cases of the language', () => {
  const values = [0, -0, 1, -1, 2, -2, 3, 0.5, -0.5, 2.5, Infinity, -Infinity, NaN, 1e308, 5e-324]
  for (const x of values) {
    for (const y of values) {
      const want = x ** y
      const got = pow(x, y)
      if (want === 0 || !Number.isFinite(want)) expect(got, `pow(${x}, ${y})`).toBe(want)
      else expect(Math.abs(got / want - 1), `pow(${x}, ${y})`).toBeLessThan(4e-15)
    }
  }
})

const f32 = fc.float({ noNaN: true, noDefaultInfinity: true })

test('fmaF32 rounds the exact value once', () => {
  // 2^-24 (1 + 2^-23) + 1 lies just above the middle of 1 and 1 + 2^-23; f64 loses the small part.
  const tiny = 2 ** -24
  expect(fmaF32(tiny, 1 + 2 ** -23, 1)).toBe(1 + 2 ** -23)
  // Exact middles go to the even side, above or below.
  expect(fmaF32(tiny, 1, 1)).toBe(1)
  expect(fmaF32(tiny, 1, 1 + 2 ** -23)).toBe(1 + 2 ** -22)
  // Products of 2^-24 (1 + 2^-30) and 2^-24 (1 - 2^-30): f64 loses the small part, which decides.
  for (const sign of [1, -1]) {
    const above = (c: number): number => sign * fmaF32(sign * 13325 * 2 ** -54, 80581, sign * c)
    const below = (c: number): number => sign * fmaF32(sign * (1 + 2 ** -15), (1 - 2 ** -15) * tiny, sign * c)
    expect([above(1), below(1)]).toEqual([1 + 2 ** -23, 1])
    expect([above(1 + 2 ** -23), below(1 + 2 ** -23)]).toEqual([1 + 2 ** -22, 1 + 2 ** -23])
  }
  fc.assert(
    fc.property(f32, f32, f32, (a, b, c) => {
      const got = fmaF32(a, b, c)
      const plain = Math.fround(a * b + c)
      return Object.is(got, plain) || Math.abs(got - plain) <= 2 ** -23 * Math.abs(plain) + 2 ** -149
    }),
  )
})

test('fmaF64 keeps what the product loses', () => {
  const a = 1 + 2 ** -30
  expect(fmaF64(a, a, -(1 + 2 ** -29))).toBe(2 ** -60)
  expect(fmaF64(0.1, 10, -1)).toBe(5.551115123125783e-17)
})

test('identities', () => {
  fc.assert(
    fc.property(fc.double({ min: -300, max: 300, noNaN: true }), (x) => {
      expect(Math.abs(log(exp(x)) - x)).toBeLessThanOrEqual(3e-16 * Math.max(1, Math.abs(x)))
      expect(Math.abs(sin(x) ** 2 + cos(x) ** 2 - 1)).toBeLessThanOrEqual(5e-16)
      expect(tanh(-x)).toBe(-tanh(x))
      expect(erf(-x)).toBe(-erf(x))
    }),
  )
})
