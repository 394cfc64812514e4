import { norm as kernels } from '@lanewise/kernels-wasm/norm'
import { apply, applyAll } from '../autograd/apply.ts'
import type { GradientContext } from '../autograd/node.ts'
import { noGrad } from '../autograd/modes.ts'
import type { NDArray, OpDef, TensorSpec } from '../autograd/op.ts'
import type { WasmBackend } from '../backends/wasm/wasm.ts'
import { ShapeError, ValueError } from '../errors.ts'
import { channelsLastStrides, contiguousStrides, isChannelsLast, show, sizeOf } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { zeros, ones } from '../tensor/create.ts'
import { add, mul, sub } from './binary.ts'
import { copyInto } from './in-place.ts'
import { moments, normGradient, toGamma } from './norm-gradient.ts'
import { needFloat, needSameDType } from './rules.ts'
import { rsqrt } from './unary.ts'
import { reshape } from './views.ts'

interface Attrs {
  readonly eps: number
}

/** The axes but the channel's. */
const axesOf = (rank: number): number[] => Array.from({ length: rank }, (_, i) => i).filter((i) => i !== 1)

/** [1, C, 1, ...]. */
const broadcastShape = (x: { readonly shape: readonly number[] }): number[] => x.shape.map((n, i) => (i === 1 ? n : 1))

/** Calls `visit` with the position of each element of channel `c` of [N, C, S]. */
const channelPositions = (x: NDArray, c: number): ((i: number) => number) => {
  const C = x.shape[1]
  const S = sizeOf(x.shape.slice(2))
  return (i) => (Math.floor(i / S) * C + c) * S + (i % S)
}

/** How a tensor is read by the kernels: rows of channels, or planes. */
const layoutOf = (x: Tensor): { last: boolean; strides: readonly number[]; M: number; S: number } => {
  const last = x.rank === 2 || isChannelsLast(x.shape, x.strides) || !x.contiguous
  const strides = last && x.rank > 2 ? channelsLastStrides(x.shape) : contiguousStrides(x.shape)
  return { last, strides, M: x.size / x.shape[1], S: sizeOf(x.shape.slice(2)) }
}

/** y = (x - mean) / sqrt(var + eps) gamma + beta with the batch's own statistics. */
const batchNormOp: OpDef<Attrs> = {
  name: 'batchNorm',
  hidden: 1,
  savesInputs: [0, 1],
  savesOutputs: [1, 3],
  infer: ([x]) => {
    const perChannel = { shape: [x.shape[1]], dtype: x.dtype }
    return [{ shape: x.shape, dtype: x.dtype }, perChannel, perChannel, perChannel]
  },
  reference: ([x, gamma, beta], { eps }, [y, mean, variance, invstd]) => {
    const C = x.shape[1]
    const count = x.data.length / C
    for (let c = 0; c < C; c++) {
      const at = channelPositions(x, c)
      const m = moments(x, count, at, eps)
      mean.data[c] = m.mean
      variance.data[c] = m.variance
      invstd.data[c] = m.invstd
      const [g, b] = gamma === undefined ? [1, 0] : [gamma.data[c], beta.data[c]]
      for (let i = 0; i < count; i++) y.data[at(i)] = (x.data[at(i)] - m.mean) * m.invstd * g + b
    }
  },
  wasm: (k, [x, gamma, beta], { eps }, specs) => {
    if (x.dtype !== 'f32' || x.size === 0) return null
    const { last, strides, M, S } = layoutOf(x)
    const [y, ...stats] = specs.map(({ shape, dtype }, i) => k.empty(shape, dtype, i === 0 ? strides : undefined))
    const [N, C] = x.shape
    const [pGamma, pBeta] = gamma === undefined ? [0, 0] : [k.contiguousPtr(gamma), k.contiguousPtr(beta)]
    const [pMean, pVar, pInvstd] = [k.ptr(stats[0]), k.ptr(stats[1]), k.ptr(stats[2])]
    const run = k.use(kernels)
    if (last) run.f32_batch_norm_nhwc(k.ptrAs(x, strides), k.ptr(y), pGamma, pBeta, pMean, pVar, pInvstd, M, C, eps)
    else run.f32_batch_norm_nchw(k.ptr(x), k.ptr(y), pGamma, pBeta, pMean, pVar, pInvstd, N, C, S, eps)
    return [y, ...stats]
  },
  gradient: (c, [dy]) => {
    const affine = c.inputSpecs.length > 1
    const x = c.input(0)
    if (c.fused) return fusedGradient(c, x, affine ? c.input(1) : null, c.output(1), c.output(3), dy!, true)
    const broadcast = broadcastShape(x)
    const gamma = affine ? reshape(c.input(1), broadcast) : null
    const { dx, dGamma } = normGradient({ x, dy: dy!, gamma, axes: axesOf(x.rank), eps: c.attrs.eps })
    return affine ? [dx, toGamma(dGamma, broadcast, [x.shape[1]]), toGamma(dy!, broadcast, [x.shape[1]])] : [dx]
  },
}

