import { reduce as kernels, type ReduceKernels } from '@lanewise/kernels-wasm/reduce'
import { apply } from '../autograd/apply.ts'
import type { GradientContext } from '../autograd/node.ts'
import type { NDArray, OpDef, TensorSpec } from '../autograd/op.ts'
import type { WasmBackend } from '../backends/wasm/wasm.ts'
import { ShapeError } from '../errors.ts'
import { isFloat } from '../tensor/dtype.ts'
import { denseStridesLike, isDense, normalizeAxes, normalizeAxis, sameShape, show, sizeOf, storageOrder, type Shape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { div, eq, mul, sub } from './binary.ts'
import { cast } from './copy.ts'
import { exp, log } from './unary.ts'
import { expand, reshape } from './views.ts'

/** One axis or several. */
export type Axes = number | readonly number[]

interface ReduceAttrs {
  /** Distinct, ascending. */
  readonly axes: readonly number[]
  readonly keepDims: boolean
}

/** An op that folds some axes to one element each. */
interface ReduceOp extends OpDef<ReduceAttrs> {
  /** Kernel name; null where there is none for the dtype. */
  readonly kernel: (dtype: string) => keyof ReduceKernels | null
  /** Folds one group of `n` elements, given by index. */
  readonly fold: (at: (i: number) => number, n: number) => number
}

const reducedShape = (shape: Shape, { axes, keepDims }: ReduceAttrs): Shape =>
  keepDims ? shape.map((n, i) => (axes.includes(i) ? 1 : n)) : shape.filter((_, i) => !axes.includes(i))

function infer([x]: readonly Tensor[], attrs: ReduceAttrs): TensorSpec[] {
  return [{ shape: reducedShape(x.shape, attrs), dtype: x.dtype }]
}

function reference(this: ReduceOp, [x]: readonly NDArray[], { axes }: ReduceAttrs, [y]: readonly NDArray[]): void {
  const strides = x.shape.map((_, i) => sizeOf(x.shape.slice(i + 1)))
  const offsets = (which: readonly number[]): number[] =>
    which.reduce<number[]>((base, axis) => base.flatMap((b) => Array.from({ length: x.shape[axis] }, (_, i) => b + i * strides[axis])), [0])
  const group = offsets(axes)
  const starts = offsets(x.shape.map((_, i) => i).filter((i) => !axes.includes(i)))
  starts.forEach((start, i) => (y.data[i] = this.fold((j) => x.data[start + group[j]], group.length)))
}

/** A dense tensor as [outer, n, inner] with n the reduced axes, when they are neighbours in memory. */
const canonical = (x: Tensor, axes: readonly number[]): { outer: number; n: number; inner: number; order: number[] } | null => {
  const order = storageOrder(x.shape, x.strides)
  const inside = order.map((axis) => axes.includes(axis) && x.shape[axis] !== 1)
  const first = inside.indexOf(true)
  const last = inside.lastIndexOf(true)
  if (inside.slice(first, last + 1).some((reduced, i) => !reduced && x.shape[order[first + i]] !== 1)) return null
  const sizes = order.map((axis) => x.shape[axis])
  if (first < 0) return { outer: sizeOf(sizes), n: 1, inner: 1, order }
  return { outer: sizeOf(sizes.slice(0, first)), n: sizeOf(sizes.slice(first, last + 1)), inner: sizeOf(sizes.slice(last + 1)), order }
}

type Kernel = (pX: number, pY: number, outer: number, n: number, inner: number) => void

/** Strides of the result when the kept axes stay in their order in memory. */
const keptStrides = (x: Tensor, attrs: ReduceAttrs): readonly number[] => {
  const all = denseStridesLike(
    x.shape.map((n, i) => (attrs.axes.includes(i) ? 1 : n)),
    x.strides,
  )
  return attrs.keepDims ? all : all.filter((_, i) => !attrs.axes.includes(i))
}

function wasm(this: ReduceOp, k: WasmBackend, [x]: readonly Tensor[], attrs: ReduceAttrs, [spec]: readonly TensorSpec[]): Tensor[] | null {
  const name = this.kernel(x.dtype)
  if (name === null) return null
  const kernel = k.use(kernels)[name] as Kernel
  const parts = isDense(x.shape, x.strides) ? canonical(x, attrs.axes) : null
  if (parts !== null) {
    const y = k.empty(spec.shape, spec.dtype, keptStrides(x, attrs))
    kernel(k.ptr(x), k.ptr(y), parts.outer, parts.n, parts.inner)
    return [y]
  }
  // The reduced axes are scattered: bring them to the end first.
  const y = k.empty(spec.shape, spec.dtype)
  const keptAxes = x.shape.map((_, i) => i).filter((i) => !attrs.axes.includes(i))
  const order = [...keptAxes, ...attrs.axes]
  const strides = new Array<number>(x.rank)
  let step = 1
  for (let i = order.length - 1; i >= 0; i--) {
    strides[order[i]] = step
    step *= x.shape[order[i]]
  }
  const n = sizeOf(attrs.axes.map((axis) => x.shape[axis]))
  kernel(k.ptrAs(x, strides), k.ptr(y), y.size, n, 1)
  return [y]
}

const float = (name: keyof ReduceKernels) => (dtype: string): keyof ReduceKernels | null => (dtype === 'f32' ? name : null)

/** The reduced tensor with its folded axes back as size 1, so that it broadcasts over the input. */
const withAxes = (c: GradientContext<ReduceAttrs>, y: Tensor): Tensor =>
  reshape(
    y,
    c.inputSpecs[0].shape.map((n, i) => (c.attrs.axes.includes(i) ? 1 : n)),
  )

const run = (op: ReduceOp, x: Tensor, axes: Axes | undefined, keepDims: boolean): Tensor =>
  apply(op, [x], { axes: normalizeAxes(op.name, axes, x.rank), keepDims })

const sumOp: ReduceOp = {
  name: 'sum',
  kernel: (dtype) => (dtype === 'f32' ? 'f32_sum' : dtype === 'i32' ? 'i32_sum' : null),
  fold: (at, n) => {
    let total = 0
    for (let i = 0; i < n; i++) total += at(i)
    return total
  },
  infer,
  reference,
  wasm,
  gradient: (c, [dy]) => [expand(withAxes(c, dy!), c.inputSpecs[0].shape)],
}

/**
 * The sum over some axes, or all. u8 and bool are summed as i32.
 * Shape: x [...] -> x's shape without the axes, or with size 1 there (`keepDims`).
 * @throws AxisError when an axis is out of range or given twice.
 * @example
 * sum(tensor([[1, 2], [3, 4]])).item() // => 10
 * sum(tensor([[1, 2], [3, 4]]), 0).toArray() // => [4, 6]
 */
export const sum = (x: Tensor, axes?: Axes, keepDims = false): Tensor =>
  run(sumOp, x.dtype === 'u8' || x.dtype === 'bool' ? cast(x, 'i32') : x, axes, keepDims)

/**
 * The mean over some axes, or all; integers are averaged as f32.
 * @example mean(tensor([[1, 2], [3, 4]]), 1).toArray() // => [1.5, 3.5]
 */
export const mean = (x: Tensor, axes?: Axes, keepDims = false): Tensor => {
  const list = normalizeAxes('mean', axes, x.rank)
  return div(sum(isFloat(x.dtype) ? x : cast(x, 'f32'), list, keepDims), sizeOf(list.map((a) => x.shape[a])))
}

/** The sum of `x` over whatever broadcasting had added to `shape`: the gradient of a broadcast. */
export const sumTo = (x: Tensor, shape: Shape): Tensor => {
  if (sameShape(x.shape, shape)) return x
  const lead = x.rank - shape.length
  const axes = x.shape.map((_, i) => i).filter((i) => i < lead || (shape[i - lead] === 1 && x.shape[i] !== 1))
  return reshape(sum(x, axes), shape)
}
