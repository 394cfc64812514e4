// no gradCheck for addInPlace, copyInto, fill: changes in place record no gradient
import { arithmetic } from '@lanewise/kernels-wasm/arithmetic'
import { move } from '@lanewise/kernels-wasm/move'
import { applyAll } from '../autograd/apply.ts'
import type { OpDef } from '../autograd/op.ts'
import { ShapeError } from '../errors.ts'
import { bytesOf } from '../tensor/dtype.ts'
import { sameShape, show } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { expand } from './views.ts'
import { needFloat, needSameDType } from './rules.ts'

const checkPair = (op: string, x: Tensor, y: Tensor): void => {
  needSameDType(op, [x, y])
  if (!sameShape(x.shape, y.shape)) {
    throw new ShapeError({
      op,
      problem: 'the shapes differ',
      got: `${show(x.shape)} and ${show(y.shape)}`,
      expected: 'equal shapes',
    })
  }
}

const addInPlaceOp: OpDef<number> = {
  name: 'addInPlace',
  mutates: [0],
  infer: ([x, y]) => {
    needFloat('addInPlace', x)
    checkPair('addInPlace', x, y)
    return []
  },
  reference: ([x, y], alpha) => {
    for (let i = 0; i < x.data.length; i++) x.data[i] += alpha * y.data[i]
  },
  wasm: (k, [x, y], alpha) => {
    const { f32_axpy } = k.use(arithmetic)
    if (k.dense(x)) {
      f32_axpy(k.ptrAs(y, x.strides), k.ptr(x), x.size, alpha)
      return []
    }
    const sum = k.contiguousPtr(x)
    f32_axpy(k.contiguousPtr(y), sum, x.size, alpha)
    k.scatterTo(sum, k.ptr(x), x.shape, x.strides, 4)
    return []
  },
}

/**
 * x += alpha y, in place. Shape: equal.
 * @throws ShapeError when the shapes differ, GradientError when `x` requires a gradient, outside of noGrad().
 * @example
 * const x = tensor([1, 2])
 * addInPlace(x, tensor([10, 20]), 0.5)
 * x.toArray() // => [6, 12]
 */
export const addInPlace = (x: Tensor, y: Tensor, alpha = 1): void => {
  applyAll(addInPlaceOp, [x, y], alpha)
}

const copyIntoOp: OpDef<undefined> = {
  name: 'copyInto',
  mutates: [0],
  infer: ([x, y]) => {
    checkPair('copyInto', x, y)
    return []
  },
  reference: ([x, y]) => x.data.set(y.data),
  wasm: (k, [x, y]) => {
    if (k.dense(x)) k.copyAs(y, k.ptr(x), x.strides)
    else k.scatterTo(k.contiguousPtr(y), k.ptr(x), x.shape, x.strides, bytesOf(x.dtype))
    return []
  },
}

/**
 * Overwrites `x`, or the part of a tensor that the view `x` shows, with `y`, which may broadcast.
 * @throws GradientError when `x` requires a gradient, outside of noGrad().
 * @example
 * const x = zeros([2, 2])
 * copyInto(select(x, 0, 1), tensor([5]))
 * x.toArray() // => [[0, 0], [5, 5]]
 */
export const copyInto = (x: Tensor, y: Tensor): void => {
  applyAll(copyIntoOp, [x, expand(y, x.shape)], undefined)
}

const fillOp: OpDef<number> = {
  name: 'fill',
  mutates: [0],
  infer: () => [],
  reference: ([x], value) => {
    x.data.fill(value)
  },
  wasm: (k, [x], value) => {
    const width = bytesOf(x.dtype)
    const at = k.dense(x) ? k.ptr(x) : k.scratch(x.size * width)
    const kernels = k.use(move)
    if (x.dtype === 'f32') kernels.f32_fill(at, x.size, value)
    else if (x.dtype === 'i32') kernels.b32_fill(at, x.size, value)
    else kernels.b8_fill(at, x.size, value)
    if (!k.dense(x)) k.scatterTo(at, k.ptr(x), x.shape, x.strides, width)
    return []
  },
}

/**
 * Sets every element to `value`, in place.
 * @throws GradientError when `x` requires a gradient, outside of noGrad().
 * @example
 * const x = tensor([1, 2])
 * fill(x, 7)
 * x.toArray() // => [7, 7]
 */
export const fill = (x: Tensor, value: number): void => {
  applyAll(fillOp, [x], value)
}
