import { FormatError } from '../errors.ts'

/** A JSON value whose objects are Maps, so that no name can reach a prototype. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonMap

/** A JSON object. */
export type JsonMap = Map<string, JsonValue>

/** Deeper nesting than any real file has, and shallow enough for the stack. */
const MAX_DEPTH = 100

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
// oxlint-disable-next-line no-control-regex -- JSON forbids these in strings
const PLAIN = /[^"\\\u0000-\u001f]*/y

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

/** Reads JSON from its text. Stricter than JSON.parse: no duplicate names, no lone surrogates, bounded depth. */
class Reader {
  readonly op: string
  readonly text: string
  /** Bytes of the file before the text. */
  readonly start: number
  at = 0

  constructor(op: string, text: string, start: number) {
    this.op = op
    this.text = text
    this.start = start
  }

  fail(problem: string, at: number = this.at): never {
    const offset = this.start + new TextEncoder().encode(this.text.slice(0, at)).length
    const found = at < this.text.length ? JSON.stringify(this.text.slice(at, at + 12)) : 'the end of the text'
    throw new FormatError({ op: this.op, problem, got: `${found} at byte ${offset}` })
  }

  /** The text that a sticky pattern matches here, which may be empty. */
  take(pattern: RegExp): string {
    pattern.lastIndex = this.at
    if (!pattern.test(this.text)) return ''
    const from = this.at
    this.at = pattern.lastIndex
    return this.text.slice(from, this.at)
  }

  skipSpace(): void {
    for (
      let c = this.text.charCodeAt(this.at);
      c === 32 || c === 10 || c === 13 || c === 9;
      c = this.text.charCodeAt(++this.at)
    );
  }

  /** Skips white space and then `character`, if it is next. */
  eat(character: string): boolean {
    this.skipSpace()
    if (this.text[this.at] !== character) return false
    this.at++
    return true
  }

  value(depth: number): JsonValue {
    if (depth > MAX_DEPTH) this.fail(`nested deeper than ${MAX_DEPTH}`)
    this.skipSpace()
    const first = this.text[this.at]
    if (first === '{') return this.object(depth)
    if (first === '[') return this.array(depth)
    if (first === '"') return this.string()
    if (this.word('true')) return true
    if (this.word('false')) return false
    if (this.word('null')) return null
    const from = this.at
    const digits = this.take(NUMBER)
    if (digits === '') this.fail('not JSON')
    const number = Number(digits)
    if (!Number.isFinite(number)) this.fail('a number is too large', from)
    return number
  }

  word(word: string): boolean {
    if (!this.text.startsWith(word, this.at)) return false
    this.at += word.length
    return true
  }

  array(depth: number): JsonValue[] {
    this.at++
    const items: JsonValue[] = []
    if (this.eat(']')) return items
    do items.push(this.value(depth + 1))
    while (this.eat(','))
    if (!this.eat(']')) this.fail('not JSON: a list does not end')
    return items
  }

  object(depth: number): JsonMap {
    this.at++
    const fields: JsonMap = new Map()
    if (this.eat('}')) return fields
    do {
      this.skipSpace()
      const from = this.at
      if (this.text[from] !== '"') this.fail('not JSON: a name is missing')
      const name = this.string()
      if (fields.has(name)) this.fail('a name comes twice', from)
      if (!this.eat(':')) this.fail('not JSON: a colon is missing')
      fields.set(name, this.value(depth + 1))
    } while (this.eat(','))
    if (!this.eat('}')) this.fail('not JSON: an object does not end')
    return fields
  }

  string(): string {
    const from = this.at++
    let value = this.take(PLAIN)
    const escaped = this.text[this.at] === '\\'
    while (this.text[this.at] === '\\') value += this.escape() + this.take(PLAIN)
    if (this.text[this.at] !== '"') this.fail('not JSON: a string does not end')
    this.at++
    if (escaped && /\p{Surrogate}/u.test(value)) this.fail('a string holds half of a character', from)
    return value
  }

  escape(): string {
    const letter = this.text[this.at + 1] ?? ''
    if (letter === 'u') {
      const digits = this.text.slice(this.at + 2, this.at + 6)
      if (!/^[\da-fA-F]{4}$/.test(digits)) this.fail('not JSON: a bad escape')
      this.at += 6
      return String.fromCharCode(Number.parseInt(digits, 16))
    }
    if (!Object.hasOwn(ESCAPES, letter)) this.fail('not JSON: a bad escape')
    this.at += 2
    return ESCAPES[letter]
  }
}

/**
 * Parses UTF-8 JSON of a file that is not trusted.
 * @param start - bytes of the file before `bytes`, for the offsets in messages
 * @throws FormatError when it is not UTF-8, not JSON, names a field twice, or nests deeper than 100.
 */
export const parseJson = (op: string, bytes: Uint8Array, start: number = 0): JsonValue => {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new FormatError({ op, problem: 'not UTF-8', got: `${bytes.length} bytes at byte ${start}`, cause })
  }
  const reader = new Reader(op, text, start)
  const value = reader.value(0)
  reader.skipSpace()
  if (reader.at < text.length) reader.fail('text after the end of the JSON')
  return value
}
