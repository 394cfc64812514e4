import { fault, shown, type Fault } from './fault.ts'

const spaces = /[ \t\n\r]*/y
const token =
  /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y

/** Where a walk over JSON text stopped. */
class Stop {
  readonly at: number
  constructor(at: number) {
    this.at = at
  }
}

const matchAt = (pattern: RegExp, text: string, at: number): number => {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : -1
}

const skipSpaces = (text: string, at: number): number => matchAt(spaces, text, at)

/** The end of the value at `at`; a value on the wanted path stops the walk where it begins. */
const walk = (text: string, start: number, path: readonly (string | number)[] | null, depth: number): number => {
  const at = skipSpaces(text, start)
  if (path !== null && path.length === 0) throw new Stop(at)
  const open = text[at]
  if (depth > 500) throw new Stop(at)
  if (open !== '{' && open !== '[') {
    const end = matchAt(token, text, at)
    if (end < 0) throw new Stop(at)
    return end
  }
  const close = open === '{' ? '}' : ']'
  let next = skipSpaces(text, at + 1)
  if (text[next] === close) return next + 1
  for (let index = 0; ; index++) {
    let key: string | number = index
    if (open === '{') {
      const end = text[next] === '"' ? matchAt(token, text, next) : -1
      if (end < 0) throw new Stop(next)
      key = String(JSON.parse(text.slice(next, end)))
      const colon = skipSpaces(text, end)
      if (text[colon] !== ':') throw new Stop(colon)
      next = colon + 1
    }
    next = skipSpaces(text, walk(text, next, path !== null && path[0] === key ? path.slice(1) : null, depth + 1))
    if (text[next] === close) return next + 1
    if (text[next] !== ',') throw new Stop(next)
    next = skipSpaces(text, next + 1)
  }
}

const stopOf = (text: string, path: readonly (string | number)[] | null): number => {
  try {
    return skipSpaces(text, walk(text, 0, path, 0))
  } catch (stop) {
    if (stop instanceof Stop) return stop.at
    throw stop
  }
}

const lineAt = (text: string, at: number): number => {
  let line = 1
  for (let i = text.indexOf('\n'); i >= 0 && i < at; i = text.indexOf('\n', i + 1)) line++
  return line
}

/** A JSON value with its place, for errors that name the line. */
export class JsonReader {
  readonly op: string
  readonly file: string
  readonly #text: string

  constructor(op: string, text: string, file: string) {
    this.op = op
    this.file = file
    this.#text = text
  }

  /** The whole value. Throws FormatError at broken JSON. */
  parse(): unknown {
    try {
      return JSON.parse(this.#text)
    } catch {
      const at = stopOf(this.#text, null)
      const got = at >= this.#text.length ? 'the end' : shown(this.#text.slice(at, at + 20))
      throw this.#fault([], lineAt(this.#text, at), { problem: 'not JSON', got })
    }
  }

  /** The error for the value at a path, such as `['annotations', 3, 'bbox']`. */
  fault(path: readonly (string | number)[], about: { problem: string; got?: string; expected?: string }): Error {
    return this.#fault(path, lineAt(this.#text, stopOf(this.#text, path)), about)
  }

  #fault(
    path: readonly (string | number)[],
    line: number,
    about: { problem: string; got?: string; expected?: string },
  ): Error {
    const field = path.reduce<string>(
      (name, key) => (typeof key === 'number' ? `${name}[${key}]` : name === '' ? key : `${name}.${key}`),
      '',
    )
    const full: Fault = { op: this.op, file: this.file, line, field: field === '' ? 'the value' : field, ...about }
    return fault(full)
  }

  /** A list. */
  list(value: unknown, path: readonly (string | number)[]): readonly unknown[] {
    if (Array.isArray(value)) return value
    throw this.fault(path, { problem: 'not a list', got: shown(value) })
  }

  /** An object's fields. */
  fields(value: unknown, path: readonly (string | number)[]): Readonly<Record<string, unknown>> {
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return Object.fromEntries(Object.entries(value))
    throw this.fault(path, { problem: 'not an object', got: shown(value) })
  }

  /** A text. */
  text(value: unknown, path: readonly (string | number)[]): string {
    if (typeof value === 'string') return value
    throw this.fault(path, { problem: 'not a text', got: shown(value) })
  }

  /** A finite number. */
  number(value: unknown, path: readonly (string | number)[]): number {
    if (typeof value === 'number' && Number.isFinite(value)) return value
    throw this.fault(path, { problem: 'not a number', got: shown(value), expected: 'a finite number' })
  }

  /** A list of finite numbers, `count` of them where given. */
  numbers(value: unknown, path: readonly (string | number)[], count?: number): number[] {
    const list = this.list(value, path)
    if (count !== undefined && list.length !== count) {
      throw this.fault(path, { problem: 'wrong number of values', got: String(list.length), expected: String(count) })
    }
    return list.map((v, i) => this.number(v, [...path, i]))
  }
}
