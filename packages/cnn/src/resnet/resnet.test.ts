import {
  loadSafetensors,
  Linear,
  manualSeed,
  noGrad,
  ones,
  rand,
  saveSafetensors,
  GroupNorm,
  scope,
} from '@lanewise/core'
import { allClose } from '@lanewise/core/testing'
import { expect, test } from 'vitest'
import {
  checkClassifier,
  goldenCase,
  parameterCount,
  worstShare,
  type ClassifierCase,
} from '../testing/classification.ts'
import { withoutDraws } from '../testing/no-draws.ts'
import { noRecords, recorded, type KeyShapes, type RecordedOutput } from '../testing/shared.ts'
import { BasicBlock, Bottleneck } from './blocks.ts'
import { ResNet, resnet18, resnet50, ResNetBody, type ResNetOptions } from './resnet.ts'
import * as variants from './variants.ts'

const cases = goldenCase<Record<'basic' | 'bottleneck', ClassifierCase>>(
  new URL('__golden__/resnet.json', import.meta.url),
)
const tiny = (options: ResNetOptions = {}): ResNet =>
  new ResNet({ block: BasicBlock, layers: [1, 1, 1, 1], numClasses: 5, ...options })

test.each(Object.entries(variants))('%s has its parameters', (_, variant) =>
  scope(() => expect(parameterCount(withoutDraws(() => new ResNet({ ...variant })))).toBe(variant.params)),
)

test('basic blocks, as in PyTorch', () => expect(checkClassifier(() => tiny(), cases.basic, 2e-3)).toBe(true))

test('bottlenecks with groups, dilation and a zero start, as in PyTorch', () => {
  const build = (): ResNet =>
    new ResNet({
      block: Bottleneck,
      layers: [1, 2, 1, 1],
      numClasses: 5,
      zeroInitResidual: true,
      groups: 2,
      widthPerGroup: 32,
      replaceStrideWithDilation: [false, true, true],
    })
  expect(checkClassifier(build, cases.bottleneck, 2e-3)).toBe(true)
})

test.for([
  ['resnet18', variants.resnet18Variant],
  ['resnet34', variants.resnet34Variant],
  ['resnet50', variants.resnet50Variant],
  ['resnext50_32x4d', variants.resnext50Variant],
  ['wide_resnet50_2', variants.wideResnet50Variant],
] as const)('%s has torchvision’s names and shapes', ([name, variant], { skip }) => {
  const keys = recorded<KeyShapes>(`torchvision-keys/${name}.json`)
  if (keys === null) return skip(noRecords)
  scope(() => {
    const state = withoutDraws(() => new ResNet({ ...variant })).stateDict()
    expect(Object.fromEntries([...state].map(([key, x]) => [key, [...x.shape]]))).toEqual(keys)
    expect([...state.keys()]).toEqual(Object.keys(keys))
  })
})

test.for([
  ['resnet18', resnet18],
  ['resnet50', resnet50],
] as const)('%s gives the output that torchvision records', ([name, build], { skip }) => {
  const output = recorded<RecordedOutput>(`torchvision-expect/${name}.json`)
  if (output === null) return skip(noRecords)
  scope(() =>
    noGrad(() => {
      manualSeed(0)
      const model = build({ numClasses: 50 })
      const logits = model.eval().forward(rand([1, 3, 224, 224]))
      expect(worstShare(logits.dataSync(), output.data)).toBeLessThan(1e-4)
    }),
  )
})

test('the state survives a file', async () => {
  const [from, to] = [tiny(), tiny()]
  from.forward(ones([2, 3, 64, 64]))
  to.loadStateDict(loadSafetensors(await saveSafetensors(from.stateDict())))
  const x = ones([1, 3, 40, 64])
  expect(allClose(to.eval().forward(x), from.eval().forward(x), { atol: 0, rtol: 0 })).toBe(true)
})

test('a frozen body with a new head', () => {
  const model = tiny().freeze().resetHead({ numClasses: 7 })
  expect(model.fc).toBeInstanceOf(Linear)
  expect(model.forward(ones([2, 3, 64, 64])).shape).toEqual([2, 7])
  expect([...model.namedParameters()].filter(([, p]) => p.requiresGrad).map(([name]) => name)).toEqual([
    'fc.weight',
    'fc.bias',
  ])
})

test('the body gives its stages, smaller by half each but where dilated', () => {
  const shapes = (body: ResNetBody): number[][] =>
    Object.values(body.forward(ones([1, 3, 64, 64]))).map((x) => [...x.shape])
  expect(shapes(new ResNetBody(tiny()))).toEqual([
    [1, 64, 16, 16],
    [1, 128, 8, 8],
    [1, 256, 4, 4],
    [1, 512, 2, 2],
  ])
  const dilated = new ResNet({
    block: Bottleneck,
    layers: [1, 1, 1, 1],
    replaceStrideWithDilation: [false, true, true],
  })
  expect(shapes(new ResNetBody(dilated))).toEqual([
    [1, 256, 16, 16],
    [1, 512, 8, 8],
    [1, 1024, 8, 8],
    [1, 2048, 8, 8],
  ])
})

test('another normalisation', () => {
  const model = tiny({ normLayer: (channels) => new GroupNorm(8, channels), inChannels: 1 })
  expect(model.bn1).toBeInstanceOf(GroupNorm)
  expect(model.forward(ones([1, 1, 32, 32])).shape).toEqual([1, 5])
})

test('bad options and inputs say where and what', () => {
  expect(() => tiny({ replaceStrideWithDilation: [false, true, true] })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: BasicBlock: it has neither groups nor dilation; got groups 1, width per group 64, dilation 2, expected 1, 64 and 1. Use a network of Bottleneck blocks, such as resnet50.]`,
  )
  expect(() => new ResNet({ block: Bottleneck, layers: [1, 0, 1, 1] })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: ResNet: layers do not fit; got [1,0,1,1], expected 4 integers >= 1.]`,
  )
  expect(() => tiny({ numClasses: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: Linear: outFeatures does not fit; got 0, expected an integer >= 1.]`,
  )
  expect(() => tiny().forward(ones([1, 4, 64, 64]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: conv1: conv2d: input channels do not match the weight; got x [1,4,64,64] and weight [64,3,7,7], groups 1, expected x axis 1 = 3, weight [out, in / groups, H, W]. Pass groups, or check the layout.]`,
  )
  expect(() => tiny().loadStateDict(withoutDraws(() => resnet18({ numClasses: 5 })).stateDict())).toThrowError(
    /layer1\.1\.conv1\.weight/,
  )
})
