import { DTypeError, ValueError } from '../errors.ts'
import { fromData } from '../tensor/create.ts'
import { sizeOf, type Shape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'

const outside = (op: string, at: number, expected: string): ValueError =>
  new ValueError({ op, problem: 'an index is out of range', got: String(at), expected: `integers in ${expected}` })

const needIndex = (op: string, index: Tensor): void => {
  index.live(op)
  if (index.dtype === 'i32') return
  throw new DTypeError({
    op,
    problem: 'the index is not i32',
    got: index.toString(),
    expected: 'i32',
    advice: "Use cast(index, 'i32')",
  })
}

/** Throws unless an index is i32 with every element in [0, n); an asynchronous backend's values stay unread. */
export const checkIndex = (op: string, index: Tensor, n: number): void => {
  needIndex(op, index)
  if (!index.backend.synchronous) return
  const data = index.dataSync()
  for (let i = 0; i < data.length; i++) if (data[i] < 0 || data[i] >= n) throw outside(op, data[i], `[0, ${n})`)
}

/** An index with its negative elements, which count from the end, made positive. */
export const wrapIndex = (op: string, index: Tensor, n: number): Tensor => {
  needIndex(op, index)
  if (!index.backend.synchronous) return index
  const data = index.dataSync()
  for (const at of data) if (at < -n || at >= n) throw outside(op, at, `[${-n}, ${n})`)
  if (data.every((at) => at >= 0)) return index
  return fromData(
    data.map((at) => (at < 0 ? at + n : at)),
    index.shape,
    'i32',
    index.backend,
  )
}

/** A contiguous shape as [outer, n, inner] around an axis. */
export const around = (shape: Shape, axis: number): { outer: number; n: number; inner: number } => ({
  outer: sizeOf(shape.slice(0, axis)),
  n: shape[axis] ?? 1,
  inner: sizeOf(shape.slice(axis + 1)),
})
