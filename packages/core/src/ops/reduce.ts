/* oxlint-disable no-restricted-properties -- reference loops */
import { reduce as kernels, type ReduceKernel } from '@lanewise/kernels-wasm/reduce'
import { sum as sumKernels } from '@lanewise/kernels-wasm/sum'
import { apply } from '../autograd/apply.ts'
import type { GradientContext } from '../autograd/node.ts'
import type { NDArray, OpDef, TensorSpec } from '../autograd/op.ts'
import type { WasmBackend } from '../backends/wasm/wasm.ts'
import { ShapeError } from '../errors.ts'
import { full } from '../tensor/create.ts'
import { isFloat, type DType } from '../tensor/dtype.ts'
import {
  denseStridesLike,
  isDense,
  normalizeAxes,
  sameShape,
  show,
  sizeOf,
  storageOrder,
  type Shape,
} from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { div, eq, mul, pow, sub } from './binary.ts'
import { concat } from './concat.ts'
import { cast } from './copy.ts'
import { inclusiveProducts } from './scan.ts'
import { abs, exp, isNan, sqrt } from './unary.ts'
import { expand, permute, reshape, slice } from './views.ts'
import { where } from './where.ts'

/** One axis or several. */
export type Axes = number | readonly number[]

export interface ReduceAttrs {
  /** Distinct, ascending. */
  readonly axes: readonly number[]
  readonly keepDims: boolean
}

/** An op that folds some axes to one element each. */
export interface ReduceOp extends OpDef<ReduceAttrs> {
  /** The kernel; null where there is none for the dtype. */
  readonly kernel: (k: WasmBackend, dtype: DType) => ReduceKernel | null
  /** The result's dtype, where it is not that of x. */
  readonly result?: DType
  /** Whether a group without elements has no result. */
  readonly needsElements?: boolean
  /** Folds one group of `n` elements, given by index. */
  readonly fold: (at: (i: number) => number, n: number) => number
}

const reducedShape = (shape: Shape, { axes, keepDims }: ReduceAttrs): Shape =>
  keepDims ? shape.map((n, i) => (axes.includes(i) ? 1 : n)) : shape.filter((_, i) => !axes.includes(i))

/** The shape rule of every {@link ReduceOp}. */
export function reduceInfer(this: ReduceOp, [x]: readonly Tensor[], attrs: ReduceAttrs): TensorSpec[] {
  const shape = reducedShape(x.shape, attrs)
  if (this.needsElements === true && x.size === 0 && sizeOf(shape) > 0) {
    throw new ShapeError({
      op: this.name,
      problem: 'nothing is left to choose from',
      got: `${show(x.shape)} over axes ${show(attrs.axes)}`,
      expected: 'at least one element',
    })
  }
  return [{ shape, dtype: this.result ?? x.dtype }]
}

/** The loop of every {@link ReduceOp}. */
export function reduceReference(
  this: ReduceOp,
  [x]: readonly NDArray[],
  { axes }: ReduceAttrs,
  [y]: readonly NDArray[],
): void {
  const strides = x.shape.map((_, i) => sizeOf(x.shape.slice(i + 1)))
  const offsets = (which: readonly number[]): number[] =>
    which.reduce<number[]>(
      (base, axis) => base.flatMap((b) => Array.from({ length: x.shape[axis] }, (_, i) => b + i * strides[axis])),
      [0],
    )
  const group = offsets(axes)
  const starts = offsets(x.shape.map((_, i) => i).filter((i) => !axes.includes(i)))
  starts.forEach((start, i) => (y.data[i] = this.fold((j) => x.data[start + group[j]], group.length)))
}

