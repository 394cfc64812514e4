import { pool as kernels, poolParams } from '@lanewise/kernels-wasm/pool'
import { apply, applyAll } from '../autograd/apply.ts'
import { isGradEnabled } from '../autograd/modes.ts'
import type { GradientContext } from '../autograd/node.ts'
import type { NDArray, OpDef, TensorSpec } from '../autograd/op.ts'
import type { WasmBackend } from '../backends/wasm/wasm.ts'
import { ShapeError, ValueError } from '../errors.ts'
import { channelsLastStrides, sameShape, show, sizeOf } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { mul, pow } from './binary.ts'
import { poolScatter } from './pool-indices.ts'
import { needDType, needFloat, needRank } from './rules.ts'
import {
  batched,
  forEachIndex,
  perAxis,
  reach,
  tapsOf,
  triple,
  type PerAxis,
  type Taps,
  type Windows,
} from './windows.ts'

/** Options of {@link maxPool2d} and its like. */
export interface MaxPoolOptions {
  /** Steps between windows. Default: the kernel size. */
  readonly stride?: PerAxis
  /** -Infinity on both sides of each axis, at most half the kernel. Default 0. */
  readonly padding?: PerAxis
  /** Distance between the taps of a window. Default 1. */
  readonly dilation?: PerAxis
  /** Keep a last window that is only partly inside. Default false. */
  readonly ceilMode?: boolean
}

/** Options of {@link avgPool2d} and its like. */
export interface AvgPoolOptions {
  /** Steps between windows. Default: the kernel size. */
  readonly stride?: PerAxis
  /** Zeros on both sides of each axis, at most half the kernel. Default 0. */
  readonly padding?: PerAxis
  /** Keep a last window that is only partly inside. Default false. */
  readonly ceilMode?: boolean
  /** Count the padding in the average. Default true. */
  readonly countIncludePad?: boolean
  /** Divide by this instead of the number of elements. */
  readonly divisorOverride?: number
}

const needImages = (op: string, x: Tensor): void => {
  needFloat(op, x)
  if (x.shape.slice(1).every((n) => n > 0)) return
  throw new ShapeError({ op, problem: 'an axis is empty', got: show(x.shape), expected: 'only the batch may be empty' })
}

/** The windows of a pool over x [N, C, ...space]. */
const poolWindows = (op: string, x: Tensor, kernelSize: PerAxis, o: MaxPoolOptions): Windows => {
  needImages(op, x)
  const space = x.rank - 2
  const input = x.shape.slice(2)
  const kernel = perAxis(op, 'kernelSize', kernelSize, space, 1)
  const stride = perAxis(op, 'stride', o.stride ?? kernel, space, 1)
  const padding = perAxis(op, 'padding', o.padding ?? 0, space)
  const dilation = perAxis(op, 'dilation', o.dilation ?? 1, space, 1)
  if (padding.some((p, i) => p > kernel[i] / 2)) {
    throw new ValueError({
      op,
      problem: 'the padding is too large',
      got: show(padding),
      expected: `at most half of the kernel ${show(kernel)}`,
    })
  }
  const span = reach(kernel, dilation)
  const round = o.ceilMode === true ? Math.ceil : Math.floor
  const output = input.map((n, i) => {
    const count = round((n + 2 * padding[i] - span[i]) / stride[i]) + 1
    // The last window must start inside of the input or the padding before it.
    return o.ceilMode === true && (count - 1) * stride[i] >= n + padding[i] ? count - 1 : count
  })
  if (output.some((n) => n < 1)) {
    throw new ShapeError({
      op,
      problem: 'the kernel does not fit into the padded input',
      got: `input ${show(input)} padded by ${show(padding)}, kernel ${show(kernel)} reaching over ${show(span)}`,
      expected: 'a kernel that is not larger',
      advice: 'Use a larger input, more padding, or a smaller kernel',
    })
  }
  return { input, kernel, stride, padding, dilation, output }
}

