import { FormatError } from '../errors.ts'
import { log, log1p } from '../math/f64.ts'
import { fmaF32 } from '../math/fma.ts'
import { cos, sin } from '../math/trig.ts'
import { invalid, Stream, type FloatArray } from './stream.ts'

export type { FloatArray }

/** What the integer draws fill. */
export type IntArray = Int32Array | Uint8Array | Float32Array | Float64Array

const TWO_32 = 4294967296
const TWO_M24 = 5.960464477539063e-8
const TWO_PI = 6.283185307179586
const TWO_PI_F32 = 6.2831854820251465

/** Bytes of PyTorch's generator state: seed, engine, cached normals. */
const STATE_BYTES = 5056
const AT_LEFT = 8
const AT_SEEDED = 12
const AT_NEXT = 16
const AT_WORDS = 24
const AT_NORMAL = 5024
const AT_NORMAL_VALID = 5040

/**
 * A random stream with PyTorch's draws: the same seed gives the same numbers as `torch.Generator` on the CPU.
 * Uniform and integer draws, permutations and masks agree to the bit; normal values to 1.2e-7 (f32) and 1e-15 (f64),
 * where PyTorch's own vector instructions round differently. Only the seed's low 32 bits choose the stream.
 * @source Matsumoto and Nishimura 1998; checked against torch 1.13 in generator.test.ts
 * @example
 * const values = new Generator(0).uniform(new Float32Array(2))
 * values // => [0.49625659, 0.76822180]
 */
export class Generator extends Stream {
  /** A draw from [0, 2^63), as `torch.empty((), dtype=torch.int64).random_()`: what a DataLoader seeds its shuffle with. */
  int64(): bigint {
    return BigInt.asUintN(63, this.#uint64())
  }

  /**
   * Fills `out` from the normal distribution. PyTorch pairs its draws differently below 16 values and from 16 on;
   * so does this.
   * @returns `out`
   * @throws ValueError when `std` is negative or either is not finite.
   */
  normal<T extends FloatArray>(out: T, mean: number = 0, std: number = 1): T {
    if (!(Number.isFinite(mean) && std >= 0 && std < Infinity)) {
      throw invalid(
        'normal',
        'not a normal distribution',
        `mean ${mean}, std ${std}`,
        'a finite mean and a finite std >= 0',
      )
    }
    if (out.length < 16) for (let i = 0; i < out.length; i++) out[i] = this.#nextNormal() * std + mean
    else if (out instanceof Float32Array) this.#normalBlocks(out, polarF32(Math.fround(mean), Math.fround(std)))
    else this.#normalBlocks(out, polarF64(mean, std))
    return out
  }

  /**
   * Fills `out` with 1 where a draw falls below `p`, else 0.
   * @param p - one probability, or one for each value. A Float32Array takes 24-bit draws as PyTorch's f32 tensors
   *   do; a number or a Float64Array takes 53-bit draws.
   * @returns `out`
   * @throws ValueError when a probability is outside [0, 1] or the lengths differ; `out` is then unchanged.
   */
  bernoulli<T extends IntArray>(out: T, p: number | FloatArray): T {
    checkProbabilities(p, out.length)
    if (typeof p === 'number') for (let i = 0; i < out.length; i++) out[i] = this.double() < p ? 1 : 0
    else if (p instanceof Float64Array) for (let i = 0; i < out.length; i++) out[i] = this.double() < p[i] ? 1 : 0
    else for (let i = 0; i < out.length; i++) out[i] = (this.engine.next() & 0xffffff) * TWO_M24 < p[i] ? 1 : 0
    return out
  }

  /**
   * Fills `out` from the exponential distribution with density rate exp(-rate x).
   * @returns `out`
   * @throws ValueError when `rate` is not positive and finite.
   */
  exponential<T extends FloatArray>(out: T, rate: number = 1): T {
    if (!(rate > 0 && rate < Infinity)) {
      throw invalid('exponential', 'not a rate', String(rate), 'a finite number above 0')
    }
    for (let i = 0; i < out.length; i++) out[i] = (-1 / rate) * log(1 - this.double())
    return out
  }

  /**
   * An integer in [0, n).
   * @throws ValueError when n is not an integer in [1, 2^53).
   */
  randint(n: number): number {
    if (!(Number.isSafeInteger(n) && n >= 1))
      throw invalid('randint', 'not a range', `n ${n}`, 'an integer in [1, 2^53)')
    return n < TWO_32 ? this.engine.next() % n : Number(this.#uint64() % BigInt(n))
  }

  /**
   * Fills `out` with integers in [low, high).
   * @returns `out`
   * @throws ValueError when the bounds are not integers with low < high.
   */
  integers<T extends IntArray>(out: T, low: number, high: number): T {
    if (!(Number.isSafeInteger(low) && Number.isSafeInteger(high) && low < high && Number.isSafeInteger(high - low))) {
      throw invalid('integers', 'not a range', `low ${low}, high ${high}`, 'integers low < high')
    }
    for (let i = 0; i < out.length; i++) out[i] = this.randint(high - low) + low
    return out
  }

  /**
   * A random order of 0 .. n-1.
   * @throws ValueError when n is not an integer in [0, 2^31).
   */
  randperm(n: number): Int32Array<ArrayBuffer> {
    if (!(Number.isInteger(n) && n >= 0 && n < 2147483648)) {
      throw invalid('randperm', 'not a length', String(n), 'an integer in [0, 2^31)')
    }
    const order = new Int32Array(n)
    for (let i = 0; i < n; i++) order[i] = i
    for (let i = 0; i < n - 1; i++) {
      const j = i + (this.engine.next() % (n - i))
      const kept = order[i]
      order[i] = order[j]
      order[j] = kept
    }
    return order
  }

  /**
   * The whole state, in the layout of `torch.get_rng_state()` (5,056 bytes): either side resumes the other's stream.
   * @returns a new array
   */
  state(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(STATE_BYTES)
    const view = new DataView(bytes.buffer)
    const { words, position } = this.engine
    const fresh = position === words.length
    view.setBigUint64(0, this.lastSeed, true)
    view.setInt32(AT_LEFT, fresh ? 1 : words.length - position + 1, true)
    view.setInt32(AT_SEEDED, 1, true)
    view.setUint32(AT_NEXT, fresh ? 0 : position, true)
    for (let i = 0; i < words.length; i++) view.setUint32(AT_WORDS + 8 * i, words[i], true)
    view.setFloat64(AT_NORMAL, this.spareNormal ?? 0, true)
    view.setInt32(AT_NORMAL_VALID, this.spareNormal === undefined ? 0 : 1, true)
    return bytes
  }

  /**
   * Continues the stream that {@link state} or `torch.get_rng_state()` recorded.
   * @throws FormatError when `bytes` is not such a state; the generator is then unchanged.
   */
  setState(bytes: Uint8Array): this {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    checkState(view)
    const words = this.engine.words
    const left = view.getInt32(AT_LEFT, true)
    this.lastSeed = view.getBigUint64(0, true)
    for (let i = 0; i < words.length; i++) words[i] = view.getUint32(AT_WORDS + 8 * i, true)
    this.engine.position = left === 1 ? words.length : view.getUint32(AT_NEXT, true)
    this.spareNormal = view.getInt32(AT_NORMAL_VALID, true) ? view.getFloat64(AT_NORMAL, true) : undefined
    return this
  }

  #uint64(): bigint {
    const high = this.engine.next()
    return (BigInt(high) << 32n) | BigInt(this.engine.next())
  }

  /** Box and Muller's pair from two doubles, the cosine first. */
  #nextNormal(): number {
    const spare = this.spareNormal
    if (spare !== undefined) {
      this.spareNormal = undefined
      return spare
    }
    const angle = TWO_PI * this.double()
    const radius = Math.sqrt(-2 * log1p(-this.double()))
    this.spareNormal = radius * sin(angle)
    return radius * cos(angle)
  }

