import { DTypeError } from '../errors.ts'
import { fromData } from '../tensor/create.ts'
import type { DType } from '../tensor/dtype.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Backend } from '../backends/backend.ts'
import type { ArrayData } from './array-data.ts'
import { toBfloat, toFloat32, toHalf, toInt32, toInt64 } from './convert.ts'
import { readNpy, writeNpy } from './npy.ts'
import { readNpz, writeNpz } from './npz.ts'
import { readSafetensors, writeSafetensors } from './safetensors.ts'

/** Where tensors of a file are put. */
export interface LoadTensorOptions {
  /** Default: the default backend. */
  readonly backend?: Backend
}

/** How tensors are stored. */
export interface SaveTensorOptions {
  /** Element type for f32 tensors. Default f32. */
  readonly floats?: 'f32' | 'f16' | 'bf16'
  /** Element type for i32 tensors: PyTorch's whole numbers are i64. Default i64. */
  readonly integers?: 'i64' | 'i32'
}

/** What {@link saveSafetensors} takes. */
export interface SafetensorsOptions extends SaveTensorOptions {
  /** Strings to store beside the tensors. */
  readonly metadata?: ReadonlyMap<string, string> | Readonly<Record<string, string>>
}

/** Named tensors, such as a state dict. */
export type NamedTensors = ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>

const entries = <T>(named: ReadonlyMap<string, T> | Readonly<Record<string, T>>): [string, T][] =>
  named instanceof Map ? [...named] : Object.entries(named)

/** The dtype in which an array of a file lives as a tensor. */
const dtypeOf = ({ dtype }: ArrayData): DType => {
  switch (dtype) {
    case 'f64':
    case 'f32':
    case 'f16':
    case 'bf16':
    case 'f8_e4m3':
    case 'f8_e5m2':
      return 'f32'
    case 'u8':
    case 'bool':
      return dtype
    default:
      return 'i32'
  }
}

/**
 * An array of a file as a tensor: floats become f32, integers i32 (checked), u8 and bool stay.
 * @throws ValueError when an integer does not fit i32.
 */
export const tensorOf = (array: ArrayData, name: string, { backend }: LoadTensorOptions = {}): Tensor => {
  const dtype = dtypeOf(array)
  const data = dtype === 'f32' ? toFloat32(array) : dtype === 'i32' ? toInt32(array, name) : (array.data as Uint8Array)
  return fromData(data.slice() as Parameters<typeof fromData>[0], array.shape, dtype, backend)
}

/** A tensor as an array for a file. */
export const arrayOf = (
  x: Tensor,
  data: ReturnType<Tensor['dataSync']>,
  options: SaveTensorOptions = {},
): ArrayData => {
  const { shape, dtype } = x
  const { floats = 'f32', integers = 'i64' } = options
  if (data instanceof Float64Array) return { dtype: 'f64', shape, data }
  if (data instanceof Int32Array)
    return integers === 'i64' ? { dtype: 'i64', shape, data: toInt64(data) } : { dtype: 'i32', shape, data }
  if (data instanceof Uint8Array) return { dtype: dtype === 'bool' ? 'bool' : 'u8', shape, data }
  if (floats === 'f16') return { dtype: 'f16', shape, data: toHalf(data) }
  if (floats === 'bf16') return { dtype: 'bf16', shape, data: toBfloat(data) }
  if (floats !== 'f32')
    throw new DTypeError({
      op: 'saveTensors',
      problem: 'no such element type',
      got: String(floats),
      expected: 'f32, f16 or bf16',
    })
  return { dtype: 'f32', shape, data }
}

const arraysOf = async (tensors: NamedTensors, options: SaveTensorOptions): Promise<Map<string, ArrayData>> => {
  const arrays = new Map<string, ArrayData>()
  for (const [name, x] of entries(tensors))
    arrays.set(name, arrayOf(x, x.backend.synchronous ? x.dataSync() : await x.data(), options))
  return arrays
}

const tensorsOf = (arrays: ReadonlyMap<string, ArrayData>, options: LoadTensorOptions): Map<string, Tensor> =>
  new Map([...arrays].map(([name, array]) => [name, tensorOf(array, name, options)]))

/**
 * Named tensors as the bytes of a safetensors file. Whole numbers are stored as i64, as PyTorch's are.
 * @throws DTypeError or ValueError when a tensor cannot be stored.
 * @example
 * const bytes = await saveSafetensors({ bias: tensor([1, 2]) })
 * loadSafetensors(bytes).get('bias').toArray() // => [1, 2]
 */
export const saveSafetensors = async (
  tensors: NamedTensors,
  options: SafetensorsOptions = {},
): Promise<Uint8Array<ArrayBuffer>> =>
  writeSafetensors(await arraysOf(tensors, options), entries(options.metadata ?? {}))

/**
 * The tensors of a safetensors file, for `loadStateDict`. Floats become f32, integers i32.
 * @throws FormatError when the file breaks a rule of the format; ValueError when an integer does not fit i32.
 * @example
 * const model = new Linear(2, 1)
 * const bytes = await saveSafetensors(model.stateDict())
 * model.loadStateDict(loadSafetensors(bytes)) // => { missing: [], unexpected: [] }
 */
export const loadSafetensors = (bytes: Uint8Array, options: LoadTensorOptions = {}): Map<string, Tensor> =>
  tensorsOf(readSafetensors(bytes).tensors, options)

/**
 * A tensor as the bytes of a NumPy `.npy` file.
 * @example loadNpy(await saveNpy(tensor([[1, 2]]))).toArray() // => [[1, 2]]
 */
export const saveNpy = async (x: Tensor, options: SaveTensorOptions = {}): Promise<Uint8Array<ArrayBuffer>> =>
  writeNpy(arrayOf(x, await x.data(), options))

/**
 * The tensor of a NumPy `.npy` file. Floats become f32, integers i32.
 * @throws FormatError when the file breaks a rule of the format; ValueError when an integer does not fit i32.
 */
export const loadNpy = (bytes: Uint8Array, options: LoadTensorOptions = {}): Tensor =>
  tensorOf(readNpy(bytes), 'the array', options)

/**
 * Named tensors as the bytes of a NumPy `.npz` archive.
 * @param options.compress - default false
 * @example
 * const bytes = await saveNpz({ x: tensor([1, 2]) })
 * const x = (await loadNpz(bytes)).get('x') // => [1, 2]
 */
export const saveNpz = async (
  tensors: NamedTensors,
  options: SaveTensorOptions & { readonly compress?: boolean } = {},
): Promise<Uint8Array<ArrayBuffer>> =>
  writeNpz(await arraysOf(tensors, options), { compress: options.compress ?? false })

/**
 * The tensors of a NumPy `.npz` archive. Floats become f32, integers i32.
 * @throws FormatError when the archive or an array in it is damaged; ValueError when an integer does not fit i32.
 */
export const loadNpz = async (bytes: Uint8Array, options: LoadTensorOptions = {}): Promise<Map<string, Tensor>> =>
  tensorsOf(await readNpz(bytes), options)