function maxInfer([x]: readonly Tensor[], { output }: Windows): TensorSpec[] {
  const shape = [x.shape[0], x.shape[1], ...output]
  return [
    { shape, dtype: x.dtype },
    { shape, dtype: 'i32' },
  ]
}

/** The largest element of each window, and where it lies: the first of equal ones; NaN wins. */
export const pickLargest = (x: NDArray, y: NDArray, index: NDArray, { count, from, to }: Taps): void => {
  const [sX, sY] = [sizeOf(x.shape.slice(2)), sizeOf(y.shape.slice(2))]
  for (let plane = 0; plane < y.shape[0] * y.shape[1]; plane++) {
    for (let i = 0; i < count; i++) {
      const at = plane * sY + to[i]
      const value = x.data[plane * sX + from[i]]
      const first = i === 0 || to[i] !== to[i - 1]
      if (!first && !(value > y.data[at]) && !Number.isNaN(value)) continue
      y.data[at] = value
      index.data[at] = from[i]
    }
  }
}

/** The kernels' parameter block; `average` adds what only averages read. */
const paramsOf = (k: WasmBackend, w: Windows, N: number, C: number, average?: AvgAttrs): number => {
  return k.table(
    poolParams({
      N,
      C,
      input: triple(w.input, 1),
      output: triple(w.output, 1),
      kernel: triple(w.kernel, 1),
      stride: triple(w.stride, 1),
      padding: triple(w.padding, 0),
      paddingEnd: triple(w.padding, 0),
      dilation: triple(w.dilation, 1),
      countIncludePad: average?.countIncludePad ?? false,
      divisorOverride: average?.divisor ?? 0,
    }),
  )
}

function maxWasm(k: WasmBackend, [x]: readonly Tensor[], w: Windows, specs: readonly TensorSpec[]): Tensor[] | null {
  if (x.dtype !== 'f32' || x.size === 0) return null
  const [y, index] = specs.map(({ shape, dtype }) => k.empty(shape, dtype, channelsLastStrides(shape)))
  k.use(kernels).f32_max_pool(k.channelsLastPtr(x), k.ptr(y), k.ptr(index), paramsOf(k, w, x.shape[0], x.shape[1]))
  return [y, index]
}

function maxReference([x]: readonly NDArray[], w: Windows, [y, index]: readonly NDArray[]): void {
  pickLargest(x, y, index, tapsOf(w))
}

function maxGradient(c: GradientContext<Windows>, [dy]: readonly (Tensor | null)[]): (Tensor | null)[] {
  return [poolScatter(dy!, c.output(1), c.attrs.input)]
}

const maxPoolOp: OpDef<Windows> = {
  name: 'maxPool',
  hidden: 1,
  savesOutputs: [1],
  infer: maxInfer,
  reference: maxReference,
  wasm: maxWasm,
  gradient: maxGradient,
}

/** {@link maxPoolOp} with its indices for the caller. */
const maxPoolWithIndicesOp: OpDef<Windows> = {
  name: 'maxPoolWithIndices',
  savesOutputs: [1],
  infer: maxInfer,
  reference: maxReference,
  wasm: maxWasm,
  gradient: maxGradient,
}

/** The maxima alone, for calls that no gradient goes through: finding the positions costs as much again. */
const maxValuesOp: OpDef<Windows> = {
  name: 'maxPoolValues',
  infer: (inputs, w) => maxInfer(inputs, w).slice(0, 1),
  reference: ([x], w, [y]) => {
    pickLargest(x, y, { ...y, data: new Int32Array(y.data.length) }, tapsOf(w))
  },
  wasm: (k, [x], w, [{ shape, dtype }]) => {
    if (x.dtype !== 'f32' || x.size === 0) return null
    const y = k.empty(shape, dtype, channelsLastStrides(shape))
    k.use(kernels).f32_max_pool(k.channelsLastPtr(x), k.ptr(y), 0, paramsOf(k, w, x.shape[0], x.shape[1]))
    return [y]
  },
}

