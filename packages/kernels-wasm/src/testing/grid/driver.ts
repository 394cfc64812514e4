import type { KernelRow, Operand } from '../../manifest.ts'
import type { Range } from '../checked.ts'
import { unitOf } from './case.ts'
import type { Case, Expected, Values } from './case.ts'

type Kernel = (...args: number[]) => number | undefined
type Bytes = Float32Array | Int32Array | Uint8Array | Uint16Array

/** Where operands lie: their distance from multiples of 16, an output in an input's place, one at the memory's end. */
interface Variant {
  readonly offset?: number
  readonly pair?: readonly [string, string]
  readonly atEnd?: string
}

const GUARD = 64
const POISON = 0xdd

interface Placed {
  readonly operand: Operand
  /** Address of the first element, and of the element passed. */
  readonly p: number
  readonly pointer: number
  readonly count: number
}

/** Calls one kernel with operands laid out between guard bands, and says what is wrong with what it did. */
export class GridDriver {
  readonly #memory: WebAssembly.Memory
  readonly #from: number
  /** The bytes of the present call's operands, which is what the kernel may touch. */
  allowed: Range[] = []

  constructor(memory: WebAssembly.Memory, from: number) {
    this.#memory = memory
    this.#from = from
  }

  /** Every fault of a case: at each alignment, and with outputs in the place of inputs. */
  check(row: KernelRow, kernel: Kernel, test: Case): string[] {
    const first = this.#run(row, kernel, test, {})
    const faults = [...first.faults]
    for (const variant of this.#variants(row, test)) {
      const again = this.#run(row, kernel, test, variant)
      const what = JSON.stringify(variant)
      faults.push(...again.faults.map((fault) => `${what}: ${fault}`))
      if (again.bits !== first.bits) faults.push(`${what}: not the same bits as plainly`)
    }
    return faults.map((fault) => `${row.name} ${test.label}: ${fault}`)
  }

  #variants(row: KernelRow, test: Case): Variant[] {
    const pointers = row.signature.filter(({ name }) => name in test.inputs || name in test.outputs)
    return [
      ...[4, 8, 12].map((offset) => ({ offset })),
      ...this.#pairs(row, test).map((pair, i) => ({ offset: (i * 4) % 16, pair })),
      ...pointers.map(({ name }) => ({ atEnd: name })),
    ]
  }

  /** Outputs that may take the place of inputs. */
  #pairs(row: KernelRow, test: Case): (readonly [string, string])[] {
    if (test.inPlace) return [...test.inPlace]
    if (!row.inPlace) return []
    const present = row.signature.filter(({ name }) => name in test.inputs || name in test.outputs)
    const inputs = present.filter(({ role }) => role === 'in')
    return present
      .filter(({ role }) => role === 'out')
      .flatMap((output) =>
        inputs.filter((input) => sameShape(input, output)).map((input) => [output.name, input.name] as const),
      )
  }

  #run(row: KernelRow, kernel: Kernel, test: Case, { offset = 0, pair, atEnd }: Variant) {
    const bytes = new Uint8Array(this.#memory.buffer)
    let top = this.#from
    const bands: number[] = []
    this.allowed = []
    const place = (size: number): number => {
      const p = Math.ceil(top / 16) * 16 + GUARD + offset
      bytes.fill(POISON, p - GUARD, p + size + GUARD)
      bands.push(p - GUARD, p + size)
      this.allowed.push([p, p + size])
      top = p + size + GUARD
      return p
    }
    /** Flush with the end of the memory, so that a step past it traps. */
    const placeAtEnd = (size: number): number => {
      const p = bytes.length - size
      bytes.fill(POISON, p - GUARD, p + size)
      bands.push(p - GUARD)
      this.allowed.push([p, p + size])
      return p
    }
    const placed = new Map<string, Placed>()
    const args = row.signature.map((operand): number => {
      const { name, role } = operand
      if (role === 'size' || role === 'stride' || role === 'scalar') return numberOf(test, name)
      if (role === 'scratch') return place(test.scratchBytes ?? 0)
      const values = test.inputs[name] ?? test.outputs[name]?.values
      if (values === undefined) return 0
      const shared = pair?.[0] === name ? placed.get(pair[1]) : undefined
      const size = values.length * widthOf(operand)
      const p = shared?.p ?? (name === atEnd ? placeAtEnd(size) : place(size))
      const pointer = p + (test.start?.[name] ?? 0) * widthOf(operand)
      placed.set(name, { operand, p, pointer, count: values.length })
      const contents = test.inputs[name]
      if (contents && !shared) this.#view(operand, p, contents.length).set(contents)
      return pointer
    })
    // An output that stands before its input in the call takes the input's place once that is known.
    if (pair) this.#share(row, args, placed, pair)
    const returned = kernel(...args)
    const faults: string[] = []
    if (test.returns !== undefined && returned !== test.returns)
      faults.push(`returned ${returned}, not ${test.returns}`)
    const after = new Uint8Array(this.#memory.buffer)
    for (const band of bands)
      if (after.subarray(band, band + GUARD).some((byte) => byte !== POISON))
        faults.push(`wrote beside an operand, at ${band}`)
    let bits = ''
    for (const [name, where] of placed) {
      const expected = test.outputs[name]
      const found = this.#view(where.operand, where.p, where.count)
      if (expected) {
        faults.push(...differences(name, found, expected))
        bits += digest(found)
      } else if (name !== pair?.[1] && changed(found, test.inputs[name]!)) faults.push(`changed its input ${name}`)
    }
    return { faults, bits }
  }

  #share(
    row: KernelRow,
    args: number[],
    placed: Map<string, Placed>,
    [output, input]: readonly [string, string],
  ): void {
    const from = placed.get(input)!
    const to = placed.get(output)!
    placed.set(output, { ...to, p: from.p, pointer: from.pointer })
    args[row.signature.findIndex(({ name }) => name === output)] = from.pointer
  }

  #view({ dtype }: Operand, p: number, count: number): Bytes {
    const { buffer } = this.#memory
    if (dtype === 'u8') return new Uint8Array(buffer, p, count)
    if (dtype === 'u16') return new Uint16Array(buffer, p, count)
    return dtype === 'i32' ? new Int32Array(buffer, p, count) : new Float32Array(buffer, p, count)
  }
}

