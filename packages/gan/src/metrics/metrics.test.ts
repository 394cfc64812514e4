import { readFileSync } from 'node:fs'
import { Generator, ones, reshape, tensor, zeros } from '@lanewise/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { extractFeatures, FeatureStats, fid, inceptionScore, kid } from '../index.ts'
import { eigen, eigenvalues, multiply, traceOfRoot, transpose, type Matrix } from './matrix.ts'

const golden = JSON.parse(readFileSync(new URL('../__golden__/metrics.json', import.meta.url), 'utf8')) as {
  fid: { seed: number; shape: [number, number, number]; value: number }[]
  inceptionScore: { seed: number; shape: [number, number]; splits: number; value: [number, number] }[]
  kid: { seed: number; shape: [number, number, number]; subsets: number; subsetSize: number; value: [number, number] }[]
  sqrtm: { seed: number; n: number; trace: number; eigenvalues: number[] }[]
}

const draw = (seed: number, count: number, width: number, low: number, high: number) => ({
  data: new Generator(seed).uniform(new Float32Array(count * width), low, high),
  width,
})

const relative = (got: number, want: number): number => Math.abs(got - want) / Math.abs(want)

/** X X^T / n of a drawn X. */
const covariance = (seed: number, n: number): Matrix => {
  const x = Float64Array.from(draw(seed, n, n, -1, 1).data)
  return multiply(x, transpose(x, n), n).map((value) => value / n)
}

test.each(golden.sqrtm)(
  'the trace of a root of $n x $n matrices equals SciPy’s sqrtm',
  ({ seed, n, trace, eigenvalues: largest }) => {
    const [a, b] = [covariance(seed, n), covariance(seed + 1, n)]
    expect(relative(traceOfRoot(a, b, n), trace)).toBeLessThan(1e-9)
    const values = [...eigenvalues(a, n)].sort((x, y) => x - y).slice(-4)
    values.forEach((value, i) => expect(relative(value, largest[i])).toBeLessThan(1e-12))
  },
)

test('eigenvectors put a matrix together again', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(1000), (n, seed) => {
      const a = covariance(seed, n)
      const { values, vectors } = eigen(a, n)
      const scaled = vectors.map((v, i) => v * values[Math.floor(i / n)])
      const again = multiply(transpose(vectors, n), scaled, n)
      a.forEach((value, i) => expect(again[i]).toBeCloseTo(value, 12))
    }),
    { numRuns: 30 },
  )
})

test('matrices that are diagonal, equal or empty of information', () => {
  expect([...eigenvalues(Float64Array.of(2, 0, 0, 3), 2)].sort()).toEqual([2, 3])
  expect([...eigenvalues(new Float64Array(9), 3)]).toEqual([0, 0, 0])
  expect(traceOfRoot(Float64Array.of(4, 0, 0, 9), Float64Array.of(1, 0, 0, 1), 2)).toBeCloseTo(5, 12)
})

test.each(golden.fid)('FID of features $shape equals SciPy’s', ({ seed, shape: [n, m, d], value }) => {
  const [a, b] = [draw(seed, n, d, -1, 1), draw(seed + 1, m, d, -0.5, 2)]
  // Fewer rows than columns leave a matrix without full rank, whose general root SciPy finds to about 1e-6.
  expect(relative(fid(a, b), value)).toBeLessThan(n > d ? 1e-9 : 1e-5)
})

test('FID is 0 for equal sets, symmetric, and the same from batches', () => {
  const [a, b] = [draw(1, 60, 5, -1, 1), draw(2, 50, 5, -1, 3)]
  expect(fid(a, a)).toBeLessThan(1e-9)
  expect(relative(fid(a, b), fid(b, a))).toBeLessThan(1e-9)
  const stats = new FeatureStats(5)
  for (const [from, to] of [
    [0, 7],
    [7, 7],
    [7, 40],
    [40, 60],
  ] as const)
    stats.update({ data: a.data.subarray(5 * from, 5 * to), width: 5 })
  expect(stats.count).toBe(60)
  expect(relative(fid(stats, b), fid(a, b))).toBeLessThan(1e-9)
})

