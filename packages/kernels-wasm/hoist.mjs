// Moves vector constants out of loops: each becomes a local that is set once, at the head of its function. V8 from 12 on
// leaves a constant where it stands and builds it there, in three instructions by way of an integer register, each time
// round; as a local it keeps a register, or at worst a place on the stack. docs/decisions/022-vector-constants.md has figures.

const V128 = 0x7b

/** A number as unsigned LEB128. */
const leb = (value) => {
  const bytes = []
  do {
    bytes.push((value & 127) | (value > 127 ? 128 : 0))
    value >>>= 7
  } while (value > 0)
  return bytes
}

class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes
    this.at = at
  }

  byte() {
    return this.bytes[this.at++]
  }

  number() {
    let value = 0
    for (let shift = 0, more = true; more; shift += 7) {
      const byte = this.byte()
      value |= (byte & 127) << shift
      more = byte > 127
    }
    return value >>> 0
  }

  /** Steps over numbers of any size. */
  skipNumbers(count = 1) {
    for (; count > 0; count--) while (this.byte() > 127);
  }

  take(count) {
    const from = this.at
    this.at += count
    return this.bytes.subarray(from, this.at)
  }
}

/** Steps over the immediate operands of an instruction of one byte. */
const skipPlain = (reader, op) => {
  if (op === 0x0e) reader.skipNumbers(reader.number() + 1)
  else if (op >= 0x28 && op <= 0x3e) reader.skipNumbers(2)
  else if (op === 0x43) reader.at += 4
  else if (op === 0x44) reader.at += 8
  else if (op === 0x0c || op === 0x0d || op === 0x10 || (op >= 0x20 && op <= 0x24) || op === 0x41 || op === 0x42)
    reader.skipNumbers()
  else if (op === 0x3f || op === 0x40) reader.at++
  else if (!(op <= 0x01 || op === 0x05 || op === 0x0f || op === 0x1a || op === 0x1b || (op >= 0x45 && op <= 0xc4)))
    throw new TypeError(`hoist: unknown instruction ${op.toString(16)}`)
}

/** The same for instructions after the prefix 0xfc: saturating conversions, memory.copy and memory.fill. */
const skipBulk = (reader) => {
  const op = reader.number()
  if (op === 10) reader.at += 2
  else if (op === 11) reader.at++
  else if (op > 7) throw new TypeError(`hoist: unknown instruction fc ${op}`)
}

/** The same for vector instructions, whose code was read. */
const skipVector = (reader, op) => {
  if (op <= 11 || op === 92 || op === 93) reader.skipNumbers(2)
  else if (op >= 84 && op <= 91) {
    reader.skipNumbers(2)
    reader.at++
  } else if (op === 12 || op === 13) reader.at += 16
  else if (op >= 21 && op <= 34) reader.at++
}

/** Zeros and ones, which every engine makes in one instruction. */
const isCheap = (constant) => constant.every((byte) => byte === 0) || constant.every((byte) => byte === 255)

const hoistInBody = (reader, end, parameters) => {
  const groups = Array.from({ length: reader.number() }, () => [reader.number(), reader.byte()])
  const first = groups.reduce((sum, [count]) => sum + count, parameters)
  const constants = new Map()
  const code = []
  const nest = []
  while (reader.at < end) {
    const from = reader.at
    const op = reader.byte()
    let constant
    if (op === 0x02 || op === 0x03 || op === 0x04) {
      reader.skipNumbers()
      nest.push(op)
    } else if (op === 0x0b) nest.pop()
    else if (op === 0xfc) skipBulk(reader)
    else if (op === 0xfd) {
      const vector = reader.number()
      if (vector === 12 && nest.includes(0x03)) constant = reader.take(16)
      else skipVector(reader, vector)
    } else skipPlain(reader, op)
    if (constant === undefined || isCheap(constant)) code.push(...reader.bytes.subarray(from, reader.at))
    else {
      const key = constant.join()
      if (!constants.has(key)) constants.set(key, { constant, local: first + constants.size })
      code.push(0x20, ...leb(constants.get(key).local))
    }
  }
  if (constants.size > 0) groups.push([constants.size, V128])
  return [
    ...leb(groups.length),
    ...groups.flatMap(([count, type]) => [...leb(count), type]),
    ...[...constants.values()].flatMap(({ constant, local }) => [0xfd, 12, ...constant, 0x21, ...leb(local)]),
    ...code,
  ]
}

/** The module with its vector constants out of its loops. */
export const hoist = (binary) => {
  const reader = new Reader(binary, 8)
  const out = [...binary.subarray(0, 8)]
  let parameters = []
  let functions = []
  while (reader.at < binary.length) {
    const start = reader.at
    const id = reader.byte()
    const end = reader.number() + reader.at
    if (id === 1)
      parameters = Array.from({ length: reader.number() }, () => {
        reader.at++
        const count = reader.number()
        reader.take(count)
        reader.take(reader.number())
        return count
      })
    else if (id === 3) functions = Array.from({ length: reader.number() }, () => reader.number())
    if (id === 10) {
      const bodies = Array.from({ length: reader.number() }, (_, i) => {
        const length = reader.number()
        return hoistInBody(reader, reader.at + length, parameters[functions[i]])
      })
      const section = [...leb(bodies.length), ...bodies.flatMap((body) => [...leb(body.length), ...body])]
      out.push(id, ...leb(section.length))
      for (const byte of section) out.push(byte)
    } else for (const byte of binary.subarray(start, end)) out.push(byte)
    reader.at = end
  }
  return Uint8Array.from(out)
}
