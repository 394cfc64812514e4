import { DTypeError, FormatError, ValueError } from '../errors.ts'
import { arrayFromBytes, bytesOfArray, checkArray, countOf, type ArrayData } from './array-data.ts'
import { floatToHalf, halfToFloat } from './convert.ts'
import { excerpt } from './excerpt.ts'
import { parseJson, type JsonMap, type JsonValue } from './json.ts'
import { checkRelativePath } from './paths.ts'
import { topologyOf, type TfjsTopology } from './tfjs-topology.ts'

/** How a weight was made smaller: affine in 8 or 16 bits, or half precision. */
export type TfjsQuantization =
  | { readonly dtype: 'uint8' | 'uint16'; readonly scale: number; readonly min: number }
  | { readonly dtype: 'float16' }

/** One weight of a manifest. */
export interface TfjsWeight {
  readonly name: string
  readonly shape: readonly number[]
  readonly dtype: 'float32' | 'int32' | 'bool'
  readonly quantization?: TfjsQuantization
}

/** Weights that lie one after the other in files that follow each other. */
export interface TfjsWeightGroup {
  readonly paths: readonly string[]
  readonly weights: readonly TfjsWeight[]
}

/** A `model.json`. */
export interface TfjsModel {
  /** Absent in a file of weights alone. */
  readonly topology: TfjsTopology | undefined
  readonly groups: readonly TfjsWeightGroup[]
}

const fail = (problem: string, got: string, expected?: string): never => {
  throw new FormatError({ op: 'tfjs', problem, got, expected })
}

const quantizationOf = (value: JsonValue | undefined, name: string): TfjsQuantization | undefined => {
  if (value === undefined || value === null) return undefined
  const [dtype, scale, min] = value instanceof Map ? [value.get('dtype'), value.get('scale'), value.get('min')] : []
  if (dtype === 'float16') return { dtype }
  if ((dtype === 'uint8' || dtype === 'uint16') && typeof scale === 'number' && typeof min === 'number')
    return { dtype, scale, min }
  return fail(
    `the quantization of ${excerpt(name)} is not supported`,
    value instanceof Map ? excerpt([...value.values()]) : excerpt(value),
    'float16, or uint8 or uint16 with scale and min',
  )
}

const weightOf = (value: JsonValue): TfjsWeight => {
  if (!(value instanceof Map)) return fail('a weight is not an object', excerpt(value))
  const [name, shape, dtype] = [value.get('name'), value.get('shape'), value.get('dtype')]
  if (typeof name !== 'string' || !Array.isArray(shape))
    return fail('a weight has no name or no shape', excerpt([...value.keys()]))
  if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool')
    return fail(`the dtype of ${excerpt(name)} is not supported`, excerpt(dtype), 'float32, int32 or bool')
  countOf('tfjs', shape, `of ${excerpt(name)}`)
  const quantization = quantizationOf(value.get('quantization'), name)
  if (quantization && dtype === 'bool') return fail(`${excerpt(name)} is bool and quantized`, quantization.dtype)
  return { name, shape: shape.map(Number), dtype, ...(quantization && { quantization }) }
}

const groupOf = (value: JsonValue): TfjsWeightGroup => {
  const [paths, weights] = value instanceof Map ? [value.get('paths'), value.get('weights')] : []
  if (!Array.isArray(paths) || !Array.isArray(weights))
    return fail('a weight group is not valid', excerpt(value), 'paths and weights')
  const checked = paths.map((path) =>
    typeof path === 'string' ? checkRelativePath('tfjs', path) : fail('a path is not a string', excerpt(path)),
  )
  return { paths: checked, weights: weights.map(weightOf) }
}

const topologyIn = (file: JsonMap): TfjsTopology | undefined => {
  const format = file.get('format') ?? 'layers-model'
  if (format !== 'layers-model') return fail('the format is not supported', excerpt(format), 'layers-model')
  const topology = file.get('modelTopology')
  return topology === undefined || topology === null ? undefined : topologyOf(topology)
}

const checkUnique = (problem: string, names: readonly string[]): void => {
  const seen = new Set<string>()
  for (const name of names) {
    if (seen.has(name)) fail(problem, excerpt(name))
    seen.add(name)
  }
}

