import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { withBackend } from '../backends/default.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { manualSeed } from '../random/default.ts'
import { ones, tensor, zeros } from '../tensor/create.ts'
import { checkLayer, type LayerCase } from '../testing/layers.ts'
import { maxPoolWithIndices } from '../ops/pool.ts'
import * as activations from './activations.ts'
import * as convs from './conv.ts'
import * as linears from './linear.ts'
import type { AnyModule } from './module.ts'
import * as pools from './pooling.ts'
import * as reshaping from './reshaping.ts'

const golden: LayerCase[] = JSON.parse(readFileSync(new URL('__golden__/basic.json', import.meta.url), 'utf8'))

const layers: Record<string, unknown> = { ...activations, ...convs, ...linears, ...pools, ...reshaping }

const build =
  (name: string) =>
  (args: readonly never[]): AnyModule =>
    new (layers[name] as new (...args: readonly never[]) => AnyModule)(...args)

// f32 sums of up to 100 products below 1; tanh and exp within 3 ULP.
const tolerance = { atol: 5e-6, rtol: 5e-6 }

describe.each([
  ['reference', referenceBackend],
  ['wasm', wasmBackend],
])('state, output and gradients on %s', (_, backend) => {
  test.each(golden.map((c) => [`${c.layer} ${JSON.stringify(c.args)}`, c] as const))('%s', (_, c) => {
    expect(withBackend(backend(), () => checkLayer(c, { build: build(c.layer), tolerance }))).toBe(true)
  })
})

test('every layer here has a recorded case', () => {
  const recorded = new Set(golden.map((c) => c.layer))
  const missing = Object.keys(layers).filter((name) => !recorded.has(name))
  expect(missing).toEqual(['MaxUnpool1d', 'MaxUnpool2d', 'MaxUnpool3d'])
})

test('a linear layer draws its weight as torch does', () => {
  manualSeed(0)
  const { weight, bias } = new linears.Linear(3, 2)
  expect([...weight.dataSync()]).toEqual(
    [...Float32Array.of(-0.0043225, 0.30971, -0.47518, -0.42489, -0.22236, 0.15482)].map((v) => expect.closeTo(v, 4)),
  )
  expect(bias!.shape).toEqual([2])
})

test('max unpooling takes indices, and an output size', () => {
  const [y, index] = maxPoolWithIndices(tensor([[[1, 2, 3, 4, 5]]]), 2)
  expect(new pools.MaxUnpool1d(2).forward(y, index, [5]).toArray()).toEqual([[[0, 2, 0, 4, 0]]])
})

test('options out of range are refused at construction', () => {
  expect(() => new linears.Linear(0, 2)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: Linear: inFeatures does not fit; got 0, expected an integer >= 1.]`,
  )
  expect(() => new convs.Conv2d(3, 4, 3, { groups: 2 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: Conv2d: groups do not divide inChannels; got 2 groups and inChannels 3, expected a divisor of 3.]`,
  )
  expect(() => new convs.Conv2d(3, 4, [3, 3, 3])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: Conv2d: kernelSize does not fit; got [3,3,3], expected an integer >= 1, or 2 of them.]`,
  )
  expect(() => new convs.Conv2d(3, 4, 3, { padding: 'same', stride: 2 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: Conv2d: padding 'same' needs a stride of 1; got stride [2,2]. Give the padding in numbers.]`,
  )
  expect(() => new convs.ConvTranspose2d(3, 4, 3, { stride: -1 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: ConvTranspose2d: stride does not fit; got -1, expected an integer >= 1, or 2 of them.]`,
  )
  expect(() => new linears.Bilinear(2, 3, 4).forward(ones([2, 2]), ones([3, 3]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: Bilinear: the sizes do not match; got [2,2] and [3,3], expected [..., 2] and [..., 3].]`,
  )
  expect(() => new reshaping.Unflatten(1, [5, -1]).forward(zeros([2, 6]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: reshape: the sizes do not fit; got [2,6] (12 elements) to [2,5,1.2], expected the same number of elements, with at most one -1.]`,
  )
})