interface GradAttrs {
  /** Whether the statistics are those of x, or constants. */
  readonly training: boolean
}

/** dx, dgamma and dbeta in one pass; the inputs are x, dy, mean, invstd and gamma. */
const batchNormGradOp: OpDef<GradAttrs> = {
  name: 'batchNormGrad',
  infer: ([x]) => {
    const perChannel = { shape: [x.shape[1]], dtype: x.dtype }
    return [{ shape: x.shape, dtype: x.dtype }, perChannel, perChannel]
  },
  reference: ([x, dy, mean, invstd, gamma], { training }, [dx, dGamma, dBeta]) => {
    const C = x.shape[1]
    const count = x.data.length / C
    for (let c = 0; c < C; c++) {
      const at = channelPositions(x, c)
      const xhat = (i: number): number => (x.data[at(i)] - mean.data[c]) * invstd.data[c]
      let [sum, product] = [0, 0]
      for (let i = 0; i < count; i++) {
        sum += dy.data[at(i)]
        product += dy.data[at(i)] * xhat(i)
      }
      dBeta.data[c] = sum
      dGamma.data[c] = product
      const scale = invstd.data[c] * (gamma === undefined ? 1 : gamma.data[c])
      for (let i = 0; i < count; i++) {
        const centred = training ? dy.data[at(i)] - sum / count - (xhat(i) * product) / count : dy.data[at(i)]
        dx.data[at(i)] = scale * centred
      }
    }
  },
  wasm: (k, [x, dy, mean, invstd, gamma], { training }, specs) => {
    if (x.dtype !== 'f32' || x.size === 0) return null
    const { last, strides, M, S } = layoutOf(x)
    const [dx, dGamma, dBeta] = specs.map(({ shape, dtype }, i) => k.empty(shape, dtype, i === 0 ? strides : undefined))
    const [N, C] = x.shape
    const pGamma = gamma === undefined ? 0 : k.contiguousPtr(gamma)
    const [pX, pDy, pMean, pInvstd] = [
      k.ptrAs(x, strides),
      k.ptrAs(dy, strides),
      k.contiguousPtr(mean),
      k.contiguousPtr(invstd),
    ]
    const [pDx, pDgamma, pDbeta] = [k.ptr(dx), k.ptr(dGamma), k.ptr(dBeta)]
    const run = k.use(kernels)
    if (last)
      run.f32_batch_norm_grad_nhwc(pX, pDy, pGamma, pMean, pInvstd, pDx, pDgamma, pDbeta, M, C, Number(training))
    else run.f32_batch_norm_grad_nchw(pX, pDy, pGamma, pMean, pInvstd, pDx, pDgamma, pDbeta, N, C, S, Number(training))
    return [dx, dGamma, dBeta]
  },
}

