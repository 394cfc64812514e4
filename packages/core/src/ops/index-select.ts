import { index as kernels } from '@lanewise/kernels-wasm/index'
import { apply } from '../autograd/apply.ts'
import type { OpDef } from '../autograd/op.ts'
import { ShapeError } from '../errors.ts'
import { bytesOf } from '../tensor/dtype.ts'
import { normalizeAxis, show, type Shape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { add, eq } from './binary.ts'
import { around, checkIndex, wrapIndex } from './index-rules.ts'
import { needSameDType } from './rules.ts'
import { reshape } from './views.ts'
import { where } from './where.ts'

interface SelectAttrs {
  readonly axis: number
  /** An index whose slices get no gradient; -1 for none. */
  readonly skip: number
}

const indexSelectOp: OpDef<SelectAttrs> = {
  name: 'indexSelect',
  savesInputs: [1],
  infer: ([x, index], { axis }) => [{ shape: x.shape.with(axis, index.size), dtype: x.dtype }],
  reference: ([x, index], { axis }, [y]) => {
    const { outer, n, inner } = around(x.shape, axis)
    const m = index.data.length
    for (let o = 0; o < outer; o++) {
      for (let j = 0; j < m; j++) {
        const from = (o * n + index.data[j]) * inner
        y.data.set(x.data.subarray(from, from + inner), (o * m + j) * inner)
      }
    }
  },
  wasm: (k, [x, index], { axis }, [{ shape, dtype }]) => {
    const y = k.empty(shape, dtype)
    const { outer, n, inner } = around(x.shape, axis)
    const pX = k.contiguousPtr(x)
    if (bytesOf(dtype) === 1) {
      const walk = { outer, n, inner, m: index.size }
      const pIndex = k.contiguousPtr(index)
      selectBytes(
        k.bytesAt(pX, x.size),
        new Int32Array(k.bytesAt(pIndex, 4 * index.size).slice().buffer),
        k.bytesAt(k.ptr(y), y.size),
        walk,
      )
      return [y]
    }
    k.use(kernels).b32_index_select(pX, k.contiguousPtr(index), k.ptr(y), outer, n, inner, index.size)
    return [y]
  },
  gradient: (c, [dy]) => [sumAtIndex(dy!, c.input(1), { ...c.attrs, shape: c.inputSpecs[0].shape }), null],
}

/** The same for bytes, which have no kernel: one copy for each slice. */
const selectBytes = (
  x: Uint8Array,
  index: Int32Array,
  y: Uint8Array,
  { outer, n, inner, m }: { readonly outer: number; readonly n: number; readonly inner: number; readonly m: number },
): void => {
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < m; j++) {
      const from = (o * n + index[j]) * inner
      y.set(x.subarray(from, from + inner), (o * m + j) * inner)
    }
  }
}

interface SumAttrs extends SelectAttrs {
  readonly shape: Shape
}

/** Slices added up at their index in zeros: the gradient of a selection. */
const sumAtIndexOp: OpDef<SumAttrs> = {
  name: 'sumAtIndex',
  savesInputs: [1],
  infer: ([x], { shape }) => [{ shape, dtype: x.dtype }],
  reference: ([x, index], { shape, axis, skip }, [y]) => {
    const { outer, n, inner } = around(shape, axis)
    const m = index.data.length
    for (let o = 0; o < outer; o++) {
      for (let j = 0; j < m; j++) {
        if (index.data[j] === skip) continue
        const to = (o * n + index.data[j]) * inner
        const from = (o * m + j) * inner
        for (let i = 0; i < inner; i++) y.data[to + i] += x.data[from + i]
      }
    }
  },
  wasm: (k, [x, index], { shape, axis, skip }) => {
    if (x.dtype !== 'f32') return null
    const y = k.empty(shape, x.dtype)
    const pX = k.contiguousPtr(x)
    const pIndex = k.contiguousPtr(index)
    k.bytesAt(k.ptr(y), 4 * y.size).fill(0)
    const { outer, n, inner } = around(shape, axis)
    k.use(kernels).f32_index_add(pX, pIndex, k.ptr(y), outer, n, inner, index.size, skip)
    return [y]
  },
  gradient: (c, [dy]) => {
    const { axis, skip } = c.attrs
    const dx = apply(indexSelectOp, [dy!, c.input(1)], c.attrs)
    if (skip < 0) return [dx, null]
    const skipped = reshape(eq(c.input(1), skip), [-1, ...dx.shape.slice(axis + 1).map(() => 1)])
    return [where(skipped, 0, dx), null]
  },
}

