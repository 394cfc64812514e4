/* oxlint-disable no-restricted-properties -- reference loops */
import type { KernelGroup } from '@lanewise/kernels-wasm'
import { arithmetic } from '@lanewise/kernels-wasm/arithmetic'
import { compare } from '@lanewise/kernels-wasm/compare'
import { integer } from '@lanewise/kernels-wasm/integer'
import { special } from '@lanewise/kernels-wasm/special'
import { apply } from '../autograd/apply.ts'
import type { NDArray, OpDef, TensorSpec } from '../autograd/op.ts'
import type { GradientContext } from '../autograd/node.ts'
import type { WasmBackend } from '../backends/wasm/wasm.ts'
import { ValueError } from '../errors.ts'
import { isFloat, promote, type DType } from '../tensor/dtype.ts'
import { broadcastShapes, contiguousStrides, sameShape } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { fromData } from '../tensor/create.ts'
import { broadcastTable, resultStrides } from './broadcast.ts'
import { cast } from './copy.ts'
import { sumTo } from './reduce.ts'
import { floor, log, neg, trunc } from './unary.ts'
import { forEachBroadcast } from './rules.ts'
import { where } from './where.ts'

/** A tensor, or a number that takes the other operand's dtype. */
export type Operand = Tensor | number

/** A number operand, and which side it stands on; null when both are tensors. */
export type Scalar = { readonly value: number; readonly left: boolean } | null

/** What a gradient rule reads: the operands and the result. */
export interface Saved {
  a(): Operand
  b(): Operand
  y(): Tensor
}

/** An op y = f(a, b) over broadcast operands. */
export interface BinaryOp extends OpDef<Scalar> {
  /** Stem of the kernel names: f32_STEM and f32_STEM_nd, or i32_ or u8_. */
  readonly stem: string
  /** The kernels by dtype, where there are any; bytes are bool. */
  readonly kernels: { readonly [T in DType]?: KernelGroup<object> }
  /** The result's dtype, where it is not the operands'. */
  readonly result?: DType
  readonly f: (a: number, b: number) => number
  readonly da?: (dy: Tensor, s: Saved) => Tensor | null
  readonly db?: (dy: Tensor, s: Saved) => Tensor | null
}

/** The shape rule of every {@link BinaryOp}. */
export function binaryInfer(this: BinaryOp, [a, b]: readonly Tensor[]): TensorSpec[] {
  const shape = b === undefined ? a.shape : broadcastShapes(this.name, a.shape, b.shape)
  return [{ shape, dtype: this.result ?? a.dtype }]
}

/** The loop of every {@link BinaryOp}. */
export function binaryReference(this: BinaryOp, x: readonly NDArray[], scalar: Scalar, [y]: readonly NDArray[]): void {
  const f = this.f
  const a = x[0].data
  if (scalar === null) {
    const b = x[1].data
    forEachBroadcast(y, x, (i, [ia, ib]) => (y.data[i] = f(a[ia], b[ib])))
  } else if (scalar.left) {
    for (let i = 0; i < a.length; i++) y.data[i] = f(scalar.value, a[i])
  } else {
    for (let i = 0; i < a.length; i++) y.data[i] = f(a[i], scalar.value)
  }
}

type Kernel = (pA: number, pB: number, pY: number, nOrTable: number, rank?: number) => void

/** The kernel for operands of a dtype: of dense operands, or (`_nd`) over strides. */
const kernelOf = (k: WasmBackend, op: BinaryOp, dtype: DType, suffix: '' | '_nd'): Kernel =>
  (k.use(op.kernels[dtype]!) as Record<string, Kernel>)[`${dtype === 'bool' ? 'u8' : dtype}_${op.stem}${suffix}`]

/** The kernel binding of every {@link BinaryOp}. */
export function binaryWasm(
  this: BinaryOp,
  k: WasmBackend,
  x: readonly Tensor[],
  scalar: Scalar,
  [spec]: readonly TensorSpec[],
): Tensor[] | null {
  const a = x[0]
  if (this.kernels[a.dtype] === undefined) return null
  if (scalar !== null) return [withScalar(k, this, a, scalar, spec)]
  const b = x[1]
  if (sameShape(a.shape, b.shape) && sameStrides(a, b) && k.dense(a)) {
    const y = k.empty(spec.shape, spec.dtype, a.strides)
    kernelOf(k, this, a.dtype, '')(k.ptr(a), k.ptr(b), k.ptr(y), a.size)
    return [y]
  }
  return [broadcast(k, this, a, b, spec)]
}

