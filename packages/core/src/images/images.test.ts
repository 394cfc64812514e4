import { expect, test } from 'vitest'
import { defaultGenerator, manualSeed } from '../random/default.ts'
import { Generator } from '../random/generator.ts'
import { rand } from '../random/tensors.ts'
import { ones, tensor, zeros } from '../tensor/create.ts'
import { stack } from '../ops/concat.ts'
import { allClose } from '../testing/close.ts'
import golden from './__golden__/images.json' with { type: 'json' }
import * as t from './index.ts'
import type { Transform } from './image.ts'

const fixed: Record<string, Transform> = {
  'resize 5': t.resize(5),
  'resize 13 plain': t.resize(13, { antialias: false }),
  'resize pair bicubic': t.resize([6, 15], { interpolation: 'bicubic' }),
  'resize nearest': t.resize(4, { interpolation: 'nearest' }),
  'resize max': t.resize(8, { maxSize: 9 }),
  'centerCrop 4': t.centerCrop(4),
  'centerCrop pair': t.centerCrop([5, 8]),
  'centerCrop larger': t.centerCrop([14, 5]),
  'centerCrop huge': t.centerCrop([12, 18]),
  crop: t.crop(2, -1, [4, 5]),
  horizontalFlip: t.horizontalFlip,
  verticalFlip: t.verticalFlip,
  'pad 1': t.pad(1),
  'pad 2': t.pad([1, 2], { fill: 0.5 }),
  'pad 4': t.pad([1, 2, 3, 0], { mode: 'reflect' }),
  'rotate 30': t.rotate(30),
  'rotate -40 bilinear': t.rotate(-40, { interpolation: 'bilinear' }),
  'rotate 90 expand': t.rotate(90, { expand: true }),
  'rotate 20 expand': t.rotate(20, { expand: true, interpolation: 'bilinear' }),
  'rotate 20 fill': t.rotate(20, { fill: 0.7 }),
  normalize: t.normalize([0.1, 0.2, 0.3], [0.5, 2, 1]),
  grayscale: t.grayscale,
  adjustBrightness: t.adjustBrightness(1.7),
  adjustContrast: t.adjustContrast(0.4),
  adjustSaturation: t.adjustSaturation(1.9),
  adjustHue: t.adjustHue(-0.23),
}

const random: Record<string, Transform> = {
  randomCrop: t.randomCrop(5),
  'randomCrop padding': t.randomCrop(9, { padding: 2 }),
  randomResizedCrop: t.randomResizedCrop(6),
  'randomResizedCrop narrow': t.randomResizedCrop([4, 5], { scale: [0.9, 1], ratio: [2, 3], antialias: false }),
  randomHorizontalFlip: t.randomHorizontalFlip(),
  randomVerticalFlip: t.randomVerticalFlip({ p: 0.3 }),
  randomRotation: t.randomRotation(40),
  colorJitter: t.colorJitter({ brightness: 0.4, contrast: 0.3, saturation: [0.5, 2], hue: 0.2 }),
  'colorJitter contrast': t.colorJitter({ contrast: 0.9 }),
}

// Recorded to five decimals; positions are computed in single precision on either side.
const close = { atol: 2e-5, rtol: 0 }

test.each(golden.fixed)('$name equals torchvision', ({ name, shape, values }) => {
  const y = fixed[name](rand([3, 6, 7], { generator: new Generator(1) }))
  expect(y.shape).toEqual(shape)
  allClose(y, values, close)
})

test.each(golden.random)('$name draws as torchvision (seed $seed)', ({ name, shape, values, seed, next }) => {
  const x = rand([3, 6, 7], { generator: new Generator(2) })
  manualSeed(seed)
  const y = random[name](x)
  expect(y.shape).toEqual(shape)
  allClose(y, values, close)
  expect(defaultGenerator().randint(2 ** 30)).toBe(next)
})

test('batches are changed as one, and a generator of one’s own is taken', () => {
  const x = rand([3, 6, 7])
  const both = t.compose(t.resize(4), t.centerCrop(3), t.normalize([0.5], [0.5]))(stack([x, x]))
  expect(both.shape).toEqual([2, 3, 3, 3])
  const before = defaultGenerator().state()
  t.randomCrop(3, { generator: new Generator(0) })(x)
  t.colorJitter({ hue: 0.1, generator: new Generator(0) })(x)
  expect(defaultGenerator().state()).toEqual(before)
})

test('pictures become tensors and come back', () => {
  const data = Uint8Array.from({ length: 24 }, (_, i) => 10 * i)
  const x = t.toTensor({ data, width: 3, height: 2 })
  expect(x.shape).toEqual([3, 2, 3])
  expect(t.toTensor({ data, width: 3, height: 2, channels: 4 }, { alpha: true }).shape).toEqual([4, 2, 3])
  const back = t.toImage(x)
  expect([back.width, back.height]).toEqual([3, 2])
  for (let i = 0; i < 24; i++) expect(back.data[i]).toBe(i % 4 === 3 ? 255 : data[i])
  expect(t.toTensor({ data: Uint16Array.of(65535), width: 1, height: 1 }).item()).toBe(1)
})

test('errors name the rule', () => {
  const x = ones([3, 4, 4])
  const fails = (f: () => unknown) => expect(f)
  fails(() => t.toTensor({ data: new Uint8Array(5), width: 2, height: 2 })).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: toTensor: the data does not fill the picture; got 5 values for 2x2, expected 1 to 4 channels: 4, 8, 12, 16 values. Look at the sides, and whether the rows are padded.]`,
  )
  fails(() => t.toImage(ones([2, 2, 2]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: toImage: the channels do not make a picture; got [2,2,2], expected 1, 3 or 4 channels.]`,
  )
  fails(() => t.resize(0)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: resize: size is out of range; got 0, expected whole numbers above 0.]`,
  )
  fails(() => t.resize(5, { maxSize: 5 })(x)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: resize: maxSize is out of range; got 5, expected above the size 5.]`,
  )
  fails(() => t.randomCrop(5)(x)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: randomCrop: the image is smaller than the part; got [3,4,4], expected at least [5,5]. Pass padding, or resize first.]`,
  )
  fails(() => t.normalize([0], [0])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: normalize: std is out of range; got 0, expected no 0.]`,
  )
  fails(() => t.normalize([0, 0], [1, 1])(x)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: normalize: the values do not fit the channels; got 2 values for [3,4,4], expected 1 or 3.]`,
  )
  fails(() => t.grayscale(ones([1, 2, 2]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: grayscale: not a colour image; got [1,2,2], expected 3 channels.]`,
  )
  fails(() => t.adjustHue(1)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: adjustHue: factor is out of range; got 1, expected a number in [-0.5, 0.5].]`,
  )
  fails(() => t.colorJitter({ hue: 1 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: colorJitter: hue is out of range; got 1, expected a number in [0, 0.5].]`,
  )
  fails(() => t.horizontalFlip(tensor([1]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: horizontalFlip: not an image; got f32[1], expected [C, H, W] or [N, C, H, W].]`,
  )
  fails(() => t.rotate(5)(zeros([2, 3, 4, 4]))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: rotate: one image at a time; got [2,3,4,4], expected [C, H, W].]`,
  )
})