test('FID does not lose small spreads around a large mean', () => {
  const far = (x: ReturnType<typeof draw>): { data: Float64Array; width: number } => ({
    data: Float64Array.from(x.data, (v) => v + 1e6),
    width: x.width,
  })
  const [a, b] = [draw(1, 100, 3, -1, 1), draw(2, 100, 3, -1, 3)]
  expect(relative(fid(far(a), far(b)), fid(a, b))).toBeLessThan(1e-7)
})

test.each(golden.inceptionScore)(
  'Inception Score of logits $shape equals NumPy’s',
  ({ seed, shape: [n, c], splits, value }) => {
    const { mean, std } = inceptionScore(draw(seed, n, c, -6, 6), { splits })
    expect(relative(mean, value[0])).toBeLessThan(1e-10)
    expect(Math.abs(std - value[1])).toBeLessThan(1e-10 * value[0])
  },
)

test('Inception Score lies between 1 and the number of classes', () => {
  const sure = { data: Array.from({ length: 100 }, (_, i) => (i % 11 === 0 ? 900 : 0)), width: 10 }
  expect(inceptionScore(sure, { splits: 1, seed: null }).mean).toBeCloseTo(10, 10)
  expect(inceptionScore(zeros([20, 4]), { splits: 2 }).mean).toBeCloseTo(1, 12)
})

test.each(golden.kid)(
  'KID of features $shape equals NumPy’s',
  ({ seed, shape: [n, m, d], subsets, subsetSize, value }) => {
    const { mean, std } = kid(draw(seed, n, d, -1, 1), draw(seed + 1, m, d, -0.5, 2), { subsets, subsetSize })
    expect(relative(mean, value[0])).toBeLessThan(1e-10)
    expect(Math.abs(std - value[1])).toBeLessThan(1e-10 * value[0])
  },
)

test('features come batch by batch from any extractor', async () => {
  const rows = await extractFeatures((x) => reshape(x, [-1, 4]), [ones([3, 1, 2, 2]), zeros([2, 1, 2, 2])])
  expect(rows.toArray()).toEqual([...Array(3).fill([1, 1, 1, 1]), ...Array(2).fill([0, 0, 0, 0])])
  await expect(extractFeatures((x) => x, [])).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ValueError: extractFeatures: there are no images; expected at least one batch.]`,
  )
  await expect(extractFeatures((x) => x, [ones([1, 1])], { signal: AbortSignal.abort() })).rejects.toThrow('abort')
})

test('errors name the place', () => {
  expect(() =>
    fid(
      tensor([
        [1, 2],
        [3, 4],
      ]),
      tensor([[1], [2]]),
    ),
  ).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: fid: the features differ in width; got 2 and 1, expected features of one extractor.]`,
  )
  expect(() => fid(tensor([[1, 2]]), tensor([[1, 2]]))).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: FeatureStats: there are too few rows; got 1, expected at least 2.]`,
  )
  expect(() =>
    fid(
      tensor([
        [1, NaN],
        [3, 4],
      ]),
      tensor([
        [1, 2],
        [3, 4],
      ]),
    ),
  ).toThrowErrorMatchingInlineSnapshot(`[ValueError: fid: a feature is not finite; got NaN in row 0, column 1.]`)
  expect(() => fid(tensor([1, 2]), tensor([1, 2]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: fid: features are not rows; got [2], expected [N, d]. Flatten maps, or average them over space.]`,
  )
  expect(() => kid(zeros([5, 2]), zeros([5, 2]))).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: kid: the subsets do not fit; got 100 of 1000 rows, sets of 5 and 5, expected at least 1 subset of 2 to 5 rows. Pass a smaller subsetSize, or more samples.]`,
  )
  expect(() => inceptionScore(zeros([5, 2]))).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: inceptionScore: there are too few rows for the splits; got 5 rows, 10 splits, expected at least 1 split, and a row for each.]`,
  )
  expect(() => new FeatureStats(0)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: FeatureStats: width is out of range; got 0, expected an integer >= 1.]`,
  )
})
