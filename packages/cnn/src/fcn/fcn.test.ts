import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { manualSeed, ones, scope, type Tensor } from '@lanewise/core'
import { expect, test } from 'vitest'
import { Bottleneck, ResNet, resnet18 } from '../resnet/index.ts'
import { checkGradients, checkLogits, checkTraining, draw, golden, type Drawn } from '../testing/segmentation.ts'
import { withoutDraws } from '../testing/no-draws.ts'
import { FCN, fcnLoss, fcnResnet50 } from './fcn.ts'

const recorded = golden(new URL('__golden__/fcn.json', import.meta.url))

/** fcnResnet50 with one narrow block in each stage. */
const build = (): FCN => {
  const backbone = new ResNet({
    block: Bottleneck,
    layers: [1, 1, 1, 1],
    widthPerGroup: 16,
    replaceStrideWithDilation: [false, true, true],
  })
  return new FCN({ backbone, numClasses: 4, auxLoss: true })
}

test('logits as in torchvision', () => expect(checkLogits(draw(build, recorded, 4))).toBe(true))

/** The loss of both heads on the recorded batch; label 0 does not count. */
const bothHeads =
  ({ model, x, target }: Drawn<FCN>): (() => Tensor) =>
  () =>
    fcnLoss(model.outputs(x), target, { ignoreIndex: 0 })

test('gradients of both heads as in torchvision', () => {
  const drawn = draw(build, recorded, 4)
  expect(checkGradients(drawn, { loss: bothHeads(drawn) })).toBe(true)
})

test('training steps as in torchvision', () => {
  const drawn = draw(build, recorded, 4)
  const loss = bothHeads(drawn)
  // The recording took its gradients first: dropout has drawn once before the first step.
  drawn.model.train()
  scope(loss)
  expect(checkTraining(drawn, 1e-3, loss)).toBe(true)
  // Five passes over 15 million weights take seconds, and more on a busy machine.
}, 240_000)

const keys = fileURLToPath(new URL('../../../../../shared/golden/torchvision-keys/fcn_resnet50.json', import.meta.url))

test('names and shapes of torchvision', (context) => {
  if (!existsSync(keys)) context.skip(`no ${keys}`)
  const expected: Record<string, number[]> = JSON.parse(readFileSync(keys, 'utf8'))
  const state = withoutDraws(() => fcnResnet50()).stateDict()
  expect(Object.fromEntries([...state].map(([name, x]) => [name, x.shape]))).toEqual(expected)
  expect([...state.keys()]).toEqual(Object.keys(expected))
})

test('new heads', () => {
  manualSeed(0)
  const model = new FCN({ backbone: resnet18(), numClasses: 3, auxLoss: true }).eval()
  const x = ones([1, 3, 33, 40])
  const { out, aux } = model.resetHead({ numClasses: 2 }).outputs(x)
  expect([out.shape, aux!.shape, model.forward(x).shape]).toEqual(Array.from({ length: 3 }, () => [1, 2, 33, 40]))
})

test('pictures of another kind are refused', () => {
  const model = new FCN({ backbone: resnet18(), numClasses: 3 })
  expect(() => model.forward(ones([1, 1, 64, 64]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: backbone.conv1: conv2d: input channels do not match the weight; got x [1,1,64,64] and weight [64,3,7,7], groups 1, expected x axis 1 = 3, weight [out, in / groups, H, W]. Pass groups, or check the layout.]`,
  )
})
