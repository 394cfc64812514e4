import { cos, sin } from '../math/trig.ts'
import { exp, log } from '../math/f64.ts'
import { ShapeError } from '../errors.ts'
import { defaultGenerator } from '../random/default.ts'
import type { Generator } from '../random/generator.ts'
import { add, mul, sub } from '../ops/binary.ts'
import { gridSample } from '../ops/grid-sample.ts'
import { resample } from '../ops/interpolate.ts'
import { pad as padAxes, type PadMode } from '../ops/pad.ts'
import { slice, squeeze, unsqueeze } from '../ops/views.ts'
import { flip } from '../ops/repeat.ts'
import { fromData, onesLike } from '../tensor/create.ts'
import { show } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { checkOption, needImage, pairOf, roundHalfEven, type Size, type Transform } from './image.ts'

/** Runs an op of batches on an image or a batch of images. */
const batched = (op: string, x: Tensor, run: (x: Tensor) => Tensor): Tensor => {
  needImage(op, x)
  return x.rank === 4 ? run(x) : squeeze(run(unsqueeze(x, 0)), 0)
}

const sizeOfImage = (x: Tensor): readonly [number, number] => [x.shape[x.rank - 2], x.shape[x.rank - 1]]

/** How pixels between pixels are found. */
export type Interpolation = 'nearest' | 'bilinear' | 'bicubic'

/** What {@link resize} takes. */
export interface ResizeOptions {
  /** Default bilinear. */
  readonly interpolation?: Interpolation
  /** Widen the filter when shrinking, as PIL and later versions of torchvision do. Default true. */
  readonly antialias?: boolean
  /** With one size: the longer side is at most this. */
  readonly maxSize?: number
}

/** The size that the shorter side of `size` leads to, by torchvision's rule. */
export const resizedSize = (
  size: Size,
  [h, w]: readonly [number, number],
  maxSize?: number,
): readonly [number, number] => {
  if (typeof size !== 'number') return pairOf('resize', size)
  const [short, long] = w <= h ? [w, h] : [h, w]
  let [newShort, newLong] = [size, Math.trunc((size * long) / short)]
  if (maxSize !== undefined) {
    checkOption('resize', 'maxSize', maxSize, maxSize > size, `above the size ${size}`)
    if (newLong > maxSize) [newShort, newLong] = [Math.trunc((maxSize * newShort) / newLong), maxSize]
  }
  return w <= h ? [newLong, newShort] : [newShort, newLong]
}

/**
 * Another size: the shorter side for one number, both for [height, width], as torchvision's Resize.
 * @throws ValueError when a size is not a whole number above 0.
 * @source Checked against torchvision 0.14 in images.test.ts
 * @example transforms.resize(4)(ones([3, 8, 16])).shape // => [3, 4, 8]
 */
export const resize = (
  size: Size,
  { interpolation = 'bilinear', antialias = true, maxSize }: ResizeOptions = {},
): Transform => {
  pairOf('resize', size)
  return (x) =>
    batched('resize', x, (images) => {
      const to = resizedSize(size, sizeOfImage(images), maxSize)
      const smooth = interpolation !== 'nearest' && antialias
      return resample(images, { size: to, mode: interpolation, antialias: smooth })
    })
}

/** Rows and columns of an image; what lies outside is 0. */
const cut = (x: Tensor, top: number, left: number, h: number, w: number): Tensor => {
  const [H, W] = sizeOfImage(x)
  const edges = [Math.max(0, -left), Math.max(0, left + w - W), Math.max(0, -top), Math.max(0, top + h - H)]
  const whole = edges.some((n) => n > 0) ? padAxes(x, edges) : x
  const [t, l] = [top + edges[2], left + edges[0]]
  return slice(slice(whole, -2, t, t + h), -1, l, l + w)
}

