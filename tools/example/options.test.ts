import { expect, test } from 'vitest'
import { nearest, parseOptions } from './options.mjs'

test('defaults', () => {
  expect(parseOptions(['demo'])).toMatchObject({
    name: 'demo',
    quick: false,
    json: false,
    backend: 'wasm',
    seed: 0,
    threads: 1,
  })
})

test('every option is read', () => {
  const args = ['demo', '--quick', '--json', '--seed', '7', '--threads', '2', '--backend', 'reference', '--data', '.']
  expect(parseOptions(args)).toEqual({
    name: 'demo',
    quick: true,
    json: true,
    backend: 'reference',
    seed: 7,
    threads: 2,
    data: process.cwd(),
  })
})

test.each([
  [[], 'example: no example named; got nothing, expected a NAME, or `list`.'],
  [['a', 'b'], "example: more than one name; got 'a b', expected one NAME."],
  [['a', '--seed', '1.5'], "example: --seed is not a whole number; got '1.5', expected an integer from 0."],
  [['a', '--threads', '0'], "example: --threads is not a whole number; got '0', expected an integer from 1."],
  [['a', '--backend', 'gpu'], "example: no such backend; got 'gpu', expected wasm, wasm-base, reference."],
  [
    ['a', '--data', 'no-such-folder'],
    "example: --data names no folder; got 'no-such-folder', expected a folder of data sets.",
  ],
  [['a', '--fast'], "example: unknown option '--fast'."],
])('%j is refused', (args, message) => {
  expect(() => parseOptions(args)).toThrow(message)
})

test('names alike', () => {
  expect(nearest('mnst-cnn', ['mnist-cnn', 'char-rnn'])).toEqual(['mnist-cnn'])
  expect(nearest('cnn', ['mnist-cnn', 'char-rnn'])).toEqual(['mnist-cnn'])
  expect(nearest('zebra', ['mnist-cnn'])).toEqual([])
})
