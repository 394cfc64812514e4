import { noGrad } from '../autograd/modes.ts'
import { ShapeError, ValueError } from '../errors.ts'
import { stack } from '../ops/concat.ts'
import { fromData } from '../tensor/create.ts'
import { allocate, type TypedArray } from '../tensor/dtype.ts'
import { sameShape } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'

/** What {@link collate} makes of samples: tensors in the same nesting; text and the like stay lists. */
export type Collated<Sample> = Sample extends Tensor | number | boolean | TypedArray
  ? Tensor
  : Sample extends readonly unknown[]
    ? { -readonly [K in keyof Sample]: Collated<Sample[K]> }
    : Sample extends string
      ? string[]
      : Sample extends object
        ? { [K in keyof Sample]: Collated<Sample[K]> }
        : Sample[]

const stackTensors = (xs: readonly Tensor[]): Tensor => {
  const [first] = xs
  for (const x of xs) {
    if (sameShape(x.shape, first.shape) && x.dtype === first.dtype) continue
    throw new ShapeError({
      op: 'collate',
      problem: 'samples differ in shape',
      got: `${first.toString()} and ${x.toString()}`,
      expected: 'equal shapes and dtypes',
      advice: 'Pad or crop them, or pass a collate function of your own',
    })
  }
  return noGrad(() => stack(xs))
}

const stackArrays = (xs: readonly TypedArray[]): Tensor => {
  const dtype =
    xs[0] instanceof Float64Array
      ? 'f64'
      : xs[0] instanceof Int32Array
        ? 'i32'
        : xs[0] instanceof Uint8Array
          ? 'u8'
          : 'f32'
  const width = xs[0].length
  const out = allocate(dtype === 'f64' ? 'f32' : dtype, xs.length * width)
  xs.forEach((x, i) => {
    if (x.length !== width)
      throw new ShapeError({
        op: 'collate',
        problem: 'samples differ in length',
        got: `${width} and ${x.length}`,
        expected: 'equal lengths',
      })
    out.set(x, i * width)
  })
  return fromData(out, [xs.length, width], dtype === 'f64' ? 'f32' : dtype)
}

/** Whole numbers are counts or classes and become i32; any fraction makes them f32. */
const stackNumbers = (xs: readonly number[]): Tensor =>
  xs.every((x) => Number.isInteger(x) && Math.abs(x) < 2 ** 31)
    ? fromData(Int32Array.from(xs), [xs.length], 'i32')
    : fromData(Float32Array.from(xs), [xs.length], 'f32')

const isTyped = (x: unknown): x is TypedArray => ArrayBuffer.isView(x) && !(x instanceof DataView)

const join = (samples: readonly unknown[]): unknown => {
  const [first] = samples
  if (first instanceof Tensor) return stackTensors(samples as Tensor[])
  if (typeof first === 'number') return stackNumbers(samples as number[])
  if (typeof first === 'boolean')
    return fromData(Uint8Array.from(samples as boolean[], Number), [samples.length], 'bool')
  if (isTyped(first)) return stackArrays(samples as TypedArray[])
  if (Array.isArray(first)) return first.map((_, i) => join(samples.map((s) => (s as unknown[])[i])))
  if (typeof first === 'object' && first !== null) {
    return Object.fromEntries(
      Object.keys(first).map((key) => [key, join(samples.map((s) => (s as Record<string, unknown>)[key]))]),
    )
  }
  return [...samples]
}

/**
 * Makes a batch of samples, as torch's default_collate: tensors and typed arrays are stacked, numbers become one
 * tensor (i32 if all are whole, else f32), arrays and objects are collated part by part, text stays a list.
 * @throws ShapeError when samples differ in shape, ValueError when there are none.
 * @example
 * const [x, y] = collate([[tensor([1, 2]), 0], [tensor([3, 4]), 1]])
 * x.toArray() // => [[1, 2], [3, 4]]
 */
export const collate = <Sample>(samples: readonly Sample[]): Collated<Sample> => {
  if (samples.length === 0)
    throw new ValueError({ op: 'collate', problem: 'there are no samples', expected: 'at least one' })
  return join(samples) as Collated<Sample>
}
