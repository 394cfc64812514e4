import { elementwise } from '@lanewise/kernels-wasm/elementwise'
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
    throw new ShapeError({ op, problem: 'the shapes differ', got: `${show(x.shape)} and ${show(y.shape)}`, expected: 'equal shapes' })
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
    if (!k.dense(x)) return null
    k.use(elementwise).f32_axpy(k.ptrAs(y, x.strides), k.ptr(x), x.size, alpha)
    return []
  },
}

/** x += alpha y, in place. Shape: equal. Only inside noGrad() where `x` requires a gradient. */
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
    if (!k.dense(x)) return null
    const bytes = k.bytesAt(k.ptr(x), x.size * bytesOf(x.dtype))
    if (x.dtype === 'f32') new Float32Array(bytes.buffer, bytes.byteOffset, x.size).fill(value)
    else if (x.dtype === 'i32') new Int32Array(bytes.buffer, bytes.byteOffset, x.size).fill(value)
    else bytes.fill(value)
    return []
  },
}

/** Sets every element to `value`, in place. */
export const fill = (x: Tensor, value: number): void => {
  applyAll(fillOp, [x], value)
}
