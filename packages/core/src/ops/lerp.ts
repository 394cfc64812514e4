import { simple } from '@lanewise/kernels-wasm/simple'
import { apply } from '../autograd/apply.ts'
import type { OpDef } from '../autograd/op.ts'
import { broadcastShapes, contiguousStrides } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { add, mul, sub, type Operand } from './binary.ts'
import { needFloat, needSameDType, sameSpec } from './rules.ts'
import { expand } from './views.ts'

const lerpOp: OpDef<number> = {
  name: 'lerp',
  infer: sameSpec,
  reference: ([a, b], t, [y]) => {
    for (let i = 0; i < y.data.length; i++) {
      const width = b.data[i] - a.data[i]
      y.data[i] = t < 0.5 ? a.data[i] + t * width : b.data[i] - (1 - t) * width
    }
  },
  wasm: (k, [a, b], t, [{ shape, dtype }]) => {
    if (dtype !== 'f32') return null
    const strides = k.dense(a) ? a.strides : contiguousStrides(shape)
    const y = k.empty(shape, dtype, strides)
    k.use(simple).f32_lerp(k.ptrAs(a, strides), k.ptrAs(b, strides), k.ptr(y), y.size, t)
    return [y]
  },
  gradient: (c, [dy]) => [mul(dy!, 1 - c.attrs), mul(dy!, c.attrs)],
}

/**
 * a + weight (b - a): from a at weight 0 to b at weight 1, broadcast, as torch.lerp.
 * @throws ShapeError when the shapes do not broadcast.
 * @example lerp(tensor([0, 10]), tensor([10, 20]), 0.25).toArray() // => [2.5, 12.5]
 */
export const lerp = (a: Tensor, b: Tensor, weight: Operand): Tensor => {
  needFloat('lerp', a)
  needSameDType('lerp', [a, b])
  if (typeof weight !== 'number') return add(a, mul(weight, sub(b, a)))
  const shape = broadcastShapes('lerp', a.shape, b.shape)
  return apply(lerpOp, [expand(a, shape), expand(b, shape)], weight)
}
