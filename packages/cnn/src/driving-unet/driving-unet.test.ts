import { ones } from '@lanewise/core'
import { expect, test } from 'vitest'
import { checkGradients, checkLogits, checkTraining, draw, golden } from '../testing/segmentation.ts'
import { drivingUnet, type DrivingUNet } from './driving-unet.ts'

const recorded = golden(new URL('__golden__/driving-unet.json', import.meta.url))
const build = (): DrivingUNet => drivingUnet({ numClasses: 5 })

test('parameters', () => {
  const model = drivingUnet({ numClasses: 11 })
  expect(model.parameters().reduce((n, p) => n + p.size, 0)).toBe(4_577_931)
})

// Sides of 48 are padded to 64 and the logits cropped.
test('logits as in PyTorch', () => expect(checkLogits(draw(build, recorded, 5))).toBe(true))
test('gradients as in PyTorch', () => expect(checkGradients(draw(build, recorded, 5))).toBe(true))
test('training steps as in PyTorch', () => expect(checkTraining(draw(build, recorded, 5), 1e-4)).toBe(true))

test('the state goes from one model to another, and a new head can be put on', () => {
  const [from, to] = [build(), build()]
  to.loadStateDict(from.stateDict())
  const x = ones([1, 3, 64, 64])
  expect(to.forward(x).toArray()).toEqual(from.forward(x).toArray())
  expect(to.resetHead({ numClasses: 2 }).forward(ones([1, 3, 65, 3])).shape).toEqual([1, 2, 65, 3])
})

test('what is no batch of pictures is refused', () => {
  expect(() => build().forward(ones([3, 64, 64]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: drivingUnet: the pictures do not fit; got x [3,64,64], expected [N, C, H, W], none empty.]`,
  )
  expect(() => build().forward(ones([1, 1, 64, 64]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: 0: conv2d: input channels do not match the weight; got x [1,1,64,64] and weight [64,3,3,3], groups 1, expected x axis 1 = 3, weight [out, in / groups, H, W]. Pass groups, or check the layout.]`,
  )
})
