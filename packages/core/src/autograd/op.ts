import type { WasmBackend } from '../backends/wasm/wasm.ts'
import type { DType, TypedArray } from '../tensor/dtype.ts'
import type { Shape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { GradientContext } from './node.ts'

/** Shape and dtype of an output. */
export interface TensorSpec {
  readonly shape: Shape
  readonly dtype: DType
}

/** Dense row-major elements, as reference loops see them. */
export interface NDArray extends TensorSpec {
  readonly data: TypedArray
}

/**
 * One op: the shape rule, the loops that define it, the kernel that makes it fast, and its gradient.
 * A plain object, so that importing it does nothing. Run it with {@link apply}.
 */
export interface OpDef<A = void> {
  /** The name in error messages and reports. */
  readonly name: string
  /** How many of the last outputs only the gradient uses. Default 0. */
  readonly hidden?: number
  /** Inputs that the op changes in place; such an op records no gradient. */
  readonly mutates?: readonly number[]
  /** Inputs that the gradient reads. Default none. */
  readonly savesInputs?: readonly number[]
  /** Outputs that the gradient reads. Default none. */
  readonly savesOutputs?: readonly number[]
  /** Checks the inputs and gives the outputs' shapes; throws before any work is done. */
  infer(inputs: readonly Tensor[], attrs: A): readonly TensorSpec[]
  /** The specification: plain loops over dense inputs into zero-filled outputs, for every float dtype. */
  reference(x: readonly NDArray[], attrs: A, y: readonly NDArray[]): void
  /** The wasm kernel: gives the outputs, or null for a case that the kernel does not cover. */
  wasm?(k: WasmBackend, x: readonly Tensor[], attrs: A, specs: readonly TensorSpec[]): Tensor[] | null
  /** A view of the first input instead of a result; such an op needs no loops on any backend. */
  view?(x: Tensor, attrs: A): { shape: Shape; strides: readonly number[]; offset: number }
  /** The same from other ops, for an asynchronous backend without a kernel. */
  compose?(x: readonly Tensor[], attrs: A): Tensor[]
  /**
   * Gradients of the inputs from those of the outputs (hidden outputs left out; null where an output
   * was not used), written in differentiable ops. `c.fused` says that a fused kernel may be taken.
   */
  gradient?(c: GradientContext<A>, dy: readonly (Tensor | null)[]): readonly (Tensor | null)[]
}
