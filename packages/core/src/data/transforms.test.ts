import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Generator } from '../random/generator.ts'
import { manualSeed } from '../random/default.ts'
import { fromData, tensor, zeros } from '../tensor/create.ts'
import { sizeOf } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { allClose } from '../testing/close.ts'
import { uniformTensors, type GoldenCase } from '../testing/golden.ts'
import { gradCheck } from '../testing/grad-check.ts'
import * as transforms from './transforms.ts'
import { imageToTensor, tensorToImage } from './pixels.ts'

const golden: GoldenCase[] = JSON.parse(readFileSync(new URL('__golden__/transforms.json', import.meta.url), 'utf8'))

type Transform = (x: Tensor, options: never) => Tensor

/** The transforms as functions of one image and one options object. */
const named: Record<string, Transform> = {
  resize: (x, { size, ...o }: transforms.ResizeOptions & { size: number }) => transforms.resize(x, size, o),
  centerCrop: (x, { size }: { size: number }) => transforms.centerCrop(x, size),
  rotate: (x, { angle, ...o }: transforms.RotateOptions & { angle: number }) => transforms.rotate(x, angle, o),
  normalize: transforms.normalize,
  adjustBrightness: (x, { factor }: { factor: number }) => transforms.adjustBrightness(x, factor),
  adjustContrast: (x, { factor }: { factor: number }) => transforms.adjustContrast(x, factor),
  randomCrop: (x, { size, ...o }: transforms.RandomCropOptions & { size: number }) => transforms.randomCrop(x, size, o),
  randomHorizontalFlip: transforms.randomHorizontalFlip,
  randomVerticalFlip: transforms.randomVerticalFlip,
  randomRotation: (x, { degrees, ...o }: transforms.RandomRotationOptions & { degrees: number }) =>
    transforms.randomRotation(x, degrees, o),
  colorJitter: transforms.colorJitter,
  randomResizedCrop: (x, { size, ...o }: transforms.RandomResizedCropOptions & { size: number }) =>
    transforms.randomResizedCrop(x, size, o),
}

test.each(
  golden.map((c) => [`${c.seed} ${c.op} ${JSON.stringify(c.shapes)} ${JSON.stringify(c.options)}`, c] as const),
)('torchvision, %s', (_, c) => {
  const generator = new Generator(c.seed)
  const shape = c.shapes[0]!
  const x = fromData(generator.uniform(new Float32Array(sizeOf(shape)), 0, 1), shape, 'f32')
  const y = named[c.op](x, { ...c.options, generator } as never)
  expect(y.shape).toEqual(c.shape)
  // Positions on the grids are computed in f64 here and in f32 there: 12 columns by 2^-23 by a slope of 1.
  expect(allClose(y, c.y, { atol: 3e-6, rtol: 1e-6 })).toBe(true)
})

test('the default generator draws where none is given', () => {
  const x = fromData(
    Float32Array.from({ length: 100 }, (_, i) => i),
    [1, 10, 10],
    'f32',
  )
  manualSeed(5)
  const one = transforms.randomCrop(x, 3).toArray()
  manualSeed(5)
  expect(transforms.randomCrop(x, 3).toArray()).toEqual(one)
  expect(transforms.randomCrop(x, 3, { generator: new Generator(5) }).toArray()).toEqual(one)
  expect(transforms.randomCrop(x, 3).toArray()).not.toEqual(one)
})

test('values by hand', () => {
  const x = tensor([
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
  ])
  expect(transforms.horizontalFlip(x).toArray()).toEqual([[[3, 2, 1], [6, 5, 4]]]) // prettier-ignore
  expect(transforms.verticalFlip(x).toArray()).toEqual([[[4, 5, 6], [1, 2, 3]]]) // prettier-ignore
  expect(transforms.randomHorizontalFlip(x, { p: 0 })).toBe(x)
  expect(transforms.centerCrop(x, [4, 1]).toArray()).toEqual([[[0], [2], [5], [0]]])
  expect(transforms.rotate(x, 180).toArray()).toEqual([[[6, 5, 4], [3, 2, 1]]]) // prettier-ignore
  expect(transforms.resize(x, [2, 3])).toBe(x)
  const twice = transforms.compose(transforms.horizontalFlip, transforms.horizontalFlip)
  expect(twice(x).toArray()).toEqual(x.toArray())
})

test('gradients', () => {
  const x = uniformTensors(3, 0.2, 0.4)([3, 4, 5]).requiresGrad_()
  expect(gradCheck((t) => transforms.rotate(transforms.resize(t, [6, 4]), 20, { mode: 'bilinear' }), [x])).toBe(true)
  expect(gradCheck((t) => transforms.adjustContrast(transforms.adjustBrightness(t, 1.2), 0.7), [x])).toBe(true)
  expect(gradCheck((t) => transforms.normalize(t, { mean: [0.1], std: [0.5] }), [x])).toBe(true)
})

test('pixels to tensors and back', () => {
  const data = Uint8ClampedArray.from({ length: 256 * 4 }, (_, i) => (i % 4 === 3 ? 255 : (i * 7) % 256))
  const x = imageToTensor({ data, width: 64, height: 4 })
  expect(x.shape).toEqual([3, 4, 64])
  expect(tensorToImage(x)).toEqual({ data, width: 64, height: 4 })
  const rgb = imageToTensor({ data: Uint8Array.of(1, 2, 3, 4, 5, 6), width: 1, height: 2 })
  expect([...rgb.dataSync()].map((v) => Math.round(v * 255))).toEqual([1, 4, 2, 5, 3, 6])
  expect([...tensorToImage(tensor([[[-1, 2, NaN]]])).data]).toEqual([0, 0, 0, 255, 255, 255, 255, 255, 0, 0, 0, 255])
})

test('errors', () => {
  const x = zeros([1, 4, 4])
  const two = zeros([2, 4, 4])
  const message = (f: () => unknown): string => {
    try {
      f()
    } catch (e) {
      return `${(e as { code: string }).code} ${(e as Error).message}`
    }
    return 'none'
  }
  expect(
    [
      () => transforms.resize(zeros([4, 4]), 2),
      () => transforms.resize(x, 1.5),
      () => transforms.horizontalFlip(tensor([[[1]]], { dtype: 'i32' })),
      () => transforms.randomCrop(x, 5),
      () => transforms.randomCrop(x, 4, { padding: -1 }),
      () => transforms.randomResizedCrop(x, 2, { ratio: [0, 1] }),
      () => transforms.randomHorizontalFlip(x, { p: 2 }),
      () => transforms.rotate(x, NaN),
      () => transforms.randomRotation(x, [3, 2]),
      () => transforms.normalize(two, { mean: [0, 0, 0], std: [1] }),
      () => transforms.normalize(two, { mean: [0], std: [0] }),
      () => transforms.adjustBrightness(x, -1),
      () => transforms.adjustContrast(two, 1),
      () => transforms.colorJitter(x, { brightness: -1 }),
      () => imageToTensor({ data: new Uint8Array(5), width: 1, height: 1 }),
      () => tensorToImage(two),
    ].map(message),
  ).toMatchInlineSnapshot()
})
