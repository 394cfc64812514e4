import { ShapeError, ValueError } from '../errors.ts'
import { needFloat } from '../ops/rules.ts'
import { fromData } from '../tensor/create.ts'
import { show } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** A picture as browsers, decoders and canvases give it: rows from the top, channels interleaved. */
export interface ImageLike {
  readonly data: Uint8Array | Uint8ClampedArray | Uint16Array | Float32Array
  readonly width: number
  readonly height: number
  /** 1 grey, 2 grey with alpha, 3 RGB, 4 RGBA. Default: what `data` holds. */
  readonly channels?: number
}

/** A change of an image tensor [C, H, W]. */
export type Transform = (x: Tensor) => Tensor

/** What {@link toTensor} takes. */
export interface ToTensorOptions {
  /** Keep an alpha channel. Default false. */
  readonly alpha?: boolean
  /** Divide by this. Default: the largest value of the data's type, 1 for fractions. */
  readonly scale?: number
}

/** The largest value of each type of data. */
const largest: Readonly<Record<string, number>> = {
  Uint8Array: 255,
  Uint8ClampedArray: 255,
  Uint16Array: 65535,
  Float32Array: 1,
}

/** The name of a value's type. Unlike `instanceof` it knows the arrays of other frames and contexts. */
const kindOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1)

/** Throws unless this is a picture: bytes, words or fractions, and whole sides. */
const checkPicture = (image: ImageLike): void => {
  const { data, width, height } = (image ?? {}) as Partial<ImageLike>
  const sides = [width, height].every((side) => Number.isInteger(side) && side! >= 1)
  if (Object.hasOwn(largest, kindOf(data)) && sides) return
  throw new ShapeError({
    op: 'toTensor',
    problem: 'this is no picture',
    got: `data ${kindOf(data)}, width ${width}, height ${height}`,
    expected: `data ${Object.keys(largest).join(', ')}, and whole sides above 0`,
    advice: 'Decode files first, with a PNG or JPEG decoder; of other numbers make a Float32Array from 0 to 1',
  })
}

/** Values to a pixel. Throws unless there are 1 to 4 for each. */
const channelsOf = ({ data, width, height, channels }: ImageLike): number => {
  const pixels = width * height
  const held = channels ?? data.length / pixels
  if (Number.isInteger(held) && held >= 1 && held <= 4 && data.length === held * pixels) return held
  throw new ShapeError({
    op: 'toTensor',
    problem: 'the data does not fill the picture',
    got: `${data.length} values for ${width}x${height}${channels === undefined ? '' : ` and channels ${channels}`}`,
    expected: `1 to 4 channels: ${[1, 2, 3, 4].map((c) => c * pixels).join(', ')} values`,
    advice: 'Look at the sides, and whether the rows are padded',
  })
}

/**
 * A picture as f32 [C, H, W] in [0, 1], as torchvision's ToTensor. Alpha is left out unless asked for.
 * @throws ShapeError when this is no picture or the data does not fill it.
 * @source Checked against torchvision 0.14 in images.test.ts
 * @example transforms.toTensor({ data: Uint8Array.of(0, 255, 51), width: 1, height: 1 }).toArray() // => [[[0]], [[1]], [[0.2]]]
 */
export const toTensor = (image: ImageLike, options: ToTensorOptions = {}): Tensor => {
  checkPicture(image)
  const { data, width, height } = image
  const { alpha = false, scale = largest[kindOf(data)] } = options
  const held = channelsOf(image)
  const C = !alpha && held % 2 === 0 ? held - 1 : held
  const plane = width * height
  const out = new Float32Array(C * plane)
  for (let c = 0; c < C; c++) for (let i = 0; i < plane; i++) out[c * plane + i] = data[i * held + c] / scale
  return fromData(out, [C, height, width], 'f32')
}

/**
 * An image tensor [C, H, W] in [0, 1] as a picture of bytes: RGBA, as canvases take it.
 * @throws ShapeError when it has neither 1, 3 nor 4 channels.
 * @example [...transforms.toImage(tensor([[[0, 1]]])).data] // => [0, 0, 0, 255, 255, 255, 255, 255]
 */
export const toImage = (x: Tensor): { data: Uint8ClampedArray<ArrayBuffer>; width: number; height: number } => {
  needImage('toImage', x)
  const [C, height, width] = x.shape
  if (C !== 1 && C !== 3 && C !== 4)
    throw new ShapeError({
      op: 'toImage',
      problem: 'the channels do not make a picture',
      got: show(x.shape),
      expected: '1, 3 or 4 channels',
    })
  const values = x.dataSync()
  const plane = width * height
  const data = new Uint8ClampedArray(4 * plane).fill(255)
  for (let c = 0; c < Math.max(C, 3); c++) {
    const from = C === 1 ? 0 : c * plane
    for (let i = 0; i < plane; i++) data[4 * i + c] = 255 * values[from + i]
  }
  return { data, width, height }
}

/** Throws unless `x` is an image or a batch of images. */
export const needImage = (op: string, x: Tensor): void => {
  needFloat(op, x)
  if (x.rank === 3 || x.rank === 4) return
  throw new ShapeError({ op, problem: 'not an image', got: x.toString(), expected: '[C, H, W] or [N, C, H, W]' })
}

/** Throws unless an option fits. */
export const checkOption = (op: string, name: string, got: unknown, fits: boolean, expected: string): void => {
  if (!fits) throw new ValueError({ op, problem: `${name} is out of range`, got: String(got), expected })
}

/** One size or [height, width]. */
export type Size = number | readonly [height: number, width: number]

/** A size as [height, width]. */
export const pairOf = (op: string, size: Size): readonly [number, number] => {
  const [h, w] = typeof size === 'number' ? [size, size] : size
  checkOption(op, 'size', size, Number.isInteger(h) && Number.isInteger(w) && h > 0 && w > 0, 'whole numbers above 0')
  return [h, w]
}

/** Rounds halves to the even neighbour, as Python does. */
export const roundHalfEven = (x: number): number => {
  const low = Math.floor(x)
  const rest = x - low
  return rest > 0.5 || (rest === 0.5 && low % 2 !== 0) ? low + 1 : low
}

/**
 * Transforms one after the other.
 * @example transforms.compose(transforms.horizontalFlip, (x) => mul(x, 2))(tensor([[[1, 2]]])).toArray() // => [[[4, 2]]]
 */
export const compose =
  (...transforms: readonly Transform[]): Transform =>
  (x) =>
    transforms.reduce((y, transform) => transform(y), x)
