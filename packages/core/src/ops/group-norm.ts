import { norm as kernels } from '@lanewise/kernels-wasm/norm'
import { apply, applyAll } from '../autograd/apply.ts'
import { noGrad } from '../autograd/modes.ts'
import type { NDArray, OpDef, TensorSpec } from '../autograd/op.ts'
import { ShapeError, ValueError } from '../errors.ts'
import { channelsLastStrides, contiguousStrides, isChannelsLast, show, sizeOf } from '../tensor/shape.ts'
import { scope } from '../tensor/scope.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { affinePair, batchNorm, moveRunning, type BatchNormOptions } from './batch-norm.ts'
import { mul, sub } from './binary.ts'
import { moments, normGradient, toGamma } from './norm-gradient.ts'
import { mean } from './reduce.ts'
import { needFloat, needSameDType } from './rules.ts'
import { square } from './unary.ts'
import { reshape } from './views.ts'

interface Attrs {
  readonly groups: number
  readonly eps: number
}

const groupNormOp: OpDef<Attrs> = {
  name: 'groupNorm',
  hidden: 2,
  savesInputs: [0, 1],
  savesOutputs: [1, 2],
  infer: ([x], { groups }): TensorSpec[] => {
    const perGroup = { shape: [x.shape[0], groups], dtype: x.dtype }
    return [{ shape: x.shape, dtype: x.dtype }, perGroup, perGroup]
  },
  reference: ([x, gamma, beta], { eps }, [y, mean, invstd]) => {
    const n = x.data.length / mean.data.length
    for (let group = 0; group < mean.data.length; group++) {
      const m = moments(x, n, (i) => group * n + i, eps)
      mean.data[group] = m.mean
      invstd.data[group] = m.invstd
    }
    forEachChannel(x, mean, (i, c, group) => {
      const [g, b] = gamma === undefined ? [1, 0] : [gamma.data[c], beta.data[c]]
      y.data[i] = (x.data[i] - mean.data[group]) * invstd.data[group] * g + b
    })
  },
  wasm: (k, [x, gamma, beta], { groups, eps }, specs) => {
    if (x.dtype !== 'f32' || x.size === 0) return null
    const { last, strides, S } = layoutOf(x)
    const [y, mean, invstd] = specs.map(({ shape, dtype }, i) => k.empty(shape, dtype, i === 0 ? strides : undefined))
    const [N, C] = x.shape
    const [pGamma, pBeta] = gamma === undefined ? [0, 0] : [k.contiguousPtr(gamma), k.contiguousPtr(beta)]
    const [pX, pY, pMean, pInvstd] = [k.ptrAs(x, strides), k.ptr(y), k.ptr(mean), k.ptr(invstd)]
    const run = k.use(kernels)
    if (last) run.f32_group_norm_nhwc(pX, pY, pGamma, pBeta, pMean, pInvstd, N, C, S, groups, eps, k.scratch(12 * C))
    else run.f32_group_norm_nchw(pX, pY, pGamma, pBeta, pMean, pInvstd, N, C, S, groups, eps)
    return [y, mean, invstd]
  },
  gradient: (c, [dy]) => {
    const affine = c.inputSpecs.length > 1
    const x = c.input(0)
    if (c.fused) {
      const inputs = [x, dy!, c.output(1), c.output(2)]
      const [dx, dGamma, dBeta] = applyAll(groupNormGradOp, affine ? [...inputs, c.input(1)] : inputs, c.attrs)
      return affine ? [dx, dGamma, dBeta] : [dx]
    }
    const [N, C, ...space] = x.shape
    const { groups, eps } = c.attrs
    const grouped = [N, groups, C / groups, ...space]
    const broadcast = [1, groups, C / groups, ...space.map(() => 1)]
    const g = reshape(dy!, grouped)
    const gamma = affine ? reshape(c.input(1), broadcast) : null
    const axes = grouped.map((_, i) => i).slice(2)
    const { dx, dGamma } = normGradient({ x: reshape(x, grouped), dy: g, gamma, axes, eps })
    return affine
      ? [reshape(dx, x.shape), toGamma(dGamma, broadcast, [C]), toGamma(g, broadcast, [C])]
      : [reshape(dx, x.shape)]
  },
}

