import type * as tfjs from '@tensorflow/tfjs-core'
import { noGrad } from '../../autograd/modes.ts'
import type { OpDef, TensorSpec } from '../../autograd/op.ts'
import { BackendError } from '../../errors.ts'
import { bytesOf, type DType, type TypedArray } from '../../tensor/dtype.ts'
import { isDense, sizeOf, storageOrder, type Shape } from '../../tensor/shape.ts'
import { Tensor } from '../../tensor/tensor.ts'
import type { Backend, MemoryInfo, Storage } from '../backend.ts'
import { table } from './table.ts'

/** The module `@tensorflow/tfjs-core`, as the caller imported it. */
export type Tf = typeof tfjs

/** A flat tfjs tensor of all of a storage's elements. */
class TfStorage implements Storage {
  readonly backend: TfjsBackend
  readonly bytes: number
  version = 0
  refs = 0
  handle: tfjs.Tensor

  constructor(backend: TfjsBackend, handle: tfjs.Tensor, bytes: number) {
    this.backend = backend
    this.handle = handle
    this.bytes = bytes
  }
}

const tfTypes: Record<DType, tfjs.DataType> = {
  f32: 'float32',
  f64: 'float32',
  i32: 'int32',
  u8: 'int32',
  bool: 'bool',
}

/** tfjs takes u8 and bool as wider arrays. */
const toTf = (dtype: DType, data: TypedArray): Float32Array | Int32Array | Uint8Array =>
  dtype === 'f32' ? Float32Array.from(data) : dtype === 'bool' ? Uint8Array.from(data) : Int32Array.from(data)

const fromTf = (dtype: DType, data: ArrayLike<number>): TypedArray => {
  if (dtype === 'f32') return Float32Array.from(data)
  if (dtype === 'i32') return Int32Array.from(data)
  return Uint8Array.from(data)
}

/** Flat positions of a strided view's elements in logical order. */
const positionsOf = (shape: Shape, strides: readonly number[], offset: number): Int32Array => {
  const out = new Int32Array(sizeOf(shape))
  const index = new Array<number>(shape.length).fill(0)
  let at = offset
  for (let i = 0; i < out.length; i++) {
    out[i] = at
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]
      if (++index[axis] < shape[axis]) break
      at -= strides[axis] * shape[axis]
      index[axis] = 0
    }
  }
  return out
}

/**
 * Tensors on any backend of TensorFlow.js (webgl, webgpu, wasm, cpu), with this library's ops and gradients over
 * tfjs's forward kernels. Asynchronous: results are read with `await x.data()`.
 */
export class TfjsBackend implements Backend {
  readonly name: string
  readonly synchronous = false
  readonly dtypes: readonly DType[] = ['f32', 'i32', 'u8', 'bool']
  readonly tf: Tf
  private live = 0
  private peak = 0
  private blocks = 0
  private readonly composed: Record<string, number> = {}

  constructor(tf: Tf) {
    this.tf = tf
    this.name = `tfjs-${tf.getBackend()}`
  }

  create(dtype: DType, count: number): Storage {
    return this.enter(this.tf.zeros([count], tfTypes[dtype]), dtype, count)
  }

  upload(dtype: DType, data: TypedArray): Storage {
    return this.enter(this.tf.tensor1d(toTf(dtype, data), tfTypes[dtype] as 'float32'), dtype, data.length)
  }

  run<A>(op: OpDef<A>, inputs: readonly Tensor[], attrs: A, specs: readonly TensorSpec[]): Tensor[] {
    const kernel = table[op.name]
    if (kernel === undefined) return this.compose(op, inputs, attrs)
    const results: tfjs.Tensor[] = []
    this.tf.tidy(() => {
      const xs = inputs.map((x) => this.dense(x))
      for (const y of kernel(this.tf, xs, attrs, specs)) results.push(this.tf.keep(this.tf.clone(y)))
    })
    if (op.mutates === undefined) return specs.map((spec, i) => this.wrap(results[i], spec))
    op.mutates.forEach((which, i) => this.replace(inputs[which], results[i]))
    return []
  }

  readSync(x: Tensor): TypedArray {
    throw new BackendError({
      op: 'dataSync',
      problem: `the ${this.name} backend cannot be read synchronously`,
      got: x.toString(),
      expected: 'a synchronous backend',
      advice: 'Use await x.data()',
    })
  }

