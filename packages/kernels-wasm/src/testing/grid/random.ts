import { Draw } from './case.ts'
import type { Case, Reference } from './case.ts'

const SIZE = 624

/** The generator, plainly. */
class Mersenne {
  words: Uint32Array
  used: number
  constructor(words: Uint32Array, used: number) {
    this.words = words.slice()
    this.used = used
  }
  static seeded(seed: number): Mersenne {
    const words = new Uint32Array(SIZE)
    words[0] = seed
    for (let i = 1; i < SIZE; i++) words[i] = Math.imul(1812433253, words[i - 1]! ^ (words[i - 1]! >>> 30)) + i
    return new Mersenne(words, SIZE)
  }
  next(): number {
    if (this.used === SIZE) this.#twist()
    let y = this.words[this.used++]!
    y ^= y >>> 11
    y ^= (y << 7) & 0x9d2c5680
    y ^= (y << 15) & 0xefc60000
    return (y ^ (y >>> 18)) >>> 0
  }
  next24(): number {
    return (this.next() & 0xffffff) * 2 ** -24
  }
  next53(): number {
    const high = this.next() & 0x1fffff
    return (high * 2 ** 32 + this.next()) * 2 ** -53
  }
  state(): Int32Array {
    return Int32Array.from([...this.words, this.used])
  }
  #twist(): void {
    const w = this.words
    for (let i = 0; i < SIZE; i++) {
      const y = (w[i]! & 0x80000000) | (w[(i + 1) % SIZE]! & 0x7fffffff)
      w[i] = w[(i + 397) % SIZE]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0)
    }
    this.used = 0
  }
}

const f = Math.fround

const random: Reference = function* (row) {
  if (row.name === 'mt_seed') {
    for (const seed of [0, 1, 123456789, -1])
      yield {
        label: `seed ${seed}`,
        numbers: { seed },
        inputs: { pState: new Int32Array(625) },
        outputs: { pState: { values: Mersenne.seeded(seed).state() } },
      }
    return
  }
  const draw = new Draw(71)
  // Fresh, at odd places of the words, and across one or two refills.
  for (const used of [0, 1, 4, 7, 620, 623, 624])
    for (const n of [0, 1, 3, 4, 5, 16, 37, 313, 1300]) {
      const generator = new Mersenne(Mersenne.seeded(5).words, used)
      const before = generator.state()
      const numbers = { n, a: f(-0.3), b: f(1.7), p: 0.3, scale: 2.5 }
      const probabilities = draw.floats(n, 0, 1)
      const values = valuesOf(row.name, generator, numbers, probabilities)
      const one: Case = {
        label: JSON.stringify({ used, n }),
        numbers,
        inputs: { pState: before, ...(row.name === 'f32_bernoulli_from' ? { pP: probabilities } : {}) },
        outputs: { pState: { values: generator.state() }, pY: { values } },
      }
      yield one
    }
}

const valuesOf = (
  name: string,
  generator: Mersenne,
  { n, a, b, p, scale }: { n: number; a: number; b: number; p: number; scale: number },
  probabilities: Float32Array,
): ArrayLike<number> => {
  const each = (draw: (i: number) => number): number[] => Array.from({ length: n }, (_, i) => draw(i))
  if (name === 'mt_raw') return each(() => generator.next() | 0)
  if (name === 'f32_uniform') return each(() => f(generator.next24() * f(b - a) + a))
  if (name === 'f64_uniform53') return new Int32Array(Float64Array.from(each(() => generator.next53())).buffer)
  if (name === 'u8_bernoulli') return each(() => (generator.next53() < p ? 1 : 0))
  if (name === 'f32_bernoulli') return each(() => (generator.next53() < p ? scale : 0))
  return each((i) => (generator.next24() < probabilities[i]! ? 1 : 0))
}

export const randomReferences: Readonly<Record<string, Reference>> = { random }
