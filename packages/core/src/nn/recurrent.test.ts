import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { backward } from '../autograd/backward.ts'
import { withBackend } from '../backends/default.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { square } from '../ops/unary.ts'
import { add } from '../ops/binary.ts'
import { sum } from '../ops/reduce.ts'
import { select } from '../ops/views.ts'
import { recurrentLayer, type CellKind } from '../ops/recurrent.ts'
import { manualSeed } from '../random/default.ts'
import { ones, tensor, zeros } from '../tensor/create.ts'
import { scope } from '../tensor/scope.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { allClose, expectNoLeaks } from '../testing/close.ts'
import { uniformTensors } from '../testing/golden.ts'
import { gradCheck, gradGradCheck } from '../testing/grad-check.ts'
import { checkLayer, type LayerCase } from '../testing/layers.ts'
import type { AnyModule } from './module.ts'
import * as recurrent from './recurrent.ts'

const golden: LayerCase[] = JSON.parse(readFileSync(new URL('__golden__/recurrent.json', import.meta.url), 'utf8'))

const layers: Record<string, unknown> = { ...recurrent }

const build =
  (name: string) =>
  (args: readonly never[]): AnyModule =>
    new (layers[name] as new (...args: readonly never[]) => AnyModule)(...args)

/** The recorded calls: all outputs in one list, y first. */
const call =
  (c: LayerCase) =>
  (layer: AnyModule, [x, ...states]: readonly Tensor[]): unknown[] => {
    const lengths = c.layer.endsWith('lengths') ? { lengths: [5, 2, 3] } : {}
    const state = states.length === 0 ? null : states.length === 1 ? states[0] : states
    return [layer.forward(x, state, lengths)].flat(2)
  }

// Five steps of sums of 18 products through tanh within 3 ULP.
const tolerance = { atol: 3e-6, rtol: 1e-5 }

describe.each([
  ['reference', referenceBackend],
  ['wasm', wasmBackend],
])('state, outputs and gradients on %s', (_, backend) => {
  test.each(golden.map((c) => [`${c.layer} ${JSON.stringify(c.args)} ${JSON.stringify(c.shapes)}`, c] as const))(
    '%s',
    (_, c) => {
      const name = c.layer.split(' ')[0]
      expect(withBackend(backend(), () => checkLayer(c, { build: build(name), call: call(c), tolerance }))).toBe(true)
    },
  )
})

test('every layer here has a recorded case', () => {
  const recorded = new Set(golden.map((c) => c.layer))
  expect(Object.keys(recurrent).filter((name) => !recorded.has(name))).toEqual([])
})

const gates = { lstm: 4, gru: 3, tanh: 1, relu: 1 }
const variants: [CellKind, boolean, number[] | null][] = [
  ['lstm', false, null],
  ['lstm', true, [3, 1]],
  ['gru', true, null],
  ['gru', false, [2, 3]],
  ['tanh', false, null],
  ['tanh', true, [1, 3]],
  ['relu', true, null],
]

/** A layer as a function of all that it is differentiable in. */
const layerOf =
  (cell: CellKind, reverse: boolean, lengths: number[] | null) =>
  (xw: Tensor, w: Tensor, b: Tensor, h0: Tensor, ...c0: Tensor[]): Tensor[] =>
    recurrentLayer(xw, {
      cell,
      w,
      b,
      h0,
      c0: c0[0] ?? null,
      lengths: lengths && tensor(Int32Array.from(lengths)),
      reverse,
      projection: null,
    })

const inputsOf = (cell: CellKind, [T, N, H]: readonly number[]): Tensor[] => {
  const draw = uniformTensors(3)
  const rows = gates[cell] * H
  const shapes = [[T, N, rows], [rows, H], [rows], [N, H], ...(cell === 'lstm' ? [[N, H]] : [])]
  return shapes.map((shape) => draw(shape).requiresGrad_())
}

const composed: [name: string, reverse: boolean, lengths: number[] | null, shapes: number[][], options: object][] = [
  ['a GRU that resets first', false, null, [[3, 2, 6], [6, 2], [6], [2, 2]], { cell: 'gru', resetAfter: false }],
  ['a GRU that resets first', true, [3, 1], [[3, 2, 6], [6, 2], [6], [2, 2]], { cell: 'gru', resetAfter: false }],
  ['a projection', true, [2, 3], [[3, 2, 8], [8, 1], [8], [2, 1], [2, 2], [1, 2]], { cell: 'lstm' }],
]

test.each(composed)(
  'gradients of first and second order, %s, reverse %s, lengths %s',
  (_, reverse, lengths, shapes, options) => {
    const draw = uniformTensors(3)
    const f = (...[xw, w, b, h0, c0 = null, projection = null]: Tensor[] | (Tensor | null)[]): Tensor[] =>
      recurrentLayer(xw!, {
        ...(options as { cell: CellKind }),
        w: w!,
        b,
        h0: h0!,
        c0,
        projection,
        lengths: lengths && tensor(Int32Array.from(lengths)),
        reverse,
      })
    const inputs = shapes.map((shape) => draw(shape).requiresGrad_())
    expect(gradCheck(f, inputs)).toBe(true)
    expect(gradGradCheck((...xs) => f(...xs).map(square), inputs)).toBe(true)
  },
)

