import { storageOrder, type Shape } from '../tensor/shape.ts'

/** A dense block seen as [outer, n, inner] around one axis, in the order in memory. */
export interface AxisWalk {
  readonly outer: number
  readonly n: number
  readonly inner: number
}

/** How a dense tensor of these strides is walked along `axis`. */
export const axisWalk = (shape: Shape, strides: readonly number[], axis: number): AxisWalk => {
  let outer = 1
  let inner = 1
  let before = true
  for (const i of storageOrder(shape, strides)) {
    if (i === axis) before = false
    else if (before) outer *= shape[i]
    else inner *= shape[i]
  }
  return { outer, n: shape[axis] ?? 1, inner }
}
