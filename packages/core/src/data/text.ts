import { ValueError } from '../errors.ts'

/** A text as numbers. */
export interface CharacterCodes {
  /** For each character its place in the vocabulary. */
  readonly codes: Int32Array<ArrayBuffer>
  readonly vocabulary: readonly string[]
}

/**
 * The characters (Unicode code points) of a text as places in a vocabulary.
 * @param vocabulary - the known characters. Default: those of the text, in the order of their code points.
 * @throws ValueError when a character is not in the vocabulary.
 * @example
 * characterCodes('abca').codes // => [0, 1, 2, 0]
 * characterCodes('ba', ['b', 'a']).codes // => [0, 1]
 */
export const characterCodes = (text: string, vocabulary?: readonly string[]): CharacterCodes => {
  const characters = [...text]
  const known = vocabulary ?? [...new Set(characters)].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!)
  const places = new Map(known.map((character, place) => [character, place]))
  const codes = Int32Array.from(characters, (character, at) => {
    const place = places.get(character)
    if (place !== undefined) return place
    throw new ValueError({
      op: 'characterCodes',
      problem: 'a character is not in the vocabulary',
      got: `${JSON.stringify(character)} at ${at}`,
      expected: `one of ${known.length} characters`,
    })
  })
  return { codes, vocabulary: known }
}
