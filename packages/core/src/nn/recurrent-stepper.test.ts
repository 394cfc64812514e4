import { describe, expect, test } from 'vitest'
import { withBackend } from '../backends/default.ts'
import { referenceBackend } from '../backends/reference/reference.ts'
import { wasmBackend } from '../backends/wasm/wasm.ts'
import { manualSeed } from '../random/default.ts'
import { Generator } from '../random/generator.ts'
import { fromData, tensor } from '../tensor/create.ts'
import { scope } from '../tensor/scope.ts'
import { Embedding } from './embedding.ts'
import { Linear } from './linear.ts'
import { RecurrentStepper } from './recurrent-stepper.ts'
import { GRU, LSTM, RNN } from './recurrent.ts'

const T = 6

const layers = {
  LSTM: (inputs: number, H: number, bias: boolean): LSTM => new LSTM(inputs, H, { numLayers: 2, bias }),
  GRU: (inputs: number, H: number, bias: boolean): GRU => new GRU(inputs, H, { numLayers: 2, bias }),
  tanh: (inputs: number, H: number, bias: boolean): RNN => new RNN(inputs, H, { numLayers: 2, bias }),
  relu: (inputs: number, H: number, bias: boolean): RNN =>
    new RNN(inputs, H, { numLayers: 2, bias, nonlinearity: 'relu' }),
  'GRU that resets first': (inputs: number, H: number, bias: boolean): GRU =>
    new GRU(inputs, H, { numLayers: 2, bias, resetAfter: false }),
  'LSTM with a projection': (inputs: number, H: number, bias: boolean): LSTM =>
    new LSTM(inputs, H + 1, { numLayers: 2, bias, projSize: H }),
}

const expectClose = (got: ArrayLike<number>, expected: ArrayLike<number>): void => {
  expect(got.length).toBe(expected.length)
  // Sums of up to 40 products in another order, through functions within 3 ULP, over 6 steps.
  for (let i = 0; i < got.length; i++) expect(Math.abs(got[i] - expected[i])).toBeLessThan(3e-6)
}

describe.each([
  ['reference', referenceBackend],
  ['wasm', wasmBackend],
])('on %s', (_, backend) => {
  const cases = Object.entries(layers).flatMap(([name, build]) =>
    [1, 3, 16, 21].map((H) => [name, H, H !== 3, build] as const),
  )
  test.each(cases)('%s of %s units, bias %s, gives what the layer gives', (_, H, bias, build) =>
    withBackend(backend(), () => {
      manualSeed(H)
      const layer = build(5, H, bias)
      const values = new Generator(1).uniform(new Float32Array(T * 5), -1, 1)
      const [y, last] = layer.forward(fromData(values, [T, 1, 5], 'f32')) as ReturnType<LSTM['forward']>
      const expected = y.dataSync()
      const stepper = new RecurrentStepper(layer)
      for (let t = 0; t < T; t++) {
        expectClose(stepper.step(values.subarray(5 * t, 5 * t + 5)), expected.subarray(t * H, (t + 1) * H))
      }
      const states = Array.isArray(last) ? last : [last]
      expectClose(
        stepper.state(),
        states.flatMap((s) => [...s.dataSync()]),
      )
    }),
  )

  test.each([
    ['LSTM', () => new LSTM(4, 9)],
    ['LSTM with a projection', () => new LSTM(4, 11, { projSize: 9 })],
    ['GRU that resets first', () => new GRU(4, 9, { resetAfter: false })],
  ])('an embedding and a head, %s', (_, build) =>
    withBackend(backend(), () => {
      manualSeed(3)
      const [embedding, lstm, head] = [new Embedding(7, 4), build(), new Linear(9, 30)]
      const tokens = Int32Array.of(0, 6, 3, 3)
      const expected = head.forward(lstm.forward(embedding.forward(tensor(tokens)))[0]).dataSync()
      const stepper = new RecurrentStepper(lstm, { embedding, head })
      tokens.forEach((token, t) => expectClose(stepper.step(token), expected.subarray(30 * t, 30 * t + 30)))
    }),
  )
})

