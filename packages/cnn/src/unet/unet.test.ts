import { loadSafetensors, manualSeed, ones, saveSafetensors } from '@lanewise/core'
import { allClose } from '@lanewise/core/testing'
import { describe, expect, test } from 'vitest'
import {
  checkGradients,
  checkLogits,
  checkTraining,
  draw,
  golden,
  type SegmentationCase,
} from '../testing/segmentation.ts'
import { unet, type UNet } from './unet.ts'
import { unetVariants } from './variants.ts'

const cases = golden<Record<'transposed' | 'bilinear', SegmentationCase>>(
  new URL('__golden__/unet.json', import.meta.url),
)
const builds = {
  transposed: (): UNet => unet({ numClasses: 3, baseWidth: 4 }),
  bilinear: (): UNet => unet({ numClasses: 3, inChannels: 1, baseWidth: 4, bilinear: true }),
}

test.each(Object.entries(unetVariants))('%s has its parameters', (_, { bilinear, parameters }) => {
  const model = unet({ numClasses: 2, bilinear })
  expect(model.parameters().reduce((n, p) => n + p.size, 0)).toBe(parameters)
})

describe.each(['transposed', 'bilinear'] as const)('%s, as in PyTorch', (name) => {
  test('logits', () => expect(checkLogits(draw(builds[name], cases[name], 3))).toBe(true))
  test('gradients', () => expect(checkGradients(draw(builds[name], cases[name], 3))).toBe(true))
  test('training steps', () => expect(checkTraining(draw(builds[name], cases[name], 3))).toBe(true))
})

test('names of the usual checkpoints', () => {
  const names = [...unet({ numClasses: 2, baseWidth: 1 }).stateDict().keys()]
  for (const name of [
    'inc.double_conv.0.weight',
    'inc.double_conv.4.running_var',
    'down4.maxpool_conv.1.double_conv.3.weight',
    'up1.up.bias',
    'up4.conv.double_conv.1.num_batches_tracked',
    'outc.conv.weight',
  ])
    expect(names).toContain(name)
  expect(names.length).toBe(118)
})

test('the state survives a file', async () => {
  manualSeed(1)
  const [from, to] = [unet({ numClasses: 2, baseWidth: 2 }), unet({ numClasses: 2, baseWidth: 2 })]
  from.forward(ones([2, 3, 16, 16]))
  to.loadStateDict(await loadSafetensors(await saveSafetensors(from.stateDict())))
  const x = ones([1, 3, 16, 32])
  expect(allClose(to.eval().forward(x), from.eval().forward(x), { atol: 0, rtol: 0 })).toBe(true)
})

test('a new head', () => {
  const model = unet({ numClasses: 2, baseWidth: 2 }).freeze()
  expect(model.resetHead({ numClasses: 5 }).forward(ones([1, 3, 32, 16])).shape).toEqual([1, 5, 32, 16])
  expect([...model.namedParameters()].filter(([, p]) => p.requiresGrad).map(([name]) => name)).toEqual([
    'outc.conv.weight',
    'outc.conv.bias',
  ])
})

test('what does not fit is refused', () => {
  expect(() => unet({ numClasses: 2, baseWidth: 0.5 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: unet: baseWidth does not fit; got 0.5, expected an integer >= 1.]`,
  )
  const model = unet({ numClasses: 2, baseWidth: 1 })
  expect(() => model.forward(ones([1, 3, 8, 32]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: unet: the pictures do not fit; got x [1,3,8,32], expected [N, C, H, W] with sides of 16 or more. Four steps down halve the sides; enlarge or pad the pictures.]`,
  )
  expect(() => model.forward(ones([3, 32, 32]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: unet: the pictures do not fit; got x [3,32,32], expected [N, C, H, W] with sides of 16 or more. Four steps down halve the sides; enlarge or pad the pictures.]`,
  )
  expect(() => model.forward(ones([1, 4, 32, 32]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: inc.double_conv.0: conv2d: input channels do not match the weight; got x [1,4,32,32] and weight [1,3,3,3], groups 1, expected x axis 1 = 3, weight [out, in / groups, H, W]. Pass groups, or check the layout.]`,
  )
})
