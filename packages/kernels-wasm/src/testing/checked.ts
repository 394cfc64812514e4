import { createDecoder } from '../host.ts'
import type { KernelGroup } from '../host.ts'

/** Bytes that a kernel may touch: from the first to before the second address. */
export type Range = readonly [number, number]

/**
 * A group's base kernels with bounds assertions: before each load, store, copy and fill the address is held against
 * `allowed`. Bytes outside of all ranges throw, be they read or written.
 */
export const checkedKernels = <E>(
  group: KernelGroup<E>,
  memory: WebAssembly.Memory,
  allowed: () => readonly Range[],
): E => {
  let last: Range = [0, 0]
  const check = (address: number, offset: number, bytes: number): number => {
    const from = (address >>> 0) + (offset >>> 0)
    const to = from + (bytes >>> 0)
    if (from === to || (from >= last[0] && to <= last[1] && allowed().includes(last))) return address
    const home = allowed().find(([start, end]) => from >= start && to <= end)
    if (home === undefined) throw new RangeError(`touches ${to - from} bytes at ${from}, which belong to no operand`)
    last = home
    return address
  }
  const { base } = group
  if (typeof base !== 'string') throw new TypeError('checkedKernels: wants the binary as text')
  const module = new WebAssembly.Module(addChecks(createDecoder()(base)))
  return new WebAssembly.Instance(module, { env: { memory, check } }).exports as E
}

const I32 = 0x7f
const I64 = 0x7e
const F32 = 0x7d
const F64 = 0x7c
const V128 = 0x7b
/** Locals added to each function, for operands that lie above an address on the stack; two are i32. */
const added = [I32, I32, I64, F32, F64, V128]

const unsigned = (value: number): number[] => {
  const bytes = []
  do {
    bytes.push((value & 127) | (value > 127 ? 128 : 0))
    value >>>= 7
  } while (value > 0)
  return bytes
}

const signed = (value: number): number[] => {
  const bytes = []
  while (value < -64 || value > 63) {
    bytes.push((value & 127) | 128)
    value >>= 7
  }
  return [...bytes, value & 127]
}

/** Bytes touched by the plain memory instructions 0x28 to 0x3e, and the type stored from 0x36 on. */
const plainBytes = [4, 8, 4, 8, 1, 1, 2, 2, 1, 1, 2, 2, 4, 4, 4, 8, 4, 8, 1, 2, 1, 2, 4]
const storedTypes = [I32, I64, F32, F64, I32, I32, I64, I64, I64]
/** Bytes touched by the vector instructions 0 to 11 (11 stores) and 84 to 93 (lane loads, lane stores, zero loads). */
const vectorBytes = [16, 8, 8, 8, 8, 8, 8, 1, 2, 4, 8, 16]
const laneBytes = [1, 2, 4, 8, 1, 2, 4, 8, 4, 8]

class Reader {
  readonly bytes: Uint8Array
  at: number
  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes
    this.at = at
  }
  byte(): number {
    return this.bytes[this.at++]!
  }
  unsigned(): number {
    let value = 0
    for (let shift = 0, more = true; more; shift += 7) {
      const byte = this.byte()
      value |= (byte & 127) << shift
      more = byte > 127
    }
    return value >>> 0
  }
  /** Steps over one LEB128 number of any size. */
  skipNumber(): void {
    while (this.byte() > 127);
  }
  skip(count: number): void {
    this.at += count
  }
  list<T>(read: () => T): T[] {
    return Array.from({ length: this.unsigned() }, read)
  }
  take(count: number): number[] {
    return [...this.bytes.subarray(this.at, (this.at += count))]
  }
}

const vector = (items: readonly number[][]): number[] => [...unsigned(items.length), ...items.flat()]