const maxPool = (op: string, space: number, x: Tensor, kernelSize: PerAxis, options: MaxPoolOptions): Tensor =>
  batched(op, x, space, (t) => {
    const needed = isGradEnabled() && t.requiresGrad
    return apply(needed ? maxPoolOp : maxValuesOp, [t], poolWindows(op, t, kernelSize, options))
  })

/**
 * The maximum of sliding windows, as torch.nn.functional.max_pool1d.
 * Shape: x [N, C, W] or [C, W] -> [N, C, W'].
 * @throws ShapeError when a window does not fit, ValueError when the padding exceeds half the kernel.
 * @source Checked against torch.nn.functional.max_pool1d 1.13 in pool.test.ts
 * @example maxPool1d(tensor([[[1, 3, 2, 4]]]), 2).toArray() // => [[[3, 4]]]
 */
export const maxPool1d = (x: Tensor, kernelSize: PerAxis, options: MaxPoolOptions = {}): Tensor =>
  maxPool('maxPool1d', 1, x, kernelSize, options)

/**
 * The maximum of sliding windows, as torch.nn.functional.max_pool2d. Of equal elements the first gets the gradient.
 * Shape: x [N, C, H, W] or [C, H, W] -> [N, C, H', W'], H' = floor((H + 2 padding - dilation (K - 1) - 1) / stride) + 1.
 * @throws ShapeError when a window does not fit, ValueError when the padding exceeds half the kernel.
 * @source Checked against torch.nn.functional.max_pool2d 1.13 in pool.test.ts
 * @example maxPool2d(tensor([[[[1, 2], [3, 4]]]]), 2).toArray() // => [[[[4]]]]
 */
export const maxPool2d = (x: Tensor, kernelSize: PerAxis, options: MaxPoolOptions = {}): Tensor =>
  maxPool('maxPool2d', 2, x, kernelSize, options)

/**
 * The maximum of sliding windows, as torch.nn.functional.max_pool3d.
 * Shape: x [N, C, D, H, W] or [C, D, H, W] -> [N, C, D', H', W'].
 * @throws ShapeError when a window does not fit, ValueError when the padding exceeds half the kernel.
 * @source Checked against torch.nn.functional.max_pool3d 1.13 in pool.test.ts
 * @example maxPool3d(ones([1, 1, 2, 2, 2]), 2).shape // => [1, 1, 1, 1, 1]
 */
export const maxPool3d = (x: Tensor, kernelSize: PerAxis, options: MaxPoolOptions = {}): Tensor =>
  maxPool('maxPool3d', 3, x, kernelSize, options)

/**
 * Max pooling with the positions of the maxima, over one to three axes of space, as torch's `return_indices`.
 * Shape: x [N, C, ...space] -> twice [N, C, ...space'].
 * @returns the maxima and, as i32, their flat positions in the input's space; {@link maxUnpool} takes both
 * @source Checked against torch.nn.functional.max_pool2d_with_indices 1.13 in pool.test.ts
 * @example maxPoolWithIndices(tensor([[[1, 3, 2, 4]]]), 2)[1].toArray() // => [[[1, 3]]]
 */
export const maxPoolWithIndices = (x: Tensor, kernelSize: PerAxis, options: MaxPoolOptions = {}): [Tensor, Tensor] => {
  x.live('maxPoolWithIndices')
  needRank('maxPoolWithIndices', x, [3, 4, 5], '[N, C, ...space] with one to three axes of space')
  const [y, index] = applyAll(maxPoolWithIndicesOp, [x], poolWindows('maxPoolWithIndices', x, kernelSize, options))
  return [y, index]
}

