import { describe, expect, it } from 'vitest'
import { atan, atan2, cos, exp, log, log2, pow, roundHalfEven, sigmoid, sin } from './math.ts'

const close = (own: (x: number) => number, native: (x: number) => number, from: number, to: number, scale = 0) => {
  let worst = 0
  for (let i = 0; i <= 20000; i++) {
    const x = from + ((to - from) * i) / 20000
    const want = native(x)
    worst = Math.max(worst, Math.abs(own(x) - want) / Math.max(Math.abs(want), scale, 1e-300))
  }
  return worst
}

describe('own mathematics', () => {
  // 4.5e-16 is two units in the last place; near a zero of sine the argument reduction keeps an absolute error.
  it('stays within a few units in the last place of the native functions', () => {
    expect(close(exp, Math.exp, -700, 700)).toBeLessThan(9e-16)
    expect(close(log, Math.log, 1e-3, 1e5)).toBeLessThan(4.5e-16)
    expect(close(log, Math.log, 1e-300, 1e300)).toBeLessThan(4.5e-16)
    expect(close(sin, Math.sin, -50, 50, 1)).toBeLessThan(4.5e-16)
    expect(close(cos, Math.cos, -50, 50, 1)).toBeLessThan(4.5e-16)
    expect(close(atan, Math.atan, -30, 30)).toBeLessThan(9e-16)
    expect(
      close(
        (x) => pow(x, 2.2),
        (x) => x ** 2.2,
        0.01,
        10,
      ),
    ).toBeLessThan(4e-15)
  })

  it('has the right limits', () => {
    expect([exp(-Infinity), exp(0), exp(710), exp(709.7) > 1e308, exp(-800)]).toEqual([0, 1, Infinity, true, 0])
    expect(exp(NaN)).toBeNaN()
    expect(exp(-744)).toBe(1e-323)
    expect([log(0), log(1), log(Infinity), log2(8), log2(0.25)]).toEqual([-Infinity, 0, Infinity, 3, -2])
    expect(log(-1)).toBeNaN()
    expect(log(5e-324)).toBeCloseTo(-744.4400719213812, 10)
    expect([sigmoid(0), sigmoid(-1000), sigmoid(1000)]).toEqual([0.5, 0, 1])
    expect([pow(0, 2), pow(0, 0), pow(2, 10)]).toEqual([0, 1, 1024])
    expect([sin(0), cos(0), atan(Infinity)]).toEqual([0, 1, Math.PI / 2])
  })

  it('finds the quadrant', () => {
    for (const [y, x] of [
      [1, 2],
      [1, -2],
      [-1, -2],
      [-1, 2],
      [0, 1],
      [0, -1],
      [1, 0],
      [-1, 0],
      [0, 0],
    ])
      expect(atan2(y, x)).toBeCloseTo(Math.atan2(y, x), 14)
  })

  it('rounds halves to even', () => {
    expect([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 2.4, -2.6].map(roundHalfEven)).toEqual([0, 2, 2, -0, -2, -2, 2, -3])
  })
})
