import { ValueError, type Generator } from '@lanewise/core'
import { exp, log, roundHalfEven } from '../math.ts'
import { adjustBrightness, adjustContrast, adjustHue, adjustSaturation, gaussianBlur, toGrey } from './color.ts'
import { blankLike, channelsOf, colorChannels, isBytes, toFloatPicture, type Picture } from './picture.ts'
import type { ResizeOptions } from './resize.ts'
import {
  cropSample,
  flipSample,
  letterboxSample,
  padSample,
  recolorSample,
  resizeSample,
  sanitizeBoxes as dropSmallBoxes,
  warpSample,
  type PadOptions,
  type Sample,
} from './sample.ts'
import { affineMap, fourPointMap, type Matrix3 } from './warp.ts'

/** Changes a sample, with draws from a generator. The draws are torchvision's, in its order. */
export type Transform = (sample: Sample, generator: Generator) => Sample

/** One number for both, or [width, height]. */
export type Size = number | readonly [width: number, height: number]

const sidesOf = (size: Size): { width: number; height: number } =>
  typeof size === 'number' ? { width: size, height: size } : { width: size[0], height: size[1] }

/** One uniform float32 draw, as torch.empty(1).uniform_(from, to). */
const uniform = (generator: Generator, from: number, to: number): number =>
  generator.uniform(new Float32Array(1), from, to)[0]

/** torch.rand(1) < p */
const happens = (generator: Generator, p: number): boolean => uniform(generator, 0, 1) < Math.fround(p)

const checkShare = (op: string, p: number): void => {
  if (p >= 0 && p <= 1) return
  throw new ValueError({ op, problem: 'not a probability', got: String(p), expected: '0 to 1' })
}

/**
 * Several transforms, one after the other.
 * @example
 * import { Generator } from '@lanewise/core'
 * const image = { data: Uint8Array.of(1, 2), width: 2, height: 1 }
 * compose([randomHorizontalFlip({ p: 1 })])({ image }, new Generator(0)).image.data // => [2, 1]
 */
export const compose =
  (transforms: readonly Transform[]): Transform =>
  (sample, generator) =>
    transforms.reduce((s, t) => t(s, generator), sample)

/**
 * Some transforms, applied with a probability.
 * @throws ValueError when p is not a probability.
 * @example
 * import { Generator } from '@lanewise/core'
 * const image = { data: Uint8Array.of(10, 200, 60, 120), width: 4, height: 1 }
 * randomApply([randomHorizontalFlip({ p: 1 })], 0)({ image }, new Generator(0)).image.data // => [10, 200, 60, 120]
 */
export const randomApply = (transforms: readonly Transform[], p = 0.5): Transform => {
  checkShare('randomApply', p)
  const all = compose(transforms)
  return (sample, generator) => (p < uniform(generator, 0, 1) ? sample : all(sample, generator))
}

/** Options of {@link resize}. */
export interface ResizeTransformOptions extends ResizeOptions {
  /** [width, height], or one number for the shorter side, the other following. */
  readonly size: Size
  /** Largest longer side, where `size` is one number. */
  readonly maxSize?: number
}

/**
 * Another size.
 * @throws ValueError when maxSize is not above the size.
 * @example
 * import { Generator } from '@lanewise/core'
 * const image = { data: Uint8Array.of(10, 200, 60, 120), width: 4, height: 1 }
 * resize({ size: [2, 1], interpolation: 'nearest' })({ image }, new Generator(0)).image.data // => [10, 60]
 */
export const resize = ({ size, maxSize, ...options }: ResizeTransformOptions): Transform => {
  if (typeof size === 'number' && maxSize !== undefined && maxSize <= size) {
    throw new ValueError({ op: 'resize', problem: 'maxSize is not above size', got: `${maxSize} and ${size}` })
  }
  return (sample) => {
    const { width, height } = sample.image
    if (typeof size !== 'number') return resizeSample(sample, sidesOf(size), options)
    const [short, long] = width <= height ? [width, height] : [height, width]
    let sides = [size, Math.trunc((size * long) / short)]
    if (maxSize !== undefined && sides[1] > maxSize) sides = [Math.trunc((maxSize * size) / sides[1]), maxSize]
    const [w, h] = width <= height ? sides : [sides[1], sides[0]]
    return w === width && h === height ? sample : resizeSample(sample, { width: w, height: h }, options)
  }
}

