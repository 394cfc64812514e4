import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FormatError, ValueError } from '../errors.ts'
import { defaultGenerator, manualSeed, setDefaultGenerator } from './default.ts'
import { Generator } from './generator.ts'

const golden = JSON.parse(readFileSync(new URL('__golden__/random.json', import.meta.url), 'utf8'))

const sha = (data: NodeJS.ArrayBufferView): string => createHash('sha256').update(data).digest('hex')

const f32 = (values: number[]): Float32Array => Float32Array.from(values)

/** The largest |got - want| / scale. */
const distance = (got: ArrayLike<number>, want: ArrayLike<number>, scale: number): number => {
  expect(got.length).toBe(want.length)
  let worst = 0
  for (let i = 0; i < want.length; i++) worst = Math.max(worst, Math.abs(got[i] - want[i]) / scale)
  return worst
}

describe('the same draws as PyTorch', () => {
  test('uniform, to the bit', () => {
    for (const { seed, n, from, to, f64, head, sha: want } of golden.uniform) {
      const out = new Generator(seed).uniform(f64 ? new Float64Array(n) : new Float32Array(n), from, to)
      expect(Array.from(out.subarray(0, 4)), `seed ${seed}`).toEqual(Array.from(f64 ? head : f32(head)))
      expect(sha(out), `seed ${seed} from ${from} to ${to}`).toBe(want)
    }
  })

  test('negative and 64-bit seeds', () => {
    const { negativeSeed, bigSeed } = golden
    expect(new Generator(negativeSeed.seed).uniform(new Float32Array(3))).toEqual(f32(negativeSeed.values))
    const big = new Generator(BigInt(bigSeed.seed))
    expect(big.seed).toBe(18446744073709551611n)
    expect(big.uniform(new Float32Array(3))).toEqual(f32(bigSeed.values))
  })

  // PyTorch's vector log, sin and cos are approximations in single precision; 1.2e-7 of a unit normal is what they leave.
  test('normal, in one stream across lengths below and above 16', () => {
    const generator = new Generator(golden.normal.seed)
    for (const { n, mean, std, values } of golden.normal.series) {
      const got = generator.normal(new Float32Array(n), mean, std)
      const rounding = Math.abs(mean) * 1.2e-7
      expect(distance(got, values, 1), `n ${n}`).toBeLessThanOrEqual(4 * std * 1.2e-7 + rounding)
      expect(distance(got, values, Math.max(1, ...values.map(Math.abs)) * std + Math.abs(mean)), `n ${n}`).toBeLessThan(
        1.2e-7,
      )
    }
  })

  test('normal in double precision', () => {
    const generator = new Generator(golden.normal64.seed)
    for (const { n, mean, std, values } of golden.normal64.series) {
      expect(distance(generator.normal(new Float64Array(n), mean, std), values, std), `n ${n}`).toBeLessThan(2e-15)
    }
  })

  test('200,000 normal values', () => {
    const { seed, n, mean, std, tail } = golden.normalMoments
    const values = new Generator(seed).normal(new Float32Array(n))
    const m = values.reduce((sum, x) => sum + x, 0) / n
    const s = Math.sqrt(values.reduce((sum, x) => sum + (x - m) ** 2, 0) / (n - 1))
    expect(distance([m, s], [mean, std], 1)).toBeLessThan(1e-8)
    expect(distance(values.subarray(n - 8), tail, 1)).toBeLessThan(1.2e-7)
  })

  test('integers, then what follows in the stream', () => {
    const { seed, small, negative, wide, one, edge, rand, int64 } = golden.integers
    const generator = new Generator(seed)
    expect(Array.from(generator.integers(new Int32Array(40), 5, 17))).toEqual(small)
    expect(Array.from(generator.integers(new Int32Array(20), -100, 100))).toEqual(negative)
    expect(Array.from(generator.integers(new Float64Array(10), 0, 2 ** 40))).toEqual(wide)
    expect(one.map(() => generator.randint(1))).toEqual(one)
    expect(edge.map(() => generator.randint(2 ** 32))).toEqual(edge)
    expect(generator.uniform(new Float32Array(2))).toEqual(f32(rand))
    expect(int64.map(() => String(generator.int64()))).toEqual(int64)
  })

  test('randperm', () => {
    const { seed, cases, long } = golden.randperm
    const generator = new Generator(seed)
    for (const { n, order } of cases) expect(Array.from(generator.randperm(n))).toEqual(order)
    expect(sha(generator.randperm(long.n))).toBe(long.sha)
  })

  test('bernoulli and a dropout mask', () => {
    const { seed, scalar, p32, p64, dropout, sha: want } = golden.bernoulli
    const generator = new Generator(seed)
    const p = Float32Array.from({ length: 50 }, (_, i) => i / 49)
    const draw = (probability: number | Float32Array | Float64Array): number[] =>
      Array.from(generator.bernoulli(new Uint8Array(50), probability))
    expect(draw(0.3)).toEqual(scalar)
    expect(draw(p)).toEqual(p32)
    expect(draw(Float64Array.from(p))).toEqual(p64)
    expect(draw(1 - 0.4)).toEqual(dropout)
    expect(sha(generator.bernoulli(new Uint8Array(100000), 0.5))).toBe(want)
  })

  test('exponential', () => {
    const generator = new Generator(golden.exponential.seed)
    const got = generator.exponential(new Float32Array(30), 2.5)
    for (let i = 0; i < 30; i++) expect(Math.abs(got[i] / golden.exponential.f32[i] - 1)).toBeLessThan(6e-8)
    const doubles = generator.exponential(new Float64Array(10))
    for (let i = 0; i < 10; i++) expect(Math.abs(doubles[i] / golden.exponential.f64[i] - 1)).toBeLessThan(4e-16)
  })

  test('two epochs of a shuffled DataLoader', () => {
    const { seed, epochs } = golden.loader
    const main = new Generator(seed)
    for (const order of epochs) {
      main.int64() // the workers' base seed
      expect(Array.from(new Generator(main.int64()).randperm(10))).toEqual(order)
    }
  })

  test('the state is byte for byte PyTorch’s, and resumes its stream', () => {
    const { seed, sha: want, next } = golden.state
    const generator = new Generator(seed)
    generator.normal(new Float32Array(3))
    generator.uniform(new Float32Array(1000))
    const state = generator.state()
    expect(sha(state)).toBe(want)
    const resumed = new Generator().setState(state)
    const draw = (from: Generator): number[] => [
      ...from.normal(new Float32Array(4)),
      ...from.uniform(new Float32Array(3)),
    ]
    expect(distance(draw(resumed), next, 1)).toBeLessThan(1.2e-7)
    expect(resumed.seed).toBe(BigInt(seed))
  })
})

