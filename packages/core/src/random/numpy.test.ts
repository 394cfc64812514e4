import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ValueError } from '../errors.ts'
import { NumpyRandomState } from './numpy.ts'

const { numpy: golden } = JSON.parse(readFileSync(new URL('__golden__/random.json', import.meta.url), 'utf8'))

test('the same draws as numpy.random.RandomState, in one stream', () => {
  const state = new NumpyRandomState(golden.seed)
  expect(Array.from(state.permutation(50))).toEqual(golden.permutation)
  expect(Array.from(state.choice(100, 10, { replace: false }))).toEqual(golden.choice)
  expect(Array.from(state.choice(1000, 10))).toEqual(golden.replace)
  expect([state.randint(1), state.randint(7), state.randint(2 ** 31)]).toEqual(golden.randint)
  expect([state.random(), state.random(), state.random()]).toEqual(golden.random)
  expect(createHash('sha256').update(state.permutation(5000)).digest('hex')).toBe(golden.sha)
})

test('bad input', () => {
  expect(() => new NumpyRandomState(-1)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: NumpyRandomState.seed: out of range; got -1, expected an integer in [0, 4294967295].]`,
  )
  const state = new NumpyRandomState(0)
  expect(() => state.randint(0)).toThrow(ValueError)
  expect(() => state.permutation(1.5)).toThrow(ValueError)
  expect(() => state.choice(3, 4, { replace: false })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: NumpyRandomState.choice: out of range; got 4, expected an integer in [0, 3].]`,
  )
  expect(Array.from(state.permutation(0))).toEqual([])
})
