import type { NDArray, TensorSpec } from '../autograd/op.ts'
import { DTypeError, ShapeError } from '../errors.ts'
import { isFloat, type DType } from '../tensor/dtype.ts'
import { show } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** The shape rule of ops whose output looks like their first input. */
export const sameSpec = ([x]: readonly Tensor[]): TensorSpec[] => [{ shape: x.shape, dtype: x.dtype }]

/** Throws unless `x` holds fractions. */
export const needFloat = (op: string, x: Tensor): void => {
  if (isFloat(x.dtype)) return
  throw new DTypeError({
    op,
    problem: 'the op needs a floating-point tensor',
    got: x.toString(),
    expected: 'f32 or f64',
    advice: "Use cast(x, 'f32')",
  })
}

/** Throws unless all tensors have the dtype of the first. */
export const needSameDType = (op: string, xs: readonly Tensor[]): void => {
  if (xs.every((x) => x.dtype === xs[0].dtype)) return
  throw new DTypeError({
    op,
    problem: 'the dtypes differ',
    got: xs.map(String).join(' and '),
    expected: 'one dtype',
    advice: 'Cast them first',
  })
}

/** Throws unless `x` is of one of the dtypes. */
export const needDType = (op: string, x: Tensor, ...dtypes: readonly DType[]): void => {
  if (dtypes.includes(x.dtype)) return
  throw new DTypeError({
    op,
    problem: 'the dtype does not fit',
    got: x.toString(),
    expected: dtypes.join(' or '),
    advice: 'Use cast()',
  })
}

/** Throws unless `x` has one of the ranks. */
export const needRank = (op: string, x: Tensor, ranks: readonly number[], what: string): void => {
  if (ranks.includes(x.rank)) return
  throw new ShapeError({ op, problem: 'the rank does not fit', got: show(x.shape), expected: what })
}

/** Walks the elements of arrays broadcast to one shape: calls `visit` with an index into each. */
export const forEachBroadcast = (
  y: NDArray,
  xs: readonly NDArray[],
  visit: (at: number, from: readonly number[]) => void,
): void => {
  const rank = y.shape.length
  const steps = xs.map((x) => {
    const strides = new Array<number>(rank).fill(0)
    let step = 1
    for (let i = x.shape.length - 1; i >= 0; i--) {
      if (x.shape[i] !== 1) strides[i + rank - x.shape.length] = step
      step *= x.shape[i]
    }
    return strides
  })
  const index = new Array<number>(rank).fill(0)
  const from = xs.map(() => 0)
  for (let at = 0; at < y.data.length; at++) {
    visit(at, from)
    for (let axis = rank - 1; axis >= 0; axis--) {
      index[axis]++
      const done = index[axis] === y.shape[axis]
      for (let k = 0; k < xs.length; k++) from[k] += done ? -steps[k][axis] * (y.shape[axis] - 1) : steps[k][axis]
      if (!done) break
      index[axis] = 0
    }
  }
}
