import { Generator } from '@lanewise/core'
import { expect, test } from 'vitest'
import { Catalog, type CatalogEvent, type CatalogItem } from './catalog.ts'
import { CatalogRecommender } from './recommender.ts'

const items: readonly CatalogItem[] = [
  { id: 'arithmetic', kind: 'course', title: 'Arithmetic', skills: ['add', 'divide'] },
  { id: 'fractions', kind: 'course', title: 'Fractions', skills: ['fractions'], requires: ['divide'] },
  { id: 'percent', kind: 'course', title: 'Percent', skills: ['percent'], requires: ['fractions'] },
  { id: 'pizza', kind: 'resource', title: 'Pizza slices', skills: ['fractions'], course: 'fractions', minutes: 10 },
  { id: 'drawing', kind: 'course', title: 'Drawing', skills: ['lines'] },
  { id: 'painting', kind: 'course', title: 'Painting', skills: ['colour'] },
]
const catalog = new Catalog(items)
const done = (learner: string, item: string, grade?: number): CatalogEvent => ({
  learner,
  item,
  kind: 'completed',
  ...(grade !== undefined && { grade }),
})
const events: readonly CatalogEvent[] = [
  ...['ann', 'bob', 'cyd'].flatMap((learner) => [
    done(learner, 'arithmetic', 0.9),
    done(learner, 'fractions', 0.8),
    { learner, item: 'pizza', kind: 'viewed' as const },
  ]),
  done('dan', 'drawing', 0.7),
  done('dan', 'painting', 0.7),
  done('eve', 'drawing', 0.9),
  done('fay', 'arithmetic', 0.9),
  done('gus', 'arithmetic', 0.2),
]
const recommender = new CatalogRecommender(catalog, events)
const ids = (learner: string): string[] => recommender.recommend(learner).map(({ item }) => item.id)

test('behaviour leads those who began alike along the same way', () => {
  expect(ids('fay')[0]).toBe('fractions')
  expect(recommender.recommend('fay')[0].because).toEqual(['arithmetic'])
  expect(ids('eve')[0]).toBe('painting')
})

test('grades open gates or keep them closed', () => {
  expect(ids('gus')).not.toContain('fractions')
  expect(recommender.blocked('gus').map(({ item, missing }) => [item.id, missing])).toEqual([
    ['fractions', ['divide']],
    ['percent', ['fractions']],
  ])
  expect(ids('ann')).toContain('percent')
})

test('a learner model can take the place of grades', () => {
  const mastery = new Map([['divide', 0.9]])
  expect(recommender.recommend('gus', { mastery }).map(({ item }) => item.id)).toContain('fractions')
  expect(recommender.recommend('gus', { kind: 'resource' }).map(({ item }) => item.id)).toEqual(['pizza'])
})

test('what is completed does not come again, what was viewed may', () => {
  expect(ids('ann')).toEqual(expect.arrayContaining(['pizza']))
  expect(ids('ann')).not.toContain('arithmetic')
})

test('a new learner gets what is popular and needed', () => {
  const list = recommender.recommend('new')
  expect(list[0].item.id).toBe('arithmetic')
  expect(list.every(({ parts }) => parts.behaviour === 0 && parts.need === 1)).toBe(true)
})

test('expected grades follow the item, and the learner in like items most', () => {
  // Everybody who took it did well in fractions; gus did badly in arithmetic, ann well.
  expect(recommender.predictGrade('ann', 'percent')).toBeGreaterThan(recommender.predictGrade('gus', 'percent'))
  // Grades 0.9 and 0.5 of one learner in two items of one skill, of a mean of 0.7: by hand.
  const two = new Catalog([
    { id: 'x', kind: 'course', title: 'X', skills: ['s'] },
    { id: 'y', kind: 'course', title: 'Y', skills: ['s'] },
    { id: 'z', kind: 'course', title: 'Z', skills: ['s'] },
  ])
  const model = new CatalogRecommender(two, [done('ann', 'x', 0.9), done('bob', 'y', 0.5)])
  // x: bias 0.2/3; ann's rest 0.2 - 0.2/3, weight 1.2 of 3.2
  expect(model.predictGrade('ann', 'z')).toBeCloseTo(0.7 + (1.2 / 3.2) * (0.2 - 0.2 / 3), 12)
  expect(model.predictGrade('new', 'x')).toBeCloseTo(0.7 + 0.2 / 3, 12)
})

