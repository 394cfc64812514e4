import { Generator } from '@lanewise/core'
import { describe, expect, test } from 'vitest'
import { itemInformation, itemProbability, type Item } from '../irt/irt.ts'
import { AdaptiveTest, type AdaptiveTestOptions } from './adaptive-test.ts'
import { mostInformative, randomesque, rankItems, sympsonHetter, sympsonHetterControls } from './exposure.ts'

const bank = (count: number, seed: number): Item[] => {
  const generator = new Generator(seed)
  return Array.from({ length: count }, () => ({
    a: 0.8 + 1.2 * generator.double(),
    b: -3 + 6 * generator.double(),
    c: 0.2 * generator.double(),
  }))
}

/** Gives the test to a learner of known ability. */
const sit = (items: readonly Item[], theta: number, options: AdaptiveTestOptions, seed: number): AdaptiveTest => {
  const answers = new Generator(seed)
  const adaptive = new AdaptiveTest(items, options)
  for (let i = adaptive.next(); i !== null; i = adaptive.next())
    adaptive.answer(answers.double() < itemProbability(theta, items[i]))
  return adaptive
}

describe('choice', () => {
  const items = bank(40, 1)
  test('items rank by information, equal ones by number', () => {
    const ranked = rankItems(items, 0.5, new Set([3]))
    expect(ranked).toHaveLength(39)
    for (let i = 1; i < ranked.length; i++)
      expect(itemInformation(0.5, items[ranked[i - 1]])).toBeGreaterThanOrEqual(itemInformation(0.5, items[ranked[i]]))
    expect(rankItems([{ b: 0 }, { b: 0 }], 0, new Set())).toEqual([0, 1])
  })
  test('randomesque stays among the best and reaches each of them', () => {
    const generator = new Generator(0)
    const seen = new Set(Array.from({ length: 100 }, () => randomesque(3)([9, 8, 7, 6], generator, () => {})))
    expect([...seen].sort()).toEqual([7, 8, 9])
  })
  test('Sympson-Hetter controls hold the rate, where the most informative item goes to everyone', () => {
    const length = 8
    const exposure = (choose: AdaptiveTestOptions['choose']): number => {
      const given = new Float64Array(items.length)
      const generator = new Generator(4)
      const abilities = new Generator(5).normal(new Float64Array(300))
      abilities.forEach((theta, s) => {
        const options = { maxItems: length, standardError: 1e-9, generator, ...(choose && { choose }) }
        for (const { item } of sit(items, theta, options, 100 + s).answers) given[item]++
      })
      return Math.max(...given) / abilities.length
    }
    const controls = sympsonHetterControls(items, { maxRate: 0.4, length, tests: 200, passes: 6 })
    expect(exposure(mostInformative())).toBe(1)
    // Rates of 200 and 300 tests have standard errors near .03; the highest of 40 lies some three of them above.
    expect(exposure(sympsonHetter(controls))).toBeLessThan(0.52)
  })
})

describe('AdaptiveTest', () => {
  const items = bank(120, 2)

  test('estimates are right on average, as precise as they say, and shorter tests than in order', () => {
    let [bias, lengths] = [0, 0]
    const abilities = new Generator(6).normal(new Float64Array(100))
    abilities.forEach((theta, s) => {
      const adaptive = sit(items, theta, { standardError: 0.35 }, s)
      expect(adaptive.end).toBe('precise')
      bias += (adaptive.ability.theta - theta) / abilities.length
      lengths += adaptive.answers.length / abilities.length
    })
    expect(Math.abs(bias)).toBeLessThan(0.12) // 3.5 standard errors of .35 / sqrt(100)
    const inOrder = sit(items, 0.3, { standardError: 0.35, choose: (ranked) => Math.min(...ranked) }, 1)
    expect(lengths).toBeLessThan(inOrder.answers.length)
  })

  test('the ends', () => {
    expect(sit(items, 0, { standardError: 1e-9, maxItems: 5 }, 1).end).toBe('length')
    expect(sit(items.slice(0, 4), 0, { standardError: 1e-9 }, 1).end).toBe('bank')
    const long = sit(items, 0, { standardError: 0.9, minItems: 7 }, 1)
    expect([long.end, long.answers.length]).toEqual(['precise', 7])
    expect(long.next()).toBe(null)
  })

  test('next() gives the same item until it is answered, never one twice', () => {
    const adaptive = new AdaptiveTest(items, { choose: randomesque(10), maxItems: 30, standardError: 1e-9 })
    for (let i = adaptive.next(); i !== null; i = adaptive.next()) {
      expect(adaptive.next()).toBe(i)
      adaptive.answer(true)
    }
    expect(new Set(adaptive.answers.map(({ item }) => item)).size).toBe(30)
  })

  test('saved and loaded it goes on with the same items', () => {
    const options = (): AdaptiveTestOptions => ({
      choose: randomesque(10),
      maxItems: 12,
      standardError: 1e-9,
      generator: new Generator(9),
    })
    const one = new AdaptiveTest(items, options())
    for (let k = 0; k < 5; k++) {
      one.next()
      one.answer(k % 2 === 0)
    }
    one.next()
    const two = new AdaptiveTest(items, { ...options(), generator: new Generator(1) }).load(
      JSON.parse(JSON.stringify(one)),
    )
    expect(two.ability).toEqual(one.ability)
    for (const adaptive of [one, two])
      for (let i = adaptive.next(); i !== null; i = adaptive.next()) adaptive.answer(i % 3 === 0)
    expect(two.answers).toEqual(one.answers)
  })

  test('what it refuses', () => {
    const adaptive = new AdaptiveTest(items)
    expect(() => adaptive.answer(true)).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: AdaptiveTest.answer: no item waits for an answer. Call next() first.]`,
    )
    expect(() => new AdaptiveTest([])).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: AdaptiveTest: the number of items is out of range; got 0, expected a whole number from 1 on.]`,
    )
    expect(() => new AdaptiveTest([{ a: 0, b: 1 }])).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: AdaptiveTest: item 0: a is out of range; got 0, expected a finite number above 0.]`,
    )
    expect(() => new AdaptiveTest(items, { minItems: 9, maxItems: 4 })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: AdaptiveTest: minItems is out of range; got 9, expected a whole number from 1 to 4.]`,
    )
    const saved = new AdaptiveTest(items).toJSON()
    expect(() => adaptive.load({ ...saved, given: [0, 0], marks: [true, true] })).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: AdaptiveTest.load: the answers do not fit the items; got given [0, 0], marks [true, true], waiting null, expected each of 120 items once, a mark for each, and a generator.]`,
    )
    expect(() => sympsonHetterControls(items, { maxRate: 0.01, length: 5 })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: sympsonHetterControls: maxRate is out of range; got 0.01, expected a number from 0.041666666666666664 to 1.]`,
    )
  })
})