test.each([
  ['GRU', () => new GRU(2, 5, { numLayers: 3 }), 15],
  ['GRU that resets first', () => new GRU(2, 5, { numLayers: 3, resetAfter: false }), 15],
  ['LSTM with a projection', () => new LSTM(2, 5, { numLayers: 3, projSize: 3 }), 24],
])('a state goes on elsewhere, after an odd and an even number of steps, %s', (_, build, size) => {
  manualSeed(0)
  const layer = build()
  for (const count of [1, 2]) {
    const [a, b] = [new RecurrentStepper(layer), new RecurrentStepper(layer)]
    b.step([9, 9])
    for (let i = 0; i < count; i++) a.step([i, 1])
    b.setState(a.state())
    expect(b.state()).toEqual(a.state())
    expect([...b.step([5, 5])]).toEqual([...a.step([5, 5])])
    a.reset()
    expect(a.state()).toEqual(new Float32Array(size))
  }
})

test('it keeps the weights that it was made from', () => {
  const lstm = new LSTM(1, 4)
  const [a, before] = [new RecurrentStepper(lstm), new RecurrentStepper(lstm).step([1]).slice()]
  lstm.loadStateDict(new LSTM(1, 4).stateDict())
  expect(a.step([1])).toEqual(before)
  expect(new RecurrentStepper(lstm).step([1])).not.toEqual(before)
})

test.each([
  ['LSTM', () => new LSTM(8, 40, { numLayers: 2 })],
  ['LSTM with a projection', () => new LSTM(8, 50, { numLayers: 2, projSize: 40 })],
  ['GRU that resets first', () => new GRU(8, 40, { numLayers: 2, resetAfter: false })],
])('steps allocate no tensor memory, in a scope and outside, %s', (_, build) => {
  const stepper = new RecurrentStepper(build(), { head: new Linear(40, 10) })
  const input = new Float32Array(8)
  const output = stepper.step(input)
  const { blocks, reserved, live } = wasmBackend().memory()
  for (let i = 0; i < 200; i++) expect(i % 2 ? stepper.step(input) : scope(() => stepper.step(input))).toBe(output)
  expect(wasmBackend().memory()).toMatchObject({ blocks, reserved, live })
  for (const op of ['recurrentStep', 'composedStep']) expect(wasmBackend().report()).not.toHaveProperty(op)
})

test('what is refused', () => {
  const lstm = new LSTM(3, 4)
  expect(() => new RecurrentStepper(new GRU(3, 4, { bidirectional: true }))).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: RecurrentStepper: the layer cannot go step by step; got two directions, expected one direction. Run forward() over the sequence.]`,
  )
  expect(() => new RecurrentStepper(new LSTM(3, 4, { projSize: 2 }), { head: new Linear(4, 2) })).toThrow(
    'the head does not fit the layer; got [4], expected [2]',
  )
  expect(() => new RecurrentStepper(lstm, { head: new Linear(5, 2) })).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: RecurrentStepper: the head does not fit the layer; got [5], expected [4].]`,
  )
  const tokens = new RecurrentStepper(lstm, { embedding: new Embedding(7, 3) })
  expect(() => tokens.step(7)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: RecurrentStepper: the token is out of range; got 7, expected an integer in [0, 7).]`,
  )
  expect(() => tokens.step([1, 2, 3])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: RecurrentStepper: the input does not fit; got 3 values, expected a token id.]`,
  )
  const plain = new RecurrentStepper(lstm)
  expect(() => plain.step(1)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: RecurrentStepper: the token is out of range; got 1, expected 3 values.]`,
  )
  expect(() => plain.step([1, 2])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: RecurrentStepper: the input does not fit; got 2 values, expected 3 values.]`,
  )
  expect(() => plain.setState([1])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: RecurrentStepper.setState: the state does not fit; got 1 values, expected 8.]`,
  )
})
