import { compare } from '@lanewise/kernels-wasm/compare'
import { apply } from '../autograd/apply.ts'
import type { OpDef } from '../autograd/op.ts'
import { DTypeError } from '../errors.ts'
import { bytesOf, isFloat, promote } from '../tensor/dtype.ts'
import { full } from '../tensor/create.ts'
import { broadcastShapes } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { broadcastTable, resultStrides } from './broadcast.ts'
import { cast } from './copy.ts'
import { sumTo } from './reduce.ts'
import { forEachBroadcast } from './rules.ts'
import type { Operand } from './binary.ts'

const whereOp: OpDef<undefined> = {
  name: 'where',
  savesInputs: [0],
  infer: ([condition, a, b]) => {
    if (condition.dtype !== 'bool' && condition.dtype !== 'u8') {
      throw new DTypeError({
        op: 'where',
        problem: 'the condition is not boolean',
        got: condition.toString(),
        expected: 'bool',
        advice: "Compare it, or use cast(x, 'bool')",
      })
    }
    const shape = broadcastShapes('where', condition.shape, broadcastShapes('where', a.shape, b.shape))
    return [{ shape, dtype: a.dtype }]
  },
  reference: (x, _, [y]) => {
    const [condition, a, b] = x
    forEachBroadcast(y, x, (i, [ic, ia, ib]) => (y.data[i] = condition.data[ic] !== 0 ? a.data[ia] : b.data[ib]))
  },
  wasm: (k, x, _, [{ shape, dtype }]) => {
    if (dtype === 'f64') return null
    const strides = resultStrides(k, x, shape)
    const y = k.empty(shape, dtype, strides)
    const { pMeta, rank } = broadcastTable(k, x, shape, strides)
    const kernels = k.use(compare)
    const kernel = bytesOf(dtype) === 4 ? kernels.b32_where_nd : kernels.b8_where_nd
    kernel(k.ptr(x[0]), k.ptr(x[1]), k.ptr(x[2]), k.ptr(y), pMeta, rank)
    return [y]
  },
  gradient: (c, [dy]) => [
    null,
    c.needs[1] ? sumTo(where(c.input(0), dy!, 0), c.inputSpecs[1].shape) : null,
    c.needs[2] ? sumTo(where(c.input(0), 0, dy!), c.inputSpecs[2].shape) : null,
  ],
}

/**
 * a where the condition holds, else b; all three broadcast.
 * @param condition - bool
 * @throws DTypeError when the condition is not boolean, ShapeError when the shapes do not broadcast.
 * @example where(tensor([true, false]), tensor([1, 2]), 0).toArray() // => [1, 0]
 */
export const where = (condition: Tensor, a: Operand, b: Operand): Tensor => {
  const dtypes = [a, b].filter((x) => x instanceof Tensor).map((x) => x.dtype)
  const dtype = dtypes.length === 0 ? 'f32' : dtypes.reduce(promote)
  const integers = [a, b].every((x) => typeof x !== 'number' || Number.isInteger(x))
  const target = isFloat(dtype) || integers ? dtype : 'f32'
  const operand = (x: Operand): Tensor =>
    x instanceof Tensor ? cast(x, target) : full([], x, { dtype: target, backend: condition.backend })
  return apply(whereOp, [condition, operand(a), operand(b)], undefined)
}
