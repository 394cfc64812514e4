import { Generator } from '@lanewise/core'
import { describe, expect, it } from 'vitest'
import { draws, golden, worstError } from '../testing/golden.ts'
import {
  adjustBrightness,
  adjustContrast,
  adjustGamma,
  adjustHue,
  adjustSaturation,
  adjustSharpness,
  autocontrast,
  equalize,
  gaussianBlur,
  invertColors,
  posterize,
  solarize,
  toGrey,
} from './color.ts'
import { cutmix, drawShare, mixup } from './mix.ts'
import {
  channelsOf,
  pictureFromPlanes,
  pictureToTensor,
  toBytePicture,
  toFloatPicture,
  toRgb,
  type Picture,
} from './picture.ts'
import { randAugment } from './rand-augment.ts'
import * as t from './random.ts'
import { resizePicture, type Interpolation } from './resize.ts'
import {
  cropSample,
  flipSample,
  letterboxSample,
  padSample,
  resizeSample,
  sanitizeBoxes,
  undoLetterbox,
  warpSample,
  type Sample,
} from './sample.ts'
import { affineMap, composeMaps, fourPointMap, invertMap, mapPoint, warpPicture } from './warp.ts'

const read = (name: string) => golden(new URL(`./__golden__/${name}.json`, import.meta.url))
const [height, width] = [17, 22]
const byte: Picture = { data: Uint8Array.from(draws(1, height * width * 3), (v) => Math.floor(v * 256)), width, height }
const real: Picture = { data: draws(2, height * width * 3), width, height }
const clip = (v: number): number => Math.min(Math.max(v, 0), 255)
const smooth: Picture = {
  data: Uint8Array.from({ length: height * width * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)]
    return [clip(x * 9 + y * 2), clip(255 - x * 5 - y * 6), (x * y) % 256][i % 3]
  }),
  width,
  height,
}

/** Bytes that differ by more than `by`. */
const differ = (
  got: Picture,
  want: { readonly shape: readonly number[]; readonly data: ArrayLike<number> },
  by = 0,
): number => {
  expect([got.height, got.width, channelsOf(got)]).toEqual(want.shape)
  return Array.from(got.data).filter((v, i) => Math.abs(v - want.data[i]) > by).length
}

describe('geometry as torchvision', () => {
  const want = read('geometry')

  // Means of bytes with rational weights often fall exactly on a half; float32's errors then decide, here and there
  // differently. All others are equal.
  it.each(['bilinear', 'bicubic'] as const)('resizes bytes: %s', (interpolation) => {
    for (const aa of [1, 0]) {
      for (const [h, w] of [
        [9, 8],
        [23, 30],
      ]) {
        const options = { interpolation, antialias: aa === 1 }
        const got = resizePicture(byte, { width: w, height: h }, options)
        const exact = resizePicture({ ...byte, data: Float32Array.from(byte.data) }, { width: w, height: h }, options)
        const { shape, data } = want[`resize ${interpolation} ${aa} ${h}`]
        expect([got.height, got.width, 3]).toEqual(shape)
        got.data.forEach((v, k) => {
          if (v === data[k]) return
          expect(Math.abs(v - data[k])).toBe(1)
          expect(Math.abs((exact.data[k] % 1) - 0.5)).toBeLessThan(1e-4)
        })
      }
    }
  })

  it('resizes floats and by the nearest pixel', () => {
    expect(worstError(resizePicture(real, { width: 8, height: 9 }).data, want['resize float'].data)).toBeLessThan(1e-6)
    const nearest = (interpolation: Interpolation) => resizePicture(byte, { width: 30, height: 9 }, { interpolation })
    expect(differ(nearest('nearest'), want['resize nearest'])).toBe(0)
    expect(differ(nearest('nearest-exact'), want['resize nearest-exact'])).toBe(0)
  })

  it('pads and crops', () => {
    for (const mode of ['constant', 'edge', 'reflect', 'symmetric'] as const) {
      const got = padSample({ image: byte }, [3, 1, 2, 4], { mode, fill: mode === 'constant' ? 7 : 0 }).image
      expect(differ(got, want[`pad ${mode}`])).toBe(0)
    }
    expect(differ(cropSample({ image: byte }, { left: 5, top: -3, width: 30, height: 10 }).image, want.crop)).toBe(0)
    expect(differ(t.centerCrop([25, 9])({ image: byte }, new Generator(0)).image, want.center)).toBe(0)
  })

  it.each(['nearest', 'bilinear'] as const)('warps: %s', (interpolation) => {
    const map = affineMap({ angle: 33, translate: [3, -2], scale: 0.8, shear: [10, -5], center: [4, 6] }, smooth)
    // A bilinear mean within 1e-4 of a half may be rounded either way: torchvision works in float32.
    const allowed = interpolation === 'nearest' ? 0 : 4
    const check = (got: Picture, name: string): void => {
      // torchvision solves the perspective in float32: the nearest pixel of one place differs.
      expect(differ(got, want[`${name} ${interpolation}`], 1)).toBe(name === 'perspective' && allowed === 0 ? 3 : 0)
      if (name === 'perspective') return
      expect(differ(got, want[`${name} ${interpolation}`])).toBeLessThanOrEqual(allowed)
    }
    check(warpPicture(smooth, map, { interpolation, fill: [9, 8, 7] }), 'affine')
    check(t.rotateSample({ image: smooth }, 25, { interpolation }).image, 'rotate')
    check(
      t.rotateSample({ image: smooth }, 25, { interpolation, expand: true, fill: [1, 2, 3] }).image,
      'rotate expand',
    )
    const corners = fourPointMap([0, 0, 21, 0, 21, 16, 0, 16], [2, 1, 18, 3, 20, 15, 1, 12])
    check(warpPicture(smooth, corners, { interpolation, fill: 5 }), 'perspective')
  })
})

