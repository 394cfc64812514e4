import { apply } from '../autograd/apply.ts'
import type { NDArray, OpDef, TensorSpec } from '../autograd/op.ts'
import type { WasmBackend } from '../backends/wasm/wasm.ts'
import { isFloat } from '../tensor/dtype.ts'
import { contiguousStrides } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { cast } from './copy.ts'

/** Numbers that shape an op, such as a slope, in the order of the kernel's last arguments. */
export type Parameters = readonly number[]

type Kernel = (pX: number, pY: number, n: number, ...parameters: number[]) => void

/** An op y = f(x) on every element alone. */
export interface UnaryOp extends OpDef<Parameters> {
  /** The kernel for f32. */
  readonly kernel?: (k: WasmBackend) => Kernel
  /** The kernel for i32, where there is one. */
  readonly integerKernel?: (k: WasmBackend) => Kernel
  readonly f: (x: number, ...parameters: number[]) => number
}

/** The loop of every {@link UnaryOp}. */
export function unaryReference(
  this: UnaryOp,
  [x]: readonly NDArray[],
  parameters: Parameters,
  [y]: readonly NDArray[],
): void {
  for (let i = 0; i < x.data.length; i++) y.data[i] = this.f(x.data[i], ...parameters)
}

/** The kernel binding of every {@link UnaryOp}; the result keeps the layout of x. */
export function unaryWasm(
  this: UnaryOp,
  k: WasmBackend,
  [x]: readonly Tensor[],
  parameters: Parameters,
  [spec]: readonly TensorSpec[],
): Tensor[] | null {
  const kernel = (x.dtype === 'f32' ? this.kernel : x.dtype === 'i32' ? this.integerKernel : undefined)?.(k)
  if (kernel === undefined) return null
  const strides = k.dense(x) ? x.strides : contiguousStrides(x.shape)
  const y = k.empty(x.shape, spec.dtype, strides)
  kernel(k.ptrAs(x, strides), k.ptr(y), x.size, ...parameters)
  return [y]
}

/** Runs an op that needs fractions; integers become f32, as in PyTorch. */
export const runUnary = (op: UnaryOp, x: Tensor, ...parameters: number[]): Tensor =>
  apply(op, [isFloat(x.dtype) ? x : cast(x, 'f32')], parameters)

type GradKernel = (pSaved: number, pDy: number, pDx: number, n: number, ...parameters: number[]) => void

/** A fused gradient: dx = f(saved, dy), where saved is the input or the output. */
export interface GradOp extends OpDef<Parameters> {
  readonly kernel: (k: WasmBackend) => GradKernel
  readonly f: (saved: number, dy: number, ...parameters: number[]) => number
}

/** The loop of every {@link GradOp}. */
export function gradReference(
  this: GradOp,
  [saved, dy]: readonly NDArray[],
  parameters: Parameters,
  [dx]: readonly NDArray[],
): void {
  for (let i = 0; i < dy.data.length; i++) dx.data[i] = this.f(saved.data[i], dy.data[i], ...parameters)
}

/** The kernel binding of every {@link GradOp}. */
export function gradWasm(
  this: GradOp,
  k: WasmBackend,
  [saved, dy]: readonly Tensor[],
  parameters: Parameters,
): Tensor[] | null {
  if (dy.dtype !== 'f32') return null
  const strides = k.dense(saved) ? saved.strides : contiguousStrides(saved.shape)
  const dx = k.empty(dy.shape, dy.dtype, strides)
  this.kernel(k)(k.ptrAs(saved, strides), k.ptrAs(dy, strides), k.ptr(dx), dy.size, ...parameters)
  return [dx]
}
