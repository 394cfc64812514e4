import { fromData, ShapeError, ValueError, type Tensor } from '@lanewise/core'
import { read, type Values } from '../arrays.ts'
import { roundHalfEven } from '../math.ts'

/** Pixels: bytes 0 to 255, or floats that colour operations take as 0 to 1. */
export type PixelData = Uint8Array | Uint8ClampedArray | Float32Array

/** An image, pixel by pixel with the channels together, as a canvas gives it; ImageData fits. */
export interface Picture {
  /** [height, width, channels]; 1, 2, 3 or 4 channels, the second or fourth being opacity. */
  readonly data: PixelData
  readonly width: number
  readonly height: number
}

/** Number of channels. Throws ShapeError where the data do not fill the picture evenly. */
export const channelsOf = ({ data, width, height }: Picture): number => {
  const channels = data.length / (width * height)
  if (Number.isInteger(channels) && channels > 0) return channels
  throw new ShapeError({
    op: 'picture',
    problem: 'the data do not fill the picture',
    got: `${data.length} values for ${width}x${height}`,
  })
}

/** Channels that carry colour: all but opacity. */
export const colorChannels = (picture: Picture): number => {
  const channels = channelsOf(picture)
  return channels === 2 || channels === 4 ? channels - 1 : channels
}

/** Whether the pixels are bytes. */
export const isBytes = ({ data }: Picture): boolean => !(data instanceof Float32Array)

/** A picture of the same kind with room for other pixels. */
export const blankLike = (picture: Picture, width: number, height: number): Picture => {
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0)) {
    throw new ValueError({
      op: 'picture',
      problem: 'not a size',
      got: `${width}x${height}`,
      expected: 'whole and positive sides',
    })
  }
  const length = width * height * channelsOf(picture)
  const { data } = picture
  if (data instanceof Float32Array) return { data: new Float32Array(length), width, height }
  return {
    data: data instanceof Uint8ClampedArray ? new Uint8ClampedArray(length) : new Uint8Array(length),
    width,
    height,
  }
}

/** Floats back to the picture's kind: bytes are rounded, halves to even, and clamped. */
export const storeRounded = (to: Picture, values: Float32Array): Picture => {
  const { data } = to
  if (data instanceof Float32Array) data.set(values)
  else for (let i = 0; i < values.length; i++) data[i] = Math.min(Math.max(roundHalfEven(values[i]), 0), 255)
  return to
}

/**
 * A picture as floats 0 to 1.
 * @example
 * toFloatPicture({ data: Uint8Array.of(0, 255), width: 2, height: 1 }).data // => [0, 1]
 */
export const toFloatPicture = (picture: Picture): Picture => {
  if (!isBytes(picture)) return picture
  const data = new Float32Array(picture.data.length)
  for (let i = 0; i < data.length; i++) data[i] = picture.data[i] / 255
  return { ...picture, data }
}

/**
 * A picture as bytes; floats 0 to 1 are scaled and rounded.
 * @example
 * toBytePicture({ data: Float32Array.of(0, 0.5, 1), width: 3, height: 1 }).data // => [0, 128, 255]
 */
export const toBytePicture = (picture: Picture): Picture => {
  if (isBytes(picture)) return picture
  const data = Uint8Array.from(picture.data, (v) => Math.min(Math.max(Math.round(v * 255), 0), 255))
  return { ...picture, data }
}

/**
 * A picture with opacity dropped, or grey repeated: three channels.
 * @example
 * toRgb({ data: Uint8Array.of(1, 2, 3, 255), width: 1, height: 1 }).data // => [1, 2, 3]
 */
export const toRgb = (picture: Picture): Picture => {
  const channels = channelsOf(picture)
  if (channels === 3) return picture
  const { data, width, height } = picture
  const out = new (data instanceof Float32Array ? Float32Array : Uint8Array)(width * height * 3)
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) out[3 * i + c] = data[channels * i + (channels < 3 ? 0 : c)]
  }
  return { data: out, width, height }
}

/**
 * A picture as a tensor, channels first; bytes become 0 to 1.
 * @returns f32, [channels, height, width]
 * @example
 * pictureToTensor({ data: Uint8Array.of(0, 255), width: 1, height: 1 }).toArray() // => [[[0]], [[1]]]
 */
export const pictureToTensor = (picture: Picture): Tensor => {
  const channels = channelsOf(picture)
  const { data, width, height } = toFloatPicture(picture)
  const out = new Float32Array(data.length)
  const plane = width * height
  for (let i = 0; i < plane; i++) for (let c = 0; c < channels; c++) out[c * plane + i] = data[channels * i + c]
  return fromData(out, [channels, height, width], 'f32')
}

/**
 * A picture of floats from channels that lie one after another, such as a tensor [channels, height, width].
 * @example
 * pictureFromPlanes([1, 2, 3, 4], { width: 2, height: 1 }).data // => [1, 3, 2, 4]
 */
export const pictureFromPlanes = (
  planes: Values,
  { width, height }: { readonly width: number; readonly height: number },
): Picture => {
  const p = read(planes)
  const plane = width * height
  const picture = { data: new Float32Array(p.length), width, height }
  const channels = channelsOf(picture)
  for (let i = 0; i < plane; i++) for (let c = 0; c < channels; c++) picture.data[channels * i + c] = p[c * plane + i]
  return picture
}
