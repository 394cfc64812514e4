/** Blocks are multiples of this, and start at one. */
const grain = 64
/** Up to this size a block comes from a size class; above, from the ranges. */
const smallLimit = 32 * 1024
/** Small blocks are cut from slabs of this size. */
const slabBytes = 128 * 1024
/** Large blocks are multiples of this, so that near sizes fit each other's holes. */
const page = 4096

/** Size classes: powers of two with four steps between. */
const classOf = (bytes: number): number => {
  let size = grain
  while (size < bytes) {
    for (let quarter = 1; quarter <= 4; quarter++) {
      const step = size + (size * quarter) / 4
      const rounded = Math.ceil(step / grain) * grain
      if (rounded >= bytes) return rounded
    }
    size *= 2
  }
  return size
}

/** The bytes that a request really takes. */
export const blockBytes = (bytes: number): number =>
  bytes <= smallLimit ? classOf(bytes) : Math.ceil(bytes / page) * page

/**
 * Hands out blocks of one linear memory: size classes for small ones, best fit with merging for
 * large ones, so that a repeated training step finds the same blocks again and the memory stays flat.
 */
export class Allocator {
  private readonly free = new Map<number, number[]>()
  /** Free ranges in ascending order of address. */
  private readonly starts: number[] = []
  private readonly sizes: number[] = []
  private end: number
  private readonly grow: (end: number) => boolean

  /** @param grow - makes the memory at least `end` bytes long, or says that it cannot */
  constructor(start: number, grow: (end: number) => boolean) {
    this.end = Math.ceil(start / grain) * grain
    this.grow = grow
  }

  /** Address of a block of at least `bytes`, or -1 when the memory cannot grow. */
  allocate(bytes: number): number {
    const size = blockBytes(bytes)
    if (size > smallLimit) return this.takeRange(size)
    const list = this.free.get(size)
    if (list !== undefined && list.length > 0) return list.pop()!
    return this.cutSlab(size)
  }

  /** Takes back a block that `allocate(bytes)` gave. */
  release(at: number, bytes: number): void {
    const size = blockBytes(bytes)
    if (size > smallLimit) return this.giveRange(at, size)
    const list = this.free.get(size)
    if (list === undefined) this.free.set(size, [at])
    else list.push(at)
  }

  private cutSlab(size: number): number {
    const slab = this.takeRange(slabBytes)
    if (slab < 0) return -1
    let list = this.free.get(size)
    if (list === undefined) this.free.set(size, (list = []))
    const count = Math.floor(slabBytes / size)
    for (let i = count - 1; i > 0; i--) list.push(slab + i * size)
    return slab
  }

  private takeRange(size: number): number {
    let best = -1
    for (let i = 0; i < this.sizes.length; i++) {
      if (this.sizes[i] >= size && (best < 0 || this.sizes[i] < this.sizes[best])) best = i
    }
    if (best < 0) return this.extend(size)
    const at = this.starts[best]
    if (this.sizes[best] === size) {
      this.starts.splice(best, 1)
      this.sizes.splice(best, 1)
    } else {
      this.starts[best] += size
      this.sizes[best] -= size
    }
    return at
  }

  /** Grows the memory, using a free range at its end as the first part of the block. */
  private extend(size: number): number {
    const last = this.starts.length - 1
    const tail = last >= 0 && this.starts[last] + this.sizes[last] === this.end
    const at = tail ? this.starts[last] : this.end
    if (!this.grow(at + size)) return -1
    if (tail) {
      this.starts.pop()
      this.sizes.pop()
    }
    this.end = at + size
    return at
  }

  private giveRange(at: number, size: number): void {
    let low = 0
    let high = this.starts.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.starts[middle] < at) low = middle + 1
      else high = middle
    }
    const joinsLeft = low > 0 && this.starts[low - 1] + this.sizes[low - 1] === at
    const joinsRight = low < this.starts.length && at + size === this.starts[low]
    if (joinsLeft && joinsRight) {
      this.sizes[low - 1] += size + this.sizes[low]
      this.starts.splice(low, 1)
      this.sizes.splice(low, 1)
    } else if (joinsLeft) {
      this.sizes[low - 1] += size
    } else if (joinsRight) {
      this.starts[low] = at
      this.sizes[low] += size
    } else {
      this.starts.splice(low, 0, at)
      this.sizes.splice(low, 0, size)
    }
  }
}
