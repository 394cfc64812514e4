import { compare } from '@lanewise/kernels-wasm/compare'
import { integer } from '@lanewise/kernels-wasm/integer'
import { apply } from '../autograd/apply.ts'
import type { OpDef } from '../autograd/op.ts'
import { DTypeError } from '../errors.ts'
import { contiguousStrides } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { binaryInfer, binaryReference, binaryWasm, runBinary, type BinaryOp, type Operand } from './binary.ts'
import { cast } from './copy.ts'
import { needDType, sameSpec } from './rules.ts'
import { unaryReference, unaryWasm, type UnaryOp } from './unary-op.ts'

const andOp: BinaryOp = {
  name: 'logicalAnd',
  stem: 'logical_and',
  kernels: { bool: compare },
  f: (a, b) => Number(a !== 0 && b !== 0),
  infer: binaryInfer,
  reference: binaryReference,
  wasm: binaryWasm,
}

const orOp: BinaryOp = {
  name: 'logicalOr',
  stem: 'logical_or',
  kernels: { bool: compare },
  f: (a, b) => Number(a !== 0 || b !== 0),
  infer: binaryInfer,
  reference: binaryReference,
  wasm: binaryWasm,
}

const xorOp: BinaryOp = {
  name: 'logicalXor',
  stem: 'logical_xor',
  kernels: { bool: compare },
  f: (a, b) => Number((a !== 0) !== (b !== 0)),
  infer: binaryInfer,
  reference: binaryReference,
  wasm: binaryWasm,
}

const notOp: OpDef<undefined> = {
  name: 'logicalNot',
  infer: sameSpec,
  reference: ([x], _, [y]) => {
    for (let i = 0; i < x.data.length; i++) y.data[i] = Number(x.data[i] === 0)
  },
  wasm: (k, [x]) => {
    const strides = k.dense(x) ? x.strides : contiguousStrides(x.shape)
    const y = k.empty(x.shape, 'bool', strides)
    k.use(compare).u8_logical_not(k.ptrAs(x, strides), k.ptr(y), x.size)
    return [y]
  },
}

const truth = (x: Tensor): Tensor => cast(x, 'bool')

/** Whether both hold (are not 0), as bool, broadcast. @example logicalAnd(tensor([1, 0]), tensor([2, 2])).toArray() // => [1, 0] */
export const logicalAnd = (a: Tensor, b: Tensor): Tensor => runBinary(andOp, truth(a), truth(b))
/** Whether one or both hold, as bool, broadcast. @example logicalOr(tensor([1, 0]), tensor([0, 0])).toArray() // => [1, 0] */
export const logicalOr = (a: Tensor, b: Tensor): Tensor => runBinary(orOp, truth(a), truth(b))
/** Whether exactly one holds, as bool, broadcast. @example logicalXor(tensor([1, 1]), tensor([0, 1])).toArray() // => [1, 0] */
export const logicalXor = (a: Tensor, b: Tensor): Tensor => runBinary(xorOp, truth(a), truth(b))
/** Whether x is 0, as bool. @example logicalNot(tensor([0, 3])).toArray() // => [1, 0] */
export const logicalNot = (x: Tensor): Tensor => apply(notOp, [truth(x)], undefined)

const bitAndOp: BinaryOp = {
  name: 'bitwiseAnd',
  stem: 'and',
  kernels: { i32: integer },
  f: (a, b) => a & b,
  infer: binaryInfer,
  reference: binaryReference,
  wasm: binaryWasm,
}

const bitOrOp: BinaryOp = {
  name: 'bitwiseOr',
  stem: 'or',
  kernels: { i32: integer },
  f: (a, b) => a | b,
  infer: binaryInfer,
  reference: binaryReference,
  wasm: binaryWasm,
}

const bitXorOp: BinaryOp = {
  name: 'bitwiseXor',
  stem: 'xor',
  kernels: { i32: integer },
  f: (a, b) => a ^ b,
  infer: binaryInfer,
  reference: binaryReference,
  wasm: binaryWasm,
}

const shiftLeftOp: BinaryOp = {
  name: 'bitwiseLeftShift',
  stem: 'shl',
  kernels: { i32: integer },
  f: (a, b) => a << b,
  infer: binaryInfer,
  reference: binaryReference,
  wasm: binaryWasm,
}

const shiftRightOp: BinaryOp = {
  name: 'bitwiseRightShift',
  stem: 'shr',
  kernels: { i32: integer },
  f: (a, b) => a >> b,
  infer: binaryInfer,
  reference: binaryReference,
  wasm: binaryWasm,
}

const bitNotOp: UnaryOp = {
  name: 'bitwiseNot',
  integerKernel: (k) => k.use(integer).i32_not,
  f: (x) => ~x,
  infer: sameSpec,
  reference: unaryReference,
  wasm: unaryWasm,
}

const bits = (op: BinaryOp, a: Operand, b: Operand): Tensor => {
  for (const x of [a, b]) {
    if (x instanceof Tensor) needDType(op.name, x, 'i32', 'u8', 'bool')
    else if (!Number.isInteger(x)) {
      throw new DTypeError({
        op: op.name,
        problem: 'bits are of whole numbers',
        got: String(x),
        expected: 'an integer',
      })
    }
  }
  return runBinary(op, a, b)
}

/** a AND b, bit by bit, of integers or bools, broadcast. @example bitwiseAnd(tensor(new Int32Array([6])), 3).toArray() // => [2] */
export const bitwiseAnd = (a: Operand, b: Operand): Tensor => bits(bitAndOp, a, b)
/** a OR b, bit by bit, of integers or bools, broadcast. @example bitwiseOr(tensor(new Int32Array([6])), 3).toArray() // => [7] */
export const bitwiseOr = (a: Operand, b: Operand): Tensor => bits(bitOrOp, a, b)
/** a XOR b, bit by bit, of integers or bools, broadcast. @example bitwiseXor(tensor(new Int32Array([6])), 3).toArray() // => [5] */
export const bitwiseXor = (a: Operand, b: Operand): Tensor => bits(bitXorOp, a, b)
/** a 2^b of integers, broadcast; b counts modulo 32. @example bitwiseLeftShift(tensor(new Int32Array([3])), 2).toArray() // => [12] */
export const bitwiseLeftShift = (a: Operand, b: Operand): Tensor => bits(shiftLeftOp, a, b)
/** a / 2^b of integers, rounded down, broadcast; b counts modulo 32. @example bitwiseRightShift(tensor(new Int32Array([-5])), 1).toArray() // => [-3] */
export const bitwiseRightShift = (a: Operand, b: Operand): Tensor => bits(shiftRightOp, a, b)

/** Every bit turned; of a bool, its opposite. @example bitwiseNot(tensor(new Int32Array([0, 5]))).toArray() // => [-1, -6] */
export const bitwiseNot = (x: Tensor): Tensor => {
  if (x.dtype === 'bool') return logicalNot(x)
  needDType('bitwiseNot', x, 'i32', 'u8')
  return cast(apply(bitNotOp, [cast(x, 'i32')], []), x.dtype)
}
