import { loadSafetensors, manualSeed, noGrad, ones, rand, saveSafetensors, scope } from '@lanewise/core'
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
import { Vgg, vgg11Bn, vggFeatures } from './vgg.ts'
import { vgg11Variant, vgg13Variant, vgg16Variant, vgg19Variant, type VggLayers } from './variants.ts'

const cases = goldenCase<Record<'plain' | 'batchNorm', ClassifierCase>>(new URL('__golden__/vgg.json', import.meta.url))
const layers: VggLayers = [4, 'pool', 8, 8, 'pool']
const variants = { vgg11: vgg11Variant, vgg13: vgg13Variant, vgg16: vgg16Variant, vgg19: vgg19Variant }

/** Parameters of the fully connected layers, which all sizes share; building them all would take most of the time. */
const head = 25088 * 4096 + 4096 + 4096 * 4096 + 4096 + 4096 * 1000 + 1000

test.each(Object.entries(variants))('%s has its parameters', (_, { layers, params }) => {
  const counts = [false, true].map(
    (batchNorm) => parameterCount(withoutDraws(() => vggFeatures({ layers, batchNorm }))) + head,
  )
  expect(counts).toEqual(params)
})

test.each([false, true])('as in PyTorch, batch norm %s', (batchNorm) => {
  const c = batchNorm ? cases.batchNorm : cases.plain
  expect(checkClassifier(() => new Vgg({ layers, batchNorm, numClasses: 5 }), c, 1e-3)).toBe(true)
})

test.for([
  ['vgg11', vgg11Variant, false],
  ['vgg11_bn', vgg11Variant, true],
  ['vgg13', vgg13Variant, false],
  ['vgg16', vgg16Variant, false],
  ['vgg16_bn', vgg16Variant, true],
] as const)('%s has torchvision’s names and shapes', ([name, { layers }, batchNorm], { skip }) => {
  const keys = recorded<KeyShapes>(`torchvision-keys/${name}.json`)
  if (keys === null) return skip(noRecords)
  const features = withoutDraws(() => vggFeatures({ layers, batchNorm }))
  const own = [...features.stateDict()].map(([key, x]) => [`features.${key}`, [...x.shape]])
  expect(own).toEqual(Object.entries(keys).filter(([key]) => key.startsWith('features.')))
})

test('vgg11_bn gives the output that torchvision records', ({ skip }) => {
  const output = recorded<RecordedOutput>('torchvision-expect/vgg11_bn.json')
  const keys = recorded<KeyShapes>('torchvision-keys/vgg11_bn.json')
  if (output === null || keys === null) return skip(noRecords)
  scope(() =>
    noGrad(() => {
      manualSeed(0)
      const model = vgg11Bn({ numClasses: 50 })
      const logits = model.eval().forward(rand([1, 3, 224, 224]))
      expect(worstShare(logits.dataSync(), output.data)).toBeLessThan(1e-4)
      expect([...model.stateDict().keys()]).toEqual(Object.keys(keys))
    }),
  )
  // Drawing 133 million weights twice takes seconds, and more on a busy machine.
}, 240_000)

test('the state survives a file, and a new head goes on a frozen body', async () => {
  const [from, to] = [new Vgg({ layers, numClasses: 3 }), new Vgg({ layers, numClasses: 3 })]
  to.loadStateDict(loadSafetensors(await saveSafetensors(from.stateDict())))
  const x = ones([1, 3, 32, 32])
  expect(to.eval().forward(x).toArray()).toEqual(from.eval().forward(x).toArray())
  to.freeze().resetHead({ numClasses: 4 })
  expect(to.forward(x).shape).toEqual([1, 4])
  expect([...to.namedParameters()].filter(([, p]) => p.requiresGrad).map(([name]) => name)).toEqual([
    'classifier.6.weight',
    'classifier.6.bias',
  ])
})

test('bad options and inputs say where and what', () => {
  expect(() => new Vgg({ layers: ['pool'] })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: Vgg: there is no convolution; got [pool], expected at least one number.]`,
  )
  expect(() => vggFeatures({ layers }).forward(ones([1, 1, 32, 32]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: 0: conv2d: input channels do not match the weight; got x [1,1,32,32] and weight [4,3,3,3], groups 1, expected x axis 1 = 3, weight [out, in / groups, H, W]. Pass groups, or check the layout.]`,
  )
  expect(() => vggFeatures({ layers }).forward(ones([1, 3, 1, 1]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: 2: maxPool2d: the kernel does not fit into the padded input; got input [1,1] padded by [0,0], kernel [2,2] reaching over [2,2], expected a kernel that is not larger. Use a larger input, more padding, or a smaller kernel.]`,
  )
})
