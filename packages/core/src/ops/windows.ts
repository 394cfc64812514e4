import { ShapeError, ValueError } from '../errors.ts'
import { show, sizeOf, type Shape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { squeeze, unsqueeze } from './views.ts'

/** One number for all axes of space, or one for each. */
export type PerAxis = number | readonly number[]

/** Windows that slide over the axes of space; every list has one entry per axis. */
export interface Windows {
  readonly input: Shape
  readonly kernel: Shape
  readonly stride: readonly number[]
  /** Padding before the first element; what lies behind the last one follows from `output`. */
  readonly padding: readonly number[]
  readonly dilation: readonly number[]
  readonly output: Shape
}

/**
 * An option as a list of `rank` integers of at least `least`.
 * @throws ValueError when the list has another length or holds something else.
 */
export const perAxis = (op: string, name: string, value: PerAxis, rank: number, least = 0): readonly number[] => {
  const list = typeof value === 'number' ? new Array<number>(rank).fill(value) : value
  if (list.length === rank && list.every((n) => Number.isInteger(n) && n >= least)) return list
  throw new ValueError({
    op,
    problem: `${name} does not fit`,
    got: typeof value === 'number' ? String(value) : show(value),
    expected: `an integer >= ${least}, or ${rank} of them`,
  })
}

/** How far the taps of a kernel reach. */
export const reach = (kernel: Shape, dilation: readonly number[]): number[] =>
  kernel.map((k, i) => dilation[i] * (k - 1) + 1)

/** Which element of the input each tap of each window reads; taps outside of the input are left out. */
export interface Taps {
  readonly count: number
  /** Flat position in the input's space. */
  readonly from: Int32Array
  /** Flat position in the kernel. */
  readonly tap: Int32Array
  /** Flat position in the output's space; ascending. */
  readonly to: Int32Array
}

/** Walks all indices of `shape` in logical order. */
export const forEachIndex = (shape: Shape, visit: (index: readonly number[], flat: number) => void): void => {
  const size = sizeOf(shape)
  const index = new Array<number>(shape.length).fill(0)
  for (let flat = 0; flat < size; flat++) {
    visit(index, flat)
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) index[axis] = 0
  }
}

/** The taps of all windows, in the order of the output and then of the kernel. */
export const tapsOf = (w: Windows): Taps => {
  const most = sizeOf(w.output) * sizeOf(w.kernel)
  const from = new Int32Array(most)
  const tap = new Int32Array(most)
  const to = new Int32Array(most)
  let count = 0
  forEachIndex(w.output, (out, iOut) => {
    forEachIndex(w.kernel, (k, iTap) => {
      let at = 0
      for (let i = 0; i < k.length; i++) {
        const p = out[i] * w.stride[i] - w.padding[i] + k[i] * w.dilation[i]
        if (p < 0 || p >= w.input[i]) return
        at = at * w.input[i] + p
      }
      from[count] = at
      tap[count] = iTap
      to[count++] = iOut
    })
  })
  return { count, from, tap, to }
}

/** Runs `fn` on [N, C, ...space]; an input without N gains it for the time being, as in PyTorch. */
export const batched = (op: string, x: Tensor, spaceRank: number, fn: (x: Tensor) => Tensor): Tensor => {
  x.live(op)
  if (x.rank === spaceRank + 2) return fn(x)
  if (x.rank === spaceRank + 1) return squeeze(fn(unsqueeze(x, 0)), 0)
  throw new ShapeError({
    op,
    problem: 'the rank does not fit',
    got: show(x.shape),
    expected: `[N, C, ${axesOfSpace(spaceRank)}] or [C, ${axesOfSpace(spaceRank)}]`,
  })
}

/** Such as `H, W`. */
export const axesOfSpace = (rank: number): string => ['D', 'H', 'W'].slice(3 - rank).join(', ')

/** An entry per axis of space as depth, height, width: `fill` for the axes that there are not. */
export const triple = (list: readonly number[], fill: number): readonly [number, number, number] => {
  const n = list.length
  return [n > 2 ? list[n - 3] : fill, n > 1 ? list[n - 2] : fill, list[n - 1]]
}
