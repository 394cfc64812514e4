/* oxlint-disable no-restricted-properties -- reference loops */
import { logSoftmax as logKernels } from '@lanewise/kernels-wasm/log-softmax'
import { softmax as kernels, type SoftmaxGradientKernel, type SoftmaxKernel } from '@lanewise/kernels-wasm/softmax'
import { apply } from '../autograd/apply.ts'
import type { NDArray, OpDef } from '../autograd/op.ts'
import type { WasmBackend } from '../backends/wasm/wasm.ts'
import { contiguousStrides, normalizeAxis, sizeOf } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { axisWalk } from './axis.ts'
import { mul, sub } from './binary.ts'
import { sum } from './reduce.ts'
import { needFloat, sameSpec } from './rules.ts'
import { exp, neg } from './unary.ts'

/** An op along one axis, by a loop over each line of n elements that lie `step` apart. */
interface LineOp<Kernel> extends OpDef<number> {
  readonly kernel: (k: WasmBackend) => Kernel
  readonly line: (x: readonly NDArray[], y: NDArray, start: number, n: number, step: number) => void
}

function reference(this: LineOp<unknown>, x: readonly NDArray[], axis: number, [y]: readonly NDArray[]): void {
  const n = y.shape[axis] ?? 1
  const inner = sizeOf(y.shape.slice(axis + 1))
  for (let o = 0; o < y.data.length; o += n * inner) {
    for (let i = 0; i < inner; i++) this.line(x, y, o + i, n, inner)
  }
}

/** The dense layout that both kernels walk: that of x where it is dense. */
const layout = (k: WasmBackend, x: Tensor): readonly number[] => (k.dense(x) ? x.strides : contiguousStrides(x.shape))

function forward(this: LineOp<SoftmaxKernel>, k: WasmBackend, [x]: readonly Tensor[], axis: number): Tensor[] | null {
  if (x.dtype !== 'f32') return null
  const strides = layout(k, x)
  const y = k.empty(x.shape, x.dtype, strides)
  const { outer, n, inner } = axisWalk(x.shape, strides, axis)
  this.kernel(k)(k.ptrAs(x, strides), k.ptr(y), outer, n, inner)
  return [y]
}

function backward(
  this: LineOp<SoftmaxGradientKernel>,
  k: WasmBackend,
  [y, dy]: readonly Tensor[],
  axis: number,
): Tensor[] | null {
  if (y.dtype !== 'f32') return null
  const strides = layout(k, y)
  const dx = k.empty(y.shape, y.dtype, strides)
  const { outer, n, inner } = axisWalk(y.shape, strides, axis)
  this.kernel(k)(k.ptrAs(y, strides), k.ptrAs(dy, strides), k.ptr(dx), outer, n, inner)
  return [dx]
}

/** The largest of a line, and the sum of exp(x - largest). */
const extent = (x: NDArray, start: number, n: number, step: number): { top: number; total: number } => {
  let top = -Infinity
  let total = 0
  for (let i = 0; i < n; i++) top = Math.max(top, x.data[start + i * step])
  for (let i = 0; i < n; i++) total += Math.exp(x.data[start + i * step] - top)
  return { top, total }
}

const softmaxGradOp: LineOp<SoftmaxGradientKernel> = {
  name: 'softmaxGrad',
  kernel: (k) => k.use(kernels).f32_softmax_grad,
  line: ([y, dy], dx, start, n, step) => {
    let dot = 0
    for (let i = 0; i < n; i++) dot += y.data[start + i * step] * dy.data[start + i * step]
    for (let i = 0; i < n; i++) dx.data[start + i * step] = y.data[start + i * step] * (dy.data[start + i * step] - dot)
  },
  infer: sameSpec,
  reference,
  wasm: backward,
}

const softmaxOp: LineOp<SoftmaxKernel> = {
  name: 'softmax',
  kernel: (k) => k.use(kernels).f32_softmax,
  line: ([x], y, start, n, step) => {
    const { top, total } = extent(x, start, n, step)
    for (let i = 0; i < n; i++) y.data[start + i * step] = Math.exp(x.data[start + i * step] - top) / total
  },
  infer: sameSpec,
  reference,
  wasm: forward,
  savesOutputs: [0],
  gradient: (c, [dy]) => {
    const y = c.output(0)
    if (c.fused) return [apply(softmaxGradOp, [y, dy!], c.attrs)]
    return [mul(y, sub(dy!, sum(mul(y, dy!), c.attrs, true)))]
  },
}

/**
 * exp(x_i) / sum_j exp(x_j) along one axis.
 * Shape: x [..., n, ...] -> same. A line of only -Infinity gives NaN, as in PyTorch.
 * @param axis - may be negative. Default -1.
 * @throws AxisError when the axis is outside [-rank, rank); DTypeError at a tensor of whole numbers.
 * @source Checked against torch.softmax 1.13 in softmax.test.ts
 * @example softmax(tensor([1, 1])).toArray() // => [0.5, 0.5]
 */
export const softmax = (x: Tensor, axis = -1): Tensor => {
  needFloat('softmax', x)
  return apply(softmaxOp, [x], normalizeAxis('softmax', axis, x.rank))
}

const logSoftmaxGradOp: LineOp<SoftmaxGradientKernel> = {
  name: 'logSoftmaxGrad',
  kernel: (k) => k.use(logKernels).f32_log_softmax_grad,
  line: ([y, dy], dx, start, n, step) => {
    let total = 0
    for (let i = 0; i < n; i++) total += dy.data[start + i * step]
    for (let i = 0; i < n; i++) {
      dx.data[start + i * step] = dy.data[start + i * step] - Math.exp(y.data[start + i * step]) * total
    }
  },
  infer: sameSpec,
  reference,
  wasm: backward,
}

const logSoftmaxOp: LineOp<SoftmaxKernel> = {
  name: 'logSoftmax',
  kernel: (k) => k.use(logKernels).f32_log_softmax,
  line: ([x], y, start, n, step) => {
    const { top, total } = extent(x, start, n, step)
    for (let i = 0; i < n; i++) y.data[start + i * step] = x.data[start + i * step] - top - Math.log(total)
  },
  infer: sameSpec,
  reference,
  wasm: forward,
  savesOutputs: [0],
  gradient: (c, [dy]) => {
    const y = c.output(0)
    if (c.fused) return [apply(logSoftmaxGradOp, [y, dy!], c.attrs)]
    return [sub(dy!, mul(exp(y), sum(dy!, c.attrs, true)))]
  },
}

/**
 * log softmax(x) along one axis, without the underflow of taking the logarithm afterwards.
 * Shape: x [..., n, ...] -> same.
 * @param axis - may be negative. Default -1.
 * @throws AxisError when the axis is outside [-rank, rank); DTypeError at a tensor of whole numbers.
 * @source Checked against torch.log_softmax 1.13 in softmax.test.ts
 * @example logSoftmax(tensor([0, 0])).toArray() // => [-0.6931472, -0.6931472]
 */
export const logSoftmax = (x: Tensor, axis = -1): Tensor => {
  needFloat('logSoftmax', x)
  return apply(logSoftmaxOp, [x], normalizeAxis('logSoftmax', axis, x.rank))
}

/** softmax(-x): the smallest elements weigh most. @example softmin(tensor([1, 1])).toArray() // => [0.5, 0.5] */
export const softmin = (x: Tensor, axis = -1): Tensor => softmax(neg(x), axis)