const sameStrides = (a: Tensor, b: Tensor): boolean => {
  if (a.contiguous && b.contiguous) return true
  for (let i = 0; i < a.rank; i++) if (a.shape[i] !== 1 && a.strides[i] !== b.strides[i]) return false
  return true
}

const withScalar = (
  k: WasmBackend,
  op: BinaryOp,
  x: Tensor,
  { value, left }: { value: number; left: boolean },
  spec: TensorSpec,
): Tensor => {
  const strides = k.dense(x) ? x.strides : contiguousStrides(x.shape)
  const y = k.empty(spec.shape, spec.dtype, strides)
  const pX = k.ptrAs(x, strides)
  const pS = x.dtype === 'f32' ? k.scalar(value) : k.table([value])
  const kernel = kernelOf(k, op, x.dtype, '_nd')
  if (left) kernel(pS, pX, k.ptr(y), k.table([x.size, 0, 1]), 1)
  else kernel(pX, pS, k.ptr(y), k.table([x.size, 1, 0]), 1)
  return y
}

const broadcast = (k: WasmBackend, op: BinaryOp, a: Tensor, b: Tensor, { shape, dtype }: TensorSpec): Tensor => {
  const strides = resultStrides(k, [a, b], shape)
  const y = k.empty(shape, dtype, strides)
  const { pMeta, rank } = broadcastTable(k, [a, b], shape, strides)
  kernelOf(k, op, a.dtype, '_nd')(k.ptr(a), k.ptr(b), k.ptr(y), pMeta, rank)
  return y
}

/** The gradient of every {@link BinaryOp}: its two rules, summed over what was broadcast. */
export function binaryGradient(
  this: BinaryOp,
  c: GradientContext<Scalar>,
  [dy]: readonly (Tensor | null)[],
): (Tensor | null)[] {
  const scalar = c.attrs
  const saved: Saved = {
    a: () => (scalar === null || !scalar.left ? c.input(0) : scalar.value),
    b: () => (scalar === null ? c.input(1) : scalar.left ? c.input(0) : scalar.value),
    y: () => c.output(0),
  }
  if (scalar !== null) return [(scalar.left ? this.db : this.da)!(dy!, saved)]
  return [this.da, this.db].map((rule, i) => {
    const dx = c.needs[i] ? rule!(dy!, saved) : null
    return dx === null ? null : sumTo(dx, c.inputSpecs[i].shape)
  })
}

const toTensor = (op: string, x: Operand): Tensor => {
  if (x instanceof Tensor) return x
  if (typeof x === 'number') return fromData(new Float32Array([x]), [], 'f32')
  throw new ValueError({
    op,
    problem: 'the operand is neither a tensor nor a number',
    got: typeof x,
    advice: 'Wrap arrays with tensor()',
  })
}

/** The dtype that an op of a tensor and a number has in PyTorch. */
const withNumber = (dtype: DType, value: number, floats: boolean): DType => {
  if (isFloat(dtype)) return dtype
  if (!Number.isInteger(value) || floats) return 'f32'
  return dtype === 'bool' ? 'i32' : dtype
}

/** Bytes are computed as i32, which has kernels, and brought back. */
const compute = (op: BinaryOp, inputs: readonly Tensor[], dtype: DType, scalar: Scalar): Tensor => {
  const wide = (dtype === 'u8' || dtype === 'bool') && op.kernels.bool === undefined ? 'i32' : dtype
  const y = apply(
    op,
    inputs.map((x) => cast(x, wide)),
    scalar,
  )
  return wide === dtype || y.dtype !== wide ? y : cast(y, dtype)
}

/** Runs a binary op on operands brought to one dtype; `floats` turns integers into f32 first. */
export const runBinary = (op: BinaryOp, a: Operand, b: Operand, floats = false): Tensor => {
  if (typeof b === 'number' && a instanceof Tensor) {
    return compute(op, [a], withNumber(a.dtype, b, floats), { value: b, left: false })
  }
  if (typeof a === 'number' && b instanceof Tensor) {
    return compute(op, [b], withNumber(b.dtype, a, floats), { value: a, left: true })
  }
  const x = toTensor(op.name, a)
  const y = toTensor(op.name, b)
  const dtype = promote(x.dtype, y.dtype)
  return compute(op, [x, y], floats && !isFloat(dtype) ? 'f32' : dtype, null)
}

const addOp: BinaryOp = {
  name: 'add',
  stem: 'add',
  kernels: { f32: arithmetic, i32: arithmetic },
  f: (a, b) => a + b,
  infer: binaryInfer,
  reference: binaryReference,
  wasm: binaryWasm,
  gradient: binaryGradient,
  da: (dy) => dy,
  db: (dy) => dy,
}