test.each(variants)('gradients of first and second order, %s, reverse %s, lengths %s', (cell, reverse, lengths) => {
  const f = layerOf(cell, reverse, lengths) as (...xs: Tensor[]) => Tensor[]
  expect(gradCheck(f, inputsOf(cell, [3, 2, 2]))).toBe(true)
  expect(gradGradCheck((...xs) => f(...xs).map(square), inputsOf(cell, [3, 2, 2]))).toBe(true)
})

test.each(variants)(
  'the fused gradient equals the composed one, %s, reverse %s, lengths %s',
  (cell, reverse, lengths) => {
    const [a, b] = [false, true].map((createGraph) => {
      const inputs = inputsOf(cell, [3, 2, 5])
      const outputs = (layerOf(cell, reverse, lengths) as (...xs: Tensor[]) => Tensor[])(...inputs)
      backward(outputs.map((y) => sum(square(y))).reduce(add), null, { createGraph })
      return inputs.map((x) => x.grad!)
    })
    a.forEach((dx, i) => expect(allClose(dx, b[i], { atol: 3e-6, rtol: 1e-5 })).toBe(true))
  },
)

test('only the last states are enough for a gradient', () => {
  for (const createGraph of [false, true]) {
    const inputs = inputsOf('lstm', [3, 2, 2])
    const [, , cn] = (layerOf('lstm', false, null) as (...xs: Tensor[]) => Tensor[])(...inputs)
    backward(sum(square(cn)), null, { createGraph })
    expect(inputs.every((x) => x.grad !== null)).toBe(true)
  }
})

test('two calls that share weights count each of them once', () => {
  const grads = [false, true].map((createGraph) => {
    const [xw, w, b, h0] = inputsOf('tanh', [3, 2, 2])
    const f = layerOf('tanh', false, null)
    const [, h1] = f(xw, w, b, h0)
    const [y] = f(xw, w, b, h1)
    backward(sum(square(y)), null, { createGraph })
    return [xw, w, b, h0].map((x) => x.grad!)
  })
  grads[0].forEach((g, i) => expect(allClose(g, grads[1][i], { atol: 1e-6, rtol: 1e-5 })).toBe(true))
})

test('a cell that resets first steps through what the layer does at once', () => {
  manualSeed(0)
  const gru = new recurrent.GRU(3, 4, { resetAfter: false })
  const cell = new recurrent.GRUCell(3, 4, { resetAfter: false })
  cell.loadStateDict(new Map([...gru.stateDict()].map(([name, x]) => [name.replace('_l0', ''), x])))
  const x = uniformTensors(1)([5, 2, 3])
  let h: Tensor | null = null
  for (let t = 0; t < 5; t++) h = cell.forward(select(x, 0, t), h)
  expect(allClose(h!, gru.forward(x)[1].dataSync(), { atol: 1e-6 })).toBe(true)
})

test('cells step through what the layer does at once', () => {
  manualSeed(0)
  const lstm = new recurrent.LSTM(3, 4)
  const cell = new recurrent.LSTMCell(3, 4)
  cell.loadStateDict(new Map([...lstm.stateDict()].map(([name, x]) => [name.replace('_l0', ''), x])))
  const x = uniformTensors(1)([5, 2, 3])
  let states: readonly [Tensor, Tensor] | null = null
  for (let t = 0; t < 5; t++) states = cell.forward(select(x, 0, t), states)
  const [, [hn, cn]] = lstm.forward(x)
  expect(allClose(states![0], hn.dataSync(), { atol: 1e-6 })).toBe(true)
  expect(allClose(states![1], cn.dataSync(), { atol: 1e-6 })).toBe(true)
})

test('nothing is left behind', () => {
  const backend = wasmBackend()
  withBackend(backend, () => {
    const model = new recurrent.GRU(3, 4, { bidirectional: true })
    const x = uniformTensors(1)([5, 2, 3])
    expectNoLeaks(backend, () => {
      scope(() => sum(square(model.forward(x)[0])).backward())
      model.zeroGrad()
    })
    expect(backend.report()).toEqual({})
  })
})

test('what does not fit is refused', () => {
  const model = new recurrent.LSTM(3, 4)
  expect(() => model.forward(ones([5, 2, 4]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: LSTM: the input does not fit; got [5,2,4], expected [T, N, 3] or [T, 3] of at least one step.]`,
  )
  expect(() => model.forward(ones([5, 2, 3]), [zeros([1, 3, 4]), zeros([1, 2, 4])])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: LSTM: h0 does not fit; got [1,3,4], expected [1,2,4]: layers times directions, batch, size.]`,
  )
  expect(() => model.forward(ones([5, 2, 3]), null, { lengths: [5, 0] })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: LSTM: the lengths do not fit; got [5,0], expected 2 integers in [1, 5].]`,
  )
  expect(() => new recurrent.GRU(0, 4)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: GRU: inputSize does not fit; got 0, expected an integer >= 1.]`,
  )
  expect(() => new recurrent.LSTM(3, 4, { projSize: 4 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: LSTM: projSize does not fit; got 4, expected an integer in [0, 4).]`,
  )
  expect(() => new recurrent.GRUCell(3, 4).forward(ones([2, 3]), ones([2, 3]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: GRUCell: a state does not fit; got [2,3], expected [2,4].]`,
  )
  expect(() => new recurrent.RNNCell(3, 4).forward(ones([2, 2]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: RNNCell: the input does not fit; got [2,2], expected [N, 3] or [3].]`,
  )
})