const fusedGradient = (
  c: GradientContext<unknown>,
  x: Tensor,
  gamma: Tensor | null,
  mean: Tensor,
  invstd: Tensor,
  dy: Tensor,
  training: boolean,
): (Tensor | null)[] => {
  const inputs = gamma === null ? [x, dy, mean, invstd] : [x, dy, mean, invstd, gamma]
  const [dx, dGamma, dBeta] = applyAll(batchNormGradOp, inputs, { training })
  if (gamma === null) {
    dGamma.dispose()
    dBeta.dispose()
    return [dx]
  }
  return [dx, dGamma, dBeta]
}

/** y with given statistics; the inputs are x, mean, var, gamma and beta. */
const batchNormEvalOp: OpDef<Attrs> = {
  name: 'batchNormEval',
  savesInputs: [0, 1, 2, 3],
  infer: ([x]): TensorSpec[] => [{ shape: x.shape, dtype: x.dtype }],
  reference: ([x, mean, variance, gamma, beta], { eps }, [y]) => {
    const C = x.shape[1]
    for (let c = 0; c < C; c++) {
      const at = channelPositions(x, c)
      const invstd = 1 / Math.sqrt(variance.data[c] + eps)
      const [g, b] = gamma === undefined ? [1, 0] : [gamma.data[c], beta.data[c]]
      for (let i = 0; i < x.data.length / C; i++) y.data[at(i)] = (x.data[at(i)] - mean.data[c]) * invstd * g + b
    }
  },
  wasm: (k, [x, mean, variance, gamma, beta], { eps }, [{ shape, dtype }]) => {
    if (dtype !== 'f32' || x.size === 0) return null
    const { last, strides, M, S } = layoutOf(x)
    const y = k.empty(shape, dtype, strides)
    const [N, C] = shape
    const run = k.use(kernels)
    const pInvstd = invstdOf(k, variance, eps)
    const [pGamma, pBeta] = gamma === undefined ? [0, 0] : [k.contiguousPtr(gamma), k.contiguousPtr(beta)]
    const pMean = k.contiguousPtr(mean)
    if (last) run.f32_batch_norm_apply_nhwc(k.ptrAs(x, strides), k.ptr(y), pGamma, pBeta, pMean, pInvstd, M, C)
    else run.f32_batch_norm_apply_nchw(k.ptr(x), k.ptr(y), pGamma, pBeta, pMean, pInvstd, N, C, S)
    return [y]
  },
  gradient: (c, [dy]) => {
    const affine = c.inputSpecs.length > 3
    const x = c.input(0)
    const C = x.shape[1]
    const broadcast = broadcastShape(x)
    const invstd = rsqrt(add(c.input(2), c.attrs.eps))
    if (c.fused) {
      const [dx, ...rest] = fusedGradient(c, x, affine ? c.input(3) : null, c.input(1), invstd, dy!, false)
      return [dx, null, null, ...rest]
    }
    const over = reshape(invstd, broadcast)
    const dx = mul(affine ? mul(dy!, reshape(c.input(3), broadcast)) : dy!, over)
    if (!affine) return [dx, null, null]
    const xhat = mul(sub(x, reshape(c.input(1), broadcast)), over)
    return [dx, null, null, toGamma(mul(dy!, xhat), broadcast, [C]), toGamma(dy!, broadcast, [C])]
  },
}

const invstdOf = (k: WasmBackend, variance: Tensor, eps: number): number => {
  const p = k.scratch(variance.size * 4)
  k.use(kernels).f32_invstd(k.contiguousPtr(variance), p, variance.size, eps)
  return p
}

/** Options of {@link batchNorm}. */
export interface BatchNormOptions {
  /** [C], per channel. Default 1. */
  readonly weight?: Tensor | null
  /** [C], per channel. Default 0. */
  readonly bias?: Tensor | null
  /** [C]; read in evaluation, updated in place in training. */
  readonly runningMean?: Tensor | null
  /** [C]; read in evaluation, updated in place (with the unbiased variance) in training. */
  readonly runningVar?: Tensor | null
  /** Whether to use the batch's statistics. Default false. */
  readonly training?: boolean
  /** The share of the batch in the update of the running statistics. Default 0.1. */
  readonly momentum?: number
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number
}

