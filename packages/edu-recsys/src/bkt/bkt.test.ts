import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Generator, mse } from '@lanewise/core'
import { dataFolders } from '@lanewise/core/node'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Answer } from '../events/answer.ts'
import { readHmmScalable } from '../events/hmm-scalable.ts'
import { evaluateLearnerModel } from '../events/learner-model.ts'
import { bktPredict, bktPredictions, bktUpdate, type BktParameters, type BktSequence } from './bkt.ts'
import { bktDegeneracies } from './degeneracy.ts'
import { bktLogLikelihood, fitBkt } from './fit.ts'
import { BktModel } from './model.ts'

interface Case {
  readonly seed: number
  readonly learners: number
  readonly length: number
  readonly fixed: Partial<BktParameters>
  readonly start: BktParameters
  readonly iterations: number
  readonly parameters: BktParameters
  readonly logLikelihood: number
}

const cases = JSON.parse(readFileSync(new URL('./__golden__/bkt.json', import.meta.url), 'utf8')) as Case[]

/** The answers of tools/golden/edu_bkt.py. */
const draw = (seed: number, learners: number, length: number): BktSequence[] => {
  let state = seed
  const next = (): number => {
    state = Number((BigInt(state) * 1103515245n + 12345n) % 2147483648n)
    return state / 2147483648
  }
  return Array.from({ length: learners }, () => {
    let known = next() < 0.3
    return Array.from({ length }, () => {
      const right = next() < (known ? 0.85 : 0.25)
      const missing = next() < 0.1
      known = known ? next() < 0.95 : next() < 0.2
      return missing ? null : right
    })
  })
}

const some: BktParameters = { prior: 0.3, learn: 0.2, forget: 0.05, guess: 0.25, slip: 0.1 }
const probability = fc.double({ min: 0.01, max: 0.99, noNaN: true })
const anyParameters = fc.record({
  prior: probability,
  learn: probability,
  forget: probability,
  guess: probability,
  slip: probability,
})
const anySequence = fc.array(fc.option(fc.boolean()), { minLength: 1, maxLength: 8 })

/** log P of the answers by summing over every path of hidden states. */
const byEnumeration = (sequence: BktSequence, p: BktParameters): number => {
  let total = 0
  for (let path = 0; path < 1 << sequence.length; path++) {
    let weight = 1
    sequence.forEach((correct, t) => {
      const known = (path >> t) & 1
      const before = t > 0 ? (path >> (t - 1)) & 1 : -1
      const up = before < 0 ? p.prior : before === 1 ? 1 - p.forget : p.learn
      weight *= known === 1 ? up : 1 - up
      if (correct === null) return
      const right = known === 1 ? 1 - p.slip : p.guess
      weight *= correct ? right : 1 - right
    })
    total += weight
  }
  return Math.log(total)
}

describe('bktUpdate', () => {
  test('by hand', () => {
    // right: .3 x .9 / (.3 x .9 + .7 x .25) = .606742, then .606742 x .95 + .393258 x .2
    expect(bktUpdate(0.3, true, some)).toBeCloseTo(0.6550562, 7)
    // wrong: .3 x .1 / (.3 x .1 + .7 x .75) = .054054, then .054054 x .95 + .945946 x .2
    expect(bktUpdate(0.3, false, some)).toBeCloseTo(0.2405405, 7)
    expect(bktUpdate(0.3, null, some)).toBeCloseTo(0.3 * 0.95 + 0.7 * 0.2, 12)
  })

  test('the chain of predictions gives the likelihood of all paths', () => {
    fc.assert(
      fc.property(anyParameters, anySequence, (p, sequence) => {
        const truth = byEnumeration(sequence, p)
        expect(bktLogLikelihood([sequence], p)).toBeCloseTo(truth, 9)
        const chain = bktPredictions(sequence, p).reduce((sum, q, t) => {
          const correct = sequence[t]
          return correct === null ? sum : sum + Math.log(correct ? q : 1 - q)
        }, 0)
        expect(chain).toBeCloseTo(truth, 9)
      }),
    )
  })

  test('an impossible answer leaves mastery where it is', () => {
    const never = { prior: 0, learn: 0, forget: 0, guess: 0, slip: 0 }
    expect(bktUpdate(0, true, never)).toBe(0)
    expect(bktUpdate(1, false, never)).toBe(1)
  })
})