/**
 * The middle of the picture; smaller ones are padded with zeros.
 * @example
 * import { Generator } from '@lanewise/core'
 * const image = { data: Uint8Array.of(10, 200, 60, 120), width: 4, height: 1 }
 * centerCrop([2, 1])({ image }, new Generator(0)).image.data // => [200, 60]
 */
export const centerCrop =
  (size: Size): Transform =>
  (sample) => {
    const { width, height } = sidesOf(size)
    const image = sample.image
    const [padX, padY] = [Math.max(0, width - image.width), Math.max(0, height - image.height)]
    const [left, top] = [padX >> 1, padY >> 1]
    const start = (full: number, part: number): number => roundHalfEven((full - part) / 2)
    return cropSample(sample, {
      left: start(image.width + padX, width) - left,
      top: start(image.height + padY, height) - top,
      width,
      height,
    })
  }

/** Options of {@link randomCrop}. */
export interface RandomCropOptions extends PadOptions {
  readonly size: Size
  /** Border added first. Default none. */
  readonly padding?: number | readonly [left: number, top: number, right: number, bottom: number]
  /** Adds borders where the picture is too small. Default false. */
  readonly padIfNeeded?: boolean
}

/**
 * A part of a fixed size anywhere.
 * @throws ValueError at use when the picture is too small.
 * @example
 * import { Generator } from '@lanewise/core'
 * const image = { data: Uint8Array.of(10, 200, 60, 120), width: 4, height: 1 }
 * randomCrop({ size: [3, 1] })({ image }, new Generator(0)).image.width // => 3
 */
export const randomCrop = ({ size, padding, padIfNeeded = false, ...pad }: RandomCropOptions): Transform => {
  const { width, height } = sidesOf(size)
  return (given, generator) => {
    let sample = padding === undefined ? given : padSample(given, padding, pad)
    const [missingX, missingY] = [width - sample.image.width, height - sample.image.height]
    if (padIfNeeded && missingX > 0) sample = padSample(sample, [missingX, 0, missingX, 0], pad)
    if (padIfNeeded && missingY > 0) sample = padSample(sample, [0, missingY, 0, missingY], pad)
    const { image } = sample
    if (image.width < width || image.height < height) {
      throw new ValueError({
        op: 'randomCrop',
        problem: 'the picture is too small',
        got: `${image.width}x${image.height}`,
        expected: `at least ${width}x${height}`,
        advice: 'Pass padIfNeeded',
      })
    }
    if (image.width === width && image.height === height) return sample
    const top = generator.randint(image.height - height + 1)
    const left = generator.randint(image.width - width + 1)
    return cropSample(sample, { left, top, width, height })
  }
}

/** Options of {@link randomResizedCrop}. */
export interface RandomResizedCropOptions extends ResizeOptions {
  readonly size: Size
  /** Smallest and largest share of the area. Default 0.08 to 1. */
  readonly scale?: readonly [from: number, to: number]
  /** Smallest and largest width over height. Default 3/4 to 4/3. */
  readonly ratio?: readonly [from: number, to: number]
}

/**
 * A part of random size and proportions, brought to a fixed size.
 * @example
 * import { Generator } from '@lanewise/core'
 * const image = { data: Uint8Array.of(10, 200, 60, 120), width: 4, height: 1 }
 * randomResizedCrop({ size: 8 })({ image }, new Generator(0)).image.height // => 8
 */
export const randomResizedCrop = (options: RandomResizedCropOptions): Transform => {
  const { size, scale = [0.08, 1], ratio = [3 / 4, 4 / 3], ...resizing } = options
  return (sample, generator) => {
    const { width, height } = sample.image
    const region = resizedRegion(width, height, scale, ratio, generator) ?? centralRegion(width, height, ratio)
    return resizeSample(cropSample(sample, region), sidesOf(size), resizing)
  }
}

interface Region {
  left: number
  top: number
  width: number
  height: number
}

const logRatios = (ratio: readonly [number, number]): [number, number] => [
  Math.fround(log(Math.fround(ratio[0]))),
  Math.fround(log(Math.fround(ratio[1]))),
]

const resizedRegion = (
  width: number,
  height: number,
  scale: readonly [number, number],
  ratio: readonly [number, number],
  generator: Generator,
): Region | null => {
  const [low, high] = logRatios(ratio)
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = width * height * uniform(generator, scale[0], scale[1])
    const aspect = Math.fround(exp(uniform(generator, low, high)))
    const w = roundHalfEven(Math.sqrt(area * aspect))
    const h = roundHalfEven(Math.sqrt(area / aspect))
    if (!(w > 0 && w <= width && h > 0 && h <= height)) continue
    const top = generator.randint(height - h + 1)
    return { top, left: generator.randint(width - w + 1), width: w, height: h }
  }
  return null
}

