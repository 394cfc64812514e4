import { expect, test } from 'vitest'
import { DataLoader } from '../data/loader.ts'
import { tensorDataset } from '../data/dataset.ts'
import { mseLoss } from '../losses/distance.ts'
import { Linear } from '../nn/linear.ts'
import { sgd } from '../optim/sgd.ts'
import { ones } from '../tensor/create.ts'
import { fit } from './fit.ts'
import { eventFileScalars, eventFileStart, tensorBoard } from './tensorboard.ts'

/** Reads records back: lengths, and the bytes between the checksums. */
const recordsOf = (bytes: Uint8Array): Uint8Array[] => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const found: Uint8Array[] = []
  for (let at = 0; at < bytes.length;) {
    const length = Number(view.getBigUint64(at, true))
    found.push(bytes.subarray(at + 12, at + 12 + length))
    at += 16 + length
  }
  return found
}

test('the file starts as TensorFlow’s files do', () => {
  const bytes = eventFileStart(1.5)
  // Length 24 with its masked CRC-32C, then the wall time's tag.
  expect([...bytes.subarray(0, 13)]).toEqual([24, 0, 0, 0, 0, 0, 0, 0, 0xa3, 0x7f, 0x4b, 0x22, 0x09])
  expect(new TextDecoder().decode(recordsOf(bytes)[0].subarray(11))).toBe('brain.Event:2')
})

test('figures stand under their names, with step and time', () => {
  const [data] = recordsOf(eventFileScalars(300, { loss: 0.5 }, 2))
  const expected = [9, 0, 0, 0, 0, 0, 0, 0, 64, 16, 172, 2, 42, 13, 10, 11, 10, 4, 108, 111, 115, 115, 21, 0, 0, 0, 63]
  expect([...data]).toEqual(expected)
})

test('fit writes batches and epochs', async () => {
  const parts: Uint8Array[] = []
  const train = new DataLoader(tensorDataset(ones([8, 1]), ones([8, 1])), { batchSize: 2 })
  const callbacks = [tensorBoard({ append: (bytes) => void parts.push(bytes), everySteps: 3, now: () => 1 })]
  const options = { train, validation: train, loss: mseLoss, optimizer: sgd({ lr: 0.1 }), epochs: 2, callbacks }
  for await (const e of fit(new Linear(1, 1), options)) expect(e.kind).toBe('epoch')
  const texts = recordsOf(Buffer.concat(parts)).map((r) => new TextDecoder().decode(r))
  expect(
    texts.map((t) => (t.includes('validation/loss') ? 'epoch' : t.includes('batch_loss') ? 'step' : 'start')),
  ).toEqual(['start', 'step', 'epoch', 'step', 'epoch'])
})

test('errors name the rule', () => {
  expect(() => eventFileScalars(0.5, {}, 0)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: eventFileScalars: not a step; got 0.5, expected a whole number >= 0.]`,
  )
  expect(() => tensorBoard({ append: () => {}, everySteps: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: tensorBoard: not a number of steps; got everySteps 0, expected an integer >= 1.]`,
  )
})
