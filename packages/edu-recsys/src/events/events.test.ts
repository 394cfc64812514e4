import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LanewiseError } from '@lanewise/core'
import { byLearner, checkAnswer, type Answer } from './answer.ts'
import { readAssistments } from './assistments.ts'
import { parseCsv } from './csv.ts'
import { readHmmScalable } from './hmm-scalable.ts'
import { evaluateLearnerModel } from './learner-model.ts'
import { readThreeLine } from './three-line.ts'
import { readXapi, toXapi } from './xapi.ts'

describe('checkAnswer', () => {
  test('keeps known fields only, and freezes', () => {
    const answer = checkAnswer({ learner: 'a', skills: ['x'], correct: false, score: 0.5, other: 1, hints: 0 })
    expect(answer).toEqual({ learner: 'a', skills: ['x'], correct: false, score: 0.5, hints: 0 })
    expect(Object.isFrozen(answer) && Object.isFrozen(answer.skills)).toBe(true)
  })
  test.each<[string, unknown]>([
    ['not an object', 7],
    ['learner', { learner: '', skills: [], correct: true }],
    ['skills', { learner: 'a', skills: ['x', 'x'], correct: true }],
    ['correct', { learner: 'a', skills: [], correct: 1 }],
    ['score', { learner: 'a', skills: [], correct: true, score: 1.1 }],
    ['timeMs', { learner: 'a', skills: [], correct: true, timeMs: NaN }],
    ['attempts', { learner: 'a', skills: [], correct: true, attempts: 0 }],
  ])('refuses %s', (_, value) => {
    expect(() => checkAnswer(value, 'log.jsonl:3')).toThrowErrorMatchingSnapshot()
  })
  test('byLearner keeps order', () => {
    const answers = ['b', 'a', 'b'].map((learner, i) => ({ learner, skills: [String(i)], correct: true }))
    expect([...byLearner(answers)].map(([l, own]) => [l, own.map((a) => a.skills[0])])).toEqual([
      ['b', ['0', '2']],
      ['a', ['1']],
    ])
  })
})

describe('readThreeLine', () => {
  test('learners, skills and marks, with commas at the ends and empty learners', () => {
    expect(readThreeLine('2,\r\n5,7,\r\n1,0,\r\n0\r\n\r\n\r\n1\r\n9\r\n1\r\n', { learners: 's' })).toEqual([
      { learner: 's1', skills: ['5'], correct: true },
      { learner: 's1', skills: ['7'], correct: false },
      { learner: 's3', skills: ['9'], correct: true },
    ])
    expect(readThreeLine('')).toEqual([])
  })
  test.each(['x\n1\n1', '2\n1\n1', '1\n1\n2', '1\n1', '1\n-3\n1', '1\n1,2\n1,1', '1\n1\n1\n1'])(
    'refuses %j',
    (text) => {
      expect(() => readThreeLine(text, { file: 'train.csv' })).toThrowErrorMatchingSnapshot()
    },
  )
})

describe('readAssistments', () => {
  const head = 'order_id,user_id,problem_id,correct,skill_id,skill_name,ms_first_response,hint_count,attempt_count\n'
  test('rows of one answer become one answer; sorted by order_id', () => {
    const rows =
      '30,7,51,0,,,100,2,3\n20,7,50,1,3,"Area, ""plane""",-5,0,1\n20,7,50,1,4,x,-5,0,1\n10,8,50,1,3_4,x,NA,0,0\n'
    expect(readAssistments(head + rows)).toEqual([
      { learner: '8', question: '50', skills: ['3', '4'], correct: true, hints: 0 },
      { learner: '7', question: '50', skills: ['3', '4'], correct: true, hints: 0, attempts: 1 },
      { learner: '7', question: '51', skills: [], correct: false, durationMs: 100, hints: 2, attempts: 3 },
    ])
    expect(readAssistments(`${head}${rows}`, { skill: 'skill_name', separator: ';' })[1].skills).toEqual([
      'Area, "plane"',
      'x',
    ])
  })
  test.each([
    '',
    'user_id,correct\n',
    `${head}1,7\n`,
    `${head}1,7,50,0.5,3,x,1,0,1\n`,
    `${head}1,,50,1,3,x,1,0,1\n`,
    `${head}x,7,50,1,3,x,1,0,1\n`,
    `${head}1,7,50,1,3,x,1,0,1\n1,7,50,0,4,x,1,0,1\n`,
    `${head}1,7,50,1,3,"x,1,0,1\n`,
    `${head}1,7,50,1,3,"x"y,1,0,1\n`,
    `${head}1,7,50,1,3__4,x,1,0,1\n`,
    `${head}0x10,7,50,1,3,x,1,0,1\n`,
    `${head}1,7,50,1,3,x,1,0,-1\n`,
    'order_id,user_id,problem_id,correct,skill_id,correct\n1,7,50,1,3,0\n',
  ])('refuses %j', (text) => {
    expect(() => readAssistments(text, { file: 'skill_builder.csv' })).toThrowErrorMatchingSnapshot()
  })
  test('a skill that one row names twice counts once', () => {
    expect(readAssistments(`${head}1,7,50,1,3_4_3,x,1,0,1\n1,7,50,1,4,x,1,0,1\n`)[0].skills).toEqual(['3', '4'])
  })
  test('parseCsv reads back what is written', () => {
    const field = fc.string().map((s) => s.replaceAll('\r', ''))
    fc.assert(
      fc.property(fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { maxLength: 5 }), (rows) => {
        const text = rows.map((row) => row.map((f) => `"${f.replaceAll('"', '""')}"`).join(',')).join('\r\n')
        expect(parseCsv('test', text).map((row) => row.fields)).toEqual(rows)
      }),
    )
  })
})

