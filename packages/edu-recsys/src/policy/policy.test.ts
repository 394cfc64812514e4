import { Generator } from '@lanewise/core'
import { expect, test } from 'vitest'
import type { BktParameters } from '../bkt/bkt.ts'
import type { Answer } from '../events/answer.ts'
import { PrerequisiteGraph } from '../graph/graph.ts'
import { LearnerSimulator } from '../simulate/simulate.ts'
import golden from './__golden__/bootstrap.json' with { type: 'json' }
import { bootstrapMean, comparePolicies } from './compare.ts'
import { linearPolicy, masteryPolicy, randomPolicy, teach } from './policy.ts'

const graph = new PrerequisiteGraph([
  { id: 'a' },
  { id: 'b', requires: ['a'] },
  { id: 'c', requires: ['b'] },
  { id: 'd', requires: ['b'] },
])
const parameters = (): BktParameters => ({ prior: 0.1, learn: 0.2, forget: 0, guess: 0.2, slip: 0.1 })
const answer: Answer = { learner: 'ann', skills: ['a'], correct: true }
const view = (mastery: Record<string, number>, n: number = 0) => ({
  answers: new Array<Answer>(n).fill(answer),
  mastery: new Map(Object.entries(mastery)),
})

test('linear order goes through the skills and round again', () => {
  const policy = linearPolicy(['a', 'b'], 2)
  expect([0, 1, 2, 3, 4].map((n) => policy(view({}, n)))).toEqual(['a', 'a', 'b', 'b', 'a'])
})

test('random order takes each skill about as often', () => {
  const policy = randomPolicy(graph.skills, new Generator(0))
  const counts = new Map<string, number>()
  for (let i = 0; i < 4000; i++) counts.set(policy(view({})), (counts.get(policy(view({}))) ?? 0) + 1)
  for (const skill of graph.skills) expect(Math.abs((counts.get(skill) ?? 0) - 1000)).toBeLessThan(150)
})

test('the mastery policy stays behind the gates and goes where most is learnt', () => {
  const policy = masteryPolicy(graph, (skill) => (skill === 'd' ? 0.3 : 0.2))
  expect(policy(view({}))).toBe('a')
  expect(policy(view({ a: 0.94 }))).toBe('a')
  expect(policy(view({ a: 0.96 }))).toBe('b')
  expect(policy(view({ a: 0.96, b: 0.96, c: 0.1, d: 0.1 }))).toBe('d')
  expect(policy(view({ a: 0.96, b: 0.96, c: 0.1, d: 0.6 }))).toBe('c')
  expect(policy(view({ a: 0.99, b: 0.96, c: 0.97, d: 0.98 }))).toBe('b')
})

test('teaching traces mastery from the answers', () => {
  const learner = { answer: (skill: string): Answer => ({ learner: 'ann', skills: [skill], correct: true }) }
  const { answers, mastery } = teach(learner, {
    policy: linearPolicy(['a'], 1),
    questions: 1,
    skills: graph.skills,
    parameters,
  })
  expect(answers.length).toBe(1)
  // 0.1 0.9 / (0.1 0.9 + 0.9 0.2) = 1/3, then 1/3 + 2/3 0.2
  expect(mastery.get('a')).toBeCloseTo(1 / 3 + (2 / 3) * 0.2, 12)
  expect(mastery.get('b')).toBe(0.1)
})

test('the interval of a mean is that of SciPy', () => {
  const { values, low, high, standardError } = golden
  const interval = bootstrapMean(values, { resamples: 20000, generator: new Generator(0) })
  expect(interval.mean).toBeCloseTo(values.reduce((a, b) => a + b, 0) / values.length, 12)
  // A 2.5 % quantile of 20000 draws has a standard error of 0.019 deviations; both sides draw, so 0.1 is above three.
  expect(Math.abs(interval.low - low)).toBeLessThan(0.1 * standardError)
  expect(Math.abs(interval.high - high)).toBeLessThan(0.1 * standardError)
})

test('the adaptive policy teaches more than linear and random order', () => {
  const gains = comparePolicies({
    simulator: new LearnerSimulator({ graph, parameters, seed: 0 }),
    graph,
    parameters,
    policies: {
      mastery: masteryPolicy(graph, () => 0.2),
      linear: linearPolicy(graph.skills, 8),
      random: randomPolicy(graph.skills, new Generator(0)),
    },
    learners: 300,
    questions: 32,
    generator: new Generator(0),
  })
  expect(gains['mastery'].low).toBeGreaterThan(gains['random'].high)
  expect(gains['mastery'].mean).toBeGreaterThan(gains['linear'].mean)
  expect(gains['mastery'].gains.length).toBe(300)
})

test('bad input is refused', () => {
  const learner = new LearnerSimulator({ graph, parameters, seed: 0 }).learner(0)
  const teachWith = (options: object): unknown =>
    teach(learner, { policy: () => 'z', questions: 1, skills: graph.skills, parameters, ...options })
  expect(() => teachWith({})).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: teach: the policy names an unknown skill; got z, expected one of a, b, c, d.]`,
  )
  expect(() => teachWith({ questions: -1 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: teach: not a number of questions; got -1, expected an integer >= 0.]`,
  )
  expect(() => linearPolicy(['a'], 0)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: linearPolicy: not a number of questions; got 0, expected an integer >= 1.]`,
  )
  expect(() => randomPolicy([], new Generator(0))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: randomPolicy: nothing to choose from; got no skills, expected at least one.]`,
  )
  expect(() => bootstrapMean([], { generator: new Generator(0) })).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: bootstrapMean: nothing to average; got no values.]`,
  )
  expect(() => bootstrapMean([1], { confidence: 1, generator: new Generator(0) })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: bootstrapMean: an option is out of range; got confidence 1, resamples 2000, expected a confidence in (0, 1) and an integer >= 1.]`,
  )
})
