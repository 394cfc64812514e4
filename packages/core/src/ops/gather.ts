import { index as kernels } from '@lanewise/kernels-wasm/index'
import { apply } from '../autograd/apply.ts'
import type { NDArray, OpDef } from '../autograd/op.ts'
import { ShapeError } from '../errors.ts'
import { full } from '../tensor/create.ts'
import { bytesOf } from '../tensor/dtype.ts'
import { contiguousStrides, normalizeAxis, sameShape, show, type Shape } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { add } from './binary.ts'
import { cast } from './copy.ts'
import { around, checkIndex } from './index-rules.ts'
import { needSameDType } from './rules.ts'
import { expand, slice } from './views.ts'

/** Visits every element of an index: its place, and the place that it points to in an array of `shape`. */
const forEachTarget = (
  index: NDArray,
  shape: Shape,
  axis: number,
  visit: (at: number, target: number) => void,
): void => {
  const from = contiguousStrides(index.shape)
  const to = contiguousStrides(shape)
  for (let at = 0; at < index.data.length; at++) {
    let target = index.data[at] * (to[axis] ?? 1)
    for (let i = 0; i < shape.length; i++) {
      if (i !== axis) target += (Math.floor(at / from[i]) % index.shape[i]) * to[i]
    }
    visit(at, target)
  }
}

/** Whether an index covers all of a shape but for its own axis: what the kernels need. */
const covers = (index: Tensor, shape: Shape, axis: number): boolean =>
  index.shape.every((n, i) => i === axis || n === shape[i])

const gatherOp: OpDef<number> = {
  name: 'gather',
  savesInputs: [1],
  infer: ([x, index]) => [{ shape: index.shape, dtype: x.dtype }],
  reference: ([x, index], axis, [y]) =>
    forEachTarget(index, x.shape, axis, (at, target) => (y.data[at] = x.data[target])),
  wasm: (k, [x, index], axis, [{ shape, dtype }]) => {
    if (bytesOf(dtype) !== 4) return null
    const y = k.empty(shape, dtype)
    const { outer, n, inner } = around(x.shape, axis)
    const m = index.shape[axis] ?? 1
    const pX = k.contiguousPtr(x)
    k.use(kernels).b32_gather(pX, k.contiguousPtr(index), k.ptr(y), outer, n, inner, m)
    return [y]
  },
  gradient: (c, [dy]) => [scatterSum(dy!, c.input(1), { axis: c.attrs, shape: c.inputSpecs[0].shape }), null],
}

interface ScatterAttrs {
  readonly axis: number
  readonly shape: Shape
}

/** Elements added up at their index in zeros: the gradient of {@link gather}. */
const scatterSumOp: OpDef<ScatterAttrs> = {
  name: 'scatterSum',
  savesInputs: [1],
  infer: ([x], { shape }) => [{ shape, dtype: x.dtype }],
  reference: ([x, index], { axis, shape }, [y]) =>
    forEachTarget(index, shape, axis, (at, target) => (y.data[target] += x.data[at])),
  wasm: (k, [x, index], { axis, shape }) => {
    if (x.dtype !== 'f32' || !covers(index, shape, axis)) return null
    const y = k.empty(shape, x.dtype)
    const pX = k.contiguousPtr(x)
    const pIndex = k.contiguousPtr(index)
    k.bytesAt(k.ptr(y), 4 * y.size).fill(0)
    const { outer, n, inner } = around(shape, axis)
    k.use(kernels).f32_scatter_add(pX, pIndex, k.ptr(y), outer, n, inner, index.shape[axis] ?? 1)
    return [y]
  },
  gradient: (c, [dy]) => [gather(dy!, c.attrs.axis, c.input(1)), null],
}

/** Elements of x added up at their index along an axis of zeros. */
export const scatterSum = (x: Tensor, index: Tensor, attrs: ScatterAttrs): Tensor =>
  apply(scatterSumOp, [x, index], attrs)

const scatterOp: OpDef<number> = {
  name: 'scatter',
  savesInputs: [1],
  infer: ([x]) => [{ shape: x.shape, dtype: x.dtype }],
  reference: ([x, index, source], axis, [y]) => {
    y.data.set(x.data)
    forEachTarget(index, x.shape, axis, (at, target) => (y.data[target] = source.data[at]))
  },
  wasm: (k, [x, index, source], axis, [{ shape, dtype }]) => {
    if (bytesOf(dtype) !== 4 || !covers(index, shape, axis)) return null
    const y = k.empty(shape, dtype)
    const pSource = k.contiguousPtr(source)
    const pIndex = k.contiguousPtr(index)
    k.copyAs(x, k.ptr(y), y.strides)
    const { outer, n, inner } = around(shape, axis)
    k.use(kernels).b32_scatter(pSource, pIndex, k.ptr(y), outer, n, inner, index.shape[axis] ?? 1)
    return [y]
  },
  gradient: (c, [dy]) => [
    c.needs[0] ? scatter(dy!, c.attrs, { index: c.input(1), source: 0 }) : null,
    null,
    c.needs[2] ? gather(dy!, c.attrs, c.input(1)) : null,
  ],
}