/** A dense tensor as [outer, n, inner] with n the reduced axes, when they are neighbours in memory. */
const canonical = (
  x: Tensor,
  axes: readonly number[],
): { outer: number; n: number; inner: number; order: number[] } | null => {
  const order = storageOrder(x.shape, x.strides)
  const inside = order.map((axis) => axes.includes(axis) && x.shape[axis] !== 1)
  const first = inside.indexOf(true)
  const last = inside.lastIndexOf(true)
  if (inside.slice(first, last + 1).some((reduced, i) => !reduced && x.shape[order[first + i]] !== 1)) return null
  const sizes = order.map((axis) => x.shape[axis])
  if (first < 0) return { outer: sizeOf(sizes), n: 1, inner: 1, order }
  return {
    outer: sizeOf(sizes.slice(0, first)),
    n: sizeOf(sizes.slice(first, last + 1)),
    inner: sizeOf(sizes.slice(last + 1)),
    order,
  }
}

/** Strides of the result when the kept axes stay in their order in memory. */
const keptStrides = (x: Tensor, attrs: ReduceAttrs): readonly number[] => {
  const all = denseStridesLike(
    x.shape.map((n, i) => (attrs.axes.includes(i) ? 1 : n)),
    x.strides,
  )
  return attrs.keepDims ? all : all.filter((_, i) => !attrs.axes.includes(i))
}

/** The product of the sizes from axis `from` to before `to`. */
const product = (shape: Shape, from: number, to: number): number => {
  let n = 1
  for (let i = from; i < to; i++) n *= shape[i]
  return n
}