const sumAtIndex = (x: Tensor, index: Tensor, attrs: SumAttrs): Tensor => apply(sumAtIndexOp, [x, index], attrs)

/** Rows of a weight, of which one may get no gradient (-1 for none); the lookup of an embedding. */
export const selectRows = (weight: Tensor, index: Tensor, skip: number): Tensor =>
  apply(indexSelectOp, [weight, index], { axis: 0, skip })

const checkRanks = (op: string, x: Tensor, index: Tensor): void => {
  if (x.rank > 0 && index.rank === 1) return
  throw new ShapeError({
    op,
    problem: 'the ranks do not fit',
    got: `x ${show(x.shape)}, index ${show(index.shape)}`,
    expected: 'x of rank 1 or more, index of rank 1',
  })
}

/**
 * The slices of x at the given places of an axis, as torch.index_select.
 * Shape: x [..., n, ...], index [m] -> [..., m, ...].
 * @throws DTypeError when the index is not i32, ValueError when it leaves the axis.
 * @example indexSelect(tensor([10, 20, 30]), 0, tensor(Int32Array.of(2, 0))).toArray() // => [30, 10]
 */
export const indexSelect = (x: Tensor, axis: number, index: Tensor): Tensor => {
  const a = normalizeAxis('indexSelect', axis, x.rank)
  checkRanks('indexSelect', x, index)
  checkIndex('indexSelect', index, x.shape[a])
  return apply(indexSelectOp, [x, index], { axis: a, skip: -1 })
}

/**
 * x with the slices of `source` added at the given places of an axis, as torch.index_add; places may repeat.
 * Shape: x [..., n, ...], index [m], source [..., m, ...] -> like x.
 * @throws ShapeError when the source does not fit, ValueError when the index leaves the axis.
 * @example indexAdd(tensor([1, 1]), 0, { index: tensor(Int32Array.of(1, 1)), source: tensor([5, 7]) }).toArray() // => [1, 13]
 */
export const indexAdd = (
  x: Tensor,
  axis: number,
  { index, source }: { readonly index: Tensor; readonly source: Tensor },
): Tensor => {
  const a = normalizeAxis('indexAdd', axis, x.rank)
  checkRanks('indexAdd', x, index)
  needSameDType('indexAdd', [x, source])
  const expected = x.shape.with(a, index.size)
  if (source.rank !== x.rank || source.shape.some((n, i) => n !== expected[i])) {
    throw new ShapeError({
      op: 'indexAdd',
      problem: 'the source does not fit',
      got: show(source.shape),
      expected: show(expected),
    })
  }
  checkIndex('indexAdd', index, x.shape[a])
  return add(x, sumAtIndex(source, index, { shape: x.shape, axis: a, skip: -1 }))
}

/**
 * The elements of x, seen as flat, at the given places, as torch.take; negative places count from the end.
 * Shape: x [...], index [...] -> like index.
 * @throws ValueError when an index is out of range.
 * @example take(tensor([[1, 2], [3, 4]]), tensor(Int32Array.of(-1, 0))).toArray() // => [4, 1]
 */
export const take = (x: Tensor, index: Tensor): Tensor => {
  const flat = reshape(wrapIndex('take', index, x.size), [-1])
  return reshape(apply(indexSelectOp, [reshape(x, [-1]), flat], { axis: 0, skip: -1 }), index.shape)
}
