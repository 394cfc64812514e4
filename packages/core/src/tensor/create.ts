import { defaultBackend } from '../backends/default.ts'
import type { Backend } from '../backends/backend.ts'
import { DTypeError, ShapeError, ValueError } from '../errors.ts'
import { allocate, type DType, type TypedArray } from './dtype.ts'
import { checkShape, show, sizeOf, type Shape } from './shape.ts'
import { Tensor } from './tensor.ts'

/** Numbers or booleans nested to any depth, or a typed array. */
export type TensorLike = number | boolean | readonly TensorLike[] | ArrayLikeOfNumbers

type ArrayLikeOfNumbers =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint8ClampedArray

/** Where and how a new tensor is made. */
export interface TensorOptions {
  /** Default f32; for typed arrays their own type; for booleans bool. */
  readonly dtype?: DType
  /** Default: the default backend. */
  readonly backend?: Backend
}

const isArray = (x: TensorLike): x is readonly TensorLike[] => Array.isArray(x)

const shapeOf = (value: TensorLike): number[] => {
  const shape: number[] = []
  let v: TensorLike | undefined = value
  while (v !== undefined && typeof v === 'object') {
    shape.push(v.length)
    v = isArray(v) ? v[0] : undefined
  }
  return shape
}

const fill = (value: TensorLike, shape: Shape, axis: number, out: TypedArray, at: number): number => {
  if (typeof value !== 'object') {
    if (axis !== shape.length) throw ragged(shape, 'a number')
    out[at] = Number(value)
    return at + 1
  }
  if (axis >= shape.length || value.length !== shape[axis]) throw ragged(shape, `an array of length ${value.length}`)
  if (isArray(value)) {
    for (const v of value) at = fill(v, shape, axis + 1, out, at)
    return at
  }
  out.set(value as ArrayLike<number>, at)
  return at + value.length
}

const ragged = (shape: Shape, got: string): ShapeError =>
  new ShapeError({
    op: 'tensor',
    problem: 'the nested arrays are ragged',
    got,
    expected: `arrays of shape ${show(shape)} throughout`,
  })

const firstScalar = (value: TensorLike): unknown => {
  let v: TensorLike | undefined = value
  while (v !== undefined && isArray(v)) v = v[0]
  return v
}

const dtypeOf = (value: TensorLike): DType => {
  const v = firstScalar(value)
  if (typeof v === 'boolean') return 'bool'
  if (v instanceof Int32Array) return 'i32'
  if (v instanceof Uint8Array || v instanceof Uint8ClampedArray) return 'u8'
  return 'f32'
}

const checkDType = (op: string, dtype: DType, backend: Backend): void => {
  if (backend.dtypes.includes(dtype)) return
  throw new DTypeError({
    op,
    problem: `the ${backend.name} backend does not store this dtype`,
    got: String(dtype),
    expected: backend.dtypes.join(', '),
    advice: dtype === 'f64' ? 'Use the reference backend for f64' : undefined,
  })
}

/** A tensor over `data`, which is copied; its length must fit the shape. */
export const fromData = (data: TypedArray, shape: Shape, dtype: DType, backend: Backend = defaultBackend()): Tensor => {
  checkShape('fromData', shape)
  checkDType('fromData', dtype, backend)
  if (data.length !== sizeOf(shape)) {
    throw new ShapeError({
      op: 'fromData',
      problem: 'the data does not fill the shape',
      got: `${data.length} elements for ${show(shape)}`,
      expected: `${sizeOf(shape)} elements`,
    })
  }
  return new Tensor(backend.upload(dtype, data), shape, dtype)
}

/**
 * A tensor of the given values.
 * @param value - a number, nested arrays, or a typed array
 * @param options - dtype and backend; `shape` for flat values, by default that of the nesting
 * @throws ShapeError when nested arrays are ragged or do not fill the shape.
 * @example
 * tensor([[1, 2], [3, 4]]).shape // => [2, 2]
 * tensor(new Int32Array([1, 2, 3])).dtype // => 'i32'
 * tensor([1, 2, 3, 4], { shape: [2, 2] }).toArray() // => [[1, 2], [3, 4]]
 */
export const tensor = (value: TensorLike, options: TensorOptions & { readonly shape?: Shape } = {}): Tensor => {
  const nested = shapeOf(value)
  const dtype = options.dtype ?? dtypeOf(value)
  const data = allocate(dtype, sizeOf(nested))
  fill(value, nested, 0, data, 0)
  if (dtype === 'bool') for (let i = 0; i < data.length; i++) data[i] = data[i] === 0 ? 0 : 1
  return fromData(data, options.shape ?? nested, dtype, options.backend)
}

/** A tensor filled with `value`. */
export const full = (shape: Shape, value: number, options: TensorOptions = {}): Tensor => {
  checkShape('full', shape)
  const dtype = options.dtype ?? 'f32'
  const data = allocate(dtype, sizeOf(shape))
  if (value !== 0) data.fill(value)
  return fromData(data, shape, dtype, options.backend)
}

/** A tensor of zeros. */
export const zeros = (shape: Shape, options?: TensorOptions): Tensor => full(shape, 0, options)

/** A tensor of ones. */
export const ones = (shape: Shape, options?: TensorOptions): Tensor => full(shape, 1, options)

/** Zeros of the shape, dtype and backend of `x`. */
export const zerosLike = (x: Tensor): Tensor => full(x.shape, 0, { dtype: x.dtype, backend: x.backend })

/** Ones, or another value, of the shape, dtype and backend of `x`. */
export const onesLike = (x: Tensor, value = 1): Tensor => full(x.shape, value, { dtype: x.dtype, backend: x.backend })

/**
 * The values start, start + step, ... below `end`.
 * @example
 * arange(0, 1, 0.25).toArray() // => [0, 0.25, 0.5, 0.75]
 */
export const arange = (start: number, end: number, step = 1, options: TensorOptions = {}): Tensor => {
  const count = Math.max(0, Math.ceil((end - start) / step))
  if (!Number.isFinite(count)) {
    throw new ValueError({
      op: 'arange',
      problem: 'the range has no end',
      got: `${start} to ${end} by ${step}`,
      expected: 'a finite range and a step that is not 0',
    })
  }
  const data = allocate(options.dtype ?? 'f32', count)
  for (let i = 0; i < count; i++) data[i] = start + i * step
  return fromData(data, [count], options.dtype ?? 'f32', options.backend)
}

/** `steps` values from `start` to `end`, both included, evenly spaced. */
export const linspace = (start: number, end: number, steps: number, options: TensorOptions = {}): Tensor => {
  const data = allocate(options.dtype ?? 'f32', steps)
  const step = steps > 1 ? (end - start) / (steps - 1) : 0
  // Counted from the nearer end, as PyTorch does, so that both ends are exact.
  for (let i = 0; i < steps; i++) data[i] = i < steps / 2 ? start + step * i : end - step * (steps - 1 - i)
  return fromData(data, [steps], options.dtype ?? 'f32', options.backend)
}

/** The identity matrix, n by m. */
export const eye = (n: number, m: number = n, options: TensorOptions = {}): Tensor => {
  const data = allocate(options.dtype ?? 'f32', n * m)
  for (let i = 0; i < Math.min(n, m); i++) data[i * m + i] = 1
  return fromData(data, [n, m], options.dtype ?? 'f32', options.backend)
}
