import type { Range } from './checked.ts'

/** A buffer inside an arena: its byte address, and the values it held when it was made. */
export interface Buffer {
  readonly p: number
  readonly values: Float32Array
}

/** Lays buffers out in a linear memory between guard bands of a poisoned pattern. */
export interface Arena {
  /**
   * Starts over; every address is then `offset` bytes past a multiple of 16, but that of the input number `edge` (from
   * 0), which ends where the memory ends, so that reading past it traps.
   */
  reset(offset?: number, edge?: number): void
  /** Uniform values in [-1, 1) that nobody may change. */
  input(n: number): Buffer
  /** Given values that nobody may change. */
  put(values: ArrayLike<number>): Buffer
  /** Uniform values in [-1, 1) that a kernel may overwrite. */
  output(n: number): Buffer
  /** Address of poisoned working space. */
  scratch(bytes: number): number
  read(buffer: Buffer): Float32Array
  /** What was written where nothing may be written. */
  faults(): string[]
  /** The bytes of all buffers and working space, which is what kernels may touch. */
  allowed(): readonly Range[]
}

const GUARD_BYTES = 64
/** A quiet NaN with a payload: arithmetic on it shows, and so does overwriting it. */
const POISON = 0x7fc0dead

/** An arena over the part of `memory` that begins at byte `from`. */
export function createArena(memory: WebAssembly.Memory, from = 1024): Arena {
  let top = from
  let offset = 0
  let seed = 1
  let bands: number[] = []
  let inputs: Buffer[] = []
  let edgeInput = -1
  let ranges: Range[] = []

  const place = (bytes: number): number => {
    const guard = Math.ceil(top / 16) * 16
    const p = guard + GUARD_BYTES + offset
    const size = (bytes + 3) & ~3
    ranges.push([p, p + bytes])
    poison(p - GUARD_BYTES, GUARD_BYTES)
    poison(p + size, GUARD_BYTES)
    bands.push(p - GUARD_BYTES, p + size)
    top = p + size + GUARD_BYTES
    return p
  }
  const poison = (p: number, bytes: number): void => {
    new Uint32Array(memory.buffer, p, bytes >> 2).fill(POISON)
  }
  const uniform = (n: number): Float32Array =>
    Float32Array.from({ length: n }, () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 31 - 1)
  const placeAtEnd = (bytes: number): number => {
    const p = memory.buffer.byteLength - bytes
    ranges.push([p, p + bytes])
    poison(p - GUARD_BYTES, GUARD_BYTES)
    bands.push(p - GUARD_BYTES)
    return p
  }
  const write = (values: Float32Array, atEnd = false): Buffer => {
    const p = atEnd ? placeAtEnd(values.length * 4) : place(values.length * 4)
    new Float32Array(memory.buffer, p, values.length).set(values)
    return { p, values }
  }
  const read = ({ p, values }: Buffer): Float32Array => new Float32Array(memory.buffer, p, values.length).slice()
  const put = (values: ArrayLike<number>): Buffer => {
    const buffer = write(Float32Array.from(values), inputs.length === edgeInput)
    inputs.push(buffer)
    return buffer
  }

  return {
    reset(bytes = 0, edge = -1) {
      top = from
      edgeInput = edge
      offset = bytes
      bands = []
      inputs = []
      ranges = []
    },
    input: (n) => put(uniform(n)),
    put,
    output: (n) => write(uniform(n)),
    scratch(bytes) {
      const p = place(bytes)
      poison(p, (bytes + 3) & ~3)
      return p
    },
    read,
    faults() {
      const spoiled = bands
        .filter((p) => new Uint32Array(memory.buffer, p, GUARD_BYTES >> 2).some((word) => word !== POISON))
        .map((p) => `guard band at ${p} overwritten`)
      const changed = inputs
        .filter((input) => read(input).some((value, i) => !Object.is(value, input.values[i])))
        .map(({ p }) => `input at ${p} changed`)
      return [...spoiled, ...changed]
    },
    allowed: () => ranges,
  }
}
