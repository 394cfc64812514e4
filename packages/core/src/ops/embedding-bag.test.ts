import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { backward } from '../autograd/backward.ts'
import { withBackend } from '../backends/default.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { Generator } from '../random/generator.ts'
import { fromData, tensor, zeros } from '../tensor/create.ts'
import { allClose } from '../testing/close.ts'
import { gradCheck, gradGradCheck } from '../testing/grad-check.ts'
import { mul } from './binary.ts'
import { embeddingBag } from './embedding-bag.ts'
import { sum } from './reduce.ts'
import { reshape } from './views.ts'

const golden: { cases: Record<string, { y: number[]; dWeight: number[]; dShare?: number[] }> } = JSON.parse(
  readFileSync(new URL('__golden__/embedding-bag.json', import.meta.url), 'utf8'),
)
const draw = new Generator(0)
const rows = draw.uniform(new Float32Array(45)).map((v) => Math.fround(v * 2) - 1)
const shares = draw.uniform(new Float32Array(24))
const places = Int32Array.from(draw.uniform(new Float32Array(24)), (v) => Math.floor(Math.fround(v * 9)))
const indices = () => fromData(places, [4, 6], 'i32')

describe.each([
  ['reference', referenceBackend],
  ['wasm', wasmBackend],
])('embeddingBag on %s', (_, backend) => {
  test.each(['mean', 'sum', 'weighted'] as const)('equals torch, values and gradients: %s', (name) => {
    withBackend(backend(), () => {
      const weight = fromData(rows, [9, 5], 'f32').requiresGrad_()
      const perSampleWeights = fromData(shares, [4, 6], 'f32').requiresGrad_()
      const options = name === 'weighted' ? { mode: 'sum' as const, perSampleWeights } : { mode: name }
      const y = embeddingBag(indices(), weight, options)
      expect(y.shape).toEqual([4, 5])
      const want = golden.cases[name]
      expect(allClose(y, want.y, { atol: 1e-6 })).toBe(true)
      backward(sum(mul(y, reshape(tensor(Float32Array.from({ length: 20 }, (_, i) => i)), [4, 5]))))
      expect(allClose(weight.grad!, want.dWeight, { atol: 1e-5 })).toBe(true)
      if (want.dShare) expect(allClose(perSampleWeights.grad!, want.dShare, { atol: 1e-5 })).toBe(true)
    })
  })

  test('takes nothing', () => {
    withBackend(backend(), () => {
      const none = zeros([0, 3], { dtype: 'i32' })
      expect(embeddingBag(none, zeros([4, 2])).shape).toEqual([0, 2])
      expect(embeddingBag(zeros([2, 0], { dtype: 'i32' }), zeros([4, 2]), { mode: 'sum' }).toArray()).toEqual([
        [0, 0],
        [0, 0],
      ])
    })
  })
})

test('has right first and second derivatives in the rows and the weights', () => {
  const weight = fromData(rows.subarray(0, 8), [4, 2], 'f32').requiresGrad_()
  const share = fromData(shares.subarray(0, 6), [2, 3], 'f32').requiresGrad_()
  const f = (w: typeof weight, s: typeof share) => {
    const index = fromData(Int32Array.of(0, 3, 3, 1, 0, 2), [2, 3], 'i32', w.backend)
    return embeddingBag(index, w, { mode: 'sum', perSampleWeights: s })
  }
  expect(gradCheck(f, [weight, share])).toBe(true)
  expect(gradGradCheck(f, [weight, share])).toBe(true)
})

test('names what is wrong', () => {
  const weight = zeros([3, 2])
  const index = (...values: number[]) => fromData(Int32Array.from(values), [1, values.length], 'i32')
  expect(() => embeddingBag(index(0, 3), weight)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: embeddingBag: an index is out of range; got 3, expected integers in [0, 3).]`,
  )
  expect(() => embeddingBag(zeros([2], { dtype: 'i32' }), weight)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: embeddingBag: the shapes do not fit; got index [2], weight [3,2], perSampleWeights none, expected index [B, K], weight [V, E], perSampleWeights like the index.]`,
  )
  expect(() => embeddingBag(index(0), weight, { perSampleWeights: zeros([1, 1]) })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: embeddingBag: weights come with the sum alone; got mode mean, expected mode 'sum'.]`,
  )
  expect(() => embeddingBag(zeros([1, 1]), weight)).toThrowErrorMatchingInlineSnapshot(
    `[DTypeError: embeddingBag: the index is not i32; got f32[1,1], expected i32. Use cast(index, 'i32').]`,
  )
})
