import { ShapeError, ValueError } from '../errors.ts'
import { exp, log } from '../math/f64.ts'
import { cos, sin } from '../math/trig.ts'
import { add, div, mul, sub } from '../ops/binary.ts'
import { clamp } from '../ops/clip.ts'
import { gridSample } from '../ops/grid-sample.ts'
import { interpolate } from '../ops/interpolate.ts'
import { pad, type PadMode } from '../ops/pad.ts'
import { mean } from '../ops/reduce.ts'
import { flip } from '../ops/repeat.ts'
import { needFloat } from '../ops/rules.ts'
import { expand, slice, squeeze, unsqueeze } from '../ops/views.ts'
import { defaultGenerator } from '../random/default.ts'
import type { Generator } from '../random/generator.ts'
import { fromData } from '../tensor/create.ts'
import { show } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** Where random transforms draw. A batch shares one draw, as in torchvision. */
export interface RandomOptions {
  /** Default: the default generator. */
  readonly generator?: Generator
}

/** One length for both sides, or [height, width]. */
export type ImageSize = number | readonly [height: number, width: number]

/** Height and width of images [C, H, W] or [N, C, H, W]. */
const spaceOf = (op: string, x: Tensor): [H: number, W: number] => {
  needFloat(op, x)
  if (x.rank === 3 || x.rank === 4) return [x.shape[x.rank - 2], x.shape[x.rank - 1]]
  throw new ShapeError({
    op,
    problem: 'these are not images',
    got: x.toString(),
    expected: '[C, H, W] or [N, C, H, W]',
  })
}

const checkSize = (op: string, sizes: readonly number[]): void => {
  if (sizes.length <= 2 && sizes.every((n) => Number.isInteger(n) && n > 0)) return
  throw new ValueError({ op, problem: 'not a size', got: show(sizes), expected: 'whole numbers above 0' })
}

const pairOf = (op: string, size: ImageSize): readonly [number, number] => {
  const pair = typeof size === 'number' ? ([size, size] as const) : size
  checkSize(op, pair)
  return pair
}

const checkProbability = (op: string, p: number): void => {
  if (p >= 0 && p <= 1) return
  throw new ValueError({ op, problem: 'not a probability', got: String(p), expected: 'a number in [0, 1]' })
}

const checkRange = (op: string, name: string, [low, high]: readonly [number, number], least = -Infinity): void => {
  if (low >= least && low <= high && high < Infinity && low > -Infinity) return
  const expected = `low <= high${least > -Infinity ? `, from ${least} on` : ''}`
  throw new ValueError({ op, problem: `${name} is not a range`, got: show([low, high]), expected })
}

/** One f32 draw, as `torch.empty(1).uniform_(from, to)`. */
const draw = (generator: Generator, from: number, to: number): number =>
  generator.uniform(new Float32Array(1), from, to)[0]

const roundHalfEven = (x: number): number => {
  const low = Math.floor(x)
  return x - low === 0.5 ? low + (low % 2) : Math.round(x)
}

/** Runs an op that needs the axis of the batch. */
const batched = (x: Tensor, f: (x: Tensor) => Tensor): Tensor => (x.rank === 4 ? f(x) : squeeze(f(unsqueeze(x, 0)), 0))

const cut = (x: Tensor, [top, left]: readonly [number, number], [H, W]: readonly [number, number]): Tensor =>
  slice(slice(x, -2, top, top + H), -1, left, left + W)

/** How {@link resize} reads between pixels. */
export interface ResizeOptions {
  /** Default bilinear. */
  readonly mode?: 'nearest' | 'bilinear' | 'bicubic'
  /** Widen the filter when shrinking. Default true, except for nearest. */
  readonly antialias?: boolean
}

/**
 * Images of another size.
 * Shape: x [..., H, W] -> [..., h, w].
 * @param size - [h, w], or the length of the shorter side; the other then keeps the proportion, rounded down
 * @throws ShapeError when x is not images; ValueError when the size is not whole numbers above 0.
 * @source Checked against torchvision 0.14 in transforms.test.ts
 * @example resize(tensor([[[1, 3], [1, 3]]]), [1, 1]).toArray() // => [[[2]]]
 */
