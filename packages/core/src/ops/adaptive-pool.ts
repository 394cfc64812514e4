import { pool as kernels } from '@lanewise/kernels-wasm/pool'
import { apply, applyAll } from '../autograd/apply.ts'
import type { GradientContext } from '../autograd/node.ts'
import type { NDArray, OpDef, TensorSpec } from '../autograd/op.ts'
import type { WasmBackend } from '../backends/wasm/wasm.ts'
import { ShapeError, ValueError } from '../errors.ts'
import { channelsLastStrides, show, sizeOf, type Shape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { averageWindows, pickLargest, spreadWindows } from './pool.ts'
import { poolScatter } from './pool-indices.ts'
import { needFloat } from './rules.ts'
import { batched, forEachIndex, triple, type Taps } from './windows.ts'

/** Size of the result's space: one number for all axes, or one for each, null to keep that axis. */
export type AdaptiveSize = number | readonly (number | null)[]

interface Attrs {
  readonly input: Shape
  readonly output: Shape
}

/** The first element of window i of `out` over `n` elements, and the first one after it. */
const startOf = (i: number, n: number, out: number): number => Math.floor((i * n) / out)
const endOf = (i: number, n: number, out: number): number => Math.ceil(((i + 1) * n) / out)

const tapsOf = ({ input, output }: Attrs): Taps => {
  const [from, to]: [number[], number[]] = [[], []]
  forEachIndex(output, (out, iOut) => {
    const starts = out.map((o, i) => startOf(o, input[i], output[i]))
    const sizes = out.map((o, i) => endOf(o, input[i], output[i]) - starts[i])
    forEachIndex(sizes, (k) => {
      from.push(k.reduce((at, offset, i) => at * input[i] + starts[i] + offset, 0))
      to.push(iOut)
    })
  })
  return { count: from.length, from: Int32Array.from(from), tap: new Int32Array(0), to: Int32Array.from(to) }
}

const divisorsOf = (taps: Taps, windows: number): Float64Array => {
  const counts = new Float64Array(windows)
  for (let i = 0; i < taps.count; i++) counts[taps.to[i]]++
  return counts
}

/** The kernels' parameter block. */
const paramsOf = (k: WasmBackend, { input, output }: Attrs, N: number, C: number): number =>
  k.table([N, C], triple(input, 1), triple(output, 1))

const adaptiveAvgOp: OpDef<Attrs> = {
  name: 'adaptiveAvgPool',
  infer: ([x], { output }) => [{ shape: [x.shape[0], x.shape[1], ...output], dtype: x.dtype }],
  reference: ([x], a, [y]) => {
    const taps = tapsOf(a)
    averageWindows(x, y, taps, divisorsOf(taps, sizeOf(a.output)))
  },
  wasm: (k, [x], a, [{ shape, dtype }]) => {
    if (dtype !== 'f32' || x.size === 0) return null
    const y = k.empty(shape, dtype, channelsLastStrides(shape))
    k.use(kernels).f32_adaptive_avg_pool(k.channelsLastPtr(x), k.ptr(y), paramsOf(k, a, shape[0], shape[1]))
    return [y]
  },
  gradient: ({ attrs }, [dy]) => [apply(adaptiveAvgGradOp, [dy!], attrs)],
}

const adaptiveAvgGradOp: OpDef<Attrs> = {
  name: 'adaptiveAvgPoolGrad',
  infer: ([dy], { input }) => [{ shape: [dy.shape[0], dy.shape[1], ...input], dtype: dy.dtype }],
  reference: ([dy], a, [dx]) => {
    const taps = tapsOf(a)
    spreadWindows(dy, dx, taps, divisorsOf(taps, sizeOf(a.output)))
  },
  wasm: (k, [dy], a, [{ shape, dtype }]) => {
    if (dtype !== 'f32' || dy.size === 0) return null
    const dx = k.empty(shape, dtype, channelsLastStrides(shape))
    k.use(kernels).f32_adaptive_avg_pool_grad(k.channelsLastPtr(dy), k.ptr(dx), paramsOf(k, a, shape[0], shape[1]))
    return [dx]
  },
  gradient: ({ attrs }, [ddx]) => [apply(adaptiveAvgOp, [ddx!], attrs)],
}

function maxInfer([x]: readonly Tensor[], { output }: Attrs): TensorSpec[] {
  const shape = [x.shape[0], x.shape[1], ...output]
  return [
    { shape, dtype: x.dtype },
    { shape, dtype: 'i32' },
  ]
}

function maxReference([x]: readonly NDArray[], a: Attrs, [y, index]: readonly NDArray[]): void {
  pickLargest(x, y, index, tapsOf(a))
}

function maxWasm(k: WasmBackend, [x]: readonly Tensor[], a: Attrs, specs: readonly TensorSpec[]): Tensor[] | null {
  if (x.dtype !== 'f32' || x.size === 0) return null
  const [y, index] = specs.map(({ shape, dtype }) => k.empty(shape, dtype, channelsLastStrides(shape)))
  k.use(kernels).f32_adaptive_max_pool(
    k.channelsLastPtr(x),
    k.ptr(y),
    k.ptr(index),
    paramsOf(k, a, x.shape[0], x.shape[1]),
  )
  return [y, index]
}

function maxGradient(c: GradientContext<Attrs>, [dy]: readonly (Tensor | null)[]): (Tensor | null)[] {
  return [poolScatter(dy!, c.output(1), c.attrs.input)]
}

const adaptiveMaxOp: OpDef<Attrs> = {
  name: 'adaptiveMaxPool',
  hidden: 1,
  savesOutputs: [1],
  infer: maxInfer,
  reference: maxReference,
  wasm: maxWasm,
  gradient: maxGradient,
}

/** {@link adaptiveMaxOp} with its indices for the caller. */
const adaptiveMaxWithIndicesOp: OpDef<Attrs> = {
  name: 'adaptiveMaxPoolWithIndices',
  savesOutputs: [1],
  infer: maxInfer,
  reference: maxReference,
  wasm: maxWasm,
  gradient: maxGradient,
}

const attrsOf = (op: string, x: Tensor, size: AdaptiveSize): Attrs => {
  needFloat(op, x)
  const input = x.shape.slice(2)
  const list = typeof size === 'number' ? input.map(() => size) : size
  const output = list.map((n, i) => n ?? input[i])
  if (output.length !== input.length || output.some((n) => !Number.isInteger(n) || n < 1)) {
    throw new ValueError({
      op,
      problem: 'the output size does not fit',
      got: `[${list.join(',')}]`,
      expected: `${input.length} integers >= 1, or null to keep an axis`,
    })
  }
  if (x.shape.slice(1).includes(0))
    throw new ShapeError({
      op,
      problem: 'an axis is empty',
      got: show(x.shape),
      expected: 'only the batch may be empty',
    })
  return { input, output }
}

const pool = (op: string, def: OpDef<Attrs>, space: number, x: Tensor, size: AdaptiveSize): Tensor =>
  batched(op, x, space, (t) => apply(def, [t], attrsOf(op, t, size)))

/**
 * Averages over as many windows as asked for, as torch.nn.functional.adaptive_avg_pool1d.
 * Shape: x [N, C, W] or [C, W] -> [N, C, size]; window i covers floor(i W / size) to ceil((i + 1) W / size).
 * @throws ValueError when the size is not a positive integer.
 * @source Checked against torch.nn.functional.adaptive_avg_pool1d 1.13 in adaptive-pool.test.ts
 * @example adaptiveAvgPool1d(tensor([[[1, 2, 3]]]), 2).toArray() // => [[[1.5, 2.5]]]
 */
export const adaptiveAvgPool1d = (x: Tensor, size: AdaptiveSize): Tensor =>
  pool('adaptiveAvgPool1d', adaptiveAvgOp, 1, x, size)

/**
 * Averages over as many windows as asked for, as torch.nn.functional.adaptive_avg_pool2d.
 * Shape: x [N, C, H, W] or [C, H, W] -> [N, C, ...size]; windows as in {@link adaptiveAvgPool1d}.
 * @throws ValueError when a size is not a positive integer.
 * @source Checked against torch.nn.functional.adaptive_avg_pool2d 1.13 in adaptive-pool.test.ts
 * @example adaptiveAvgPool2d(tensor([[[[1, 2], [3, 4]]]]), [1, null]).toArray() // => [[[[2, 3]]]]
 */
export const adaptiveAvgPool2d = (x: Tensor, size: AdaptiveSize): Tensor =>
  pool('adaptiveAvgPool2d', adaptiveAvgOp, 2, x, size)

/**
 * Averages over as many windows as asked for, as torch.nn.functional.adaptive_avg_pool3d.
 * Shape: x [N, C, D, H, W] or [C, D, H, W] -> [N, C, ...size].
 * @throws ValueError when a size is not a positive integer.
 * @source Checked against torch.nn.functional.adaptive_avg_pool3d 1.13 in adaptive-pool.test.ts
 * @example adaptiveAvgPool3d(ones([1, 2, 4, 4, 4]), 1).shape // => [1, 2, 1, 1, 1]
 */
export const adaptiveAvgPool3d = (x: Tensor, size: AdaptiveSize): Tensor =>
  pool('adaptiveAvgPool3d', adaptiveAvgOp, 3, x, size)

/**
 * Maxima over as many windows as asked for, as torch.nn.functional.adaptive_max_pool1d.
 * Shape: x [N, C, W] or [C, W] -> [N, C, size].
 * @throws ValueError when the size is not a positive integer.
 * @source Checked against torch.nn.functional.adaptive_max_pool1d 1.13 in adaptive-pool.test.ts
 * @example adaptiveMaxPool1d(tensor([[[1, 2, 3]]]), 2).toArray() // => [[[2, 3]]]
 */
export const adaptiveMaxPool1d = (x: Tensor, size: AdaptiveSize): Tensor =>
  pool('adaptiveMaxPool1d', adaptiveMaxOp, 1, x, size)

/**
 * Maxima over as many windows as asked for, as torch.nn.functional.adaptive_max_pool2d.
 * Shape: x [N, C, H, W] or [C, H, W] -> [N, C, ...size].
 * @throws ValueError when a size is not a positive integer.
 * @source Checked against torch.nn.functional.adaptive_max_pool2d 1.13 in adaptive-pool.test.ts
 * @example adaptiveMaxPool2d(tensor([[[[1, 2], [3, 4]]]]), 1).toArray() // => [[[[4]]]]
 */
export const adaptiveMaxPool2d = (x: Tensor, size: AdaptiveSize): Tensor =>
  pool('adaptiveMaxPool2d', adaptiveMaxOp, 2, x, size)

/**
 * Maxima over as many windows as asked for, as torch.nn.functional.adaptive_max_pool3d.
 * Shape: x [N, C, D, H, W] or [C, D, H, W] -> [N, C, ...size].
 * @throws ValueError when a size is not a positive integer.
 * @source Checked against torch.nn.functional.adaptive_max_pool3d 1.13 in adaptive-pool.test.ts
 * @example adaptiveMaxPool3d(ones([1, 2, 4, 4, 4]), 2).shape // => [1, 2, 2, 2, 2]
 */
export const adaptiveMaxPool3d = (x: Tensor, size: AdaptiveSize): Tensor =>
  pool('adaptiveMaxPool3d', adaptiveMaxOp, 3, x, size)

/**
 * Adaptive max pooling over one to three axes of space, with the maxima's flat positions in the input's space as i32.
 * Shape: x [N, C, ...space] -> twice [N, C, ...size].
 * @source Checked against torch.nn.functional.adaptive_max_pool2d_with_indices 1.13 in adaptive-pool.test.ts
 * @example adaptiveMaxPoolWithIndices(tensor([[[1, 2, 3]]]), 2)[1].toArray() // => [[[1, 2]]]
 */
export const adaptiveMaxPoolWithIndices = (x: Tensor, size: AdaptiveSize): [Tensor, Tensor] => {
  x.live('adaptiveMaxPoolWithIndices')
  const [y, index] = applyAll(adaptiveMaxWithIndicesOp, [x], attrsOf('adaptiveMaxPoolWithIndices', x, size))
  return [y, index]
}
