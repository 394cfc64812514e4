import { manualSeed, mseLoss, optim, scope } from '@lanewise/core'
import { expect, test } from 'vitest'
import { SequenceModel } from '../sequence-model/sequence-model.ts'
import { forecast, seriesWindows } from './windows.ts'

test('windows of points of two values, with a stride', () => {
  const { x, y } = seriesWindows([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], { size: 2, length: 2, stride: 2 })
  expect(x.toArray()).toEqual([
    [
      [0, 1],
      [2, 3],
    ],
    [
      [4, 5],
      [6, 7],
    ],
  ])
  expect(y.toArray()).toEqual([
    [
      [2, 3],
      [4, 5],
    ],
    [
      [6, 7],
      [8, 9],
    ],
  ])
})

test('a network learns a sine and continues it', () => {
  manualSeed(0)
  const wave = Float32Array.from({ length: 200 }, (_, i) => Math.sin(i / 4))
  const model = new SequenceModel({ inputSize: 1, numOutputs: 1, hiddenSize: 24 })
  const { x, y } = seriesWindows(wave.subarray(0, 160), { length: 40, stride: 7 })
  const optimizer = optim.adam({ lr: 0.02 })(model.parameters())
  for (let step = 0; step < 150; step++) {
    scope(() => {
      const loss = mseLoss(model.forward(x)[0], y)
      optimizer.zeroGrad()
      loss.backward()
      optimizer.step()
    })
  }
  const next = forecast(model.stepper(), wave.subarray(100, 160), 12)
  next.forEach((v, i) => expect(Math.abs(v - wave[160 + i])).toBeLessThan(0.1))
})

test('what is refused', () => {
  expect(() => seriesWindows([1, 2, 3], { length: 3 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: seriesWindows: there is not one window; got 3 values, size 1, length 3, stride 1, expected whole points, more of them than the length.]`,
  )
  expect(() => seriesWindows([1, 2, 3], { length: 1, size: 2 })).toThrow('there is not one window')
  const stepper = new SequenceModel({ inputSize: 2, numOutputs: 2, hiddenSize: 3 }).stepper()
  expect(() => forecast(stepper, [1, 2, 3], 1)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: forecast: the history is not of whole points; got 3 values, expected a multiple of 2, at least one point.]`,
  )
  expect(() => forecast(stepper, [1, 2], 0)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: forecast: not a number of steps; got 0, expected an integer >= 1.]`,
  )
  expect(() => forecast(new SequenceModel({ numTokens: 2, hiddenSize: 3 }).stepper(), [1], 1)).toThrow('tokens to 2')
})
