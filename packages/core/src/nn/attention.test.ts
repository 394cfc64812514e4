import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { withBackend } from '../backends/default.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { defaultGenerator, manualSeed } from '../random/default.ts'
import { ones, tensor, zeros } from '../tensor/create.ts'
import { scope } from '../tensor/scope.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { mul } from '../ops/binary.ts'
import { sum } from '../ops/reduce.ts'
import { square } from '../ops/unary.ts'
import { allClose, expectNoLeaks } from '../testing/close.ts'
import { uniformTensors } from '../testing/golden.ts'
import { checkLayer, type LayerCase } from '../testing/layers.ts'
import {
  MultiheadAttention,
  TransformerEncoder,
  TransformerEncoderLayer,
  type TransformerEncoderLayerOptions,
} from './attention.ts'
import type { AnyModule } from './module.ts'
import { LayerNorm } from './norm.ts'

const golden: LayerCase[] = JSON.parse(readFileSync(new URL('__golden__/attention.json', import.meta.url), 'utf8'))

const causal = (): Tensor =>
  tensor([
    [false, true, true],
    [false, false, true],
    [false, false, false],
  ])
const padding = (): Tensor =>
  tensor([
    [false, false, false],
    [false, false, true],
  ])

const build = (name: string, args: readonly never[]): AnyModule => {
  const [size, heads, options] = args as readonly [number, number, TransformerEncoderLayerOptions]
  if (name === 'MultiheadAttention') return new MultiheadAttention(size, heads, options)
  const layer = new TransformerEncoderLayer(size, heads, options)
  return name === 'TransformerEncoder' ? new TransformerEncoder(layer, 2, { norm: new LayerNorm(size) }) : layer
}

/** What the suffix of a case's name asks for. */
const callOptions: Record<string, () => object> = {
  'MultiheadAttention all heads': () => ({ averageWeights: false }),
  'MultiheadAttention no weights': () => ({ needWeights: false }),
  'MultiheadAttention masks': () => ({ keyPaddingMask: padding(), attnMask: causal() }),
  'MultiheadAttention float mask': () => ({ attnMask: mul(causal(), -2.5) }),
  'TransformerEncoderLayer masks': () => ({ mask: causal(), keyPaddingMask: padding() }),
}

// Sums of a dozen products through exponentials within 2 ULP and a layer norm of four values.
const tolerance = { atol: 1e-5, rtol: 1e-5 }

describe.each([
  ['reference', referenceBackend],
  ['wasm', wasmBackend],
])('state, outputs and gradients on %s', (_, backend) => {
  test.each(golden.map((c) => [`${c.layer} ${JSON.stringify(c.args)} ${JSON.stringify(c.shapes)}`, c] as const))(
    '%s',
    (_, c) => {
      const run = {
        build: (args: readonly never[]) => build(c.layer.split(' ')[0], args),
        call: (layer: AnyModule, inputs: readonly Tensor[]) => layer.forward(...inputs, callOptions[c.layer]?.() ?? {}),
        tolerance,
      }
      expect(withBackend(backend(), () => checkLayer(c, run))).toBe(true)
    },
  )
})

test('copies of a layer draw nothing', () => {
  manualSeed(1)
  const layer = new TransformerEncoderLayer(4, 2, { dimFeedforward: 8 })
  const next = defaultGenerator().state()
  new TransformerEncoder(layer, 3)
  expect(defaultGenerator().state()).toEqual(next)
})

test('a query that may look nowhere but at one key takes its value', () => {
  const layer = new MultiheadAttention(4, 2).eval()
  const x = uniformTensors(1)([3, 1, 4])
  const only = tensor([
    [false, true, true],
    [false, true, true],
    [false, true, true],
  ])
  const [, weights] = layer.forward(x, x, x, { attnMask: only })
  expect(weights!.toArray()).toEqual([
    [
      [1, 0, 0],
      [1, 0, 0],
      [1, 0, 0],
    ],
  ])
  const perHead = tensor([only.toArray(), only.toArray()] as never, { dtype: 'bool' })
  expect(allClose(layer.forward(x, x, x, { attnMask: perHead })[1]!, weights!)).toBe(true)
})

test('nothing is left behind', () => {
  const backend = wasmBackend()
  withBackend(backend, () => {
    const layer = new TransformerEncoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true })
    const x = uniformTensors(1)([2, 5, 8])
    expectNoLeaks(backend, () => {
      scope(() => sum(square(layer.forward(x))).backward())
      layer.zeroGrad()
    })
    expect(backend.report()).toEqual({})
  })
})

test('what does not fit is refused', () => {
  expect(() => new MultiheadAttention(6, 4)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: MultiheadAttention: the heads do not divide embedDim; got 4 heads and embedDim 6, expected a divisor.]`,
  )
  const layer = new MultiheadAttention(4, 2)
  expect(() => layer.forward(ones([3, 1, 4]), ones([5, 2, 4]), ones([5, 2, 4]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: MultiheadAttention: the inputs do not fit; got [3,1,4], [5,2,4], [5,2,4], expected [L, N, 4], [S, N, 4], [S, N, 4].]`,
  )
  expect(() =>
    layer.forward(ones([3, 1, 4]), ones([5, 1, 4]), ones([5, 1, 4]), { attnMask: zeros([3, 3]) }),
  ).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: MultiheadAttention: attnMask does not fit; got [3,3], expected [3,5] or [2,3,5].]`,
  )
  expect(() => new TransformerEncoderLayer(4, 2, { activation: 'swish' as 'relu' })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: TransformerEncoderLayer: there is no such activation; got swish, expected relu, gelu or a function.]`,
  )
})