/** Calls `visit` with the position, the channel and the group of every element of x [N, C, ...]. */
const forEachChannel = (x: NDArray, perGroup: NDArray, visit: (i: number, c: number, group: number) => void): void => {
  const S = sizeOf(x.shape.slice(2))
  const n = x.data.length / perGroup.data.length
  for (let i = 0; i < x.data.length; i++) visit(i, Math.floor(i / S) % x.shape[1], Math.floor(i / n))
}

/** How a tensor is read by the kernels: channels last, or planes. */
const layoutOf = (x: Tensor): { last: boolean; strides: readonly number[]; S: number } => {
  const last = x.rank > 2 && (isChannelsLast(x.shape, x.strides) || !x.contiguous)
  return {
    last,
    strides: last ? channelsLastStrides(x.shape) : contiguousStrides(x.shape),
    S: sizeOf(x.shape.slice(2)),
  }
}

/** dx, dgamma and dbeta in one go; the inputs are x, dy, mean, invstd and gamma. */
const groupNormGradOp: OpDef<Attrs> = {
  name: 'groupNormGrad',
  infer: ([x]) => {
    const perChannel = { shape: [x.shape[1]], dtype: x.dtype }
    return [{ shape: x.shape, dtype: x.dtype }, perChannel, perChannel]
  },
  reference: ([x, dy, mean, invstd, gamma], _, [dx, dGamma, dBeta]) => {
    const n = x.data.length / mean.data.length
    const xhat = (i: number, group: number): number => (x.data[i] - mean.data[group]) * invstd.data[group]
    const scale = (c: number): number => (gamma === undefined ? 1 : gamma.data[c])
    const sums = new Float64Array(mean.data.length)
    const products = new Float64Array(mean.data.length)
    forEachChannel(x, mean, (i, c, group) => {
      dBeta.data[c] += dy.data[i]
      dGamma.data[c] += dy.data[i] * xhat(i, group)
      sums[group] += dy.data[i] * scale(c)
      products[group] += dy.data[i] * scale(c) * xhat(i, group)
    })
    forEachChannel(x, mean, (i, c, group) => {
      dx.data[i] =
        invstd.data[group] * (dy.data[i] * scale(c) - sums[group] / n - (xhat(i, group) * products[group]) / n)
    })
  },
  wasm: (k, [x, dy, mean, invstd, gamma], { groups }, specs) => {
    if (x.dtype !== 'f32' || x.size === 0) return null
    const { last, strides, S } = layoutOf(x)
    const [dx, dGamma, dBeta] = specs.map(({ shape, dtype }, i) => k.empty(shape, dtype, i === 0 ? strides : undefined))
    const [N, C] = x.shape
    const pGamma = gamma === undefined ? 0 : k.contiguousPtr(gamma)
    const [pX, pDy] = [k.ptrAs(x, strides), k.ptrAs(dy, strides)]
    const [pMean, pInvstd, pDx, pDgamma, pDbeta] = [mean, invstd, dx, dGamma, dBeta].map((t) => k.ptr(t))
    const run = k.use(kernels)
    if (last)
      run.f32_group_norm_grad_nhwc(
        pX,
        pDy,
        pGamma,
        pMean,
        pInvstd,
        pDx,
        pDgamma,
        pDbeta,
        N,
        C,
        S,
        groups,
        k.scratch(16 * C),
      )
    else run.f32_group_norm_grad_nchw(pX, pDy, pGamma, pMean, pInvstd, pDx, pDgamma, pDbeta, N, C, S, groups)
    return [dx, dGamma, dBeta]
  },
}

/** Options of {@link groupNorm}. */
export interface GroupNormOptions {
  /** [C], per channel. Default 1. */
  readonly weight?: Tensor | null
  /** [C], per channel. Default 0. */
  readonly bias?: Tensor | null
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number
}

