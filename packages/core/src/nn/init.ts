import { noGrad } from '../autograd/modes.ts'
import { needFloat } from '../ops/rules.ts'
import { copyInto } from '../ops/in-place.ts'
import * as fills from '../random/init.ts'
import { truncNormal, type TruncNormalOptions } from '../random/distributions.ts'
import type { FloatArray } from '../random/generator.ts'
import { fromData } from '../tensor/create.ts'
import type { Shape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'

type Fill = (data: FloatArray, shape: Shape) => unknown

/** Overwrites `x`, outside of the graph. */
const overwrite = (op: string, x: Tensor, fill: Fill): Tensor => {
  x.live(op)
  needFloat(op, x)
  const data = x.dtype === 'f64' ? new Float64Array(x.size) : new Float32Array(x.size)
  fill(data, x.shape)
  noGrad(() => {
    const values = fromData(data, x.shape, x.dtype, x.backend)
    copyInto(x, values)
    values.dispose()
  })
  return x
}

/**
 * Fills `x` from U(-bound, bound), bound = gain sqrt(3 / fan), as torch.nn.init.kaiming_uniform_.
 * @returns `x`
 * @throws ShapeError when `x` has fewer than two axes.
 * @example
 * manualSeed(0)
 * initializers.kaimingUniform_(zeros([1, 2])).toArray() // => [[-0.0129676, 0.9291475]]
 */
export const kaimingUniform_ = (x: Tensor, options?: fills.KaimingOptions): Tensor =>
  overwrite('kaimingUniform_', x, (data, shape) => fills.kaimingUniform(data, shape, options))

/** Fills `x` from N(0, gain^2 / fan), as torch.nn.init.kaiming_normal_. Gives `x`. */
export const kaimingNormal_ = (x: Tensor, options?: fills.KaimingOptions): Tensor =>
  overwrite('kaimingNormal_', x, (data, shape) => fills.kaimingNormal(data, shape, options))

/** Fills `x` from U(-bound, bound), bound = gain sqrt(6 / (fanIn + fanOut)), as torch.nn.init.xavier_uniform_. Gives `x`. */
export const xavierUniform_ = (x: Tensor, options?: fills.GainOptions): Tensor =>
  overwrite('xavierUniform_', x, (data, shape) => fills.xavierUniform(data, shape, options))

/** Fills `x` from N(0, gain^2 2 / (fanIn + fanOut)), as torch.nn.init.xavier_normal_. Gives `x`. */
export const xavierNormal_ = (x: Tensor, options?: fills.GainOptions): Tensor =>
  overwrite('xavierNormal_', x, (data, shape) => fills.xavierNormal(data, shape, options))

/** Fills `x` with orthonormal rows or columns times `gain`, as torch.nn.init.orthogonal_. Gives `x`. */
export const orthogonal_ = (x: Tensor, options?: fills.GainOptions): Tensor =>
  overwrite('orthogonal_', x, (data, shape) => fills.orthogonal(data, shape, options))

/** Fills the matrix `x` from N(0, std^2) with a share of zeros in each column, as torch.nn.init.sparse_. Gives `x`. */
export const sparse_ = (
  x: Tensor,
  options: fills.RandomOptions & { readonly sparsity: number; readonly std?: number },
): Tensor => overwrite('sparse_', x, (data, shape) => fills.sparse(data, shape, options))

/** Fills `x` from a normal distribution cut to [a, b], as torch.nn.init.trunc_normal_. Gives `x`. */
export const truncNormal_ = (x: Tensor, options?: TruncNormalOptions): Tensor =>
  overwrite('truncNormal_', x, (data) => truncNormal(data, options))

/** Fills `x` from U(from, to), as torch.nn.init.uniform_. Defaults 0 and 1. Gives `x`. */
export const uniform_ = (
  x: Tensor,
  options?: fills.RandomOptions & { readonly from?: number; readonly to?: number },
): Tensor => overwrite('uniform_', x, (data) => fills.uniform(data, options))

/** Fills `x` from N(mean, std^2), as torch.nn.init.normal_. Defaults 0 and 1. Gives `x`. */
export const normal_ = (
  x: Tensor,
  options?: fills.RandomOptions & { readonly mean?: number; readonly std?: number },
): Tensor => overwrite('normal_', x, (data) => fills.normal(data, options))

/** Fills `x` with one value, as torch.nn.init.constant_. Gives `x`. @example initializers.constant_(zeros([2]), 3).toArray() // => [3, 3] */
export const constant_ = (x: Tensor, value: number): Tensor =>
  overwrite('constant_', x, (data) => fills.constant(data, value))

/** Fills `x` with 0, as torch.nn.init.zeros_. Gives `x`. */
export const zeros_ = (x: Tensor): Tensor => constant_(x, 0)

/** Fills `x` with 1, as torch.nn.init.ones_. Gives `x`. */
export const ones_ = (x: Tensor): Tensor => constant_(x, 1)

/** Fills the matrix `x` with the identity, as torch.nn.init.eye_. Gives `x`. @example initializers.eye_(zeros([2, 2])).toArray() // => [[1, 0], [0, 1]] */
export const eye_ = (x: Tensor): Tensor => overwrite('eye_', x, (data, shape) => fills.eye(data, shape))

/** Fills a convolution's weight so that it copies its input channels, as torch.nn.init.dirac_. Gives `x`. */
export const dirac_ = (x: Tensor, options?: { readonly groups?: number }): Tensor =>
  overwrite('dirac_', x, (data, shape) => fills.dirac(data, shape, options))