/** Options of {@link maxUnpool}. */
export interface MaxUnpoolOptions {
  /** Steps between windows. Default: the kernel size. */
  readonly stride?: PerAxis
  /** The padding of the max pool. Default 0. */
  readonly padding?: PerAxis
  /** Size of the result's space, where the pool's floor left several possible. */
  readonly outputSize?: readonly number[]
}

/**
 * Puts maxima back where a max pool found them, zeros elsewhere, as torch.nn.functional.max_unpool2d.
 * Shape: y [N, C, ...space'], index the same -> [N, C, ...space], by default (space' - 1) stride - 2 padding + kernel.
 * @throws ShapeError when the shapes differ, ValueError when an index lies outside of the result.
 * @source Checked against torch.nn.functional.max_unpool2d 1.13 in pool.test.ts
 * @example maxUnpool(tensor([[[3, 4]]]), tensor(new Int32Array([1, 3]), { shape: [1, 1, 2] }), 2).toArray() // => [[[0, 3, 0, 4]]]
 */
export const maxUnpool = (y: Tensor, index: Tensor, kernelSize: PerAxis, options: MaxUnpoolOptions = {}): Tensor => {
  const op = 'maxUnpool'
  y.live(op)
  index.live(op)
  needFloat(op, y)
  needDType(op, index, 'i32')
  needRank(op, y, [3, 4, 5], '[N, C, ...space] with one to three axes of space')
  if (!sameShape(y.shape, index.shape)) {
    throw new ShapeError({
      op,
      problem: 'the shapes differ',
      got: `${show(y.shape)} and ${show(index.shape)}`,
      expected: 'one index per element',
    })
  }
  const rank = y.rank - 2
  const kernel = perAxis(op, 'kernelSize', kernelSize, rank, 1)
  const stride = perAxis(op, 'stride', options.stride ?? kernel, rank, 1)
  const padding = perAxis(op, 'padding', options.padding ?? 0, rank)
  const space = options.outputSize ?? y.shape.slice(2).map((n, i) => (n - 1) * stride[i] - 2 * padding[i] + kernel[i])
  perAxis(op, 'outputSize', space, rank, 1)
  const outside = index.dataSync().find((i) => i < 0 || i >= sizeOf(space))
  if (outside !== undefined) {
    throw new ValueError({
      op,
      problem: 'an index is out of range',
      got: `${outside} for a space of ${show(space)}`,
      expected: `an integer in [0, ${sizeOf(space)})`,
    })
  }
  return poolScatter(y, index, space, false)
}

export interface AvgAttrs extends Windows {
  readonly countIncludePad: boolean
  /** 0: the number of elements. */
  readonly divisor: number
}

/** What each window's sum is divided by. */
export const divisorsOf = (a: AvgAttrs): Float64Array => {
  const counts = new Float64Array(sizeOf(a.output))
  if (a.divisor !== 0) return counts.fill(a.divisor)
  forEachIndex(a.output, (out, at) => {
    counts[at] = out.reduce((product, o, i) => {
      const start = o * a.stride[i] - a.padding[i]
      const end = Math.min(start + a.kernel[i], a.input[i] + a.padding[i])
      return product * (a.countIncludePad ? end - start : Math.min(end, a.input[i]) - Math.max(start, 0))
    }, 1)
  })
  return counts
}

/** y = the sum of each window of x, divided. */
export const averageWindows = (x: NDArray, y: NDArray, taps: Taps, divisors: Float64Array): void => {
  const [sX, sY] = [sizeOf(x.shape.slice(2)), divisors.length]
  for (let plane = 0; plane < y.shape[0] * y.shape[1]; plane++) {
    const total = new Float64Array(sY)
    for (let i = 0; i < taps.count; i++) total[taps.to[i]] += x.data[plane * sX + taps.from[i]]
    for (let i = 0; i < sY; i++) y.data[plane * sY + i] = total[i] / divisors[i]
  }
}