const centralRegion = (width: number, height: number, ratio: readonly [number, number]): Region => {
  const [low, high] = [Math.min(...ratio), Math.max(...ratio)]
  const tall = width / height < low
  const w = !tall && width / height > high ? roundHalfEven(height * high) : width
  const h = tall ? roundHalfEven(width / low) : height
  return { left: (width - w) >> 1, top: (height - h) >> 1, width: w, height: h }
}

/** How often something happens. */
export interface ChanceOptions {
  /** Default 0.5. */
  readonly p?: number
}

/**
 * Mirrored left to right with a probability.
 * @example
 * import { Generator } from '@lanewise/core'
 * const image = { data: Uint8Array.of(10, 200, 60, 120), width: 4, height: 1 }
 * randomHorizontalFlip({ p: 1 })({ image }, new Generator(0)).image.data // => [120, 60, 200, 10]
 */
export const randomHorizontalFlip = ({ p = 0.5 }: ChanceOptions = {}): Transform => {
  checkShare('randomHorizontalFlip', p)
  return (sample, generator) => (happens(generator, p) ? flipSample(sample) : sample)
}

/**
 * Upside down with a probability.
 * @example
 * import { Generator } from '@lanewise/core'
 * const image = { data: Uint8Array.of(1, 2), width: 1, height: 2 }
 * randomVerticalFlip({ p: 1 })({ image }, new Generator(0)).image.data // => [2, 1]
 */
export const randomVerticalFlip = ({ p = 0.5 }: ChanceOptions = {}): Transform => {
  checkShare('randomVerticalFlip', p)
  return (sample, generator) => (happens(generator, p) ? flipSample(sample, true) : sample)
}

/** What the warping transforms take. */
export interface RandomWarpOptions {
  /** Default nearest. */
  readonly interpolation?: 'nearest' | 'bilinear'
  /** What stands outside of the picture; see {@link WarpOptions}. Default 0 in the random transforms. */
  readonly fill?: number | readonly number[]
}

/** Options of {@link randomRotation}. */
export interface RandomRotationOptions extends RandomWarpOptions {
  /** Degrees counter-clockwise: [from, to], or one number for both ways. */
  readonly degrees: number | readonly [from: number, to: number]
  /** Makes the picture as large as the turned one. Default false. */
  readonly expand?: boolean
  /** What stays in place. Default the middle. */
  readonly center?: readonly [x: number, y: number]
}

const range = (value: number | readonly [number, number]): readonly [number, number] =>
  typeof value === 'number' ? [-value, value] : value

/**
 * Turned by a random angle.
 * @example
 * import { Generator } from '@lanewise/core'
 * const image = { data: Uint8Array.of(1, 2, 3, 4), width: 2, height: 2 }
 * randomRotation({ degrees: [180, 180] })({ image }, new Generator(0)).image.data // => [4, 3, 2, 1]
 */
export const randomRotation = ({ degrees, expand = false, center, ...options }: RandomRotationOptions): Transform => {
  const [from, to] = range(degrees)
  return (sample, generator) =>
    rotateSample(sample, uniform(generator, from, to), { expand, fill: 0, ...(center ? { center } : {}), ...options })
}

/**
 * The sample turned by `angle` degrees counter-clockwise.
 * @source Checked against torchvision's rotate 0.14 in transforms.test.ts
 * @example
 * const image = { data: Uint8Array.of(1, 2, 3, 4), width: 2, height: 2 }
 * rotateSample({ image }, 90).image.data // => [2, 4, 1, 3]
 */
export const rotateSample = (
  sample: Sample,
  angle: number,
  { expand = false, center, ...options }: Omit<RandomRotationOptions, 'degrees'> = {},
): Sample => {
  const { width, height } = sample.image
  const map = affineMap({ angle: -angle, ...(center ? { center } : {}) }, sample.image)
  if (!expand) return warpSample(sample, map, options)
  // torchvision measures the grown picture by the way back, about the middle.
  const back = affineMap({ angle, ...(center ? { center } : {}) }, sample.image)
  const cut = (v: number): number => Math.trunc(v / 1e-4) * 1e-4
  const corners = [
    [0, 0],
    [0, height],
    [width, height],
    [width, 0],
  ].map(([x, y]) => [back[0] * x + back[1] * y + back[2], back[3] * x + back[4] * y + back[5]])
  const extent = (k: number): number =>
    Math.ceil(cut(Math.max(...corners.map((c) => c[k])))) - Math.floor(cut(Math.min(...corners.map((c) => c[k]))))
  const [grownW, grownH] = [extent(0), extent(1)]
  const [dx, dy] = [(grownW - width) / 2, (grownH - height) / 2]
  const grown: Matrix3 = [map[0], map[1], map[2] + dx, map[3], map[4], map[5] + dy, 0, 0, 1]
  return warpSample(sample, grown, { ...options, width: grownW, height: grownH })
}

