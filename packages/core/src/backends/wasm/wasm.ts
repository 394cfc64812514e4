import { KernelHost, type KernelGroup } from '@lanewise/kernels-wasm'
import { move } from '@lanewise/kernels-wasm/move'
import type { NDArray, OpDef, TensorSpec } from '../../autograd/op.ts'
import { BackendError } from '../../errors.ts'
import { allocate, bytesOf, viewOf, type DType, type TypedArray } from '../../tensor/dtype.ts'
import { inScope } from '../../tensor/scope.ts'
import {
  channelsLastStrides,
  collapse,
  contiguousStrides,
  isChannelsLast,
  isDense,
  sizeOf,
  type Shape,
} from '../../tensor/shape.ts'
import { Tensor } from '../../tensor/tensor.ts'

import type { Backend, MemoryInfo, Storage } from '../backend.ts'
import { Allocator, blockBytes } from './allocator.ts'

/** Bytes at the start of the memory for the little tables that kernels read. */
const tableStart = 1024
const tableBytes = 16 * 1024

/** For how many training steps what an optimizer holds counts as used. */
const heldSteps = 8

/** A block in linear memory, or its copy in an ordinary buffer while it is moved out. */
class WasmStorage implements Storage {
  readonly backend: WasmBackend
  readonly bytes: number
  version = 0
  refs = 0
  /** Byte address; meaningless while `host` is set. */
  ptr: number
  /** The contents while moved out. */
  host: ArrayBuffer | null = null
  /** The run that used it last; storages of the present run are never moved out. */
  lastRun = 0
  /** The training step in which it was made; -1 once it has come back from outside. */
  born: number
  /** The training step in which it was used last. */
  lastStep: number
  /** Neighbours in the order of use. */
  older: WasmStorage | null = null
  newer: WasmStorage | null = null

  constructor(backend: WasmBackend, ptr: number, bytes: number, step: number) {
    this.backend = backend
    this.ptr = ptr
    this.bytes = bytes
    this.born = step
    this.lastStep = step
  }
}

/** Options of {@link WasmBackend}. */
export interface WasmBackendOptions {
  /** Most memory to use, in MiB. Default 4096, the limit of 32-bit WebAssembly. */
  readonly maximumMb?: number
  /** Above this many MiB in use, blocks that were not used for long are moved out. Default 512; grows when they come back. */
  readonly budgetMb?: number
}

/**
 * The default backend: SIMD kernels over one linear memory. Ops without a kernel run their reference
 * loops, counted in `report()`.
 */
export class WasmBackend implements Backend {
  readonly name = 'wasm'
  readonly synchronous = true
  readonly dtypes: readonly DType[] = ['f32', 'i32', 'u8', 'bool']
  /** The memory and the instantiated kernel groups. */
  readonly host: KernelHost
  private readonly allocator: Allocator
  private readonly fallbacks: Record<string, number> = {}
  private words: Int32Array<ArrayBuffer>
  private oldest: WasmStorage | null = null
  private newest: WasmStorage | null = null
  private runs = 1
  /** Whether an op is running, so that its blocks must stay where they are. */
  private busy = false
  private steps = 0
  private budget: number
  private live = 0
  private peak = 0
  private blocks = 0
  private evicted = 0
  /**
   * Steps at the end of each optimizer's last, by the first block that it holds. Where networks train in turn, a batch
   * waits for a whole round of them.
   */
  private readonly turns = new WeakMap<WasmStorage, number>()
  private tableAt = tableStart
  private temporaries: { ptr: number; bytes: number }[] = []

  constructor({ maximumMb = 4096, budgetMb = 512 }: WasmBackendOptions = {}) {
    this.host = new KernelHost({ maximumPages: Math.min(65536, Math.ceil(maximumMb * 16)) })
    this.words = new Int32Array(this.host.memory.buffer as ArrayBuffer)
    this.budget = budgetMb * 2 ** 20
    this.allocator = new Allocator(tableStart + tableBytes, (end) => this.growTo(end))
  }

  // Memory

  create(dtype: DType, count: number): Storage {
    return this.createBytes(count * bytesOf(dtype))
  }

  upload(dtype: DType, data: TypedArray): Storage {
    const storage = this.createBytes(data.length * bytesOf(dtype))
    this.bytesAt(storage.ptr, data.byteLength).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    return storage
  }