describe('state', () => {
  test('resumes at any place to the same bits', () => {
    fc.assert(
      fc.property(fc.nat(1300), fc.boolean(), (draws, odd) => {
        const a = new Generator(draws)
        for (let i = 0; i < draws; i++) a.uint32()
        if (odd) a.normal(new Float32Array(1))
        const b = new Generator(1).setState(a.state())
        expect(b.normal(new Float64Array(20))).toEqual(a.normal(new Float64Array(20)))
        expect(b.normal(new Float64Array(3))).toEqual(a.normal(new Float64Array(3)))
        expect(b.state()).toEqual(a.state())
      }),
      { numRuns: 20 },
    )
  })

  test('a damaged state is refused and changes nothing', () => {
    const good = new Generator(3).state()
    const damage: [string, (bytes: Uint8Array, view: DataView) => void][] = [
      ['left 0', (_, view) => view.setInt32(8, 0, true)],
      ['left 625', (_, view) => view.setInt32(8, 625, true)],
      ['next does not fit', (_, view) => view.setInt32(16, 5, true)],
      ['next beyond 32 bits', (_, view) => view.setInt32(20, 1, true)],
      ['never seeded', (_, view) => view.setInt32(12, 0, true)],
      ['wide word', (bytes) => void (bytes[28] = 1)],
      ['flag 2', (_, view) => view.setInt32(5040, 2, true)],
      ['NaN cached', (_, view) => (view.setInt32(5040, 1, true), view.setFloat64(5024, NaN, true))],
    ]
    const generator = new Generator(9)
    const before = generator.state()
    for (const [name, change] of damage) {
      const bytes = good.slice()
      change(bytes, new DataView(bytes.buffer))
      expect(() => generator.setState(bytes), name).toThrow(FormatError)
    }
    expect(() => generator.setState(good.subarray(1))).toThrowErrorMatchingInlineSnapshot(
      `[FormatError: Generator.setState: not a generator state; got 5055 bytes, expected 5056.]`,
    )
    expect(generator.state()).toEqual(before)
  })
})

describe('the default generator', () => {
  test('manualSeed restarts it, also when it was replaced', () => {
    manualSeed(0)
    const first = defaultGenerator().uniform(new Float32Array(3))
    expect(manualSeed(0)).toBe(defaultGenerator())
    expect(defaultGenerator().uniform(new Float32Array(3))).toEqual(first)
    const own = new Generator(5)
    setDefaultGenerator(own)
    expect(defaultGenerator()).toBe(own)
    manualSeed(0)
    expect(own.uniform(new Float32Array(3))).toEqual(first)
    manualSeed(7)
    expect(own.uniform(new Float32Array(3))).not.toEqual(first)
  })

  test('seeding forgets the cached normal value', () => {
    const generator = new Generator(1)
    const first = generator.normal(new Float32Array(1))
    generator.manualSeed(1)
    expect(generator.normal(new Float32Array(1))).toEqual(first)
  })

  test('a new Generator starts from PyTorch’s seed', () => expect(new Generator().seed).toBe(67280421310721n))
})