/** Options of {@link randomAffine}. */
export interface RandomAffineOptions extends RandomWarpOptions {
  /** Degrees clockwise: [from, to], or one number for both ways. */
  readonly degrees: number | readonly [from: number, to: number]
  /** Largest shift as a share of width and height. Default none. */
  readonly translate?: readonly [x: number, y: number]
  /** Smallest and largest scale. Default none. */
  readonly scale?: readonly [from: number, to: number]
  /** Degrees of shear along x, [from, to], or one number for both ways; and along y. Default none. */
  readonly shear?:
    | number
    | readonly [from: number, to: number]
    | readonly [fromX: number, toX: number, fromY: number, toY: number]
}

/**
 * Turned, shifted, scaled and sheared at random.
 * @example
 * import { Generator } from '@lanewise/core'
 * const image = { data: new Uint8Array(100), width: 10, height: 10 }
 * randomAffine({ degrees: 10, translate: [0.1, 0.1] })({ image }, new Generator(0)).image.width // => 10
 */
export const randomAffine = ({ degrees, translate, scale, shear, ...options }: RandomAffineOptions): Transform => {
  const [from, to] = range(degrees)
  const shears = typeof shear === 'number' ? [-shear, shear] : shear
  return (sample, generator) => {
    const { width, height } = sample.image
    const angle = uniform(generator, from, to)
    const shift = (share: number, side: number): number =>
      roundHalfEven(uniform(generator, -share * side, share * side))
    const tx = translate ? shift(translate[0], width) : 0
    const ty = translate ? shift(translate[1], height) : 0
    const size = scale ? uniform(generator, scale[0], scale[1]) : 1
    const sx = shears ? uniform(generator, shears[0], shears[1]) : 0
    const sy = shears && shears.length === 4 ? uniform(generator, shears[2], shears[3]) : 0
    return warpSample(sample, affineMap({ angle, translate: [tx, ty], scale: size, shear: [sx, sy] }, sample.image), {
      fill: 0,
      ...options,
    })
  }
}

/** Options of {@link randomPerspective}. */
export interface RandomPerspectiveOptions extends RandomWarpOptions, ChanceOptions {
  /** Largest move of a corner as a share of half the picture. Default 0.5. */
  readonly distortion?: number
}

/**
 * Seen from a random side with a probability: each corner moves inwards. Default interpolation bilinear.
 * @example
 * import { Generator } from '@lanewise/core'
 * const image = { data: new Uint8Array(100), width: 10, height: 10 }
 * randomPerspective({ distortion: 0.3, p: 1 })({ image }, new Generator(0)).image.height // => 10
 */
export const randomPerspective = (options: RandomPerspectiveOptions = {}): Transform => {
  const { distortion = 0.5, p = 0.5, interpolation = 'bilinear', ...rest } = options
  checkShare('randomPerspective', p)
  return (sample, generator) => {
    if (!happens(generator, p)) return sample
    const { width, height } = sample.image
    const [dx, dy] = [Math.trunc(distortion * (width >> 1)), Math.trunc(distortion * (height >> 1))]
    const near = (reach: number): number => generator.randint(reach + 1)
    const far = (side: number, reach: number): number => side - reach - 1 + generator.randint(reach + 1)
    const ends = [
      near(dx),
      near(dy),
      far(width, dx),
      near(dy),
      far(width, dx),
      far(height, dy),
      near(dx),
      far(height, dy),
    ]
    const starts = [0, 0, width - 1, 0, width - 1, height - 1, 0, height - 1]
    return warpSample(sample, fourPointMap(starts, ends), { fill: 0, ...rest, interpolation })
  }
}

/** A range of factors: [from, to], or d for 1 - d to 1 + d. */
export type FactorRange = number | readonly [from: number, to: number]

/** Options of {@link colorJitter}. */
export interface ColorJitterOptions {
  readonly brightness?: FactorRange
  readonly contrast?: FactorRange
  readonly saturation?: FactorRange
  /** A range of shifts: [from, to] within -0.5 to 0.5, or d for -d to d. */
  readonly hue?: FactorRange
}