/**
 * The part [top, top + height) x [left, left + width); what lies outside is 0.
 * @example transforms.crop(0, 1, [1, 2])(tensor([[[1, 2, 3]]])).toArray() // => [[[2, 3]]]
 */
export const crop = (top: number, left: number, size: Size): Transform => {
  const [h, w] = pairOf('crop', size)
  return (x) => {
    needImage('crop', x)
    return cut(x, top, left, h, w)
  }
}

/**
 * The middle of an image, with 0 around a smaller one, as torchvision's CenterCrop.
 * @source Checked against torchvision 0.14 in images.test.ts
 * @example transforms.centerCrop([1, 2])(tensor([[[1, 2, 3, 4]]])).toArray() // => [[[2, 3]]]
 */
export const centerCrop = (size: Size): Transform => {
  const [h, w] = pairOf('centerCrop', size)
  return (x) => {
    needImage('centerCrop', x)
    const [H, W] = sizeOfImage(x)
    // torchvision pads first, the odd pixel behind, and then has nothing left to cut on that axis.
    const at = (have: number, want: number): number =>
      want > have ? -Math.floor((want - have) / 2) : roundHalfEven((have - want) / 2)
    return cut(x, at(H, h), at(W, w), h, w)
  }
}

/** The left edge becomes the right one. @example transforms.horizontalFlip(tensor([[[1, 2]]])).toArray() // => [[[2, 1]]] */
export const horizontalFlip: Transform = (x) => {
  needImage('horizontalFlip', x)
  return flip(x, -1)
}

/** The upper edge becomes the lower one. @example transforms.verticalFlip(tensor([[[1], [2]]])).toArray() // => [[[2], [1]]] */
export const verticalFlip: Transform = (x) => {
  needImage('verticalFlip', x)
  return flip(x, -2)
}

/** Pixels around an image: one number, [sides, top and bottom], or [left, top, right, bottom]. */
export type Padding = number | readonly [number, number] | readonly [number, number, number, number]

/** What {@link pad} takes. */
export interface PadImageOptions {
  /** Default constant. */
  readonly mode?: PadMode
  /** For constant. Default 0. */
  readonly fill?: number
}

/**
 * Pixels around an image, as torchvision's Pad.
 * @example transforms.pad([1, 0])(tensor([[[5]]])).toArray() // => [[[0, 5, 0]]]
 */
export const pad = (padding: Padding, { mode = 'constant', fill = 0 }: PadImageOptions = {}): Transform => {
  const list = typeof padding === 'number' ? [padding, padding] : padding
  const [left, top, right = left, bottom = top] = list
  return (x) => {
    needImage('pad', x)
    return padAxes(x, [left, right, top, bottom], { mode, value: fill })
  }
}

/** What {@link rotate} takes. */
export interface RotateOptions {
  /** Default nearest. */
  readonly interpolation?: 'nearest' | 'bilinear'
  /** Make the image large enough to hold all of the turned one. Default false. */
  readonly expand?: boolean
  /** What stands outside. Default 0. */
  readonly fill?: number
}

/** cos and sin of an angle in degrees. */
const turn = (degrees: number): readonly [number, number] => {
  const radians = (degrees * Math.PI) / 180
  return [cos(radians), sin(radians)]
}

/** The size that holds a turned image, by torchvision's rule. */
const expandedSize = (
  [H, W]: readonly [number, number],
  [c, s]: readonly [number, number],
): readonly [number, number] => {
  const xs: number[] = []
  const ys: number[] = []
  for (const [px, py] of [
    [-W / 2, -H / 2],
    [-W / 2, H / 2],
    [W / 2, H / 2],
    [W / 2, -H / 2],
  ]) {
    xs.push(c * px + s * py)
    ys.push(-s * px + c * py)
  }
  // Cut at 1e-4 first, so that a turn by 90 degrees does not grow by a pixel.
  const span = (list: readonly number[], half: number): number => {
    const [low, high] = [Math.min(...list), Math.max(...list)].map((v) => Math.trunc((v + half) * 10_000) / 10_000)
    return Math.ceil(high) - Math.floor(low)
  }
  return [span(ys, H / 2), span(xs, W / 2)]
}