/** The module with an import `env.check(address, offset, bytes) -> address` called before each access to memory. */
const addChecks = (binary: Uint8Array): Uint8Array<ArrayBuffer> => {
  const reader = new Reader(binary, 8)
  const out: number[] = [...binary.subarray(0, 8)]
  let parameters: number[] = []
  let functions: number[] = []
  const section = (id: number, body: number[]): void => {
    out.push(id, ...unsigned(body.length))
    for (const byte of body) out.push(byte)
  }
  while (reader.at < binary.length) {
    const id = reader.byte()
    const end = reader.unsigned() + reader.at
    if (id === 1) {
      const types = reader.list(() => {
        const start = reader.at++
        const count = reader.unsigned()
        reader.at += count
        reader.skip(reader.unsigned())
        return { count, bytes: [...binary.subarray(start, reader.at)] }
      })
      parameters = types.map(({ count }) => count)
      section(1, vector([...types.map(({ bytes }) => bytes), [0x60, 3, I32, I32, I32, 1, I32]]))
    } else if (id === 2) {
      // The memory is all that a kernel binary imports, so `check` becomes function 0 and the others move up by one.
      const count = reader.unsigned()
      const check = [3, ...Buffer.from('env'), 5, ...Buffer.from('check'), 0, ...unsigned(parameters.length)]
      section(2, [...unsigned(count + 1), ...reader.take(end - reader.at), ...check])
    } else if (id === 7) {
      const exports = reader.list(() => {
        const name = reader.take(reader.unsigned())
        const kind = reader.byte()
        const index = reader.unsigned()
        return [...unsigned(name.length), ...name, kind, ...unsigned(kind === 0 ? index + 1 : index)]
      })
      section(7, vector(exports))
    } else if (id === 10) {
      let next = 0
      const bodies = reader.list(() => {
        const length = reader.unsigned()
        return checkBody(new Reader(binary, reader.at), (reader.at += length), parameters[functions[next++]!]!)
      })
      section(10, vector(bodies.map((body) => [...unsigned(body.length), ...body])))
    } else if (id === 3) {
      functions = reader.list(() => reader.unsigned())
      section(3, vector(functions.map(unsigned)))
    } else if (id === 6) section(6, reader.take(end - reader.at))
    else if (id !== 0) throw new TypeError(`addChecks: section ${id} is not one of a kernel binary`)
    reader.at = end
  }
  return Uint8Array.from(out)
}

const checkBody = (reader: Reader, end: number, parameters: number): number[] => {
  const groups = reader.list(() => [reader.unsigned(), reader.byte()] as const)
  const first = groups.reduce((sum, [count]) => sum + count, parameters)
  const out = vector([...groups, ...added.map((type) => [1, type] as const)].map(([n, type]) => [...unsigned(n), type]))
  const spare = (type: number): number => first + added.lastIndexOf(type)
  const set = (local: number): void => void out.push(0x21, ...unsigned(local))
  const get = (local: number): void => void out.push(0x20, ...unsigned(local))
  const copy = (from: number): void => reader.bytes.subarray(from, reader.at).forEach((byte) => out.push(byte))

  /** An access of `bytes`, with an operand of type `above` (none: 0) on top of the address. */
  const access = (from: number, bytes: number, above: number, lane = false): void => {
    reader.unsigned()
    const offset = reader.unsigned()
    if (lane) reader.at++
    if (above) set(spare(above))
    out.push(0x41, ...signed(offset | 0), 0x41, bytes, 0x10, 0)
    if (above) get(spare(above))
    copy(from)
  }
  /** memory.copy and memory.fill: [to, from or value, count]. */
  const block = (from: number, isCopy: boolean): void => {
    reader.at += isCopy ? 2 : 1
    const [source, count] = [first, first + 1]
    const call = (): void => {
      out.push(0x41, 0)
      get(count)
      out.push(0x10, 0)
    }
    set(count)
    set(source)
    call()
    get(source)
    if (isCopy) call()
    get(count)
    copy(from)
  }

  while (reader.at < end) {
    const from = reader.at
    const code = reader.byte()
    if (code >= 0x28 && code <= 0x3e) access(from, plainBytes[code - 0x28]!, storedTypes[code - 0x36] ?? 0)
    else if (code === 0x10) out.push(code, ...unsigned(reader.unsigned() + 1))
    else if (code === 0xfd) {
      const op = reader.unsigned()
      if (op <= 11) access(from, vectorBytes[op]!, op === 11 ? V128 : 0)
      else if (op >= 84 && op <= 93) access(from, laneBytes[op - 84]!, op < 92 ? V128 : 0, op < 92)
      else {
        reader.at += op <= 13 ? 16 : op >= 21 && op <= 34 ? 1 : 0
        copy(from)
      }
    } else if (code === 0xfc) {
      const op = reader.unsigned()
      if (op === 10 || op === 11) block(from, op === 10)
      else if (op < 8) copy(from)
      else throw new TypeError(`addChecks: instruction 0xfc ${op} is not one of a kernel`)
    } else {
      skipImmediates(reader, code)
      copy(from)
    }
  }
  return out
}

/** Steps over what follows an instruction that neither calls nor touches memory. */
const skipImmediates = (reader: Reader, code: number): void => {
  if ((code >= 0x02 && code <= 0x04) || code === 0x0c || code === 0x0d) reader.skipNumber()
  else if (code >= 0x20 && code <= 0x24) reader.skipNumber()
  else if (code === 0x41 || code === 0x42) reader.skipNumber()
  else if (code === 0x0e) for (let more = reader.unsigned() + 1; more > 0; more--) reader.skipNumber()
  else if (code === 0x1c) reader.skip(reader.unsigned())
  else if (code === 0x3f || code === 0x40) reader.at++
  else if (code === 0x43) reader.at += 4
  else if (code === 0x44) reader.at += 8
  else if (code === 0x11 || code === 0x25 || code === 0x26 || code >= 0xd0)
    throw new TypeError(`addChecks: instruction ${code} is not one of a kernel`)
}