/**
 * Brightness, contrast, saturation and hue changed at random, in random order.
 * @example
 * import { Generator } from '@lanewise/core'
 * const image = { data: Uint8Array.of(10, 200, 60, 120), width: 4, height: 1 }
 * colorJitter({ brightness: [0.5, 0.5] })({ image }, new Generator(0)).image.data // => [5, 100, 30, 60]
 */
export const colorJitter = (options: ColorJitterOptions): Transform => {
  const factors = (value: FactorRange | undefined): readonly [number, number] | null => {
    const [from, to] = typeof value === 'number' ? [Math.max(0, 1 - value), 1 + value] : (value ?? [1, 1])
    return from === 1 && to === 1 ? null : [from, to]
  }
  const hues = range(options.hue ?? 0)
  const ranges = [
    factors(options.brightness),
    factors(options.contrast),
    factors(options.saturation),
    hues[0] === 0 && hues[1] === 0 ? null : hues,
  ]
  const changes = [adjustBrightness, adjustContrast, adjustSaturation, adjustHue]
  return (sample, generator) => {
    const order = generator.randperm(4)
    const drawn = ranges.map((r) => (r === null ? null : uniform(generator, r[0], r[1])))
    return recolorSample(sample, (picture) =>
      order.reduce((p, k) => {
        const factor = drawn[k]
        return factor === null ? p : changes[k](p, factor)
      }, picture),
    )
  }
}

/**
 * Grey with a probability, 0.1 by default.
 * @example
 * import { Generator } from '@lanewise/core'
 * const image = { data: Uint8Array.of(255, 0, 0), width: 1, height: 1 }
 * randomGrayscale({ p: 1 })({ image }, new Generator(0)).image.data // => [76, 76, 76]
 */
export const randomGrayscale = ({ p = 0.1 }: ChanceOptions = {}): Transform => {
  checkShare('randomGrayscale', p)
  return (sample, generator) => (happens(generator, p) ? recolorSample(sample, toGrey) : sample)
}

/** Options of {@link randomGaussianBlur}. */
export interface RandomGaussianBlurOptions {
  /** Odd. */
  readonly kernelSize: number
  /** Smallest and largest sigma. Default 0.1 to 2. */
  readonly sigma?: readonly [from: number, to: number]
}

/**
 * Blurred by a random Gaussian.
 * @example
 * import { Generator } from '@lanewise/core'
 * const image = { data: new Uint8Array(100).fill(7), width: 10, height: 10 }
 * randomGaussianBlur({ kernelSize: 3 })({ image }, new Generator(0)).image.data[5] // => 7
 */
export const randomGaussianBlur =
  ({ kernelSize, sigma = [0.1, 2] }: RandomGaussianBlurOptions): Transform =>
  (sample, generator) => {
    const s = uniform(generator, sigma[0], sigma[1])
    return recolorSample(sample, (picture) => gaussianBlur(picture, kernelSize, s))
  }

/** Options of {@link randomErasing}. */
export interface RandomErasingOptions extends ChanceOptions {
  /** Smallest and largest share of the area. Default 0.02 to 0.33. */
  readonly scale?: readonly [from: number, to: number]
  /** Smallest and largest height over width. Default 0.3 to 3.3. */
  readonly ratio?: readonly [from: number, to: number]
  /** What stands there: one value, or one per channel. Default 0. */
  readonly value?: number | readonly number[]
}

/**
 * A random rectangle of the picture replaced with a probability. Boxes and masks stay.
 * @example
 * import { Generator } from '@lanewise/core'
 * const image = { data: new Uint8Array(400).fill(7), width: 20, height: 20 }
 * randomErasing({ p: 1 })({ image }, new Generator(0)).image.data.includes(0) // => true
 */
export const randomErasing = (options: RandomErasingOptions = {}): Transform => {
  const { p = 0.5, scale = [0.02, 0.33], ratio = [0.3, 3.3], value = 0 } = options
  checkShare('randomErasing', p)
  return (sample, generator) => {
    if (!happens(generator, p)) return sample
    const { width, height } = sample.image
    const [low, high] = logRatios(ratio)
    for (let attempt = 0; attempt < 10; attempt++) {
      const area = width * height * uniform(generator, scale[0], scale[1])
      const aspect = Math.fround(exp(uniform(generator, low, high)))
      const h = roundHalfEven(Math.sqrt(area * aspect))
      const w = roundHalfEven(Math.sqrt(area / aspect))
      if (!(h < height && w < width)) continue
      const top = generator.randint(height - h + 1)
      const left = generator.randint(width - w + 1)
      return recolorSample(sample, (picture) => erase(picture, { left, top, width: w, height: h }, value))
    }
    return sample
  }
}

