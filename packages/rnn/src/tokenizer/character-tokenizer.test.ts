import { FormatError } from '@lanewise/core'
import { expect, test } from 'vitest'
import { CharacterTokenizer } from './character-tokenizer.ts'

test('text to ids and back, characters beyond 16 bits included', () => {
  const text = 'to be 🙂\n'
  const tokenizer = CharacterTokenizer.fromText(text)
  expect(tokenizer.tokens).toEqual(['\n', ' ', 'b', 'e', 'o', 't', '🙂'])
  expect(tokenizer.decode(tokenizer.encode(text))).toBe(text)
  expect(tokenizer.encode('')).toEqual(new Int32Array(0))
})

test('special tokens and one for the unknown', () => {
  const tokenizer = new CharacterTokenizer('ab', { specials: ['[PAD]', '[UNK]'], unknown: '[UNK]' })
  expect(tokenizer.size).toBe(4)
  expect(tokenizer.id('[PAD]')).toBe(2)
  expect(tokenizer.id('c')).toBeUndefined()
  expect(tokenizer.encode('abc[')).toEqual(Int32Array.of(0, 1, 3, 3))
  expect(tokenizer.decode([1, 2])).toBe('b[PAD]')
})

test('through JSON, and from ids by character', () => {
  const tokenizer = new CharacterTokenizer('ba', { specials: ['[PAD]'], unknown: '[PAD]' })
  const again = CharacterTokenizer.fromJSON(JSON.parse(JSON.stringify(tokenizer)))
  expect(again.tokens).toEqual(tokenizer.tokens)
  expect([again.specials, again.unknown]).toEqual([['[PAD]'], '[PAD]'])
  expect(CharacterTokenizer.fromJSON({ '1': 0, a: 2, ' ': 1 }).tokens).toEqual(['1', ' ', 'a'])
})

test('what is refused', () => {
  const tokenizer = new CharacterTokenizer('ab')
  expect(() => tokenizer.encode('abz')).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: CharacterTokenizer.encode: a character is not in the vocabulary; got "z" at 2, expected one of 2 tokens. Name an \`unknown\` token that stands for such characters.]`,
  )
  expect(() => tokenizer.decode([0, 2])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: CharacterTokenizer.decode: an id is out of range; got 2, expected an integer in [0, 2).]`,
  )
  expect(() => tokenizer.decode([0.5])).toThrow('an id is out of range')
  expect(() => new CharacterTokenizer(['a', 'bc'])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: CharacterTokenizer: a character is not one code point; got "bc".]`,
  )
  expect(() => new CharacterTokenizer('aa')).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: CharacterTokenizer: a token comes twice; got "a", expected tokens that differ.]`,
  )
  expect(() => new CharacterTokenizer('a', { unknown: '?' })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: CharacterTokenizer: unknown is no token; got "?", expected one of 1 tokens.]`,
  )
})

test.each([
  [null],
  ['abc'],
  [['a']],
  [{ a: 1 }],
  [{ a: 0, b: 0 }],
  [{ a: 0, b: '1' }],
  [{ ab: 0 }],
  [{ characters: ['a', 'a'], specials: [], unknown: null }],
  [{ characters: 'a', specials: [], unknown: null }],
])('not a vocabulary: %j', (value) => {
  let error: unknown
  try {
    CharacterTokenizer.fromJSON(value)
  } catch (e) {
    error = e
  }
  expect(FormatError.is(error)).toBe(true)
})
