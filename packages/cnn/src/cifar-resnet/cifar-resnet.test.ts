import { readFileSync } from 'node:fs'
import { decode } from 'fast-png'
import { imageDataset, loadSafetensors, noGrad, ones, saveSafetensors } from '@lanewise/core'
import { expect, test } from 'vitest'
import { checkClassifier, goldenCase, parameterCount, worstShare } from '../testing/classification.ts'
import { dataPath } from '../testing/shared.ts'
import { loadWeights } from '../weights/index.ts'
import { CifarResNet, cifarResnet20, cifarResnet44 } from './cifar-resnet.ts'
import * as variants from './variants.ts'

test.each(Object.entries(variants))('%s has its parameters', (_, { blocks, params }) =>
  expect(parameterCount(new CifarResNet({ blocks }))).toBe(params),
)

test('as in PyTorch', () => {
  const c = goldenCase(new URL('__golden__/cifar-resnet.json', import.meta.url))
  expect(checkClassifier(() => new CifarResNet({ blocks: 2 }), c, 1e-3)).toBe(true)
})

/** Rows of a sheet of images as planes, normalised as the networks were trained. */
const images = (path: string, count: number) => {
  const { data } = decode(readFileSync(path))
  const planes = new Uint8Array(count * 3072)
  for (let i = 0; i < count * 1024; i++)
    for (let c = 0; c < 3; c++) planes[Math.floor(i / 1024) * 3072 + c * 1024 + (i % 1024)] = data[3 * i + c]
  return imageDataset(
    { images: planes, shape: [3, 32, 32], labels: new Uint8Array(count) },
    { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  )
}

test.for([
  ['resnet20', cifarResnet20],
  ['resnet44', cifarResnet44],
] as const)('%s gives the logits stored with the trained weights', ([name, build], { skip }) => {
  const [folder, sheet] = [dataPath('resnet-cifar10'), dataPath('cifar10/convnetjs_cifar10_batch_0.png')]
  if (folder === null || sheet === null) return skip('the trained weights or CIFAR-10 are not here')
  const model = loadWeights(build(), loadSafetensors(readFileSync(`${folder}/${name}.safetensors`)))
  const [x] = images(sheet, 10).batch(Int32Array.from({ length: 10 }, (_, i) => i))
  const stored = readFileSync(`${folder}/${name}.convnetjs_batch0.first200.logits.f32le`)
  const expected = Array.from({ length: 100 }, (_, i) => stored.readFloatLE(4 * i))
  const logits = noGrad(() => model.eval().forward(x))
  expect(worstShare(logits.dataSync(), expected)).toBeLessThan(1e-5)
})

test('the state survives a file, and a new head goes on a frozen body', async () => {
  const [from, to] = [cifarResnet20(), cifarResnet20()]
  to.loadStateDict(loadSafetensors(await saveSafetensors(from.stateDict())))
  const x = ones([1, 3, 32, 32])
  expect(to.eval().forward(x).toArray()).toEqual(from.eval().forward(x).toArray())
  expect(to.freeze().resetHead({ numClasses: 6 }).forward(x).shape).toEqual([1, 6])
  expect(to.parameters().filter((p) => p.requiresGrad).length).toBe(2)
})

test('bad options and inputs say where and what', () => {
  expect(() => new CifarResNet({ blocks: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: CifarResNet: blocks do not fit; got 0, expected an integer >= 1.]`,
  )
  expect(() => cifarResnet20().forward(ones([1, 1, 32, 32]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: conv1: conv2d: input channels do not match the weight; got x [1,1,32,32] and weight [16,3,3,3], groups 1, expected x axis 1 = 3, weight [out, in / groups, H, W]. Pass groups, or check the layout.]`,
  )
})