  /** Turns uniforms into normals, 16 at a time. A rest below 16 draws the last 16 values anew. */
  #normalBlocks(out: FloatArray, polar: (out: FloatArray, at: number) => void): void {
    const n = out.length
    this.uniform(out)
    for (let at = 0; at + 16 <= n; at += 16) polar(out, at)
    if (n % 16 === 0) return
    this.uniform(out.subarray(n - 16))
    polar(out, n - 16)
  }
}

const checkProbabilities = (p: number | FloatArray, length: number): void => {
  const values = typeof p === 'number' ? [p] : p
  if (typeof p !== 'number' && p.length !== length) {
    throw invalid('bernoulli', 'not one probability for each value', `${p.length}`, `${length}`)
  }
  for (const value of values) {
    if (!(value >= 0 && value <= 1))
      throw invalid('bernoulli', 'not a probability', String(value), 'a number in [0, 1]')
  }
}

/** Box and Muller on 8 radii and 8 angles in single precision, each step rounded as PyTorch's. */
const polarF32 =
  (mean: number, std: number) =>
  (out: FloatArray, at: number): void => {
    for (let i = at; i < at + 8; i++) {
      const radius = Math.fround(Math.sqrt(-2 * Math.fround(log(Math.fround(1 - out[i])))))
      const angle = Math.fround(TWO_PI_F32 * out[i + 8])
      out[i] = fmaF32(Math.fround(radius * Math.fround(cos(angle))), std, mean)
      out[i + 8] = fmaF32(Math.fround(radius * Math.fround(sin(angle))), std, mean)
    }
  }

const polarF64 =
  (mean: number, std: number) =>
  (out: FloatArray, at: number): void => {
    for (let i = at; i < at + 8; i++) {
      const radius = Math.sqrt(-2 * log(1 - out[i]))
      const angle = TWO_PI * out[i + 8]
      out[i] = radius * cos(angle) * std + mean
      out[i + 8] = radius * sin(angle) * std + mean
    }
  }

const checkState = (view: DataView): void => {
  const fail = (problem: string, got: string, expected: string): never => {
    throw new FormatError({ op: 'Generator.setState', problem, got, expected })
  }
  if (view.byteLength !== STATE_BYTES) fail('not a generator state', `${view.byteLength} bytes`, `${STATE_BYTES}`)
  const left = view.getInt32(AT_LEFT, true)
  const next = view.getBigUint64(AT_NEXT, true)
  const seeded = view.getInt32(AT_SEEDED, true)
  if (seeded !== 1) fail('the generator was never seeded', `${seeded} at byte ${AT_SEEDED}`, '1')
  const agree = left === 1 ? next === 0n || next === 624n : next === BigInt(625 - left)
  if (left < 1 || left > 624 || !agree) {
    fail('the position does not fit itself', `${left} left, next ${next}`, 'left in [1, 624] and next 625 - left')
  }
  for (let at = AT_WORDS + 4; at < AT_WORDS + 8 * 624; at += 8) {
    if (view.getUint32(at, true) !== 0) fail('a word exceeds 32 bits', `byte ${at} is not 0`, '0')
  }
  const spare = view.getInt32(AT_NORMAL_VALID, true)
  if (spare !== 0 && !(spare === 1 && Number.isFinite(view.getFloat64(AT_NORMAL, true)))) {
    fail('the cached normal value is not valid', `flag ${spare}`, '0, or 1 and a finite value')
  }
}
