import { ValueError } from '../errors.ts'
import { fmaF32, fmaF64 } from '../math/fma.ts'
import { Mt19937 } from './mt19937.ts'

/** What the floating-point draws fill. */
export type FloatArray = Float32Array | Float64Array

/** The seed of a generator that was given none; PyTorch's. */
const UNSEEDED = 67280421310721n

const TWO_32 = 4294967296
const TWO_M24 = 5.960464477539063e-8
const TWO_M53 = 1.1102230246251565e-16

const checkSeed = (seed: number | bigint): bigint => {
  const whole = typeof seed === 'bigint' || Number.isSafeInteger(seed)
  const value = whole ? BigInt(seed) : 0n
  if (whole && value >= -(1n << 63n) && value < 1n << 64n) return BigInt.asUintN(64, value)
  throw new ValueError({
    op: 'manualSeed',
    problem: 'not a seed',
    got: String(seed),
    expected: 'an integer up to 2^53 - 1, or a bigint in [-2^63, 2^64)',
  })
}

export const invalid = (op: string, problem: string, got: string, expected: string): ValueError =>
  new ValueError({ op, problem, got, expected })

/** The part of a {@link Generator} that every layer carries: its state and the uniform draws. */
export class Stream {
  /** The words that kernels draw from. */
  readonly engine: Mt19937
  protected lastSeed = 0n
  /** The sine half of the last pair of normal values, if nobody took it yet. */
  protected spareNormal: number | undefined

  /** @param seed - as for {@link manualSeed}, default 67280421310721, as PyTorch; or a stream to take over */
  constructor(seed: number | bigint | Stream = UNSEEDED) {
    if (seed instanceof Stream) {
      this.engine = seed.engine
      this.lastSeed = seed.lastSeed
      this.spareNormal = seed.spareNormal
    } else {
      this.engine = new Mt19937()
      this.manualSeed(seed)
    }
  }

  /** The seed last set, as an unsigned 64-bit integer. */
  get seed(): bigint {
    return this.lastSeed
  }

  /**
   * Restarts the stream.
   * @param seed - an integer up to 2^53 - 1, or a bigint in [-2^63, 2^64); negative ones count from 2^64 down
   * @throws ValueError when `seed` is not such an integer.
   */
  manualSeed(seed: number | bigint): this {
    this.lastSeed = checkSeed(seed)
    this.engine.seed(Number(this.lastSeed & 0xffffffffn))
    this.spareNormal = undefined
    return this
  }

  /** The next 32 bits, in [0, 2^32). */
  uint32(): number {
    return this.engine.next()
  }

  /** One double in [0, 1) with 53 random bits: two 32-bit draws. */
  double(): number {
    const high = this.engine.next()
    const low = this.engine.next()
    return ((high & 0x1fffff) * TWO_32 + low) * TWO_M53
  }

  /**
   * Fills `out` from the uniform distribution on [from, to).
   * @returns `out`
   * @throws ValueError when a bound is not finite or from > to.
   */
  uniform<T extends FloatArray>(out: T, from: number = 0, to: number = 1): T {
    if (!(Number.isFinite(from) && Number.isFinite(to) && from <= to)) {
      throw invalid('uniform', 'not a range', `from ${from} to ${to}`, 'finite bounds, from <= to')
    }
    if (out instanceof Float32Array) this.uniformF32(out, Math.fround(from), Math.fround(to))
    else for (let i = 0; i < out.length; i++) out[i] = fmaF64(this.double(), to - from, from)
    return out
  }

  /** PyTorch's build fuses the multiplication and the addition. Written without calls: layers draw with cold code. */
  private uniformF32(out: Float32Array, from: number, to: number): void {
    const { engine } = this
    const { words } = engine
    const width = Math.fround(to - from)
    const narrow = new Float32Array(1)
    let at = engine.position
    for (let i = 0; i < out.length; i++) {
      if (at === words.length) {
        engine.advance()
        at = 0
      }
      let y = words[at++]
      y ^= y >>> 11
      y ^= (y << 7) & 0x9d2c5680
      y ^= (y << 15) & 0xefc60000
      const u = ((y ^ (y >>> 18)) & 0xffffff) * TWO_M24
      const sum = u * width + from
      narrow[0] = sum
      const rounded = narrow[0]
      // Where the sum lies in the middle between two f32 values, the next of them is one too.
      const other = sum + (sum - rounded)
      narrow[0] = other
      out[i] = other !== rounded && narrow[0] === other ? fmaF32(u, width, from) : rounded
    }
    engine.position = at
  }
}