describe('colour as torchvision', () => {
  const want = { ...read('color'), ...read('color-float') }
  const halved = (p: Picture): Picture => ({
    ...p,
    data: p.data instanceof Float32Array ? p.data.map((v) => v * 0.5) : p.data.map((v) => (v >> 1) + 20),
  })
  const changes: [string, (p: Picture) => Picture][] = [
    ['brightness', (p) => adjustBrightness(p, 1.7)],
    ['contrast', (p) => adjustContrast(p, 0.6)],
    ['saturation', (p) => adjustSaturation(p, 1.8)],
    ['hue', (p) => adjustHue(p, 0.23)],
    ['gamma', (p) => adjustGamma(p, 2.2, 1.1)],
    ['sharpness', (p) => adjustSharpness(p, 1.9)],
    ['grey', toGrey],
    ['autocontrast', (p) => autocontrast(halved(p))],
    ['blur', (p) => gaussianBlur(p, [5, 3], [1.3, 0.6])],
    ['invert', invertColors],
  ]

  it.each(changes)('%s', (name, change) => {
    expect(worstError(change(real).data, want[`float ${name}`].data)).toBeLessThan(2e-6)
    expect(differ(change(byte), want[`byte ${name}`])).toBe(0)
  })

  it('of bytes alone', () => {
    expect(differ(posterize(byte, 3), want['byte posterize'])).toBe(0)
    expect(differ(solarize(byte, 120), want['byte solarize'])).toBe(0)
    expect(differ(equalize(halved(byte)), want['byte equalize'])).toBe(0)
    const wide = { data: Uint8Array.from({ length: 1280 }, (_, i) => i % 251), width: 64, height: 20 }
    expect(differ(equalize(wide), want['wide equalize'])).toBe(0)
  })

  it('leaves opacity alone', () => {
    const rgba = { data: Uint8ClampedArray.of(10, 20, 30, 77, 40, 50, 60, 88), width: 2, height: 1 }
    for (const change of [
      toGrey,
      invertColors,
      (p: Picture) => adjustBrightness(p, 2),
      (p: Picture) => adjustHue(p, 0.3),
    ]) {
      const out = change(rgba)
      expect([out.data[3], out.data[7], out.data instanceof Uint8ClampedArray]).toEqual([77, 88, true])
    }
  })

  it('refuses what is out of range', () => {
    expect(() => adjustBrightness(byte, -1)).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: adjustBrightness: the factor is negative; got -1, expected a number from 0 on.]`,
    )
    expect(() => adjustHue(byte, 0.6)).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: adjustHue: the shift is out of range; got 0.6, expected -0.5 to 0.5.]`,
    )
    expect(() => posterize(real, 3)).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: posterize: the picture is not of bytes; got floats. Use toBytePicture first.]`,
    )
    expect(() => posterize(byte, 9)).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: posterize: not a number of bits; got 9, expected 0 to 8.]`,
    )
    expect(() => gaussianBlur(byte, 4)).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: gaussianBlur: kernel or sigma do not fit; got kernel 4x4, sigma 0.95 and 0.95, picture 22x17, expected an odd kernel less than twice the picture, and a positive sigma.]`,
    )
    expect(() => toGrey({ data: new Uint8Array(5), width: 2, height: 2 })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: picture: the data do not fill the picture; got 5 values for 2x2.]`,
    )
  })
})

