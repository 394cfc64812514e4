import {
  crossEntropy,
  GRU,
  LSTM,
  manualSeed,
  mean,
  optim,
  reshape,
  RNN,
  scope,
  square,
  tensor,
  transpose,
  type Tensor,
} from '@lanewise/core'
import { allClose } from '@lanewise/core/testing'
import { expect, test } from 'vitest'
import { checkRecorded, read, tokens, type Recorded } from '../testing/golden.ts'
import { SequenceModel, type RecurrentClass } from './sequence-model.ts'

interface Case extends Recorded {
  cell: string
  x?: number[]
}

const golden = read<Case[]>(new URL('__golden__/models.json', import.meta.url))
const cells: Record<string, RecurrentClass> = { LSTM, GRU, RNN }

// Sums of tens of products through functions within 3 ULP; embeddings start within 6e-7 of PyTorch's.
const tolerance = { atol: 3e-6, rtol: 2e-5 }

test.each(Object.keys(cells))('%s: output, gradients and a training step as PyTorch', (cell) => {
  const index = golden.findIndex((c) => c.cell === cell)
  manualSeed(index)
  const model = new SequenceModel({
    numTokens: 11,
    embeddingDim: 6,
    hiddenSize: 8,
    numLayers: 2,
    cell: cells[cell],
    batchFirst: false,
  })
  const x = tokens(11, 5, 3, 7)
  const lossOf = (y: Tensor): Tensor => crossEntropy(reshape(y, [-1, 11]), reshape(x, [-1]))
  checkRecorded(golden[index], model, { forward: () => model.forward(x)[0], lossOf, tolerance })
})

test('vectors with lengths, batch first, as PyTorch', () => {
  const c = golden.find((g) => g.cell === 'lengths')!
  manualSeed(9)
  const model = new SequenceModel({ inputSize: 4, numOutputs: 2, hiddenSize: 5 })
  const x = tensor(c.x!, { shape: [3, 6, 4] })
  const forward = (): Tensor => model.forward(x, null, { lengths: [6, 2, 4] })[0]
  checkRecorded(c, model, { forward, lossOf: (y) => mean(square(y)), tolerance })
})

test('batch first and time first agree, and states carry on', () => {
  manualSeed(0)
  const options = { numTokens: 7, hiddenSize: 6, numLayers: 2 }
  const model = new SequenceModel(options)
  const timeFirst = new SequenceModel({ ...options, batchFirst: false })
  timeFirst.loadStateDict(model.stateDict())
  const x = tokens(7, 2, 8, 3)
  const [y, states] = model.forward(x)
  allClose(transpose(timeFirst.forward(transpose(x, 0, 1))[0], 0, 1), y, { atol: 1e-6 })
  const half = (from: number): Tensor =>
    tensor(
      Int32Array.from({ length: 8 }, (_, i) => Number(x.dataSync()[(i >> 2) * 8 + from + (i & 3)])),
      { shape: [2, 4] },
    )
  const [, first] = model.forward(half(0))
  const [, last] = model.forward(half(4), first)
  last.forEach((s, i) => allClose(s, states[i], { atol: 1e-6 }))
})

test.each(Object.keys(cells))('%s: the stepper gives what the model gives', (cell) => {
  manualSeed(1)
  const model = new SequenceModel({ numTokens: 9, hiddenSize: 10, numLayers: 2, cell: cells[cell] })
  const x = tokens(9, 1, 6, 4)
  const y = model.forward(x)[0].dataSync()
  const reader = model.reader()
  const last = reader.read(x.dataSync() as Int32Array)
  allClose(tensor(last), y.subarray(45), { atol: 2e-6 })
})

test('it learns to repeat what it saw two steps before', () => {
  manualSeed(0)
  const model = new SequenceModel({ numTokens: 4, hiddenSize: 24, cell: GRU })
  const optimizer = optim.adam({ lr: 0.02 })(model.parameters())
  const x = tensor(
    Int32Array.from({ length: 320 }, (_, i) => (i * i * 7 + (i >> 3) + (i % 5)) % 4),
    { shape: [16, 20] },
  )
  const values = x.dataSync()
  const targets = tensor(
    Int32Array.from(values, (_, i) => (i % 20 < 2 ? -100 : values[i - 2])),
    { shape: [16, 20] },
  )
  let loss = Infinity
  for (let step = 0; step < 150; step++) {
    loss = scope(() => {
      const [y] = model.forward(x)
      const loss = crossEntropy(reshape(y, [-1, 4]), reshape(targets, [-1]), { ignoreIndex: -100 })
      optimizer.zeroGrad()
      loss.backward()
      optimizer.step()
      return loss.item()
    })
  }
  expect(loss).toBeLessThan(0.02)
})

test('a text with a bad token leaves the reader where it was', () => {
  const reader = new SequenceModel({ numTokens: 4, hiddenSize: 4 }).reader()
  reader.read([1, 2])
  const before = reader.stepper.state()
  expect(() => reader.read([3, 0, 4])).toThrow('the token is out of range; got 4')
  expect(reader.stepper.state()).toEqual(before)
})

test('what is refused', () => {
  expect(() => new SequenceModel({ hiddenSize: 4 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: SequenceModel: the kind of input is not clear; got numTokens undefined, inputSize undefined, expected one of the two.]`,
  )
  expect(() => new SequenceModel({ hiddenSize: 4, inputSize: 2 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: SequenceModel: numOutputs is missing; expected the size of an output.]`,
  )
  const model = new SequenceModel({ numTokens: 4, hiddenSize: 4 })
  expect(() => model.forward(tokens(4, 1, 2, 1), [model.decoder.weight])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: LSTM: the states do not fit; got 1 tensors, expected h and c.]`,
  )
  expect(() => model.forward(tokens(4, 1, 2, 1), null, { lengths: [3] })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: rnn: LSTM: the lengths do not fit; got [3], expected 1 integers in [1, 2].]`,
  )
  expect(() => model.reader().read([])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: SequenceReader: there is nothing to read; expected at least one token.]`,
  )
  expect(() => model.reader().read([4])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: RecurrentStepper: the token is out of range; got 4, expected an integer in [0, 4).]`,
  )
})