  readSync(x: Tensor): TypedArray {
    const storage = x.storage as WasmStorage
    const at = x.offset * bytesOf(x.dtype)
    const bytes = x.size * bytesOf(x.dtype)
    if (x.contiguous) {
      const from = storage.host ?? this.buffer
      const start = storage.host === null ? storage.ptr + at : at
      return viewOf(x.dtype, from.slice(start, start + bytes), 0, x.size)
    }
    this.begin([x])
    try {
      const ptr = this.contiguousPtr(x)
      return viewOf(x.dtype, this.buffer.slice(ptr, ptr + bytes), 0, x.size)
    } finally {
      this.end()
    }
  }

  async read(x: Tensor): Promise<TypedArray> {
    return this.readSync(x)
  }

  write(x: Tensor, data: TypedArray): void {
    this.begin([x])
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    try {
      if (x.contiguous) {
        this.bytesAt(this.ptr(x), data.byteLength).set(bytes)
      } else {
        const from = this.scratch(data.byteLength)
        this.bytesAt(from, data.byteLength).set(bytes)
        this.scatterTo(from, this.ptr(x), x.shape, x.strides, bytesOf(x.dtype))
      }
    } finally {
      this.end()
    }
  }

  release(storage: Storage): void {
    const block = storage as WasmStorage
    if (block.host === null) this.leave(block)
    else block.host = null
    this.blocks--
  }

  step(kept: readonly Tensor[]): void {
    const storages = new Set(kept.map((x) => x.storage as WasmStorage))
    const [first] = storages
    this.evictStep(storages, this.turns.get(first) ?? this.steps)
    if (first !== undefined) this.turns.set(first, this.steps + 1)
    // Where networks train in turn, what one optimizer holds stays through some steps of the others.
    for (const storage of storages) storage.lastStep = this.steps + heldSteps
    this.steps++
  }

  /** What it holds at this moment. */
  memory(): MemoryInfo {
    const { live, peak, evicted, blocks } = this
    return { live, peak, evicted, reserved: this.buffer.byteLength, blocks }
  }

  report(): Readonly<Record<string, number>> {
    return { ...this.fallbacks }
  }

  // Running ops

  run<A>(op: OpDef<A>, inputs: readonly Tensor[], attrs: A, specs: readonly TensorSpec[]): Tensor[] {
    this.begin(inputs)
    try {
      return op.wasm?.(this, inputs, attrs, specs) ?? this.runReference(op, inputs, attrs, specs)
    } finally {
      this.end()
    }
  }

  /** The exports of a kernel group, instantiated at its first use. */
  use<E>(group: KernelGroup<E>): E {
    return this.host.use(group)
  }

  /** An output with undefined contents; strides left out mean contiguous. */
  empty(shape: Shape, dtype: DType, strides?: readonly number[]): Tensor {
    return new Tensor(this.createBytes(sizeOf(shape) * bytesOf(dtype)), shape, dtype, strides)
  }

  /** Byte address of a tensor's first element, valid until the op ends. */
  ptr(x: Tensor): number {
    const storage = x.storage as WasmStorage
    if (storage.host !== null) this.restore(storage)
    return storage.ptr + x.offset * bytesOf(x.dtype)
  }

  /** Address of the elements in logical order; copies where they lie otherwise. */
  contiguousPtr(x: Tensor): number {
    return x.contiguous ? this.ptr(x) : this.gather(x, contiguousStrides(x.shape))
  }

  /** Address of the elements in [N, ...space, C] order; copies where they lie otherwise. */
  channelsLastPtr(x: Tensor): number {
    return isChannelsLast(x.shape, x.strides) ? this.ptr(x) : this.gather(x, channelsLastStrides(x.shape))
  }

  /** Address of the elements in the dense order of `strides`; copies where they lie otherwise. */
  ptrAs(x: Tensor, strides: readonly number[]): number {
    const same = x.shape.every((n, i) => n === 1 || x.strides[i] === strides[i])
    return same ? this.ptr(x) : this.gather(x, strides)
  }

  /** Whether the elements fill one block in some order. */
  dense(x: Tensor): boolean {
    return x.contiguous || isDense(x.shape, x.strides)
  }

  /** Memory that is given back when the op ends. */
  scratch(bytes: number): number {
    const size = Math.max(bytes, 1)
    const ptr = this.allocate(size)
    this.temporaries.push({ ptr, bytes: size })
    return ptr
  }

