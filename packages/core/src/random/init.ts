import { ShapeError, ValueError } from '../errors.ts'
import { defaultGenerator } from './default.ts'
import { defaultStream } from './default-stream.ts'
import { truncNormal } from './distributions.ts'
import type { FloatArray, Generator } from './generator.ts'
import type { Stream } from './stream.ts'

/** Where an initialiser draws from. */
export interface RandomOptions {
  /** Default {@link defaultGenerator}. */
  readonly generator?: Generator
}

/** What follows the layer; decides the {@link calculateGain gain}. */
export type Nonlinearity = 'linear' | 'sigmoid' | 'tanh' | 'relu' | 'leakyRelu' | 'selu'

/** What the Kaiming initialisers take. */
export interface KaimingOptions extends RandomOptions {
  /** Negative slope of a leaky ReLU. Default 0. */
  readonly a?: number
  /** Whether to keep the variance of the activations or of the gradients. Default `fanIn`. */
  readonly mode?: 'fanIn' | 'fanOut'
  /** Default `leakyRelu`. */
  readonly nonlinearity?: Nonlinearity
}

/** What the Xavier initialisers and {@link orthogonal} take. */
export interface GainOptions extends RandomOptions {
  /** Factor on the spread. Default 1. */
  readonly gain?: number
}

type Shape = readonly number[]

const checkSize = (op: string, data: FloatArray, shape: Shape): void => {
  const size = shape.reduce((product, n) => product * n, 1)
  if (size === data.length) return
  throw new ShapeError({
    op,
    problem: 'the shape does not fit the data',
    got: `[${shape}]`,
    expected: `${data.length} elements`,
  })
}

const checkRank = (op: string, shape: Shape, low: number, high: number = low): void => {
  if (shape.length >= low && shape.length <= high) return
  const rank = high === low ? `${low}` : high === Infinity ? `${low} or more` : `${low} to ${high}`
  throw new ShapeError({ op, problem: 'the rank does not fit', got: `[${shape}]`, expected: `${rank} axes` })
}

/**
 * Inputs and outputs that one weight tensor of PyTorch's layout [out, in, ...kernel] connects.
 * @throws ShapeError when the shape has fewer than two axes.
 */
export const fans = (shape: Shape): { fanIn: number; fanOut: number } => fansOf('fans', shape)

const fansOf = (op: string, shape: Shape): { fanIn: number; fanOut: number } => {
  checkRank(op, shape, 2, Infinity)
  const receptive = shape.slice(2).reduce((product, n) => product * n, 1)
  return { fanIn: shape[1] * receptive, fanOut: shape[0] * receptive }
}

/**
 * The factor that keeps the variance through a nonlinearity.
 * @param slope - negative slope of `leakyRelu`. Default 0.01.
 */
export const calculateGain = (nonlinearity: Nonlinearity, slope: number = 0.01): number => {
  if (nonlinearity === 'tanh') return 5 / 3
  if (nonlinearity === 'relu') return Math.SQRT2
  if (nonlinearity === 'leakyRelu') return Math.sqrt(2 / (1 + slope * slope))
  if (nonlinearity === 'selu') return 3 / 4
  return 1
}

const SQRT_3 = 1.7320508075688772

const kaimingStd = (op: string, shape: Shape, options: KaimingOptions): number => {
  const { a = 0, mode = 'fanIn', nonlinearity = 'leakyRelu' } = options
  return calculateGain(nonlinearity, a) / Math.sqrt(fansOf(op, shape)[mode])
}

const xavierStd = (op: string, shape: Shape, gain: number): number => {
  const { fanIn, fanOut } = fansOf(op, shape)
  return gain * Math.sqrt(2 / (fanIn + fanOut))
}

/** The bound of {@link kaimingUniform}. */
export const kaimingBound = (shape: Shape, options: KaimingOptions = {}): number =>
  SQRT_3 * kaimingStd('kaimingUniform', shape, options)

/** A uniform fill with this standard deviation around 0. */
const uniformOfStd = <T extends FloatArray>(
  data: T,
  std: number,
  { generator = defaultStream() }: { readonly generator?: Stream },
): T => (data.length === 0 ? data : generator.uniform(data, -SQRT_3 * std, SQRT_3 * std))

const normalOfStd = <T extends FloatArray>(
  data: T,
  std: number,
  { generator = defaultGenerator() }: RandomOptions,
): T => (data.length === 0 ? data : generator.normal(data, 0, std))

