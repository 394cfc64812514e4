import { Generator } from '@lanewise/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hasItem, interactions, itemsOf, rowOfEntries, transposed, valuesOf } from './interactions.ts'
import { parseRatings, splitRatings } from './ratings.ts'

test('lines become columns, names become indices', () => {
  const { ratings, users, items } = parseRatings('7\t30\t4\t881250949\r\n\n8\t30\t2.5\n7\t31\t-1\n')
  expect(users).toEqual(['7', '8'])
  expect(items).toEqual(['30', '31'])
  expect(ratings).toEqual({
    user: Int32Array.of(0, 1, 0),
    item: Int32Array.of(0, 0, 1),
    value: Float32Array.of(4, 2.5, -1),
  })
  expect(parseRatings('').ratings.user.length).toBe(0)
  expect(parseRatings('a,b,3', { separator: ',' }).items).toEqual(['b'])
})

test.each(['a\tb', 'a\tb\t', '\tb\t3', 'a\tb\tInfinity', 'a\tb\tNaN', 'a\tb\t3x', 'a b 3'])(
  'the line %j is refused with its place',
  (line) => {
    expect(() => parseRatings(`a\tb\t1\n${line}`, { file: 'u.data' })).toThrow(/^u\.data:2: not a rating; got/)
  },
)

test('any text is read or refused with a typed error', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      try {
        parseRatings(text)
      } catch (error) {
        expect(error).toMatchObject({ code: 'FORMAT' })
      }
    }),
  )
})

test('a matrix holds each cell once, in order', () => {
  const entry = fc.tuple(fc.nat(5), fc.nat(6), fc.integer({ min: 1, max: 9 }))
  fc.assert(
    fc.property(fc.array(entry), fc.constantFrom('last', 'sum'), (entries, duplicates) => {
      const columns = {
        user: Int32Array.from(entries, ([user]) => user),
        item: Int32Array.from(entries, ([, item]) => item),
        value: Float32Array.from(entries, ([, , value]) => value),
      }
      const matrix = interactions(columns, { users: 6, items: 7, duplicates })
      const cells = new Map<string, number>()
      for (const [user, item, value] of entries) {
        const key = `${user} ${item}`
        cells.set(key, duplicates === 'sum' ? (cells.get(key) ?? 0) + value : value)
      }
      const rows = rowOfEntries(matrix)
      const found = [...matrix.columns].map((item, i) => [`${rows[i]} ${item}`, matrix.values[i]] as const)
      expect(new Map(found)).toEqual(cells)
      expect(found.length).toBe(cells.size)
      for (let user = 0; user < 6; user++) {
        expect([...itemsOf(matrix, user)]).toEqual([...itemsOf(matrix, user)].sort((a, b) => a - b))
        expect(valuesOf(matrix, user).length).toBe(itemsOf(matrix, user).length)
        for (let item = 0; item < 7; item++) expect(hasItem(matrix, user, item)).toBe(cells.has(`${user} ${item}`))
      }
      expect(transposed(transposed(matrix))).toEqual(matrix)
    }),
  )
})

test('bad columns are refused', () => {
  const good = { user: Int32Array.of(0), item: Int32Array.of(0), value: Float32Array.of(1) }
  expect(() => interactions({ ...good, item: Int32Array.of(0, 1) })).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: interactions: the columns differ in length; got 1 users, 2 items, 1 values, expected one of each for every rating.]`,
  )
  expect(() => interactions(good, { users: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: interactions: not a user; got 0 at 0, expected an integer in [0, 0).]`,
  )
  expect(() => interactions({ ...good, item: Int32Array.of(-1) })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: interactions: not an item; got -1 at 0, expected an integer in [0, 0).]`,
  )
  expect(() => interactions({ ...good, value: Float32Array.of(NaN) })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: interactions: a value is not finite; got NaN at 0, expected finite values.]`,
  )
})

test('a split holds out a share, loses nothing and repeats', () => {
  const n = 50
  const all = {
    user: Int32Array.from({ length: n }, (_, i) => i),
    item: new Int32Array(n),
    value: new Float32Array(n).fill(1),
  }
  const { train, test: held } = splitRatings(all, { generator: new Generator(4) })
  expect(held.user.length).toBe(5)
  expect([...train.user, ...held.user].sort((a, b) => a - b)).toEqual([...all.user])
  expect(splitRatings(all, { generator: new Generator(4) }).test).toEqual(held)
  expect(splitRatings(all, { generator: new Generator(5) }).test).not.toEqual(held)
  expect(() => splitRatings(all, { test: 1, generator: new Generator(0) })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: splitRatings: not a share; got 1, expected between 0 and 1.]`,
  )
})