/**
 * a + b, broadcast.
 * @example add(tensor([1, 2]), tensor([[10], [20]])).toArray() // => [[11, 12], [21, 22]]
 */
export const add = (a: Operand, b: Operand): Tensor => runBinary(addOp, a, b)

const subOp: BinaryOp = {
  name: 'sub',
  stem: 'sub',
  kernels: { f32: arithmetic, i32: arithmetic },
  f: (a, b) => a - b,
  infer: binaryInfer,
  reference: binaryReference,
  wasm: binaryWasm,
  gradient: binaryGradient,
  da: (dy) => dy,
  db: (dy) => neg(dy),
}

/**
 * a - b, broadcast.
 * @example sub(5, tensor([1, 2])).toArray() // => [4, 3]
 */
export const sub = (a: Operand, b: Operand): Tensor => runBinary(subOp, a, b)

const mulOp: BinaryOp = {
  name: 'mul',
  stem: 'mul',
  kernels: { f32: arithmetic, i32: arithmetic },
  f: (a, b) => a * b,
  infer: binaryInfer,
  reference: binaryReference,
  wasm: binaryWasm,
  savesInputs: [0, 1],
  gradient: binaryGradient,
  da: (dy, s) => mul(dy, s.b()),
  db: (dy, s) => mul(dy, s.a()),
}

/**
 * a b, broadcast.
 * @example mul(tensor([1, 2]), tensor([3, 4])).toArray() // => [3, 8]
 */
export const mul = (a: Operand, b: Operand): Tensor => runBinary(mulOp, a, b)

const divOp: BinaryOp = {
  name: 'div',
  stem: 'div',
  kernels: { f32: arithmetic },
  f: (a, b) => a / b,
  infer: binaryInfer,
  reference: binaryReference,
  wasm: binaryWasm,
  savesInputs: [0, 1],
  gradient: binaryGradient,
  da: (dy, s) => div(dy, s.b()),
  // Divided twice, as PyTorch does: b² would leave float32's range long before b does.
  db: (dy, s) => neg(mul(dy, div(div(s.a(), s.b()), s.b()))),
}

/**
 * a / b, broadcast; integers are divided as f32.
 * @example div(tensor([1, 3]), 2).toArray() // => [0.5, 1.5]
 */
export const div = (a: Operand, b: Operand): Tensor => runBinary(divOp, a, b, true)

/** dy where a wins, half of it where both are equal: PyTorch's rule for maximum and minimum. */
const share = (dy: Tensor, wins: Tensor, ties: Tensor): Tensor => where(wins, dy, where(ties, mul(dy, 0.5), 0))

const maximumOp: BinaryOp = {
  name: 'maximum',
  stem: 'maximum',
  kernels: { f32: arithmetic, i32: arithmetic },
  f: (a, b) => (Number.isNaN(a) || Number.isNaN(b) ? NaN : Math.max(a, b)),
  infer: binaryInfer,
  reference: binaryReference,
  wasm: binaryWasm,
  savesInputs: [0, 1],
  gradient: binaryGradient,
  da: (dy, s) => share(dy, gt(s.a(), s.b()), eq(s.a(), s.b())),
  db: (dy, s) => share(dy, gt(s.b(), s.a()), eq(s.a(), s.b())),
}

/**
 * The larger of a and b, broadcast; NaN wins. Equal elements share the gradient.
 * @example maximum(tensor([1, 5]), 3).toArray() // => [3, 5]
 */
export const maximum = (a: Operand, b: Operand): Tensor => runBinary(maximumOp, a, b)

const minimumOp: BinaryOp = {
  name: 'minimum',
  stem: 'minimum',
  kernels: { f32: arithmetic, i32: arithmetic },
  f: (a, b) => (Number.isNaN(a) || Number.isNaN(b) ? NaN : Math.min(a, b)),
  infer: binaryInfer,
  reference: binaryReference,
  wasm: binaryWasm,
  savesInputs: [0, 1],
  gradient: binaryGradient,
  da: (dy, s) => share(dy, lt(s.a(), s.b()), eq(s.a(), s.b())),
  db: (dy, s) => share(dy, lt(s.b(), s.a()), eq(s.a(), s.b())),
}

/**
 * The smaller of a and b, broadcast; NaN wins. Equal elements share the gradient.
 * @example minimum(tensor([1, 5]), 3).toArray() // => [1, 3]
 */
export const minimum = (a: Operand, b: Operand): Tensor => runBinary(minimumOp, a, b)

