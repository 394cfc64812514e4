import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Answer } from '../events/answer.ts'
import { PfaModel } from './pfa.ts'

interface Case {
  readonly ridge: number
  readonly answers: readonly [learner: number, skills: number[], right: number][]
  readonly weights: readonly [number, number, number][]
  readonly predictions: readonly number[]
}

const cases = JSON.parse(readFileSync(new URL('./__golden__/pfa.json', import.meta.url), 'utf8')) as Case[]

describe('PfaModel', () => {
  test.each(cases)(
    'the weights and predictions of scikit-learn, ridge $ridge',
    ({ ridge, answers, weights, predictions }) => {
      const events: Answer[] = answers.map(([learner, skills, right]) => ({
        learner: String(learner),
        skills: skills.map(String),
        correct: right === 1,
      }))
      const model = PfaModel.fit(events, { ridge })
      weights.forEach(([easiness, success, failure], k) => {
        const own = model.parameters.get(String(k))!
        expect(own.easiness).toBeCloseTo(easiness, 6)
        expect(own.success).toBeCloseTo(success, 6)
        expect(own.failure).toBeCloseTo(failure, 6)
      })
      const states = new Map<string, ReturnType<PfaModel['start']>>()
      events.forEach((event, i) => {
        const state = states.get(event.learner) ?? model.start()
        expect(model.predict(state, event.skills)).toBeCloseTo(predictions[i], 6)
        states.set(event.learner, model.update(state, event))
      })
    },
  )

  test('saved and loaded', () => {
    const model = new PfaModel([['a', { easiness: -1, success: 0.3, failure: 0.1 }]])
    expect(PfaModel.from(JSON.parse(JSON.stringify(model))).parameters).toEqual(model.parameters)
    const state = model.update(model.update(model.start(), { skills: ['a'], correct: true }), {
      skills: ['a'],
      correct: false,
    })
    expect(state).toEqual({ a: [1, 1] })
    expect(model.predict(state, ['a'])).toBeCloseTo(1 / (1 + Math.exp(0.6)), 12)
  })

  test('what it refuses', () => {
    const model = new PfaModel([])
    expect(() => model.predict({}, ['a'])).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: PfaModel: the skill is not known; got "a", expected one of 0 skills. Fit the model on answers to it, or construct it with parameters for it.]`,
    )
    expect(() => model.predict({}, [])).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: PfaModel: there are no skills; got [], expected at least one.]`,
    )
    expect(() => model.update({ a: [1, NaN] }, { skills: ['a'], correct: true })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: PfaModel: the state of "a" does not fit; got [1, NaN], expected numbers of right and wrong answers.]`,
    )
    expect(() => model.update({ a: 3 } as never, { skills: ['a'], correct: true })).toThrow('the state of "a"')
    expect(() => PfaModel.fit([])).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: PfaModel.fit: no answer has a skill; expected at least one.]`,
    )
    expect(() => PfaModel.from(null)).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: PfaModel.from: not what was saved; got null, expected an object of format lanewise.pfa.1.]`,
    )
    expect(() =>
      PfaModel.from({ format: 'lanewise.pfa.1', skills: { a: { easiness: 'x' } } }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: PfaModel.from: skills.a: easiness is out of range; got "x", expected a finite number.]`,
    )
  })
})