export const resize = (x: Tensor, size: ImageSize, options: ResizeOptions = {}): Tensor => {
  const [H, W] = spaceOf('resize', x)
  checkSize('resize', typeof size === 'number' ? [size] : size)
  const { mode = 'bilinear', antialias = mode !== 'nearest' } = options
  const to = typeof size === 'number' ? proportional(size, H, W) : size
  if (to[0] === H && to[1] === W) return x
  return batched(x, (y) => interpolate(y, { size: to, mode, antialias }))
}

const proportional = (size: number, H: number, W: number): [number, number] =>
  H <= W ? [size, Math.floor((size * W) / H)] : [Math.floor((size * H) / W), size]

/**
 * The middle of images; what lies outside of them is 0.
 * Shape: x [..., H, W] -> [..., h, w].
 * @throws ShapeError when x is not images; ValueError when the size is not whole numbers above 0.
 * @source Checked against torchvision 0.14 in transforms.test.ts
 * @example centerCrop(tensor([[[1, 2, 3]]]), 1).toArray() // => [[[2]]]
 */
export const centerCrop = (x: Tensor, size: ImageSize): Tensor => {
  const space = spaceOf('centerCrop', x)
  const to = pairOf('centerCrop', size)
  const [rows, columns] = to.map((n, i) => Math.max(n - space[i], 0))
  const [top, bottom, left, right] = [rows >> 1, (rows + 1) >> 1, columns >> 1, (columns + 1) >> 1]
  const y = rows + columns === 0 ? x : pad(x, [left, right, top, bottom])
  const at = to.map((n, i) => roundHalfEven((Math.max(space[i], n) - n) / 2))
  return cut(y, [at[0], at[1]], to)
}

/** What {@link randomCrop} takes. */
export interface RandomCropOptions extends RandomOptions {
  /** Added on all four sides before. Default 0. */
  readonly padding?: number
  /** What is added. Default `constant`. */
  readonly paddingMode?: PadMode
  /** The constant. Default 0. */
  readonly fill?: number
}

/**
 * A window at a random place. Draws the row, then the column; nothing when the window is the whole image.
 * Shape: x [..., H, W] -> [..., h, w].
 * @throws ShapeError when x is not images or is smaller than the window; ValueError when the size is not one.
 * @source Draws and values checked against torchvision 0.14 in transforms.test.ts
 * @example randomCrop(zeros([3, 32, 32]), 32, { padding: 4 }).shape // => [3, 32, 32]
 */
export const randomCrop = (x: Tensor, size: ImageSize, options: RandomCropOptions = {}): Tensor => {
  const op = 'randomCrop'
  const { padding = 0, paddingMode = 'constant', fill = 0, generator = defaultGenerator() } = options
  spaceOf(op, x)
  const to = pairOf(op, size)
  if (!(Number.isInteger(padding) && padding >= 0))
    throw new ValueError({ op, problem: 'not a padding', got: String(padding), expected: 'a whole number from 0 on' })
  const sides = [padding, padding, padding, padding]
  const y = padding === 0 ? x : pad(x, sides, { mode: paddingMode, ...(paddingMode === 'constant' && { value: fill }) })
  const [H, W] = spaceOf(op, y)
  if (H < to[0] || W < to[1])
    throw new ShapeError({
      op,
      problem: 'the window is larger than the image',
      got: `${show(to)} of ${y.toString()}`,
      expected: `at most ${show([H, W])}`,
    })
  if (H === to[0] && W === to[1]) return y
  const top = generator.randint(H - to[0] + 1)
  return cut(y, [top, generator.randint(W - to[1] + 1)], to)
}

/** What {@link randomResizedCrop} takes. */
export interface RandomResizedCropOptions extends RandomOptions, ResizeOptions {
  /** Range of the window's share of the area. Default [0.08, 1]. */
  readonly scale?: readonly [number, number]
  /** Range of its width by its height. Default [3 / 4, 4 / 3]. */
  readonly ratio?: readonly [number, number]
}

/** Top, left, height and width of a window. */
type Window = readonly [top: number, left: number, H: number, W: number]

/** The largest window in the middle whose proportion is within the range. */
const fallbackWindow = (H: number, W: number, [low, high]: readonly [number, number]): Window => {
  const h = W / H < low ? roundHalfEven(W / low) : H
  const w = W / H > high ? roundHalfEven(H * high) : W
  return [Math.floor((H - h) / 2), Math.floor((W - w) / 2), h, w]
}