const checkExtents = (op: string, x: Tensor, index: Tensor, axis: number): void => {
  if (x.rank === index.rank && index.shape.every((n, i) => i === axis || n <= x.shape[i])) return
  throw new ShapeError({
    op,
    problem: 'the index does not fit',
    got: `x ${show(x.shape)}, index ${show(index.shape)}`,
    expected: `equal ranks, and no axis but ${axis} longer than in x`,
  })
}

/** The part of x that an index can reach. */
const reach = (x: Tensor, index: Tensor, axis: number): Tensor =>
  x.shape.reduce((y, n, i) => (i === axis || index.shape[i] === n ? y : slice(y, i, 0, index.shape[i])), x)

/**
 * y[i][j][k] = x[i][index[i][j][k]][k] for axis 1, and so for others, as torch.gather.
 * Shape: x [..., n, ...], index of the same rank, no longer on other axes -> like index.
 * @throws DTypeError when the index is not i32, ValueError when it leaves the axis, ShapeError when it does not fit.
 * @example gather(tensor([[1, 2], [3, 4]]), 1, tensor(Int32Array.of(1, 0), { shape: [2, 1] })).toArray() // => [[2], [3]]
 */
export const gather = (x: Tensor, axis: number, index: Tensor): Tensor => {
  const a = normalizeAxis('gather', axis, x.rank)
  checkExtents('gather', x, index, a)
  checkIndex('gather', index, x.shape[a] ?? 1)
  if (bytesOf(x.dtype) === 1) return cast(apply(gatherOp, [cast(reach(x, index, a), 'i32'), index], a), x.dtype)
  return apply(gatherOp, [reach(x, index, a), index], a)
}

/** Where {@link scatter} and {@link scatterAdd} write what. */
export interface ScatterSource<T> {
  /** i32, of the rank of x. */
  readonly index: Tensor
  /** At least as long as the index on every axis. */
  readonly source: T
}

const checkSource = (op: string, x: Tensor, { index, source }: ScatterSource<Tensor>): void => {
  needSameDType(op, [x, source])
  if (source.rank === index.rank && source.shape.every((n, i) => n >= index.shape[i])) return
  throw new ShapeError({
    op,
    problem: 'the source does not cover the index',
    got: `source ${show(source.shape)}, index ${show(index.shape)}`,
    expected: 'no shorter axis',
  })
}

/** The part of a source that its index covers. */
const covered = ({ index, source }: ScatterSource<Tensor>): Tensor =>
  sameShape(source.shape, index.shape) ? source : reach(source, index, -1)

/**
 * x with y[i][index[i][j][k]][k] = source[i][j][k] for axis 1, and so for others, as torch.scatter. Of several
 * elements for one place the last wins.
 * Shape: x [...], index and source of its rank -> like x.
 * @throws DTypeError, ValueError or ShapeError when the index or the source does not fit.
 * @example scatter(tensor([1, 2, 3]), 0, { index: tensor(Int32Array.of(2)), source: 9 }).toArray() // => [1, 2, 9]
 */
export const scatter = (x: Tensor, axis: number, { index, source }: ScatterSource<Tensor | number>): Tensor => {
  const a = normalizeAxis('scatter', axis, x.rank)
  checkExtents('scatter', x, index, a)
  checkIndex('scatter', index, x.shape[a] ?? 1)
  if (source instanceof Tensor) {
    checkSource('scatter', x, { index, source })
    return apply(scatterOp, [x, index, covered({ index, source })], a)
  }
  const value = cast(full([], source, { backend: x.backend }), x.dtype)
  return apply(scatterOp, [x, index, expand(value, index.shape)], a)
}

/**
 * As {@link scatter}, adding to what is there; all elements for one place add up, as torch.scatter_add.
 * @throws DTypeError, ValueError or ShapeError when the index or the source does not fit.
 * @example scatterAdd(tensor([1, 2]), 0, { index: tensor(Int32Array.of(1, 1)), source: tensor([5, 7]) }).toArray() // => [1, 14]
 */
export const scatterAdd = (x: Tensor, axis: number, { index, source }: ScatterSource<Tensor>): Tensor => {
  const a = normalizeAxis('scatterAdd', axis, x.rank)
  checkExtents('scatterAdd', x, index, a)
  checkSource('scatterAdd', x, { index, source })
  checkIndex('scatterAdd', index, x.shape[a] ?? 1)
  return add(x, scatterSum(covered({ index, source }), index, { axis: a, shape: x.shape }))
}