test('weights choose what counts', () => {
  const only = new CatalogRecommender(catalog, events, {
    weights: { behaviour: 0, need: 0, success: 0, popularity: 1 },
  })
  for (const { score, parts } of only.recommend('new')) expect(score).toBe(parts.popularity)
})

test('in made data, held-out next courses are found more often than by popularity', () => {
  // Two kinds of learners, each with courses of their own.
  const generator = new Generator(0)
  const many = new Catalog(
    Array.from({ length: 20 }, (_, i) => ({ id: `c${i}`, kind: 'course', title: `C${i}`, skills: [`s${i}`] })),
  )
  const log: CatalogEvent[] = []
  const held: string[] = []
  for (let learner = 0; learner < 100; learner++) {
    const own = [...generator.randperm(10)].slice(0, 5).map((i) => `c${2 * i + (learner % 2)}`)
    held.push(own[0])
    log.push(...own.slice(1).map((item) => done(`l${learner}`, item, 0.8)))
  }
  const hits = (weights: Record<'behaviour' | 'need' | 'success' | 'popularity', number>): number => {
    const model = new CatalogRecommender(many, log, { weights })
    return held.filter((id, i) => model.recommend(`l${i}`, { k: 6 }).some(({ item }) => item.id === id)).length
  }
  const behaviour = hits({ behaviour: 1, need: 0, success: 0, popularity: 0 })
  expect(behaviour).toBeGreaterThan(90)
  expect(hits({ behaviour: 0, need: 0, success: 0, popularity: 1 })).toBeLessThan(behaviour - 20)
})

test('faulty catalogues and events are refused', () => {
  const item: CatalogItem = { id: 'a', kind: 'course', title: 'A', skills: [] }
  expect(() => new Catalog([item, item])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: Catalog: an item comes twice; got a.]`,
  )
  expect(() => new Catalog([{ ...item, id: '' }])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: Catalog: an item has no name; expected text that is not empty.]`,
  )
  expect(() => new Catalog([{ ...item, course: 'b' }])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: Catalog: a belongs to a course that does not exist; got b.]`,
  )
  expect(() => new Catalog([{ ...item, minutes: 0 }])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: Catalog: a takes no time that there is; got 0, expected a finite number above 0.]`,
  )
  expect(() => new Catalog([{ ...item, kind: 'toString' as 'course' }])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: Catalog: a is of no known kind; got toString, expected course or resource.]`,
  )
  expect(() => new Catalog([{ ...item, skills: ['s', 's'] }])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: Catalog: the skills of a do not fit; got ["s", "s"], expected texts that are not empty, each once.]`,
  )
  expect(() => new Catalog([{ ...item, requires: 's' as unknown as string[] }])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: Catalog: the requires of a do not fit; got "s", expected texts that are not empty, each once.]`,
  )
  expect(
    () => new CatalogRecommender(catalog, [{ learner: 'ann', item: 'pizza', kind: 'toString' as 'viewed' }]),
  ).toThrow('event 0 is of no known kind; got toString, expected viewed, started, completed')
  expect(() =>
    recommender.recommend('gus', { mastery: new Map([['divide', NaN]]) }),
  ).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: CatalogRecommender: not a mastery of divide; got NaN, expected a number from 0 to 1.]`,
  )
  expect(() => recommender.blocked('gus', { mastery: new Map([['divide', 2]]) })).toThrow('not a mastery of divide')
  expect(() => catalog.get('z')).toThrowErrorMatchingInlineSnapshot(`[ValueError: Catalog: no such item; got z.]`)
  expect(() => new CatalogRecommender(catalog, [done('ann', 'z')])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: Catalog: no such item; got z.]`,
  )
  expect(() => new CatalogRecommender(catalog, [done('ann', 'pizza', 2)])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: CatalogRecommender: the grade of event 0 is out of range; got 2, expected a number from 0 to 1.]`,
  )
  expect(() => new CatalogRecommender(catalog, [done('', 'pizza')])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: CatalogRecommender: event 0 has no learner; expected text.]`,
  )
  const weights = { behaviour: 0, need: 0, success: 0, popularity: 0 }
  expect(() => new CatalogRecommender(catalog, [], { weights })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: CatalogRecommender: not weights; got 0, 0, 0, 0, expected finite numbers >= 0, not all 0.]`,
  )
  expect(() => new CatalogRecommender(catalog, [], { threshold: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: CatalogRecommender: threshold is out of range; got 0, expected a number in (0, 1].]`,
  )
  expect(new CatalogRecommender(catalog, []).recommend('ann', { k: 1 })[0].item.id).toBe('arithmetic')
})
