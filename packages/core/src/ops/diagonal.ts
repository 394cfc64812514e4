import { index as kernels } from '@lanewise/kernels-wasm/index'
import { apply } from '../autograd/apply.ts'
import type { OpDef } from '../autograd/op.ts'
import { AxisError, ShapeError, ValueError } from '../errors.ts'
import { bytesOf } from '../tensor/dtype.ts'
import { contiguousStrides, normalizeAxis, show, sizeOf, type Shape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { sameSpec } from './rules.ts'

interface TriluAttrs {
  readonly offset: number
  readonly upper: boolean
}

const triluOp: OpDef<TriluAttrs> = {
  name: 'trilu',
  infer: sameSpec,
  reference: ([x], { offset, upper }, [y]) => {
    const [rows, columns] = x.shape.slice(-2)
    for (let at = 0; at < x.data.length; at++) {
      const beyond = (at % columns) - (Math.floor(at / columns) % rows) - offset
      if (upper ? beyond >= 0 : beyond <= 0) y.data[at] = x.data[at]
    }
  },
  wasm: (k, [x], { offset, upper }) => {
    if (bytesOf(x.dtype) !== 4) return null
    const y = k.empty(x.shape, x.dtype)
    const [rows, columns] = x.shape.slice(-2)
    const batch = sizeOf(x.shape.slice(0, -2))
    k.use(kernels).b32_trilu(k.contiguousPtr(x), k.ptr(y), batch, rows, columns, offset, Number(upper))
    return [y]
  },
  gradient: (c, [dy]) => [apply(triluOp, [dy!], c.attrs)],
}

const trilu = (op: string, x: Tensor, offset: number, upper: boolean): Tensor => {
  if (x.rank < 2)
    throw new ShapeError({ op, problem: 'there is no matrix', got: show(x.shape), expected: 'rank 2 or more' })
  checkOffset(op, offset)
  return apply(triluOp, [x], { offset, upper })
}

const checkOffset = (op: string, offset: number): void => {
  if (Number.isInteger(offset)) return
  throw new ValueError({ op, problem: 'the offset is not a whole number', got: String(offset) })
}

/**
 * The lower triangle of matrices, zeros above.
 * Shape: x [..., rows, columns] -> same.
 * @param offset - 0 keeps the main diagonal as the last, 1 one more above, -1 one less
 * @throws ShapeError at a rank below 2.
 * @example tril(tensor([[1, 2], [3, 4]])).toArray() // => [[1, 0], [3, 4]]
 */
export const tril = (x: Tensor, offset = 0): Tensor => trilu('tril', x, offset, false)

/**
 * The upper triangle of matrices, zeros below.
 * Shape: x [..., rows, columns] -> same.
 * @param offset - 0 keeps the main diagonal as the first, 1 starts one above, -1 one below
 * @throws ShapeError at a rank below 2.
 * @example triu(tensor([[1, 2], [3, 4]]), 1).toArray() // => [[0, 2], [0, 0]]
 */
export const triu = (x: Tensor, offset = 0): Tensor => trilu('triu', x, offset, true)

interface DiagonalAttrs {
  readonly offset: number
  readonly axis1: number
  readonly axis2: number
}

const lengthOf = (shape: Shape, { offset, axis1, axis2 }: DiagonalAttrs): number =>
  Math.max(0, Math.min(shape[axis1] + Math.min(offset, 0), shape[axis2] - Math.max(offset, 0)))

/** Where the diagonals lie in a block of these strides. */
const walk = (
  shape: Shape,
  strides: readonly number[],
  attrs: DiagonalAttrs,
): { shape: Shape; strides: readonly number[]; start: number } => {
  const { offset, axis1, axis2 } = attrs
  const kept = shape.map((_, i) => i).filter((i) => i !== axis1 && i !== axis2)
  const length = lengthOf(shape, attrs)
  return {
    shape: [...kept.map((i) => shape[i]), length],
    strides: [...kept.map((i) => strides[i]), strides[axis1] + strides[axis2]],
    start: length === 0 ? 0 : offset < 0 ? -offset * strides[axis1] : offset * strides[axis2],
  }
}

const diagonalOp: OpDef<DiagonalAttrs> = {
  name: 'diagonal',
  infer: ([x], attrs) => [{ shape: walk(x.shape, x.strides, attrs).shape, dtype: x.dtype }],
  reference: () => {},
  view: (x, attrs) => {
    const { shape, strides, start } = walk(x.shape, x.strides, attrs)
    return { shape, strides, offset: x.offset + start }
  },
  gradient: (c, [dy]) => [apply(diagonalBackwardOp, [dy!], { ...c.attrs, shape: c.inputSpecs[0].shape })],
}

/** Diagonals put into zeros of `shape`. */
const diagonalBackwardOp: OpDef<DiagonalAttrs & { readonly shape: Shape }> = {
  name: 'diagonalBackward',
  infer: ([x], { shape }) => [{ shape, dtype: x.dtype }],
  reference: ([x], attrs, [y]) => {
    const { shape, strides, start } = walk(y.shape, contiguousStrides(y.shape), attrs)
    const from = contiguousStrides(shape)
    for (let i = 0; i < x.data.length; i++) {
      const at = shape.reduce((sum, n, axis) => sum + (Math.floor(i / from[axis]) % n) * strides[axis], start)
      y.data[at] = x.data[i]
    }
  },
  wasm: (k, [x], attrs) => {
    const y = k.empty(attrs.shape, x.dtype)
    const pX = k.contiguousPtr(x)
    k.bytesAt(k.ptr(y), y.size * bytesOf(x.dtype)).fill(0)
    const { shape, strides, start } = walk(y.shape, y.strides, attrs)
    k.scatterTo(pX, k.ptr(y) + start * bytesOf(x.dtype), shape, strides, bytesOf(x.dtype))
    return [y]
  },
  gradient: ({ attrs: { offset, axis1, axis2 } }, [dy]) => [apply(diagonalOp, [dy!], { offset, axis1, axis2 })],
}

/** Options of {@link diagonal}. */
export interface DiagonalOptions {
  /** Above (positive) or below (negative) the main diagonal. Default 0. */
  readonly offset?: number
  /** Default 0. */
  readonly axis1?: number
  /** Default 1. */
  readonly axis2?: number
}

/**
 * The diagonals of two axes, which become one at the end, as a view.
 * Shape: x [n, m, ...] -> [..., min(n, m)].
 * @throws AxisError when the axes are equal or out of range.
 * @example diagonal(tensor([[1, 2], [3, 4]])).toArray() // => [1, 4]
 */
export const diagonal = (x: Tensor, { offset = 0, axis1 = 0, axis2 = 1 }: DiagonalOptions = {}): Tensor => {
  const a = normalizeAxis('diagonal', axis1, x.rank)
  const b = normalizeAxis('diagonal', axis2, x.rank)
  checkOffset('diagonal', offset)
  if (a === b || x.rank < 2) {
    throw new AxisError({
      op: 'diagonal',
      problem: 'there are no two axes',
      got: `axes ${axis1} and ${axis2} of ${show(x.shape)}`,
      expected: 'two different axes',
    })
  }
  return apply(diagonalOp, [x], { offset, axis1: a, axis2: b })
}

/**
 * The diagonal of a matrix, or the matrix with a vector on its diagonal, as torch.diag.
 * @throws ShapeError at another rank.
 * @example diag(tensor([1, 2])).toArray() // => [[1, 0], [0, 2]]
 */
export const diag = (x: Tensor, offset = 0): Tensor => {
  if (x.rank === 2) return diagonal(x, { offset })
  checkOffset('diag', offset)
  if (x.rank !== 1)
    throw new ShapeError({
      op: 'diag',
      problem: 'the rank does not fit',
      got: show(x.shape),
      expected: '[n] or [n, m]',
    })
  const n = x.size + Math.abs(offset)
  return apply(diagonalBackwardOp, [x], { offset, axis1: 0, axis2: 1, shape: [n, n] })
}
