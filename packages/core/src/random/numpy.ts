import { ValueError } from '../errors.ts'
import { Mt19937 } from './mt19937.ts'

/** The smallest 2^k - 1 that covers `value`. */
const maskOf = (value: number): number => (value === 0 ? 0 : 0xffffffff >>> Math.clz32(value))

/**
 * NumPy's legacy `RandomState` of an integer seed: the shuffles that published protocols fix (Inception score, KID).
 * @source Checked against numpy 1.24 in numpy.test.ts
 * @example new NumpyRandomState(2020).permutation(5) // => [3, 1, 2, 4, 0]
 */
export class NumpyRandomState {
  readonly #engine: Mt19937 = new Mt19937()

  /** @param seed - an integer in [0, 2^32) */
  constructor(seed: number) {
    this.#check('seed', seed, 0, 0xffffffff)
    this.#engine.seed(seed)
  }

  /** A double in [0, 1), as `random_sample()`. */
  random(): number {
    const high = this.#engine.next() >>> 5
    const low = this.#engine.next() >>> 6
    return (high * 67108864 + low) / 9007199254740992
  }

  /** An integer in [0, n), as `randint(n)`. */
  randint(n: number): number {
    this.#check('randint', n, 1, 0x100000000)
    return this.#upTo(n - 1)
  }

  /** A random order of 0 .. n-1, as `permutation(n)`. */
  permutation(n: number): Int32Array<ArrayBuffer> {
    this.#check('permutation', n, 0, 0x7fffffff)
    const order = new Int32Array(n)
    for (let i = 0; i < n; i++) order[i] = i
    for (let i = n - 1; i > 0; i--) {
      const j = this.#upTo(i)
      const kept = order[i]
      order[i] = order[j]
      order[j] = kept
    }
    return order
  }

  /** `count` numbers below n, as `choice(n, count, replace)`. */
  choice(n: number, count: number, options: { readonly replace?: boolean } = {}): Int32Array<ArrayBuffer> {
    const { replace = true } = options
    this.#check('choice', n, 1, 0x7fffffff)
    this.#check('choice', count, 0, replace ? 0x7fffffff : n)
    if (!replace) return this.permutation(n).slice(0, count)
    const drawn = new Int32Array(count)
    for (let i = 0; i < count; i++) drawn[i] = this.#upTo(n - 1)
    return drawn
  }

  /** Draws below the next power of two until one is not above `max`. */
  #upTo(max: number): number {
    if (max === 0) return 0
    const mask = maskOf(max)
    let value = (this.#engine.next() & mask) >>> 0
    while (value > max) value = (this.#engine.next() & mask) >>> 0
    return value
  }

  #check(method: string, value: number, low: number, high: number): void {
    if (Number.isInteger(value) && value >= low && value <= high) return
    throw new ValueError({
      op: `NumpyRandomState.${method}`,
      problem: 'out of range',
      got: String(value),
      expected: `an integer in [${low}, ${high}]`,
    })
  }
}
