import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { backward } from '../autograd/backward.ts'
import { withBackend } from '../backends/default.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { square } from '../ops/unary.ts'
import { add, mul } from '../ops/binary.ts'
import { stack } from '../ops/concat.ts'
import { clone } from '../ops/copy.ts'
import { sum } from '../ops/reduce.ts'
import { select, slice } from '../ops/views.ts'
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

interface Kind {
  readonly cell: CellKind
  readonly resetAfter?: boolean
}

const kinds = {
  lstm: { cell: 'lstm' },
  gru: { cell: 'gru' },
  'gru that resets first': { cell: 'gru', resetAfter: false },
  tanh: { cell: 'tanh' },
  relu: { cell: 'relu' },
} satisfies Record<string, Kind>

type KindName = keyof typeof kinds

const gates = { lstm: 4, gru: 3, tanh: 1, relu: 1 }
const variants: [KindName, boolean, number[] | null][] = [
  ['lstm', false, null],
  ['lstm', true, [3, 1]],
  ['gru', true, null],
  ['gru', false, [2, 3]],
  ['gru that resets first', false, null],
  ['gru that resets first', true, [3, 1]],
  ['tanh', false, null],
  ['tanh', true, [1, 3]],
  ['relu', true, null],
]

/** A layer as a function of all that it is differentiable in. */
const layerOf =
  (name: KindName, reverse: boolean, lengths: number[] | null) =>
  (xw: Tensor, w: Tensor, b: Tensor, h0: Tensor, ...c0: Tensor[]): Tensor[] =>
    recurrentLayer(xw, {
      ...kinds[name],
      w,
      b,
      h0,
      c0: c0[0] ?? null,
      lengths: lengths && tensor(Int32Array.from(lengths)),
      reverse,
      projection: null,
    })

const inputsOf = (name: KindName, [T, N, H]: readonly number[]): Tensor[] => {
  const draw = uniformTensors(3)
  const { cell } = kinds[name]
  const rows = gates[cell] * H
  const shapes = [[T, N, rows], [rows, H], [rows], [N, H], ...(cell === 'lstm' ? [[N, H]] : [])]
  return shapes.map((shape) => draw(shape).requiresGrad_())
}

test('gradients of first and second order, a projection', () => {
  const f = (...[xw, w, b, h0, c0, projection]: Tensor[]): Tensor[] =>
    recurrentLayer(xw, {
      cell: 'lstm',
      w,
      b,
      h0,
      c0,
      projection,
      lengths: tensor(Int32Array.of(2, 3)),
      reverse: true,
    })
  const draw = uniformTensors(3)
  const shapes = [[3, 2, 8], [8, 1], [8], [2, 1], [2, 2], [1, 2]]
  const inputs = shapes.map((shape) => draw(shape).requiresGrad_())
  expect(gradCheck(f, inputs)).toBe(true)
  expect(gradGradCheck((...xs) => f(...xs).map(square), inputs)).toBe(true)
})

test.each(variants)('gradients of first and second order, %s, reverse %s, lengths %s', (kind, reverse, lengths) => {
  const f = layerOf(kind, reverse, lengths) as (...xs: Tensor[]) => Tensor[]
  expect(gradCheck(f, inputsOf(kind, [3, 2, 2]))).toBe(true)
  expect(gradGradCheck((...xs) => f(...xs).map(square), inputsOf(kind, [3, 2, 2]))).toBe(true)
})

test.each(variants)(
  'the fused gradient equals the composed one, %s, reverse %s, lengths %s',
  (kind, reverse, lengths) => {
    const sizes = lengths === null ? [3, 3, 19] : [3, 2, 5]
    const [a, b] = [false, true].map((createGraph) => {
      const inputs = inputsOf(kind, sizes)
      const outputs = (layerOf(kind, reverse, lengths) as (...xs: Tensor[]) => Tensor[])(...inputs)
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

test.each([
  [1, 4, false],
  [1, 33, true],
  [3, 17, true],
  [4, 16, false],
])(
  'a GRU that resets first does at once what its cell does in steps: %s sequences, %s units, bias %s',
  (N, H, bias) => {
    manualSeed(0)
    const gru = new recurrent.GRU(3, H, { resetAfter: false, bias })
    const cell = new recurrent.GRUCell(3, H, { resetAfter: false, bias })
    cell.loadStateDict(new Map([...gru.stateDict()].map(([name, x]) => [name.replace('_l0', ''), x])))
    const draw = uniformTensors(1)
    const [x, h0, dy] = [draw([5, N, 3]), draw([1, N, H]).requiresGrad_(), draw([5, N, H])]
    const ys: Tensor[] = []
    const start = select(h0.detach(), 0, 0).requiresGrad_()
    for (let t = 0; t < 5; t++) ys.push(cell.forward(select(x, 0, t), ys[t - 1] ?? start))
    const [y, hn] = gru.forward(x, h0)
    expect(allClose(y, stack(ys).dataSync(), tolerance)).toBe(true)
    expect(allClose(select(hn, 0, 0), ys[4].dataSync(), tolerance)).toBe(true)
    sum(mul(stack(ys), dy)).backward()
    sum(mul(y, dy)).backward()
    // As above, and sums of up to 20 such products for the weights.
    const close = { atol: 1e-5, rtol: 1e-5 }
    expect(allClose(select(h0.grad!, 0, 0), start.grad!.dataSync(), close)).toBe(true)
    for (const [name, p] of gru.namedParameters()) {
      const stepped = cell.namedParameters().get(name.replace('_l0', ''))!
      expect(allClose(p.grad!, stepped.grad!.dataSync(), close), name).toBe(true)
    }
  },
)

test.each(Object.keys(kinds) as KindName[])('a row has the same bits alone as in a batch, %s', (kind) => {
  const [T, N, H] = [3, 5, 21]
  const inputs = inputsOf(kind, [T, N, H])
  const [xw, w, b, ...states] = inputs
  const f = layerOf(kind, false, null)
  const all = f(xw, w, b, states[0], ...states.slice(1))
  sum(square(all[0])).backward()
  for (let n = 0; n < N; n++) {
    const row = (x: Tensor, axis: number): Tensor => clone(slice(x.detach(), axis, n, n + 1))
    const x = row(xw, 1).requiresGrad_()
    const [h0, c0] = states.map((s) => row(s, 0))
    const [y] = f(x, w, b, h0, ...(c0 ? [c0] : []))
    sum(square(y)).backward()
    expect(y.dataSync()).toEqual(row(all[0], 1).dataSync())
    expect(x.grad!.dataSync()).toEqual(row(xw.grad!, 1).dataSync())
  }
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

test.each([true, false])('nothing is left behind, reset after %s', (resetAfter) => {
  const backend = wasmBackend()
  withBackend(backend, () => {
    const model = new recurrent.GRU(3, 4, { bidirectional: true, resetAfter })
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
