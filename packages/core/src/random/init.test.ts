import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ShapeError, ValueError } from '../errors.ts'
import { Generator } from './generator.ts'
import * as init from './init.ts'

const golden = JSON.parse(readFileSync(new URL('__golden__/random.json', import.meta.url), 'utf8'))

type Fill = (data: Float32Array, shape: number[], options: object) => Float32Array

const fills: Record<string, Fill> = {
  kaimingUniform: init.kaimingUniform,
  kaimingNormal: init.kaimingNormal,
  xavierUniform: init.xavierUniform,
  xavierNormal: init.xavierNormal,
  glorotUniform: init.glorotUniform,
  glorotNormal: init.glorotNormal,
  lecunUniform: init.lecunUniform,
  lecunNormal: init.lecunNormal,
  heUniform: init.heUniform,
  heNormal: init.heNormal,
  orthogonal: init.orthogonal,
  sparse: (data, shape, options) => init.sparse(data, shape, { sparsity: 0, ...options }),
  eye: init.eye,
  dirac: init.dirac,
  uniform: (data, _, options) => init.uniform(data, options),
  normal: (data, _, options) => init.normal(data, options),
}

// Uniform fills agree to the bit, normal ones to the 1.2e-7 of the generator. PyTorch's erfinv rounds two Newton steps
// in f32: 2 ULP, 2.4e-7. Its QR works in f32 too: the backward error is a few times 7 x 6e-8.
const bounds: Record<string, number> = {
  orthogonal: 2e-6,
  glorotNormal: 2.4e-7,
  lecunNormal: 2.4e-7,
  heNormal: 2.4e-7,
  uniform: 0,
  kaimingUniform: 0,
  xavierUniform: 0,
  eye: 0,
  dirac: 0,
}

test('every initialiser as torch.nn.init, in one stream', () => {
  const generator = new Generator(golden.init.seed)
  for (const { name, shape, options, values } of golden.init.cases) {
    const data = fills[name](new Float32Array(values.length).fill(9), shape, { ...options, generator })
    const want = Float32Array.from(values)
    const bound = (bounds[name] ?? 1.2e-7) * Math.max(...want.map(Math.abs))
    for (let i = 0; i < want.length; i++) {
      expect(Math.abs(data[i] - want[i]), `${name} ${shape} at ${i}`).toBeLessThanOrEqual(bound)
    }
  }
})

test('the initial weights of Conv2d(3, 8, 3) and Linear(10, 5), to the bit', () => {
  const sha = (data: Float32Array): string => createHash('sha256').update(data).digest('hex')
  const generator = new Generator(0)
  const weight = (shape: number[]): Float32Array => {
    const size = shape.reduce((a, b) => a * b)
    return init.kaimingUniform(new Float32Array(size), shape, { a: Math.sqrt(5), generator })
  }
  const bias = (n: number, fanIn: number): Float32Array => {
    const bound = 1 / Math.sqrt(fanIn)
    return init.uniform(new Float32Array(n), { from: -bound, to: bound, generator })
  }
  expect(sha(weight([8, 3, 3, 3]))).toBe(golden.layers.conv)
  expect(sha(bias(8, 27))).toBe(golden.layers.convBias)
  expect(sha(weight([5, 10]))).toBe(golden.layers.linear)
  expect(sha(bias(5, 10))).toBe(golden.layers.linearBias)
})

test('gains', () => {
  for (const [name, gain] of Object.entries<number>(golden.gains)) {
    expect(init.calculateGain(name as init.Nonlinearity)).toBeCloseTo(gain, 14)
  }
  expect(init.calculateGain('leakyRelu', 1)).toBe(1)
})

test('orthogonal rows or columns have length gain and are at right angles', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }), fc.integer(), (rows, cols, seed) => {
      const q = init.orthogonal(new Float64Array(rows * cols), [rows, cols], {
        gain: 3,
        generator: new Generator(seed),
      })
      const [n, m, at] =
        rows <= cols
          ? [rows, cols, (i: number, k: number) => i * cols + k]
          : [cols, rows, (i: number, k: number) => k * cols + i]
      for (let i = 0; i < n; i++) {
        for (let j = 0; j <= i; j++) {
          let product = 0
          for (let k = 0; k < m; k++) product += q[at(i, k)] * q[at(j, k)]
          expect(Math.abs(product - (i === j ? 9 : 0))).toBeLessThan(1e-13)
        }
      }
    }),
    { numRuns: 60 },
  )
})

test('constants and empty weights', () => {
  expect(init.ones(new Float32Array(2))).toEqual(Float32Array.of(1, 1))
  expect(init.zeros(Float32Array.of(1, 2))).toEqual(Float32Array.of(0, 0))
  expect(init.constant(new Float64Array(2), -1.5)).toEqual(Float64Array.of(-1.5, -1.5))
  const generator = new Generator(0)
  for (const fill of [init.kaimingUniform, init.xavierNormal, init.orthogonal]) {
    expect(fill(new Float32Array(0), [0, 4], { generator })).toHaveLength(0)
  }
})

test('bad input', () => {
  const data = new Float32Array(6)
  expect(() => init.kaimingUniform(data, [6])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: kaimingUniform: the rank does not fit; got [6], expected 2 or more axes.]`,
  )
  expect(() => init.kaimingUniform(data, [2, 4])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: kaimingUniform: the shape does not fit the data; got [2,4], expected 6 elements.]`,
  )
  expect(() => init.eye(data, [1, 2, 3])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: eye: the rank does not fit; got [1,2,3], expected 2 axes.]`,
  )
  expect(() => init.dirac(data, [2, 3])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: dirac: the rank does not fit; got [2,3], expected 3 to 5 axes.]`,
  )
  expect(() => init.dirac(data, [3, 1, 2], { groups: 2 })).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: dirac: the groups do not divide the output channels; got [3,1,2], groups 2.]`,
  )
  expect(() => init.sparse(data, [2, 3], { sparsity: 1.5 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: sparse: not a share; got sparsity 1.5, expected a number in [0, 1].]`,
  )
  expect(() => init.sparse(data, [6], { sparsity: 0.5 })).toThrow(ShapeError)
  expect(() => init.orthogonal(data, [6])).toThrow(ShapeError)
  expect(() => init.normal(data, { std: -1 })).toThrow(ValueError)
  expect(data).toEqual(new Float32Array(6))
})
