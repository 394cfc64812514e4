import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FormatError } from '../errors.ts'
import { parseJson, type JsonValue } from './json.ts'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

const parse = (text: string): JsonValue => parseJson('test', encode(text))

const plain = (value: JsonValue): unknown => {
  if (Array.isArray(value)) return value.map(plain)
  return value instanceof Map ? Object.fromEntries([...value].map(([name, item]) => [name, plain(item)])) : value
}

test('reads what JSON.stringify writes, with white space or without', () => {
  const hasHalf = (text: string): boolean => /\p{Surrogate}/u.test(JSON.parse(text) && text)
  fc.assert(
    fc.property(fc.json(), fc.constantFrom(0, 2, '\t'), (text, indent) => {
      const value: unknown = JSON.parse(text)
      const written = JSON.stringify(value, null, indent)
      if (!hasHalf(written)) expect(plain(parse(` ${written}\r\n`))).toEqual(value)
    }),
  )
})

test.each<[string, unknown]>([
  ['true', true],
  ['false', false],
  ['null', null],
  ['[true,false,null]', [true, false, null]],
  ['-0', -0],
  ['1.5e-3', 0.0015],
  ['2E+2', 200],
  [
    '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\ud83d\\ude00ä😀\u007f"',
    '"\\/\b\f\n\r\tää😀😀\u007f'.replace('ää😀😀', 'ä😀ä😀'),
  ],
  ['{"":{"a":[]}}', { '': { a: [] } }],
])('%s', (text, value) => expect(plain(parse(text))).toEqual(value))

describe('refuses', () => {
  test.each([
    '',
    ' ',
    'tru',
    'truee',
    'nul',
    'undefined',
    '01',
    '1.',
    '.5',
    '+1',
    '-',
    '1e',
    '0x10',
    'Infinity',
    '1e999',
    '"',
    '"\\',
    '"\\x"',
    '"\\u12"',
    '"\\u12G4"',
    '"\n"',
    "'a'",
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '[',
    '[1',
    '[1,',
    '[1,]',
    '[,1]',
    '[1 2]',
    '{',
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":1,',
    '{"a":1,}',
    '{a:1}',
    '{1:1}',
    '{"a" 1}',
    '{"a":1,"a":2}',
    '1 1',
    '//',
    '\ufeff1',
  ])('%j', (text) => expect(() => parse(text)).toThrow(FormatError))

  test('deep nesting, at 100', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
    expect(() => parse(nested(101))).not.toThrow()
    expect(() => parse(nested(102))).toThrow(FormatError)
  })

  test('bytes that are not UTF-8', () => {
    expect(() => parseJson('test', Uint8Array.of(34, 0xc3, 34), 8)).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: test: not UTF-8; got 3 bytes at byte 8.]`,
    )
    expect(() => parseJson('test', Uint8Array.of(34, 0xed, 0xa0, 0x80, 34))).toThrow(FormatError)
  })

  test('messages count bytes from the start of the file', () => {
    expect(() => parseJson('test', encode('{"ä": x}'), 100)).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: test: not JSON; got "x}" at byte 107.]`,
    )
    expect(() => parseJson('test', encode('[1'), 100)).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: test: not JSON: a list does not end; got the end of the text at byte 102.]`,
    )
  })
})