  /** Writes integers where a kernel can read them until the op ends; gives their address. */
  table(...lists: readonly (readonly number[])[]): number {
    let count = 0
    for (const list of lists) count += list.length
    let at = this.tableAt
    if (at + count * 4 > tableStart + tableBytes) at = this.scratch(count * 4)
    else this.tableAt = at + count * 4
    let word = at >>> 2
    for (const list of lists) for (let i = 0; i < list.length; i++) this.words[word++] = list[i]
    return at
  }

  /** Writes one f32 where a kernel can read it until the op ends; gives its address. */
  scalar(value: number): number {
    const at = this.table([0])
    new Float32Array(this.buffer, at, 1)[0] = value
    return at
  }

  /** A view of `bytes` bytes at an address; dead as soon as anything is allocated. */
  bytesAt(ptr: number, bytes: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.buffer, ptr, bytes)
  }

  /** Writes dense elements at `from` to a strided place. */
  scatterTo(from: number, to: number, shape: Shape, strides: readonly number[], width: number): void {
    if (sizeOf(shape) === 0) return
    const walk = collapse(shape, [strides])
    const kernels = this.use(move)
    const table = this.table(walk.shape, walk.strides[0])
    if (width === 4) kernels.b32_copy_into_nd(from, to, table, walk.shape.length)
    else kernels.b8_copy_into_nd(from, to, table, walk.shape.length)
  }

  private gather(x: Tensor, strides: readonly number[]): number {
    const to = this.scratch(x.size * bytesOf(x.dtype))
    this.copyAs(x, to, strides)
    return to
  }

  /** Copies a tensor's elements to `to`, in the dense order of `strides`. */
  copyAs(x: Tensor, to: number, strides: readonly number[]): void {
    if (x.size === 0) return
    const order = x.shape.map((_, i) => i).sort((a, b) => strides[b] - strides[a] || a - b)
    const walk = collapse(
      order.map((i) => x.shape[i]),
      [order.map((i) => x.strides[i])],
    )
    const kernels = this.use(move)
    const table = this.table(walk.shape, walk.strides[0])
    if (bytesOf(x.dtype) === 4) kernels.b32_copy_nd(this.ptr(x), to, table, walk.shape.length)
    else kernels.b8_copy_nd(this.ptr(x), to, table, walk.shape.length)
  }

  private runReference<A>(op: OpDef<A>, inputs: readonly Tensor[], attrs: A, specs: readonly TensorSpec[]): Tensor[] {
    this.fallbacks[op.name] = (this.fallbacks[op.name] ?? 0) + 1
    const x = inputs.map((t): NDArray => ({ shape: t.shape, dtype: t.dtype, data: this.copyOut(t) }))
    const y = specs.map(({ shape, dtype }): NDArray => ({ shape, dtype, data: allocate(dtype, sizeOf(shape)) }))
    op.reference(x, attrs, y)
    for (const i of op.mutates ?? []) this.writeBack(inputs[i], x[i].data)
    return y.map(({ shape, dtype, data }) => new Tensor(this.upload(dtype, data), shape, dtype))
  }

  private copyOut(x: Tensor): TypedArray {
    const ptr = this.contiguousPtr(x)
    return viewOf(x.dtype, this.buffer.slice(ptr, ptr + x.size * bytesOf(x.dtype)), 0, x.size)
  }

  private writeBack(x: Tensor, data: TypedArray): void {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    if (x.contiguous) {
      this.bytesAt(this.ptr(x), data.byteLength).set(bytes)
      return
    }
    const from = this.scratch(data.byteLength)
    this.bytesAt(from, data.byteLength).set(bytes)
    this.scatterTo(from, this.ptr(x), x.shape, x.strides, bytesOf(x.dtype))
  }

  private begin(inputs: readonly Tensor[]): void {
    this.runs++
    this.busy = true
    for (let i = 0; i < inputs.length; i++) {
      const storage = inputs[i].storage as WasmStorage
      storage.lastRun = this.runs
      storage.lastStep = this.steps
      if (storage.host === null && storage !== this.newest) {
        this.unlink(storage)
        this.link(storage)
      }
    }
  }

  private end(): void {
    this.busy = false
    this.tableAt = tableStart
    if (this.temporaries.length === 0) return
    for (const { ptr, bytes } of this.temporaries) this.allocator.release(ptr, bytes)
    this.temporaries.length = 0
  }

  // Blocks

  private get buffer(): ArrayBuffer {
    return this.host.memory.buffer as ArrayBuffer
  }

  private createBytes(bytes: number): WasmStorage {
    if (!this.busy) this.runs++
    const size = Math.max(bytes, 1)
    const storage = new WasmStorage(this, this.allocate(size), size, this.steps)
    storage.lastRun = this.runs
    this.enter(storage)
    this.blocks++
    return storage
  }

  private enter(storage: WasmStorage): void {
    this.live += blockBytes(storage.bytes)
    if (this.live > this.peak) this.peak = this.live
    this.link(storage)
  }

  private leave(storage: WasmStorage): void {
    this.allocator.release(storage.ptr, storage.bytes)
    this.live -= blockBytes(storage.bytes)
    this.unlink(storage)
  }

  private allocate(bytes: number): number {
    if (this.live + bytes > this.budget) this.evictTo(this.budget * 0.75 - bytes)
    const live = this.live
    let ptr = this.allocator.allocate(bytes)
    if (ptr < 0) {
      this.evictTo(0)
      ptr = this.allocator.allocate(bytes)
    }
    if (ptr >= 0) return ptr
    throw new BackendError({
      op: 'wasm memory',
      problem: 'out of memory',
      got: `a request of ${bytes} bytes with ${live} in use by ${this.blocks} blocks`,
      expected: `at most ${this.buffer.byteLength} bytes reserved so far, and no growth possible`,
      advice: 'Use a smaller batch, or scope() around parts whose results are not needed',
    })
  }

  private growTo(end: number): boolean {
    const have = this.buffer.byteLength
    if (end <= have) return true
    const need = Math.ceil((end - have) / 65536)
    const comfortable = Math.max(need, Math.min(Math.ceil(have / 65536 / 8), 1024))
    const grown = this.host.grow(comfortable) || this.host.grow(need)
    if (grown) this.words = new Int32Array(this.buffer)
    return grown
  }

  /** Moves a block out: its contents to an ordinary buffer, so that the engine can collect it. */
  private evict(storage: WasmStorage): void {
    storage.host = this.buffer.slice(storage.ptr, storage.ptr + storage.bytes)
    this.leave(storage)
    this.evicted += storage.bytes
  }

  private restore(storage: WasmStorage): void {
    const host = storage.host!
    // What comes back was needed after all: leave more room before the next is moved out.
    this.budget = Math.min(this.budget + storage.bytes, 3.5 * 2 ** 30)
    storage.ptr = this.allocate(storage.bytes)
    this.bytesAt(storage.ptr, storage.bytes).set(new Uint8Array(host))
    storage.host = null
    storage.born = -1
    this.enter(storage)
  }

  /** Moves out the blocks that were used longest ago until `target` bytes are in use. */
  private evictTo(target: number): void {
    let storage = this.oldest
    while (storage !== null && this.live > target) {
      const next = storage.newer
      if (storage.lastRun !== this.runs) this.evict(storage)
      storage = next
    }
  }

  /**
   * Moves out what was not used since step `from` and what this step made, but for `kept`. Inside a scope the step's own
   * tensors stay: they are about to be released, and moving them out would be wasted.
   */
  private evictStep(kept: ReadonlySet<Storage>, from: number): void {
    const scoped = inScope()
    let storage = this.oldest
    while (storage !== null) {
      const next = storage.newer
      if (!kept.has(storage) && ((!scoped && storage.born === this.steps) || storage.lastStep < from))
        this.evict(storage)
      storage = next
    }
  }

  private link(storage: WasmStorage): void {
    storage.older = this.newest
    storage.newer = null
    if (this.newest !== null) this.newest.newer = storage
    else this.oldest = storage
    this.newest = storage
  }

  private unlink(storage: WasmStorage): void {
    if (storage.older !== null) storage.older.newer = storage.newer
    else this.oldest = storage.newer
    if (storage.newer !== null) storage.newer.older = storage.older
    else this.newest = storage.older
    storage.older = null
    storage.newer = null
  }
}

/** A wasm backend of its own memory; the default one needs no call. */
export const wasmBackend = (options?: WasmBackendOptions): WasmBackend => new WasmBackend(options)
