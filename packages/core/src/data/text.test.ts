import { expect, test } from 'vitest'
import { characterCodes } from './text.ts'

test('codes lead back to the text, characters beyond 16 bits included', () => {
  const text = 'to be 🙂 or not to 🙂\uffee\n'
  const { codes, vocabulary } = characterCodes(text)
  expect(vocabulary).toEqual(['\n', ' ', 'b', 'e', 'n', 'o', 'r', 't', '\uffee', '🙂'])
  expect([...codes].map((code) => vocabulary[code]).join('')).toBe(text)
  expect(characterCodes('')).toEqual({ codes: new Int32Array(0), vocabulary: [] })
})

test('a vocabulary of another text', () => {
  const { vocabulary } = characterCodes('train')
  expect([...characterCodes('rain', vocabulary).codes]).toEqual([3, 0, 1, 2])
  expect(() => characterCodes('rainy', vocabulary)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: characterCodes: a character is not in the vocabulary; got "y" at 4, expected one of 5 characters.]`,
  )
})