/** Where each pixel of an image [h, w] turned by an angle comes from, in gridSample's coordinates. */
const turnedGrid = (x: Tensor, [h, w]: readonly [number, number], [c, s]: readonly [number, number]): Tensor => {
  const [H, W] = sizeOfImage(x)
  const grid = new Float32Array(h * w * 2)
  for (let i = 0; i < h; i++) {
    for (let j = 0; j < w; j++) {
      const [px, py] = [j + 0.5 - w / 2, i + 0.5 - h / 2]
      grid[(i * w + j) * 2] = (c * px - s * py) / (W / 2)
      grid[(i * w + j) * 2 + 1] = (s * px + c * py) / (H / 2)
    }
  }
  const data = x.dtype === 'f64' ? new Float64Array(grid) : grid
  return fromData(data, [1, h, w, 2], x.dtype, x.backend)
}

/**
 * Turns an image about its middle, counter-clockwise, as torchvision's rotate.
 * @param degrees - the angle
 * @source Checked against torchvision 0.14 in images.test.ts
 * @example transforms.rotate(90)(tensor([[[1, 2], [3, 4]]])).toArray() // => [[[2, 4], [1, 3]]]
 */
export const rotate =
  (degrees: number, { interpolation = 'nearest', expand = false, fill = 0 }: RotateOptions = {}): Transform =>
  (x) => {
    needImage('rotate', x)
    const one = x.rank === 3 ? unsqueeze(x, 0) : x
    const angle = turn(degrees)
    const size = expand ? expandedSize(sizeOfImage(x), angle) : sizeOfImage(x)
    const grid = turnedGrid(x, size, angle)
    if (one.shape[0] !== 1) {
      throw new ShapeError({ op: 'rotate', problem: 'one image at a time', got: show(x.shape), expected: '[C, H, W]' })
    }
    const turned = gridSample(one, grid, { mode: interpolation })
    const filled =
      fill === 0 ? turned : add(turned, mul(sub(1, gridSample(onesLike(one), grid, { mode: interpolation })), fill))
    return x.rank === 3 ? squeeze(filled, 0) : filled
  }

/** Where a random transform draws from. */
export interface RandomTransformOptions {
  /** Default: the default generator. */
  readonly generator?: Generator
}

/** One uniform f32 draw. */
export const drawUniform = (generator: Generator, from: number, to: number): number =>
  generator.uniform(new Float32Array(1), from, to)[0]

/** What {@link randomCrop} takes. */
export interface RandomCropOptions extends RandomTransformOptions, PadImageOptions {
  /** Pixels to add around first. Default none. */
  readonly padding?: Padding
}

/**
 * A part of an image at a random place, with the draws of torchvision's RandomCrop.
 * @throws ShapeError when the image is smaller than the part.
 * @source Checked against torchvision 0.14 in images.test.ts
 * @example transforms.randomCrop(2, { padding: 1 })(ones([1, 2, 2])).shape // => [1, 2, 2]
 */
export const randomCrop = (size: Size, options: RandomCropOptions = {}): Transform => {
  const [h, w] = pairOf('randomCrop', size)
  const around: Transform = options.padding === undefined ? (x) => x : pad(options.padding, options)
  return (image) => {
    needImage('randomCrop', image)
    const x = around(image)
    const [H, W] = sizeOfImage(x)
    if (H < h || W < w)
      throw new ShapeError({
        op: 'randomCrop',
        problem: 'the image is smaller than the part',
        got: show(x.shape),
        expected: `at least [${h},${w}]`,
        advice: 'Pass padding, or resize first',
      })
    if (H === h && W === w) return x
    const generator = options.generator ?? defaultGenerator()
    const top = generator.randint(H - h + 1)
    return cut(x, top, generator.randint(W - w + 1), h, w)
  }
}