/**
 * Fills a weight from U(-bound, bound), bound = gain sqrt(3 / fan), as `torch.nn.init.kaiming_uniform_`.
 * PyTorch's Linear and Conv layers draw their weights so, with a = sqrt 5.
 * @param data - the elements, in logical order
 * @param shape - PyTorch's layout [out, in, ...kernel]
 * @returns `data`
 * @throws ShapeError when the shape has fewer than two axes or does not fit the data.
 * @source He et al. 2015; checked against torch 1.13 in init.test.ts
 */
export const kaimingUniform = <T extends FloatArray>(data: T, shape: Shape, options: KaimingOptions = {}): T => {
  checkSize('kaimingUniform', data, shape)
  return uniformOfStd(data, kaimingStd('kaimingUniform', shape, options), options)
}

/**
 * Fills a weight from N(0, gain^2 / fan), as `torch.nn.init.kaiming_normal_`.
 * @param shape - PyTorch's layout [out, in, ...kernel]
 * @returns `data`
 * @throws ShapeError when the shape has fewer than two axes or does not fit the data.
 * @source He et al. 2015; checked against torch 1.13 in init.test.ts
 */
export const kaimingNormal = <T extends FloatArray>(data: T, shape: Shape, options: KaimingOptions = {}): T => {
  checkSize('kaimingNormal', data, shape)
  return normalOfStd(data, kaimingStd('kaimingNormal', shape, options), options)
}

/**
 * Fills a weight from U(-bound, bound), bound = gain sqrt(6 / (fanIn + fanOut)), as `torch.nn.init.xavier_uniform_`.
 * @param shape - PyTorch's layout [out, in, ...kernel]
 * @returns `data`
 * @throws ShapeError when the shape has fewer than two axes or does not fit the data.
 * @source Glorot and Bengio 2010; checked against torch 1.13 in init.test.ts
 */
export const xavierUniform = <T extends FloatArray>(data: T, shape: Shape, options: GainOptions = {}): T => {
  checkSize('xavierUniform', data, shape)
  return uniformOfStd(data, xavierStd('xavierUniform', shape, options.gain ?? 1), options)
}

/**
 * Fills a weight from N(0, gain^2 2 / (fanIn + fanOut)), as `torch.nn.init.xavier_normal_`.
 * @param shape - PyTorch's layout [out, in, ...kernel]
 * @returns `data`
 * @throws ShapeError when the shape has fewer than two axes or does not fit the data.
 * @source Glorot and Bengio 2010; checked against torch 1.13 in init.test.ts
 */
export const xavierNormal = <T extends FloatArray>(data: T, shape: Shape, options: GainOptions = {}): T => {
  checkSize('xavierNormal', data, shape)
  return normalOfStd(data, xavierStd('xavierNormal', shape, options.gain ?? 1), options)
}

/** What remains of a normal distribution's standard deviation when it is cut at two of them. */
const CUT_AT_TWO = 0.8796256610342398

/** Keras's truncated normal: cut at two standard deviations, then widened back to `std`. */
const cutNormalOfStd = <T extends FloatArray>(data: T, std: number, options: RandomOptions): T => {
  const wide = std / CUT_AT_TWO
  return truncNormal(data, { ...options, std: wide, a: -2 * wide, b: 2 * wide })
}

/**
 * Keras's `GlorotUniform`, the default of its layers: {@link xavierUniform} with gain 1.
 * @param shape - PyTorch's layout [out, in, ...kernel]; Keras's layouts have the same fans
 */
export const glorotUniform = <T extends FloatArray>(data: T, shape: Shape, options: RandomOptions = {}): T =>
  xavierUniform(data, shape, options)

/**
 * Keras's `GlorotNormal`: a normal distribution cut at two standard deviations, of variance 2 / (fanIn + fanOut).
 * @param shape - PyTorch's layout [out, in, ...kernel]
 */
export const glorotNormal = <T extends FloatArray>(data: T, shape: Shape, options: RandomOptions = {}): T => {
  checkSize('glorotNormal', data, shape)
  return cutNormalOfStd(data, xavierStd('glorotNormal', shape, 1), options)
}

/**
 * Keras's `LecunUniform`: uniform, of variance 1 / fanIn.
 * @param shape - PyTorch's layout [out, in, ...kernel]
 * @source LeCun et al. 1998
 */
