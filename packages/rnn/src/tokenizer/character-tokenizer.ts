import { FormatError, ValueError } from '@lanewise/core'

/** Options of {@link CharacterTokenizer}. */
export interface CharacterTokenizerOptions {
  /** Tokens that no text contains, such as `[MASK]`; their ids follow those of the characters. Default none. */
  readonly specials?: readonly string[]
  /** The token that stands for characters outside of the vocabulary. Default none: they are refused. */
  readonly unknown?: string | null
}

/**
 * Characters (Unicode code points) to token ids and back.
 * @example
 * const tokenizer = CharacterTokenizer.fromText('hello world', { specials: ['[MASK]'] })
 * tokenizer.size // => 9
 * tokenizer.encode('hold') // => [3, 5, 4, 1]
 * tokenizer.decode([3, 5, 4, 1]) // => 'hold'
 * tokenizer.id('[MASK]') // => 8
 */
export class CharacterTokenizer {
  /** The token of each id: characters, then specials. */
  readonly tokens: readonly string[]
  readonly specials: readonly string[]
  readonly unknown: string | null
  readonly #ids: ReadonlyMap<string, number>

  /**
   * @param characters - the token of each id
   * @throws ValueError when a token comes twice, a character is not one code point, or `unknown` is no token.
   */
  constructor(characters: Iterable<string>, { specials = [], unknown = null }: CharacterTokenizerOptions = {}) {
    const known = [...characters]
    this.tokens = [...known, ...specials]
    this.specials = [...specials]
    this.unknown = unknown
    this.#ids = new Map(this.tokens.map((token, id) => [token, id]))
    const long = known.find((character) => [...character].length !== 1)
    if (long !== undefined) throw fault('a character is not one code point', JSON.stringify(long))
    const twice = this.tokens.find((token, id) => this.#ids.get(token) !== id)
    if (twice !== undefined) throw fault('a token comes twice', JSON.stringify(twice), 'tokens that differ')
    if (unknown !== null && !this.#ids.has(unknown)) {
      throw fault('unknown is no token', JSON.stringify(unknown), `one of ${this.size} tokens`)
    }
  }

  /** A tokenizer of the characters that a text has, in the order of their code points. */
  static fromText(text: string, options?: CharacterTokenizerOptions): CharacterTokenizer {
    return new CharacterTokenizer(
      [...new Set(text)].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!),
      options,
    )
  }

  /**
   * Reads what {@link toJSON} gives, or an object of ids by character, as char-rnn vocabularies are.
   * @throws FormatError when the value is neither, or its ids are not 0 to n - 1.
   * @example CharacterTokenizer.fromJSON({ b: 0, a: 1 }).encode('ab') // => [1, 0]
   */
  static fromJSON(value: unknown, options: CharacterTokenizerOptions = {}): CharacterTokenizer {
    if (typeof value !== 'object' || value === null) throw malformed(typeof value)
    if (isSaved(value)) {
      const { characters, specials, unknown } = value
      return guarded(() => new CharacterTokenizer(characters, { specials, unknown, ...options }))
    }
    const ids = Object.entries(value)
    const characters = new Array<string | undefined>(ids.length).fill(undefined)
    for (const [character, id] of ids) {
      if (!Number.isInteger(id) || id < 0 || id >= ids.length || characters[id] !== undefined) {
        throw malformed(`id ${String(id)} of ${JSON.stringify(character)}`, `each of 0 to ${ids.length - 1} once`)
      }
      characters[id] = character
    }
    return guarded(
      () =>
        new CharacterTokenizer(
          characters.filter((c) => c !== undefined),
          options,
        ),
    )
  }

  /** How many tokens there are. */
  get size(): number {
    return this.tokens.length
  }

  /** The id of a token, a special one too; undefined where there is none. */
  id(token: string): number | undefined {
    return this.#ids.get(token)
  }

  /**
   * The ids of a text's characters.
   * @throws ValueError naming the first character that is outside of the vocabulary, and its place.
   */
  encode(text: string): Int32Array<ArrayBuffer> {
    const characters = Array.from(text)
    const other = this.unknown === null ? undefined : this.#ids.get(this.unknown)
    return Int32Array.from(characters, (character, at) => {
      const id = this.#ids.get(character) ?? other
      if (id !== undefined) return id
      throw new ValueError({
        op: 'CharacterTokenizer.encode',
        problem: 'a character is not in the vocabulary',
        got: `${JSON.stringify(character)} at ${at}`,
        expected: `one of ${this.size} tokens`,
        advice: 'Name an `unknown` token that stands for such characters',
      })
    })
  }

  /**
   * The text of token ids; special tokens appear by their names.
   * @throws ValueError when an id is out of range.
   */
  decode(ids: Iterable<number>): string {
    let text = ''
    for (const id of ids) {
      const token = this.tokens[id]
      if (token === undefined) {
        throw new ValueError({
          op: 'CharacterTokenizer.decode',
          problem: 'an id is out of range',
          got: String(id),
          expected: `an integer in [0, ${this.size})`,
        })
      }
      text += token
    }
    return text
  }

  /** A plain value for JSON, which {@link fromJSON} reads. */
  toJSON(): SavedTokenizer {
    const { tokens, specials, unknown } = this
    return { characters: tokens.slice(0, tokens.length - specials.length), specials, unknown }
  }
}

/** What {@link CharacterTokenizer.toJSON} gives. */
export interface SavedTokenizer {
  readonly characters: readonly string[]
  readonly specials: readonly string[]
  readonly unknown: string | null
}

const isStrings = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')

const isSaved = (value: object): value is SavedTokenizer =>
  'characters' in value &&
  'specials' in value &&
  'unknown' in value &&
  isStrings(value.characters) &&
  isStrings(value.specials) &&
  (value.unknown === null || typeof value.unknown === 'string')

const fault = (problem: string, got: string, expected?: string): ValueError =>
  new ValueError({ op: 'CharacterTokenizer', problem, got, expected })

const malformed = (got: string, expected = 'characters, specials and unknown, or ids by character'): FormatError =>
  new FormatError({ op: 'CharacterTokenizer.fromJSON', problem: 'not a vocabulary', got, expected })

/** A vocabulary from outside that the constructor refuses is a fault of the file. */
const guarded = (build: () => CharacterTokenizer): CharacterTokenizer => {
  try {
    return build()
  } catch (e) {
    if (!ValueError.is(e)) throw e
    const { problem, got, expected } = e
    throw new FormatError({ op: 'CharacterTokenizer.fromJSON', problem, got, expected, cause: e })
  }
}