describe('bad input', () => {
  const generator = new Generator(0)
  const out = Float32Array.of(7, 7)
  test.each<[string, () => unknown]>([
    ['seed 0.5', () => new Generator(0.5)],
    ['seed NaN', () => new Generator(NaN)],
    ['seed 2^53', () => new Generator(2 ** 53)],
    ['seed 2^64', () => new Generator(1n << 64n)],
    ['seed below -2^63', () => new Generator(-(1n << 63n) - 1n)],
    ['reversed range', () => generator.uniform(out, 1, 0)],
    ['infinite range', () => generator.uniform(out, 0, Infinity)],
    ['NaN range', () => generator.uniform(out, NaN, 1)],
    ['negative std', () => generator.normal(out, 0, -1)],
    ['NaN mean', () => generator.normal(out, NaN, 1)],
    ['infinite std', () => generator.normal(out, 0, Infinity)],
    ['p above 1', () => generator.bernoulli(out, 1.5)],
    ['p NaN', () => generator.bernoulli(out, Float32Array.of(0.5, NaN))],
    ['p too short', () => generator.bernoulli(out, Float32Array.of(0.5))],
    ['rate 0', () => generator.exponential(out, 0)],
    ['randint 0', () => generator.randint(0)],
    ['randint 1.5', () => generator.randint(1.5)],
    ['integers empty', () => generator.integers(out, 3, 3)],
    ['integers too wide', () => generator.integers(out, -(2 ** 53) + 1, 2 ** 53 - 1)],
    ['randperm -1', () => generator.randperm(-1)],
    ['randperm 2^31', () => generator.randperm(2 ** 31)],
  ])('%s', (_, call) => {
    const before = generator.state()
    expect(call).toThrow(ValueError)
    expect(generator.state()).toEqual(before)
    expect(out).toEqual(Float32Array.of(7, 7))
  })

  test('messages', () => {
    expect(() => new Generator(0.5)).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: manualSeed: not a seed; got 0.5, expected an integer up to 2^53 - 1, or a bigint in [-2^63, 2^64).]`,
    )
    expect(() => generator.uniform(out, 1, 0)).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: uniform: not a range; got from 1 to 0, expected finite bounds, from <= to.]`,
    )
    expect(() => generator.normal(out, 0, -1)).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: normal: not a normal distribution; got mean 0, std -1, expected a finite mean and a finite std >= 0.]`,
    )
    expect(() => generator.bernoulli(out, 2)).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: bernoulli: not a probability; got 2, expected a number in [0, 1].]`,
    )
    expect(() => generator.bernoulli(out, new Float32Array(3))).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: bernoulli: not one probability for each value; got 3, expected 2.]`,
    )
    expect(() => generator.exponential(out, -1)).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: exponential: not a rate; got -1, expected a finite number above 0.]`,
    )
    expect(() => generator.randint(0)).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: randint: not a range; got n 0, expected an integer in [1, 2^53).]`,
    )
    expect(() => generator.integers(out, 3, 1)).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: integers: not a range; got low 3, high 1, expected integers low < high.]`,
    )
    expect(() => generator.randperm(0.5)).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: randperm: not a length; got 0.5, expected an integer in [0, 2^31).]`,
    )
  })
})

test('properties', () => {
  fc.assert(
    fc.property(fc.integer(), fc.nat(200), fc.integer({ min: 1, max: 1e9 }), (seed, n, range) => {
      const generator = new Generator(seed)
      const order = Array.from(generator.randperm(n)).sort((a, b) => a - b)
      expect(order).toEqual(Array.from({ length: n }, (_, i) => i))
      for (const x of generator.integers(new Int32Array(n), -range, range))
        if (x < -range || x >= range) expect.fail(`${x}`)
      for (const x of generator.uniform(new Float32Array(n))) if (!(x >= 0 && x < 1)) expect.fail(`${x}`)
      for (const x of generator.normal(new Float32Array(n))) if (!Number.isFinite(x)) expect.fail(`${x}`)
      expect(generator.bernoulli(new Uint8Array(n), 0).every((x) => x === 0)).toBe(true)
      expect(generator.bernoulli(new Uint8Array(n), 1).every((x) => x === 1)).toBe(true)
    }),
    { numRuns: 50 },
  )
})