/** dx = each element of dy, divided, spread over its window. */
export const spreadWindows = (dy: NDArray, dx: NDArray, taps: Taps, divisors: Float64Array): void => {
  const [sX, sY] = [sizeOf(dx.shape.slice(2)), divisors.length]
  for (let plane = 0; plane < dx.shape[0] * dx.shape[1]; plane++) {
    const total = new Float64Array(sX)
    for (let i = 0; i < taps.count; i++) total[taps.from[i]] += dy.data[plane * sY + taps.to[i]] / divisors[taps.to[i]]
    dx.data.set(total, plane * sX)
  }
}

/** The kernels take f32, something to do, and whole divisors. */
const takesKernel = (x: Tensor, a: AvgAttrs): boolean => x.dtype === 'f32' && x.size > 0 && Number.isInteger(a.divisor)

const avgPoolOp: OpDef<AvgAttrs> = {
  name: 'avgPool',
  infer: ([x], { output }) => [{ shape: [x.shape[0], x.shape[1], ...output], dtype: x.dtype }],
  reference: ([x], a, [y]) => averageWindows(x, y, tapsOf(a), divisorsOf(a)),
  wasm: (k, [x], a, [{ shape, dtype }]) => {
    if (!takesKernel(x, a)) return null
    const y = k.empty(shape, dtype, channelsLastStrides(shape))
    k.use(kernels).f32_avg_pool(k.channelsLastPtr(x), k.ptr(y), paramsOf(k, a, shape[0], shape[1], a))
    return [y]
  },
  gradient: ({ attrs }, [dy]) => [apply(avgPoolGradOp, [dy!], attrs)],
}

const avgPoolGradOp: OpDef<AvgAttrs> = {
  name: 'avgPoolGrad',
  infer: ([dy], { input }) => [{ shape: [dy.shape[0], dy.shape[1], ...input], dtype: dy.dtype }],
  reference: ([dy], a, [dx]) => spreadWindows(dy, dx, tapsOf(a), divisorsOf(a)),
  wasm: (k, [dy], a, [{ shape, dtype }]) => {
    if (!takesKernel(dy, a)) return null
    const dx = k.empty(shape, dtype, channelsLastStrides(shape))
    k.use(kernels).f32_avg_pool_grad(k.channelsLastPtr(dy), k.ptr(dx), paramsOf(k, a, shape[0], shape[1], a))
    return [dx]
  },
  gradient: ({ attrs }, [ddx]) => [apply(avgPoolOp, [ddx!], attrs)],
}

const average = (x: Tensor, w: Windows, countIncludePad: boolean, divisor: number): Tensor => {
  const { input, kernel, stride, padding, dilation, output } = w
  return apply(avgPoolOp, [x], { input, kernel, stride, padding, dilation, output, countIncludePad, divisor })
}

/**
 * Sums of windows over [N, C, ...space], divided by `divisor`, with as many windows as `output` says: those past the
 * end read zeros.
 */
export const averageOf = (x: Tensor, windows: Windows, divisor: number): Tensor => average(x, windows, true, divisor)

const avgPool = (op: string, space: number, x: Tensor, kernelSize: PerAxis, options: AvgPoolOptions): Tensor =>
  batched(op, x, space, (t) => {
    const { countIncludePad = true, divisorOverride } = options
    if (divisorOverride !== undefined && !(Number.isFinite(divisorOverride) && divisorOverride !== 0)) {
      throw new ValueError({
        op,
        problem: 'divisorOverride does not fit',
        got: String(divisorOverride),
        expected: 'a finite number other than 0',
      })
    }
    return average(t, poolWindows(op, t, kernelSize, options), countIncludePad, divisorOverride ?? 0)
  })

/**
 * The average of sliding windows, as torch.nn.functional.avg_pool1d.
 * Shape: x [N, C, W] or [C, W] -> [N, C, W'].
 * @throws ShapeError when a window does not fit, ValueError for options out of range.
 * @source Checked against torch.nn.functional.avg_pool1d 1.13 in pool.test.ts
 * @example avgPool1d(tensor([[[1, 3, 2, 4]]]), 2).toArray() // => [[[2, 3]]]
 */
