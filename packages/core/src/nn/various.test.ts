import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { withBackend } from '../backends/default.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { ones, tensor, zeros } from '../tensor/create.ts'
import { checkLayer, type LayerCase } from '../testing/layers.ts'
import * as convs from './conv.ts'
import * as dropouts from './dropout.ts'
import * as embeddings from './embedding.ts'
import type { AnyModule } from './module.ts'
import * as paddings from './padding.ts'
import * as softmaxes from './softmax.ts'
import * as upsamples from './upsample.ts'

const golden: LayerCase[] = JSON.parse(readFileSync(new URL('__golden__/various.json', import.meta.url), 'utf8'))

const here: Record<string, unknown> = { ...dropouts, ...embeddings, ...paddings, ...softmaxes, ...upsamples }
const layers: Record<string, unknown> = { ...here, ...convs }

const build =
  (name: string) =>
  (args: readonly never[]): AnyModule =>
    new (layers[name] as new (...args: readonly never[]) => AnyModule)(...args)

// Sums of up to 24 products below 1, exponentials within 2 ULP. Embeddings are normal draws, to 1.2e-7.
const tolerance = { atol: 3e-6, rtol: 3e-6 }

describe.each([
  ['reference', referenceBackend],
  ['wasm', wasmBackend],
])('state, output and gradients on %s', (_, backend) => {
  test.each(golden.map((c) => [`${c.layer} ${JSON.stringify(c.args)} ${c.evaluate ? 'eval' : ''}`, c] as const))(
    '%s',
    (_, c) => {
      expect(withBackend(backend(), () => checkLayer(c, { build: build(c.layer), tolerance }))).toBe(true)
    },
  )
})

test('every layer here has a recorded case, but those that torch 1.13 lacks', () => {
  const recorded = new Set(golden.map((c) => c.layer))
  const missing = Object.keys(here).filter((name) => !recorded.has(name))
  expect(missing.toSorted()).toEqual([
    'ChannelShuffle',
    'CircularPad1d',
    'CircularPad2d',
    'CircularPad3d',
    'ZeroPad1d',
    'ZeroPad3d',
  ])
})

test('the layers that torch 1.13 lacks', () => {
  const x = tensor([[[1, 2, 3]]])
  expect(new paddings.CircularPad1d([1, 2]).forward(x).toArray()).toEqual([[[3, 1, 2, 3, 1, 2]]])
  expect(new paddings.ZeroPad1d(1).forward(x).toArray()).toEqual([[[0, 1, 2, 3, 0]]])
  expect(new paddings.CircularPad2d(1).forward(ones([1, 1, 2, 2])).shape).toEqual([1, 1, 4, 4])
  expect(new paddings.CircularPad3d(1).forward(ones([1, 1, 2, 2, 2])).shape).toEqual([1, 1, 4, 4, 4])
  expect(new paddings.ZeroPad3d(1).forward(ones([1, 2, 2, 2])).shape).toEqual([1, 4, 4, 4])
  expect(new upsamples.ChannelShuffle(2).forward(tensor([[[1], [2], [3], [4]]])).toArray()).toEqual([
    [[1], [3], [2], [4]],
  ])
})

test('what does not fit is refused', () => {
  expect(() => new dropouts.Dropout(1.5)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: Dropout: p is not a probability; got 1.5, expected a number in [0, 1].]`,
  )
  expect(() => new embeddings.Embedding(3, 2, { paddingIdx: 3 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: Embedding: paddingIdx is out of range; got 3, expected an integer in [-3,3].]`,
  )
  expect(() => new embeddings.Embedding(3, 2).forward(tensor(Int32Array.of(3)))).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: embedding: an index is out of range; got 3, expected integers in [0, 3).]`,
  )
  expect(() => new paddings.ReflectionPad2d([1, 2]).forward(zeros([1, 1, 4, 4]))).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: ReflectionPad2d: padding does not fit; got [1,2], expected an integer >= -Infinity, or 4 of them.]`,
  )
  expect(() => new paddings.ReflectionPad1d(1).forward(zeros([1, 1, 4, 4]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: ReflectionPad1d: the rank does not fit; got [1,1,4,4], expected [N, C, ...] or [C, ...] with 1 axes of space.]`,
  )
  expect(() => new softmaxes.Softmax2d().forward(zeros([4]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: Softmax2d: the rank does not fit; got [4], expected [N, C, H, W] or [C, H, W].]`,
  )
  expect(() => new convs.Conv2d(1, 1, 3, { paddingMode: 'mirror' as 'reflect' })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: Conv2d: there is no such padding mode; got mirror, expected zeros, reflect, replicate or circular.]`,
  )
  expect(() => new upsamples.PixelShuffle(0)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: PixelShuffle: factor does not fit; got 0, expected an integer >= 1.]`,
  )
})