/** The kernel binding of every {@link ReduceOp}. */
export function reduceWasm(
  this: ReduceOp,
  k: WasmBackend,
  [x]: readonly Tensor[],
  attrs: ReduceAttrs,
  [spec]: readonly TensorSpec[],
): Tensor[] | null {
  const kernel = this.kernel(k, x.dtype)
  if (kernel === null) return null
  const first = attrs.axes[0] ?? 0
  const count = attrs.axes.length
  if (x.contiguous && (count === 0 || attrs.axes[count - 1] === first + count - 1)) {
    const y = k.empty(spec.shape, spec.dtype)
    const [outer, n] = [product(x.shape, 0, first), product(x.shape, first, first + count)]
    kernel(k.ptr(x), k.ptr(y), outer, n, product(x.shape, first + count, x.rank))
    return [y]
  }
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

/** The reduced tensor with its folded axes back as size 1, so that it broadcasts over the input. */
const withAxes = (c: GradientContext<ReduceAttrs>, y: Tensor): Tensor =>
  reshape(
    y,
    c.inputSpecs[0].shape.map((n, i) => (c.attrs.axes.includes(i) ? 1 : n)),
  )

/** Runs a reduction over checked axes. */
export const runReduce = (op: ReduceOp, x: Tensor, axes: Axes | undefined, keepDims: boolean): Tensor =>
  apply(op, [x], { axes: normalizeAxes(op.name, axes, x.rank), keepDims })

const sumOp: ReduceOp = {
  name: 'sum',
  kernel: (k, dtype) =>
    dtype === 'f32' ? k.use(sumKernels).f32_sum : dtype === 'i32' ? k.use(sumKernels).i32_sum : null,
  fold: (at, n) => {
    let total = 0
    for (let i = 0; i < n; i++) total += at(i)
    return total
  },
  infer: reduceInfer,
  reference: reduceReference,
  wasm: reduceWasm,
  gradient: (c, [dy]) => [expand(withAxes(c, dy!), c.inputSpecs[0].shape)],
}

/** The sum of bytes. */
const countOp: ReduceOp = {
  name: 'sum',
  kernel: (k, dtype) => (dtype === 'u8' || dtype === 'bool' ? k.use(sumKernels).u8_sum : null),
  result: 'i32',
  fold: sumOp.fold,
  infer: reduceInfer,
  reference: reduceReference,
  wasm: reduceWasm,
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
  runReduce(x.dtype === 'u8' || x.dtype === 'bool' ? countOp : sumOp, x, axes, keepDims)

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

// Extremes

/** dy shared evenly among the elements that equal the result. */
const shareTies = (c: GradientContext<ReduceAttrs>, dy: Tensor): Tensor => {
  const x = c.input(0)
  const hits = cast(eq(x, withAxes(c, c.output(0))), x.dtype)
  return mul(hits, div(withAxes(c, dy), sum(hits, c.attrs.axes, true)))
}

const amaxOp: ReduceOp = {
  name: 'amax',
  kernel: (k, dtype) => (dtype === 'f32' ? k.use(kernels).f32_max : dtype === 'i32' ? k.use(kernels).i32_max : null),
  needsElements: true,
  fold: (at, n) => {
    let best = at(0)
    for (let i = 1; i < n; i++) if (at(i) > best || Number.isNaN(at(i))) best = at(i)
    return best
  },
  infer: reduceInfer,
  reference: reduceReference,
  wasm: reduceWasm,
  savesInputs: [0],
  savesOutputs: [0],
  gradient: (c, [dy]) => [shareTies(c, dy!)],
}

const aminOp: ReduceOp = {
  name: 'amin',
  kernel: (k, dtype) => (dtype === 'f32' ? k.use(kernels).f32_min : dtype === 'i32' ? k.use(kernels).i32_min : null),
  needsElements: true,
  fold: (at, n) => {
    let best = at(0)
    for (let i = 1; i < n; i++) if (at(i) < best || Number.isNaN(at(i))) best = at(i)
    return best
  },
  infer: reduceInfer,
  reference: reduceReference,
  wasm: reduceWasm,
  savesInputs: [0],
  savesOutputs: [0],
  gradient: (c, [dy]) => [shareTies(c, dy!)],
}

/** Runs an op of f32 and i32 on bytes too. */
const runWide = (op: ReduceOp, x: Tensor, axes: Axes | undefined, keepDims: boolean): Tensor =>
  x.dtype === 'u8' || x.dtype === 'bool'
    ? cast(runReduce(op, cast(x, 'i32'), axes, keepDims), x.dtype)
    : runReduce(op, x, axes, keepDims)

/**
 * The largest elements over some axes, or all, as torch.amax: equal ones share the gradient, NaN wins.
 * @throws ShapeError when there is nothing to choose from.
 * @example amax(tensor([[1, 5], [3, 4]]), 0).toArray() // => [3, 5]
 */
export const amax = (x: Tensor, axes?: Axes, keepDims = false): Tensor => runWide(amaxOp, x, axes, keepDims)

/**
 * The smallest elements over some axes, or all, as torch.amin: equal ones share the gradient, NaN wins.
 * @throws ShapeError when there is nothing to choose from.
 * @example amin(tensor([[1, 5], [3, 4]]), 1).toArray() // => [1, 3]
 */
export const amin = (x: Tensor, axes?: Axes, keepDims = false): Tensor => runWide(aminOp, x, axes, keepDims)

// Products

const prodOp: ReduceOp = {
  name: 'prod',
  kernel: (k, dtype) => (dtype === 'f32' ? k.use(kernels).f32_prod : dtype === 'i32' ? k.use(kernels).i32_prod : null),
  fold: (at, n) => {
    let total = 1
    for (let i = 0; i < n; i++) total *= at(i)
    return total
  },
  infer: reduceInfer,
  reference: reduceReference,
  wasm: reduceWasm,
  savesInputs: [0],
  gradient: (c, [dy]) => [mul(withAxes(c, dy!), productsOfOthers(c.input(0), c.attrs.axes))],
}

/** For each element the product of the others of its group; exact at zeros and differentiable. */
const productsOfOthers = (x: Tensor, axes: readonly number[]): Tensor => {
  const order = [...x.shape.map((_, i) => i).filter((i) => !axes.includes(i)), ...axes]
  const turned = permute(x, order)
  const rows = reshape(turned, [-1, sizeOf(axes.map((i) => x.shape[i]))])
  const others = mul(
    productsBefore(rows),
    slice(productsBefore(slice(rows, 1, -1, undefined, -1)), 1, -1, undefined, -1),
  )
  return permute(
    reshape(others, turned.shape),
    order.map((_, i) => order.indexOf(i)),
  )
}

/** Along the second axis, the product of all elements before each. */
const productsBefore = (x: Tensor): Tensor => {
  const one = expand(cast(full([1, 1], 1, { backend: x.backend }), x.dtype), [x.shape[0], 1])
  return inclusiveProducts(concat([one, slice(x, 1, 0, -1)], 1), 1)
}

/**
 * The product over some axes, or all; u8 and bool are multiplied as i32.
 * @example prod(tensor([[1, 2], [3, 4]]), 1).toArray() // => [2, 12]
 */
export const prod = (x: Tensor, axes?: Axes, keepDims = false): Tensor =>
  runReduce(prodOp, x.dtype === 'u8' || x.dtype === 'bool' ? cast(x, 'i32') : x, axes, keepDims)

// Spread

/** Options of {@link variance} and {@link std}. */
export interface VarianceOptions {
  /** What is taken off the number of elements: 1 for a sample, 0 for a population. Default 1. */
  readonly correction?: number
  /** Default false. */
  readonly keepDims?: boolean
}

/**
 * The variance over some axes, or all, as torch.var: sum (x - mean)^2 / (n - correction).
 * @example variance(tensor([1, 2, 3])).item() // => 1
 */
export const variance = (
  x: Tensor,
  axes?: Axes,
  { correction = 1, keepDims = false }: VarianceOptions = {},
): Tensor => {
  const list = normalizeAxes('variance', axes, x.rank)
  const n = sizeOf(list.map((a) => x.shape[a]))
  const total = sumSquares(sub(x, mean(x, list, true)), list, keepDims)
  return div(total, Math.max(0, n - correction))
}

/**
 * The standard deviation over some axes, or all, as torch.std; its gradient is 0 where it is 0.
 * @example std(tensor([1, 2, 3])).item() // => 1
 */
export const std = (x: Tensor, axes?: Axes, options?: VarianceOptions): Tensor => rootOf(variance(x, axes, options))

/** The square root with a gradient of 0 at 0. */
const rootOf = (x: Tensor): Tensor => {
  const zero = eq(x, 0)
  return where(zero, 0, sqrt(where(zero, 1, x)))
}

const sumSquaresOp: ReduceOp = {
  name: 'sumSquares',
  kernel: (k, dtype) => (dtype === 'f32' ? k.use(kernels).f32_sum_squares : null),
  fold: (at, n) => {
    let total = 0
    for (let i = 0; i < n; i++) total += at(i) * at(i)
    return total
  },
  infer: reduceInfer,
  reference: reduceReference,
  wasm: reduceWasm,
  savesInputs: [0],
  gradient: (c, [dy]) => [mul(c.input(0), mul(withAxes(c, dy!), 2))],
}

const sumSquares = (x: Tensor, axes: Axes | undefined, keepDims: boolean): Tensor =>
  runReduce(sumSquaresOp, x, axes, keepDims)

/** Options of {@link norm}. */
export interface NormOptions {
  /** The order: 2 is Euclid's, 1 the sum of |x|, Infinity the largest |x|, 0 the number that is not 0. Default 2. */
  readonly p?: number
  /** Default false. */
  readonly keepDims?: boolean
}

/**
 * The p-norm over some axes, or all: (sum |x|^p)^(1/p). Its gradient at 0 is 0.
 * @example norm(tensor([3, 4])).item() // => 5
 */
export const norm = (x: Tensor, axes?: Axes, { p = 2, keepDims = false }: NormOptions = {}): Tensor => {
  const fractions = isFloat(x.dtype) ? x : cast(x, 'f32')
  if (p === 2) return rootOf(sumSquares(fractions, axes, keepDims))
  const size = abs(fractions)
  if (p === 1) return sum(size, axes, keepDims)
  if (p === Infinity) return amax(size, axes, keepDims)
  if (p === -Infinity) return amin(size, axes, keepDims)
  if (p === 0) return cast(countNonzero(x, axes, keepDims), fractions.dtype)
  const total = sum(pow(size, p), axes, keepDims)
  const zero = eq(total, 0)
  return where(zero, 0, pow(where(zero, 1, total), 1 / p))
}

const logSumExpOp: ReduceOp = {
  name: 'logSumExp',
  kernel: (k, dtype) => (dtype === 'f32' ? k.use(kernels).f32_logsumexp : null),
  fold: (at, n) => {
    let top = -Infinity
    for (let i = 0; i < n; i++) top = Math.max(top, at(i))
    if (top === Infinity || top === -Infinity) return top
    let total = 0
    for (let i = 0; i < n; i++) total += Math.exp(at(i) - top)
    return top + Math.log(total)
  },
  infer: reduceInfer,
  reference: reduceReference,
  wasm: reduceWasm,
  savesInputs: [0],
  savesOutputs: [0],
  gradient: (c, [dy]) => [mul(withAxes(c, dy!), exp(sub(c.input(0), withAxes(c, c.output(0)))))],
}

/**
 * log sum exp(x) over some axes, or all, without overflow.
 * @example logSumExp(tensor([0, 0])).item() // => 0.6931472
 */
export const logSumExp = (x: Tensor, axes?: Axes, keepDims = false): Tensor =>
  runReduce(logSumExpOp, isFloat(x.dtype) ? x : cast(x, 'f32'), axes, keepDims)

// Truth and counts

const allOp: ReduceOp = {
  name: 'all',
  kernel: (k) => k.use(kernels).u8_all,
  fold: (at, n) => {
    for (let i = 0; i < n; i++) if (at(i) === 0) return 0
    return 1
  },
  infer: reduceInfer,
  reference: reduceReference,
  wasm: reduceWasm,
}

const anyOp: ReduceOp = {
  name: 'any',
  kernel: (k) => k.use(kernels).u8_any,
  fold: (at, n) => {
    for (let i = 0; i < n; i++) if (at(i) !== 0) return 1
    return 0
  },
  infer: reduceInfer,
  reference: reduceReference,
  wasm: reduceWasm,
}

/** Whether no element over some axes, or all, is 0, as bool. @example all(tensor([[1, 0], [2, 3]]), 1).toArray() // => [0, 1] */
export const all = (x: Tensor, axes?: Axes, keepDims = false): Tensor =>
  runReduce(allOp, cast(x, 'bool'), axes, keepDims)

/** Whether an element over some axes, or all, is not 0, as bool. @example any(tensor([[0, 0], [2, 3]]), 1).toArray() // => [0, 1] */
export const any = (x: Tensor, axes?: Axes, keepDims = false): Tensor =>
  runReduce(anyOp, cast(x, 'bool'), axes, keepDims)

/** How many elements are not 0, as i32. @example countNonzero(tensor([0, 3, 4])).item() // => 2 */
export const countNonzero = (x: Tensor, axes?: Axes, keepDims = false): Tensor => sum(cast(x, 'bool'), axes, keepDims)

/** The sum of what is not NaN. @example nansum(tensor([1, NaN, 2])).item() // => 3 */
export const nansum = (x: Tensor, axes?: Axes, keepDims = false): Tensor => sum(where(isNan(x), 0, x), axes, keepDims)

/** The mean of what is not NaN. @example nanmean(tensor([1, NaN, 2])).item() // => 1.5 */
export const nanmean = (x: Tensor, axes?: Axes, keepDims = false): Tensor =>
  div(nansum(x, axes, keepDims), sum(eq(x, x), axes, keepDims))
