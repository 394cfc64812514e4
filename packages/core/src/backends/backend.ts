import type { DType, TypedArray } from '../tensor/dtype.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { OpDef, TensorSpec } from '../autograd/op.ts'

/** One block of a backend's memory, shared by a tensor and its views. */
export interface Storage {
  readonly backend: Backend
  readonly bytes: number
  /** Grows with every change in place; autograd compares it with the version that was saved. */
  version: number
  /** Live tensors over this block; at 0 it is released. */
  refs: number
}

/** What a backend holds at this moment, in bytes. */
export interface MemoryInfo {
  /** Bytes in blocks that tensors use. */
  readonly live: number
  /** The largest `live` so far. */
  readonly peak: number
  /** Bytes that were moved out to ordinary ArrayBuffers since the start. */
  readonly evicted: number
  /** Bytes reserved from the engine; never shrinks. */
  readonly reserved: number
  /** Blocks that tensors use. */
  readonly blocks: number
}

/**
 * Where tensors live and ops run. A backend is memory plus a way to run an {@link OpDef}; the ops
 * bring their own kernels. Implemented by the reference, wasm and tfjs backends.
 */
export interface Backend {
  readonly name: string
  /** False when results can only be read through a Promise. */
  readonly synchronous: boolean
  /** Dtypes that can be stored. */
  readonly dtypes: readonly DType[]
  /** A block with undefined contents for `count` elements. */
  create(dtype: DType, count: number): Storage
  /** A block with a copy of `data`. */
  upload(dtype: DType, data: TypedArray): Storage
  /** Runs an op whose inputs were checked; gives the outputs, hidden ones included. */
  run<A>(op: OpDef<A>, inputs: readonly Tensor[], attrs: A, specs: readonly TensorSpec[]): Tensor[]
  /** The elements of a tensor in logical order, copied. Throws BackendError on an asynchronous backend. */
  readSync(x: Tensor): TypedArray
  /** The elements of a tensor in logical order, copied. */
  read(x: Tensor): Promise<TypedArray>
  /** Overwrites a contiguous tensor's elements. */
  write(x: Tensor, data: TypedArray): void
  /** Gives a block back. */
  release(storage: Storage): void
  /** Marks the end of a training step: blocks outside `keep` that nobody needs soon may be moved out. */
  step(keep: readonly Tensor[]): void
  /** What it holds at this moment. */
  memory(): MemoryInfo
  /** How often each op ran without a kernel of this backend. */
  report(): Readonly<Record<string, number>>
}