const drawWindow = (
  generator: Generator,
  [H, W]: readonly [number, number],
  scale: readonly [number, number],
  ratio: readonly [number, number],
): Window => {
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = H * W * draw(generator, ...scale)
    const proportion = Math.fround(exp(draw(generator, log(Math.fround(ratio[0])), log(Math.fround(ratio[1])))))
    const w = roundHalfEven(Math.sqrt(area * proportion))
    const h = roundHalfEven(Math.sqrt(area / proportion))
    if (w < 1 || w > W || h < 1 || h > H) continue
    const top = generator.randint(H - h + 1)
    return [top, generator.randint(W - w + 1), h, w]
  }
  return fallbackWindow(H, W, ratio)
}

/**
 * A window of random size, proportion and place, resized. Draws area, proportion, and, when the window fits, row and
 * column; after ten that do not fit takes the largest in the middle.
 * Shape: x [..., H, W] -> [..., h, w].
 * @throws ShapeError when x is not images; ValueError when the size or a range is not one.
 * @source Draws and values checked against torchvision 0.14 in transforms.test.ts
 * @example randomResizedCrop(zeros([3, 40, 30]), 24).shape // => [3, 24, 24]
 */
export const randomResizedCrop = (x: Tensor, size: ImageSize, options: RandomResizedCropOptions = {}): Tensor => {
  const op = 'randomResizedCrop'
  const { scale = [0.08, 1], ratio = [3 / 4, 4 / 3], generator = defaultGenerator(), ...reading } = options
  const space = spaceOf(op, x)
  const to = pairOf(op, size)
  checkRange(op, 'scale', scale, 0)
  checkRange(op, 'ratio', ratio, Number.MIN_VALUE)
  const [top, left, H, W] = drawWindow(generator, space, scale, ratio)
  return resize(cut(x, [top, left], [H, W]), to, reading)
}

/**
 * Left and right exchanged, as a view.
 * @throws ShapeError when x is not images.
 * @example horizontalFlip(tensor([[[1, 2, 3]]])).toArray() // => [[[3, 2, 1]]]
 */
export const horizontalFlip = (x: Tensor): Tensor => {
  spaceOf('horizontalFlip', x)
  return flip(x, -1)
}

/**
 * Top and bottom exchanged, as a view.
 * @throws ShapeError when x is not images.
 * @example verticalFlip(tensor([[[1], [2]]])).toArray() // => [[[2], [1]]]
 */
export const verticalFlip = (x: Tensor): Tensor => {
  spaceOf('verticalFlip', x)
  return flip(x, -2)
}

/** What {@link randomHorizontalFlip} and {@link randomVerticalFlip} take. */
export interface RandomFlipOptions extends RandomOptions {
  /** How often. Default 0.5. */
  readonly p?: number
}

const randomly = (op: string, x: Tensor, f: (x: Tensor) => Tensor, options: RandomFlipOptions): Tensor => {
  const { p = 0.5, generator = defaultGenerator() } = options
  spaceOf(op, x)
  checkProbability(op, p)
  return draw(generator, 0, 1) < p ? f(x) : x
}

/**
 * {@link horizontalFlip} with probability p, by one uniform draw.
 * @throws ShapeError when x is not images; ValueError when p is not a probability.
 * @source Draws checked against torchvision 0.14 in transforms.test.ts
 * @example randomHorizontalFlip(tensor([[[1, 2, 3]]]), { p: 1 }).toArray() // => [[[3, 2, 1]]]
 */
export const randomHorizontalFlip = (x: Tensor, options: RandomFlipOptions = {}): Tensor =>
  randomly('randomHorizontalFlip', x, horizontalFlip, options)

/**
 * {@link verticalFlip} with probability p, by one uniform draw.
 * @throws ShapeError when x is not images; ValueError when p is not a probability.
 * @example randomVerticalFlip(tensor([[[1], [2]]]), { p: 1 }).toArray() // => [[[2], [1]]]
 */
export const randomVerticalFlip = (x: Tensor, options: RandomFlipOptions = {}): Tensor =>
  randomly('randomVerticalFlip', x, verticalFlip, options)

/** How {@link rotate} reads between pixels. */
export interface RotateOptions {
  /** Default nearest. */
  readonly mode?: 'nearest' | 'bilinear'
}