export const lecunUniform = <T extends FloatArray>(data: T, shape: Shape, options: RandomOptions = {}): T => {
  checkSize('lecunUniform', data, shape)
  return uniformOfStd(data, 1 / Math.sqrt(fansOf('lecunUniform', shape).fanIn), options)
}

/**
 * Keras's `LecunNormal`: a normal distribution cut at two standard deviations, of variance 1 / fanIn.
 * @param shape - PyTorch's layout [out, in, ...kernel]
 * @source LeCun et al. 1998
 */
export const lecunNormal = <T extends FloatArray>(data: T, shape: Shape, options: RandomOptions = {}): T => {
  checkSize('lecunNormal', data, shape)
  return cutNormalOfStd(data, 1 / Math.sqrt(fansOf('lecunNormal', shape).fanIn), options)
}

/**
 * Keras's `HeUniform`: uniform, of variance 2 / fanIn.
 * @param shape - PyTorch's layout [out, in, ...kernel]
 */
export const heUniform = <T extends FloatArray>(data: T, shape: Shape, options: RandomOptions = {}): T =>
  kaimingUniform(data, shape, options)

/**
 * Keras's `HeNormal`: a normal distribution cut at two standard deviations, of variance 2 / fanIn.
 * @param shape - PyTorch's layout [out, in, ...kernel]
 */
export const heNormal = <T extends FloatArray>(data: T, shape: Shape, options: RandomOptions = {}): T => {
  checkSize('heNormal', data, shape)
  return cutNormalOfStd(data, kaimingStd('heNormal', shape, {}), options)
}

/**
 * The orthonormal rows (or columns, if there are fewer) of a tall matrix by Householder reflections,
 * with the signs that make R's diagonal positive. `a` is row-major [rows, cols], rows >= cols, and is overwritten.
 */
const orthonormalise = (a: Float64Array, rows: number, cols: number): void => {
  const reflections: Float64Array[] = []
  const signs = new Float64Array(cols)
  for (let k = 0; k < cols; k++) {
    const v = new Float64Array(rows - k)
    for (let i = k; i < rows; i++) v[i - k] = a[i * cols + k]
    const norm = Math.sqrt(dot(v, v))
    signs[k] = v[0] > 0 ? -1 : 1
    v[0] += v[0] > 0 ? norm : -norm
    const length = Math.sqrt(dot(v, v))
    if (length > 0) for (let i = 0; i < v.length; i++) v[i] /= length
    reflect(a, cols, v, k, k)
    reflections.push(v)
  }
  a.fill(0)
  for (let k = 0; k < cols; k++) a[k * cols + k] = 1
  for (let k = cols - 1; k >= 0; k--) reflect(a, cols, reflections[k], k, k)
  for (let i = 0; i < rows; i++) for (let k = 0; k < cols; k++) a[i * cols + k] *= signs[k]
}

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

/** a -= 2 v (v' a) on the rows from `top` and the columns from `left`. */
const reflect = (a: Float64Array, cols: number, v: Float64Array, top: number, left: number): void => {
  const products = new Float64Array(cols)
  for (let i = 0; i < v.length; i++) {
    const row = (top + i) * cols
    for (let j = left; j < cols; j++) products[j] += v[i] * a[row + j]
  }
  for (let i = 0; i < v.length; i++) {
    const row = (top + i) * cols
    for (let j = left; j < cols; j++) a[row + j] -= 2 * v[i] * products[j]
  }
}

/**
 * Fills a weight with orthonormal rows (or columns, if there are fewer) times `gain`, as `torch.nn.init.orthogonal_`:
 * the Q of a normal matrix, signed so that R's diagonal is positive.
 * @param shape - two axes or more; those after the first are one
 * @returns `data`
 * @throws ShapeError when the shape has fewer than two axes or does not fit the data.
 * @source Saxe et al. 2013; checked against torch 1.13 in init.test.ts
 */
export const orthogonal = <T extends FloatArray>(data: T, shape: Shape, options: GainOptions = {}): T => {
  const { gain = 1, generator = defaultGenerator() } = options
  checkSize('orthogonal', data, shape)
  checkRank('orthogonal', shape, 2, Infinity)
  if (data.length === 0) return data
  const outer = shape[0]
  const inner = data.length / outer
  const wide = outer < inner
  generator.normal(data)
  const rows = wide ? inner : outer
  const cols = wide ? outer : inner
  const matrix = new Float64Array(data.length)
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < cols; j++) matrix[i * cols + j] = data[wide ? j * inner + i : i * inner + j]
  orthonormalise(matrix, rows, cols)
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < cols; j++) data[wide ? j * inner + i : i * inner + j] = gain * matrix[i * cols + j]
  return data
}

