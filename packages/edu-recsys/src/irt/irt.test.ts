import { readFileSync } from 'node:fs'
import { Generator } from '@lanewise/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { eapAbility, mleAbility } from './ability.ts'
import { fitIrt } from './fit.ts'
import { itemInformation, itemProbability, type Item, type Responses } from './irt.ts'
import { lsat6 } from './lsat6.ts'

interface Golden {
  readonly points: readonly { item: Required<Item>; theta: number; p: number; information: number }[]
  readonly eap: readonly { items: [number, number, number][]; marks: number[]; theta: number; sd: number }[]
  readonly fits: readonly {
    parameters: 1 | 2 | 3
    rows: string[]
    a: number[]
    b: number[]
    c: number[]
    logLikelihood: number
  }[]
}

const golden = JSON.parse(readFileSync(new URL('./__golden__/irt.json', import.meta.url), 'utf8')) as Golden

const largest = (got: readonly number[], expected: readonly number[]): number =>
  got.reduce((most, x, i) => Math.max(most, Math.abs(x - expected[i])), 0)

describe('one item', () => {
  test.each(golden.points)('probability and information at $theta', ({ item, theta, p, information }) => {
    expect(itemProbability(theta, item)).toBeCloseTo(p, 12)
    expect(itemInformation(theta, item)).toBeCloseTo(information, 12)
  })

  test('information is the squared slope over the variance', () => {
    const item = fc.record({
      a: fc.double({ min: 0.2, max: 3, noNaN: true }),
      b: fc.double({ min: -3, max: 3, noNaN: true }),
      c: fc.double({ min: 0, max: 0.5, noNaN: true }),
    })
    fc.assert(
      fc.property(item, fc.double({ min: -4, max: 4, noNaN: true }), (one, theta) => {
        const h = 1e-5
        const slope = (itemProbability(theta + h, one) - itemProbability(theta - h, one)) / (2 * h)
        const p = itemProbability(theta, one)
        expect(itemInformation(theta, one)).toBeCloseTo((slope * slope) / (p * (1 - p)), 5)
      }),
    )
  })
})