/** What {@link randomResizedCrop} takes. */
export interface RandomResizedCropOptions extends RandomTransformOptions, ResizeOptions {
  /** Bounds of the part's share of the area. Default [0.08, 1]. */
  readonly scale?: readonly [number, number]
  /** Bounds of its width over its height. Default [3/4, 4/3]. */
  readonly ratio?: readonly [number, number]
}

/** A part of an image of [H, W], by torchvision's draws: ten tries, then the middle. */
const drawPart = (
  [H, W]: readonly [number, number],
  { scale = [0.08, 1], ratio = [3 / 4, 4 / 3], generator = defaultGenerator() }: RandomResizedCropOptions,
): readonly [number, number, number, number] => {
  const logs = ratio.map((r) => Math.fround(log(Math.fround(r))))
  for (let i = 0; i < 10; i++) {
    const area = H * W * drawUniform(generator, scale[0], scale[1])
    const aspect = Math.fround(exp(drawUniform(generator, logs[0], logs[1])))
    const w = roundHalfEven(Math.sqrt(area * aspect))
    const h = roundHalfEven(Math.sqrt(area / aspect))
    if (w > 0 && w <= W && h > 0 && h <= H) {
      const top = generator.randint(H - h + 1)
      return [top, generator.randint(W - w + 1), h, w]
    }
  }
  const [h, w] =
    W / H < ratio[0] ? [roundHalfEven(W / ratio[0]), W] : W / H > ratio[1] ? [H, roundHalfEven(H * ratio[1])] : [H, W]
  return [Math.floor((H - h) / 2), Math.floor((W - w) / 2), h, w]
}

/**
 * A random part of random size and shape, resized, with the draws of torchvision's RandomResizedCrop.
 * @source Checked against torchvision 0.14 in images.test.ts
 * @example transforms.randomResizedCrop(4)(ones([3, 9, 9])).shape // => [3, 4, 4]
 */
export const randomResizedCrop = (size: Size, options: RandomResizedCropOptions = {}): Transform => {
  const scaleTo = resize(pairOf('randomResizedCrop', size), options)
  return (x) => {
    needImage('randomResizedCrop', x)
    return scaleTo(cut(x, ...drawPart(sizeOfImage(x), options)))
  }
}

/** What the random flips take. */
export interface RandomFlipOptions extends RandomTransformOptions {
  /** Probability. Default 0.5. */
  readonly p?: number
}

const perhaps =
  (transform: Transform, { p = 0.5, generator }: RandomFlipOptions): Transform =>
  (x) =>
    drawUniform(generator ?? defaultGenerator(), 0, 1) < p ? transform(x) : x

/** {@link horizontalFlip} with probability `p`, as torchvision's. @example transforms.randomHorizontalFlip({ p: 1 })(tensor([[[1, 2]]])).toArray() // => [[[2, 1]]] */
export const randomHorizontalFlip = (options: RandomFlipOptions = {}): Transform => perhaps(horizontalFlip, options)

/** {@link verticalFlip} with probability `p`, as torchvision's. @example transforms.randomVerticalFlip({ p: 0 })(tensor([[[1, 2]]])).toArray() // => [[[1, 2]]] */
export const randomVerticalFlip = (options: RandomFlipOptions = {}): Transform => perhaps(verticalFlip, options)

/**
 * {@link rotate} by a random angle in [-degrees, degrees], with the draw of torchvision's RandomRotation.
 * @example transforms.randomRotation(10)(ones([1, 4, 4])).shape // => [1, 4, 4]
 */
export const randomRotation =
  (degrees: number, options: RandomTransformOptions & RotateOptions = {}): Transform =>
  (x) =>
    rotate(drawUniform(options.generator ?? defaultGenerator(), -degrees, degrees), options)(x)
