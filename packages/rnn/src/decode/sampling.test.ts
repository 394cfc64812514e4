import { readFileSync } from 'node:fs'
import { Generator } from '@lanewise/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sampleToken, tokenProbabilities, type SamplingOptions } from './sampling.ts'

interface Case {
  seed: number
  options: SamplingOptions
  p: number[]
  drawn: number[]
}

const golden: Case[] = JSON.parse(readFileSync(new URL('__golden__/sampling.json', import.meta.url), 'utf8'))

test.each(golden.map((c) => [JSON.stringify(c.options), c] as const))('as PyTorch: %s', (_, c) => {
  const generator = new Generator(c.seed)
  const logits = generator.uniform(new Float32Array(40), -3, 3)
  // The stored probabilities are rounded to f32, their sums within a few roundings.
  tokenProbabilities(logits, c.options).forEach((p, i) => expect(Math.abs(p - c.p[i])).toBeLessThan(2e-7))
  expect(c.drawn.map(() => sampleToken(logits, generator, c.options))).toEqual(c.drawn)
})

test('temperature 0 takes the first of the most likely and draws nothing', () => {
  const generator = new Generator(3)
  expect(sampleToken([1, 4, 4, 2], generator, { temperature: 0 })).toBe(1)
  expect(tokenProbabilities([1, 4, 4, 2], { temperature: 0, topK: 2 })).toEqual(Float64Array.of(0, 1, 0, 0))
  expect(generator.uint32()).toBe(new Generator(3).uint32())
})

test('topK keeps ties at its edge, topP the fewest that reach it', () => {
  expect([...tokenProbabilities([0, 0, 0, -Infinity], { topK: 1 })]).toEqual([1 / 3, 1 / 3, 1 / 3, 0])
  const logits = [Math.log(0.5), Math.log(0.3), Math.log(0.2)]
  const kept = (topP: number): number[] => [...tokenProbabilities(logits, { topP })].map((p) => Number(p.toFixed(4)))
  expect(kept(0.49)).toEqual([1, 0, 0])
  expect(kept(0.51)).toEqual([0.625, 0.375, 0])
  expect(kept(0.9)).toEqual([0.5, 0.3, 0.2])
})

test('the coldest and the hottest temperatures', () => {
  const cold = { temperature: 1e-320 }
  expect([...tokenProbabilities([5, 9, 9, -9], cold)]).toEqual([0, 0.5, 0.5, 0])
  expect([...tokenProbabilities([-1e30, 1e30, -Infinity], cold)]).toEqual([0, 1, 0])
  expect(sampleToken([5, 9, -9], new Generator(0), cold)).toBe(1)
  expect([...tokenProbabilities([-5, 5], { temperature: 1e300 })]).toEqual([0.5, 0.5])
})

test('filters wider than the vocabulary keep all, the narrowest one token', () => {
  const logits = [0, 1, 3, -Infinity]
  const all = tokenProbabilities(logits)
  expect(tokenProbabilities(logits, { topK: 99 })).toEqual(all)
  expect(tokenProbabilities(logits, { topK: 4, topP: 1 })).toEqual(all)
  expect([...tokenProbabilities(logits, { topP: 1e-300 })]).toEqual([0, 0, 1, 0])
  expect([...tokenProbabilities(logits, { topK: 1, topP: 0.5 })]).toEqual([0, 0, 1, 0])
  // Of ties at the edge of topP the lower id remains, and only it.
  expect([...tokenProbabilities([2, 2, 2], { topP: 0.3 })]).toEqual([1, 0, 0])
  for (let seed = 0; seed < 50; seed++) expect(sampleToken(logits, new Generator(seed), { topK: 2 })).not.toBe(3)
})

test('probabilities sum to 1 and keep the order of the logits', () => {
  const logits = fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: 1, maxLength: 30 })
  fc.assert(
    fc.property(logits, fc.double({ min: 0.1, max: 4, noNaN: true }), (logits, temperature) => {
      const p = tokenProbabilities(logits, { temperature })
      expect(Math.abs(p.reduce((a, b) => a + b) - 1)).toBeLessThan(1e-12)
      for (let i = 1; i < p.length; i++) if (logits[i] > logits[i - 1]) expect(p[i]).toBeGreaterThanOrEqual(p[i - 1])
    }),
  )
})

describe('what is refused', () => {
  const draw = (logits: number[], options: SamplingOptions = {}): number =>
    sampleToken(logits, new Generator(0), options)
  test.each([
    [[0, 1], { temperature: -1 }, 'sampling: temperature is out of range; got -1, expected a finite number >= 0.'],
    [[0, 1], { temperature: NaN }, 'sampling: temperature is out of range; got NaN, expected a finite number >= 0.'],
    [[0, 1], { topK: 0 }, 'sampling: topK is out of range; got 0, expected an integer >= 1, or null.'],
    [[0, 1], { topP: 0 }, 'sampling: topP is out of range; got 0, expected a number in (0, 1].'],
    [[0, NaN], {}, 'sampling: logit 1 is not a number below infinity; got NaN, expected finite logits.'],
    [[-Infinity], {}, 'sampling: no token can be chosen; got 1 logits, expected one above -Infinity.'],
    [[], {}, 'sampling: no token can be chosen; got 0 logits, expected one above -Infinity.'],
  ])('%j %j', (logits, options, message) => {
    expect(() => draw(logits, options)).toThrow(message)
  })
})