describe('random transforms draw as torchvision', () => {
  const want = read('random')
  const interpolation = 'bilinear'
  const cases: [string, t.Transform][] = [
    ['crop', t.randomCrop({ size: [11, 9], padding: 2, padIfNeeded: true })],
    ['resized', t.randomResizedCrop({ size: [10, 12] })],
    ['flip', t.compose([t.randomHorizontalFlip(), t.randomVerticalFlip()])],
    ['jitter', t.colorJitter({ brightness: 0.4, contrast: 0.5, saturation: 0.6, hue: 0.2 })],
    ['blur', t.randomGaussianBlur({ kernelSize: 3 })],
    ['erase', t.randomErasing({ p: 0.9, value: [10, 20, 30] })],
    ['rotation', t.randomRotation({ degrees: 40, interpolation })],
    [
      'affine',
      t.randomAffine({ degrees: 20, translate: [0.2, 0.3], scale: [0.7, 1.3], shear: [-10, 10, -5, 5], interpolation }),
    ],
    ['perspective', t.randomPerspective({ distortion: 0.6, p: 0.9 })],
    ['grayscale', t.randomGrayscale({ p: 0.5 })],
  ]

  it.each(cases)('%s', (name, transform) => {
    for (const seed of [0, 1, 2]) {
      const got = transform({ image: smooth }, new Generator(seed)).image
      expect(differ(got, want[`${name} ${seed}`], 1)).toBe(0)
      expect(differ(got, want[`${name} ${seed}`])).toBeLessThanOrEqual(12)
    }
  })

  it('randAugment', () => {
    const transform = randAugment({ count: 3, magnitude: 13, fill: 11 })
    for (let seed = 0; seed < 12; seed++) {
      const got = transform({ image: smooth }, new Generator(seed)).image
      // Eleven of twelve are equal; in one a blend of float32 is cut to the byte below.
      expect(differ(got, want[`augment ${seed}`], 1), `seed ${seed}`).toBe(0)
      expect(differ(got, want[`augment ${seed}`]), `seed ${seed}`).toBeLessThanOrEqual(2)
    }
  })
})

/** A picture with one bright rectangle, its box, mask and corners. */
const marked = (): Sample => {
  const [w, h] = [40, 30]
  const mask = Uint8Array.from({ length: w * h }, (_, i) =>
    i % w >= 10 && i % w < 22 && i >= 8 * w && i < 17 * w ? 1 : 0,
  )
  return {
    image: { data: mask.map((v) => v * 200), width: w, height: h },
    boxes: Float32Array.of(10, 8, 22, 17),
    labels: Int32Array.of(3),
    masks: mask,
    keypoints: Float32Array.of(10, 8, 22, 17),
  }
}

/** Bounds of the bright pixels: where the box should be. */
const bounds = ({ data, width: w }: Picture): number[] => {
  const lit = Array.from(data, (v, i) => (v > 100 ? i : -1)).filter((i) => i >= 0)
  const xs = lit.map((i) => i % w)
  const ys = lit.map((i) => Math.floor(i / w))
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs) + 1, Math.max(...ys) + 1]
}

