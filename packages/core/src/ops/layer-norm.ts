import { norm as kernels } from '@lanewise/kernels-wasm/norm'
import { apply, applyAll } from '../autograd/apply.ts'
import type { OpDef, TensorSpec } from '../autograd/op.ts'
import { ShapeError } from '../errors.ts'
import { sameShape, show, sizeOf, type Shape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { affinePair } from './batch-norm.ts'
import { add, mul } from './binary.ts'
import { moments, normGradient, toGamma } from './norm-gradient.ts'
import { mean } from './reduce.ts'
import { needFloat, needSameDType } from './rules.ts'
import { rsqrt, square } from './unary.ts'

interface Attrs {
  /** Elements in a row: the product of the normalised axes. */
  readonly n: number
  /** How many of the last axes are normalised. */
  readonly axes: number
  readonly eps: number
}

const layerNormOp: OpDef<Attrs> = {
  name: 'layerNorm',
  hidden: 2,
  savesInputs: [0, 1],
  savesOutputs: [1, 2],
  infer: ([x], { n }): TensorSpec[] => {
    const perRow = { shape: [n === 0 ? 0 : x.size / n], dtype: x.dtype }
    return [{ shape: x.shape, dtype: x.dtype }, perRow, perRow]
  },
  reference: ([x, gamma, beta], { n, eps }, [y, mean, invstd]) => {
    for (let row = 0; row < mean.data.length; row++) {
      const m = moments(x, n, (i) => row * n + i, eps)
      mean.data[row] = m.mean
      invstd.data[row] = m.invstd
      for (let i = 0; i < n; i++) {
        const [g, b] = gamma === undefined ? [1, 0] : [gamma.data[i], beta.data[i]]
        y.data[row * n + i] = (x.data[row * n + i] - m.mean) * m.invstd * g + b
      }
    }
  },
  wasm: (k, [x, gamma, beta], { n, eps }, specs) => {
    if (x.dtype !== 'f32' || x.size === 0) return null
    const [y, mean, invstd] = specs.map(({ shape, dtype }) => k.empty(shape, dtype))
    const [pGamma, pBeta] = gamma === undefined ? [0, 0] : [k.contiguousPtr(gamma), k.contiguousPtr(beta)]
    k.use(kernels).f32_layer_norm(
      k.contiguousPtr(x),
      k.ptr(y),
      pGamma,
      pBeta,
      k.ptr(mean),
      k.ptr(invstd),
      mean.size,
      n,
      eps,
    )
    return [y, mean, invstd]
  },
  gradient: (c, [dy]) => {
    const affine = c.inputSpecs.length > 1
    const x = c.input(0)
    const gamma = affine ? c.input(1) : null
    if (c.fused) {
      const inputs = [x, dy!, c.output(1), c.output(2)]
      return applyAll(
        affine ? layerNormGradOp : layerNormPlainGradOp,
        gamma === null ? inputs : [...inputs, gamma],
        c.attrs,
      )
    }
    const axes = x.shape.map((_, i) => i).slice(x.rank - c.attrs.axes)
    const { dx, dGamma } = normGradient({ x, dy: dy!, gamma, axes, eps: c.attrs.eps })
    if (gamma === null) return [dx]
    return [dx, toGamma(dGamma, gamma.shape, gamma.shape), toGamma(dy!, gamma.shape, gamma.shape)]
  },
}

/** dx, and dgamma and dbeta where there is a gamma; the inputs are x, dy, mean, invstd and gamma. */
const layerNormGradOp: OpDef<Attrs> = {
  name: 'layerNormGrad',
  infer: ([x, , , , gamma]) => {
    const perGamma = { shape: gamma.shape, dtype: x.dtype }
    return [{ shape: x.shape, dtype: x.dtype }, perGamma, perGamma]
  },
  reference: ([x, dy, mean, invstd, gamma], { n }, [dx, dGamma, dBeta]) => {
    rowGradients(x.data, dy.data, mean.data, invstd.data, n, (i) => gamma.data[i], dx.data)
    for (let i = 0; i < x.data.length; i++) {
      const row = Math.floor(i / n)
      dGamma.data[i % n] += dy.data[i] * (x.data[i] - mean.data[row]) * invstd.data[row]
      dBeta.data[i % n] += dy.data[i]
    }
  },
  wasm: (k, [x, dy, mean, invstd, gamma], { n }, specs) => {
    if (x.dtype !== 'f32' || x.size === 0) return null
    const [dx, dGamma, dBeta] = specs.map(({ shape, dtype }) => k.empty(shape, dtype))
    k.use(kernels).f32_layer_norm_grad(
      k.contiguousPtr(x),
      k.contiguousPtr(dy),
      k.contiguousPtr(gamma),
      k.ptr(mean),
      k.ptr(invstd),
      k.ptr(dx),
      k.ptr(dGamma),
      k.ptr(dBeta),
      mean.size,
      n,
    )
    return [dx, dGamma, dBeta]
  },
}

/** {@link layerNormGradOp} without gamma and beta. */
const layerNormPlainGradOp: OpDef<Attrs> = {
  name: 'layerNormPlainGrad',
  infer: ([x]) => [{ shape: x.shape, dtype: x.dtype }],
  reference: ([x, dy, mean, invstd], { n }, [dx]) =>
    rowGradients(x.data, dy.data, mean.data, invstd.data, n, () => 1, dx.data),
  wasm: (k, [x, dy, mean, invstd], { n }, [{ shape, dtype }]) => {
    if (x.dtype !== 'f32' || x.size === 0) return null
    const dx = k.empty(shape, dtype)
    k.use(kernels).f32_layer_norm_grad(
      k.contiguousPtr(x),
      k.contiguousPtr(dy),
      0,
      k.ptr(mean),
      k.ptr(invstd),
      k.ptr(dx),
      0,
      0,
      mean.size,
      n,
    )
    return [dx]
  },
}

type Numbers = Float32Array | Float64Array | Int32Array | Uint8Array

/** dx of each row: invstd (g - mean g - xhat mean(g xhat)) with g = dy gamma. */
const rowGradients = (
  x: Numbers,
  dy: Numbers,
  mean: Numbers,
  invstd: Numbers,
  n: number,
  gamma: (i: number) => number,
  dx: Numbers,
): void => {
  for (let row = 0; row < mean.length; row++) {
    const at = row * n
    const xhat = (i: number): number => (x[at + i] - mean[row]) * invstd[row]
    let [sum, product] = [0, 0]
    for (let i = 0; i < n; i++) {
      sum += dy[at + i] * gamma(i)
      product += dy[at + i] * gamma(i) * xhat(i)
    }
    for (let i = 0; i < n; i++) dx[at + i] = invstd[row] * (dy[at + i] * gamma(i) - sum / n - (xhat(i) * product) / n)
  }
}

/** Options of {@link layerNorm}. */
export interface LayerNormOptions {
  /** Of the normalised shape. Default 1. */
  readonly weight?: Tensor | null
  /** Of the normalised shape. Default 0. */
  readonly bias?: Tensor | null
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number
}

/** Checks that the last axes of x are `shape`, and so are the parameters. */
const checkNormalised = (op: string, x: Tensor, shape: Shape, parts: Readonly<Record<string, Tensor | null>>): void => {
  x.live(op)
  needFloat(op, x)
  if (shape.length === 0 || !sameShape(x.shape.slice(-shape.length), shape)) {
    throw new ShapeError({
      op,
      problem: 'the last axes are not the normalised shape',
      got: show(x.shape),
      expected: `[..., ${shape.join(', ')}]`,
    })
  }
  for (const [name, t] of Object.entries(parts)) {
    if (t === null) continue
    t.live(op)
    needSameDType(op, [x, t])
    if (!sameShape(t.shape, shape))
      throw new ShapeError({ op, problem: `${name} does not fit`, got: show(t.shape), expected: show(shape) })
  }
}

/**
 * Normalises the last axes to mean 0 and variance 1, as torch.nn.functional.layer_norm.
 * y = (x - mean) / sqrt(var + eps) weight + bias, with the biased variance.
 * Shape: x [..., ...normalizedShape] -> same.
 * @throws ShapeError when the last axes or the parameters are not of the normalised shape.
 * @source Checked against torch.nn.functional.layer_norm 1.13 in norm.test.ts
 * @example layerNorm(tensor([[1, 3]]), [2], { eps: 0 }).toArray() // => [[-1, 1]]
 */
export const layerNorm = (
  x: Tensor,
  normalizedShape: Shape,
  { weight = null, bias = null, eps = 1e-5 }: LayerNormOptions = {},
): Tensor => {
  checkNormalised('layerNorm', x, normalizedShape, { weight, bias })
  const affine = affinePair(x, normalizedShape, weight, bias)
  return apply(layerNormOp, [x, ...affine], { n: sizeOf(normalizedShape), axes: normalizedShape.length, eps })
}

/** Options of {@link rmsNorm}. */
export interface RmsNormOptions {
  /** Of the normalised shape. Default 1. */
  readonly weight?: Tensor | null
  /** Added to the mean square. Default 1.1920929e-7, the step of f32 at 1. */
  readonly eps?: number
}

/**
 * Divides by the root mean square of the last axes, as torch.nn.functional.rms_norm: y = x / sqrt(mean x^2 + eps) weight.
 * Shape: x [..., ...normalizedShape] -> same.
 * @throws ShapeError when the last axes or the weight are not of the normalised shape.
 * @source Zhang and Sennrich 2019; checked against the formula in PyTorch in norm.test.ts
 * @example rmsNorm(tensor([[3, 4, 0, 0]]), [4]).toArray() // => [[1.2, 1.6, 0, 0]]
 */
export const rmsNorm = (
  x: Tensor,
  normalizedShape: Shape,
  { weight = null, eps = 1.1920928955078125e-7 }: RmsNormOptions = {},
): Tensor => {
  checkNormalised('rmsNorm', x, normalizedShape, { weight })
  const axes = normalizedShape.map((_, i) => x.rank - normalizedShape.length + i)
  const y = mul(x, rsqrt(add(mean(square(x), axes, true), eps)))
  return weight === null ? y : mul(y, weight)
}
