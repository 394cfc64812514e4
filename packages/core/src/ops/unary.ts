import { elementwise, type ElementwiseKernels } from '@lanewise/kernels-wasm/elementwise'
import { apply } from '../autograd/apply.ts'
import type { NDArray, OpDef, TensorSpec } from '../autograd/op.ts'
import type { WasmBackend } from '../backends/wasm/wasm.ts'
import { isFloat } from '../tensor/dtype.ts'
import { contiguousStrides, sizeOf } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { add, div, mul, sub } from './binary.ts'
import { cast } from './copy.ts'
import { needFloat, sameSpec } from './rules.ts'
import { where } from './where.ts'

/** Numbers that shape an op, such as a slope, in the order of the kernel's last arguments. */
type Parameters = readonly number[]

/** An op y = f(x) on every element alone. */
export interface UnaryOp extends OpDef<Parameters> {
  /** The kernel for f32. */
  readonly kernel?: keyof ElementwiseKernels
  /** The kernel for i32, where there is one. */
  readonly integerKernel?: keyof ElementwiseKernels
  readonly f: (x: number, ...parameters: number[]) => number
}

type Kernel = (pX: number, pY: number, n: number, ...parameters: number[]) => void

function reference(this: UnaryOp, [x]: readonly NDArray[], parameters: Parameters, [y]: readonly NDArray[]): void {
  for (let i = 0; i < x.data.length; i++) y.data[i] = this.f(x.data[i], ...parameters)
}

function wasm(this: UnaryOp, k: WasmBackend, [x]: readonly Tensor[], parameters: Parameters, [spec]: readonly TensorSpec[]): Tensor[] | null {
  const name = x.dtype === 'f32' ? this.kernel : x.dtype === 'i32' ? this.integerKernel : undefined
  if (name === undefined) return null
  const strides = k.dense(x) ? x.strides : contiguousStrides(x.shape)
  const y = k.empty(x.shape, spec.dtype, strides)
  const kernel = k.use(elementwise)[name] as Kernel
  kernel(k.ptrAs(x, strides), k.ptr(y), sizeOf(x.shape), ...parameters)
  return [y]
}

const none: Parameters = []

/** Runs an op that needs fractions; integers become f32, as in PyTorch. */
const run = (op: UnaryOp, x: Tensor, parameters: Parameters = none): Tensor =>
  apply(op, [isFloat(x.dtype) ? x : cast(x, 'f32')], parameters)

const negOp: UnaryOp = {
  name: 'neg',
  kernel: 'f32_neg',
  integerKernel: 'i32_neg',
  f: (x) => -x,
  infer: sameSpec,
  reference,
  wasm,
  gradient: (_, [dy]) => [neg(dy!)],
}

/** -x. @example neg(tensor([1, -2])).toArray() // => [-1, 2] */
export const neg = (x: Tensor): Tensor => apply(negOp, [x], none)

const expOp: UnaryOp = {
  name: 'exp',
  kernel: 'f32_exp',
  f: Math.exp,
  infer: sameSpec,
  reference,
  wasm,
  savesOutputs: [0],
  gradient: (c, [dy]) => [mul(dy!, c.output(0))],
}

/** e to the power of x. @example exp(tensor([0])).toArray() // => [1] */
export const exp = (x: Tensor): Tensor => run(expOp, x)

const logOp: UnaryOp = {
  name: 'log',
  kernel: 'f32_log',
  f: Math.log,
  infer: sameSpec,
  reference,
  wasm,
  savesInputs: [0],
  gradient: (c, [dy]) => [div(dy!, c.input(0))],
}

/** The natural logarithm; -Infinity at 0, NaN below. @example log(tensor([1])).toArray() // => [0] */
export const log = (x: Tensor): Tensor => run(logOp, x)

const squareOp: UnaryOp = {
  name: 'square',
  kernel: 'f32_square',
  f: (x) => x * x,
  infer: sameSpec,
  reference,
  wasm,
  savesInputs: [0],
  gradient: (c, [dy]) => [mul(mul(dy!, c.input(0)), 2)],
}

/** x squared. @example square(tensor([3])).toArray() // => [9] */
export const square = (x: Tensor): Tensor => apply(squareOp, [x], none)

const floorOp: UnaryOp = { name: 'floor', kernel: 'f32_floor', f: Math.floor, infer: sameSpec, reference, wasm, gradient: (_, [dy]) => [mul(dy!, 0)] }
const truncOp: UnaryOp = { name: 'trunc', kernel: 'f32_trunc', f: Math.trunc, infer: sameSpec, reference, wasm, gradient: (_, [dy]) => [mul(dy!, 0)] }

/** The largest whole number that is not above x. @example floor(tensor([1.5, -1.5])).toArray() // => [1, -2] */
export const floor = (x: Tensor): Tensor => run(floorOp, x)

/** x without its fraction. @example trunc(tensor([1.5, -1.5])).toArray() // => [1, -1] */
export const trunc = (x: Tensor): Tensor => run(truncOp, x)

interface GradOp extends OpDef<Parameters> {
  readonly kernel: keyof ElementwiseKernels
  /** dx from the saved tensor and dy. */
  readonly f: (saved: number, dy: number, ...parameters: number[]) => number
}

type GradKernel = (pSaved: number, pDy: number, pDx: number, n: number, ...parameters: number[]) => void

function gradReference(this: GradOp, [saved, dy]: readonly NDArray[], parameters: Parameters, [dx]: readonly NDArray[]): void {
  for (let i = 0; i < dy.data.length; i++) dx.data[i] = this.f(saved.data[i], dy.data[i], ...parameters)
}

function gradWasm(this: GradOp, k: WasmBackend, [saved, dy]: readonly Tensor[], parameters: Parameters): Tensor[] | null {
  if (dy.dtype !== 'f32') return null
  const strides = k.dense(saved) ? saved.strides : contiguousStrides(saved.shape)
  const dx = k.empty(dy.shape, dy.dtype, strides)
  const kernel = k.use(elementwise)[this.kernel] as GradKernel
  kernel(k.ptrAs(saved, strides), k.ptrAs(dy, strides), k.ptr(dx), dy.size, ...parameters)
  return [dx]
}

const reluGradOp: GradOp = {
  name: 'reluGrad',
  kernel: 'f32_relu_grad',
  f: (y, dy) => (y > 0 ? dy : 0),
  infer: sameSpec,
  reference: gradReference,
  wasm: gradWasm,
}

const reluOp: UnaryOp = {
  name: 'relu',
  kernel: 'f32_relu',
  f: (x) => (x > 0 || Number.isNaN(x) ? x : 0),
  infer: sameSpec,
  reference,
  wasm,
  savesOutputs: [0],
  gradient: (c, [dy]) => {
    const y = c.output(0)
    return [c.fused ? apply(reluGradOp, [y, dy!], none) : where(isPositive(y), dy!, 0)]
  },
}

/** Whether x > 0, outside of the graph. */
const isPositive = (x: Tensor): Tensor => cast(run(stepOp, x), 'bool')

const stepOp: UnaryOp = { name: 'step', f: (x) => (x > 0 ? 1 : 0), infer: sameSpec, reference, wasm }

/** max(0, x); NaN stays. @example relu(tensor([-1, 2])).toArray() // => [0, 2] */
export const relu = (x: Tensor): Tensor => run(reluOp, x)