describe('ability', () => {
  test.each(golden.eap)('EAP as by NumPy, $theta', ({ items, marks, theta, sd }) => {
    const found = eapAbility(
      items.map(([a, b, c]) => ({ a, b, c })),
      marks.map((mark) => (mark < 0 ? null : mark === 1)),
    )
    expect(found.theta).toBeCloseTo(theta, 10)
    expect(found.standardError).toBeCloseTo(sd, 10)
  })

  test('maximum likelihood: where the expected score is the score', () => {
    const items = [-1, -0.2, 0.5, 1.4].map((b) => ({ b }))
    const { theta, standardError } = mleAbility(items, [true, true, true, false])
    const score = items.reduce((sum, item) => sum + itemProbability(theta, item), 0)
    expect(score).toBeCloseTo(3, 6)
    const information = items.reduce((sum, item) => sum + itemInformation(theta, item), 0)
    expect(standardError).toBeCloseTo(1 / Math.sqrt(information), 12)
    expect(mleAbility(items, [true, true, true, true]).theta).toBe(6)
    expect(mleAbility(items, [false, false, null, false], { bound: 4 }).theta).toBe(-4)
  })

  test('what they refuse', () => {
    expect(() => eapAbility([{ b: 0 }], [])).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: eapAbility: items and responses do not pair up; got 1 and 0, expected the same number.]`,
    )
    expect(() => eapAbility([{ a: -1, b: 0 }], [true])).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: eapAbility: item 0: a is out of range; got -1, expected a finite number above 0.]`,
    )
    expect(() => mleAbility([{ b: 0 }], [null])).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: mleAbility: there are no answers; got 1 missing, expected at least one.]`,
    )
  })
})

describe('fitIrt', () => {
  const rowsOf = (rows: readonly string[]): Responses[] =>
    rows.map((row) => [...row].map((mark) => (mark === 'x' ? null : mark === '1')))

  test.each(golden.fits)('$parameters parameters: as direct maximisation, with answers missing', (c) => {
    const { items, logLikelihood, converged } = fitIrt(rowsOf(c.rows), { parameters: c.parameters, tolerance: 1e-7 })
    expect(converged).toBe(true)
    expect(logLikelihood).toBeCloseTo(c.logLikelihood, 2)
    // Both stop where a pass or a gradient is below 1e-7; EM creeps, so it may be some 1e-4 short.
    const tolerance = 0.002
    expect(
      largest(
        items.map((item) => item.a),
        c.a,
      ),
    ).toBeLessThan(tolerance)
    expect(
      largest(
        items.map((item) => item.b),
        c.b,
      ),
    ).toBeLessThan(tolerance)
    expect(
      largest(
        items.map((item) => item.c),
        c.c,
      ),
    ).toBeLessThan(tolerance)
  })

  test('the LSAT data, two parameters: the published fit', () => {
    const { items, logLikelihood } = fitIrt(lsat6.responses, { counts: lsat6.counts })
    expect(logLikelihood).toBeCloseTo(-2466.653, 3)
    expect(
      largest(
        items.map((item) => item.b),
        [-3.3597, -1.3696, -0.2799, -1.8659, -3.1236],
      ),
    ).toBeLessThan(0.005)
    expect(
      largest(
        items.map((item) => item.a),
        [0.8254, 0.7229, 0.8905, 0.6886, 0.6575],
      ),
    ).toBeLessThan(0.005)
    expect(eapAbility(items, [true, true, true, true, true]).theta).toBeCloseTo(0.6456, 3)
    expect(eapAbility(items, [false, false, false, false, false]).theta).toBeCloseTo(-1.8968, 3)
  })

  test('the LSAT data, one parameter, and as Rasch has it', () => {
    const shared = fitIrt(lsat6.responses, { counts: lsat6.counts, parameters: 1 })
    expect(shared.logLikelihood).toBeCloseTo(-2466.9376, 3)
    expect(shared.items[0].a).toBeCloseTo(0.7551, 3)
    expect(
      largest(
        shared.items.map((item) => item.b),
        [-3.6153, -1.3224, -0.3176, -1.7301, -2.7802],
      ),
    ).toBeLessThan(0.005)
    const rasch = fitIrt(lsat6.responses, { counts: lsat6.counts, parameters: 1, discrimination: 1 })
    expect(rasch.logLikelihood).toBeCloseTo(-2473.0538, 3)
  })

  test('finds the items that drew the answers', () => {
    const generator = new Generator(1)
    const truth = Array.from({ length: 8 }, (_, i) => ({ a: 0.8 + 0.15 * i, b: -1.5 + 0.4 * i }))
    const ability = generator.normal(new Float64Array(3000))
    const responses = Array.from(ability, (theta) =>
      truth.map((item) => generator.double() < itemProbability(theta, item)),
    )
    const { items } = fitIrt(responses, { tolerance: 1e-3 })
    // Standard errors are near .06 with 3,000 learners.
    expect(
      largest(
        items.map((item) => item.b),
        truth.map((item) => item.b),
      ),
    ).toBeLessThan(0.25)
    expect(
      largest(
        items.map((item) => item.a),
        truth.map((item) => item.a),
      ),
    ).toBeLessThan(0.3)
  })

  test('what it refuses', () => {
    expect(() => fitIrt([])).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: fitIrt: there are no responses; got 0 rows, expected rows of responses.]`,
    )
    expect(() => fitIrt([[true], [true]])).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: fitIrt: item 0 tells nothing; got answers: all right, expected some right and some wrong. Leave the item out.]`,
    )
    expect(() => fitIrt([[true, false], [true]])).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: fitIrt: row 1 has another length; got 1, expected 2.]`,
    )
    expect(() => fitIrt([[true], [false]], { discrimination: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: fitIrt: discrimination is fitted; got 2 parameters, expected 1 where it is given.]`,
    )
  })
})
