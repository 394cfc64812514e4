import { apply } from '../autograd/apply.ts'
import type { OpDef } from '../autograd/op.ts'
import { bytesOf } from '../tensor/dtype.ts'
import { contiguousStrides, type Shape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { sliceOp, type SliceAttrs } from './views.ts'

interface Attrs extends SliceAttrs {
  readonly shape: Shape
}

const sliceBackwardOp: OpDef<Attrs> = {
  name: 'sliceBackward',
  infer: ([dy], { shape }) => [{ shape, dtype: dy.dtype }],
  reference: ([dy], { shape, axis, start, step, length }, [dx]) => {
    const inner = contiguousStrides(shape)[axis]
    const outer = shape.slice(0, axis).reduce((a, b) => a * b, 1)
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < length; i++) {
        const from = (o * length + i) * inner
        dx.data.set(dy.data.subarray(from, from + inner), (o * shape[axis] + start + i * step) * inner)
      }
    }
  },
  wasm: (k, [dy], { shape, axis, start, step, length }) => {
    const dx = k.empty(shape, dy.dtype)
    const from = k.contiguousPtr(dy)
    const at = k.ptr(dx)
    k.bytesAt(at, dx.size * bytesOf(dx.dtype)).fill(0)
    const strides = contiguousStrides(shape)
    const view = {
      shape: shape.map((n, i) => (i === axis ? length : n)),
      strides: strides.map((s, i) => (i === axis ? s * step : s)),
    }
    k.scatterTo(from, at + start * strides[axis] * bytesOf(dx.dtype), view.shape, view.strides, bytesOf(dx.dtype))
    return [dx]
  },
  gradient: ({ attrs }, [d]) => [apply(sliceOp, [d!], attrs)],
}

/** The gradient of a slice: `dy` put back into zeros of `shape`. */
export const sliceBackward = (dy: Tensor, shape: Shape, attrs: SliceAttrs): Tensor =>
  apply(sliceBackwardOp, [dy], { ...attrs, shape })
