import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ValueError } from '../errors.ts'
import { choice, multinomial, truncNormal } from './distributions.ts'
import { Generator } from './generator.ts'

const golden = JSON.parse(readFileSync(new URL('__golden__/random.json', import.meta.url), 'utf8'))

// PyTorch's erfinv and its f32 steps leave 1e-7 of the spread; the mean adds its own rounding.
test('truncNormal draws as torch.nn.init.trunc_normal_', () => {
  const generator = new Generator(golden.truncNormal.seed)
  for (const { n, values, ...options } of golden.truncNormal.cases) {
    const got = truncNormal(new Float32Array(n), { ...options, generator })
    const bound = 1.2e-7 * (2 * options.std + Math.abs(options.mean))
    for (let i = 0; i < n; i++) expect(Math.abs(got[i] - values[i]), `std ${options.std} at ${i}`).toBeLessThan(bound)
  }
})

test('multinomial draws as torch.multinomial', () => {
  const { seed, weights, cases } = golden.multinomial
  const generator = new Generator(seed)
  for (const { count, replacement, drawn } of cases) {
    expect(Array.from(multinomial(Float32Array.from(weights), count, { replacement, generator }))).toEqual(drawn)
  }
})

test('multinomial never draws a weight of 0 and follows the weights', () => {
  const weights = Float64Array.of(0, 3, 0, 1, 0)
  const drawn = multinomial(weights, 4000, { replacement: true, generator: new Generator(1) })
  const counts = [0, 0, 0, 0, 0]
  for (const i of drawn) counts[i]++
  expect([counts[0], counts[2], counts[4]]).toEqual([0, 0, 0])
  expect(Math.abs(counts[1] - 3000)).toBeLessThan(150) // 5 standard deviations are 137
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const two = multinomial(weights, 2, { generator: new Generator(seed) })
      expect(Array.from(two).sort()).toEqual([1, 3])
    }),
  )
})

test('choice takes items without repeats, with repeats, and by weight', () => {
  const items = ['a', 'b', 'c', 'd']
  const generator = new Generator(0)
  expect(new Set(choice(items, 4, { generator }))).toEqual(new Set(items))
  expect(choice(items, 100, { replacement: true, generator })).toHaveLength(100)
  expect(choice(items, 2, { weights: Float32Array.of(0, 1, 0, 1), generator }).sort()).toEqual(['b', 'd'])
  expect(choice([], 0, { generator })).toEqual([])
})

test('truncNormal between equal bounds gives the bound', () => {
  expect(truncNormal(new Float32Array(3), { a: 1, b: 1, generator: new Generator(0) })).toEqual(
    Float32Array.of(1, 1, 1),
  )
})

test('bad input', () => {
  const generator = new Generator(0)
  const options = { generator }
  expect(() => truncNormal(new Float32Array(2), { a: 1, b: 0, generator })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: truncNormal: not a truncated normal distribution; got mean 0, std 1, a 1, b 0, expected a <= b, a finite mean and a finite std above 0.]`,
  )
  expect(() => truncNormal(new Float32Array(2), { std: 0, generator })).toThrow(ValueError)
  expect(() => truncNormal(new Float32Array(2), { std: Infinity, generator })).toThrow(ValueError)
  expect(() => truncNormal(new Float32Array(2), { mean: NaN, generator })).toThrow(ValueError)
  expect(() => multinomial(Float32Array.of(1, -1), 1, options)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: multinomial: a weight is not valid; got -1, expected finite weights >= 0.]`,
  )
  expect(() => multinomial(Float32Array.of(0, 0), 1, options)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: multinomial: nothing can be drawn; got 2 weights, none above 0, expected a weight above 0.]`,
  )
  expect(() => multinomial(new Float32Array(0), 1, options)).toThrow(ValueError)
  expect(() => multinomial(Float32Array.of(1, 0), 2, options)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: multinomial: not a number of draws; got 2, expected an integer in [1, 1].]`,
  )
  expect(() => multinomial(Float32Array.of(1, NaN), 1, options)).toThrow(ValueError)
  expect(() => choice([1], 2, options)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: choice: the items cannot be drawn; got 2 of 1 items, expected no more draws than items, and a weight for each item.]`,
  )
  expect(() => choice([], 1, { replacement: true, generator })).toThrow(ValueError)
  expect(() => choice([1, 2], 1, { weights: Float32Array.of(1), generator })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: choice: the items cannot be drawn; got 1 of 2 items with 1 weights, expected no more draws than items, and a weight for each item.]`,
  )
  expect(generator.state()).toEqual(new Generator(0).state())
})
