import type { KernelRow } from '../../manifest.ts'

export type Values = ArrayLike<number>

/** What an output must hold: within `ulp` units of the last place of the value, or within `slack` of it. */
export interface Expected {
  readonly values: Values
  /** Default 0: equal, or both NaN. */
  readonly ulp?: number
  /** Absolute error allowed, for all or for each. */
  readonly slack?: number | Values
}

/** One call of a kernel: its arguments by name, and what must come out. */
export interface Case {
  readonly label: string
  /** Extents, strides, options. */
  readonly numbers: Readonly<Record<string, number>>
  /** Contents of what is read. A pointer that is in neither record is passed as 0. */
  readonly inputs: Readonly<Record<string, Values>>
  readonly outputs: Readonly<Record<string, Expected>>
  /** Elements to skip to the address passed, for operands with negative strides. */
  readonly start?: Readonly<Record<string, number>>
  readonly scratchBytes?: number
  readonly returns?: number
  /** Output that may share an input's place; default every pair of equal type and length where the row allows it. */
  readonly inPlace?: readonly (readonly [string, string])[]
}

/** Plain loops, as cases with their results. */
export type Reference = (row: KernelRow) => Iterable<Case>

/** A seeded source of test values. */
export class Draw {
  #state: number
  constructor(seed: number) {
    this.#state = seed >>> 0
  }
  /** In [0, 1). */
  unit(): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0
    // The high bits: the low ones repeat soon.
    return (this.#state >>> 8) / 2 ** 24
  }
  between(low: number, high: number): number {
    return Math.fround(low + this.unit() * (high - low))
  }
  /** In [low, high]. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1))
  }
  floats(n: number, low = -1, high = 1): Float32Array {
    return Float32Array.from({ length: n }, () => this.between(low, high))
  }
  integers(n: number, low: number, high: number): Int32Array {
    return Int32Array.from({ length: n }, () => this.integer(low, high))
  }
  bytes(n: number, low: number, high: number): Uint8Array {
    return Uint8Array.from({ length: n }, () => this.integer(low, high))
  }
  /** Numbers of every size, and now and then a special one. */
  wild(n: number): Float32Array {
    return Float32Array.from({ length: n }, () => {
      const kind = this.unit()
      if (kind < 0.15) return specials[this.integer(0, specials.length - 1)]!
      if (kind < 0.6) return this.between(-4, 4)
      if (kind < 0.85) return this.between(-120, 120)
      return this.between(-1, 1) * 2 ** this.integer(-148, 127)
    })
  }
  wildIntegers(n: number): Int32Array {
    return Int32Array.from({ length: n }, () => {
      const kind = this.unit()
      if (kind < 0.2) return [0, 1, -1, -2147483648, 2147483647][this.integer(0, 4)]!
      return kind < 0.6 ? this.integer(-9, 9) : this.integer(-2147483648, 2147483647)
    })
  }
}

const specials = [
  0,
  -0,
  1,
  -1,
  Infinity,
  -Infinity,
  NaN,
  2 ** -149,
  -(2 ** -149),
  2 ** -126,
  3.4028234663852886e38,
  0.5,
  -0.5,
  1.5,
  2.5,
]

/** Lengths around the sizes at which loops change: below, at and above vectors and unrolled bodies, multiples, primes. */
export const lengths: readonly number[] = [0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 32, 33, 37, 64, 101]

/** The distance from |x| to the next f32 above. */
export const unitOf = (x: number): number => {
  const size = Math.abs(x)
  if (!(size >= 2 ** -126)) return 2 ** -149
  scratchDouble[0] = size
  const exponent = ((scratchWords[1]! >>> 20) & 2047) - 1023
  return 2 ** (Math.min(exponent, 127) - 23)
}

const scratchDouble = new Float64Array(1)
const scratchWords = new Uint32Array(scratchDouble.buffer)