const checkPerChannel = (op: string, x: Tensor, parts: Readonly<Record<string, Tensor | null>>): void => {
  for (const [name, t] of Object.entries(parts)) {
    if (t === null) continue
    t.live(op)
    needSameDType(op, [x, t])
    if (t.rank === 1 && t.shape[0] === x.shape[1]) continue
    throw new ShapeError({
      op,
      problem: `${name} does not fit`,
      got: show(t.shape),
      expected: `${show([x.shape[1]])}, one for each channel of ${show(x.shape)}`,
    })
  }
}

/** gamma and beta: both where either is given. */
export const affinePair = (
  x: Tensor,
  size: readonly number[],
  weight: Tensor | null,
  bias: Tensor | null,
): Tensor[] => {
  if (weight === null && bias === null) return []
  const options = { dtype: x.dtype, backend: x.backend }
  return [weight ?? ones(size, options), bias ?? zeros(size, options)]
}

/** running = (1 - momentum) running + momentum value, in place. */
export const moveRunning = (running: Tensor, value: Tensor, momentum: number): void => {
  const [part, old] = [mul(value, momentum), mul(running, 1 - momentum)]
  const next = add(part, old)
  copyInto(running, next)
  for (const t of [part, old, next]) t.dispose()
}

/**
 * Batch normalisation over everything but axis 1, as torch.nn.functional.batch_norm.
 * y = (x - mean) / sqrt(var + eps) weight + bias; in training with the batch's mean and biased variance, which also
 * move the running ones; in evaluation with the running ones.
 * Shape: x [N, C, ...] -> same.
 * @throws ShapeError when a statistic or parameter is not [C], ValueError when training has one value per channel.
 * @source Checked against torch.nn.functional.batch_norm 1.13 in norm.test.ts
 * @example batchNorm(tensor([[0], [2]]), { training: true, eps: 0 }).toArray() // => [[-1], [1]]
 */
export const batchNorm = (x: Tensor, options: BatchNormOptions = {}): Tensor => {
  const op = 'batchNorm'
  const {
    weight = null,
    bias = null,
    runningMean = null,
    runningVar = null,
    training = false,
    momentum = 0.1,
    eps = 1e-5,
  } = options
  x.live(op)
  needFloat(op, x)
  if (x.rank < 2)
    throw new ShapeError({ op, problem: 'the rank does not fit', got: show(x.shape), expected: '[N, C, ...]' })
  checkPerChannel(op, x, { weight, bias, runningMean, runningVar })
  const affine = affinePair(x, [x.shape[1]], weight, bias)
  if (!training) {
    if (runningMean === null || runningVar === null) {
      throw new ValueError({
        op,
        problem: 'evaluation needs running statistics',
        expected: 'runningMean and runningVar',
        advice: 'Pass them, or training: true',
      })
    }
    return apply(batchNormEvalOp, [x, runningMean, runningVar, ...affine], { eps })
  }
  const count = x.size / x.shape[1]
  if (x.size > 0 && count === 1) {
    throw new ValueError({
      op,
      problem: 'one value per channel has no variance',
      got: show(x.shape),
      expected: 'more than one value per channel when training',
      advice: 'Use a larger batch, or eval()',
    })
  }
  const [y, mean, variance] = applyAll(batchNormOp, [x, ...affine], { eps })
  noGrad(() => {
    if (runningMean !== null) moveRunning(runningMean, mean, momentum)
    if (runningVar !== null) {
      const unbiased = mul(variance, count / (count - 1))
      moveRunning(runningVar, unbiased, momentum)
      unbiased.dispose()
    }
  })
  variance.dispose()
  if (!y.requiresGrad) mean.dispose()
  return y
}
