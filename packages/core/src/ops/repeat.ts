import { AxisError, ShapeError, ValueError } from '../errors.ts'
import { fromData } from '../tensor/create.ts'
import { normalizeAxes, normalizeAxis, show } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { concat } from './concat.ts'
import { indexSelect } from './index-select.ts'
import type { Axes } from './reduce.ts'
import { expand, reshape, slice } from './views.ts'

/**
 * The elements in reverse order along some axes, or all, as a view.
 * @throws AxisError when an axis is out of range or given twice.
 * @example flip(tensor([[1, 2], [3, 4]]), 1).toArray() // => [[2, 1], [4, 3]]
 */
export const flip = (x: Tensor, axes?: Axes): Tensor =>
  normalizeAxes('flip', axes, x.rank).reduce((y, axis) => slice(y, axis, -1, undefined, -1), x)

/**
 * The elements moved along axes, those that leave at the end coming in at the start, as torch.roll.
 * @param shifts - by how many places; one number for each axis. Without axes the tensor is rolled as if flat.
 * @throws AxisError when there are not as many shifts as axes.
 * @example roll(tensor([1, 2, 3]), 1).toArray() // => [3, 1, 2]
 */
export const roll = (x: Tensor, shifts: number | readonly number[], axes?: Axes): Tensor => {
  const by = typeof shifts === 'number' ? [shifts] : shifts
  if (axes === undefined && by.length === 1) return reshape(rollAxis(reshape(x, [-1]), by[0], 0), x.shape)
  const list = (typeof axes === 'number' ? [axes] : (axes ?? [])).map((a) => normalizeAxis('roll', a, x.rank))
  if (list.length !== by.length) {
    throw new AxisError({
      op: 'roll',
      problem: 'the shifts do not fit the axes',
      got: `${show(by)} along ${show(list)}`,
      expected: 'one shift an axis',
    })
  }
  return list.reduce((y, axis, i) => rollAxis(y, by[i], axis), x)
}

const rollAxis = (x: Tensor, shift: number, axis: number): Tensor => {
  const n = x.shape[axis]
  if (!Number.isInteger(shift))
    throw new ValueError({ op: 'roll', problem: 'the shift is not a whole number', got: String(shift) })
  const by = n === 0 ? 0 : ((shift % n) + n) % n
  return by === 0 ? x : concat([slice(x, axis, n - by), slice(x, axis, 0, n - by)], axis)
}

/**
 * The tensor repeated along its axes, as torch.tile; missing leading repeats, or leading axes, count as 1.
 * @throws ValueError when a repeat is not a whole number.
 * @example tile(tensor([1, 2]), [2, 2]).toArray() // => [[1, 2, 1, 2], [1, 2, 1, 2]]
 */
export const tile = (x: Tensor, repeats: readonly number[]): Tensor => {
  if (repeats.some((r) => !Number.isInteger(r) || r < 0)) {
    throw new ValueError({
      op: 'tile',
      problem: 'a repeat is not a whole number',
      got: show(repeats),
      expected: 'integers >= 0',
    })
  }
  const rank = Math.max(x.rank, repeats.length)
  const shape = [...new Array<number>(rank - x.rank).fill(1), ...x.shape]
  const times = [...new Array<number>(rank - repeats.length).fill(1), ...repeats]
  const apart = reshape(
    x,
    shape.flatMap((n) => [1, n]),
  )
  const wide = expand(
    apart,
    shape.flatMap((n, i) => [times[i], n]),
  )
  return reshape(
    wide,
    shape.map((n, i) => n * times[i]),
  )
}

/**
 * As {@link tile}, with a repeat for every axis, as Tensor.repeat.
 * @throws ShapeError when there are fewer repeats than axes.
 * @example repeat(tensor([1, 2]), [2]).toArray() // => [1, 2, 1, 2]
 */
export const repeat = (x: Tensor, repeats: readonly number[]): Tensor => {
  if (repeats.length < x.rank) {
    throw new ShapeError({
      op: 'repeat',
      problem: 'there are fewer repeats than axes',
      got: `${show(repeats)} for ${show(x.shape)}`,
      expected: `at least ${x.rank}`,
    })
  }
  return tile(x, repeats)
}

/**
 * Each element repeated along an axis, or of the flat tensor, as torch.repeat_interleave.
 * @param repeats - one number, or one for each place of the axis
 * @throws ValueError when there is not one whole number for each place.
 * @example
 * repeatInterleave(tensor([1, 2]), 2).toArray() // => [1, 1, 2, 2]
 * repeatInterleave(tensor([1, 2]), [1, 3]).toArray() // => [1, 2, 2, 2]
 */
export const repeatInterleave = (x: Tensor, repeats: number | readonly number[], axis?: number): Tensor => {
  if (axis === undefined) return repeatInterleave(reshape(x, [-1]), repeats, 0)
  const a = normalizeAxis('repeatInterleave', axis, x.rank)
  const n = x.shape[a]
  const counts = typeof repeats === 'number' ? new Array<number>(n).fill(repeats) : repeats
  if (counts.length !== n || counts.some((r) => !Number.isInteger(r) || r < 0)) {
    throw new ValueError({
      op: 'repeatInterleave',
      problem: 'the repeats do not fit',
      got: show(counts),
      expected: `${n} integers >= 0`,
    })
  }
  const index = Int32Array.from(counts.flatMap((count, i) => new Array<number>(count).fill(i)))
  return indexSelect(x, a, fromData(index, [index.length], 'i32', x.backend))
}