/** Where each pixel of a rotated image comes from, in [-1, 1]; [1, H, W, 2]. */
const rotationGrid = (angle: number, H: number, W: number): Float32Array => {
  const [c, s] = [cos((angle * Math.PI) / 180), sin((angle * Math.PI) / 180)]
  const grid = new Float32Array(H * W * 2)
  for (let i = 0; i < H * W; i++) {
    const [y, x] = [Math.floor(i / W) - (H - 1) / 2, (i % W) - (W - 1) / 2]
    grid[2 * i] = (c * x - s * y) / (W / 2)
    grid[2 * i + 1] = (s * x + c * y) / (H / 2)
  }
  return grid
}

/**
 * Images turned counter-clockwise about their centre; what lies outside of them is 0.
 * Shape: x [..., H, W] -> same.
 * @param angle - in degrees
 * @throws ShapeError when x is not images; ValueError when the angle is not finite.
 * @source Checked against torchvision 0.14 in transforms.test.ts
 * @example rotate(tensor([[[1, 2], [3, 4]]]), 90).toArray() // => [[[2, 4], [1, 3]]]
 */
export const rotate = (x: Tensor, angle: number, { mode = 'nearest' }: RotateOptions = {}): Tensor => {
  const op = 'rotate'
  const [H, W] = spaceOf(op, x)
  if (!Number.isFinite(angle))
    throw new ValueError({ op, problem: 'not an angle', got: String(angle), expected: 'a finite number of degrees' })
  const grid = fromData(rotationGrid(angle, H, W), [1, H, W, 2], x.dtype, x.backend)
  return batched(x, (y) => gridSample(y, expand(grid, [y.shape[0], H, W, 2]), { mode }))
}

/** What {@link randomRotation} takes. */
export interface RandomRotationOptions extends RandomOptions, RotateOptions {}

/**
 * {@link rotate} by an angle from a uniform draw.
 * @param degrees - the range of angles; one number d means [-d, d]
 * @throws ShapeError when x is not images; ValueError when `degrees` is not a range.
 * @source Draws checked against torchvision 0.14 in transforms.test.ts
 * @example randomRotation(zeros([1, 8, 8]), 15).shape // => [1, 8, 8]
 */
export const randomRotation = (
  x: Tensor,
  degrees: number | readonly [number, number],
  { mode = 'nearest', generator = defaultGenerator() }: RandomRotationOptions = {},
): Tensor => {
  spaceOf('randomRotation', x)
  const range = typeof degrees === 'number' ? ([-degrees, degrees] as const) : degrees
  checkRange('randomRotation', 'degrees', range)
  return rotate(x, draw(generator, ...range), { mode })
}

const perChannel = (op: string, x: Tensor, values: readonly number[]): Tensor => {
  const C = x.shape[x.rank - 3]
  if (values.length !== 1 && values.length !== C)
    throw new ShapeError({
      op,
      problem: 'the figures do not fit the channels',
      got: `${values.length} for ${x.toString()}`,
      expected: `1 or ${C}`,
    })
  return fromData(Float32Array.from(values), [values.length, 1, 1], x.dtype, x.backend)
}

/** What {@link normalize} takes; one number for each channel, or one for all. */
export interface NormalizeOptions {
  readonly mean: readonly number[]
  readonly std: readonly number[]
}

/**
 * Takes a mean off each channel and divides by its standard deviation.   y = (x - mean) / std
 * Shape: x [..., C, H, W] -> same.
 * @throws ShapeError when x is not images or the figures do not fit; ValueError when a standard deviation is not positive.
 * @source Checked against torchvision 0.14 in transforms.test.ts
 * @example normalize(tensor([[[0, 1]]]), { mean: [0.5], std: [0.5] }).toArray() // => [[[-1, 1]]]
 */
export const normalize = (x: Tensor, options: NormalizeOptions): Tensor => {
  const op = 'normalize'
  spaceOf(op, x)
  const [centre, width] = [perChannel(op, x, options.mean), perChannel(op, x, options.std)]
  if (!options.std.every((s) => s > 0))
    throw new ValueError({ op, problem: 'std is not positive', got: show(options.std), expected: 'numbers above 0' })
  return div(sub(x, centre), width)
}