const powOp: BinaryOp = {
  name: 'pow',
  stem: 'pow',
  kernels: { f32: special },
  // IEEE's pow, which C and PyTorch follow; JavaScript alone gives NaN for 1 to the power of an infinity or NaN.
  f: (a, b) => (a === 1 ? 1 : a === -1 && !Number.isFinite(b) && !Number.isNaN(b) ? 1 : a ** b), // reference loop
  infer: binaryInfer,
  reference: binaryReference,
  wasm: binaryWasm,
  savesInputs: [0, 1],
  savesOutputs: [0],
  gradient: binaryGradient,
  da: (dy, s) => powBase(dy, s.a(), s.b()),
  db: (dy, s) => mul(dy, where(and0(s), 0, mul(s.y(), log(asTensor(s.a(), s.y()))))),
}

/** dy b a^(b - 1), and 0 where b is 0. */
const powBase = (dy: Tensor, a: Operand, b: Operand): Tensor => {
  const slope = mul(dy, mul(b, pow(a, sub0(b, 1))))
  return typeof b === 'number' ? (b === 0 ? mul(dy, 0) : slope) : where(eq(b, 0), 0, slope)
}

/** A number as a scalar tensor beside `like`. */
const asTensor = (a: Operand, like: Tensor): Tensor =>
  a instanceof Tensor ? a : fromData(Float32Array.of(a), [], 'f32', like.backend)

/** a - b of numbers or tensors. */
const sub0 = (a: Operand, b: number): Operand => (typeof a === 'number' ? a - b : sub(a, b))

/** Where a is 0 and b is not negative: there a^b is flat in b. */
const and0 = (s: Saved): Tensor => eq(where(eq(s.a(), 0), where(lt(s.b(), 0), 1, 0), 1), 0)

/**
 * a to the power of b, broadcast.
 * @example pow(tensor([2, 3]), 2).toArray() // => [4, 9]
 */
export const pow = (a: Operand, b: Operand): Tensor => runBinary(powOp, a, b, true)

/** Throws where whole numbers would be divided by 0. */
const checkDivisor = (op: string, a: Operand, b: Operand): void => {
  const whole = (x: Operand): boolean => (typeof x === 'number' ? Number.isInteger(x) : !isFloat(x.dtype))
  if (!whole(a) || !whole(b) || (typeof a === 'number' && typeof b === 'number')) return
  if (b !== 0 && (typeof b === 'number' || !b.backend.synchronous || !b.dataSync().includes(0))) return
  throw new ValueError({
    op,
    problem: 'whole numbers cannot be divided by 0',
    got: String(b),
    advice: "Use cast(x, 'f32')",
  })
}

/** The remainder with the sign of b, as Python's % and torch.remainder. */
const floorMod = (a: number, b: number): number => {
  const r = a % b
  return r !== 0 && r < 0 !== b < 0 ? r + b : r
}

const remainderOp: BinaryOp = {
  name: 'remainder',
  stem: 'remainder',
  kernels: { f32: special, i32: integer },
  f: floorMod,
  infer: binaryInfer,
  reference: binaryReference,
  wasm: binaryWasm,
  savesInputs: [0, 1],
  gradient: binaryGradient,
  da: (dy) => dy,
  db: (dy, s) => neg(mul(dy, floor(div(s.a(), s.b())))),
}

/**
 * The remainder of a / b with the sign of b, as torch.remainder.
 * @example remainder(tensor([5, -5]), 3).toArray() // => [2, 1]
 */
export const remainder = (a: Operand, b: Operand): Tensor => {
  checkDivisor('remainder', a, b)
  return runBinary(remainderOp, a, b)
}

const floorDivideOp: BinaryOp = {
  name: 'floorDivide',
  stem: 'floor_divide',
  kernels: { f32: special, i32: integer },
  f: (a, b) => (b === 0 ? a / b : roundedQuotient(a, b)),
  infer: binaryInfer,
  reference: binaryReference,
  wasm: binaryWasm,
}

/** floor(a / b) from the exact remainder, so that rounding of the quotient cannot cross a whole number. */
const roundedQuotient = (a: number, b: number): number => {
  const quotient = (a - floorMod(a, b)) / b
  const low = Math.floor(quotient)
  return quotient - low > 0.5 ? low + 1 : low
}

/**
 * The largest whole number that is not above a / b, broadcast, as torch.floor_divide; without a gradient.
 * @throws ValueError when whole numbers are divided by 0.
 * @example floorDivide(tensor([7, -7]), 2).toArray() // => [3, -4]
 */
export const floorDivide = (a: Operand, b: Operand): Tensor => {
  checkDivisor('floorDivide', a, b)
  return runBinary(floorDivideOp, a, b)
}