describe('readHmmScalable', () => {
  test('refuses a missing answer and other fields', () => {
    expect(readHmmScalable('2\ts\tq\ta~b~a\n')[0].skills).toEqual(['a', 'b'])
    expect(() => readHmmScalable('1\ts\tq\ta\n.\ts\tq\ta\n')).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: readHmmScalable: input, line 2: not an answer; got ".", expected 1 for right or 2 for wrong.]`,
    )
    expect(() => readHmmScalable('1 s q a')).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: readHmmScalable: input, line 1: other fields; got "1 s q a", expected answer, learner, question and skills with tabs between.]`,
    )
  })
})

describe('readXapi', () => {
  const answer: Answer = {
    learner: 'ann',
    question: 'https://example.org/q/1',
    skills: ['fractions', 'decimals'],
    correct: true,
    score: 0.75,
    timeMs: 1_700_000_000_000,
    durationMs: 4500,
  }
  test('what toXapi writes comes back', () => {
    const [back] = readXapi(JSON.stringify([toXapi(answer, 'https://example.org')]))
    expect(back).toEqual({ ...answer, learner: 'https://example.org#ann' })
  })
  test('times of any zone; a byte order mark', () => {
    const at = (timestamp: string): number | undefined =>
      readXapi(`\ufeff${JSON.stringify({ ...toXapi(answer, 'h'), timestamp })}`)[0].timeMs
    expect(at('2024-02-29T12:00:00.5Z')).toBe(Date.UTC(2024, 1, 29, 12, 0, 0, 500))
    expect(at('2024-02-29T12:00+05:30')).toBe(Date.UTC(2024, 1, 29, 6, 30))
    expect(at('2024-02-29T23:30:00-0100')).toBe(Date.UTC(2024, 2, 1, 0, 30))
    expect(readXapi(`\ufeff[${JSON.stringify(toXapi(answer, 'h'))}]`)).toHaveLength(1)
  })
  test('in an array, the place is the number of the statement', () => {
    const text = JSON.stringify([toXapi(answer, 'h'), { ...toXapi(answer, 'h'), actor: {} }])
    expect(() => readXapi(text, { file: 'log.json' })).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: readXapi: log.json, statement 2: the actor has no name; got an object, expected account, mbox, mbox_sha1sum or openid.]`,
    )
  })
  test('lines; other verbs are left out', () => {
    const line = JSON.stringify(toXapi(answer, 'h'))
    const other = JSON.stringify({ verb: { id: 'http://adlnet.gov/expapi/verbs/launched' } })
    expect(readXapi(`${line}\n\n${other}\r\n${line}`)).toHaveLength(2)
  })
  const base = toXapi(answer, 'h')
  test.each<[string, unknown]>([
    ['no JSON', '{'],
    ['no statement', 7],
    ['no verb', {}],
    ['no actor', { ...base, actor: {} }],
    ['no object', { ...base, object: {} }],
    ['no success', { ...base, result: {} }],
    ['score', { ...base, result: { success: true, score: { scaled: 3 } } }],
    ['duration', { ...base, result: { success: true, duration: 'P1Y' } }],
    ['time', { ...base, timestamp: 'yesterday' }],
    ['a day that does not exist', { ...base, timestamp: '2026-02-30T12:00:00Z' }],
    ['an hour that does not exist', { ...base, timestamp: '2026-02-03T25:00:00Z' }],
    ['a zone that does not exist', { ...base, timestamp: '2026-02-03T12:00:00+24:00' }],
    ['a time without its zone', { ...base, timestamp: '2026-02-03T12:00:00' }],
  ])('refuses %s', (_, statement) => {
    const text = typeof statement === 'string' ? statement : JSON.stringify(statement)
    expect(() => readXapi(`\n${text}`, { file: 'log.jsonl' })).toThrowErrorMatchingSnapshot()
  })
})

test('readers meet any text with an answer list or a typed error', () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[0-9,\n"x_]{0,40}$/), fc.json())
  fc.assert(
    fc.property(text, (input) => {
      for (const read of [readThreeLine, readAssistments, readHmmScalable, readXapi]) {
        try {
          expect(Array.isArray(read(input))).toBe(true)
        } catch (error) {
          expect(LanewiseError.is(error)).toBe(true)
        }
      }
    }),
    { numRuns: 300 },
  )
})

test('evaluateLearnerModel by hand: the first answer of each learner is learnt from alone', () => {
  const model = {
    start: (): number => 0.4,
    predict: (p: number): number => p,
    update: (p: number, { correct }: { correct: boolean }): number => (correct ? p + 0.2 : p - 0.2),
  }
  const answers = [true, true, false].map((correct) => ({ learner: 'a', skills: ['x'], correct }))
  // Predictions .6 for right, .8 for wrong.
  expect(evaluateLearnerModel(model, answers)).toEqual({
    auc: 0,
    accuracy: 0.5,
    rmse: expect.closeTo(Math.sqrt((0.16 + 0.64) / 2), 12),
    logLoss: expect.closeTo(-(Math.log(0.6) + Math.log(0.2)) / 2, 12),
    answers: 2,
  })
  expect(() => evaluateLearnerModel(model, [])).toThrowErrorMatchingSnapshot()
})
