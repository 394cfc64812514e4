import { ShapeError } from '../errors.ts'
import { allocate, isFloat, type DType } from '../tensor/dtype.ts'
import { defaultBackend } from '../backends/default.ts'
import { fromData, type TensorOptions } from '../tensor/create.ts'
import { checkShape, show, sizeOf, type Shape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { needFloat } from '../ops/rules.ts'
import { defaultGenerator } from './default.ts'
import { multinomial as drawCategories } from './distributions.ts'
import type { FloatArray, Generator } from './generator.ts'

/** Where and how a random tensor is made. */
export interface RandomTensorOptions extends TensorOptions {
  /** Default: the default generator. */
  readonly generator?: Generator
}

/** A new tensor of `shape` that `draw` fills in logical order. */
const drawn = (
  op: string,
  shape: Shape,
  { dtype = 'f32', backend = defaultBackend() }: TensorOptions,
  draw: (out: FloatArray) => void,
): Tensor => {
  checkShape(op, shape)
  const out = dtype === 'f64' ? new Float64Array(sizeOf(shape)) : new Float32Array(sizeOf(shape))
  draw(out)
  return fromData(isFloat(dtype) ? out : converted(out, dtype), shape, dtype, backend)
}

const converted = (values: FloatArray, dtype: DType): ReturnType<typeof allocate> => {
  const out = allocate(dtype, values.length)
  out.set(values)
  return out
}

/**
 * Uniform draws from [0, 1), as torch.rand.
 * @example
 * manualSeed(0)
 * rand([2]).toArray() // => [0.49625659, 0.76822180]
 */
export const rand = (shape: Shape, options: RandomTensorOptions = {}): Tensor => uniform(0, 1, shape, options)

/**
 * Draws from the standard normal distribution, as torch.randn (to 1.2e-7).
 * @example
 * manualSeed(0)
 * randn([2]).toArray() // => [1.5410, -0.2934]
 */
export const randn = (shape: Shape, options: RandomTensorOptions = {}): Tensor => normal(0, 1, shape, options)

/**
 * Uniform draws from [from, to), as torch.Tensor.uniform_.
 * @throws ValueError when a bound is not finite or from > to.
 * @example
 * manualSeed(0)
 * uniform(-1, 1, [2]).toArray() // => [-0.0075, 0.5364]
 */
export const uniform = (from: number, to: number, shape: Shape, options: RandomTensorOptions = {}): Tensor =>
  drawn('uniform', shape, options, (out) => (options.generator ?? defaultGenerator()).uniform(out, from, to))

/**
 * Draws from a normal distribution, as torch.normal.
 * @throws ValueError when `std` is negative or either is not finite.
 * @example
 * manualSeed(0)
 * normal(10, 2, [1]).toArray() // => [13.0820]
 */
export const normal = (mean: number, std: number, shape: Shape, options: RandomTensorOptions = {}): Tensor =>
  drawn('normal', shape, options, (out) => (options.generator ?? defaultGenerator()).normal(out, mean, std))

/**
 * Integers drawn from [low, high), as torch.randint; dtype i32 unless another is given.
 * @throws ValueError when the bounds are not integers with low < high.
 * @example
 * manualSeed(0)
 * randint(0, 10, [3]).toArray() // => [4, 9, 3]
 */
export const randint = (low: number, high: number, shape: Shape, options: RandomTensorOptions = {}): Tensor => {
  checkShape('randint', shape)
  const dtype = options.dtype ?? 'i32'
  const out = allocate(dtype, sizeOf(shape))
  ;(options.generator ?? defaultGenerator()).integers(out, low, high)
  return fromData(out, shape, dtype, options.backend)
}

/**
 * A random order of 0 .. n-1 as i32, as torch.randperm.
 * @throws ValueError when n is not an integer in [0, 2^31).
 * @example
 * manualSeed(0)
 * randperm(4).toArray() // => [0, 1, 3, 2]
 */
export const randperm = (n: number, options: RandomTensorOptions = {}): Tensor => {
  const order = (options.generator ?? defaultGenerator()).randperm(n)
  const dtype = options.dtype ?? 'i32'
  const out = allocate(dtype, n)
  out.set(order)
  return fromData(out, [n], dtype, options.backend)
}

/**
 * 1 with the probability that stands in the same place of `p`, else 0, as torch.bernoulli.
 * @param p - f32 or f64 in [0, 1]; read synchronously
 * @throws ValueError when a probability is outside [0, 1].
 * @example
 * manualSeed(0)
 * bernoulli(tensor([0, 0.5, 1])).toArray() // => [0, 0, 1]
 */
export const bernoulli = (
  p: Tensor,
  { generator = defaultGenerator() }: { readonly generator?: Generator } = {},
): Tensor => {
  needFloat('bernoulli', p)
  const out = p.dataSync() as FloatArray & ReturnType<typeof allocate>
  generator.bernoulli(out, out.slice())
  return fromData(out, p.shape, p.dtype, p.backend)
}

/**
 * Draws `count` categories per row with probabilities in proportion to `weights`, as torch.multinomial.
 * Shape: weights [n] or [rows, n] -> i32 [count] or [rows, count].
 * @param weights - finite, >= 0, not all 0 in a row; read synchronously
 * @throws ValueError when the weights are not such, or `count` exceeds what can be drawn.
 * @example
 * manualSeed(0)
 * multinomial(tensor([0.1, 0.2, 0.7]), 2).toArray() // => [2, 1]
 */
export const multinomial = (
  weights: Tensor,
  count: number,
  options: { readonly replacement?: boolean; readonly generator?: Generator } = {},
): Tensor => {
  needFloat('multinomial', weights)
  if (weights.rank !== 1 && weights.rank !== 2) {
    throw new ShapeError({
      op: 'multinomial',
      problem: 'the rank does not fit',
      got: show(weights.shape),
      expected: '[n] or [rows, n]',
    })
  }
  const n = weights.shape[weights.rank - 1]
  const rows = weights.rank === 1 ? 1 : weights.shape[0]
  const data = weights.dataSync() as FloatArray
  const out = new Int32Array(rows * count)
  for (let row = 0; row < rows; row++)
    out.set(drawCategories(data.subarray(row * n, (row + 1) * n), count, options), row * count)
  return fromData(out, weights.rank === 1 ? [count] : [rows, count], 'i32', weights.backend)
}
