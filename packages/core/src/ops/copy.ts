// no golden for toBackend: moves values between our backends, which PyTorch lacks
// no gradCheck for toBackend: it leaves the graph
import { move } from '@lanewise/kernels-wasm/move'
import { apply } from '../autograd/apply.ts'
import type { OpDef } from '../autograd/op.ts'
import type { Backend } from '../backends/backend.ts'
import { BackendError, DTypeError } from '../errors.ts'
import { isFloat, type DType } from '../tensor/dtype.ts'
import { contiguousStrides, denseStridesLike } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { sameSpec } from './rules.ts'

interface CopyAttrs {
  /** Logical order, or the order in memory of the source. */
  readonly contiguous: boolean
}

const copyOp: OpDef<CopyAttrs> = {
  name: 'clone',
  infer: sameSpec,
  reference: ([x], _, [y]) => y.data.set(x.data),
  wasm: (k, [x], { contiguous }) => {
    const strides = contiguous ? contiguousStrides(x.shape) : denseStridesLike(x.shape, x.strides)
    const y = k.empty(x.shape, x.dtype, strides)
    k.copyAs(x, k.ptr(y), strides)
    return [y]
  },
  gradient: (_, [dy]) => [dy],
}

/**
 * A copy in memory of its own, in the order in memory of the source.
 * @example clone(tensor([1, 2])).toArray() // => [1, 2]
 */
export const clone = (x: Tensor): Tensor => apply(copyOp, [x], { contiguous: false })

/** A copy in logical order. */
export const contiguousCopy = (x: Tensor): Tensor => apply(copyOp, [x], { contiguous: true })

/**
 * `x` itself where its elements lie in logical order, else a copy that does.
 * @example contiguous(transpose(tensor([[1, 2], [3, 4]]))).strides // => [2, 1]
 */
export const contiguous = (x: Tensor): Tensor => (x.contiguous ? x : contiguousCopy(x))

/** Kernels by source and target dtype; bool and u8 share their bytes. */
const castKernels = {
  'f32>i32': 'f32_to_i32',
  'f32>u8': 'f32_to_u8',
  'f32>bool': 'f32_to_bool',
  'i32>f32': 'i32_to_f32',
  'i32>u8': 'i32_to_u8',
  'i32>bool': 'i32_to_bool',
  'u8>f32': 'u8_to_f32',
  'u8>i32': 'u8_to_i32',
  'bool>f32': 'u8_to_f32',
  'bool>i32': 'u8_to_i32',
} as const

const isCast = (key: string): key is keyof typeof castKernels => key in castKernels

const castOp: OpDef<DType> = {
  name: 'cast',
  infer: ([x], dtype) => [{ shape: x.shape, dtype }],
  reference: ([x], dtype, [y]) => {
    for (let i = 0; i < x.data.length; i++) y.data[i] = dtype === 'bool' ? Number(x.data[i] !== 0) : x.data[i]
  },
  wasm: (k, [x], dtype) => {
    const key = `${x.dtype}>${dtype}`
    if (!isCast(key)) return null
    const strides = k.dense(x) ? x.strides : contiguousStrides(x.shape)
    const y = k.empty(x.shape, dtype, strides)
    k.use(move)[castKernels[key]](k.ptrAs(x, strides), k.ptr(y), x.size)
    return [y]
  },
  gradient: (c, [dy]) => [isFloat(c.inputSpecs[0].dtype) ? cast(dy!, c.inputSpecs[0].dtype) : null],
}

/**
 * The elements as another dtype. Fractions are cut off towards 0; a bool is whether the element is not 0.
 * @throws DTypeError when the backend does not store the dtype.
 * @example cast(tensor([1.7, -1.7]), 'i32').toArray() // => [1, -1]
 */
export const cast = (x: Tensor, dtype: DType): Tensor => {
  if (x.dtype === dtype) return x
  if (!x.backend.dtypes.includes(dtype)) {
    throw new DTypeError({
      op: 'cast',
      problem: `the ${x.backend.name} backend does not store this dtype`,
      got: dtype,
      expected: x.backend.dtypes.join(', '),
    })
  }
  return apply(castOp, [x], dtype)
}

/**
 * The same values on another backend, outside of the graph.
 * @throws BackendError when the source can only be read asynchronously.
 * @example toBackend(tensor([1, 2]), referenceBackend()).backend.name // => 'reference'
 */
export const toBackend = (x: Tensor, backend: Backend): Tensor => {
  x.live('toBackend')
  if (x.backend === backend) return x
  if (!x.backend.synchronous) {
    throw new BackendError({
      op: 'toBackend',
      problem: 'the source cannot be read synchronously',
      got: x.backend.name,
      advice: 'Use tensor(await x.data(), { shape: x.shape, backend })',
    })
  }
  return new Tensor(backend.upload(x.dtype, x.dataSync()), x.shape, x.dtype)
}