const checkAffine = (op: string, x: Tensor, parts: Readonly<Record<string, Tensor | null>>): void => {
  x.live(op)
  needFloat(op, x)
  if (x.rank < 2)
    throw new ShapeError({ op, problem: 'the rank does not fit', got: show(x.shape), expected: '[N, C, ...]' })
  for (const [name, t] of Object.entries(parts)) {
    if (t === null) continue
    t.live(op)
    needSameDType(op, [x, t])
    if (t.rank !== 1 || t.shape[0] !== x.shape[1]) {
      throw new ShapeError({
        op,
        problem: `${name} does not fit`,
        got: show(t.shape),
        expected: `${show([x.shape[1]])}, one for each channel of ${show(x.shape)}`,
      })
    }
  }
}

/**
 * Normalises groups of channels of each sample, as torch.nn.functional.group_norm.
 * y = (x - mean) / sqrt(var + eps) weight + bias, with the biased variance of each group.
 * Shape: x [N, C, ...] -> same.
 * @throws ValueError when the groups do not divide the channels, ShapeError when a parameter is not [C].
 * @source Checked against torch.nn.functional.group_norm 1.13 in norm.test.ts
 * @example groupNorm(tensor([[1, 3, 0, 4]]), 2, { eps: 0 }).toArray() // => [[-1, 1, -1, 1]]
 */
export const groupNorm = (
  x: Tensor,
  groups: number,
  { weight = null, bias = null, eps = 1e-5 }: GroupNormOptions = {},
): Tensor => {
  checkAffine('groupNorm', x, { weight, bias })
  if (!Number.isInteger(groups) || groups < 1 || x.shape[1] % groups !== 0) {
    throw new ValueError({
      op: 'groupNorm',
      problem: 'the groups do not divide the channels',
      got: `${groups} groups of ${x.shape[1]} channels`,
      expected: 'a divisor of the channels',
    })
  }
  return apply(groupNormOp, [x, ...affinePair(x, [x.shape[1]], weight, bias)], { groups, eps })
}

/** Options of {@link instanceNorm}: as {@link BatchNormOptions}, with running statistics if they are wanted. */
export interface InstanceNormOptions extends Omit<BatchNormOptions, 'training'> {
  /** Whether to use each sample's own statistics rather than the running ones. Default true. */
  readonly useInputStats?: boolean
}

/**
 * Normalises each channel of each sample, as torch.nn.functional.instance_norm.
 * Shape: x [N, C, ...space] -> same.
 * @throws ValueError when a channel has a single value, ShapeError when a parameter is not [C].
 * @source Checked against torch.nn.functional.instance_norm 1.13 in norm.test.ts
 * @example instanceNorm(tensor([[[1, 3], [0, 4]]]), { eps: 0 }).toArray() // => [[[-1, 1], [-1, 1]]]
 */
export const instanceNorm = (x: Tensor, options: InstanceNormOptions = {}): Tensor => {
  const op = 'instanceNorm'
  const {
    weight = null,
    bias = null,
    runningMean = null,
    runningVar = null,
    useInputStats = true,
    momentum = 0.1,
    eps = 1e-5,
  } = options
  checkAffine(op, x, { weight, bias, runningMean, runningVar })
  if (!useInputStats) return batchNorm(x, { weight, bias, runningMean, runningVar, eps })
  const [, C, ...space] = x.shape
  if (x.size > 0 && sizeOf(space) === 1) {
    throw new ValueError({
      op,
      problem: 'one value per channel has no variance',
      got: show(x.shape),
      expected: 'more than one element of space',
    })
  }
  if (runningMean !== null && runningVar !== null) moveRunningByInstances(x, runningMean, runningVar, momentum)
  return apply(groupNormOp, [x, ...affinePair(x, [C], weight, bias)], { groups: C, eps })
}

/** Moves the running statistics by the samples' statistics, averaged over the batch, in place. */
const moveRunningByInstances = (x: Tensor, runningMean: Tensor, runningVar: Tensor, momentum: number): void =>
  noGrad(() =>
    scope(() => {
      const axes = x.shape.map((_, i) => i).slice(2)
      const count = sizeOf(x.shape.slice(2))
      const centre = mean(x, axes, true)
      const variance = mean(square(sub(x, centre)), axes)
      moveRunning(runningMean, mean(reshape(centre, variance.shape), 0), momentum)
      moveRunning(runningVar, mul(mean(variance, 0), count / (count - 1)), momentum)
    }),
  )