const widthOf = ({ dtype }: Operand): number => (dtype === 'u8' ? 1 : dtype === 'u16' ? 2 : 4)

const sameShape = (a: Operand, b: Operand): boolean => a.dtype === b.dtype && String(a.length) === String(b.length)

const numberOf = (test: Case, name: string): number => {
  const value = test.numbers[name]
  if (value === undefined) throw new Error(`grid: case ${test.label} gives no ${name}`)
  return value
}

const bitsOf = (values: Bytes): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength)

/** NaN counts as one value: its payload is the engine's. */
const digest = (values: Bytes): string => {
  if (!(values instanceof Float32Array)) return `${bitsOf(values)};`
  const words = new Int32Array(values.slice().buffer)
  return `${words.map((word, i) => (Number.isNaN(values[i]) ? 0x7fc00000 : word))};`
}

const changed = (found: Bytes, values: Values): boolean =>
  found.some(
    (value, i) =>
      !Object.is(value, found instanceof Float32Array ? Math.fround(values[i]!) : value === values[i]! ? value : NaN),
  )

const differences = (name: string, found: Bytes, { values, ulp = 0, slack = 0 }: Expected): string[] => {
  const faults: string[] = []
  for (let i = 0; i < values.length && faults.length < 3; i++) {
    const allowed = typeof slack === 'number' ? slack : slack[i]!
    if (!isClose(found[i]!, values[i]!, ulp, allowed, found instanceof Float32Array))
      faults.push(`${name}[${i}] is ${found[i]}, expected ${values[i]}`)
  }
  return faults
}

const isClose = (found: number, value: number, ulp: number, slack: number, isFloat: boolean): boolean => {
  if (!isFloat) return found === value
  if (Number.isNaN(value)) return Number.isNaN(found)
  const rounded = Math.fround(value)
  if (found === rounded || found === value) return true
  // Past the largest f32 by less than the bound, either side of infinity will do.
  const target = Number.isFinite(rounded) ? value : Math.sign(value) * 2 ** 128
  const got = Number.isFinite(found) ? found : Math.sign(found) * 2 ** 128
  if (!Number.isFinite(value) || Number.isNaN(found)) return false
  return Math.abs(got - target) <= Math.max(ulp * unitOf(value), slack)
}
