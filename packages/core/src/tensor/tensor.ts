import { backward, type BackwardOptions } from '../autograd/backward.ts'
import type { Node } from '../autograd/node.ts'
import type { Backend, Storage } from '../backends/backend.ts'
import { DisposedError, GradientError, ShapeError } from '../errors.ts'
import { isFloat, type DType, type TypedArray } from './dtype.ts'
import { track } from './scope.ts'
import { contiguousStrides, isContiguous, show, sizeOf, type Shape } from './shape.ts'

/** Numbers nested as deep as a tensor's rank. */
export type Nested = number | Nested[]

/** Splits a flat array into nested ones. */
const nest = (data: ArrayLike<number>, shape: Shape, axis: number, at: number): Nested => {
  if (axis === shape.length) return data[at]
  const step = sizeOf(shape.slice(axis + 1))
  return Array.from({ length: shape[axis] }, (_, i) => nest(data, shape, axis + 1, at + i * step))
}

/**
 * An n-dimensional array: a strided view of a backend's block, with its place in the autograd graph.
 * Made by {@link tensor}, {@link zeros} and their like and by ops; read with `toArray`, `dataSync`, `data`, `item`.
 * Nobody has to dispose a tensor; {@link scope} and `dispose` only release memory sooner.
 * @example
 * const x = tensor([[1, 2], [3, 4]])
 * x.shape // => [2, 2]
 */
export class Tensor {
  readonly storage: Storage
  /** First element, counted from the start of the storage. */
  readonly offset: number
  readonly shape: Shape
  readonly strides: readonly number[]
  readonly dtype: DType
  /** Number of elements. */
  readonly size: number
  /** The op that made this tensor, when it is part of a graph. */
  node: Node | null = null
  /** Which output of `node` this is. */
  outputIndex = 0
  /** Whether gradients flow into this tensor. Set it on leaves through `requiresGrad_`. */
  requiresGrad = false
  /** The gradient that `backward` left here, on leaves and after `retainGrad`. */
  grad: Tensor | null = null
  /** True when scopes leave this tensor alone. */
  kept = false
  private dead = false
  private dense: boolean | undefined

  /** For backends and views; users call {@link tensor}. Strides left out mean contiguous. */
  constructor(storage: Storage, shape: Shape, dtype: DType, strides?: readonly number[], offset = 0) {
    this.storage = storage
    this.shape = shape
    this.dtype = dtype
    this.size = sizeOf(shape)
    this.strides = strides ?? contiguousStrides(shape)
    this.dense = strides === undefined ? true : undefined
    this.offset = offset
    storage.refs++
    track(this)
  }

  /** Tells tensors of any copy of this package apart from other objects. */
  get brand(): 'lanewise.tensor' {
    return 'lanewise.tensor'
  }

  /** Whether a value is a tensor, of this copy of the package or of another. */
  static is(value: unknown): value is Tensor {
    return typeof value === 'object' && value !== null && 'brand' in value && value.brand === 'lanewise.tensor'
  }

  /** Number of axes. */
  get rank(): number {
    return this.shape.length
  }

  /** The backend that holds this tensor. */
  get backend(): Backend {
    return this.storage.backend
  }

  /** Whether the elements lie in logical order without gaps. */
  get contiguous(): boolean {
    return (this.dense ??= isContiguous(this.shape, this.strides))
  }

  /** True at a tensor that no op made, such as a parameter or an input. */
  get isLeaf(): boolean {
    return this.node === null
  }

  /** Whether the memory was released. */
  get disposed(): boolean {
    return this.dead
  }

  /**
   * The elements in logical order, copied.
   * @throws BackendError on an asynchronous backend; use `data()` there.
   */
  dataSync(): TypedArray {
    this.live('dataSync')
    return this.storage.backend.readSync(this)
  }

  /** The elements in logical order, copied; works on every backend. */
  data(): Promise<TypedArray> {
    this.live('data')
    return this.storage.backend.read(this)
  }

  /** The elements as nested arrays of numbers, as torch's tolist. A bool gives 0 or 1. */
  toArray(): Nested {
    return nest(this.dataSync(), this.shape, 0, 0)
  }

  /**
   * The value of a tensor of one element.
   * @throws ShapeError when there are more or fewer.
   */
  item(): number {
    if (this.size !== 1) {
      throw new ShapeError({
        op: 'item',
        problem: 'the tensor does not hold exactly one element',
        got: show(this.shape),
        expected: 'a tensor of size 1',
        advice: 'Use toArray or dataSync, or reduce it first',
      })
    }
    return this.dataSync()[0]
  }

  /** The same memory outside of the graph. */
  detach(): Tensor {
    this.live('detach')
    return new Tensor(this.storage, this.shape, this.dtype, this.strides, this.offset)
  }

  /**
   * Sets whether gradients flow into this leaf.
   * @throws GradientError at a tensor that an op made, or of a dtype without fractions.
   */
  requiresGrad_(on = true): this {
    if (on && !isFloat(this.dtype)) {
      throw new GradientError({
        op: 'requiresGrad_',
        problem: 'only floating-point tensors carry gradients',
        got: this.toString(),
        expected: 'dtype f32 or f64',
      })
    }
    if (this.node !== null && !on) {
      throw new GradientError({
        op: 'requiresGrad_',
        problem: 'the tensor was made by an op',
        got: `${this.toString()} from ${this.node.op.name}`,
        expected: 'a leaf',
        advice: 'Use detach() to take it out of the graph',
      })
    }
    this.requiresGrad = on
    return this
  }

  /** Makes `backward` leave a gradient here although this is not a leaf. */
  retainGrad(): this {
    if (this.node !== null) this.node.retain(this)
    return this
  }

  /**
   * Gradients of this tensor with respect to the leaves below it, added to their `grad`.
   * See {@link backward}.
   */
  backward(gradient?: Tensor | null, options?: BackwardOptions): void {
    backward(this, gradient ?? null, options)
  }

  /** Releases this tensor's hold on its memory now. Later use throws DisposedError; twice is harmless. */
  dispose(): void {
    if (this.dead) return
    this.dead = true
    this.storage.refs--
    if (this.storage.refs === 0) this.storage.backend.release(this.storage)
  }

  /** For `using`: the same as `dispose`. */
  [Symbol.dispose](): void {
    this.dispose()
  }

  /** Throws when the memory was released. */
  live(op: string): void {
    if (!this.dead) return
    throw new DisposedError({
      op,
      problem: 'the tensor was disposed',
      got: this.toString(),
      expected: 'a live tensor',
      advice: 'Return it from the scope, keep() it, or clone it before it is released',
    })
  }

  /** Such as `f32[2,3]`. */
  toString(): string {
    return `${this.dtype}${show(this.shape)}`
  }
}
