import { AxisError, ShapeError, ValueError } from '../errors.ts'

/** Sizes of the axes, outermost first. */
export type Shape = readonly number[]

/** Number of elements. */
export const sizeOf = (shape: Shape): number => {
  let n = 1
  for (let i = 0; i < shape.length; i++) n *= shape[i]
  return n
}

/** Row-major strides, in elements. */
export const contiguousStrides = (shape: Shape): number[] => {
  const strides = new Array<number>(shape.length)
  let step = 1
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step
    step *= shape[i]
  }
  return strides
}

/** Strides of [N, C, ...space] stored as [N, ...space, C]. Needs rank 3 or more. */
export const channelsLastStrides = (shape: Shape): number[] => {
  const strides = new Array<number>(shape.length)
  const C = shape[1]
  strides[1] = 1
  let step = C
  for (let i = shape.length - 1; i >= 2; i--) {
    strides[i] = step
    step *= shape[i]
  }
  strides[0] = step
  return strides
}

/** Whether `strides` walk `shape` in the dense order `expected`; axes of size 1 do not matter. */
const follows = (shape: Shape, strides: readonly number[], expected: readonly number[]): boolean => {
  for (let i = 0; i < shape.length; i++) if (shape[i] !== 1 && strides[i] !== expected[i]) return false
  return true
}

/** Whether the elements lie in logical order without gaps. */
export const isContiguous = (shape: Shape, strides: readonly number[]): boolean => {
  let step = 1
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] === 0) return true
    if (shape[i] !== 1 && strides[i] !== step) return false
    step *= shape[i]
  }
  return true
}

/** Whether the elements lie in [N, ...space, C] order without gaps. */
export const isChannelsLast = (shape: Shape, strides: readonly number[]): boolean =>
  shape.length >= 3 && follows(shape, strides, channelsLastStrides(shape))

/** The axes from the slowest to the fastest in memory; ties and size-1 axes keep logical order. */
export const storageOrder = (shape: Shape, strides: readonly number[]): number[] => {
  const axes = shape.map((_, i) => i).filter((i) => shape[i] !== 1)
  axes.sort((a, b) => strides[b] - strides[a] || a - b)
  const ones = shape.map((_, i) => i).filter((i) => shape[i] === 1)
  return [...ones, ...axes]
}

/** Whether the elements fill one block of memory in some order of the axes. */
export const isDense = (shape: Shape, strides: readonly number[]): boolean => {
  if (isContiguous(shape, strides)) return true
  let step = 1
  const order = storageOrder(shape, strides)
  for (let i = order.length - 1; i >= 0; i--) {
    const axis = order[i]
    if (shape[axis] === 1) continue
    if (strides[axis] !== step) return false
    step *= shape[axis]
  }
  return true
}

/** Dense strides that keep the order of the axes in memory of `strides`. */
export const denseStridesLike = (shape: Shape, strides: readonly number[]): number[] => {
  const out = new Array<number>(shape.length)
  const order = storageOrder(shape, strides)
  let step = 1
  for (let i = order.length - 1; i >= 0; i--) {
    out[order[i]] = step
    step *= shape[order[i]]
  }
  return out
}

/** Whether two shapes are the same. */
export const sameShape = (a: Shape, b: Shape): boolean => {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** A shape as it stands in messages: `[2,3]`. */
export const show = (shape: Shape): string => `[${shape.join(',')}]`

/** The shape that `a` and `b` broadcast to, by NumPy's rule. */
export const broadcastShapes = (op: string, a: Shape, b: Shape): Shape => {
  if (sameShape(a, b)) return a
  const rank = Math.max(a.length, b.length)
  const out = new Array<number>(rank)
  for (let i = 0; i < rank; i++) {
    const m = a[a.length - rank + i] ?? 1
    const n = b[b.length - rank + i] ?? 1
    if (m !== n && m !== 1 && n !== 1) {
      throw new ShapeError({
        op,
        problem: 'the shapes do not broadcast',
        got: `${show(a)} and ${show(b)}`,
        expected: `sizes that are equal or 1 on each axis, aligned at the last (axis ${i - rank}: ${m} and ${n})`,
        advice: 'Reshape or expand one of them',
      })
    }
    out[i] = m === 1 ? n : m
  }
  return out
}

/** Strides that repeat a tensor over `to`: 0 on every axis that it lacks or has with size 1. */
export const broadcastStrides = (shape: Shape, strides: readonly number[], to: Shape): number[] => {
  const lead = to.length - shape.length
  const out = new Array<number>(to.length)
  for (let i = 0; i < to.length; i++)
    out[i] = i < lead || (shape[i - lead] === 1 && to[i] !== 1) ? 0 : strides[i - lead]
  return out
}

/** A checked axis in [0, rank). */
export const normalizeAxis = (op: string, axis: number, rank: number): number => {
  const span = Math.max(rank, 1)
  if (!Number.isInteger(axis) || axis < -span || axis >= span) {
    throw new AxisError({
      op,
      problem: 'the axis is out of range',
      got: `axis ${axis} of a tensor of rank ${rank}`,
      expected: `an integer in [${-span}, ${span})`,
    })
  }
  return axis < 0 ? axis + span : axis
}

/** Checked, distinct axes in ascending order; none given means all. */
export const normalizeAxes = (op: string, axes: number | readonly number[] | undefined, rank: number): number[] => {
  if (axes === undefined) return [...new Array<number>(rank).keys()]
  const list = (typeof axes === 'number' ? [axes] : [...axes]).map((a) => normalizeAxis(op, a, rank))
  list.sort((a, b) => a - b)
  for (let i = 1; i < list.length; i++) {
    if (list[i] === list[i - 1]) {
      throw new AxisError({ op, problem: 'an axis is given twice', got: show(list), expected: 'distinct axes' })
    }
  }
  return rank === 0 ? [] : list
}

/** Throws unless every size is a whole number that is not negative. */
export const checkShape = (op: string, shape: Shape): void => {
  for (const n of shape) {
    if (!Number.isInteger(n) || n < 0) {
      throw new ShapeError({ op, problem: 'a size is not a whole number', got: show(shape), expected: 'integers >= 0' })
    }
  }
  if (sizeOf(shape) >= 2 ** 32) {
    throw new ValueError({
      op,
      problem: 'the tensor is too large',
      got: show(shape),
      expected: 'fewer than 2^32 elements',
    })
  }
}

/** Axes merged where memory allows, for kernels that walk several operands over one shape. */
export interface Walk {
  readonly shape: number[]
  /** One list of strides per operand. */
  readonly strides: number[][]
}

/** Drops axes of size 1 and merges neighbours that every operand walks as one. */
export const collapse = (shape: Shape, operands: readonly (readonly number[])[]): Walk => {
  const sizes: number[] = []
  const strides: number[][] = operands.map(() => [])
  for (let i = 0; i < shape.length; i++) {
    if (shape[i] === 1) continue
    const last = sizes.length - 1
    if (last >= 0 && operands.every((s, k) => strides[k][last] === s[i] * shape[i])) {
      sizes[last] *= shape[i]
      operands.forEach((s, k) => (strides[k][last] = s[i]))
    } else {
      sizes.push(shape[i])
      operands.forEach((s, k) => strides[k].push(s[i]))
    }
  }
  return { shape: sizes, strides }
}