const checkFactor = (op: string, factor: number): void => {
  if (factor >= 0 && factor < Infinity) return
  throw new ValueError({ op, problem: 'not a factor', got: String(factor), expected: 'a finite number from 0 on' })
}

/**
 * Images in [0, 1] made darker (factor below 1) or brighter.   y = clamp(factor x, 0, 1)
 * @throws ShapeError when x is not images; ValueError when the factor is negative.
 * @example adjustBrightness(tensor([[[0.25, 0.75]]]), 2).toArray() // => [[[0.5, 1]]]
 */
export const adjustBrightness = (x: Tensor, factor: number): Tensor => {
  spaceOf('adjustBrightness', x)
  checkFactor('adjustBrightness', factor)
  return clamp(mul(x, factor), 0, 1)
}

/** Luminance of RGB images, [..., 1, H, W]; of images with one channel, themselves. */
const grey = (x: Tensor): Tensor => {
  const C = x.shape[x.rank - 3]
  if (C === 1) return x
  if (C !== 3)
    throw new ShapeError({
      op: 'adjustContrast',
      problem: 'these are not grey or RGB images',
      got: x.toString(),
      expected: '1 or 3 channels',
    })
  const [r, g, b] = [0.2989, 0.587, 0.114].map((share, c) => mul(slice(x, -3, c, c + 1), share))
  return add(add(r, g), b)
}

/**
 * Images in [0, 1] moved from (factor above 1) or to their mean luminance m.   y = clamp(factor x + (1 - factor) m, 0, 1)
 * @throws ShapeError when x is not images of 1 or 3 channels; ValueError when the factor is negative.
 * @example adjustContrast(tensor([[[0.25, 0.75]]]), 0).toArray() // => [[[0.5, 0.5]]]
 */
export const adjustContrast = (x: Tensor, factor: number): Tensor => {
  spaceOf('adjustContrast', x)
  checkFactor('adjustContrast', factor)
  return clamp(add(mul(x, factor), mul(mean(grey(x), [-3, -2, -1], true), 1 - factor)), 0, 1)
}

/** What {@link colorJitter} takes: a range of factors, or one number s for [max(0, 1 - s), 1 + s]. */
export interface ColorJitterOptions extends RandomOptions {
  /** Default: none. */
  readonly brightness?: number | readonly [number, number]
  /** Default: none. */
  readonly contrast?: number | readonly [number, number]
}

/** The range of factors; null where it can only be 1. */
const factorsOf = (name: string, given: number | readonly [number, number] = 0): readonly [number, number] | null => {
  if (typeof given === 'number') checkRange('colorJitter', name, [given, given], 0)
  const range = typeof given === 'number' ? ([Math.max(0, 1 - given), 1 + given] as const) : given
  checkRange('colorJitter', name, range, 0)
  return range[0] === 1 && range[1] === 1 ? null : range
}

/**
 * Brightness and contrast of images in [0, 1] changed by random factors in random order. Draws an order of four, then
 * the factors that may differ from 1.
 * @throws ShapeError when x is not images of 1 or 3 channels; ValueError when a range of factors is not one.
 * @source Draws and values checked against torchvision 0.14 (which has saturation and hue too) in transforms.test.ts
 * @example colorJitter(tensor([[[0.5]]]), { brightness: [2, 2] }).toArray() // => [[[1]]]
 */
export const colorJitter = (x: Tensor, options: ColorJitterOptions): Tensor => {
  const { brightness, contrast, generator = defaultGenerator() } = options
  spaceOf('colorJitter', x)
  const ranges = [factorsOf('brightness', brightness), factorsOf('contrast', contrast)]
  const order = [...generator.randperm(4)].filter((i) => i < 2)
  const factors = ranges.map((range) => (range === null ? null : draw(generator, ...range)))
  return order.reduce((y, i) => {
    const factor = factors[i]
    if (factor === null) return y
    return i === 0 ? adjustBrightness(y, factor) : adjustContrast(y, factor)
  }, x)
}

/**
 * One function that runs several in order.
 * @example
 * const prepare = compose(horizontalFlip, (x) => resize(x, [1, 1]))
 * prepare(tensor([[[1, 3]]])).toArray() // => [[[2]]]
 */
export const compose =
  (...steps: readonly ((x: Tensor) => Tensor)[]): ((x: Tensor) => Tensor) =>
  (x) =>
    steps.reduce((y, step) => step(y), x)