/**
 * Reads the `model.json` of a TensorFlow.js layers model, or a weight manifest alone.
 * @returns the layers, and where the weights lie: fetch the files of all `paths` for {@link readTfjsWeights}
 * @throws FormatError when it is not such a file, two weights or files have one name, or a
 *   path leaves its folder.
 * @source The layers format of tfjs 4.22
 */
export const readTfjsModel = (bytes: Uint8Array): TfjsModel => {
  const json = parseJson('tfjs', bytes)
  const isMap = json instanceof Map
  const manifest = isMap ? (json.get('weightsManifest') ?? []) : json
  if (!Array.isArray(manifest)) return fail('the weight manifest is not a list', excerpt(manifest))
  const groups = manifest.map(groupOf)
  checkUnique(
    'two weights have one name',
    groups.flatMap((group) => group.weights.map(({ name }) => name)),
  )
  checkUnique(
    'a weight file comes twice',
    groups.flatMap((group) => group.paths),
  )
  return { topology: isMap ? topologyIn(json) : undefined, groups }
}

const widths: Readonly<Record<string, number>> = { float32: 4, int32: 4, bool: 1, uint8: 1, uint16: 2, float16: 2 }

const dequantize = (bytes: Uint8Array, { dtype, shape }: TfjsWeight, quantization: TfjsQuantization): ArrayData => {
  const width = widths[quantization.dtype]
  const { data } = width === 1 ? { data: bytes } : arrayFromBytes('u16', shape, bytes)
  const isInt = dtype === 'int32'
  const out = isInt ? new Int32Array(data.length) : new Float32Array(data.length)
  for (let i = 0; i < out.length; i++) {
    const raw = Number(data[i])
    const value = quantization.dtype === 'float16' ? halfToFloat(raw) : raw * quantization.scale + quantization.min
    out[i] = isInt ? Math.round(value) : value
  }
  return out instanceof Int32Array ? { dtype: 'i32', shape, data: out } : { dtype: 'f32', shape, data: out }
}

const decode = (bytes: Uint8Array, weight: TfjsWeight): ArrayData => {
  if (weight.quantization) return dequantize(bytes, weight, weight.quantization)
  if (weight.dtype === 'float32') return arrayFromBytes('f32', weight.shape, bytes)
  return arrayFromBytes(weight.dtype === 'int32' ? 'i32' : 'bool', weight.shape, bytes)
}