const fmodOp: BinaryOp = {
  name: 'fmod',
  stem: 'fmod',
  kernels: { f32: special },
  f: (a, b) => a % b,
  infer: binaryInfer,
  reference: binaryReference,
  wasm: binaryWasm,
  savesInputs: [0, 1],
  gradient: binaryGradient,
  da: (dy) => dy,
  db: (dy, s) => neg(mul(dy, trunc(div(s.a(), s.b())))),
}

/**
 * The remainder of a / b with the sign of a, as torch.fmod.
 * @example fmod(tensor([5, -5]), 3).toArray() // => [2, -2]
 */
export const fmod = (a: Operand, b: Operand): Tensor => runBinary(fmodOp, a, b)

const atan2Op: BinaryOp = {
  name: 'atan2',
  stem: 'atan2',
  kernels: { f32: special },
  f: Math.atan2,
  infer: binaryInfer,
  reference: binaryReference,
  wasm: binaryWasm,
  savesInputs: [0, 1],
  gradient: binaryGradient,
  da: (dy, s) => div(mul(dy, s.b()), add(mul(s.a(), s.a()), mul(s.b(), s.b()))),
  db: (dy, s) => neg(div(mul(dy, s.a()), add(mul(s.a(), s.a()), mul(s.b(), s.b())))),
}

/**
 * The angle of the point (b, a), in radians.
 * @example atan2(tensor([0, 1]), tensor([1, 0])).toArray() // => [0, 1.5707964]
 */
export const atan2 = (a: Operand, b: Operand): Tensor => runBinary(atan2Op, a, b, true)

const eqOp: BinaryOp = {
  name: 'eq',
  stem: 'eq',
  kernels: { f32: compare, i32: compare },
  result: 'bool',
  f: (a, b) => Number(a === b),
  infer: binaryInfer,
  reference: binaryReference,
  wasm: binaryWasm,
}
const neOp: BinaryOp = {
  name: 'ne',
  stem: 'ne',
  kernels: { f32: compare, i32: compare },
  result: 'bool',
  f: (a, b) => Number(a !== b),
  infer: binaryInfer,
  reference: binaryReference,
  wasm: binaryWasm,
}
const ltOp: BinaryOp = {
  name: 'lt',
  stem: 'lt',
  kernels: { f32: compare, i32: compare },
  result: 'bool',
  f: (a, b) => Number(a < b),
  infer: binaryInfer,
  reference: binaryReference,
  wasm: binaryWasm,
}
const leOp: BinaryOp = {
  name: 'le',
  stem: 'le',
  kernels: { f32: compare, i32: compare },
  result: 'bool',
  f: (a, b) => Number(a <= b),
  infer: binaryInfer,
  reference: binaryReference,
  wasm: binaryWasm,
}
const gtOp: BinaryOp = {
  name: 'gt',
  stem: 'gt',
  kernels: { f32: compare, i32: compare },
  result: 'bool',
  f: (a, b) => Number(a > b),
  infer: binaryInfer,
  reference: binaryReference,
  wasm: binaryWasm,
}
const geOp: BinaryOp = {
  name: 'ge',
  stem: 'ge',
  kernels: { f32: compare, i32: compare },
  result: 'bool',
  f: (a, b) => Number(a >= b),
  infer: binaryInfer,
  reference: binaryReference,
  wasm: binaryWasm,
}

/** a = b as bool, broadcast. @example eq(tensor([1, 2]), 2).toArray() // => [0, 1] */
export const eq = (a: Operand, b: Operand): Tensor => runBinary(eqOp, a, b)
/** Whether a and b differ, as bool, broadcast. @example ne(tensor([1, 2]), 2).toArray() // => [1, 0] */
export const ne = (a: Operand, b: Operand): Tensor => runBinary(neOp, a, b)
/** a < b as bool, broadcast. @example lt(tensor([1, 2]), 2).toArray() // => [1, 0] */
export const lt = (a: Operand, b: Operand): Tensor => runBinary(ltOp, a, b)
/** a <= b as bool, broadcast. @example le(tensor([1, 2]), 2).toArray() // => [1, 1] */
export const le = (a: Operand, b: Operand): Tensor => runBinary(leOp, a, b)
/** a > b as bool, broadcast. @example gt(tensor([1, 3]), 2).toArray() // => [0, 1] */
export const gt = (a: Operand, b: Operand): Tensor => runBinary(gtOp, a, b)
/** a >= b as bool, broadcast. @example ge(tensor([1, 2]), 2).toArray() // => [0, 1] */
export const ge = (a: Operand, b: Operand): Tensor => runBinary(geOp, a, b)
