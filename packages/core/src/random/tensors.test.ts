import { expect, test } from 'vitest'
import { referenceBackend } from '../backends/reference/reference.ts'
import { linspace, ones, tensor } from '../tensor/create.ts'
import { reshape } from '../ops/views.ts'
import type { Tensor } from '../tensor/tensor.ts'
import golden from './__golden__/tensors.json' with { type: 'json' }
import { manualSeed } from './default.ts'
import { Generator } from './generator.ts'
import { bernoulli, multinomial, normal, rand, randint, randn, randperm, uniform } from './tensors.ts'

test('one seed gives the tensors of PyTorch, one after the other', () => {
  const weights = tensor([
    [0.1, 0.2, 0.3, 0.4],
    [1, 0, 5, 2],
  ])
  const draws: Record<keyof typeof golden, () => Tensor> = {
    rand: () => rand([2, 3]),
    randn: () => randn([3]),
    'randn big': () => randn([4, 5]),
    uniform: () => uniform(-3, 2, [4]),
    normal: () => normal(2, 0.5, [3]),
    randint: () => randint(-5, 9, [2, 4]),
    randperm: () => randperm(9),
    bernoulli: () => bernoulli(reshape(linspace(0, 1, 12), [3, 4])),
    multinomial: () => multinomial(weights, 3),
    'multinomial one': () => multinomial(tensor([0.1, 0.2, 0.3, 0.4]), 1),
    'multinomial replacement': () => multinomial(weights, 6, { replacement: true }),
  }
  manualSeed(4)
  for (const [name, draw] of Object.entries(draws)) {
    const expected = golden[name as keyof typeof golden]
    const got = draw()
    // Normal values differ by PyTorch's own vector instructions (see Generator).
    expect(
      Array.from(got.dataSync(), (v, i) => Math.abs(v - expected[i]) <= 3e-7 * Math.max(1, Math.abs(expected[i]))),
      name,
    ).not.toContain(false)
    expect(got.size).toBe(expected.length)
  }
})

test('dtype, backend and generator are taken', () => {
  const backend = referenceBackend()
  const generator = new Generator(1)
  const x = rand([2], { dtype: 'f64', backend, generator })
  expect([x.dtype, x.backend]).toEqual(['f64', backend])
  expect(x.toArray()).toEqual([...new Generator(1).uniform(new Float64Array(2))])
  expect(randint(0, 2, [3], { dtype: 'f32' }).dtype).toBe('f32')
  expect(rand([0, 3]).shape).toEqual([0, 3])
})

test('errors name the rule', () => {
  expect(() => rand([-1])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: uniform: a size is not a whole number; got [-1], expected integers >= 0.]`,
  )
  expect(() => randint(3, 3, [1])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: integers: not a range; got low 3, high 3, expected integers low < high.]`,
  )
  expect(() => bernoulli(tensor([2]))).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: bernoulli: not a probability; got 2, expected a number in [0, 1].]`,
  )
  expect(() => bernoulli(tensor([1], { dtype: 'i32' }))).toThrowErrorMatchingInlineSnapshot(
    `[DTypeError: bernoulli: the op needs a floating-point tensor; got i32[1], expected f32 or f64. Use cast(x, 'f32').]`,
  )
  expect(() => multinomial(ones([1, 1, 1]), 1)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: multinomial: the rank does not fit; got [1,1,1], expected [n] or [rows, n].]`,
  )
})