describe('boxes, masks and points go along', () => {
  const whole: [string, (s: Sample) => Sample][] = [
    ['crop', (s) => cropSample(s, { left: 5, top: 4, width: 30, height: 20 })],
    ['pad', (s) => padSample(s, [3, 4, 5, 6])],
    ['flip', (s) => flipSample(s)],
    ['flip upside down', (s) => flipSample(s, true)],
    ['resize', (s) => resizeSample(s, { width: 80, height: 90 }, { interpolation: 'nearest' })],
    ['rotate by 90', (s) => t.rotateSample(s, 90, { expand: true })],
    ['translate', (s) => warpSample(s, affineMap({ translate: [4, -3] }, s.image))],
    ['letterbox', (s) => letterboxSample(s, { width: 80, height: 80, interpolation: 'nearest', fill: 0 }).sample],
    ['crop through the box', (s) => cropSample(s, { left: 15, top: 10, width: 20, height: 15 })],
  ]

  it.each(whole)('exactly: %s', (_, change) => {
    const out = change(marked())
    expect([...(out.boxes ?? [])].map((v) => Math.round(v * 1e4) / 1e4)).toEqual(bounds(out.image))
    const plane = out.masks?.length ?? 0
    expect(plane).toBe(out.image.width * out.image.height)
    expect(bounds({ ...out.image, data: (out.masks ?? new Uint8Array(0)).map((v) => v * 200) })).toEqual(
      bounds(out.image),
    )
  })

  it("under a turn the box bounds the picture's part", () => {
    const out = t.rotateSample(marked(), 30)
    const [x1, y1, x2, y2] = out.boxes ?? []
    const [bx1, by1, bx2, by2] = bounds(out.image)
    // Whole pixels against exact corners.
    expect(x1 <= bx1 + 1 && y1 <= by1 + 1 && x2 >= bx2 - 1 && y2 >= by2 - 1).toBe(true)
    expect(Math.abs(x1 - bx1) + Math.abs(y2 - by2)).toBeLessThan(3)
  })

  it('points are exact under any map', () => {
    const sample = marked()
    const map = fourPointMap([0, 0, 39, 0, 39, 29, 0, 29], [2, 1, 35, 3, 38, 28, 1, 25])
    const out = warpSample(sample, map)
    expect([...(out.keypoints ?? [])]).toEqual([
      ...Float32Array.from([...mapPoint(map, 10, 8), ...mapPoint(map, 22, 17)]),
    ])
  })

  it('boxes that vanish are dropped with labels and masks', () => {
    const sample = cropSample(
      { ...marked(), boxes: Float32Array.of(10, 8, 22, 17, 0, 0, 4, 4), labels: Int32Array.of(3, 5) },
      { left: 8, top: 8, width: 20, height: 20 },
    )
    const clean = sanitizeBoxes({ ...sample, masks: new Uint8Array(800).fill(1, 0, 400) })
    expect([...(clean.labels ?? [])]).toEqual([3])
    expect(clean.masks).toEqual(new Uint8Array(400).fill(1))
    expect([...(clean.boxes ?? [])]).toEqual([2, 0, 14, 9])
  })

  it('letter-boxed boxes come back', () => {
    const sample = marked()
    const { sample: out, letterbox } = letterboxSample(sample, { width: 64, height: 64 })
    expect(worstError(undoLetterbox(out.boxes ?? [], letterbox), sample.boxes ?? [])).toBeLessThan(1e-5)
  })

  it('refuse parts that do not fit', () => {
    const { image } = marked()
    expect(() => flipSample({ image, boxes: new Float32Array(5) })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: flipSample: the parts of the sample do not fit; got 5 numbers of boxes, no labels, no mask pixels, no numbers of key-points, expected 4 for each label, whole masks of 40x30, pairs.]`,
    )
    expect(() => flipSample({ image, masks: new Uint8Array(7) })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: flipSample: the parts of the sample do not fit; got no numbers of boxes, no labels, 7 mask pixels, no numbers of key-points, expected 4 for each label, whole masks of 40x30, pairs.]`,
    )
    expect(() => cropSample({ image }, { left: 0.5, top: 0, width: 1, height: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: cropSample: not a whole pixel; got left 0.5, top 0.]`,
    )
    expect(() => cropSample({ image }, { left: 0, top: 0, width: 0, height: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: picture: not a size; got 0x1, expected whole and positive sides.]`,
    )
    expect(() => t.randomCrop({ size: 99 })({ image }, new Generator(0))).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: randomCrop: the picture is too small; got 40x30, expected at least 99x99. Pass padIfNeeded.]`,
    )
    expect(() => t.randomHorizontalFlip({ p: 2 })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: randomHorizontalFlip: not a probability; got 2, expected 0 to 1.]`,
    )
    expect(() => t.resize({ size: 10, maxSize: 10 })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: resize: maxSize is not above size; got 10 and 10.]`,
    )
    expect(() => t.normalize({ mean: [0], std: [0] })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: normalize: a deviation is zero; got [0].]`,
    )
    expect(() =>
      t.normalize({ mean: [0], std: [1] })({ image: byte }, new Generator(0)),
    ).toThrowErrorMatchingInlineSnapshot(`[ValueError: normalize: too few numbers; got 1 and 1, expected 3 each.]`)
    expect(() => randAugment({ magnitude: 31 })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: randAugment: the magnitude is out of range; got 31, expected 0 to 30.]`,
    )
    expect(() => randAugment()({ image: real }, new Generator(0))).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: randAugment: the picture is not of bytes. Put it before toFloat and normalize.]`,
    )
  })

  it('resize keeps proportions by the shorter side, up to the largest', () => {
    const sizeOf = (transform: t.Transform) => {
      const { width: w, height: h } = transform(
        { image: { data: new Uint8Array(40 * 30), width: 40, height: 30 } },
        new Generator(0),
      ).image
      return [w, h]
    }
    expect(sizeOf(t.resize({ size: 15 }))).toEqual([20, 15])
    expect(sizeOf(t.resize({ size: 100, maxSize: 110 }))).toEqual([110, 82])
    expect(sizeOf(t.letterbox(64))).toEqual([64, 64])
  })
})