export const avgPool1d = (x: Tensor, kernelSize: PerAxis, options: AvgPoolOptions = {}): Tensor =>
  avgPool('avgPool1d', 1, x, kernelSize, options)

/**
 * The average of sliding windows, as torch.nn.functional.avg_pool2d.
 * Shape: x [N, C, H, W] or [C, H, W] -> [N, C, H', W'], H' = floor((H + 2 padding - K) / stride) + 1.
 * @throws ShapeError when a window does not fit, ValueError for options out of range.
 * @source Checked against torch.nn.functional.avg_pool2d 1.13 in pool.test.ts
 * @example avgPool2d(tensor([[[[1, 2], [3, 4]]]]), 2).toArray() // => [[[[2.5]]]]
 */
export const avgPool2d = (x: Tensor, kernelSize: PerAxis, options: AvgPoolOptions = {}): Tensor =>
  avgPool('avgPool2d', 2, x, kernelSize, options)

/**
 * The average of sliding windows, as torch.nn.functional.avg_pool3d.
 * Shape: x [N, C, D, H, W] or [C, D, H, W] -> [N, C, D', H', W'].
 * @throws ShapeError when a window does not fit, ValueError for options out of range.
 * @source Checked against torch.nn.functional.avg_pool3d 1.13 in pool.test.ts
 * @example avgPool3d(ones([1, 1, 2, 2, 2]), 2).toArray() // => [[[[[1]]]]]
 */
export const avgPool3d = (x: Tensor, kernelSize: PerAxis, options: AvgPoolOptions = {}): Tensor =>
  avgPool('avgPool3d', 3, x, kernelSize, options)

/** Options of {@link lpPool2d} and {@link lpPool1d}. */
export interface LpPoolOptions {
  /** Steps between windows. Default: the kernel size. */
  readonly stride?: PerAxis
  /** Keep a last window that is only partly inside. Default false. */
  readonly ceilMode?: boolean
  /** The norm's exponent. Default 2. */
  readonly p?: number
}

const lpPool = (
  op: string,
  space: number,
  x: Tensor,
  kernelSize: PerAxis,
  { p = 2, ...windows }: LpPoolOptions,
): Tensor => {
  if (!(p > 0 && p < Infinity))
    throw new ValueError({ op, problem: 'p does not fit', got: String(p), expected: 'a finite number above 0' })
  const taps = sizeOf(perAxis(op, 'kernelSize', kernelSize, space, 1))
  return pow(mul(avgPool(op, space, pow(x, p), kernelSize, windows), taps), 1 / p)
}

/**
 * The p-norm of sliding windows, (sum x^p)^(1/p), as torch.nn.functional.lp_pool1d.
 * Shape: x [N, C, W] or [C, W] -> [N, C, W'].
 * @source Checked against torch.nn.functional.lp_pool1d 1.13 in pool.test.ts
 * @example lpPool1d(tensor([[[3, 4]]]), 2).toArray() // => [[[5]]]
 */
export const lpPool1d = (x: Tensor, kernelSize: PerAxis, options: LpPoolOptions = {}): Tensor =>
  lpPool('lpPool1d', 1, x, kernelSize, options)

/**
 * The p-norm of sliding windows, (sum x^p)^(1/p), as torch.nn.functional.lp_pool2d.
 * Shape: x [N, C, H, W] or [C, H, W] -> [N, C, H', W'].
 * @source Checked against torch.nn.functional.lp_pool2d 1.13 in pool.test.ts
 * @example lpPool2d(tensor([[[[3, 4]]]]), [1, 2]).toArray() // => [[[[5]]]]
 */
export const lpPool2d = (x: Tensor, kernelSize: PerAxis, options: LpPoolOptions = {}): Tensor =>
  lpPool('lpPool2d', 2, x, kernelSize, options)
