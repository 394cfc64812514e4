import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PrerequisiteGraph } from './graph.ts'

const course = (): PrerequisiteGraph =>
  new PrerequisiteGraph(
    [
      { id: 'percent', requires: ['fractions', 'decimals'] },
      { id: 'fractions', requires: ['division'] },
      { id: 'decimals', requires: ['division'] },
      { id: 'division' },
      { id: 'drawing', threshold: 0.5 },
    ],
    { threshold: 0.9 },
  )

test('skills come after what they require, else in the order given', () => {
  expect(course().skills).toEqual(['division', 'fractions', 'decimals', 'percent', 'drawing'])
})

test('every order holds the requirements', () => {
  // An edge leads from a higher number to a lower one, so there is no cycle; the nodes come shuffled.
  const edges = fc.array(fc.tuple(fc.nat(11), fc.nat(11)))
  const order = fc.shuffledSubarray([...Array(12).keys()], { minLength: 12 })
  fc.assert(
    fc.property(edges, order, (pairs, ids) => {
      const requires = (id: number): string[] => [
        ...new Set(pairs.filter(([a, b]) => Math.max(a, b) === id && a !== b).map(([a, b]) => `s${Math.min(a, b)}`)),
      ]
      const graph = new PrerequisiteGraph(ids.map((id) => ({ id: `s${id}`, requires: requires(id) })))
      const place = new Map(graph.skills.map((skill, i) => [skill, i]))
      expect(graph.skills.length).toBe(12)
      for (const skill of graph.skills)
        for (const before of graph.requires(skill)) expect(place.get(before)).toBeLessThan(place.get(skill) ?? -1)
    }),
  )
})

test('gates open when everything before is mastered', () => {
  const graph = course()
  const mastery = new Map([
    ['division', 0.95],
    ['fractions', 0.9],
    ['drawing', 0.5],
  ])
  expect(graph.open(mastery)).toEqual(['decimals'])
  expect(graph.status('fractions', mastery)).toBe('mastered')
  expect(graph.status('percent', mastery)).toBe('locked')
  expect(graph.status('drawing', mastery)).toBe('mastered')
  expect(graph.blockers('percent', mastery)).toEqual(['decimals'])
  expect(graph.path('percent', mastery)).toEqual(['decimals', 'percent'])
  expect(graph.open(new Map())).toEqual(['division', 'drawing'])
})

test('relatives near and far', () => {
  const graph = course()
  expect(graph.requires('percent')).toEqual(['fractions', 'decimals'])
  expect(graph.opens('division')).toEqual(['fractions', 'decimals'])
  expect(graph.ancestors('percent')).toEqual(['division', 'fractions', 'decimals'])
  expect(graph.descendants('division')).toEqual(['fractions', 'decimals', 'percent'])
  expect(graph.ancestors('division')).toEqual([])
})

test('cycles are refused by name', () => {
  const cycle = [
    { id: 'start' },
    { id: 'hanging', requires: ['a'] },
    { id: 'a', requires: ['start', 'b'] },
    { id: 'b', requires: ['c'] },
    { id: 'c', requires: ['a'] },
  ]
  expect(() => new PrerequisiteGraph(cycle)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: PrerequisiteGraph: skills require each other; got a -> b -> c -> a, expected no cycle. Take one of these requirements out.]`,
  )
  expect(() => new PrerequisiteGraph([{ id: 'a', requires: ['a'] }])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: PrerequisiteGraph: skills require each other; got a -> a, expected no cycle. Take one of these requirements out.]`,
  )
})

test('a faulty graph or mastery is refused', () => {
  const graph = course()
  expect(() => new PrerequisiteGraph([{ id: 'a' }, { id: 'a' }])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: PrerequisiteGraph: a skill is given twice; got a.]`,
  )
  expect(() => new PrerequisiteGraph([{ id: '' }])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: PrerequisiteGraph: a skill has no name.]`,
  )
  expect(() => new PrerequisiteGraph([{ id: 'a', requires: ['b'] }])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: PrerequisiteGraph: a requires a skill that does not exist; got b. Add it, or correct its name.]`,
  )
  expect(() => new PrerequisiteGraph([{ id: 'a', threshold: 0 }])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: PrerequisiteGraph: the threshold of a is out of range; got 0, expected a number in (0, 1].]`,
  )
  expect(() => graph.status('algebra', new Map())).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: PrerequisiteGraph: no such skill; got algebra, expected one of percent, fractions, decimals, division, drawing.]`,
  )
  expect(() => graph.open(new Map([['division', NaN]]))).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: PrerequisiteGraph: not a mastery of division; got NaN, expected a number from 0 to 1.]`,
  )
})