const erase = (picture: Picture, region: Region, value: number | readonly number[]): Picture => {
  const out = blankLike(picture, picture.width, picture.height)
  out.data.set(picture.data)
  const channels = channelsOf(picture)
  for (let y = region.top; y < region.top + region.height; y++) {
    const from = (y * picture.width + region.left) * channels
    for (let i = 0; i < region.width * channels; i++) {
      out.data[from + i] = typeof value === 'number' ? value : (value[i % channels] ?? 0)
    }
  }
  return out
}

/** Options of {@link normalize}. */
export interface NormalizeOptions {
  /** Per colour channel, of values 0 to 1. */
  readonly mean: readonly number[]
  readonly std: readonly number[]
}

/**
 * Floats less the mean, over the deviation; bytes become 0 to 1 first. Opacity stays.
 * @throws ValueError when a deviation is 0; at use when there are fewer numbers than colours.
 * @example
 * import { Generator } from '@lanewise/core'
 * const image = { data: Uint8Array.of(0, 255), width: 2, height: 1 }
 * normalize({ mean: [0.5], std: [0.5] })({ image }, new Generator(0)).image.data // => [-1, 1]
 */
export const normalize = ({ mean, std }: NormalizeOptions): Transform => {
  if (std.some((s) => s === 0))
    throw new ValueError({ op: 'normalize', problem: 'a deviation is zero', got: `[${std.join(', ')}]` })
  return (sample) =>
    recolorSample(sample, (picture) => {
      const channels = channelsOf(picture)
      const colors = colorChannels(picture)
      if (mean.length < colors || std.length < colors) {
        throw new ValueError({
          op: 'normalize',
          problem: 'too few numbers',
          got: `${mean.length} and ${std.length}`,
          expected: `${colors} each`,
        })
      }
      const { data, width, height } = toFloatPicture(picture)
      const values = Float32Array.from(data, (v, i) => {
        const c = i % channels
        return c < colors ? Math.fround(v - Math.fround(mean[c])) / Math.fround(std[c]) : v
      })
      return { data: values, width, height }
    })
}

/**
 * Borders added; see {@link padSample}.
 * @example
 * import { Generator } from '@lanewise/core'
 * const image = { data: Uint8Array.of(10, 200, 60, 120), width: 4, height: 1 }
 * pad([1, 0, 0, 0])({ image }, new Generator(0)).image.data // => [0, 10, 200, 60, 120]
 */
export const pad =
  (
    border: number | readonly [left: number, top: number, right: number, bottom: number],
    options: PadOptions = {},
  ): Transform =>
  (sample) =>
    padSample(sample, border, options)

/**
 * Scaled to fit with proportions kept, the rest filled; see {@link letterboxSample}.
 * @example
 * import { Generator } from '@lanewise/core'
 * const image = { data: Uint8Array.of(10, 200, 60, 120), width: 4, height: 1 }
 * letterbox(8)({ image }, new Generator(0)).image.height // => 8
 */
export const letterbox =
  (size: Size, options: { readonly fill?: number | readonly number[] } & ResizeOptions = {}): Transform =>
  (sample) =>
    letterboxSample(sample, { ...sidesOf(size), ...options }).sample

/**
 * Boxes dropped that are smaller than `minSize`; see {@link sanitizeBoxes}.
 * @example
 * import { Generator } from '@lanewise/core'
 * const image = { data: Uint8Array.of(10, 200, 60, 120), width: 4, height: 1 }
 * dropTinyBoxes(1)({ image, boxes: Float32Array.of(1, 0, 1, 1) }, new Generator(0)).boxes // => []
 */
export const dropTinyBoxes =
  (minSize = 1): Transform =>
  (sample) =>
    dropSmallBoxes(sample, minSize)

/**
 * Bytes to floats 0 to 1.
 * @example
 * import { Generator } from '@lanewise/core'
 * const image = { data: Uint8Array.of(0, 255), width: 2, height: 1 }
 * toFloat({ image }, new Generator(0)).image.data // => [0, 1]
 */
export const toFloat: Transform = (sample) => (isBytes(sample.image) ? recolorSample(sample, toFloatPicture) : sample)