describe('maps', () => {
  it('are undone and composed', () => {
    const a = affineMap({ angle: 20, scale: 2, shear: [5, 3], translate: [1, 2] }, { width: 9, height: 7 })
    expect(worstError(composeMaps(a, invertMap(a)), [1, 0, 0, 0, 1, 0, 0, 0, 1])).toBeLessThan(1e-14)
    expect(() => invertMap([1, 0, 0, 1, 0, 0, 0, 0, 1])).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: invertMap: the map cannot be undone; got determinant 0 of [1, 0, 0, 1, 0, 0, 0, 0, 1].]`,
    )
    expect(() => affineMap({ scale: 0 }, { width: 1, height: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: affineMap: the scale is not positive; got 0.]`,
    )
    expect(() => fourPointMap([0, 0, 1, 1, 2, 2, 0, 5], [0, 0, 1, 0, 1, 1, 0, 1])).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: fourPointMap: the points do not fix a map. Take four points, no three on a line.]`,
    )
  })
})

describe('mixing', () => {
  const other = { ...byte, data: Uint8Array.from(byte.data).reverse() }

  it('mixup is the weighted mean', () => {
    const { picture } = mixup(real, { ...real, data: new Float32Array(real.data.length) }, 0.25)
    expect(
      worstError(
        picture.data,
        Float32Array.from(real.data, (v) => v * 0.25),
      ),
    ).toBe(0)
    expect(mixup(byte, other, 1).picture.data).toEqual(byte.data)
  })

  it('cutmix takes a rectangle and says how much is left', () => {
    const { picture, share } = cutmix(byte, other, 0.6, new Generator(4))
    const pixels = height * width
    const same = Array.from({ length: pixels }, (_, i) =>
      [0, 1, 2].every((c) => picture.data[3 * i + c] === byte.data[3 * i + c]),
    )
    // A pixel may be alike in both by chance: at most a handful.
    expect(Math.abs(same.filter(Boolean).length / pixels - share)).toBeLessThan(0.02)
    expect(share).toBeLessThan(1)
    expect(cutmix(byte, other, 1, new Generator(0)).share).toBe(1)
  })

  it('shares have the mean and variance of their beta distribution', () => {
    for (const alpha of [0.2, 1, 3]) {
      const generator = new Generator(1)
      const drawn = Array.from({ length: 20000 }, () => drawShare(alpha, generator))
      const mean = drawn.reduce((a, b) => a + b, 0) / 20000
      const variance = drawn.reduce((a, b) => a + (b - mean) ** 2, 0) / 20000
      // Five standard errors of the mean and of the variance of 20,000 draws.
      expect(Math.abs(mean - 0.5)).toBeLessThan((5 * 0.5) / Math.sqrt(20000))
      expect(Math.abs(variance - 1 / (4 * (2 * alpha + 1)))).toBeLessThan(5e-3)
    }
  })

  it('refuses pictures that are not alike and shares out of range', () => {
    expect(() => mixup(byte, { ...byte, width: 17, height: 22 }, 0.5)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: mixup: the pictures are not alike; got 22x17x3 and 17x22x3.]`,
    )
    expect(() => mixup(byte, byte, 1.5)).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: mixup: not a share; got 1.5, expected 0 to 1.]`,
    )
    expect(() => drawShare(0, new Generator(0))).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: drawShare: alpha is not positive; got 0, expected a number above 0.]`,
    )
  })
})

describe('pictures', () => {
  it('become floats, bytes, three channels and tensors, and come back', () => {
    expect(toBytePicture(toFloatPicture(byte)).data).toEqual(byte.data)
    const grey = { data: Uint8Array.of(1, 2), width: 2, height: 1 }
    expect([...toRgb(grey).data]).toEqual([1, 1, 1, 2, 2, 2])
    const tensor = pictureToTensor(real)
    expect(tensor.shape).toEqual([3, 17, 22])
    expect(pictureFromPlanes(tensor, real).data).toEqual(real.data)
    expect(() => channelsOf({ data: new Uint8Array(7), width: 2, height: 2 })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: picture: the data do not fill the picture; got 7 values for 2x2.]`,
    )
    expect(t.toFloat({ image: byte }, new Generator(0)).image.data).toEqual(toFloatPicture(byte).data)
  })
})