  async read(x: Tensor): Promise<TypedArray> {
    const dense = this.tf.tidy(() => this.dense(x))
    try {
      return fromTf(x.dtype, await dense.data())
    } finally {
      dense.dispose()
    }
  }

  write(x: Tensor, data: TypedArray): void {
    this.replace(x, this.tf.tensor1d(toTf(x.dtype, data), tfTypes[x.dtype] as 'float32'))
  }

  release(storage: Storage): void {
    ;(storage as TfStorage).handle.dispose()
    this.live -= storage.bytes
    this.blocks--
  }

  step(): void {}

  /** What it holds at this moment. */
  memory(): MemoryInfo {
    return { live: this.live, peak: this.peak, evicted: 0, reserved: this.tf.memory().numBytes, blocks: this.blocks }
  }

  report(): Readonly<Record<string, number>> {
    return { ...this.composed }
  }

  private compose<A>(op: OpDef<A>, inputs: readonly Tensor[], attrs: A): Tensor[] {
    if (op.compose === undefined) {
      throw new BackendError({
        op: op.name,
        problem: `the ${this.name} backend has no kernel for this op`,
        got: inputs.map(String).join(', '),
        expected: `one of ${Object.keys(table).length} ops`,
        advice: 'Run this part on the wasm backend: toBackend() moves tensors',
      })
    }
    this.composed[op.name] = (this.composed[op.name] ?? 0) + 1
    return noGrad(() => op.compose!(inputs, attrs))
  }

  private enter(handle: tfjs.Tensor, dtype: DType, count: number): TfStorage {
    const storage = new TfStorage(this, this.tf.keep(handle), count * bytesOf(dtype))
    this.live += storage.bytes
    this.blocks++
    this.peak = Math.max(this.peak, this.live)
    return storage
  }

  private wrap(result: tfjs.Tensor, { shape, dtype }: TensorSpec): Tensor {
    const typed = result.dtype === tfTypes[dtype] ? result : this.tf.cast(result, tfTypes[dtype])
    const flat = this.tf.reshape(typed, [-1])
    if (typed !== result) typed.dispose()
    result.dispose()
    return new Tensor(this.enter(flat, dtype, sizeOf(shape)), shape, dtype)
  }

  /** Puts new elements into the part of its storage that a view shows. */
  private replace(x: Tensor, result: tfjs.Tensor): void {
    const storage = x.storage as TfStorage
    const before = storage.handle
    storage.handle = this.tf.keep(
      this.tf.tidy(() => {
        const flat = this.tf.reshape(result, [-1])
        if (x.size === before.size && x.contiguous) return this.tf.clone(flat)
        const at = this.tf.tensor2d(positionsOf(x.shape, x.strides, x.offset), [x.size, 1], 'int32')
        return this.tf.tensorScatterUpdate(before, at, flat)
      }),
    )
    result.dispose()
    before.dispose()
  }

  /** A tensor's elements in logical order and shape. */
  private dense(x: Tensor): tfjs.Tensor {
    const { handle } = x.storage as TfStorage
    const shape = [...x.shape]
    if (x.size === handle.size && x.contiguous) return this.tf.reshape(handle, shape)
    if (x.size === handle.size && isDense(x.shape, x.strides)) {
      const order = storageOrder(x.shape, x.strides)
      const stored = this.tf.reshape(
        handle,
        order.map((axis) => shape[axis]),
      )
      return this.tf.transpose(
        stored,
        shape.map((_, axis) => order.indexOf(axis)),
      )
    }
    const at = this.tf.tensor1d(positionsOf(x.shape, x.strides, x.offset), 'int32')
    return this.tf.reshape(this.tf.gather(handle, at), shape)
  }
}

/**
 * A backend over TensorFlow.js. Set tfjs's own backend first (`await tf.setBackend('webgl')`).
 * @param tf - the module `@tensorflow/tfjs-core`, with a backend registered
 * @example
 * // import * as tf from '@tensorflow/tfjs-core'; import '@tensorflow/tfjs-backend-webgl'
 * // await tf.setBackend('webgl'); setDefaultBackend(tfjsBackend(tf))
 */
export const tfjsBackend = (tf: Tf): TfjsBackend => new TfjsBackend(tf)
