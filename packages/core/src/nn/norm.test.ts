import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { withBackend } from '../backends/default.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { rmsNorm } from '../ops/layer-norm.ts'
import { ones, zeros } from '../tensor/create.ts'
import { uniformTensors } from '../testing/golden.ts'
import { checkLayer, type LayerCase } from '../testing/layers.ts'
import type { AnyModule } from './module.ts'
import * as norms from './norm.ts'

const golden: LayerCase[] = JSON.parse(readFileSync(new URL('__golden__/norm.json', import.meta.url), 'utf8'))

const layers: Record<string, unknown> = { ...norms }

const build =
  (name: string) =>
  (args: readonly never[]): AnyModule =>
    new (layers[name] as new (...args: readonly never[]) => AnyModule)(...args)

// Sums of up to 24 terms over deviations of 0.5 or so, in f32 on both sides; gradients of pairs of values cancel.
const tolerance = { atol: 1e-5, rtol: 1e-5 }

describe.each([
  ['reference', referenceBackend],
  ['wasm', wasmBackend],
])('state, output and gradients on %s', (_, backend) => {
  test.each(
    golden.map(
      (c) =>
        [`${c.layer} ${JSON.stringify(c.args)} ${JSON.stringify(c.shapes)} ${c.evaluate ? 'eval' : ''}`, c] as const,
    ),
  )('%s', (_, c) => {
    expect(withBackend(backend(), () => checkLayer(c, { build: build(c.layer), tolerance }))).toBe(true)
  })
})

test('every layer here has a recorded case', () => {
  const recorded = new Set(golden.map((c) => c.layer))
  expect(Object.keys(norms).filter((name) => !recorded.has(name))).toEqual(['RMSNorm'])
})

test('RMSNorm scales by its weight', () => {
  const x = uniformTensors(1)([2, 4])
  expect(new norms.RMSNorm(4, { eps: 0.1 }).forward(x).toArray()).toEqual(rmsNorm(x, [4], { eps: 0.1 }).toArray())
  expect([...new norms.RMSNorm([2, 3]).stateDict().keys()]).toEqual(['weight'])
})

test('running statistics can be reset', () => {
  const layer = new norms.BatchNorm2d(2)
  layer.forward(uniformTensors(1)([2, 2, 3, 3]))
  expect(layer.num_batches_tracked!.item()).toBe(1)
  layer.resetRunningStats()
  expect([layer.num_batches_tracked!, layer.running_mean!, layer.running_var!].map((t) => t.toArray())).toEqual([
    0,
    [0, 0],
    [1, 1],
  ])
})

test('what does not fit is refused', () => {
  expect(() => new norms.BatchNorm2d(3).forward(ones([2, 3]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: BatchNorm2d: the rank does not fit; got [2,3], expected [N, C, H, W].]`,
  )
  expect(() => new norms.BatchNorm2d(3).forward(ones([2, 4, 2, 2]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: batchNorm: weight does not fit; got [3], expected [4], one for each channel of [2,4,2,2].]`,
  )
  expect(() => new norms.BatchNorm1d(3).forward(zeros([1, 3]))).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: batchNorm: one value per channel has no variance; got [1,3], expected more than one value per channel when training. Use a larger batch, or eval().]`,
  )
  expect(() => new norms.BatchNorm1d(3, { momentum: 2 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: BatchNorm1d: momentum does not fit; got 2, expected a number in [0, 1], or null.]`,
  )
  expect(() => new norms.GroupNorm(3, 4)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: GroupNorm: groups do not divide numChannels; got 3 groups and numChannels 4, expected a divisor of 4.]`,
  )
  expect(() => new norms.LayerNorm([3, 0])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: LayerNorm: size 1 does not fit; got 0, expected an integer >= 1.]`,
  )
  expect(() => new norms.InstanceNorm2d(3).forward(ones([2, 3]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: InstanceNorm2d: the rank does not fit; got [2,3], expected [N, C, ...] or [C, ...] with 2 axes of space.]`,
  )
})
