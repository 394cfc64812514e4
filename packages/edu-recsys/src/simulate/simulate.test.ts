import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { BktParameters } from '../bkt/bkt.ts'
import { PrerequisiteGraph } from '../graph/graph.ts'
import { LearnerSimulator, type LearnerSimulatorOptions } from './simulate.ts'

const graph = new PrerequisiteGraph([{ id: 'a' }, { id: 'b', requires: ['a'] }, { id: 'c', requires: ['a', 'b'] }])
const parameters = (): BktParameters => ({ prior: 0.3, learn: 0.2, forget: 0.05, guess: 0.25, slip: 0.1 })
const simulator = (options: Partial<LearnerSimulatorOptions> = {}): LearnerSimulator =>
  new LearnerSimulator({ graph, parameters, seed: 1, ...options })

/** The share of learners of whom something holds. */
const share = (n: number, holds: (index: number) => boolean): number =>
  Array.from({ length: n }, (_, i) => holds(i)).filter(Boolean).length / n

test('a learner is the same at every call, and no two are alike', () => {
  const run = (index: number, seed: number = 1): boolean[] => {
    const learner = simulator({ seed }).learner(index)
    return Array.from({ length: 40 }, () => learner.answer('a').correct)
  }
  expect(run(5)).toEqual(run(5))
  expect(run(5)).not.toEqual(run(6))
  expect(run(5)).not.toEqual(run(5, 2))
})

test('answers are guessed and slipped as often as the parameters say', () => {
  const n = 4000
  const still = simulator({ spread: 0, parameters: () => ({ ...parameters(), learn: 0, forget: 0 }) })
  const known = Array.from({ length: n }, (_, i) => still.learner(i)).filter((learner) => learner.knows('a'))
  // Four standard deviations of a share of 4000.
  expect(Math.abs(known.length / n - 0.3)).toBeLessThan(4 * Math.sqrt((0.3 * 0.7) / n))
  const right = share(n, (i) => still.learner(i).answer('a').correct)
  const expected = 0.3 * 0.9 + 0.7 * 0.25
  expect(Math.abs(right - expected)).toBeLessThan(4 * Math.sqrt((expected * (1 - expected)) / n))
})

test('nobody knows a skill without what comes before it, at the start', () => {
  for (let i = 0; i < 200; i++) {
    const learner = simulator().learner(i)
    if (learner.knows('c')) expect(learner.knows('a') && learner.knows('b')).toBe(true)
    if (learner.knows('b')) expect(learner.knows('a')).toBe(true)
  }
})

test('learning is slower where something before is missing', () => {
  const fresh = simulator({ spread: 0, parameters: () => ({ ...parameters(), prior: 0 }) })
  const n = 2000
  const learnt = (skill: string): number =>
    share(n, (i) => {
      const learner = fresh.learner(i)
      learner.answer(skill)
      return learner.knows(skill)
    })
  expect(Math.abs(learnt('a') - 0.2)).toBeLessThan(0.04)
  expect(Math.abs(learnt('b') - 0.04)).toBeLessThan(0.02)
  expect(Math.abs(learnt('c') - 0.008)).toBeLessThan(0.008)
})

test('skills that are not practised are forgotten where asked', () => {
  const all = simulator({ parameters: () => ({ ...parameters(), prior: 1 }), decay: 0.5 }).learner(0)
  expect(all.knowledge()).toBe(1)
  for (let i = 0; i < 20; i++) all.answer('a')
  expect(all.knows('b') || all.knows('c')).toBe(false)
  const kept = simulator({ parameters: () => ({ ...parameters(), prior: 1, forget: 0 }) }).learner(0)
  for (let i = 0; i < 20; i++) kept.answer('a')
  expect(kept.knowledge()).toBe(1)
})

test('knowledge is a share, answers are events', () => {
  fc.assert(
    fc.property(fc.nat(500), fc.array(fc.constantFrom('a', 'b', 'c')), (index, skills) => {
      const learner = simulator().learner(index)
      for (const skill of skills)
        expect(learner.answer(skill)).toMatchObject({ learner: `learner-${index}`, skills: [skill] })
      expect([0, 1 / 3, 2 / 3, 1].some((share) => Math.abs(share - learner.knowledge()) < 1e-12)).toBe(true)
    }),
  )
})

test('impossible parameters and unknown skills are refused', () => {
  const bad = (): BktParameters => ({ ...parameters(), slip: 1.5 })
  expect(() => simulator({ parameters: bad })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: LearnerSimulator: slip of a is out of range; got 1.5, expected a number from 0 to 1.]`,
  )
  expect(() => simulator({ readiness: -1 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: LearnerSimulator: readiness is out of range; got -1, expected a number from 0 to 1.]`,
  )
  expect(() => simulator({ seed: NaN })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: LearnerSimulator: seed is out of range; got NaN, expected a number from -9007199254740991 to 9007199254740991.]`,
  )
  expect(() => simulator().learner(0).answer('z')).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: PrerequisiteGraph: no such skill; got z, expected one of a, b, c.]`,
  )
})
