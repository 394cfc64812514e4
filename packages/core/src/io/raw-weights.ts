import { FormatError } from '../errors.ts'
import { arrayFromBytes, countOf, type ArrayData } from './array-data.ts'
import { excerpt } from './excerpt.ts'
import { parseJson } from './json.ts'
import { checkRelativePath } from './paths.ts'

/** Where one weight of a raw manifest lies. */
export interface RawWeight {
  /** File beside the manifest: little-endian f32, row-major, nothing else. */
  readonly filename: string
  readonly shape: readonly number[]
}

const fail = (problem: string, got: string, expected?: string): never => {
  throw new FormatError({ op: 'rawWeights', problem, got, expected })
}

/**
 * Reads the manifest of raw weights, `{ name: { filename, shape } }`, as early TensorFlow.js checkpoints have it.
 * @param bytes - the JSON file
 * @throws FormatError when it is not such JSON, or a file name comes twice or leaves the manifest's folder.
 */
export const readRawManifest = (bytes: Uint8Array): Map<string, RawWeight> => {
  const json = parseJson('rawWeights', bytes)
  if (!(json instanceof Map)) return fail('the manifest is not an object', excerpt(json))
  const weights = new Map<string, RawWeight>()
  const files = new Set<string>()
  for (const [name, entry] of json) {
    const filename = entry instanceof Map ? entry.get('filename') : undefined
    const shape = entry instanceof Map ? entry.get('shape') : undefined
    if (typeof filename !== 'string' || !Array.isArray(shape))
      return fail(`the entry of ${excerpt(name)} is not valid`, excerpt(entry), 'filename and shape')
    countOf('rawWeights', shape, `of ${excerpt(name)}`)
    if (files.has(filename)) return fail('two weights have one file', excerpt(filename))
    files.add(filename)
    weights.set(name, { filename: checkRelativePath('rawWeights', filename), shape: shape.map(Number) })
  }
  return weights
}

/**
 * Reads the weights of a {@link readRawManifest manifest}.
 * @param files - the bytes of each file by its name in the manifest
 * @throws FormatError when a file is missing or is not as long as its shape says; then no weight is returned.
 * @example
 * const manifest = readRawManifest(new TextEncoder().encode('{"w": {"filename": "w.bin", "shape": [1]}}'))
 * const weights = readRawWeights(manifest, new Map([['w.bin', Uint8Array.of(0, 0, 128, 63)]]))
 * weights.get('w')?.data // => [1]
 */
export const readRawWeights = (
  manifest: ReadonlyMap<string, RawWeight>,
  files: ReadonlyMap<string, Uint8Array>,
): Map<string, ArrayData> => {
  const weights = new Map<string, ArrayData>()
  for (const [name, { filename, shape }] of manifest) {
    const bytes = files.get(filename)
    if (bytes === undefined) return fail(`the file of ${excerpt(name)} is missing`, excerpt(filename))
    const size = 4 * countOf('rawWeights', shape, `of ${excerpt(name)}`)
    if (bytes.length !== size)
      return fail(
        `the file of ${excerpt(name)} does not fit its shape`,
        `${bytes.length} bytes`,
        `${size} for ${excerpt(shape)}`,
      )
    weights.set(name, arrayFromBytes('f32', shape, bytes))
  }
  return weights
}