describe('fitBkt', () => {
  test.each(cases)('seed $seed, pass $iterations: parameters and likelihood of the matrix form', (c) => {
    const sequences = draw(c.seed, c.learners, c.length)
    const { parameters, logLikelihood } = fitBkt(sequences, {
      start: c.start,
      fixed: c.fixed,
      forgetting: true,
      starts: 1,
      maxIterations: Math.max(1, c.iterations - 1),
      tolerance: 1e-300,
    })
    if (c.iterations === 1) {
      expect(bktLogLikelihood(sequences, c.parameters)).toBeCloseTo(c.logLikelihood, 9)
      return
    }
    expect(logLikelihood).toBeCloseTo(c.logLikelihood, 9)
    for (const [name, value] of Object.entries(c.parameters))
      expect(parameters[name as keyof BktParameters], name).toBeCloseTo(value, 9)
  })

  test('no pass lowers the likelihood', () => {
    fc.assert(
      fc.property(fc.array(anySequence, { minLength: 1, maxLength: 4 }), anyParameters, (sequences, start) => {
        fc.pre(sequences.some((s) => s.some((x) => x !== null)))
        const at = (maxIterations: number): number =>
          fitBkt(sequences, { start, forgetting: true, starts: 1, maxIterations, tolerance: 1e-300 }).logLikelihood
        expect(at(3)).toBeGreaterThanOrEqual(at(2) - 1e-9)
        expect(at(2)).toBeGreaterThanOrEqual(at(1) - 1e-9)
      }),
      { numRuns: 50 },
    )
  })

  test('finds the parameters that drew the answers', () => {
    const truth = { prior: 0.2, learn: 0.15, forget: 0, guess: 0.2, slip: 0.1 }
    const generator = new Generator(3)
    const sequences = Array.from({ length: 2000 }, () => {
      let known = generator.double() < truth.prior
      return Array.from({ length: 12 }, () => {
        const correct = generator.double() < (known ? 1 - truth.slip : truth.guess)
        known ||= generator.double() < truth.learn
        return correct
      })
    })
    const { parameters, converged } = fitBkt(sequences, { starts: 2, tolerance: 1e-4 })
    expect(converged).toBe(true)
    // Standard errors are near .01 with 24,000 answers.
    for (const [name, value] of Object.entries(truth))
      expect(Math.abs(parameters[name as keyof BktParameters] - value), name).toBeLessThan(0.03)
  })

  test('what it refuses', () => {
    expect(() => fitBkt([[null]])).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: fitBkt: there are no answers; got 1 sequences, expected at least one.]`,
    )
    expect(() => fitBkt([[true]], { start: { guess: 2 } })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: fitBkt: start.guess is out of range; got 2, expected a number from 0 to 1.]`,
    )
    expect(() => fitBkt([[true]], { starts: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: fitBkt: starts is out of range; got 0, expected a whole number from 1 on.]`,
    )
  })
})

describe('the toy set of hmm-scalable', () => {
  const folder = dataFolders().find((path) => existsSync(join(path, 'edu/bkt-toy')))
  test.skipIf(folder === undefined)('likelihood and error of the published runs', () => {
    const answers = readHmmScalable(readFileSync(join(folder!, 'edu/bkt-toy/toy_data.txt'), 'utf8'))
    const sequence = answers.map((answer) => answer.correct)
    const rmse = (p: BktParameters): number => Math.sqrt(mse(bktPredictions(sequence, p), sequence.map(Number)))
    const { parameters, logLikelihood } = fitBkt([sequence], { tolerance: 1e-10, maxIterations: 10_000 })
    expect(logLikelihood).toBeGreaterThan(-6.2118)
    expect(rmse(parameters)).toBeCloseTo(0.29595, 4)
    const published = { prior: 0, learn: 0.16676161, forget: 0, guess: 0.00038573, slip: 0.00044059 }
    expect(rmse(published)).toBeCloseTo(0.302691, 6)
  })
})

describe('bktDegeneracies', () => {
  const kinds = (p: Partial<BktParameters>): string[] =>
    bktDegeneracies({ ...some, forget: 0, ...p }).map((d) => d.kind)
  test('each kind', () => {
    expect(kinds({})).toEqual([])
    expect(kinds({ guess: 0.6 })).toEqual(['guess'])
    expect(kinds({ slip: 0.6, guess: 0.1 })).toEqual(['slip'])
    expect(kinds({ slip: 0.6, guess: 0.5 })).toContain('inverted')
    expect(kinds({ slip: 0.6, guess: 0.5, learn: 0.01 })).toContain('noRise')
    expect(kinds({ prior: 0.001, learn: 0.001, guess: 0.49, slip: 0.45 })).toContain('noMastery')
    expect(kinds({ learn: 0 })).toContain('noLearning')
  })
  test('an inverted model loses mastery with right answers', () => {
    expect(bktUpdate(0.5, true, { ...some, guess: 0.9, slip: 0.5, learn: 0, forget: 0 })).toBeLessThan(0.5)
  })
})

describe('BktModel', () => {
  const model = new BktModel([
    ['a', some],
    ['b', { ...some, prior: 0.9 }],
  ])

  test('predicts the mean of the skills and updates each', () => {
    const state = model.update(model.start(), { skills: ['a', 'b'], correct: false })
    expect(state['a']).toBe(bktUpdate(0.3, false, some))
    expect(state['b']).toBe(bktUpdate(0.9, false, some))
    expect(model.predict(model.start(), ['a', 'b'])).toBe((bktPredict(0.3, some) + bktPredict(0.9, some)) / 2)
    expect(model.start()).toEqual({})
  })

  test('a skill may have the name of an object field', () => {
    const odd = new BktModel([
      ['__proto__', some],
      ['toString', some],
    ])
    const state = odd.update(odd.start(), { skills: ['toString', '__proto__'], correct: true })
    expect(odd.mastery(state, 'toString')).toBe(bktUpdate(0.3, true, some))
    expect(odd.mastery(state, '__proto__')).toBe(bktUpdate(0.3, true, some))
  })

  test('saved and loaded', () => {
    const loaded = BktModel.from(JSON.parse(JSON.stringify(model)))
    expect(loaded.parameters).toEqual(model.parameters)
  })

  test('what it refuses', () => {
    expect(() => model.predict({}, ['c'])).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: BktModel: the skill is not known; got "c", expected one of 2 skills. Fit the model on answers to it, or construct it with parameters for it.]`,
    )
    expect(() => model.predict({}, [])).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: BktModel: there are no skills; got [], expected at least one.]`,
    )
    expect(() => model.predict({ a: NaN }, ['a'])).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: BktModel: the state of "a" is out of range; got NaN, expected a number from 0 to 1.]`,
    )
    expect(() => model.update({ a: '1' } as never, { skills: ['b', 'a'], correct: true })).toThrow(
      'the state of "a" is out of range; got "1"',
    )
    expect(() => BktModel.from({ format: 'x' })).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: BktModel.from: not what was saved; got format "x", expected an object of format lanewise.bkt.1.]`,
    )
    expect(() =>
      BktModel.from({ format: 'lanewise.bkt.1', skills: { a: { ...some, slip: 1.5 } } }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: BktModel.from: skills.a: slip is out of range; got 1.5, expected a number from 0 to 1.]`,
    )
    expect(() => BktModel.from({ format: 'lanewise.bkt.1', skills: { a: null } })).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: BktModel.from: skills.a: not parameters; got null, expected prior, learn, forget, guess, slip.]`,
    )
    expect(() => BktModel.fit([{ learner: 'ann', skills: [], correct: true }])).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: BktModel.fit: no answer has a skill; expected at least one.]`,
    )
  })

  test('fitted to answers it beats one number for all', () => {
    const answers: Answer[] = draw(5, 60, 12).flatMap((row, i) =>
      row.flatMap((correct) => (correct === null ? [] : [{ learner: `l${i}`, skills: ['a'], correct }])),
    )
    const report = evaluateLearnerModel(BktModel.fit(answers, { starts: 2 }), answers)
    const share = answers.filter((answer) => answer.correct).length / answers.length
    expect(report.auc).toBeGreaterThan(0.6)
    expect(report.rmse).toBeLessThan(0.98 * Math.sqrt(share * (1 - share)))
  })
})