const join = ({ paths }: TfjsWeightGroup, files: ReadonlyMap<string, Uint8Array>): Uint8Array => {
  const parts = paths.map((path) => files.get(path) ?? fail('a weight file is missing', excerpt(path)))
  if (parts.length === 1) return parts[0]
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/**
 * Reads the weights of a {@link readTfjsModel model}. Quantized ones are widened to f32 or i32.
 * @param files - the bytes of each file by its path in the model
 * @throws FormatError when a file is missing, or the files are not exactly as long as the shapes say; then no weight
 *   is returned.
 * @source The layers format of tfjs 4.22
 */
export const readTfjsWeights = (
  model: Pick<TfjsModel, 'groups'>,
  files: ReadonlyMap<string, Uint8Array>,
): Map<string, ArrayData> => {
  const arrays = new Map<string, ArrayData>()
  for (const group of model.groups) {
    const bytes = join(group, files)
    let at = 0
    for (const weight of group.weights) {
      const { name, shape, dtype, quantization } = weight
      const end = at + countOf('tfjs', shape, `of ${excerpt(name)}`) * widths[quantization?.dtype ?? dtype]
      if (end > bytes.length)
        return fail(`${excerpt(name)} exceeds the weight files`, `bytes ${at} to ${end}`, `at most ${bytes.length}`)
      arrays.set(name, decode(bytes.subarray(at, end), weight))
      at = end
    }
    if (at !== bytes.length)
      return fail(
        'the weight files hold more than the weights',
        `${bytes.length} bytes in ${excerpt(group.paths)}`,
        `${at}`,
      )
  }
  return arrays
}

/** What {@link writeTfjsWeights} takes. */
export interface TfjsWriteOptions {
  /** Store f32 weights in fewer bits. Default: as they are. */
  readonly quantize?: 'uint8' | 'uint16' | 'float16'
  /** Bytes of a file, above 0. Default 4 MB, as TensorFlow.js. */
  readonly shardBytes?: number
  /** The Keras model, for a whole `model.json`. */
  readonly topology?: { readonly [name: string]: unknown }
}

const quantize = (
  data: Float32Array,
  dtype: 'uint8' | 'uint16' | 'float16',
): { quantization: TfjsQuantization; bytes: Uint8Array } => {
  if (dtype === 'float16')
    return {
      quantization: { dtype },
      bytes: bytesOfArray({ dtype: 'u16', shape: [], data: Uint16Array.from(data, floatToHalf) }),
    }
  const levels = dtype === 'uint8' ? 255 : 65535
  let min = Infinity
  let max = -Infinity
  for (const x of data) {
    if (!Number.isFinite(x))
      throw new ValueError({
        op: 'writeTfjsWeights',
        problem: 'a weight cannot be quantized',
        got: String(x),
        expected: 'finite values',
        advice: 'Use float16',
      })
    min = Math.min(min, x)
    max = Math.max(max, x)
  }
  if (data.length === 0) min = max = 0
  const scale = max > min ? (max - min) / levels : 1
  const toStep = (x: number): number => Math.round((x - min) / scale)
  const steps = dtype === 'uint8' ? Uint8Array.from(data, toStep) : Uint16Array.from(data, toStep)
  return { quantization: { dtype, scale, min }, bytes: new Uint8Array(steps.buffer) }
}

const specOf = (name: string, array: ArrayData, options: TfjsWriteOptions): { spec: TfjsWeight; bytes: Uint8Array } => {
  checkArray('writeTfjsWeights', name, array)
  const { shape } = array
  if (array.dtype === 'f32' && options.quantize) {
    const { quantization, bytes } = quantize(array.data, options.quantize)
    return { spec: { name, shape, dtype: 'float32', quantization }, bytes }
  }
  const dtype =
    array.dtype === 'f32' ? 'float32' : array.dtype === 'i32' ? 'int32' : array.dtype === 'bool' ? 'bool' : undefined
  if (dtype === undefined)
    throw new DTypeError({
      op: 'writeTfjsWeights',
      problem: `TensorFlow.js cannot hold ${excerpt(name)}`,
      got: array.dtype,
      expected: 'f32, i32 or bool',
    })
  return { spec: { name, shape, dtype }, bytes: bytesOfArray(array) }
}

/**
 * Writes weights as TensorFlow.js lays them out: a `model.json` and weight files beside it.
 * @returns the file contents by path
 * @throws DTypeError for types other than f32, i32 and bool; ValueError when a weight to quantize is not finite.
 * @source The layers format of tfjs 4.22
 * @example
 * const files = writeTfjsWeights(new Map([['w', { dtype: 'i32', shape: [1], data: Int32Array.of(5) }]]))
 * const model = readTfjsModel(files.get('model.json') ?? new Uint8Array())
 * readTfjsWeights(model, files).get('w')?.data // => [5]
 */
export const writeTfjsWeights = (
  weights: Iterable<readonly [string, ArrayData]>,
  options: TfjsWriteOptions = {},
): Map<string, Uint8Array> => {
  const { shardBytes = 4194304, topology } = options
  if (!(Number.isSafeInteger(shardBytes) && shardBytes > 0))
    throw new ValueError({
      op: 'writeTfjsWeights',
      problem: 'not a file size',
      got: `shardBytes ${shardBytes}`,
      expected: 'an integer above 0',
    })
  const parts = [...weights].map(([name, array]) => specOf(name, array, options))
  const all = new Uint8Array(parts.reduce((sum, { bytes }) => sum + bytes.length, 0))
  let at = 0
  for (const { bytes } of parts) {
    all.set(bytes, at)
    at += bytes.length
  }
  const shards = Math.max(1, Math.ceil(all.length / shardBytes))
  const paths = Array.from({ length: shards }, (_, i) => `group1-shard${i + 1}of${shards}`)
  const weightsManifest = [{ paths, weights: parts.map(({ spec }) => spec) }]
  const model = {
    format: 'layers-model',
    generatedBy: 'Lanewise',
    convertedBy: null,
    ...(topology && { modelTopology: topology }),
    weightsManifest,
  }
  const files = new Map<string, Uint8Array>([['model.json', new TextEncoder().encode(JSON.stringify(model))]])
  paths.forEach((path, i) => files.set(path, all.subarray(i * shardBytes, (i + 1) * shardBytes)))
  return files
}
