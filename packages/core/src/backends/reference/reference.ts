import type { NDArray, OpDef, TensorSpec } from '../../autograd/op.ts'
import { allocate, type DType, type TypedArray } from '../../tensor/dtype.ts'
import { sizeOf, type Shape } from '../../tensor/shape.ts'
import { Tensor } from '../../tensor/tensor.ts'
import type { Backend, MemoryInfo, Storage } from '../backend.ts'

class ReferenceStorage implements Storage {
  readonly backend: Backend
  readonly bytes: number
  data: TypedArray
  version = 0
  refs = 0

  constructor(backend: Backend, data: TypedArray) {
    this.backend = backend
    this.bytes = data.byteLength
    this.data = data
  }
}

/** Copies a strided walk over `from` into `to` in logical order, or back when `scatter` is set. */
const walkCopy = (
  from: TypedArray,
  to: TypedArray,
  shape: Shape,
  strides: readonly number[],
  offset: number,
  scatter = false,
): void => {
  const size = sizeOf(shape)
  const index = new Array<number>(shape.length).fill(0)
  let at = offset
  for (let i = 0; i < size; i++) {
    if (scatter) to[at] = from[i]
    else to[i] = from[at]
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]
      if (++index[axis] < shape[axis]) break
      at -= strides[axis] * shape[axis]
      index[axis] = 0
    }
  }
}

/**
 * Plain JavaScript typed arrays and the ops' own loops: the oracle that every other backend is tested
 * against, and the only one with f64, in which gradients are checked.
 */
export class ReferenceBackend implements Backend {
  readonly name = 'reference'
  readonly synchronous = true
  readonly dtypes: readonly DType[] = ['f32', 'f64', 'i32', 'u8', 'bool']
  private live = 0
  private peak = 0
  private blocks = 0

  create(dtype: DType, count: number): Storage {
    return this.enter(new ReferenceStorage(this, allocate(dtype, count)))
  }

  upload(_dtype: DType, data: TypedArray): Storage {
    return this.enter(new ReferenceStorage(this, data.slice()))
  }

  run<A>(op: OpDef<A>, inputs: readonly Tensor[], attrs: A, specs: readonly TensorSpec[]): Tensor[] {
    const x = inputs.map((t) => this.dense(t))
    const y = specs.map(({ shape, dtype }): NDArray => ({ shape, dtype, data: allocate(dtype, sizeOf(shape)) }))
    op.reference(x, attrs, y)
    for (const i of op.mutates ?? []) this.write(inputs[i], x[i].data)
    return y.map(({ shape, dtype, data }) => new Tensor(this.enter(new ReferenceStorage(this, data)), shape, dtype))
  }

  readSync(x: Tensor): TypedArray {
    return this.dense(x).data.slice()
  }

  async read(x: Tensor): Promise<TypedArray> {
    return this.readSync(x)
  }

  write(x: Tensor, data: TypedArray): void {
    const to = (x.storage as ReferenceStorage).data
    if (x.contiguous) to.set(data, x.offset)
    else walkCopy(data, to, x.shape, x.strides, x.offset, true)
  }

  release(storage: Storage): void {
    this.live -= storage.bytes
    this.blocks--
    ;(storage as ReferenceStorage).data = new Uint8Array(0)
  }

  step(): void {}

  /** What it holds at this moment. */
  memory(): MemoryInfo {
    return { live: this.live, peak: this.peak, evicted: 0, reserved: this.live, blocks: this.blocks }
  }

  report(): Readonly<Record<string, number>> {
    return {}
  }

  private enter(storage: ReferenceStorage): ReferenceStorage {
    this.live += storage.bytes
    this.blocks++
    this.peak = Math.max(this.peak, this.live)
    return storage
  }

  /** The elements in logical order, without a copy where they lie so. */
  private dense(x: Tensor): NDArray {
    const { data } = x.storage as ReferenceStorage
    if (x.contiguous) return { shape: x.shape, dtype: x.dtype, data: data.subarray(x.offset, x.offset + x.size) }
    const out = allocate(x.dtype, x.size)
    walkCopy(data, out, x.shape, x.strides, x.offset)
    return { shape: x.shape, dtype: x.dtype, data: out }
  }
}

/** A reference backend of its own memory. */
export const referenceBackend = (): ReferenceBackend => new ReferenceBackend()
