import { FormatError, LSTM, manualSeed, ones, RecurrentStepper, RNN, ShapeError, tensor } from '@lanewise/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SequenceModel } from './sequence-model.ts'
import { loadState, stateToBytes, statesFromBytes } from './state.ts'

const model = (): SequenceModel => new SequenceModel({ numTokens: 5, hiddenSize: 3, numLayers: 2 })

test('states of a batch through bytes, to the bit', () => {
  manualSeed(0)
  const [, states] = model().forward(tensor(Int32Array.of(1, 2, 3, 4, 0, 1), { shape: [3, 2] }))
  const again = statesFromBytes(stateToBytes(states))
  expect(again.map((s) => s.shape)).toEqual([
    [2, 3, 3],
    [2, 3, 3],
  ])
  again.forEach((s, i) => expect(s.dataSync()).toEqual(states[i].dataSync()))
})

test("a stepper's state goes to another stepper and to the whole model", () => {
  const m = model()
  const [a, b] = [m.stepper(), m.stepper()]
  ;[1, 4, 2].forEach((token) => a.step(token))
  const bytes = stateToBytes(a)
  loadState(b, bytes)
  const [y] = m.forward(tensor(Int32Array.of(3), { shape: [1, 1] }), statesFromBytes(bytes))
  const next = [...a.step(3)]
  expect([...b.step(3)]).toEqual(next)
  next.forEach((v, i) => expect(Math.abs(v - y.dataSync()[i])).toBeLessThan(1e-6))
  expect(stateToBytes(b)).toEqual(stateToBytes(a))
})

test('bytes that are cut, changed or of another model are refused, and the state stays', () => {
  const stepper = model().stepper()
  stepper.step(1)
  const bytes = stateToBytes(stepper)
  const refused = (changed: Uint8Array): unknown => {
    try {
      loadState(stepper, changed)
    } catch (e) {
      return e
    }
    return null
  }
  const other = new SequenceModel({ numTokens: 5, hiddenSize: 3, numLayers: 2, cell: RNN }).stepper()
  expect(ShapeError.is(refused(stateToBytes(other)))).toBe(true)
  for (let length = 0; length < bytes.length; length++)
    expect(FormatError.is(refused(bytes.subarray(0, length)))).toBe(true)
  const nan = bytes.slice()
  new DataView(nan.buffer).setFloat32(24, NaN, true)
  expect(() => loadState(stepper, nan)).toThrowErrorMatchingInlineSnapshot(
    `[FormatError: recurrent state: a value is not finite; got NaN at byte 24, expected finite values.]`,
  )
  expect(() => loadState(stepper, Uint8Array.of(1))).toThrowErrorMatchingInlineSnapshot(
    `[FormatError: recurrent state: not a recurrent state; got 1 bytes, expected bytes of stateToBytes.]`,
  )
  expect(stateToBytes(stepper)).toEqual(bytes)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (junk) => {
      expect(FormatError.is(refused(junk))).toBe(true)
    }),
  )
  fc.assert(
    fc.property(fc.nat(19), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const changed = bytes.slice()
      changed[at] ^= flip
      const e = refused(changed)
      expect(FormatError.is(e) || ShapeError.is(e)).toBe(true)
    }),
  )
})

test('states of a projection, which differ in size', () => {
  manualSeed(0)
  const lstm = new LSTM(2, 5, { numLayers: 2, projSize: 3 })
  const [, states] = lstm.forward(ones([4, 3, 2]))
  const bytes = stateToBytes(states)
  expect(bytes.length).toBe(24 + 4 * 2 * 3 * (3 + 5))
  const again = statesFromBytes(bytes)
  expect(again.map((s) => s.shape)).toEqual([
    [2, 3, 3],
    [2, 3, 5],
  ])
  again.forEach((s, i) => expect(s.dataSync()).toEqual(states[i].dataSync()))
  const [a, b] = [new RecurrentStepper(lstm), new RecurrentStepper(lstm)]
  a.step([1, 2])
  loadState(b, stateToBytes(a))
  expect([...b.step([3, 4])]).toEqual([...a.step([3, 4])])
  const before = stateToBytes(b)
  for (let length = 0; length < before.length; length++)
    expect(() => loadState(b, before.subarray(0, length))).toThrow(FormatError)
  expect(() => loadState(b, stateToBytes(new RecurrentStepper(new LSTM(2, 5, { numLayers: 2, projSize: 4 }))))).toThrow(
    'loadState: the state is of another model; got [2, 1, 4] and [2, 1, 5]: layers, N, H, expected [2, 1, 3] and [2, 1, 5].',
  )
  expect(stateToBytes(b)).toEqual(before)
})

test('a state that is not finite is not written, for it would not be read', () => {
  expect(() => stateToBytes([tensor([[[1, NaN]]])])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: stateToBytes: a value is not finite; got NaN at 1, expected finite values. Keep the state from before; the input or the weights are out of range.]`,
  )
})

test('states that do not fit each other', () => {
  const [a, b] = [tensor([[[1]]]), tensor([[[1, 2]], [[1, 2]]])]
  expect(() => stateToBytes([a, b])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: stateToBytes: the states do not fit each other; got [1, 1, 1] and [2, 1, 2], expected [layers, N, H] for each.]`,
  )
})