/**
 * Fills a matrix from N(0, std^2), then sets the same share of each column to 0, as `torch.nn.init.sparse_`.
 * @param options.sparsity - share of zeros in a column, in [0, 1]
 * @param options.std - Default 0.01.
 * @returns `data`
 * @throws ShapeError when the shape is not a matrix or does not fit the data.
 * @throws ValueError when `sparsity` is outside [0, 1].
 * @source Martens 2010; checked against torch 1.13 in init.test.ts
 */
export const sparse = <T extends FloatArray>(
  data: T,
  shape: Shape,
  options: RandomOptions & { readonly sparsity: number; readonly std?: number },
): T => {
  const { sparsity, std = 0.01, generator = defaultGenerator() } = options
  checkSize('sparse', data, shape)
  checkRank('sparse', shape, 2)
  if (!(sparsity >= 0 && sparsity <= 1)) {
    throw new ValueError({
      op: 'sparse',
      problem: 'not a share',
      got: `sparsity ${sparsity}`,
      expected: 'a number in [0, 1]',
    })
  }
  const [rows, cols] = shape
  const zeros = Math.ceil(sparsity * rows)
  generator.normal(data, 0, std)
  for (let column = 0; column < cols; column++) {
    for (const row of generator.randperm(rows).subarray(0, zeros)) data[row * cols + column] = 0
  }
  return data
}

/**
 * Fills a matrix with the identity, as `torch.nn.init.eye_`.
 * @returns `data`
 * @throws ShapeError when the shape is not a matrix or does not fit the data.
 */
export const eye = <T extends FloatArray>(data: T, shape: Shape): T => {
  checkSize('eye', data, shape)
  checkRank('eye', shape, 2)
  data.fill(0)
  for (let i = 0; i < Math.min(shape[0], shape[1]); i++) data[i * shape[1] + i] = 1
  return data
}

/**
 * Fills a convolution's weight so that it copies its input channels, as `torch.nn.init.dirac_`.
 * @param shape - [out, in, ...kernel] with one to three kernel axes
 * @param options.groups - Default 1; must divide the output channels.
 * @returns `data`
 * @throws ShapeError when the shape is not such, does not fit the data, or does not divide into the groups.
 */
export const dirac = <T extends FloatArray>(data: T, shape: Shape, options: { readonly groups?: number } = {}): T => {
  const { groups = 1 } = options
  checkSize('dirac', data, shape)
  checkRank('dirac', shape, 3, 5)
  if (!(Number.isInteger(groups) && groups >= 1 && shape[0] % groups === 0)) {
    throw new ShapeError({
      op: 'dirac',
      problem: 'the groups do not divide the output channels',
      got: `[${shape}], groups ${groups}`,
    })
  }
  const perGroup = shape[0] / groups
  const kernel = shape.slice(2)
  const taps = kernel.reduce((product, n) => product * n, 1)
  const middle = kernel.reduce((index, n) => index * n + Math.floor(n / 2), 0)
  data.fill(0)
  for (let o = 0; o < shape[0]; o++) {
    const i = o % perGroup
    if (i < Math.min(perGroup, shape[1])) data[(o * shape[1] + i) * taps + middle] = 1
  }
  return data
}

/** Fills from U(from, to), as `torch.nn.init.uniform_`. Defaults 0 and 1. */
export const uniform = <T extends FloatArray>(
  data: T,
  options: RandomOptions & { readonly from?: number; readonly to?: number } = {},
): T => (options.generator ?? defaultStream()).uniform(data, options.from ?? 0, options.to ?? 1)

/** Fills from N(mean, std^2), as `torch.nn.init.normal_`. Defaults 0 and 1. */
export const normal = <T extends FloatArray>(
  data: T,
  options: RandomOptions & { readonly mean?: number; readonly std?: number } = {},
): T => (options.generator ?? defaultGenerator()).normal(data, options.mean ?? 0, options.std ?? 1)

/** Fills with one value. */
export const constant = <T extends FloatArray>(data: T, value: number): T => {
  data.fill(value)
  return data
}

/** Fills with 0. */
export const zeros = <T extends FloatArray>(data: T): T => constant(data, 0)

/** Fills with 1. */
export const ones = <T extends FloatArray>(data: T): T => constant(data, 1)
